"""The search for contiguous groupings against trying everything."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgis.checks import regroup as module
from gridgis.checks.regroup import regroup, stranded
from gridgis.model import Band

Links = list[tuple[int, int]]


def masks(n: int, links: Links) -> list[int]:
    out = [0] * n
    for a, b in links:
        out[a] |= 1 << b
        out[b] |= 1 << a
    return out


def contiguous(group: set[int], links: Links) -> bool:
    reached, grown = set(), {min(group)}
    while grown != reached:
        reached = grown
        grown = reached | {j for a, b in links for i, j in ((a, b), (b, a)) if i in reached and j in group}
    return reached == group


def legal(groups: list[set[int]], weights: list[int], links: Links, band: Band) -> bool:
    """Tell whether all groups are contiguous and within the band; ways alone may lie about anyhow."""
    settled = [g for g in groups if any(weights[i] for i in g)]
    return all(sum(weights[i] for i in g) in band and contiguous(g, links) for g in settled)


def whole(groups: tuple[tuple[int, ...], ...], weights: list[int]) -> bool:
    """Tell whether each unit is in one group, and each way in one at most."""
    held = [i for g in groups for i in g]
    return len(held) == len(set(held)) and {i for i, w in enumerate(weights) if w} <= set(held)


def ways(n: int) -> Iterator[list[int]]:
    """Yield every way to label n things by group, each grouping once."""
    if n == 0:
        yield []
        return
    for way in ways(n - 1):
        for label in range(max(way, default=-1) + 2):
            yield [*way, label]


def by_trying_all(weights: list[int], links: Links, band: Band) -> bool:
    """Put the units into groups in every way."""
    n = len(weights)
    groupings = ([{i for i in range(n) if way[i] == k} for k in set(way)] for way in ways(n))
    return any(legal(groups, weights, links, band) for groups in groupings)


@st.composite
def maps(draw: st.DrawFn) -> tuple[list[int], Links]:
    weights = draw(st.lists(st.one_of(st.just(0), st.integers(1, 40)), min_size=1, max_size=6))
    every = list(combinations(range(len(weights)), 2))
    return weights, [pair for pair in every if draw(st.booleans())]


@settings(max_examples=150, deadline=None)
@given(maps(), st.integers(5, 50), st.integers(0, 20))
def test_it_agrees_with_trying_every_grouping(drawn: tuple[list[int], Links], lower: int, width: int) -> None:
    weights, links = drawn
    band = Band(lower, lower + width)
    found = regroup(weights, masks(len(weights), links), band)
    assert (found is not False) == by_trying_all(weights, links, band)


@settings(deadline=None)
@given(st.lists(st.integers(0, 40), min_size=4, max_size=14))
def test_a_grouping_that_is_found_is_contiguous_complete_and_within_the_band(weights: list[int]) -> None:
    ring = [(i, (i + 1) % len(weights)) for i in range(len(weights))]
    band = Band(30, 60)
    found = regroup(weights, masks(len(weights), ring), band)
    if isinstance(found, tuple):
        assert legal([set(g) for g in found], weights, ring, band)
        assert whole(found, weights)


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


def test_of_a_large_town_it_is_proven_too() -> None:
    weights, links = towers(12)
    assert regroup(weights, masks(len(weights), links), Band(30, 50)) is False


def test_more_shops_than_the_towers_that_can_get_to_them_may_take_are_a_proof() -> None:
    """Four towers may take 6 each; but the 13 behind two corridors can be reached by two of them."""
    weights = [44, 44, 44, 44, 0, 0, *[1] * 13]
    links = [(t, way) for t in range(4) for way in (4, 5)] + [(5 + i, 6 + i) for i in range(13)] + [(4, 18)]
    assert regroup(weights, masks(19, links), Band(30, 50)) is False
    assert regroup(weights[:18], masks(18, [*links[:-1][:20], (4, 17)]), Band(30, 50)) is not False


def test_two_estates_that_both_need_the_one_corridor_out_are_a_proof_for_any_surroundings() -> None:
    pair = masks(3, [(0, 1), (0, 2), (1, 2)])
    assert regroup([0, 276, 264], pair, Band(300, 500), rim=0b001) is False
    assert regroup([0, 276, 264], pair, Band(300, 500), rim=0b101) is None
    assert regroup([0, 276, 224], pair, Band(300, 500), rim=0b001) is None


@settings(max_examples=150, deadline=None)
@given(maps(), st.integers(5, 50), st.integers(0, 20), st.integers(1, 6))
def test_a_proof_from_a_part_holds_for_the_whole(
    drawn: tuple[list[int], Links], lower: int, width: int, seen: int
) -> None:
    weights, links = drawn
    band, part = Band(lower, lower + width), range(min(seen, len(weights)))
    rim = sum(1 << i for i in part if any(i in e and max(e) not in part for e in links))
    inside = masks(len(part), [e for e in links if max(e) in part])
    if regroup(weights[: len(part)], inside, band, rim) is False:
        assert not by_trying_all(weights, links, band)


def test_the_unit_that_fits_nowhere_is_named() -> None:
    row = masks(4, [(0, 1), (1, 2), (2, 3)])
    assert stranded([40, 45, 10, 45], row, Band(30, 50)) == 2
    assert stranded([40, 45, 10, 45], row, Band(30, 50), rim=0b0100) is None
    assert stranded([40, 45, 5, 45], row, Band(30, 50)) is None


def test_where_there_are_too_many_groups_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STEPS", 0)
    assert stranded([51], [0], Band(30, 50)) is None


@pytest.mark.parametrize(("limit", "value"), [("CHOICES", 0), ("MOST_GIVEN", 4)])
def test_at_a_limit_nothing_is_proven(monkeypatch: pytest.MonkeyPatch, limit: str, value: int) -> None:
    monkeypatch.setattr(module, limit, value)
    row = masks(5, [(i, i + 1) for i in range(4)])
    assert regroup([10] * 5, row, Band(15, 19)) is None


def test_a_search_cut_short_proves_nothing() -> None:
    weights, links = towers(12)
    assert regroup(weights, masks(len(weights), links), Band(30, 50), effort=0.0) is None


def test_a_unit_above_the_limit_fits_nowhere() -> None:
    assert regroup([51, 40], masks(2, [(0, 1)]), Band(30, 50)) is False


def test_a_way_serves_one_group() -> None:
    cross = [(0, i) for i in range(1, 5)]
    assert regroup([0, 20, 20, 20, 20], masks(5, cross), Band(30, 50)) is False
    assert regroup([0, 20, 20, 20, 20], masks(5, [*cross, (1, 2)]), Band(30, 50)) == ((0, 3, 4), (1, 2))


def test_two_groups_pass_each_other_on_ways_of_their_own() -> None:
    ladder = [(0, 4), (4, 1), (2, 5), (5, 3), (4, 5)]
    assert regroup([20, 20, 20, 20, 0, 0], masks(6, ladder), Band(30, 50)) == ((0, 1, 4), (2, 3, 5))
