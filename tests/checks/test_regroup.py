"""The search for contiguous groupings against trying everything."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from gridgis.checks.regroup import regroup
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
    return all(sum(weights[i] for i in g) in band and contiguous(g, links) for g in groups)


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
    weights = draw(st.lists(st.integers(1, 40), min_size=1, max_size=6))
    every = list(combinations(range(len(weights)), 2))
    return weights, [pair for pair in every if draw(st.booleans())]


@settings(max_examples=150, deadline=None)
@given(maps(), st.integers(5, 50), st.integers(0, 20))
def test_it_agrees_with_trying_every_grouping(drawn: tuple[list[int], Links], lower: int, width: int) -> None:
    weights, links = drawn
    band = Band(lower, lower + width)
    assert bool(regroup(weights, masks(len(weights), links), band)) == by_trying_all(weights, links, band)


@settings(deadline=None)
@given(st.lists(st.integers(1, 40), min_size=4, max_size=14))
def test_a_grouping_that_is_found_is_contiguous_complete_and_within_the_band(weights: list[int]) -> None:
    ring = [(i, (i + 1) % len(weights)) for i in range(len(weights))]
    band = Band(30, 60)
    found = regroup(weights, masks(len(weights), ring), band)
    if isinstance(found, tuple):
        assert legal([set(g) for g in found], weights, ring, band)
        assert sorted(i for g in found for i in g) == list(range(len(weights)))


def test_a_search_cut_short_proves_nothing() -> None:
    row = [(i, i + 1) for i in range(19)]
    weights = [17, 19, 23, 29] * 5
    assert regroup(weights, masks(20, row), Band(40, 41), steps=0) is None


def test_a_unit_above_the_limit_fits_nowhere() -> None:
    assert regroup([51, 40], masks(2, [(0, 1)]), Band(30, 50)) is False
