from __future__ import annotations

from itertools import pairwise

import geopandas as gpd
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gridgis.ledger.identity import identify
from tests.registry.hand import WORK

Cut = dict[str, tuple[float, float]]


def strips(cut: Cut, level: int | None = 2, mode: str | None = None) -> gpd.GeoDataFrame:
    """Return strips of the ground from x to x, 10 m high."""
    geoms = [shapely.box(a, 0, b, 10) for a, b in cut.values()]
    kind = "comprehensive" if level else "dedicated"
    return gpd.GeoDataFrame({"id": list(cut), "level": level, "kind": kind, "mode": mode}, geometry=geoms, crs=WORK)


def homes(*at: float, households: int = 1) -> gpd.GeoDataFrame:
    points = [shapely.Point(x, 5) for x in at]
    return gpd.GeoDataFrame({"households": [households] * len(at)}, geometry=points, crs=WORK)


def test_a_grid_with_the_majority_both_ways_continues() -> None:
    found = identify(
        strips({"a": (0, 50), "b": (50, 100)}), strips({"x": (0, 52), "y": (52, 100)}), homes(10, 20, 51, 80, 90)
    )
    assert found.continues == {"x": "a", "y": "b"}


def test_households_decide_against_area() -> None:
    found = identify(strips({"a": (0, 100)}), strips({"x": (0, 90), "y": (90, 100)}), homes(95, 96, 97, 10))
    assert found.continues == {"y": "a"}


def test_area_decides_where_nobody_lives() -> None:
    found = identify(strips({"a": (0, 100)}), strips({"x": (0, 90), "y": (90, 100)}), homes())
    assert found.continues == {"x": "a"}


def test_a_hamlet_that_leaves_its_fields_continues_alone() -> None:
    found = identify(
        strips({"a": (0, 100)}), strips({"hamlet": (0, 20), "fields": (20, 100)}), homes(10, households=50)
    )
    assert found.continues == {"hamlet": "a"}


def test_of_two_overlays_that_overlap_one_continues_the_old_one() -> None:
    old = strips({"a": (0, 100)}, None, "overlay")
    new = strips({"x": (0, 90), "y": (0, 95)}, None, "overlay")
    assert identify(old, new, homes(10)).continues == {"y": "a"}


numbers = st.integers(1, 99)
cuts = st.sets(numbers, max_size=6).map(lambda inner: sorted({0, 100, *inner}))
lots = st.lists(st.tuples(st.floats(0.5, 99.5), st.integers(0, 60)), max_size=8)


@settings(max_examples=150, deadline=None)
@given(cuts, cuts, lots)
@example([0, 100], [0, 20, 100], [(10.0, 50)])
def test_no_old_grid_is_continued_twice(before: list[int], after: list[int], lived: list[tuple[float, int]]) -> None:
    old = strips({f"o{a}": (a, b) for a, b in pairwise(before)})
    new = strips({f"n{a}": (a, b) for a, b in pairwise(after)})
    weights = homes(*(x for x, _ in lived)).assign(households=[h for _, h in lived])
    heirs = list(identify(old, new, weights).continues.values())
    assert len(heirs) == len(set(heirs))


def test_exactly_half_is_no_majority() -> None:
    found = identify(strips({"a": (0, 100)}), strips({"x": (0, 50), "y": (50, 100)}), homes(10, 90))
    assert found.continues == {}


def test_a_split_in_halves_is_called_a_split() -> None:
    found = identify(strips({"a": (0, 100)}), strips({"x": (0, 50), "y": (50, 100)}), homes(10, 90))
    assert found.lineage["relation"].tolist() == ["split", "split"]


def test_a_merge_of_halves_is_called_a_merge() -> None:
    found = identify(strips({"a": (0, 50), "b": (50, 100)}), strips({"x": (0, 100)}), homes(10, 90))
    assert found.lineage["relation"].tolist() == ["merge", "merge"]


def test_the_shares_of_a_split_add_up() -> None:
    found = identify(strips({"a": (0, 100)}), strips({"x": (0, 30), "y": (30, 100)}), homes(10, 40, 60, 90))
    assert found.lineage[["households_share", "area_share"]].sum().tolist() == pytest.approx([1.0, 1.0])


def test_levels_are_never_mixed() -> None:
    found = identify(strips({"a": (0, 100)}, level=2), strips({"x": (0, 100)}, level=3), homes(10))
    assert found.continues == {}


def test_an_overlay_never_continues_a_carved_grid() -> None:
    old, new = strips({"a": (0, 9)}, None, "carve"), strips({"x": (0, 9)}, None, "overlay")
    assert identify(old, new, homes()).continues == {}


def test_a_first_division_continues_nothing() -> None:
    found = identify(strips({}), strips({"x": (0, 100)}), homes(10))
    assert found.continues == {}
    assert found.lineage.empty
