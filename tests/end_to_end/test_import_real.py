"""Real files of other people through ``gridgis import``, whole."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from gridgis.geometry.shift import wgs84_to_bd09, wgs84_to_gcj02
from gridgis.io.own import OwnFiles, read_own
from gridgis.io.town_file import read_town_layer, town_layers
from tests.command_line import run_command

REAL = Path(os.environ.get("GRIDGIS_REAL_DATA", "no-data"))
VILLAGES = REAL / "shapes" / "tw_taipei_villages.geojson"

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.heavy,
    pytest.mark.skipif(not REAL.is_dir(), reason="GRIDGIS_REAL_DATA is not set: real data are not tested"),
]


def run(*words: object) -> tuple[int, dict[str, Any], str]:
    """Run ``gridgis import``; return its exit code, what it printed as JSON, and stderr."""
    done = run_command("import", *words, "--json")
    return done.code, json.loads(done.out or "{}"), done.err


def rules(told: dict[str, Any]) -> dict[str, int]:
    found = [row["rule"] for row in told["report"]]
    return {rule: found.count(rule) for rule in found}


def test_456_villages_come_in_with_the_invalid_one_mended_and_no_vertex_else_moved(tmp_path: Path) -> None:
    town = tmp_path / "t.gpkg"
    words = (VILLAGES, "--as", "communities", "-o", town, "--columns", "code=9{VILLCODE}", "--repair")
    code, told, err = run(*words)
    assert (code, told["read"], told["kept"]) == (0, 456, 456), err
    assert rules(told)["repair-invalid-ring"] == 1
    got, given = read_town_layer(town, "communities"), gpd.read_file(VILLAGES)
    assert got.geometry.is_valid.all()
    assert got["code"].tolist() == ("9" + given["VILLCODE"]).tolist()
    assert got["name"].tolist() == given["VILLNAME"].tolist()
    named = {row["subject"].removeprefix("code=9") for row in told["report"] if row["rule"].startswith("repair-")}
    for code_, ours, theirs in zip(given["VILLCODE"], got.geometry, given.geometry, strict=True):
        if code_ not in named:
            assert shapely.equals_identical(shapely.get_parts(ours)[0], theirs)


def test_88_neighbourhoods_are_a_coverage_once_repaired_but_for_what_is_only_reported(tmp_path: Path) -> None:
    source = REAL / "shapes" / "stl_neighborhoods_88.geojson"
    columns = ("--columns", "code=990001001{NHD_NUM:03}", "--columns", "name=NHD_NAME")
    code, told, err = run(source, "--as", "communities", "-o", tmp_path / "t.gpkg", *columns, "--repair")
    assert (code, told["kept"]) == (0, 88), err
    got, given = read_town_layer(tmp_path / "t.gpkg", "communities"), gpd.read_file(source)
    overlaps = [f.union_all().area - f.area.sum() for f in (given.to_crs(32615), got.to_crs(32615))]
    assert abs(overlaps[1]) < 1e-3 < abs(overlaps[0])
    left = [row for row in told["report"] if row["rule"] == "repair-gap" and row["severity"] == "warning"]
    assert [float(row["measure"]) for row in left] == pytest.approx([78.7, 149.3], abs=0.3)


def test_3232_roads_come_in_by_their_tags(tmp_path: Path) -> None:
    source = REAL / "osm" / "tianjin_binhai_osm_drive_roads.parquet"
    code, told, err = run(source, "--as", "roads", "-o", tmp_path / "t.gpkg", "--mapping", "osm")
    assert (code, told["read"], told["kept"]) == (0, 3232, 3232), err
    got = read_town_layer(tmp_path / "t.gpkg", "roads")
    assert sum(len(shapely.get_parts(g)) for g in got.geometry) == 3232
    lines = got.to_crs("EPSG:4549").length.sum() / 1000
    assert lines == pytest.approx(gpd.read_parquet(source).to_crs("EPSG:4549").length.sum() / 1000, rel=1e-9)


def test_a_city_centre_comes_in_layer_by_layer_as_it_does_file_by_file(tmp_path: Path) -> None:
    start, town = str(REAL / "osm" / "helsinki_"), tmp_path / "h.gpkg"
    files = {"buildings": "buildings", "roads": "roads", "railways": "water_rail", "rivers": "water_rail",
             "water": "water_rail"}  # fmt: skip
    for layer, name in files.items():
        code, _, err = run(f"{start}{name}.parquet", "--as", layer, "-o", town, "--mapping", "osm")
        assert code == 0, err
    barriers = (f"{start}roads.parquet", f"{start}water_rail.parquet")
    own = read_own(OwnFiles("bbox", f"{start}buildings.parquet", barriers, mapping="osm", code="990002001001"))
    assert town_layers(town) == list(files)
    for layer in files:
        ours, theirs = read_town_layer(town, layer), getattr(own, layer)
        assert shapely.equals(ours.geometry.to_numpy(), theirs.geometry.to_numpy()).all(), layer
    assert read_town_layer(town, "buildings")["households"].isna().sum() == own.buildings["households"].isna().sum()


@pytest.mark.parametrize(("label", "shift"), [("GCJ-02", wgs84_to_gcj02), ("BD-09", wgs84_to_bd09)])
@pytest.mark.parametrize("part", ["all", "one district", "one village"])
def test_shifted_villages_labelled_4326_are_known_by_the_border(
    tmp_path: Path, label: str, shift: Any, part: str
) -> None:
    villages = gpd.read_file(VILLAGES)
    if part != "all":
        villages = villages[villages["TOWNNAME"] == "大安區"].iloc[: None if part == "one district" else 1]
    moved = shapely.transform(villages.geometry.to_numpy(), lambda xy: np.column_stack(shift(*xy.T)))
    villages.set_geometry(gpd.GeoSeries(moved, index=villages.index, crs=4326)).to_file(tmp_path / "v.geojson")
    words = (tmp_path / "v.geojson", "--as", "communities", "-o", tmp_path / "t.gpkg", "--columns", "code=9{VILLCODE}")
    code, _, err = run(*words, "--reference", VILLAGES)
    assert (code, f"--shifted {label}" in err) == (2, True)
    code, told, err = run(*words, "--reference", VILLAGES, "--shifted", "auto")
    assert (code, rules(told).get("unshifted")) == (0, 1), err


def test_the_villages_as_they_are_are_not_taken_for_shifted(tmp_path: Path) -> None:
    words = (VILLAGES, "--as", "communities", "-o", tmp_path / "t.gpkg", "--columns", "code=9{VILLCODE}")
    code, told, _ = run(*words, "--reference", VILLAGES, "--shifted", "auto")
    assert (code, "unshifted" in rules(told)) == (0, False)


def test_6109_region_codes_come_in_by_their_own_command() -> None:
    from datetime import date

    from gridgis.io.regions import read_regions

    found = read_regions(REAL / "codes" / "cn_codes_2023_ankang.csv", date(2023, 6, 30))
    assert [len(found.at(level)) for level in (3, 4, 5)] == [10, 139, 1924]
