"""What the formats ask of geometries: one type for all, and 9 decimals in texts."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from gridgis.io.notes import Notes

DECIMALS = 9
"""Of a degree in text outputs: 0.1 mm (SEMANTICS 1)."""

SIMPLE = {0: "Point", 1: "LineString", 3: "Polygon", 4: "Point", 5: "LineString", 6: "Polygon"}


def common_type(frame: gpd.GeoDataFrame) -> str | None:
    """Return Point, LineString or Polygon where all geometries are of it, single or multi; None where they differ."""
    kinds = {SIMPLE.get(int(k)) for k in shapely.get_type_id(frame.geometry.to_numpy())}
    return kinds.pop() if len(kinds) == 1 else None


def rounded(frame: gpd.GeoDataFrame, notes: Notes) -> Any:
    """Return the geometries with 9 decimals, and say so; vertices that were the same stay the same."""
    geoms = frame.geometry.to_numpy()
    notes.add(
        "info", "geometry", "rounded", DECIMALS, f"坐标保留 {DECIMALS} 位小数（约 0.1 毫米）",
        f"coordinates are written with {DECIMALS} decimals (0.1 mm)",
    )  # fmt: skip
    return shapely.transform(geoms, lambda xy: np.round(xy, DECIMALS) + 0.0)
