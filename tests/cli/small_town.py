"""A town of one community for the tests of the command line: 400 households in 40 houses, a road through the middle."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
from shapely.geometry import LineString, box

CODE = "990001001001"
LON, LAT = 109.0, 32.7


def communities() -> gpd.GeoDataFrame:
    area = box(LON, LAT, LON + 0.008, LAT + 0.005)
    return gpd.GeoDataFrame({"code": [CODE], "name": ["西大街社区"]}, geometry=[area], crs="EPSG:4490")


def buildings() -> gpd.GeoDataFrame:
    spots = [(LON + 0.0005 + 0.001 * i, LAT + 0.0006 + 0.001 * j) for j in range(5) for i in range(8)]
    houses = [box(x - 0.0001, y - 0.0001, x + 0.0001, y + 0.0001) for x, y in spots]
    return gpd.GeoDataFrame({"id": range(1, 41), "households": [10] * 40}, geometry=houses, crs="EPSG:4490")


def roads() -> gpd.GeoDataFrame:
    way = LineString([(LON - 0.001, LAT + 0.0021), (LON + 0.009, LAT + 0.0021)])
    return gpd.GeoDataFrame({"id": [1], "klass": ["tertiary"], "name": ["西大街"]}, geometry=[way], crs="EPSG:4490")


def write_town(folder: Path, **layers: gpd.GeoDataFrame | None) -> Path:
    """Write the town as GeoJSON files; a layer given by name replaces the usual one, None leaves it out."""
    folder.mkdir(exist_ok=True)
    for name, layer in {"communities": communities(), "buildings": buildings(), "roads": roads(), **layers}.items():
        if layer is not None:
            layer.to_file(folder / f"{name}.geojson", driver="GeoJSON")
    return folder
