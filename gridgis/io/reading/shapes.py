"""Geometry in the cells of a table: WKT, WKB in hexadecimal, or "lng,lat;lng,lat" strings."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import shapely

from gridgis.errors import InvalidInput
from gridgis.geometry.arrays import Geometries, geometries
from gridgis.io.reading.heads import names_area
from gridgis.io.reading.source import Source

SHOWN = 5
_SRID = re.compile(r"^\s*SRID=([0-9]+);", re.IGNORECASE)
_PAIRS = re.compile(r"^[\s0-9.,;|eE+-]+$")
_HEX = re.compile(r"^[0-9A-Fa-f]{10,}$")
_WIDE = str.maketrans("，；｜", ",;|")


def read_shapes(texts: Sequence[str | None], head: str, source: Source) -> tuple[Geometries, str | None]:
    """Read the geometries of a column; empty cells are None.

    Returns
    -------
    geometries, crs
        (n,); the CRS that the texts state (EWKT's SRID, but 0), or None.

    Raises
    ------
    InvalidInput
        Cells that cannot be read, named by row; several SRIDs.
    """
    cells = [None if t is None or not t.strip() else t.strip() for t in texts]
    srids = {m.group(1) for t in cells if t is not None and (m := _SRID.match(t))} - {"0"}
    if len(srids) > 1:
        raise InvalidInput(
            f"{source.shown} 列 {head} 混有多个坐标系：SRID {sorted(srids)}；请按坐标系拆分",
            f"{source.shown}, column {head}: several CRSs, SRID {sorted(srids)}; split the table by CRS",
            path=source.shown,
            srids=sorted(srids),
        )
    bare = [None if t is None else _SRID.sub("", t) for t in cells]
    first = next((t for t in bare if t is not None), "")
    read = _reader(first, head)
    shapes = geometries([None if t is None else _or_none(read, t) for t in bare])
    wrong = [n for n, (t, shape) in enumerate(zip(bare, shapes, strict=True), 1) if t is not None and shape is None]
    if wrong:
        raise _unread(wrong, bare, head, source)
    return shapes, f"EPSG:{srids.pop()}" if srids else None


def _reader(first: str, head: str) -> Callable[[str], Any]:
    if _HEX.match(first):
        return shapely.from_wkb
    if _PAIRS.match(first.translate(_WIDE)):
        area = names_area(head)
        return lambda text: shape_of_pairs(text, area)
    return shapely.from_wkt


def _or_none(read: Callable[[str], Any], text: str) -> Any:
    try:
        return read(text)
    except (ValueError, shapely.errors.ShapelyError):
        return None


def _unread(rows: list[int], cells: Sequence[str | None], head: str, source: Source) -> InvalidInput:
    listed = "; ".join(f"{n}: {(cells[n - 1] or '')[:40]!r}" for n in rows[:SHOWN]) + (
        " ..." if len(rows) > SHOWN else ""
    )
    return InvalidInput(
        f"{source.shown} 列 {head} 有 {len(rows)} 行读不出几何（应为 WKT，或“经度,纬度;经度,纬度”）；行号：{listed}",
        f"{source.shown}, column {head}: {len(rows)} rows hold no geometry (WKT, or 'lng,lat;lng,lat'); rows {listed}",
        path=source.shown,
        column=head,
        rows=rows[:SHOWN],
        count=len(rows),
    )


def shape_of_pairs(text: str, area: bool) -> Any:
    """Read "lng,lat;lng,lat;...", several parts apart by "|".

    One pair is a point. A string that ends where it began is a polygon; one that does not is a line, or where it stands
    for an area a polygon too.

    Examples
    --------
    >>> shape_of_pairs("109,32;109.1,32", area=False).wkt
    'LINESTRING (109 32, 109.1 32)'
    >>> shape_of_pairs("109,32;109.1,32;109,32.1", area=True).wkt
    'POLYGON ((109 32, 109.1 32, 109 32.1, 109 32))'

    Raises
    ------
    ValueError
        Not such a text.
    """
    parts = [part for part in text.translate(_WIDE).split("|") if part.strip(" ;")]
    rings = [np.array([_pair(pair) for pair in part.split(";") if pair.strip()]) for part in parts]
    if not rings:
        raise ValueError(text)
    if all(len(ring) == 1 for ring in rings):
        points = [shapely.Point(ring[0]) for ring in rings]
        return points[0] if len(points) == 1 else shapely.MultiPoint(points)
    if area or all(len(ring) >= 4 and (ring[0] == ring[-1]).all() for ring in rings):
        polygons = [shapely.Polygon(ring) for ring in rings]
        return polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)
    lines = [shapely.LineString(ring) for ring in rings]
    return lines[0] if len(lines) == 1 else shapely.MultiLineString(lines)


def _pair(text: str) -> tuple[float, float]:
    x, y = text.split(",")
    return float(x), float(y)
