"""Regions: pieces between strong barriers, what joins them, and the reason that is given for a crossing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgis.model import BARRIER_CLASSES, Band
from gridgis.partition.graph import Contacts
from gridgis.partition.levels import cut_level
from gridgis.partition.problem import pairs_across
from gridgis.partition.reasons import _crossing, _merged, _why_crossing, _why_needy
from gridgis.partition.regions.pieces import Region, regions, sides
from tests.partition.communities import BOX, RULES, community, divided, houses, line, told
from tests.partition.graphs import lattice

URBAN = Band(300, 500)


def test_a_region_tells_its_pieces_and_which_of_them_is_needy() -> None:
    ground = lattice([[11] * 5 + [20] * 8] * 10, (4,), {})
    (region,) = regions(ground, URBAN, 1e9)
    assert (region.merged, region.needy, region.pairs, region.exact) == ((550, 1600), (0,), 12_500, True)
    assert np.array_equal(region.part, sides(ground))


def test_a_barrier_inside_an_estate_parts_nothing() -> None:
    ground = lattice([[10] * 6] * 6, (2,), {(0, 2): 0, (0, 3): 0})
    assert sides(ground).max() == 0
    assert len(regions(ground, URBAN, 1e9)) == 1


def test_empty_ground_joins_its_neighbour_and_large_empty_ground_stays() -> None:
    ground = lattice([[0] * 3 + [20] * 4] * 5, (2,), {})
    assert [(r.households, r.closed) for r in regions(ground, URBAN, 1e9)] == [(400, "")]
    assert [(r.households, r.closed) for r in regions(ground, URBAN, 401.0 * 15)] == [(400, "")]
    assert [(r.households, r.closed) for r in regions(ground, URBAN, 399.0 * 15)] == [(0, "empty"), (400, "")]


def test_empty_ground_outside_an_estate_goes_to_those_whom_it_can_join() -> None:
    """Two of 150 and a tower in an estate, empty ground along its wall: longest by the tower, which it cannot join."""
    wall = np.zeros((5, 9))
    wall[:, BARRIER_CLASSES.index("wall")] = 10.0, 50.0, 10.0, 0.0, 0.0
    wall[3:, 8] = 10.0
    households = np.array([150, 620, 150, 0], dtype=np.int64)
    pairs = np.array([(0, 3), (1, 3), (2, 3), (0, 1), (1, 2)])
    ground = Contacts(
        np.arange(4), households, households, np.ones(4), np.full(4, 99.0), households * 1.0,
        np.array([0, 0, 0, -1]), np.zeros(4, dtype=bool), pairs, wall,
    )  # fmt: skip
    found = [(r.members.tolist(), r.closed) for r in regions(ground, URBAN, 1e9)]
    assert found == [([0, 2, 3], "compound"), ([1], "building")]
    cut = cut_level(ground, URBAN, RULES, 0)
    assert np.bincount(cut.labels, households).tolist() == [300, 620]


def test_ground_without_anybody_is_one_region() -> None:
    assert [(r.households, len(r.members)) for r in regions(lattice([[0] * 4] * 2, (1,), {}), URBAN, 1e9)] == [(0, 8)]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 9)), min_size=1, max_size=40))
def test_pairs_across_counts_pairs_one_by_one(atoms: list[tuple[int, int, int]]) -> None:
    part, labels, households = (np.array(column) for column in zip(*atoms, strict=True))
    people = [(p, g) for p, g, n in atoms for _ in range(n)]
    counted = sum(a[1] == b[1] and a[0] != b[0] for i, a in enumerate(people) for b in people[:i])
    assert pairs_across(part, labels, households) == counted


def test_a_crossing_is_named_with_the_piece_that_needs_it() -> None:
    plan = divided(community(BOX, houses(BOX), [("primary", line((30, -10), (30, 310)))]))
    text = told(plan, "crosses strong barrier")
    assert "a piece of 40 is below 60" in text
    assert "by the merge model its region needs at least 800 such pairs" in text


def test_no_crossing_is_named_where_there_is_none() -> None:
    plan = divided(community(BOX, houses(BOX), [("primary", line((60, -10), (60, 310)))]))
    assert told(plan, "crosses strong barrier") == ""


@pytest.mark.parametrize(
    ("households", "zh", "en"),
    [
        ([200], "其中 200 户的地块低于 300", "a piece of 200 is below 300"),
        ([90, 40], "其中 40、90 户的地块低于 300", "pieces of 40, 90 are below 300"),
        ([550], "多于 1 格的 500，少于 2 格的 600", "550 is more than 500 for 1 grid(s) and less than 600 for 2"),
        ([700], "小区各自完整", "700 cannot be cut into 300-500 with its estates whole"),
    ],
)
def test_why_pieces_cannot_stand_alone(households: list[int], zh: str, en: str) -> None:
    ((told_zh, told_en),) = _why_needy(households, URBAN)
    assert zh in told_zh
    assert en in told_en


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        (Region(np.arange(2), 1350, "", (550, 800), needy=(0,), crossing=(((0, 50), (1, 250)),)), "at least 12500"),
        (Region(np.arange(2), 550, "", (400, 150), needy=(1,)), "no way to join pieces"),
        (Region(np.arange(2), 1350, "joined", (550, 800)), "so they were joined"),
        (Region(np.arange(2), 1200, "", (600, 600)), "it could be avoided"),
    ],
)
def test_a_crossing_says_whether_it_must_be(region: Region, expected: str) -> None:
    assert expected in _merged([250, 50], region, URBAN)[1]


def test_a_crossing_tells_both_sides_and_the_pairs() -> None:
    row = _crossing("1-2-01", [250, 50], "因", "why")
    assert str(row["en"]) == "1-2-01 crosses a STRONG barrier (250 + 50 households, 12500 pairs of them): why"
    assert "12500 对" in str(row["zh"])


def test_a_barrier_that_ends_elsewhere_is_the_reason_not_a_pin() -> None:
    ground = lattice([[20] * 4] * 5, (2,), {})
    free = ground.length[~ground.strong][0]
    top = np.isin(ground.pairs, np.arange(4)).all(axis=1)
    ends = replace(ground, length=np.where(top[:, None], free, ground.length))
    below = np.arange(4, 20)
    why = _why_crossing(ends.take(below), sides(ends)[below], Region(np.arange(20), 400, "", (400,)), URBAN)
    assert why[1] == "it ends elsewhere, and its sides are one ground"
