"""The shifted coordinates of Chinese public maps, GCJ-02 and BD-09, to and from WGS84 (= CGCS2000 here).

GCJ-02 is shifted against WGS84 by 50-700 m, BD-09 by another kilometre: enough to fall into another grid. There is
no official text; the formulas are the public ones that all open converters share, and they agree with one another to
1e-5 degrees. The inverses are iterated here, so that a round trip is exact to 1e-9 degrees (0.1 mm) or better.

The public rule of where the shift applies is a box, not the border of China::

    72.004 <= lon <= 137.8347  and  0.8293 <= lat <= 55.8271

Outside it all functions are the identity, each asking for the coordinates it was given. So within a kilometre or two
of the sides of the box a round trip may not return; the sides run through sea and foreign country only. NaN stays NaN.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gridgis.geometry.lonlat import CRS_LABELS as CRS_LABELS
from gridgis.geometry.lonlat import canonical_crs as canonical_crs
from gridgis.geometry.lonlat import check_lonlat as check_lonlat

Floats = NDArray[np.float64]
Pair = tuple[Floats, Floats]
"""Longitudes and latitudes, degrees."""

BOX = (72.004, 0.8293, 137.8347, 55.8271)
"""Where the shift applies: west, south, east, north; degrees, sides included."""

_A_M = 6378245.0
"""Semi-major axis of the Krasovsky ellipsoid, metres."""
_E2 = 0.00669342162296594323
"""Its first eccentricity, squared."""
_WAVES_X = ((20.0, 1 / 6), (20.0, 1 / 2))
"""Waves along the longitude, in both parts: (1.5 x amplitude in metres, half a wave's length in degrees)."""
_WAVES_NORTH = ((20.0, 1.0), (40.0, 3.0), (160.0, 12.0), (320.0, 30.0))
"""Further waves of the northward part, along the latitude."""
_WAVES_EAST = ((20.0, 1.0), (40.0, 3.0), (150.0, 12.0), (300.0, 30.0))
"""Further waves of the eastward part, along the longitude."""
_BD_FREQUENCY = math.pi * 3000.0 / 180.0
_BD_LON, _BD_LAT = 0.0065, 0.006
"""The constant part of BD-09's shift against GCJ-02, degrees."""
_CLOSE_DEG = 1e-12
"""An inverse is done when nothing moves by more."""
_MAX_ROUNDS = 30
"""Each round shrinks the error to a fiftieth or less, so about seven do; the rest is safety."""


def _waves(along: Floats, waves: tuple[tuple[float, float], ...]) -> Floats:
    total = np.zeros_like(along)
    for amplitude, half in waves:
        total = total + amplitude * np.sin(along * np.pi / half)
    return np.asarray(total * 2.0 / 3.0)


def _to_gcj(lon: Floats, lat: Floats) -> Pair:
    """Shift WGS84 to GCJ-02 without asking for the box."""
    x, y = lon - 105.0, lat - 35.0
    root, both = np.sqrt(np.abs(x)), _waves(x, _WAVES_X)
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + both + _waves(y, _WAVES_NORTH)
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + both + _waves(x, _WAVES_EAST)
    phi = np.radians(lat)
    w2 = 1.0 - _E2 * np.sin(phi) ** 2
    dlat = np.degrees(north * w2 * np.sqrt(w2) / (_A_M * (1.0 - _E2)))
    dlon = np.degrees(east * np.sqrt(w2) / (_A_M * np.cos(phi)))
    return np.asarray(lon + dlon), np.asarray(lat + dlat)


def _gcj_to_bd(lon: Floats, lat: Floats) -> Pair:
    """Shift GCJ-02 to BD-09 without asking for the box."""
    r = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BD_FREQUENCY)
    theta = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BD_FREQUENCY)
    return np.asarray(r * np.cos(theta) + _BD_LON), np.asarray(r * np.sin(theta) + _BD_LAT)


def _to_bd(lon: Floats, lat: Floats) -> Pair:
    return _gcj_to_bd(*_to_gcj(lon, lat))


def _inverse(shift: Callable[[Floats, Floats], Pair], lon: Floats, lat: Floats) -> Pair:
    """Solve shift(w) = (lon, lat) by w <- w + ((lon, lat) - shift(w)), starting at the point itself."""
    wlon, wlat = lon, lat
    for _ in range(_MAX_ROUNDS):
        slon, slat = shift(wlon, wlat)
        dlon, dlat = lon - slon, lat - slat
        wlon, wlat = np.asarray(wlon + dlon), np.asarray(wlat + dlat)
        if not np.any(np.abs(dlon) > _CLOSE_DEG) and not np.any(np.abs(dlat) > _CLOSE_DEG):
            break
    return wlon, wlat


def _in_box_only(shift: Callable[[Floats, Floats], Pair], lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Shift the points inside the box, and return the others as they are."""
    x, y = np.broadcast_arrays(np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64))
    west, south, east, north = BOX
    inside = (x >= west) & (x <= east) & (y >= south) & (y <= north)
    out_x, out_y = x.copy(), y.copy()
    if inside.any():
        out_x[inside], out_y[inside] = shift(x[inside], y[inside])
    return out_x, out_y


def wgs84_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Shift WGS84 (or CGCS2000) coordinates to GCJ-02.

    Parameters
    ----------
    lon, lat
        Degrees; scalars or arrays that broadcast against each other. All functions here take and return the same.

    Returns
    -------
    tuple
        Longitudes and latitudes, degrees, of the broadcast shape (0-d for scalars). Outside the box: as given.

    Examples
    --------
    >>> lon, lat = wgs84_to_gcj02(109.0293, 32.6903)
    >>> round(float(lon), 6), round(float(lat), 6)
    (109.034166, 32.688232)
    """
    return _in_box_only(_to_gcj, lon, lat)


def gcj02_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Shift GCJ-02 coordinates back to WGS84, exact to 1e-9 degrees or better."""
    return _in_box_only(lambda x, y: _inverse(_to_gcj, x, y), lon, lat)


def wgs84_to_bd09(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Shift WGS84 (or CGCS2000) coordinates to BD-09 (by way of GCJ-02)."""
    return _in_box_only(_to_bd, lon, lat)


def bd09_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Shift BD-09 coordinates back to WGS84, exact to 1e-9 degrees or better."""
    return _in_box_only(lambda x, y: _inverse(_to_bd, x, y), lon, lat)


_TO_WGS84: dict[str, Callable[[ArrayLike, ArrayLike], Pair]] = {"GCJ-02": gcj02_to_wgs84, "BD-09": bd09_to_wgs84}


def to_stored_lonlat(lon: ArrayLike, lat: ArrayLike, crs: str) -> tuple[Floats, Floats, str]:
    """Return a caller's coordinates as stored ones (EPSG:4490), and the canonical label of what was assumed.

    The values are not checked here: scalars go through `check_lonlat` first.

    Parameters
    ----------
    lon, lat
        Degrees, scalars or arrays.
    crs
        "EPSG:4490" or "CGCS2000", "EPSG:4326" or "WGS84" (taken as identical), "GCJ-02", "BD-09"; any case.

    Raises
    ------
    InvalidInput
        The label is unknown.

    Examples
    --------
    >>> lon, lat, label = to_stored_lonlat(109.034166, 32.688232, "gcj02")
    >>> round(float(lon), 5), round(float(lat), 5), label
    (109.0293, 32.6903, 'GCJ-02')
    """
    label = canonical_crs(crs)
    if label in _TO_WGS84:
        return (*_TO_WGS84[label](lon, lat), label)
    x, y = np.broadcast_arrays(np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64))
    return x, y, label
