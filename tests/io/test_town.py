"""A town's layers: what is refused, what is mended and noted, and where buildings belong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import LineString, Point, Polygon, box

from gridgis.errors import InvalidInput
from gridgis.io.town import Town, read_town
from gridgis.io.validate import check_households

CRS = "EPSG:4490"
BOWTIE = Polygon([(109.001, 32.701), (109.002, 32.702), (109.002, 32.701), (109.001, 32.702)])


def communities() -> gpd.GeoDataFrame:
    areas = [box(109.0, 32.7, 109.01, 32.71), box(109.01, 32.7, 109.02, 32.71)]
    return frame(areas, code=["990001001001", "990001001002"], name=["西大街社区", "东大街社区"])


def frame(geometry: list[Any], **columns: list[Any]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=geometry, crs=CRS)


def buildings(households: list[Any] | None = None) -> gpd.GeoDataFrame:
    spots = [box(x, 32.705, x + 0.0002, 32.7052) for x in (109.001, 109.005, 109.015)]
    return frame(spots, id=[1, 2, 3], households=households or [10, None, 12])


def write(folder: Path, **layers: gpd.GeoDataFrame | None) -> Path:
    for name, layer in {"communities": communities(), "buildings": buildings(), **layers}.items():
        if layer is not None:
            layer.to_parquet(folder / f"{name}.parquet")
    return folder


def read(folder: Path, **layers: gpd.GeoDataFrame | None) -> Town:
    return read_town(write(folder, **layers))


def rules(notes: pd.DataFrame, layer: str) -> list[str]:
    return notes[notes["subject"] == layer]["rule"].tolist()


def test_each_building_knows_its_community(tmp_path: Path) -> None:
    assert read(tmp_path).buildings["community"].str[-1].tolist() == ["1", "1", "2"]


def test_a_gpkg_with_layers_is_a_town_too(tmp_path: Path) -> None:
    communities().to_file(tmp_path / "town.gpkg", layer="communities")
    buildings().to_file(tmp_path / "town.gpkg", layer="buildings")
    assert len(read_town(tmp_path / "town.gpkg").buildings) == 3


@pytest.mark.parametrize("layer", ["communities", "buildings"])
def test_a_town_without_a_needed_layer_is_refused(tmp_path: Path, layer: str) -> None:
    with pytest.raises(InvalidInput, match=f"lacks the layers {layer}"):
        read(tmp_path, **{layer: None})


def test_a_missing_layer_that_is_not_needed_is_noted(tmp_path: Path) -> None:
    assert rules(read(tmp_path).notes, "walls") == ["layer-missing"]


def test_an_empty_layer_that_is_not_needed_counts_as_missing(tmp_path: Path) -> None:
    assert rules(read(tmp_path, walls=frame([])).notes, "walls") == ["layer-missing"]


@pytest.mark.parametrize("name", ["folder", "town.gpkg"])
def test_a_layer_that_no_town_has_is_named_and_not_read(name: str, tmp_path: Path) -> None:
    layers = {"communities": communities(), "buildings": buildings(), "barriers": frame([], klass=[])}
    if name == "folder":
        (tmp_path / name).mkdir()
    for layer, rows in layers.items():
        path = tmp_path / name / f"{layer}.gpkg" if name == "folder" else tmp_path / name
        rows.to_file(path, layer=layer)
    assert rules(read_town(tmp_path / name).notes, "barriers") == ["layer-unknown"]


def test_one_layer_in_two_files_is_refused(tmp_path: Path) -> None:
    buildings().to_file(tmp_path / "buildings.geojson")
    with pytest.raises(InvalidInput, match="several files"):
        read(tmp_path)


def test_a_missing_column_is_named_with_those_that_are_there(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"lacks the columns \['households'\]; it has \['id', 'geometry'\]"):
        read(tmp_path, buildings=buildings().drop(columns="households"))


def test_an_unknown_household_count_stays_null(tmp_path: Path) -> None:
    assert read(tmp_path).buildings["households"].isna().tolist() == [False, True, False]


def test_unknown_household_counts_are_noted(tmp_path: Path) -> None:
    assert "households-unknown" in rules(read(tmp_path).notes, "buildings")


@pytest.mark.parametrize(
    ("count", "word"),
    [
        (-3, r"户数为负（共 1 行：id=2: -3"),
        ("约20户", r"户数是文字.*共 1 行：id=2: '约20户'"),
        (2.5, r"户数不是整数.*id=2: 2\.5"),
    ],
)
def test_a_wrong_household_count_is_refused_with_its_row(tmp_path: Path, count: Any, word: str) -> None:
    counts = pd.Series(["10", count, "12"] if isinstance(count, str) else [10, count, 12])
    with pytest.raises(InvalidInput, match=word):
        read(tmp_path, buildings=buildings().assign(households=counts))


def test_an_infinite_household_count_is_refused() -> None:
    layer = buildings().assign(households=[10.0, float("inf"), 12.0])
    with pytest.raises(InvalidInput, match="not finite"):
        check_households(layer, "buildings")


def test_of_counts_that_are_text_those_that_are_no_numbers_are_named() -> None:
    layer = buildings().assign(households=["10.0", "十户", "12"])
    with pytest.raises(InvalidInput, match=r"\(1 rows: id=2: '十户'\)"):
        check_households(layer, "buildings")


@pytest.mark.parametrize("name", [None, " "])
def test_a_community_without_name_is_called_by_its_code_and_noted(tmp_path: Path, name: str | None) -> None:
    town = read(tmp_path, communities=communities().assign(name=[name, *communities()["name"][1:]]))
    assert town.to_communities()[0].name == town.communities["code"][0]
    assert "no-name" in rules(town.notes, "communities")


def test_a_text_that_looks_like_a_number_is_still_text(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"户数是文字.*共 3 行"):
        read(tmp_path, buildings=buildings().assign(households=["1", "2", "3"]))


def test_a_long_list_of_faults_is_cut_and_counted(tmp_path: Path) -> None:
    many = frame([Point(109.001, 32.701)] * 9, id=list(range(9)), households=[-1] * 9)
    many.geometry = [Point(109.001 + i / 1e4, 32.701) for i in range(9)]
    with pytest.raises(InvalidInput, match=r"9 rows: .*id=4: -1 \.\.\.\)") as caught:
        read(tmp_path, buildings=many)
    assert caught.value.fields["count"] == 9


@pytest.mark.parametrize("code", ["99000100101", "9900010010011", "99000100100A", ""])
def test_a_community_code_must_have_12_digits(tmp_path: Path, code: str) -> None:
    with pytest.raises(InvalidInput, match=f"社区代码应为12位数字.*'{code}'"):
        read(tmp_path, communities=communities().assign(code=[code, "990001001002"]))


def test_a_community_code_written_as_a_number_is_read(tmp_path: Path) -> None:
    town = read(tmp_path, communities=communities().assign(code=[990001001001, 990001001002]))
    assert town.communities["code"].tolist() == ["990001001001", "990001001002"]


def test_a_community_code_used_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="社区代码重复"):
        read(tmp_path, communities=communities().assign(code=["990001001001"] * 2))


def test_a_building_that_occurs_twice_is_kept_once_and_noted(tmp_path: Path) -> None:
    twice = pd.concat([buildings(), buildings().iloc[[0]]], ignore_index=True)
    town = read(tmp_path, buildings=twice)
    assert (len(town.buildings), rules(town.notes, "buildings")[0]) == (3, "duplicate")


def test_one_id_on_two_different_buildings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"one id on different geometries.*2 rows: id=1; id=1"):
        read(tmp_path, buildings=buildings().assign(id=[1, 1, 2]))


def test_one_building_with_two_counts_is_refused(tmp_path: Path) -> None:
    other = buildings().iloc[[0]].assign(households=20)
    with pytest.raises(InvalidInput, match=r"or household counts.*2 rows: id=1; id=1"):
        read(tmp_path, buildings=pd.concat([buildings(), other], ignore_index=True))


def test_buildings_of_one_geometry_under_different_ids_are_kept_and_noted(tmp_path: Path) -> None:
    layer = buildings()
    layer.geometry = [layer.geometry[0], layer.geometry[0], layer.geometry[2]]
    town = read(tmp_path, buildings=layer)
    assert (len(town.buildings), rules(town.notes, "buildings")[0]) == (3, "same-geometry")


def test_many_buildings_on_the_same_ground_are_one_row_of_information(tmp_path: Path) -> None:
    twins = pd.concat([buildings(), buildings().assign(id=[4, 5, 6])], ignore_index=True)
    notes = read(tmp_path, buildings=twins).notes
    row = notes[notes["rule"] == "same-geometry"]
    assert row[["severity", "measure"]].to_numpy().tolist() == [["info", "6"]]


def test_a_broken_polygon_keeps_its_polygon_parts_and_is_noted_with_both_areas(tmp_path: Path) -> None:
    layer = buildings()
    layer.geometry = [BOWTIE, *layer.geometry[1:]]
    town = read(tmp_path, buildings=layer)
    row = town.notes[town.notes["rule"] == "broken-polygon"].iloc[0]
    assert town.buildings.geometry[0].is_valid
    assert row["measure"].startswith("0.0 -> 5200.5 m2")


def test_a_polygon_of_which_nothing_remains_is_refused(tmp_path: Path) -> None:
    layer = buildings()
    layer.geometry = [Polygon([(109.001, 32.701), (109.002, 32.702), (109.001, 32.701)]), *layer.geometry[1:]]
    with pytest.raises(InvalidInput, match=r"没有面积剩下.*id=1"):
        read(tmp_path, buildings=layer)


def test_a_building_without_area_and_without_counted_households_is_left_out_and_noted(tmp_path: Path) -> None:
    layer = buildings()
    layer.geometry = [
        layer.geometry[0],
        Polygon([(109.001, 32.701), (109.002, 32.702), (109.001, 32.701)]),
        layer.geometry[2],
    ]
    town = read(tmp_path, buildings=layer)
    assert (town.buildings["id"].tolist(), rules(town.notes, "buildings")[0]) == ([1, 3], "no-area")


def test_a_feature_without_geometry_is_refused(tmp_path: Path) -> None:
    layer = buildings()
    layer.geometry = [None, *layer.geometry[1:]]
    with pytest.raises(InvalidInput, match=r"没有几何图形.*id=1"):
        read(tmp_path, buildings=layer)


def test_a_wrong_geometry_type_is_refused(tmp_path: Path) -> None:
    roads = frame([Point(109.001, 32.701)], id=[1], klass=["primary"])
    with pytest.raises(InvalidInput, match=r"几何类型应为 LineString.*'Point'"):
        read(tmp_path, roads=roads)


def test_an_unknown_road_class_is_refused_with_those_that_are_known(tmp_path: Path) -> None:
    roads = frame([LineString([(109, 32.7), (109.01, 32.71)])], id=[1], klass=["林荫道"])
    with pytest.raises(InvalidInput, match=r"must be one of motorway/railway.*'林荫道'"):
        read(tmp_path, roads=roads)


def test_a_building_outside_all_communities_goes_to_the_nearest_and_is_noted(tmp_path: Path) -> None:
    layer = buildings()
    layer.geometry = [Point(108.999, 32.705), *layer.geometry[1:]]
    town = read(tmp_path, buildings=layer)
    row = town.notes[town.notes["rule"] == "outside"].iloc[0]
    assert (town.buildings["community"][0], float(row["measure"])) == ("990001001001", pytest.approx(93.8, abs=0.5))


def test_a_building_on_the_border_belongs_to_one_community(tmp_path: Path) -> None:
    layer = buildings()
    layer.geometry = [Point(109.01, 32.705), *layer.geometry[1:]]
    assert len(read(tmp_path, buildings=layer).buildings) == 3


def test_river_water_is_a_barrier_and_a_pond_is_not(tmp_path: Path) -> None:
    areas = [box(109.001, 32.701, 109.002, 32.702), box(109.003, 32.701, 109.004, 32.702)]
    town = read(tmp_path, water=frame(areas, id=[1, 2], klass=["river", "pond"]))
    assert town.barriers().geometry.tolist() == areas[:1]


def test_a_community_holds_the_barriers_that_meet_it(tmp_path: Path) -> None:
    ways = [LineString([(109.001, 32.7), (109.001, 32.71)]), LineString([(109.005, 32.705), (109.015, 32.705)])]
    town = read(tmp_path, roads=frame(ways, id=[1, 2], klass=["primary", "tertiary"], name=["甲路", "乙路"]))
    assert [c.barriers["name"].tolist() for c in town.to_communities()] == [["甲路", "乙路"], ["乙路"]]


def test_a_community_holds_its_own_buildings(tmp_path: Path) -> None:
    assert [c.buildings["id"].tolist() for c in read(tmp_path).to_communities()] == [[1, 2], [3]]


def test_railways_need_no_class_column(tmp_path: Path) -> None:
    way = frame([LineString([(109, 32.7), (109.01, 32.71)])], id=[1])
    assert read(tmp_path, railways=way).barriers()["klass"].tolist() == ["railway"]


def test_eastings_that_deny_the_stated_zone_are_refused(tmp_path: Path) -> None:
    road = frame([LineString([(109.0, 32.705), (109.02, 32.705)])], klass=["primary"])
    wrong = road.to_crs("EPSG:4545").set_crs("EPSG:4524", allow_override=True)
    with pytest.raises(InvalidInput, match="EPSG:4545（"):
        read_town(write(tmp_path, roads=wrong))
