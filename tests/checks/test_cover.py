"""The proof by exact cover against trying everything, and against the whole of which it sees a part."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgis.checks import cover as module
from gridgis.checks.cover import cover, stranded
from gridgis.checks.regroup import regroup
from gridgis.model import Band
from tests.checks.test_regroup import Links, by_trying_all, legal, maps, masks, whole


@settings(max_examples=150, deadline=None)
@given(maps(), st.integers(5, 50), st.integers(0, 20))
def test_it_agrees_with_trying_every_grouping(drawn: tuple[list[int], Links], lower: int, width: int) -> None:
    weights, links = drawn
    band = Band(lower, lower + width)
    found = cover(weights, masks(len(weights), links), band)
    assert (found is not False) == by_trying_all(weights, links, band)


@settings(max_examples=100, deadline=None)
@given(maps(), st.integers(5, 50), st.integers(0, 20), st.integers(0, 6))
def test_a_grouping_that_is_found_is_contiguous_complete_and_within_the_band(
    drawn: tuple[list[int], Links], lower: int, width: int, hard: int
) -> None:
    weights, links = drawn
    band = Band(lower, lower + width)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "GROUPS", hard)  # few groups are written down: what is left over is searched
        found = cover(weights, masks(len(weights), links), band)
    if isinstance(found, tuple):
        assert legal([set(g) for g in found], weights, links, band)
        assert whole(found, weights)
    if found is False:
        assert not by_trying_all(weights, links, band)


def towers(pairs: int) -> tuple[list[int], Links]:
    """Return a row of towers with houses between; at its end two towers shut in a row of 28 houses."""
    weights: list[int] = []
    links: Links = []
    for k in range(pairs):
        weights += [46, 1, 1, 1, 1]
        links += [(5 * k + i, 5 * k + j) for i in range(5) for j in range(i)]
        links += [(5 * k, 5 * k - 4), (5 * k, 5 * k - 3)] if k else []
    n = len(weights)
    weights += [38, 38] + [1] * 28
    links += [(n - 1, n), (n - 2, n), (n - 2, n + 1), (n, n + 1), (n, n + 2), (n + 1, n + 29)]
    links += [(n + 2 + i, n + 3 + i) for i in range(27)]
    return weights, links


def test_it_proves_what_trying_everything_cannot() -> None:
    weights, links = towers(12)
    touch = masks(len(weights), links)
    assert regroup(weights, touch, Band(30, 50)) is None
    assert cover(weights, touch, Band(30, 50)) is False


def test_the_unit_that_fits_nowhere_is_named() -> None:
    assert stranded([40, 45, 10, 45], masks(4, [(0, 1), (1, 2), (2, 3)]), Band(30, 50)) == [2]


def test_at_the_limit_of_groups_nothing_is_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GROUPS", 0)
    monkeypatch.setattr(module, "LEFT_STEPS", 0)
    assert cover([28, 10, 10, 28], masks(4, [(0, 1), (1, 2), (2, 3)]), Band(30, 50)) is None
