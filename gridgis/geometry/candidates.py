"""Which coordinate systems fit a layer's numbers: for files that state none, and for labels that cannot be right.

Chinese offices keep CGCS2000 in longitude and latitude, or in Gauss-Krueger zones of 3 or 6 degrees, with the number of
the zone written before the easting or without it (the EPSG registry has them as 4491-4554). With it, the easting tells
the zone: 13-23 are the zones of 6 degrees, 25-45 those of 3. Without it, it tells nothing: the same numbers are a place
in each zone, so all are named, with where they would lie, and the user chooses. Nothing is decided here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import pyproj

from gridgis.errors import InvalidInput
from gridgis.geometry.lonlat import STORED_CRS
from gridgis.geometry.places import ELSEWHERE, describe_place
from gridgis.geometry.projection import crs_key, transformer

Bounds = tuple[float, float, float, float]
"""Least x, least y, greatest x, greatest y."""

CHINA = (73.0, 3.0, 136.5, 54.0)
"""Where China's points lie: west, south, east, north; degrees."""

HALF_ZONE_M = {3: 300_000.0, 6: 450_000.0}
"""How far from its central meridian a point of a zone may lie: nearly twice the half zone of 3 degrees at the equator
(167 km), as towns on the edge keep to one zone; for 6 degrees a third more than the half zone (334 km)."""
FALSE_EASTING_M = 500_000.0
MILLION = 1_000_000.0
FEW = 3
"""More candidates than this are listed in short."""


def known_crs(crs: Any) -> Any:
    """Return the CRS that a file states, None where it says nothing: SRID 0 and -1, LOCAL_CS and the like.

    Examples
    --------
    >>> known_crs('LOCAL_CS["Undefined Cartesian SRS",UNIT["metre",1]]') is None
    True
    >>> known_crs("EPSG:4545")
    'EPSG:4545'
    """
    if crs is None:
        return None
    found = pyproj.CRS.from_user_input(crs)
    return None if found.is_engineering or found.name.lower().startswith(("undefined", "unknown_geographic")) else crs


@dataclass(frozen=True)
class Candidate:
    """A coordinate system that a layer's numbers may be in, and the middle of the layer if they are."""

    crs: str
    zh: str
    en: str
    lon: float
    lat: float
    swapped: bool = False
    """Whether x and y must change places first (survey sheets write the northing as x)."""

    def text(self) -> tuple[str, str]:
        """Return what to tell the user, Chinese and English: what to state, what it is, where the layer would lie."""
        zh_place, en_place = describe_place(self.lon, self.lat)
        at = f"{self.lon:.3f}, {self.lat:.3f}"
        zh = f"{self.crs}{' 并加 --swap' if self.swapped else ''}（{self.zh}；中心 {at}，{zh_place}）"
        en = f"{self.crs}{' with --swap' if self.swapped else ''} ({self.en}; middle {at}, {en_place})"
        return zh, en

    def short(self) -> tuple[str, str]:
        """Return no more than what to state and where the layer would lie, Chinese and English."""
        zh_place, en_place = describe_place(self.lon, self.lat)
        swap = " --swap" if self.swapped else ""
        return f"{self.crs}{swap} {zh_place}", f"{self.crs}{swap} {en_place}"


def crs_candidates(bounds: Bounds, near: Bounds | None = None) -> list[Candidate]:
    """List the coordinate systems that fit the extent of a layer.

    Parameters
    ----------
    bounds
        Extent of the layer's coordinates, as they are.
    near
        Extent (lon/lat, degrees) of something known to lie there, such as a border: only candidates whose middle lies
        within half a degree of it remain.

    Returns
    -------
    list of Candidate
        Empty where no usual system fits: then it is a local one, whose transformation the user must give.

    Examples
    --------
    >>> [c.crs for c in crs_candidates((36_590_000.0, 3_610_000.0, 36_600_000.0, 3_620_000.0))]
    ['EPSG:4524']
    >>> near = (108.9, 32.5, 109.2, 32.8)
    >>> [c.crs for c in crs_candidates((590_000.0, 3_610_000.0, 600_000.0, 3_620_000.0), near)]
    ['EPSG:4545']
    """
    if not all(math.isfinite(v) for v in bounds):
        return []
    x0, y0, x1, y1 = bounds
    found = _straight(bounds) or [replace(c, swapped=True) for c in _straight((y0, x0, y1, x1))]
    if near is not None:
        west, south, east, north = near
        found = [c for c in found if west - 0.5 <= c.lon <= east + 0.5 and south - 0.5 <= c.lat <= north + 0.5]
    return found


def _straight(bounds: Bounds) -> list[Candidate]:
    """List candidates for x as the easting or longitude."""
    x0, y0, x1, y1 = bounds
    west, south, east, north = CHINA
    lon, lat = (x0 + x1) / 2, (y0 + y1) / 2
    if west <= x0 and x1 <= east and south <= y0 and y1 <= north:
        zh = "CGCS2000 经纬度；取自网络地图的另加 --shifted GCJ-02 或 BD-09"
        en = "CGCS2000 longitude and latitude; from a map on the internet add --shifted GCJ-02 or BD-09"
        return [Candidate(STORED_CRS, zh, en, lon, lat)]
    if south <= x0 and x1 <= north and west <= y0 and y1 <= east:
        return []  # lat, lon: the other way round fits China
    if abs(x0) <= 180 and abs(x1) <= 180 and abs(y0) <= 90 and abs(y1) <= 90:
        return [Candidate("EPSG:4326", "WGS 84 经纬度", "WGS 84 longitude and latitude", lon, lat)]
    return [*_with_prefix(bounds), *_without_prefix(bounds), *_web(bounds)]


def _with_prefix(bounds: Bounds) -> list[Candidate]:
    zone = int((bounds[0] + bounds[2]) / 2 // MILLION)
    wide, first, zero = (6, 13, 4491) if 13 <= zone <= 23 else (3, 25, 4513)
    if not (13 <= zone <= 23 or 25 <= zone <= 45) or not _in_zone(bounds, zone * MILLION, wide):
        return []
    zh, en = f"CGCS2000 {wide}度带第{zone}带，带号在前", f"CGCS2000 {wide}-degree zone {zone}, with zone prefix"
    return _placed(f"EPSG:{zero + zone - first}", zh, en, bounds)


def _without_prefix(bounds: Bounds) -> list[Candidate]:
    found: list[Candidate] = []
    for wide, zero, count in ((3, 4534, 21), (6, 4502, 11)):
        if not _in_zone(bounds, 0.0, wide):
            continue
        for i in range(count):
            meridian = 75 + wide * i
            zh = f"CGCS2000 {wide}度带，中央经线 {meridian}°，无带号"
            en = f"CGCS2000 {wide}-degree zone, central meridian {meridian} E, no prefix"
            found += _placed(f"EPSG:{zero + i}", zh, en, bounds)
    return found


def _web(bounds: Bounds) -> list[Candidate]:
    zh, en = "网络地图的墨卡托投影，可能还有 GCJ-02 偏移", "web Mercator of internet maps, perhaps shifted (GCJ-02) too"
    return _placed("EPSG:3857", zh, en, bounds)


def _in_zone(bounds: Bounds, prefix_m: float, wide: int) -> bool:
    """Tell whether the extent fits a zone: eastings near its middle, northings of China."""
    x0, y0, x1, y1 = bounds
    reach = HALF_ZONE_M[wide]
    middle = prefix_m + FALSE_EASTING_M
    return middle - reach <= x0 and x1 <= middle + reach and y0 >= 300_000 and y1 <= 6_000_000


def _placed(crs: str, zh: str, en: str, bounds: Bounds) -> list[Candidate]:
    """Return the candidate where its middle lies in China, else nothing."""
    x0, y0, x1, y1 = bounds
    lon, lat = transformer(crs, STORED_CRS, True).transform((x0 + x1) / 2, (y0 + y1) / 2)
    west, south, east, north = CHINA
    inside = west <= lon <= east and south <= lat <= north and describe_place(lon, lat)[0] != ELSEWHERE[0]
    return [Candidate(crs, zh, en, float(lon), float(lat))] if inside else []


def listed(found: list[Candidate]) -> tuple[str, str]:
    """Return the candidates as one text for a message, Chinese and English."""
    if not found:
        return (
            "没有常用坐标系与这些数字相符，可能是地方独立坐标系：请向测绘部门索取转换参数，写成 .toml"
            "（见 docs/howto-import.md）",
            "no usual system fits these numbers, so it may be a local one: ask the survey office for its "
            "transformation and write it into a .toml (docs/howto-import.md)",
        )
    texts = [c.text() if len(found) <= FEW else c.short() for c in found]
    zh, en = "；".join(t[0] for t in texts), "; ".join(t[1] for t in texts)
    if len(found) > FEW:
        return (
            f"（无带号，哪一带都可能，请按所在地选）{zh}",
            f"(no zone prefix, so it may be any zone: choose by place) {en}",
        )
    return zh, en


def missing_crs(bounds: Bounds, what: str, near: Bounds | None = None) -> InvalidInput:
    """Return the refusal of a layer that states no CRS: it asks for one, and names those that fit the numbers.

    ``fields`` of the error holds ``candidates``: crs, lon, lat and swapped of each.
    """
    found = crs_candidates(bounds, near)
    zh, en = listed(found)
    x0, y0, x1, y1 = bounds
    extent = f"x {x0:.10g}..{x1:.10g}, y {y0:.10g}..{y1:.10g}"
    return InvalidInput(
        f"{what} 没有坐标系（{extent}）；请写入文件（如 .prj），或以 --crs 指明。与这些数字相符的有：{zh}",
        f"{what} has no CRS ({extent}); write it into the file (e.g. a .prj), or state it with --crs. These fit the "
        f"numbers: {en}",
        path=what,
        candidates=[{"crs": c.crs, "lon": c.lon, "lat": c.lat, "swapped": c.swapped} for c in found],
    )


MAX_FROM_MERIDIAN_M = 600_000.0
"""No one uses a transverse Mercator zone farther from its central meridian (a zone of 6 degrees ends at 334 km on the
equator): numbers beyond were made in another system. Prefixes of neighbouring zones differ by 1,000 km."""


LABEL_DEG = 1.7
"""How far from the central meridian of its zone of 3 degrees a town usually lies."""


def need_plausible(crs: Any, bounds: Bounds, what: str) -> None:
    """Refuse a layer whose stated CRS cannot be right for its numbers.

    Such as 4524 (zone 36 before the easting) on eastings without it, or degrees for metres.

    Raises
    ------
    InvalidInput
        Names what is stated, the extent, and the systems that fit.

    Examples
    --------
    >>> need_plausible("EPSG:4545", (590_000.0, 3_610_000.0, 600_000.0, 3_620_000.0), "roads.shp")
    """
    if not all(math.isfinite(v) for v in bounds) or _fits(pyproj.CRS.from_user_input(crs), bounds):
        return
    zh, en = listed(_near_label(pyproj.CRS.from_user_input(crs), crs_candidates(bounds)))
    x0, y0, x1, y1 = bounds
    extent = f"x {x0:.10g}..{x1:.10g}, y {y0:.10g}..{y1:.10g}"
    name = f"{pyproj.CRS.from_user_input(crs).name}"
    key = crs_key(crs)
    label = f"{key} {name}" if key.startswith("EPSG:") else name
    raise InvalidInput(
        f"{what} 标明的坐标系 {label} 与坐标不符（{extent}）；请改正其坐标系，或导入时以 --crs 指明。"
        f"与这些数字相符的有：{zh}",
        f"{what}: the stated CRS {label} does not go with its coordinates ({extent}); correct it, or state another "
        f"with --crs when importing. These fit the numbers: {en}",
        crs=key,
        what=what,
    )


def _near_label(crs: pyproj.CRS, found: list[Candidate]) -> list[Candidate]:
    """Return the candidates near the central meridian of what is stated, where there are any: a label means a place."""
    operation = crs.coordinate_operation
    given = {} if operation is None else {p.name: float(p.value) for p in operation.params}
    meridian = given.get("Longitude of natural origin")
    near = [c for c in found if meridian is not None and abs(c.lon - meridian) <= LABEL_DEG]
    return near or found


def _fits(crs: pyproj.CRS, bounds: Bounds) -> bool:
    """Tell whether coordinates can be in a CRS: degrees on the globe, metres near the central meridian of a zone."""
    x0, y0, x1, y1 = bounds
    if crs.is_geographic:
        return bool(x0 >= -180 and x1 <= 180 and y0 >= -90 and y1 <= 90)
    operation = crs.coordinate_operation
    if not crs.is_projected or operation is None or "Transverse Mercator" not in operation.method_name:
        return True
    given = {p.name: float(p.value) for p in operation.params}
    away = max(abs(x0 - given.get("False easting", 0.0)), abs(x1 - given.get("False easting", 0.0)))
    return away <= MAX_FROM_MERIDIAN_M and abs(y0) <= 1e7 and abs(y1) <= 1e7
