"""Columns of real files, found by their names or as the user maps them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
from shapely.geometry import LineString, Point, box

from gridgis.errors import InvalidInput
from gridgis.io.columns import match_columns, parse_pairs
from gridgis.io.notes import Notes
from gridgis.io.own import OwnFiles, read_own
from gridgis.io.reading.heads import words
from gridgis.io.town import LAYERS, read_town


def frame(**columns: list[Any]) -> gpd.GeoDataFrame:
    count = len(next(iter(columns.values())))
    return gpd.GeoDataFrame(columns, geometry=[Point(109 + k / 100, 32) for k in range(count)], crs="EPSG:4490")


def matched(layer: str, mapping: dict[str, str] | None = None, **columns: list[Any]) -> tuple[gpd.GeoDataFrame, Any]:
    notes = Notes("read")
    return match_columns(frame(**columns), layer, mapping, notes), notes.frame()


@pytest.mark.parametrize(
    ("layer", "theirs", "ours"),
    [
        ("communities", "社区代码", "code"),
        ("communities", "SQDM", "code"),
        ("communities", "社区（村）名称", "name"),
        ("communities", "Name", "name"),
        ("communities", "所属街道"[2:], "street"),
        ("buildings", "总户数", "households"),
        ("buildings", " 户 数 ", "households"),
        ("buildings", "HOUSEHOLDS", "households"),
        ("buildings", "层数", "storeys"),
        ("roads", "道路等级", "klass"),
        ("compounds", "小区编号", "id"),
    ],
)
def test_a_column_is_known_by_its_name(layer: str, theirs: str, ours: str) -> None:
    found, notes = matched(layer, **{theirs: ["1"]})
    assert found.columns.tolist() == [ours, "geometry"]
    assert notes[["rule", "measure"]].to_numpy().tolist() == [["column", f"{ours}={theirs}"]]


def test_our_own_names_come_first_and_need_no_word() -> None:
    found, notes = matched("communities", code=["1"], 社区代码=["2"])
    assert (found["code"].tolist(), notes.empty) == (["1"], True)


def test_of_several_candidates_the_first_is_taken_with_a_doubt() -> None:
    found, notes = matched("buildings", 户数=[1], 总户数=[2])
    assert found["households"].tolist() == [1]
    assert notes["rule"].tolist() == ["column-doubt", "column"]


def test_a_mapping_comes_before_all_names() -> None:
    found, _ = matched("buildings", {"households": "HS_SUM"}, HS_SUM=[5], 户数=[1], households=[9])
    assert found["households"].tolist() == [5]
    assert found["households_"].tolist() == [9]


def test_a_mapping_to_a_column_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(InvalidInput, match=r"has no column 'HS'; it has \['户数', 'geometry'\]"):
        matched("buildings", {"households": "HS"}, 户数=[1])


def test_a_mapping_of_a_column_that_a_layer_does_not_use_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no use for a column 'households'"):
        matched("roads", {"households": "HS"}, HS=[1])


@pytest.mark.parametrize(
    ("word", "klass"),
    [("快速路", "motorway"), ("主干路", "primary"), ("次干路", "secondary"), ("支路", "tertiary"),
     ("街巷", "residential"),
     (" 主干路 ", "primary"), ("tertiary", "tertiary"), ("小径", "小径")],
)  # fmt: skip
def test_chinese_road_grades_become_classes(word: str, klass: str) -> None:
    assert matched("roads", 等级=[word])[0]["klass"].tolist() == [klass]


def test_translated_words_are_noted_with_their_number() -> None:
    notes = matched("roads", klass=["主干路", "主干路", "primary"])[1]
    assert notes["zh"].tolist() == ["2 处“主干路”作为 primary"]


def test_an_unknown_use_counts_as_unknown_not_as_a_house_without_people() -> None:
    found, notes = matched("buildings", 用途=["住宅", "综合体", None])
    assert [u if isinstance(u, str) else None for u in found["use"]] == ["residential", None, None]
    assert "综合体" in notes.iloc[-1]["zh"]


def test_categories_of_sites_are_known_in_chinese() -> None:
    assert matched("sites", 类别=["学校"], 方式=["独立"])[0][["category", "mode"]].to_numpy().tolist() == [
        ["school", "carve"]
    ]


@pytest.mark.parametrize("pair", ["households", "=x", "x=", "", "households=a"])
def test_a_pair_of_another_form_or_twice_is_refused(pair: str) -> None:
    with pytest.raises(InvalidInput, match="应写作"):
        parse_pairs(["households=总户数", pair])


def test_every_layer_of_a_town_has_its_names_and_each_begins_with_ours() -> None:
    table = words()["columns"]
    assert set(table) == {*LAYERS, "barriers"}
    for layer, columns in table.items():
        assert all(called[0] == ours for ours, called in columns.items()), layer
        assert set(LAYERS[layer].columns) <= set(columns) if layer in LAYERS else True


def test_each_name_stands_for_one_column_of_a_layer() -> None:
    for layer, columns in words()["columns"].items():
        names = [w for called in columns.values() for w in called]
        assert len(names) == len(set(names)), layer


def chinese_town(folder: Path) -> Path:
    areas = gpd.GeoDataFrame(
        {"社区代码": ["990001001001"], "社区名称": ["甲"]}, geometry=[box(109, 32, 109.1, 32.1)], crs=4490
    )
    areas.to_file(folder / "communities.shp", encoding="GBK")
    houses = gpd.GeoDataFrame({"楼号": ["1"], "总户数": [5]}, geometry=[Point(109.05, 32.05)], crs=4490)
    houses.to_file(folder / "buildings.shp", encoding="GBK")
    for name in ("communities", "buildings"):
        (folder / f"{name}.cpg").unlink()
    return folder


def test_a_town_with_chinese_columns_in_gbk_is_read(tmp_path: Path) -> None:
    town = read_town(chinese_town(tmp_path))
    assert town.communities[["code", "name"]].to_numpy().tolist() == [["990001001001", "甲"]]
    assert town.buildings["households"].tolist() == [5]
    assert town.notes["rule"].tolist().count("column") == 4


def test_own_files_with_chinese_columns_are_read(tmp_path: Path) -> None:
    folder = chinese_town(tmp_path)
    roads = gpd.GeoDataFrame({"道路等级": ["主干路"]}, geometry=[LineString([(109, 32.05), (109.1, 32.05)])], crs=4490)
    roads.to_file(folder / "路.geojson")
    town = read_own(
        OwnFiles(str(folder / "communities.shp"), str(folder / "buildings.shp"), [str(folder / "路.geojson")])
    )
    assert town.barriers()["klass"].tolist() == ["primary"]
