"""What a caller's longitude and latitude may be: the labels of their coordinates, and points that cannot be meant.

Standard library only, so that a single lookup loads nothing else.
"""

from __future__ import annotations

import math
from typing import Any

from gridgis.errors import InvalidInput

STORED_CRS = "EPSG:4490"
"""The coordinates in which everything is stored: CGCS2000, taken as identical to EPSG:4326."""

CRS_LABELS = ("EPSG:4490", "EPSG:4326", "GCJ-02", "BD-09")
"""The canonical labels of the coordinates a caller may give."""

_ALIASES = {
    "EPSG4490": "EPSG:4490",
    "4490": "EPSG:4490",
    "CGCS2000": "EPSG:4490",
    "EPSG4326": "EPSG:4326",
    "4326": "EPSG:4326",
    "WGS84": "EPSG:4326",
    "GCJ02": "GCJ-02",
    "BD09": "BD-09",
    "BD09LL": "BD-09",
}


def canonical_crs(label: str) -> str:
    """Return the canonical label of a caller's coordinates; case, spaces, '-', '_' and ':' do not matter.

    Raises
    ------
    InvalidInput
        The label is unknown; lists those known.

    Examples
    --------
    >>> [canonical_crs(label) for label in ("gcj02", "BD-09", "wgs 84", "epsg:4490", "cgcs2000")]
    ['GCJ-02', 'BD-09', 'EPSG:4326', 'EPSG:4490', 'EPSG:4490']
    """
    key = str(label).upper()
    for mark in " -_:":
        key = key.replace(mark, "")
    if key not in _ALIASES:
        known = [*CRS_LABELS, "CGCS2000", "WGS84"]
        raise InvalidInput(
            f"未知的坐标系“{label}”；可用：{'、'.join(known)}",
            f"unknown coordinates '{label}'; known are: {', '.join(known)}",
            crs=str(label),
            known=known,
        )
    return _ALIASES[key]


def check_lonlat(lon: float, lat: float) -> None:
    """Refuse a point that cannot be meant.

    Raises
    ------
    InvalidInput
        Not a number or infinite; (0, 0); longitude and latitude swapped, as it looks from a first number of 3 to 54
        and a second of 73 to 136 (China's latitudes and longitudes); out of range.

    Examples
    --------
    >>> check_lonlat(109.03, 32.69)
    >>> check_lonlat(32.69, 109.03)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    gridgis.errors.InvalidInput: 经纬度似乎颠倒：(32.69, 109.03)；经度在前 / longitude and latitude look swapped...
    """
    at = f"({_shown(lon)}, {_shown(lat)})"
    if not (_finite(lon) and _finite(lat)):
        zh, en = (
            f"坐标 {at} 不是数字；请给出经度和纬度（度）",
            f"{at} is no number; give longitude and latitude in degrees",
        )
    elif lon == 0 and lat == 0:
        zh, en = (
            f"坐标 {at} 是缺值的常见写法，不是真实位置；请补上坐标或地名",
            f"{at} stands for a missing value; give coordinates or a place",
        )
    elif 3 <= lon <= 54 and 73 <= lat <= 136:
        zh, en = f"经纬度似乎颠倒：{at}；经度在前", f"longitude and latitude look swapped: {at}; longitude comes first"
    elif not (-180 <= lon <= 180 and -90 <= lat <= 90):
        zh, en = (
            f"坐标 {at} 超出范围：经度±180，纬度±90",
            f"{at} is out of range: longitude within 180, latitude within 90 degrees",
        )
    else:
        return
    raise InvalidInput(zh, en, lon=_plain(lon), lat=_plain(lat))


def _plain(value: float) -> float | str:
    """Return the number for a field; text where JSON has none (NaN, infinity)."""
    return float(value) if _finite(value) else str(value)


def _shown(value: Any) -> str:
    return repr(value) if isinstance(value, str) else str(value)


def _finite(value: Any) -> bool:
    try:
        return math.isfinite(value)
    except (TypeError, OverflowError):  # text, None; an integer beyond all floats
        return False
