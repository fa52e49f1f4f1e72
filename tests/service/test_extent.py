"""The extent in words: what lies on each side of a grid."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pytest
import shapely
from shapely.geometry import LineString, Polygon, box

from gridgis.errors import InvalidInput
from gridgis.service.extent import extent_of_plan, extent_words

CRS = "EPSG:4545"


def grids(shapes: dict[str, Any], **more: Any) -> gpd.GeoDataFrame:
    rows = {"id": list(shapes), "name": [f"{i}格" for i in shapes], "level": 2, "kind": "comprehensive", "mode": None}
    return gpd.GeoDataFrame(rows | more, geometry=list(shapes.values()), crs=CRS)


def roads(**lines: list[tuple[float, float]]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"name": list(lines)}, geometry=[LineString(c) for c in lines.values()], crs=CRS)


NOTHING = gpd.GeoDataFrame({"name": []}, geometry=[], crs=CRS)
PAIR = {"a": box(0, 0, 10, 10), "b": box(10, 0, 20, 10)}


def test_each_side_is_called_by_the_road_along_it() -> None:
    around = roads(
        东路=[(10, -5), (10, 15)], 南路=[(-5, 0), (15, 0)], 西路=[(0, -5), (0, 15)], 北路=[(-5, 10), (15, 10)]
    )
    assert extent_words(grids({"a": box(0, 0, 10, 10)}), around)["a"] == "东至东路，南至南路，西至西路，北至北路"


def test_the_drawing_direction_of_a_ring_does_not_matter() -> None:
    turned = grids({"a": shapely.reverse(PAIR["a"]), "b": PAIR["b"]})
    assert extent_words(turned, NOTHING) == extent_words(grids(PAIR), NOTHING)


def test_without_a_road_the_neighbour_is_named_and_without_both_the_outer_border() -> None:
    assert extent_words(grids(PAIR), NOTHING)["b"] == "东至辖区界，南至辖区界，西至a格，北至辖区界"


def test_the_neighbour_of_the_same_level_comes_before_those_above_and_below_it() -> None:
    shapes = {
        "one": box(0, 0, 10, 10),
        "two": box(10, 0, 20, 10),
        "top": box(10, 0, 20, 10),
        "leaf": box(10, 0, 20, 10),
    }
    told = extent_words(grids(shapes, level=[2, 2, 1, 3]), NOTHING)
    assert told["one"].startswith("东至two格")


def test_a_carved_grid_is_a_neighbour_and_an_overlay_is_none() -> None:
    shapes = {"a": box(0, 0, 10, 10), "park": box(10, 0, 20, 10), "over": box(10, 0, 20, 10)}
    mixed = grids(
        shapes, level=[2, None, None], kind=["comprehensive", "dedicated", "dedicated"], mode=[None, "carve", "overlay"]
    )
    told = extent_words(mixed, NOTHING)
    assert told["a"].startswith("东至park格")
    assert told["over"] == ""


def test_an_edge_that_only_crosses_a_road_does_not_run_along_it() -> None:
    assert extent_words(grids(PAIR), roads(横街=[(-5, 5), (25, 5)]))["a"].startswith("东至b格")


def test_a_road_further_off_than_the_reach_is_not_named() -> None:
    beside = roads(近街=[(20.9, -5), (20.9, 15)])
    assert extent_words(grids(PAIR), beside)["b"].startswith("东至近街")
    assert extent_words(grids(PAIR), beside, within_m=0.5)["b"].startswith("东至辖区界")


def test_names_on_one_side_come_by_length_and_short_ones_are_left_out() -> None:
    shape = Polygon([(0, 0), (0, 100), (-100, 100), (-100, 0), (-10, 0), (-5, 0)])
    shape = shapely.segmentize(shape, 5)
    streets = roads(短街=[(0, 0), (0, 10)], 中街=[(0, 10), (0, 40)], 长街=[(0, 40), (0, 100)])
    assert extent_words(grids({"a": shape}), streets)["a"].startswith("东至长街、中街，")


def test_the_bank_of_a_water_polygon_counts() -> None:
    river = gpd.GeoDataFrame({"name": ["汉江"]}, geometry=[box(20, -5, 30, 15)], crs=CRS)
    assert extent_words(grids(PAIR), river)["b"].startswith("东至汉江")


def test_what_lies_in_a_hole_is_no_side() -> None:
    ring = Polygon(box(0, 0, 30, 30).exterior.coords, [box(10, 10, 20, 20).exterior.coords])
    told = extent_words(grids({"a": ring, "park": box(10, 10, 20, 20)}), NOTHING)
    assert told["a"] == "东至辖区界，南至辖区界，西至辖区界，北至辖区界"
    assert told["park"] == "东至a格，南至a格，西至a格，北至a格"


def test_roads_in_longitude_and_latitude_are_brought_to_the_grids() -> None:
    far = grids({"a": box(500000, 3600000, 500040, 3600040)})
    street = gpd.GeoDataFrame(
        {"name": ["东街"]}, geometry=[LineString([(500040, 3599990), (500040, 3600050)])], crs=CRS
    )
    assert extent_words(far, street.to_crs("EPSG:4490"))["a"].startswith("东至东街")


def test_no_grids_have_no_extent() -> None:
    assert extent_words(grids({}), NOTHING) == {}


def test_a_missing_column_is_refused() -> None:
    with pytest.raises(InvalidInput, match="mode"):
        extent_words(grids(PAIR).drop(columns="mode"), NOTHING)


def test_the_town_plan_names_its_roads(town_division: Any) -> None:
    told = extent_of_plan(town_division.plan)
    assert set(told) == set(town_division.plan.grids["local_id"])
    assert told["990001001001-1"] == "东至藏书路，南至澄水河，西至麦垄村，北至澄湾大道"
