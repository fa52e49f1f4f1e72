"""OpenStreetMap tags to our classes, by SEMANTICS 4."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import LineString, Point, box

from gridgis.errors import InvalidInput
from gridgis.io.mapping import TagMapping
from gridgis.io.notes import Notes

LINE, AREA, SPOT = LineString([(109, 32), (109.1, 32)]), box(109, 32, 109.1, 32.1), Point(109, 32)


def klass_of(geometry: Any, **tags: str | None) -> str | None:
    frame = gpd.GeoDataFrame({k: [v] for k, v in tags.items()}, geometry=[geometry], crs="EPSG:4326")
    found = TagMapping.load("osm").map_barriers(frame, "roads", Notes("read"))["klass"].tolist()
    return found[0] if found else None


def building(**tags: str | None) -> dict[str, Any]:
    frame = gpd.GeoDataFrame({"id": [7], **{k: [v] for k, v in tags.items()}}, geometry=[AREA], crs="EPSG:4326")
    row = TagMapping.load("osm").map_buildings(frame, "buildings", Notes("read")).iloc[0]
    return {k: None if pd.isna(v) else v for k, v in row.drop("geometry").items()}


@pytest.mark.parametrize(
    ("highway", "klass"),
    [
        ("motorway", "motorway"),
        ("trunk", "motorway"),
        ("trunk_link", "motorway"),
        ("primary", "primary"),
        ("secondary", "secondary"),
        ("tertiary_link", "tertiary"),
        ("residential", "residential"),
        ("living_street", "residential"),
        ("footway", None),
        ("service", None),
        ("path", None),
        ("steps", None),
        (None, None),
    ],
)
def test_a_road_has_the_class_of_its_grade(highway: str | None, klass: str | None) -> None:
    assert klass_of(LINE, highway=highway) == klass


@pytest.mark.parametrize(
    ("railway", "klass"), [("rail", "railway"), ("tram", None), ("subway", None), ("platform", None), ("disused", None)]
)
def test_only_rail_is_a_railway(railway: str, klass: str | None) -> None:
    assert klass_of(LINE, railway=railway) == klass


@pytest.mark.parametrize("tag", [{"highway": "primary"}, {"railway": "rail"}, {"waterway": "river"}])
def test_a_tunnel_is_no_barrier(tag: dict[str, str]) -> None:
    assert klass_of(LINE, tunnel="yes", **tag) is None


def test_a_road_that_says_it_is_no_tunnel_is_a_barrier() -> None:
    assert klass_of(LINE, tunnel="no", highway="primary") == "primary"


@pytest.mark.parametrize(
    ("geometry", "tags", "klass"),
    [
        (LINE, {"waterway": "river"}, "river"),
        (LINE, {"waterway": "canal"}, "river"),
        (LINE, {"waterway": "stream"}, None),
        (LINE, {"waterway": "drain"}, None),
        (AREA, {"natural": "water"}, "river"),
        (AREA, {"natural": "water", "water": "pond"}, None),
        (LINE, {"natural": "coastline"}, "river"),
        (SPOT, {"natural": "water"}, None),
        (AREA, {"highway": "primary"}, None),
    ],
)
def test_water_is_a_river_unless_it_can_be_stepped_over(geometry: Any, tags: dict[str, str], klass: str | None) -> None:
    assert klass_of(geometry, **tags) == klass


def test_what_is_left_out_is_counted_by_kind() -> None:
    frame = gpd.GeoDataFrame({"highway": ["footway", "footway", "primary"]}, geometry=[LINE] * 3, crs="EPSG:4326")
    notes = Notes("read")
    TagMapping.load("osm").map_barriers(frame, "roads", notes)
    row = notes.frame().set_index("rule").loc["left-out"]
    assert (row["measure"], row["en"]) == ("2", "2 features are no barriers: highway=footway 2")


@pytest.mark.parametrize("kind", ["school", "office", "warehouse", "church", "retail"])
def test_a_building_that_nobody_lives_in_has_0_households(kind: str) -> None:
    assert building(building=kind)["households"] == 0


@pytest.mark.parametrize("kind", ["apartments", "house", "yes"])
def test_a_building_that_people_may_live_in_has_an_unknown_count(kind: str) -> None:
    assert building(building=kind)["households"] is None


def test_a_plain_building_named_a_school_has_0_households() -> None:
    assert building(building="yes", amenity="school") == {
        "id": 7, "name": None, "households": 0, "use": "public", "storeys": None
    }  # fmt: skip


def test_a_cafe_in_a_block_of_flats_leaves_it_residential() -> None:
    assert building(building="apartments", amenity="cafe", shop="mall")["use"] == "residential"


@pytest.mark.parametrize(("levels", "storeys"), [("6", 6.0), ("3.5", 3.5), ("2;3", None), (None, None)])
def test_storeys_are_numbers_or_unknown(levels: str | None, storeys: float | None) -> None:
    assert building(building="yes", **{"building:levels": levels})["storeys"] == storeys


def test_storeys_that_are_no_numbers_are_reported() -> None:
    frame = gpd.GeoDataFrame({"id": [1], "building:levels": ["2;3"]}, geometry=[AREA], crs="EPSG:4326")
    notes = Notes("read")
    TagMapping.load("osm").map_buildings(frame, "buildings", notes)
    assert "['2;3']" in notes.frame().set_index("rule").loc["storeys", "en"]


def test_buildings_without_ids_are_refused() -> None:
    frame = gpd.GeoDataFrame({"building": ["yes"]}, geometry=[AREA], crs="EPSG:4326")
    with pytest.raises(InvalidInput, match="has no column of ids"):
        TagMapping.load("osm").map_buildings(frame, "buildings", Notes("read"))


def test_an_own_mapping_is_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "city.toml").write_text('[[barriers]]\nwhen = { DLDJ = ["主干路"] }\nklass = "primary"\n', "utf-8")
    frame = gpd.GeoDataFrame({"DLDJ": ["主干路", "巷"]}, geometry=[LINE, LINE], crs="EPSG:4490")
    found = TagMapping.load(tmp_path / "city.toml").map_barriers(frame, "roads", Notes("read"))
    assert found["klass"].tolist() == ["primary"]


def test_a_mapping_that_is_not_there_is_refused() -> None:
    with pytest.raises(InvalidInput, match="osm is shipped"):
        TagMapping.load("here")


@pytest.mark.parametrize(
    "text",
    [
        '[[barriers]]\nwhen = { a = ["b"] }\nklass = "street"\n',
        '[[barriers]]\nklass = "primary"\n',
        '[[barriers]]\nwhen = { a = ["b"] }\nclass = "primary"\n',
        'roads = ["a"]\n',
    ],
)
def test_a_mapping_that_is_not_understood_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "m.toml").write_text(text, "utf-8")
    with pytest.raises(InvalidInput, match="not understood"):
        TagMapping.load(tmp_path / "m.toml")
