"""GeoJSON (RFC 7946): texts, numbers and null as they are; one CRS only."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pyogrio

from gridgis.io.notes import Notes
from gridgis.io.writing.geometry import DECIMALS, rounded


def write_geojson(frame: gpd.GeoDataFrame, path: Path, layer: str, notes: Notes) -> None:
    """Write a layer, and say that the format knows no other CRS than WGS 84."""
    notes.add(
        "info", layer, "crs", "EPSG:4490", "GeoJSON 只有一种坐标系：EPSG:4490 按 WGS 84（EPSG:4326）写出，数值不变",
        "GeoJSON has one CRS: EPSG:4490 is written as WGS 84 (EPSG:4326), with the same numbers",
    )  # fmt: skip
    flat = frame.set_geometry(gpd.GeoSeries(rounded(frame, notes), index=frame.index, crs="EPSG:4326"))
    options = {"RFC7946": "YES", "COORDINATE_PRECISION": str(DECIMALS), "WRITE_NAME": "NO"}
    pyogrio.write_dataframe(flat, path, driver="GeoJSON", layer_options=options)
