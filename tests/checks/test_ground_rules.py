"""Each rule of the ground is broken by a plan that is made to break it."""

from __future__ import annotations

from typing import Any

import pytest
import shapely

from gridgis.checks.layers import polygon_parts
from tests.checks.plans import CELL, EAST, NORTH, Made, box, broken, layer, make, short

WITH_SITE = """
a1 a1 S b1 b1
a2 a2 S b2 b2
"""


@pytest.mark.parametrize(
    ("grid", "values"),
    [
        ("a1", {"kind": "综合"}),
        ("a1", {"mode": "carve"}),
        ("a1", {"level": 4}),
        ("a1", {"parent": "nobody"}),
        ("a1", {"parent": None}),
        ("a1", {"local_id": short("a2")}),
        ("a1", {"local_id": ""}),
        ("a1", {"households": -1}),
        ("a1", {"flags": "no_households,nonsense"}),
        ("a1", {"community": "990001001009"}),
        ("top", {"parent": short("a")}),
        ("S", {"mode": "hidden"}),
        ("S", {"parent": short("a")}),
        ("S", {"level": 2.0}),
    ],
)
def test_an_illegal_value_breaks_the_schema_and_stops_there(grid: str, values: dict[str, Any]) -> None:
    report = make(WITH_SITE).change(short(grid), **values).verify()
    assert (broken(report), list(report.checked)) == ({"schema"}, ["schema"])


def test_a_missing_column_breaks_the_schema() -> None:
    plan = make()
    del plan.grids["site_id"]
    assert "site_id" in plan.verify().violations["why"].iloc[0]


def test_a_community_without_level_1_breaks_the_schema() -> None:
    assert "schema" in broken(make().without(short("top")).verify())


@pytest.mark.parametrize(
    ("geometry", "why"),
    [
        (shapely.Polygon(), "empty"),
        (shapely.LineString([(EAST, NORTH), (EAST + 5, NORTH)]), "LineString"),
        (shapely.Polygon([(EAST, NORTH), (EAST + 9, NORTH + 9), (EAST + 9, NORTH), (EAST, NORTH + 9)]), "invalid"),
    ],
)
def test_an_unsound_geometry_is_named(geometry: shapely.Geometry, why: str) -> None:
    (text,) = make().change(short("a1"), geometry=geometry).verify().violations["why"]
    assert why in text


def test_an_infinite_coordinate_is_named() -> None:
    plan = make()
    shapes = plan.grids.geometry.to_numpy()
    shapes[3] = shapely.transform(shapes[3], lambda xy: xy * [1.0, float("inf")])
    assert "not finite" in plan.verify().violations["why"].iloc[0]


def test_a_missing_grid_leaves_a_hole_of_its_size() -> None:
    found = make().without(short("a1")).verify().violations.set_index("rule")
    assert found.loc["nesting", "measure"] == pytest.approx(2 * CELL**2)


def test_a_grid_that_grows_over_its_neighbour_overlaps_by_its_square_metres() -> None:
    found = make().change(short("a1"), geometry=box(0, 0, 2.1, 1)).verify().violations.set_index("rule")
    assert found.loc["overlap", "measure"].max() == pytest.approx(0.1 * CELL**2)


def test_two_grids_on_the_same_ground_overlap() -> None:
    plan = make()
    assert "overlap" in broken(plan.change(short("a1"), geometry=plan.shape(short("a2"))).verify())


def test_a_gap_of_one_millimetre_breaks_the_coverage() -> None:
    found = make().change(short("a1"), geometry=box(0, 0, 1.99999, 1)).verify()
    assert "coverage" in broken(found)


def test_a_vertex_that_the_neighbour_lacks_breaks_the_coverage() -> None:
    plan = make()
    more = shapely.segmentize(plan.shape(short("a1")), CELL / 2)
    assert "coverage" in broken(plan.change(short("a1"), geometry=more).verify())


def with_bay(plan: Made) -> Made:
    """Take a bay 4 cm wide and half a cell deep from the north, between a1 and b1."""
    bay = shapely.Polygon([(EAST + 199.98, NORTH), (EAST + 200.02, NORTH), (EAST + 200, NORTH - CELL / 2)])
    for name in ("top", "a", "b", "a1", "b1"):
        plan = plan.change(short(name), geometry=plan.shape(short(name)).difference(bay))
    return plan


def test_a_narrow_bay_of_the_given_boundary_is_no_gap() -> None:
    plan = with_bay(make())
    assert broken(plan.among(boundary=plan.shape(short("top"))).verify()) == set()


def test_a_narrow_bay_that_is_not_given_breaks_the_coverage() -> None:
    assert "coverage" in broken(with_bay(make()).verify())


def test_a_hole_in_a_grid_breaks_nesting_and_extent() -> None:
    plan = make()
    holed = plan.shape(short("a1")).difference(box(0.2, 0.2, 0.1, 0.1))
    assert {"extent", "nesting"} <= broken(plan.change(short("a1"), geometry=holed).verify())


def test_swapped_parents_break_nesting() -> None:
    plan = make().change(short("a1"), parent=short("b")).change(short("b1"), parent=short("a"))
    assert "nesting" in broken(plan.verify())


def test_a_community_smaller_than_its_boundary_is_measured() -> None:
    plan = make("""
    a1 a1
    a2 a2
    """)
    found = plan.among(boundary=box(0, 0, 3, 2)).verify().violations
    assert found.set_index("rule").loc["extent", "measure"].tolist() == pytest.approx([2 * CELL**2] * 3)


def test_a_boundary_off_by_one_millimetre_is_the_same_boundary() -> None:
    assert make().among(boundary=box(0, 0, 4, 4, inset=0.001)).verify().ok


def test_an_invalid_boundary_is_compared_by_its_polygon_parts_and_said_so() -> None:
    spike = [(EAST, NORTH), (EAST + 400, NORTH), (EAST + 400, NORTH - 400), (EAST, NORTH - 400), (EAST, NORTH + 50)]
    report = make().among(boundary=shapely.Polygon(spike)).verify()
    assert (report.ok, report.exceptions["rule"].tolist()) == (True, ["extent"])


def test_polygon_parts_leave_lines_out() -> None:
    mixed = shapely.GeometryCollection([shapely.box(0, 0, 1, 1), shapely.LineString([(1, 1), (2, 2)])])
    assert polygon_parts(mixed).equals(shapely.box(0, 0, 1, 1))


def test_a_grid_of_two_parts_is_not_contiguous() -> None:
    plan = make("""
    a1 a2 a1 a2
    """)
    assert {"contiguity"} == broken(plan.verify())


def test_a_corner_is_no_contact() -> None:
    plan = make("""
    a1 a2
    a2 a1
    """)
    assert broken(plan.verify()) == {"contiguity"}


def test_an_enclave_is_a_confirmed_exception_of_level_1() -> None:
    report = make("""
    a1 a1 . b1 b1
    a2 a2 . b2 b2
    """).verify()
    assert (report.ok, report.exceptions["rule"].tolist()) == (True, ["contiguity"])


def test_an_enclave_does_not_excuse_a_grid_of_two_parts() -> None:
    report = make("""
    a1 a1 . a1
    a2 a2 . a2
    """).verify()
    assert report.violations.query("rule == 'contiguity'")["grid"].tolist() == [short("a"), short("a1"), short("a2")]


def test_a_name_used_twice_is_named_at_both() -> None:
    found = make().change(short("a1"), name="网格a2").verify().violations
    assert found["grid"].tolist() == [short("a1"), short("a2")]


def test_a_carved_site_is_part_of_the_coverage() -> None:
    assert make(WITH_SITE).verify().ok


def test_a_carved_site_of_two_parts_is_allowed() -> None:
    assert make("""
    a1 a1 S b1 b1
    a2 a2 a2 b2 b2
    a2 a2 S b2 b2
    """, {(2, 1): 0, (0, 1): 10, (1, 1): 10, (0, 2): 10, (1, 2): 10,
          (3, 1): 10, (4, 1): 10, (3, 2): 10, (4, 2): 10}).verify().ok  # fmt: skip


def test_a_site_that_was_not_carved_is_named() -> None:
    plan = make(WITH_SITE).without(short("S"))
    found = plan.verify().violations.set_index("rule")
    assert found.loc["dedicated", "measure"] == pytest.approx(2 * CELL**2)


def test_a_carved_grid_without_a_site_is_named() -> None:
    assert "dedicated" in broken(make(WITH_SITE).change(short("S"), site_id="nowhere").verify())


def test_an_unknown_category_is_named() -> None:
    assert broken(make(WITH_SITE).change(short("S"), category="castle").verify()) == {"dedicated"}


def with_overlay(**values: Any) -> Made:
    site = {"id": "P", "category": "park", "mode": "overlay", "geometry": box(0.2, 0.2, 0.5, 0.5)}
    row = {"local_id": short("P"), "kind": "dedicated", "mode": "overlay", "parent": short("top"), "name": "公园"}
    row |= {"category": "park", "site_id": "P", "geometry": site["geometry"]}
    return make().among(sites=layer([site])).add(**(row | values))


def test_an_overlay_is_no_part_of_the_coverage() -> None:
    assert with_overlay().verify().ok


def test_an_overlay_counts_no_households() -> None:
    assert broken(with_overlay(households=3).verify()) == {"households"}


def test_an_overlay_outside_its_community_is_measured() -> None:
    found = with_overlay(geometry=box(-0.5, 0.2, 1, 1)).verify().violations.set_index("rule")
    assert found.loc["overlay", "measure"] == pytest.approx(0.5 * CELL**2)


def test_a_dedicated_grid_larger_than_its_site_is_measured() -> None:
    found = with_overlay(geometry=box(0.2, 0.2, 0.7, 0.5)).verify().violations
    assert found[["rule", "measure"]].to_numpy().tolist() == [["dedicated", pytest.approx(0.1 * CELL**2)]]


def overlapping() -> Made:
    plan = with_overlay()
    row = plan.grids.iloc[-1].to_dict() | {
        "local_id": short("P2"),
        "name": "公园二",
        "geometry": box(0.2, 0.2, 0.1, 0.1),
    }
    return plan.add(**row)


def test_overlays_that_overlap_wait_for_filing() -> None:
    report = overlapping().verify()
    assert (report.ok, report.exceptions["rule"].tolist()) == (True, ["overlay"])


def test_overlays_that_overlap_break_a_revision() -> None:
    assert broken(overlapping().verify(revision_wide=True)) == {"overlay"}
