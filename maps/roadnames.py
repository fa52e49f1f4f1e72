"""Where to write the name of a road, river or railway: at straight stretches along it, turned as it runs."""

from __future__ import annotations

import math
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from gridgis.geometry.anchors import METRES_PER_DEGREE

SPACING_M = 320.0
"""About one candidate each so many metres; the page shows those that have room."""
HALF_M = 45.0
"""The stretch on both sides of a candidate that must be straight."""
STRAIGHT = 0.985
"""Chord over arc: below this a name along the chord would leave its road."""


def name_anchors(frame: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    """List places for the names of the lines of a layer.

    Parameters
    ----------
    frame
        Lines in lon/lat with ``name`` and ``klass``; those without a name are passed over.

    Returns
    -------
    list[dict[str, Any]]
        name, klass, at (lon, lat), angle (degrees clockwise on the screen, -90 to 90: never upside down).
    """
    named = frame[frame["name"].notna() & (frame["name"].astype("str") != "")]
    out: list[dict[str, Any]] = []
    for (name, klass), group in named.groupby(["name", "klass"], sort=True):
        merged = shapely.line_merge(shapely.union_all(group.geometry.to_numpy()))
        for part in shapely.get_parts(merged):
            out.extend({"name": str(name), "klass": str(klass), **spot} for spot in _spots(part))
    return out


def _spots(line: shapely.LineString) -> list[dict[str, Any]]:
    scale = np.array([math.cos(math.radians(line.centroid.y)), 1.0]) * METRES_PER_DEGREE
    flat = shapely.transform(line, lambda xy: xy * scale)
    count = max(1, int(flat.length // SPACING_M))
    half = min(HALF_M, flat.length / 3)
    spots = []
    for middle in (np.arange(count) + 0.5) * flat.length / count:
        ends = shapely.line_interpolate_point(flat, [middle - half, middle, middle + half])
        (x0, y0), at, (x1, y1) = shapely.get_coordinates(ends)
        if math.hypot(x1 - x0, y1 - y0) < STRAIGHT * 2 * half:
            continue
        angle = (math.degrees(math.atan2(y0 - y1, x1 - x0)) + 90) % 180 - 90
        spots.append({"at": [round(float(v), 7) for v in at / scale], "angle": round(angle, 1)})
    return spots
