"""A planner's own files, brought together to a town."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
from shapely.geometry import LineString, Point, box

from gridgis.errors import InvalidInput
from gridgis.io.own import OwnFiles, read_own

CODE = "990001001001"


def save(folder: Path, file: str, geometry: list[Any], crs: str = "EPSG:4490", **columns: list[Any]) -> str:
    gpd.GeoDataFrame(columns, geometry=geometry, crs=crs).to_file(folder / file)
    return str(folder / file)


@pytest.fixture
def buildings(tmp_path: Path) -> str:
    return save(tmp_path, "houses.gpkg", [Point(109.001, 32.701), Point(109.009, 32.709)], id=[1, 2], households=[5, 6])


def barriers(tmp_path: Path, klass: list[str], geometry: list[Any], name: str = "ways.geojson") -> str:
    return save(tmp_path, name, geometry, klass=klass, name=["甲"] * len(klass))


LINE = LineString([(109.0, 32.705), (109.01, 32.705)])


def test_the_box_goes_around_buildings_and_barriers(tmp_path: Path, buildings: str) -> None:
    ways = barriers(tmp_path, ["primary"], [LINE])
    town = read_own(OwnFiles("bbox", buildings, [ways], code=CODE))
    assert town.communities.total_bounds.tolist() == [109.0, 32.701, 109.01, 32.709]


def test_the_box_is_reported(buildings: str, tmp_path: Path) -> None:
    town = read_own(OwnFiles("bbox", buildings, [barriers(tmp_path, ["primary"], [LINE])], code=CODE))
    assert "bbox" in town.notes["rule"].tolist()


def test_barriers_are_sorted_to_the_layers_of_a_town(tmp_path: Path, buildings: str) -> None:
    classes = ["primary", "railway", "river", "wall"]
    town = read_own(OwnFiles("bbox", buildings, [barriers(tmp_path, classes, [LINE] * 4)], code=CODE))
    layers = (town.roads, town.railways, town.rivers, town.walls)
    assert [layer["klass"].tolist() for layer in layers if layer is not None] == [[c] for c in classes]


def test_several_files_of_barriers_are_joined(tmp_path: Path, buildings: str) -> None:
    files = [barriers(tmp_path, ["primary"], [LINE], f"{n}.geojson") for n in "ab"]
    assert len(read_own(OwnFiles("bbox", buildings, files, code=CODE)).barriers()) == 2


def test_a_barrier_polygon_must_be_a_river(tmp_path: Path, buildings: str) -> None:
    ways = barriers(tmp_path, ["primary"], [box(109.002, 32.702, 109.003, 32.703)])
    with pytest.raises(InvalidInput, match="must be a river"):
        read_own(OwnFiles("bbox", buildings, [ways], code=CODE))


def test_barriers_without_class_are_refused(tmp_path: Path, buildings: str) -> None:
    with pytest.raises(InvalidInput, match=r"lacks the columns \['klass'\]"):
        read_own(OwnFiles("bbox", buildings, [save(tmp_path, "x.geojson", [LINE], highway=["primary"])], code=CODE))


def test_a_boundary_without_code_takes_the_one_given(tmp_path: Path, buildings: str) -> None:
    edge = save(tmp_path, "edge.geojson", [box(109, 32.7, 109.01, 32.71)], remark=["x"])
    town = read_own(OwnFiles(edge, buildings, code=CODE, name="西大街社区"))
    assert town.communities[["code", "name"]].to_numpy().tolist() == [[CODE, "西大街社区"]]


def test_a_boundary_with_codes_and_names_may_hold_several_communities(tmp_path: Path, buildings: str) -> None:
    areas = [box(109, 32.7, 109.005, 32.71), box(109.005, 32.7, 109.01, 32.71)]
    edge = save(tmp_path, "edge.geojson", areas, code=[CODE, "990001001002"], name=["甲", "乙"])
    assert read_own(OwnFiles(edge, buildings)).buildings["community"].tolist() == [CODE, "990001001002"]


def test_a_file_of_several_layers_is_named_with_the_layer(tmp_path: Path, buildings: str) -> None:
    for name in ("roads", "rails"):
        frame = gpd.GeoDataFrame({"klass": ["primary" if name == "roads" else "railway"]}, geometry=[LINE], crs=4490)
        frame.to_file(tmp_path / "all.gpkg", layer=name)
    town = read_own(OwnFiles("bbox", buildings, [f"{tmp_path / 'all.gpkg'}:rails"], code=CODE))
    assert town.barriers()["klass"].tolist() == ["railway"]


def test_files_in_another_crs_are_brought_to_stored_coordinates(tmp_path: Path, buildings: str) -> None:
    way = gpd.GeoSeries([LINE], crs="EPSG:4490").to_crs("EPSG:4545")
    ways = save(tmp_path, "w.gpkg", list(way), "EPSG:4545", klass=["primary"])
    town = read_own(OwnFiles("bbox", buildings, [ways], code=CODE))
    assert town.barriers().geometry[0].equals_exact(LINE, 1e-9)


def test_a_community_code_of_another_length_is_refused(buildings: str) -> None:
    with pytest.raises(InvalidInput, match="应为12位"):
        read_own(OwnFiles("bbox", buildings, code="99000100100"))
