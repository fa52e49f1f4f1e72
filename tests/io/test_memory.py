"""Large tables within bounded memory, measured in a process of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyogrio
import pytest

from gridgis.errors import InvalidInput
from gridgis.io.read import read_layer
from gridgis.io.reading import source

IMPORT = """
import resource, sys
from gridgis.cli import main
try:
    main()
except SystemExit as e:
    assert not e.code, e.code
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)
"""


@pytest.mark.heavy
def test_a_million_points_in_csv_are_imported_in_less_than_a_gib_and_a_half(tmp_path: Path) -> None:
    with (tmp_path / "a.csv").open("w", encoding="utf-8") as file:
        file.write("编号,地址,电话,户数,经度,纬度\n")
        for k in range(1_000_000):
            place = f"{108.9 + k % 997 / 3000:.9f},{32.6 + k % 1009 / 5000:.9f}"
            file.write(f"{k},西大街{k % 5000}号{k}室,{13000000000 + k},{k % 5},{place}\n")
    words = [
        "import",
        str(tmp_path / "a.csv"),
        "--as",
        "buildings",
        "--crs",
        "EPSG:4490",
        "-o",
        str(tmp_path / "t.gpkg"),
    ]
    command = [sys.executable, "-c", IMPORT, *words, "--columns", "id=编号"]
    gib = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1]
    assert float(gib) <= 1.5
    assert pyogrio.read_info(tmp_path / "t.gpkg", layer="buildings")["features"] == 1_000_000


@pytest.mark.parametrize("ending", [".csv", ".geojson", ".kml", ".gpkg", ".shp"])
def test_a_file_larger_than_memory_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    import geopandas as gpd
    from shapely.geometry import Point

    frame = gpd.GeoDataFrame({"lon": [109.0], "lat": [32.0]}, geometry=[Point(109, 32)], crs="EPSG:4326")
    path = tmp_path / f"a{ending}"
    if ending == ".csv":
        path.write_text("lon,lat\n109,32\n")
    else:
        frame.to_file(path, driver="LIBKML" if ending == ".kml" else None)
    monkeypatch.setattr(source, "MAX_BYTES", 10)
    with pytest.raises(InvalidInput, match="太大"):
        read_layer(path, crs="EPSG:4326")
