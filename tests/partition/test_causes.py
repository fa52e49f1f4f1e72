"""Why a grid is out of its band: what stays whole and fits nowhere is named, and only what is proven is called so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from gridgis.geometry.arrays import Ints
from gridgis.model import Band
from gridgis.partition.causes import Causes, Ground
from gridgis.partition.exact import groupings
from gridgis.partition.graph import Contacts
from gridgis.partition.levels import Cut
from gridgis.partition.regions.pieces import Region
from tests.partition.communities import RULES

BAND = Band(300, 500)


def ground(households: Sequence[int], pairs: Sequence[tuple[int, int]], estates: Sequence[int] = ()) -> Contacts:
    """Make ground of which some atoms are estates, each of its own, and the others one building each."""
    n, weights = len(households), np.array(households, dtype=np.int64)
    estate = np.full(n, -1, dtype=np.int64)
    estate[list(estates)] = np.arange(len(estates))
    return Contacts(
        np.arange(n),
        weights,
        weights,
        np.ones(n),
        np.full(n, 4.0),
        weights * 1.0,
        estate,
        np.zeros(n, dtype=bool),
        np.array(pairs, dtype=np.int64).reshape(-1, 2),
        np.ones((len(pairs), 9)),
    )


def cause(c: Contacts, *members: int, exact_effort: float = 1.0) -> tuple[str, str] | None:
    at: Ints = np.array(members, dtype=np.int64)
    return Ground(c, np.arange(c.n), BAND, replace(RULES, exact_effort=exact_effort)).why(at)


def test_an_estate_among_large_ones_is_named_with_the_room_beside_it() -> None:
    found = cause(ground([288, 250, 310, 452], [(0, 1), (1, 2), (2, 3)], [0, 1]), 0)
    assert found is not None
    assert "an estate of 288 households, whose neighbours (buildings or estates) are all above 212" in found[1]
    assert "小区 288 户，相邻的楼栋或小区各自都多于 212 户" in found[0]


@pytest.mark.parametrize(
    ("households", "pairs", "said"),
    [
        ([290, 0], [(0, 1)], "a building of 290 households with no others around it"),
        ([620, 20, 380], [(0, 1), (1, 2)], "a building of 620 households, above the limit"),
        ([288, 2, 450], [(0, 1), (1, 2)], "which no combination with those around it"),
    ],
)
def test_what_is_stuck_is_told_apart(households: list[int], pairs: list[tuple[int, int]], said: str) -> None:
    found = cause(ground(households, pairs), 0)
    assert found is not None
    assert said in found[1]
    assert "(proven)" in found[1]


def test_empty_ground_that_a_tower_took_is_a_way_for_others() -> None:
    """Two of 200 on both sides of a tower meet over the empty ground behind it, whichever grid that went to."""
    c = ground([200, 620, 200, 0], [(0, 1), (1, 2), (0, 3), (1, 3), (2, 3)])
    regions = [Region(np.array(m), n, closed, (n,)) for m, n, closed in (([0], 200, ""), ([1, 3], 620, "building"))]
    cut = Cut(np.array([0, 1, 2, 1]), [*regions, Region(np.array([2]), 200, "", (200,))])
    causes = Causes(c, cut, BAND, RULES, first=True)
    assert [causes.of(k).flag for k in range(3)] == ["band_unmet", "single_building", "band_unmet"]


CROSS = ground([150, 150, 150, 150, 300], [(4, 0), (4, 1), (4, 2), (4, 3)])
"""A grid of 300 to 500 may hold the middle and one arm; each of the others is alone, but could have been the one."""


def test_a_region_without_any_grouping_is_proven_by_exact_search() -> None:
    found = cause(CROSS, 4)
    assert found is not None
    assert "proven by an exact search" in found[1]
    assert "已用精确算法证明" in found[0]


def test_large_estates_that_small_ones_cannot_fill_up_are_told_without_a_search() -> None:
    c = ground([270, 270, 400, 15, 15, 5], [(a, b) for a in range(6) for b in range(a + 1, 6)])
    found = cause(c, 0, exact_effort=0.0)
    assert found is not None
    assert "its ground holds 975 households" in found[1]


def test_without_effort_nothing_is_proven() -> None:
    assert cause(CROSS, 4, exact_effort=0.0) is None


def test_what_can_be_grouped_has_no_proven_cause() -> None:
    assert cause(ground([150, 200, 250, 100], [(0, 1), (1, 2), (2, 3)]), 2, 3) is None


def test_a_grid_is_proven_by_its_surroundings_where_the_whole_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """Estates of 276 and 264 touch one another and one corridor; behind it are more houses than can be looked at."""
    monkeypatch.setattr(groupings, "MOST_UNITS", 10)
    households = [276, 264, 0, *[20] * 54]
    pairs = [(0, 1), (0, 2), (1, 2), *((2 + i, 3 + i) for i in range(54))]
    found = cause(ground(households, pairs), 0)
    assert found is not None
    assert "however the rest is cut" in found[1]
    freed = cause(ground(households, [*pairs, (1, 9)]), 0)
    assert freed is None
