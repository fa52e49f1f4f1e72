"""Real files are read whole: rows, CRS, invalid shapes, and nothing taken for garbled that is not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gridgis.io.columns import match_columns
from gridgis.io.notes import Notes
from gridgis.io.read import read_layer

pytestmark = pytest.mark.realdata


@pytest.fixture
def folder() -> Path:
    if "GRIDGIS_REAL_DATA" not in os.environ:
        pytest.skip("GRIDGIS_REAL_DATA is not set: it names the folder of real data")
    return Path(os.environ["GRIDGIS_REAL_DATA"])


@pytest.mark.parametrize(
    ("name", "rows", "invalid"),
    [
        ("shapes/tw_taipei_villages.geojson", 456, 1),
        ("shapes/stl_neighborhoods_88.geojson", 88, 0),
        ("osm/tianjin_binhai_osm_drive_roads.parquet", 3232, 0),
        ("osm/helsinki_buildings.parquet", 486, 12),
        ("osm/helsinki_roads.parquet", 2469, 0),
        ("osm/helsinki_water_rail.parquet", 593, 0),
        ("osm/helsinki_pois.parquet", 1711, 3),
    ],
)
def test_a_real_file_is_read_whole_and_without_a_false_alarm(folder: Path, name: str, rows: int, invalid: int) -> None:
    notes = Notes("read")
    frame = read_layer(folder / name, notes=notes)
    assert (len(frame), int((~frame.is_valid).sum())) == (rows, invalid)
    assert notes.frame().empty


@pytest.mark.parametrize("encoding", ["UTF-8", "Big5"])
def test_real_traditional_names_come_back_from_a_shapefile(folder: Path, tmp_path: Path, encoding: str) -> None:
    frame = read_layer(folder / "shapes/tw_taipei_villages.geojson")
    names = [n for n in frame["VILLNAME"] if encoding == "UTF-8" or n.encode("big5", "replace").decode("big5") == n]
    kept = frame[frame["VILLNAME"].isin(names)]
    kept.to_file(tmp_path / "a.shp", encoding=encoding)  # leaves a .cpg
    assert read_layer(tmp_path / "a.shp")["VILLNAME"].tolist() == kept["VILLNAME"].tolist()


def test_columns_of_a_real_file_are_known(folder: Path) -> None:
    frame = match_columns(read_layer(folder / "shapes/tw_taipei_villages.geojson"), "communities")
    assert {"code", "name", "street"} <= set(frame.columns)
