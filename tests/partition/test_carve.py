"""Crossing grids carved as the merge model lays them out: a share of all atoms, in one piece each, and few pairs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgis.model import BARRIER_CLASSES, Band
from gridgis.partition.components import components
from gridgis.partition.graph import Contacts
from gridgis.partition.regions.carve import carved_regions
from gridgis.partition.regions.pieces import crossing_optimum, pairs_across, regions, sides
from tests.partition.graphs import Drawn

URBAN = Band(300, 500)
PRIMARY, OPEN = BARRIER_CLASSES.index("primary"), len(BARRIER_CLASSES)


def lattice(households: list[list[int]], roads: tuple[int, ...], compound: dict[tuple[int, int], int]) -> Contacts:
    """Return squares of 20 m in rows, with a primary road after some of the columns."""
    table = np.array(households, dtype=np.int64)
    rows, columns = table.shape
    number = np.arange(rows * columns).reshape(rows, columns)
    beside = np.column_stack([number[:, :-1].ravel(), number[:, 1:].ravel()])
    below = np.column_stack([number[:-1].ravel(), number[1:].ravel()])
    klass = np.full(len(beside) + len(below), OPEN)
    klass[: len(beside)][np.isin(beside[:, 0] % columns, roads)] = PRIMARY
    length = np.zeros((len(klass), OPEN + 1))
    length[np.arange(len(klass)), klass] = 20.0
    estates = np.full(table.size, -1)
    for (i, j), k in compound.items():
        estates[number[i, j]] = k
    pairs = np.concatenate([beside, below])
    drawn = Drawn(table.ravel().tolist(), [(int(a), int(b)) for a, b in pairs], [1] * len(pairs))
    area = np.full(table.size, 400.0)
    return replace(drawn.contacts(), area=area, outline=np.full(table.size, 80.0), compound=estates, length=length)


def test_what_is_too_much_is_carved_at_the_road() -> None:
    ground = lattice([[11] * 5 + [20] * 8] * 10, (4,), {})  # 550 and 1600
    found = carved_regions(ground, URBAN, 1e9)
    labels = np.empty(ground.n, dtype=np.int64)
    for k, region in enumerate(found):
        labels[region.members] = k
    assert [r.households for r in found if r.crossing] == [pytest.approx(300, abs=20)]
    assert pairs_across(sides(ground), labels, ground.households) == pytest.approx(12_500, rel=0.15)
    assert crossing_optimum(ground, URBAN, 1e9) == 12_500
    assert sum(r.pairs for r in found) == 12_500


def test_pieces_that_stand_alone_are_left_alone() -> None:
    ground = lattice([[10] * 4 + [20] * 4] * 10, (3,), {})
    assert [r.households for r in carved_regions(ground, URBAN, 1e9)] == [400, 800]


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.lists(st.integers(0, 40), min_size=8, max_size=8), min_size=3, max_size=8),
    roads=st.lists(st.integers(0, 6), max_size=3, unique=True),
    estate=st.tuples(st.integers(0, 2), st.integers(0, 6)),
)
def test_carved_ground_is_all_of_it_and_each_region_can_be_cut(
    rows: list[list[int]], roads: list[int], estate: tuple[int, int]
) -> None:
    i, j = estate
    ground = lattice(rows, tuple(roads), {(i, j): 0, (i, j + 1): 0} if j not in roads else {})
    found, before = carved_regions(ground, URBAN, 1e9), regions(ground, URBAN, 1e9)
    assert sorted(np.concatenate([r.members for r in found]).tolist()) == list(range(ground.n))
    assert sum(r.pairs for r in found) == sum(r.pairs for r in before)
    for region in found:
        part = ground.take(region.members)
        assert components(part.n, part.pairs).max(initial=0) == 0
        assert region.households == part.households.sum()
        assert len(region.part) == part.n
    for region in before:
        within = [r.households for r in found if np.isin(r.members, region.members).all()]
        assert len(within) == 1 or all(URBAN.can_hold(n) or not n for n in within)
    whole = ground.compound >= 0
    assert sum(whole[r.members].any() for r in found) <= 1
