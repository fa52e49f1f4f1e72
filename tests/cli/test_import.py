"""``gridgis import``: files as offices have them, each with the report that is expected of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely

from gridgis.geometry.crs import STORED_CRS, transform_xy
from gridgis.geometry.shift import wgs84_to_gcj02
from gridgis.io.town_file import read_town_layer
from tests.cli.small_town import CODE, LAT, LON, buildings, communities, roads


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def moved(frame: gpd.GeoDataFrame, crs: str) -> gpd.GeoDataFrame:
    """Return a layer in another CRS, and without saying so."""
    geoms = shapely.transform(frame.geometry.to_numpy(), lambda xy: transform_xy(xy, STORED_CRS, crs))
    return bare(frame, geoms)


def bare(frame: gpd.GeoDataFrame, geoms: Any, crs: str | None = None) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(pd.DataFrame(frame.drop(columns="geometry")), geometry=list(geoms), crs=crs)


def gcj(frame: gpd.GeoDataFrame, crs: str | None = "EPSG:4326") -> gpd.GeoDataFrame:
    geoms = shapely.transform(frame.geometry.to_numpy(), lambda xy: np.column_stack(wgs84_to_gcj02(*xy.T)))
    return bare(frame, geoms, crs)


def report(out: str) -> dict[str, str]:
    """Return the English texts of the rows by rule, the last of each."""
    return {row["rule"]: row["en"] for row in json.loads(out)["report"]}


def two_communities(gap: float = 0.0) -> gpd.GeoDataFrame:
    """Return two communities; between them a triangle, so wide in the middle, degrees (< 0: an overlap)."""
    middle = (LON + 0.004 - gap, LAT + 0.0025)
    left = shapely.Polygon([(LON, LAT), (LON + 0.004, LAT), middle, (LON + 0.004, LAT + 0.005), (LON, LAT + 0.005)])
    right = shapely.box(LON + 0.004, LAT, LON + 0.008, LAT + 0.005)
    codes = {"code": [CODE, CODE[:-1] + "2"], "name": ["西街社区", "东街社区"]}
    return gpd.GeoDataFrame(codes, geometry=[left, right], crs=STORED_CRS)


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
def test_a_gbk_shapefile_without_cpg_and_prj_is_read_once_its_crs_is_stated(run: Any, here: Path) -> None:
    chinese = moved(communities(), "EPSG:4524").rename(columns={"code": "社区代码", "name": "社区名称"})
    pyogrio.write_dataframe(chinese, here / "社区.shp", encoding="GB18030")
    (here / "社区.cpg").unlink()
    asked = run("import", "社区.shp", "--as", "communities", "-o", "town.gpkg")
    assert (asked.code, "EPSG:4524（" in asked.err, (here / "town.gpkg").exists()) == (2, True, False)
    done = run("import", "社区.shp", "--as", "communities", "-o", "town.gpkg", "--crs", "EPSG:4524", "--json")
    assert done.code == 0, done.err
    assert "GB18030" in report(done.out)["encoding"]
    got = read_town_layer(here / "town.gpkg", "communities")
    assert got[["code", "name"]].to_numpy().tolist() == [[CODE, "西大街社区"]]
    assert np.abs(got.total_bounds - communities().total_bounds).max() < 1e-9


def test_a_file_that_says_4524_of_4545_is_refused_and_taken_with_crs(run: Any, here: Path) -> None:
    moved(roads(), "EPSG:4545").set_crs("EPSG:4524").to_file(here / "r.gpkg")
    assert "EPSG:4545（" in run("import", "r.gpkg", "--as", "roads", "-o", "t.gpkg").err
    done = run("import", "r.gpkg", "--as", "roads", "-o", "t.gpkg", "--crs", "EPSG:4545", "--json")
    assert (done.code, "4524" in report(done.out)["crs-overruled"]) == (0, True)
    assert np.abs(read_town_layer(here / "t.gpkg", "roads").total_bounds - roads().total_bounds).max() < 1e-9


def test_gcj02_labelled_4326_is_found_by_the_border_and_undone_where_stated(run: Any, here: Path) -> None:
    communities().to_file(here / "border.geojson")
    gcj(communities()).to_file(here / "c.geojson")
    words = ("import", "c.geojson", "--as", "communities", "-o", "t.gpkg")
    refused = run(*words, "--reference", "border.geojson")
    assert (refused.code, "--shifted GCJ-02" in refused.err) == (2, True)
    for shifted in ("GCJ-02", "auto"):
        done = run(*words, "--reference", "border.geojson", "--shifted", shifted, "--json")
        assert "from GCJ-02 to CGCS2000" in report(done.out)["unshifted"]
        assert (
            np.abs(read_town_layer(here / "t.gpkg", "communities").total_bounds - communities().total_bounds).max()
            < 1e-9
        )


def test_the_towns_own_border_shows_that_estates_are_shifted(run: Any, here: Path) -> None:
    communities().to_file(here / "c.geojson")
    whole = communities().assign(id=["x1"])[["id", "geometry"]]
    gcj(whole).to_file(here / "estates.geojson")
    run("import", "c.geojson", "--as", "communities", "-o", "t.gpkg")
    assert "--shifted GCJ-02" in run("import", "estates.geojson", "--as", "compounds", "-o", "t.gpkg").err


def test_buildings_outside_all_communities_are_said_to_be_shifted_perhaps(run: Any, here: Path) -> None:
    communities().to_file(here / "c.geojson")
    gcj(buildings()).to_file(here / "b.geojson")
    run("import", "c.geojson", "--as", "communities", "-o", "t.gpkg")
    done = run("import", "b.geojson", "--as", "buildings", "-o", "t.gpkg", "--json")
    assert "--shifted" in report(done.out)["outside-all"]


def test_srid_0_is_brought_home_by_the_users_transformation(run: Any, here: Path) -> None:
    local = moved(roads(), "EPSG:4545")
    local = bare(local, shapely.transform(local.geometry.to_numpy(), lambda xy: xy - (400_000, 3_600_000)))
    with pytest.warns(UserWarning, match="crs"):
        pyogrio.write_dataframe(local, here / "r.gpkg")
    refused = run("import", "r.gpkg", "--as", "roads", "-o", "t.gpkg")
    assert "a local one" in refused.err
    text = 'name = "城建坐标系"\ntarget = "EPSG:4545"\n[similarity]\ndx = 400000.0\ndy = 3600000.0\n'
    (here / "city.toml").write_text(text, "utf-8")
    done = run("import", "r.gpkg", "--as", "roads", "-o", "t.gpkg", "--crs", "city.toml", "--json")
    assert "城建坐标系" in report(done.out)["crs"]
    assert np.abs(read_town_layer(here / "t.gpkg", "roads").total_bounds - roads().total_bounds).max() < 1e-9


@pytest.mark.parametrize("kind", ["wkt", "string"])
def test_excel_with_wkt_or_strings_of_points_becomes_buildings(run: Any, here: Path, kind: str) -> None:
    houses = buildings()
    if kind == "wkt":
        texts = [g.wkt for g in houses.geometry]
    else:
        texts = [";".join(f"{x:.7f},{y:.7f}" for x, y in g.exterior.coords) for g in houses.geometry]
    table = pd.DataFrame({"楼号": houses["id"], "总户数": houses["households"], "边界": texts, "备注": "=1+1"})
    table.to_excel(here / "houses.xlsx", index=False)
    done = run("import", "houses.xlsx", "--as", "buildings", "-o", "t.gpkg", "--crs", "EPSG:4490", "--json")
    assert done.code == 0, done.err
    got = read_town_layer(here / "t.gpkg", "buildings")
    assert (got["households"].sum(), set(got.geom_type)) == (400, {"Polygon"})
    assert "备注" in report(done.out)["columns-left"]


def test_a_gap_of_known_area_is_only_reported_without_repair_and_mended_with_it(run: Any, here: Path) -> None:
    gap = 2e-6  # 0.19 m wide
    two_communities(gap).to_file(here / "c.geojson")
    words = ("import", "c.geojson", "--as", "communities", "-o", "t.gpkg", "--json")
    seen = report(run(*words).out)["repair-gap"]
    assert seen.startswith("not mended; --repair would")
    assert not shapely.coverage_is_valid(read_town_layer(here / "t.gpkg", "communities").geometry.to_numpy(), 1e-5)
    mended = report(run(*words, "--repair").out)["repair-gap"]
    assert "given to" in mended
    got = read_town_layer(here / "t.gpkg", "communities")
    assert shapely.coverage_is_valid(got.geometry.to_numpy(), 1e-5)
    places = pyogrio.read_dataframe(here / "t.gpkg", layer="repairs")
    wide = gap * 111_320 * np.cos(np.radians(LAT)) * 0.005 * 110_900 / 2
    assert places["done"].tolist() == [True]
    assert places["area_m2"].sum() == pytest.approx(wide, rel=0.05)
    drawn = shapely.get_coordinates(gpd.read_file(here / "c.geojson").geometry.to_numpy()).tolist()
    untouched = {(x, y) for x, y in drawn if x < LON + 0.003 or x > LON + 0.005}
    assert untouched <= {tuple(p) for p in shapely.get_coordinates(got.geometry.to_numpy()).tolist()}


def test_an_overlap_above_the_tolerance_is_left_and_reported(run: Any, here: Path) -> None:
    two_communities(-0.0001).to_file(here / "c.geojson")
    words = ("import", "c.geojson", "--as", "communities", "-o", "t.gpkg", "--repair", "--tolerance", "0.5", "--json")
    done = run(*words)
    assert "only reported" in report(done.out)["repair-overlap"]
    assert pyogrio.read_dataframe(here / "t.gpkg", layer="repairs")["done"].tolist() == [False]


def test_a_dry_run_writes_nothing(run: Any, here: Path) -> None:
    two_communities(2e-6).to_file(here / "c.geojson")
    done = run("import", "c.geojson", "--as", "communities", "-o", "t.gpkg", "--repair", "--dry-run")
    assert (done.code, [p.name for p in here.iterdir()]) == (0, ["c.geojson"])
    assert "没有写文件" in done.out


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".json"])
def test_the_report_is_written_as_a_file_that_people_open(run: Any, here: Path, suffix: str) -> None:
    communities().assign(name="=HYPERLINK(1)").to_file(here / "=1.geojson")
    done = run("import", "=1.geojson", "--as", "communities", "-o", "t.gpkg", "--report", f"r{suffix}")
    assert done.code == 0, done.err
    if suffix == ".json":
        subjects = [row["zh"] for row in json.loads((here / "r.json").read_text("utf-8"))]
    elif suffix == ".csv":
        subjects = pd.read_csv(here / "r.csv", encoding="utf-8-sig")["说明"].tolist()
        assert not any(s.startswith("=") for s in subjects)
    else:
        sheet = openpyxl.load_workbook(here / "r.xlsx").active
        assert sheet is not None
        assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n"}
        subjects = [str(cell.value) for cell in sheet["G"]]
    assert any("SHA-256" in s for s in subjects)


def test_a_report_replaces_an_earlier_report_and_no_other_file(run: Any, here: Path) -> None:
    communities().to_file(here / "c.geojson")
    (here / "people.csv").write_text("code,name,phone\n01,甲,138\n", "utf-8")
    words = ("import", "c.geojson", "--as", "communities", "-o", "t.gpkg", "--report")
    for dry in ((), ("--dry-run",)):
        done = run(*words, "people.csv", *dry)
        assert (done.code, "people.csv is there and is no earlier output" in done.err) == (2, True), done.err
        assert sorted(p.name for p in here.iterdir()) == ["c.geojson", "people.csv"]
    assert (here / "people.csv").read_text("utf-8") == "code,name,phone\n01,甲,138\n"
    assert [run(*words, "r.csv", "--dry-run").code for _ in "ab"] == [0, 0]


@pytest.mark.parametrize("layer", ["communities", "buildings", "points", "roads", "walls"])
def test_each_kind_of_layer_is_drawn(run: Any, here: Path, layer: str) -> None:
    frames = {"communities": two_communities(-2e-6), "buildings": buildings(), "roads": roads()}
    frames["points"] = buildings().set_geometry(buildings().representative_point())
    frames.get(layer, roads().drop(columns="klass")).to_file(here / "f.geojson")
    name = {"points": "buildings"}.get(layer, layer)
    done = run("import", "f.geojson", "--as", name, "-o", "t.gpkg", "--map", "m.html")
    assert done.code == 0, done.err
    page = (here / "m.html").read_text("utf-8")
    assert ('"zh":"重叠"' in page) == (layer == "communities")
    assert "f.geojson" in page


def test_what_is_matched_is_shown_and_the_next_step_told(run: Any, here: Path) -> None:
    communities().rename(columns={"code": "SQDM"}).to_file(here / "c.geojson")
    buildings().to_file(here / "b.geojson")
    first = run("import", "c.geojson", "--as", "communities", "-o", "t.gpkg", "--columns", "code=SQDM")
    assert "SQDM" in first.out
    assert "还缺图层 / a division still needs: buildings" in first.out
    second = run("import", "b.geojson", "--as", "buildings", "-o", "t.gpkg")
    assert "gridgis divide t.gpkg" in second.out


def test_codes_are_made_of_columns_and_unknown_households_stated(run: Any, here: Path) -> None:
    communities().drop(columns="code").assign(NUM=7).to_file(here / "c.geojson")
    buildings().drop(columns="households").to_file(here / "b.geojson")
    run("import", "c.geojson", "--as", "communities", "-o", "t.gpkg", "--columns", "code=990001001{NUM:03}")
    assert read_town_layer(here / "t.gpkg", "communities")["code"].tolist() == ["990001001007"]
    done = run("import", "b.geojson", "--as", "buildings", "-o", "t.gpkg", "--columns", "households=", "--json")
    assert "40 of 40" in report(done.out)["households-unknown"]


def test_a_missing_column_is_refused_with_those_of_the_file_and_the_way_out(run: Any, here: Path) -> None:
    frame = buildings().rename(columns={"households": "HS_SUM"})
    frame.to_file(here / "b.geojson")
    refused = run("import", "b.geojson", "--as", "buildings", "-o", "t.gpkg")
    assert refused.code == 2
    assert all(word in refused.err for word in ("HS_SUM", "--columns households=...", "--columns households= where"))


def test_the_imported_town_is_divided_as_its_files_are(run: Any, here: Path) -> None:
    (here / "town").mkdir()
    for name, frame in {"communities": communities(), "buildings": buildings(), "roads": roads()}.items():
        frame.to_file(here / "town" / f"{name}.geojson")
        assert run("import", f"town/{name}.geojson", "--as", name, "-o", "t.gpkg").code == 0
    plans = []
    for source, out in (("t.gpkg", "p.gpkg"), ("town", "q.gpkg")):
        assert run("divide", source, "-o", out).code == 0
        plans.append(pyogrio.read_dataframe(here / out, layer="grids"))
    assert run("verify", "p.gpkg").code == 0
    assert plans[0].equals(plans[1])


def test_osm_tags_are_sorted_to_layers_and_the_rest_is_told(run: Any, here: Path) -> None:
    lines = [shapely.LineString([(LON, LAT + d), (LON + 0.008, LAT + d)]) for d in (0.001, 0.002, 0.003)]
    tags = {
        "highway": ["primary", "footway", None],
        "waterway": [None, None, "river"],
        "name": ["大街", "小径", "汉江"],
    }
    gpd.GeoDataFrame(tags, geometry=lines, crs=4326).to_file(here / "osm.geojson")
    done = run("import", "osm.geojson", "--as", "roads", "-o", "t.gpkg", "--mapping", "osm", "--json")
    assert read_town_layer(here / "t.gpkg", "roads")["klass"].tolist() == ["primary"]
    assert "--as rivers" in report(done.out)["other-layer"]
    assert "footway" in report(done.out)["left-out"]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("no.shp --as roads", "no.shp"),
        ("r.geojson --as streets", "communities"),
        ("r.geojson --as communities", "--columns code=..."),
        ("r.geojson --as roads --columns klass", "ours=theirs"),
        ("r.geojson --as roads --columns klass={X}", "X"),
        ("r.geojson --as roads --repair", "--repair"),
        ("r.geojson --as roads --shifted auto", "--reference"),
        ("r.geojson --as roads --mapping osm --columns klass=klass", "--mapping"),
        ("r.geojson --as compounds --mapping osm", "--mapping"),
        ("r.geojson --as walls --mapping osm", "walls"),
        ("r.geojson --as roads --report r.txt", "r.txt"),
        ("r.geojson --as roads --report r.geojson", "r.geojson"),
        ("r.geojson --as roads --crs r.toml", "r.toml"),
        ("r.geojson --as roads --reference no.geojson", "no.geojson"),
        ("r.geojson --as roads --shifted west", "BD-09"),
        ("t.gpkg:roads --as roads", "same file"),
    ],
)
def test_what_cannot_be_done_is_refused_and_nothing_written(run: Any, here: Path, words: str, why: str) -> None:
    roads().to_file(here / "r.geojson")
    if words.startswith("t.gpkg"):
        run("import", "r.geojson", "--as", "roads", "-o", "t.gpkg")
    before = {p.name: p.read_bytes() for p in here.iterdir()}
    done = run("import", *words.split(), "-o", "t.gpkg")
    assert (done.code, why in done.err) == (2, True), done.err
    assert {p.name: p.read_bytes() for p in here.iterdir()} == before
