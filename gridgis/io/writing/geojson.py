"""GeoJSON (RFC 7946): texts, numbers and null as they are; one CRS only."""

from __future__ import annotations

import re
from pathlib import Path

import geopandas as gpd
import pyogrio

from gridgis.io.geopackage import EXPORT
from gridgis.io.notes import Notes
from gridgis.io.writing.geometry import DECIMALS, rounded

_HEAD = re.compile(rf'\{{\n"type": "FeatureCollection",\n"description": "{EXPORT}",\n'.encode())
"""The first lines of each file; the description is a foreign member (RFC 7946, section 6.1)."""


def is_geojson_export(path: Path) -> bool:
    """Tell by its head whether a file was written by ``write_geojson``."""
    with path.open("rb") as file:
        return _HEAD.match(file.read(2**10)) is not None


def write_geojson(frame: gpd.GeoDataFrame, path: Path, layer: str, notes: Notes) -> None:
    """Write a layer, and say that the format knows no other CRS than WGS 84."""
    notes.add(
        "info", layer, "crs", "EPSG:4490", "GeoJSON 只有一种坐标系：EPSG:4490 按 WGS 84（EPSG:4326）写出，数值不变",
        "GeoJSON has one CRS: EPSG:4490 is written as WGS 84 (EPSG:4326), with the same numbers",
    )  # fmt: skip
    flat = frame.set_geometry(gpd.GeoSeries(rounded(frame, notes), index=frame.index, crs="EPSG:4326"))
    options = {"RFC7946": "YES", "COORDINATE_PRECISION": str(DECIMALS), "WRITE_NAME": "NO", "DESCRIPTION": EXPORT}
    pyogrio.write_dataframe(flat, path, driver="GeoJSON", layer_options=options)
