"""gridgis divide: what it writes and says, and what it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
from shapely import affinity
from shapely.geometry import LineString, Point, Polygon

from gridgis.io import read_plan
from tests.cli.small_town import CODE, buildings, communities, roads, write_town


def test_a_town_becomes_a_plan_file(run: Any, tmp_path: Path) -> None:
    result = run("divide", write_town(tmp_path / "town"), "-o", tmp_path / "p.gpkg")
    assert (result.code, len(read_plan(tmp_path / "p.gpkg").buildings)) == (0, 40)


def test_the_division_is_printed_by_community_and_level(run: Any, tmp_path: Path) -> None:
    out = run("divide", write_town(tmp_path / "town"), "-o", tmp_path / "p.gpkg").out
    assert "划分结果" in out
    assert "西大街社区" in out


def test_it_says_which_rules_were_chosen_and_why(run: Any, tmp_path: Path) -> None:
    out = run("divide", write_town(tmp_path / "town"), "-o", tmp_path / "p.gpkg").out
    assert "urban-300-500 (chosen by the code)" in out


def test_json_holds_figures_that_add_up(run: Any, tmp_path: Path) -> None:
    out = run("divide", write_town(tmp_path / "town"), "-o", tmp_path / "p.gpkg", "--json").out
    figures = {row["level"]: row for row in json.loads(out)["figures"]}
    assert [figures[level]["households"] for level in (1, 2, 3)] == [400, 400, 400]


def test_two_runs_write_the_same_bytes_by_any_number_of_processes(run: Any, tmp_path: Path) -> None:
    town = write_town(tmp_path / "town")
    for name, processes in (("a.gpkg", 1), ("b.gpkg", 2)):
        assert run("divide", town, "-o", tmp_path / name, "--seed", 3, "--processes", processes).code == 0
    assert (tmp_path / "a.gpkg").read_bytes() == (tmp_path / "b.gpkg").read_bytes()


def test_rules_may_come_from_a_profile_by_name(run: Any, tmp_path: Path) -> None:
    run("divide", write_town(tmp_path / "town"), "-o", tmp_path / "p.gpkg", "--rules", "rural-15-50")
    assert read_plan(tmp_path / "p.gpkg").rules[CODE].name == "rural-15-50"


def test_a_re_division_keeps_the_boundary_and_names_the_grids_it_continues(
    run: Any, tmp_path: Path, plan_file: Path
) -> None:
    town = write_town(tmp_path / "town")
    assert run("divide", town, "-o", tmp_path / "p.gpkg", "--previous", plan_file).code == 0
    new, old = read_plan(tmp_path / "p.gpkg"), read_plan(plan_file)
    assert new.grids["previous"].tolist() == old.grids["local_id"].tolist()
    assert new.base.geometry[0].equals_exact(old.base.geometry[0], 0)


def own(tmp_path: Path) -> list[object]:
    town = write_town(tmp_path / "town")
    files = ["--buildings", town / "buildings.geojson", "--barriers", town / "roads.geojson"]
    return ["divide", *files, "-o", tmp_path / "p.gpkg"]


def test_own_files_in_their_box_become_a_plan(run: Any, tmp_path: Path) -> None:
    result = run(*own(tmp_path), "--boundary", "bbox", "--code", CODE, "--name", "我的社区")
    assert (result.code, read_plan(tmp_path / "p.gpkg").base["name"].tolist()) == (0, ["我的社区"])


def test_own_files_in_their_box_need_a_code(run: Any, tmp_path: Path) -> None:
    result = run(*own(tmp_path), "--boundary", "bbox")
    assert (result.code, "--code" in result.err) == (2, True)


def test_own_files_need_a_boundary(run: Any, tmp_path: Path) -> None:
    result = run(*own(tmp_path))
    assert (result.code, "--boundary missing" in result.err) == (2, True)


def test_a_town_and_own_files_do_not_go_together(run: Any, tmp_path: Path) -> None:
    result = run(*own(tmp_path), tmp_path / "town")
    assert (result.code, "不能同时给出" in result.err) == (2, True)


def shifted(**change: Any) -> gpd.GeoDataFrame:
    return buildings().assign(**change)


def with_first(geometry: Any) -> gpd.GeoDataFrame:
    layer = buildings()
    return layer.set_geometry(gpd.GeoSeries([geometry, *layer.geometry[1:]], crs=layer.crs))


def swapped(layer: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    turned = [affinity.affine_transform(g, [0, 1, 1, 0, 0, 0]) for g in layer.geometry]
    return layer.set_geometry(gpd.GeoSeries(turned, index=layer.index, crs=layer.crs))


FLAT = Polygon([(109.001, 32.701), (109.002, 32.702), (109.001, 32.701)])

BAD_TOWNS: dict[str, tuple[Callable[[], dict[str, gpd.GeoDataFrame | None]], str, str]] = {
    "a missing layer": (lambda: {"buildings": None}, "缺少图层：建筑", "lacks the layers buildings"),
    "a missing column": (
        lambda: {"buildings": buildings().drop(columns="households")}, "缺少列 ['households']", "lacks the columns"
    ),
    "a negative count": (
        lambda: {"buildings": shifted(households=[-4] + [10] * 39)}, "户数为负（共 1 行：id=1: -4", "negative"
    ),
    "a count as text": (
        lambda: {"buildings": shifted(households=["十户"] + ["10"] * 39)}, "户数是文字；", "id=1: '十户'"
    ),
    "a code of 11 digits": (
        lambda: {"communities": communities().assign(code="99000100101")}, "社区代码应为12位数字", "has 12 digits"
    ),
    "a polygon of which nothing remains": (lambda: {"buildings": with_first(FLAT)}, "没有面积剩下", "id=1"),
    "a point at (0, 0)": (lambda: {"buildings": with_first(Point(0, 0))}, "坐标为 (0, 0)", "not located"),
    "one building swapped": (
        lambda: {"buildings": with_first(Point(32.701, 109.001))}, "经度与纬度似乎颠倒", "look swapped"
    ),
    "a layer swapped": (lambda: {"communities": swapped(communities())}, "经度与纬度似乎颠倒", "look swapped"),
    "coordinates in metres without saying so": (
        lambda: {"roads": roads().set_geometry([LineString([(5e5, 3.6e6), (6e5, 3.6e6)])])}, "超出经纬度范围", "beyond"
    ),
    "a wrong geometry type": (
        lambda: {"roads": roads().set_geometry([Point(109, 32.7)])}, "几何类型应为", "geometry type must be"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_TOWNS)
def test_bad_input_is_refused_in_both_languages_and_nothing_is_written(run: Any, tmp_path: Path, case: str) -> None:
    layers, zh, en = BAD_TOWNS[case]
    (tmp_path / "out").mkdir()
    result = run("divide", write_town(tmp_path / "town", **layers()), "-o", tmp_path / "out" / "p.gpkg")
    assert (result.code, zh in result.err, en in result.err) == (2, True, True), result.err
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("case", [c for c in BAD_TOWNS if "layer" not in c])
def test_own_files_are_refused_as_a_town_is(run: Any, tmp_path: Path, case: str) -> None:
    layers, zh, en = BAD_TOWNS[case]
    town = write_town(tmp_path / "town", **layers())
    names = {"--boundary": "communities", "--buildings": "buildings", "--barriers": "roads"}
    files = [word for option, name in names.items() for word in (option, town / f"{name}.geojson")]
    (tmp_path / "out").mkdir()
    result = run("divide", *files, "-o", tmp_path / "out" / "p.gpkg")
    assert (result.code, zh in result.err, en in result.err) == (2, True, True), result.err
    assert list((tmp_path / "out").iterdir()) == []


def test_bad_input_leaves_an_earlier_plan_file_as_it_was(run: Any, tmp_path: Path, plan_file: Path) -> None:
    (tmp_path / "out").mkdir()
    kept = tmp_path / "out" / "p.gpkg"
    kept.write_bytes(plan_file.read_bytes())
    town = write_town(tmp_path / "town", buildings=shifted(households=[-4] + [10] * 39))
    assert run("divide", town, "-o", kept).code == 2
    assert kept.read_bytes() == plan_file.read_bytes()
    assert list((tmp_path / "out").iterdir()) == [kept]


def test_a_broken_polygon_is_mended_and_reported(run: Any, tmp_path: Path) -> None:
    bowtie = Polygon([(109.0001, 32.7001), (109.0003, 32.7003), (109.0003, 32.7001), (109.0001, 32.7003)])
    town = write_town(tmp_path / "town", buildings=with_first(bowtie))
    result = run("divide", town, "-o", tmp_path / "p.gpkg", "--json")
    row = next(row for row in json.loads(result.out)["report"] if row["rule"] == "broken-polygon")
    assert (row["subject"], "的面损坏" in row["zh"], "broken polygon" in row["en"]) == ("buildings", True, True)


def empty_file(town: Path) -> None:
    (town / "roads.geojson").write_text("")


def damaged_file(town: Path) -> None:
    text = (town / "roads.geojson").read_text(encoding="utf-8")
    (town / "roads.geojson").write_text(text[: len(text) // 2], encoding="utf-8")


def no_crs(town: Path) -> None:
    (town / "roads.geojson").unlink()
    roads().to_file(town / "roads.shp", encoding="utf-8")
    (town / "roads.prj").unlink()


def older_datum(town: Path) -> None:
    (town / "roads.geojson").unlink()
    roads().set_crs("EPSG:4610", allow_override=True).to_file(town / "roads.shp", encoding="utf-8")


BAD_FILES: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "an empty file": (empty_file, "空文件", "empty file"),
    "a damaged file": (damaged_file, "无法读取", "cannot read"),
    "a layer without CRS": (no_crs, "没有坐标系", "has no CRS"),
    "a datum without known parameters": (older_datum, "已知转换参数", "no known transformation from Xian 1980"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_file_is_refused_in_both_languages_and_nothing_is_written(run: Any, tmp_path: Path, case: str) -> None:
    spoil, zh, en = BAD_FILES[case]
    town = write_town(tmp_path / "town")
    spoil(town)
    (tmp_path / "out").mkdir()
    result = run("divide", town, "-o", tmp_path / "out" / "p.gpkg")
    assert (result.code, zh in result.err, en in result.err) == (2, True, True), result.err
    assert list((tmp_path / "out").iterdir()) == []


def test_a_town_that_is_not_there_is_refused(run: Any, tmp_path: Path) -> None:
    result = run("divide", tmp_path / "no", "-o", tmp_path / "p.gpkg")
    assert (result.code, "找不到城镇数据" in result.err) == (2, True)


def test_an_unknown_community_is_refused_with_those_that_are_there(run: Any, tmp_path: Path) -> None:
    result = run("divide", write_town(tmp_path / "town"), "-o", tmp_path / "p.gpkg", "--community", "990001001009")
    assert (result.code, f"there are {CODE}" in result.err) == (2, True)


def test_an_unknown_profile_is_refused(run: Any, tmp_path: Path) -> None:
    result = run("divide", write_town(tmp_path / "town"), "-o", tmp_path / "p.gpkg", "--rules", "village")
    assert (result.code, "rural-15-50" in result.err) == (2, True)


def test_an_output_that_is_no_geopackage_is_refused_before_any_work(run: Any, tmp_path: Path) -> None:
    result = run("divide", tmp_path / "no", "-o", tmp_path / "p.shp")
    assert (result.code, "应以 .gpkg 结尾" in result.err) == (2, True)


def test_the_console_script_exits_with_2_on_bad_input(tmp_path: Path) -> None:
    call = [sys.executable, "-c", "from gridgis.cli import main; main()", "divide", "no-town", "-o", "p.gpkg"]
    done = subprocess.run(call, capture_output=True, text=True, encoding="utf-8", cwd=tmp_path, check=False)
    assert (done.returncode, "Traceback" in done.stderr, "错误：" in done.stderr) == (2, False, True)
