"""The least that must move, against brute force over every way to deal units to grids."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.least import Unit, least_moved
from gridgis.model import Band

BAND = Band(10, 20)


def dealt(units: list[Unit]) -> list[tuple[int, int]]:
    """Return (weight outside the band, households moved) of every way to deal units to two present and a new grid."""
    out = []
    for way in product(range(3), repeat=len(units)):
        loads, stays, wrong = [0, 0, 0], [0, 0, 0], 0
        for u, k in zip(units, way, strict=True):
            loads[k] += u.households
            stays[k] += dict(u.home).get(k, 0)
        for k in range(3):
            mine = [u for u, own in zip(units, way, strict=True) if own == k]
            if any(u.alone for u in mine):
                wrong += 1000 * (len(mine) > 1)
            elif mine:
                wrong += max(0, BAND.lower - loads[k], loads[k] - BAND.upper)
        before = [sum(dict(u.home).get(k, 0) for u in units) for k in (0, 1)]
        kept = sum(stays[k] for k in (0, 1) if 2 * stays[k] > max(before[k], loads[k]))
        out.append((wrong, sum(loads) - kept))
    return out


@given(
    st.lists(st.integers(1, 12), min_size=1, max_size=4),
    st.lists(st.integers(1, 12), min_size=1, max_size=3),
    st.integers(0, 1) | st.just(25),
)
@settings(deadline=None, max_examples=40)
def test_it_is_never_more_than_brute_force_finds(first: list[int], second: list[int], alone: int) -> None:
    units = [Unit(((0, n),)) for n in first] + [Unit(((1, n),)) for n in second]
    if alone > BAND.upper:
        units.append(Unit(((0, alone),), alone=True))
    ways = dealt(units)
    excess = min(wrong for wrong, _ in ways)
    least = min(moved for wrong, moved in ways if wrong <= excess)
    assert least_moved(units, BAND, least, excess) <= least  # a bound: a second new grid may be of use to it


@given(st.lists(st.integers(0, 12), min_size=2, max_size=6), st.integers(1, 5), st.data())
@settings(deadline=None, max_examples=40)
def test_for_contiguous_grids_it_is_never_more_than_brute_force_finds(
    households: list[int], first: int, data: st.DataObject
) -> None:
    n = len(households)
    units = [Unit(((int(v >= first), h),) if h else ()) for v, h in enumerate(households)]
    touching = [(data.draw(st.integers(0, v - 1)), v) for v in range(1, n)]
    ways = [
        found
        for way, found in zip(product(range(3), repeat=n), dealt(units), strict=True)
        if all(connected([v for v in range(n) if way[v] == k], touching) for k in range(3))
    ]
    excess = min(wrong for wrong, _ in ways)
    least = min(moved for wrong, moved in ways if wrong <= excess)
    assert least_moved(units, BAND, least, excess) <= least
    assert least_moved(units, BAND, least, excess, touching) <= least


def connected(nodes: list[int], touching: list[tuple[int, int]]) -> bool:
    seen = set(nodes[:1])
    for _ in nodes:
        seen |= {v for pair in touching if seen & {*pair} for v in pair if v in nodes}
    return len(seen) == len(nodes)


def test_what_lies_behind_others_does_not_go_alone() -> None:
    row = [Unit(((0, n),)) for n in (3, 12, 6)] + [Unit(((1, 11),))]
    touching = [(0, 1), (1, 2), (2, 3)]
    assert least_moved(row, BAND, 6) == 3
    assert least_moved(row, BAND, 6, 0, touching) == 6


def test_empty_ground_is_a_way() -> None:
    units = [Unit(((0, n),)) for n in (3, 12, 6)] + [Unit(((1, 11),)), Unit(())]
    touching = [(0, 1), (1, 2), (2, 3), (0, 4), (3, 4)]
    assert least_moved(units, BAND, 6, 0, touching) == 3
    assert least_moved(units, BAND, 6, 0, touching[:4]) == 6


def test_an_estate_goes_as_a_whole() -> None:
    units = [Unit(((0, n),)) for n in (12, 10)] + [Unit(((1, 10),))]
    assert least_moved(units, BAND, 22) == 10


def test_all_beside_a_building_above_the_limit_go() -> None:
    units = [Unit(((0, 25),), alone=True), Unit(((0, 3),)), Unit(((1, 12),))]
    assert least_moved(units, BAND, 28) == 3


def test_an_estate_over_two_grids_counts_where_most_of_it_is() -> None:
    assert least_moved([Unit(((0, 9), (1, 2))), Unit(((1, 12),)), Unit(((0, 3),))], BAND, 11) == 2


def test_less_than_can_be_is_refused() -> None:
    with pytest.raises(ValueError, match="no more than 1 moved"):
        least_moved([Unit(((0, 30),))] + [Unit(((0, 5),))] * 2, BAND, 1)


def test_nothing_moves_where_all_is_in_the_band() -> None:
    rng = np.random.default_rng(1)
    assert least_moved([Unit(((int(k), 3),)) for k in rng.permutation([0] * 5 + [1] * 6)], BAND, 0) == 0
