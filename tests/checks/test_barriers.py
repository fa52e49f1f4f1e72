"""Compounds, rivers and strong barriers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from shapely.geometry.base import BaseGeometry

from gridgis.model import Band
from tests.checks.plans import RULES, Made, box, broken, layer, line, make, short

LOOSE = replace(RULES, level2=Band(1, 10_000), level3=Band(1, 50))
WIDE = replace(RULES, level2=Band(1, 10_000), level3=Band(1, 10_000))


def test_a_compound_in_one_grid_is_whole() -> None:
    assert make(compounds=[{"id": "E", "geometry": box(0, 0, 2, 1)}]).verify().ok


def notched(estate: BaseGeometry) -> Made:
    """Make a plan whose community does not hold the middle of an estate: it is left with a piece on either side."""
    town = """
    a1 a1 . b1 b1
    a2 a2 . b2 b2
    c1 c1 c2 c2 .
    """
    return make(town, compounds=[{"id": "E", "geometry": estate}])


def test_an_estate_cut_in_two_by_the_boundary_is_whole_piece_by_piece() -> None:
    assert broken(notched(box(1, 0, 3, 1)).verify()) == set()


def test_a_building_outside_of_the_boundary_belongs_to_the_piece_of_its_estate_beside_it() -> None:
    plan = notched(box(0, 0, 5, 2))
    outside = {"id": "out", "households": 10, "geometry": box(2.02, 0.4, 0.1, 0.1)}
    buildings = layer([*plan.community.buildings.to_dict("records"), outside])
    grown = {short(i): plan.grids.set_index("local_id").loc[short(i), "households"] + 10 for i in ("a1", "a", "top")}
    for grid, households in grown.items():
        plan = plan.change(grid, households=households)
    assert broken(plan.among(buildings=buildings).verify()) == set()


def test_a_split_compound_is_broken_at_the_level_that_could_hold_it() -> None:
    found = make(compounds=[{"id": "E", "name": "春晓", "geometry": box(0, 0, 1, 2)}]).verify().violations
    assert found[["rule", "measure"]].to_numpy().tolist() == [["compounds", 2.0]]


def test_a_compound_over_two_level_2_grids_is_split_at_both_levels() -> None:
    found = make(compounds=[{"id": "E", "geometry": box(1, 0, 2, 1)}]).verify().violations
    assert found["rule"].tolist() == ["compounds", "compounds"]


def test_an_oversize_compound_may_be_split_inside_itself() -> None:
    assert make(compounds=[{"id": "E", "geometry": box(0, 0, 2, 2)}]).verify().ok


def test_an_oversize_compound_that_shares_a_grid_with_others_is_told_and_no_fault() -> None:
    found = make(compounds=[{"id": "E", "geometry": box(0, 0, 2, 1.5)}, {"id": "F", "geometry": box(0, 1, 1, 1)}])
    assert found.verify().ok
    mixed = make("a1 a1 a2 a2", compounds=[{"id": "E", "geometry": box(0, 0, 3, 1)}], rules=LOOSE).verify()
    assert mixed.ok
    assert mixed.exceptions[["rule", "grid", "measure"]].to_numpy().tolist() == [["compounds", short("a2"), 20.0]]


def test_a_building_of_a_carved_site_does_not_split_a_compound() -> None:
    assert make("a1 a1 S", compounds=[{"id": "E", "geometry": box(0, 0, 3, 1)}], rules=LOOSE).verify().ok


RIVER = {"klass": "river", "geometry": box(1, -1, 1, 3)}
TERTIARY = {"klass": "tertiary", "geometry": line((0, 0.3), (3, 0.3))}


def banks(*barriers: dict[str, Any], west: int = 20) -> Made:
    return make("a1 a1 a1", {(0, 0): west, (1, 0): 0}, barriers=[RIVER, *barriers], rules=WIDE)


def test_a_grid_on_both_banks_without_a_bridge_is_broken_at_both_levels() -> None:
    found = banks().verify().violations
    assert found[["rule", "grid"]].to_numpy().tolist() == [["river", short("a")], ["river", short("a1")]]


def test_the_ground_cut_off_is_measured() -> None:
    assert banks().verify().violations["measure"].iloc[0] == pytest.approx(9998, abs=1)


def test_a_bridge_makes_it_one() -> None:
    assert banks(TERTIARY).verify().ok


def test_a_bridge_may_be_drawn_in_pieces() -> None:
    halves = [{"klass": "tertiary", "geometry": line(*p)} for p in (((0, 0.3), (1.5, 0.3)), ((1.5, 0.3), (3, 0.3)))]
    assert banks(*halves).verify().ok


def test_a_road_that_ends_in_the_water_is_no_bridge() -> None:
    pier = {"klass": "tertiary", "geometry": line((0, 0.3), (1.5, 0.3))}
    assert "river" in broken(banks(pier).verify())


def test_a_railway_is_no_bridge_for_people() -> None:
    rail = {"klass": "railway", "geometry": line((0, 0.3), (3, 0.3))}
    assert "river" in broken(banks(rail).verify())


def test_an_empty_island_without_a_dry_neighbour_is_confirmed() -> None:
    plan = make("a1 a1 a1", {(0, 0): None, (1, 0): 0}, barriers=[RIVER], rules=WIDE)
    report = plan.verify()
    assert (report.ok, set(report.exceptions["rule"])) == (True, {"river", "strong"})


def test_empty_ground_beyond_the_river_belongs_to_its_dry_neighbour() -> None:
    plan = make("b1 a1 a1 a1", {(1, 0): None, (2, 0): 0}, rules=WIDE)
    river = plan.community.barriers.iloc[:0]
    assert river.empty
    wet = make("b1 a1 a1 a1", {(1, 0): None, (2, 0): 0}, barriers=[RIVER | {"geometry": box(2, -1, 1, 3)}], rules=WIDE)
    assert wet.verify().violations.query("rule == 'river'")["grid"].tolist() == [short("a")]


def test_a_river_along_the_border_cuts_nothing() -> None:
    along = RIVER | {"geometry": box(-1, -1, 1.1, 3)}
    assert make("a1 a1 a1", barriers=[along], rules=WIDE).verify().ok


PRIMARY = {"klass": "primary", "geometry": line((1, -1), (1, 2))}


def test_a_strong_barrier_through_a_grid_is_named_with_its_metres_and_what_it_parts() -> None:
    report = make("a1 a1 a1", barriers=[PRIMARY], rules=replace(WIDE, level2=Band(60, 100))).verify()
    assert report.ok
    (row,) = report.exceptions.to_dict("records")
    assert (row["rule"], row["measure"]) == ("strong", pytest.approx(98, abs=0.1))
    assert "parts 40 + 20 households (800 pairs across it)" in row["why"]
    assert "40 + 20 households, cannot all stand alone" in row["why"]


def test_a_crossing_is_avoidable_where_the_ground_on_each_side_could_stand_alone() -> None:
    (why,) = make("a1 a1 a1", barriers=[PRIMARY], rules=WIDE).verify().exceptions["why"]
    assert "could stand alone: avoidable" in why


def test_a_barrier_that_parts_nobody_is_said_to() -> None:
    (why,) = make("a1 a1 a1", {(0, 0): 0}, barriers=[PRIMARY], rules=WIDE).verify().exceptions["why"]
    assert "parts nobody" in why


def test_a_barrier_that_one_can_go_round_has_one_ground_on_both_sides() -> None:
    ends = {"klass": "primary", "geometry": line((1, -1), (1, 1))}
    why = make("a1 a1 a1\nb1 b1 b1", barriers=[ends], rules=WIDE).verify().exceptions["why"]
    assert ["its sides are one ground" in w for w in why] == [True]


def test_a_piece_could_stand_with_the_rest_of_its_side() -> None:
    """20 of the 80 to the west are no grid by themselves, but the 80 are one, and the 60 to the east another."""
    east = {"klass": "primary", "geometry": line((4, -1), (4, 2))}
    plan = make("a1 a1 a1 b1 b1 b1 b1", barriers=[east], rules=replace(WIDE, level2=Band(60, 80)))
    why = plan.verify().exceptions["why"].str.cat()
    assert "parts 60 + 20 households (1200 pairs across it)" in why
    assert "80 + 60 households, could stand alone: avoidable" in why


@pytest.mark.parametrize(
    "barrier",
    [
        {"klass": "secondary", "geometry": line((1, -1), (1, 2))},
        {"klass": "primary", "geometry": line((0, 0), (3, 0))},
        {"klass": "primary", "geometry": line((1, -1), (1, 0.1))},
    ],
    ids=["weak", "along the border", "short"],
)
def test_what_does_not_cross_is_not_named(barrier: dict[str, Any]) -> None:
    assert make("a1 a1 a1", barriers=[barrier], rules=WIDE).verify().exceptions.empty


def test_a_dead_end_cuts_nothing() -> None:
    dead_end = {"klass": "primary", "geometry": line((1, -1), (1, 0.5))}
    (why,) = make("a1 a1 a1", barriers=[dead_end], rules=WIDE).verify().exceptions["why"]
    assert "without cutting" in why


def test_a_strong_road_over_the_water_is_a_bridge_and_no_crossing() -> None:
    over = {"klass": "primary", "geometry": line((1, 0.5), (2, 0.5))}
    report = banks(over, TERTIARY).verify()
    assert report.exceptions["measure"].tolist() == [pytest.approx(196, abs=1)]  # the two banks, no road
