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


def test_a_search_cut_short_proves_nothing() -> None:
    row = [(i, i + 1) for i in range(19)]
    weights = [17, 19, 23, 29] * 5
    assert regroup(weights, masks(20, row), Band(40, 41), steps=0) is None


def test_a_unit_above_the_limit_fits_nowhere() -> None:
    assert regroup([51, 40], masks(2, [(0, 1)]), Band(30, 50)) is False


def test_a_way_serves_one_group() -> None:
    cross = [(0, i) for i in range(1, 5)]
    assert regroup([0, 20, 20, 20, 20], masks(5, cross), Band(30, 50)) is False
    assert regroup([0, 20, 20, 20, 20], masks(5, [*cross, (1, 2)]), Band(30, 50)) == ((0, 3, 4), (1, 2))


def test_two_groups_pass_each_other_on_ways_of_their_own() -> None:
    ladder = [(0, 4), (4, 1), (2, 5), (5, 3), (4, 5)]
    assert regroup([20, 20, 20, 20, 0, 0], masks(6, ladder), Band(30, 50)) == ((0, 1, 4), (2, 3, 5))
