"""GeoPackage: holds all of a layer as it is."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd

from gridgis.io.geopackage import EXPORT, write_layer
from gridgis.io.notes import Notes
from gridgis.io.writing.geometry import common_type


def write_geopackage(frame: gpd.GeoDataFrame, path: Path, layer: str, notes: Notes) -> None:
    """Write a layer: lines and polygons as multi-geometries, as most programs expect; of several types as they are."""
    kind = common_type(frame)
    multi = kind in ("LineString", "Polygon")
    single = kind == "Point" and bool((frame.geom_type == "Point").all())
    write_layer(path, layer, frame, f"Multi{kind}" if multi else "Point" if single else "Unknown", EXPORT)
