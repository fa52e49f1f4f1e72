"""Transformations between CRSs, kept once made. No NumPy, no geometries."""

from __future__ import annotations

from functools import cache
from typing import Any

import pyproj

from gridgis.geometry.lonlat import STORED_CRS

_TWINS = ("China 2000", "World Geodetic System 1984")
"""Beginnings of the datum names that are taken as identical (SEMANTICS 1)."""


@cache
def transformer(source: str, target: str, ballpark: bool) -> pyproj.Transformer:
    """Return the transformation from one CRS to another, x (or lon) first."""
    return pyproj.Transformer.from_crs(source, target, always_xy=True, allow_ballpark=ballpark)


@cache
def on_stored_datum(key: str) -> bool:
    """Tell whether a CRS stands on CGCS2000 or WGS 84, and carries no parameters to another datum."""
    crs = pyproj.CRS.from_user_input(key)
    body = crs.geodetic_crs
    if body is None or crs.is_bound:
        return False
    parts = body.to_json_dict()
    datum = parts.get("datum") or parts.get("datum_ensemble") or {}
    return str(datum.get("name", "")).startswith(_TWINS)


def crs_key(crs: Any) -> str:
    """Return one name for a CRS however it is given; EPSG:4326 counts as STORED_CRS."""
    crs = pyproj.CRS.from_user_input(crs)
    if crs.to_epsg() in (4326, 4979, 4490):
        return STORED_CRS
    return f"EPSG:{crs.to_epsg()}" if crs.to_epsg() else str(crs.to_wkt())
