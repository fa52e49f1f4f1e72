"""How far is a point from the borders, in metres of the work CRS, and whose are they."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property

from gridgis.geometry.metres import lonlat_to_metres
from gridgis.index.plain import flat_view
from gridgis.index.tables import Tables

_OUTSIDE = -1
_SAME_M = 1e-6
"""Distances that differ by less (metres) are one distance: the point is on a vertex or opposite to one."""

_FAR_DEG = 5.0
"""A point farther than this from the box of all polygons is not measured: a metric CRS is one for its own region."""

_KEPT = 1024
"""So many polygons' edges are kept in metres: most questions are about the same few hundred grids."""

Edge = tuple[int, float, float, float, float, float]
"""Its number; x, y of its first end, run to the other end (metres), and the square of its length."""


class Borders:
    """The edges of an index whose names are positions, seen in a metric CRS; plain Python, for one point at a time.

    Parameters
    ----------
    tables
        The edges, in stored coordinates: arrays, or memory views of a mapped file.
    work_crs
        Name of the work CRS.
    """

    def __init__(self, tables: Tables, work_crs: str) -> None:
        self._vertices, self._ends, self._sides = map(flat_view, (tables.vertices, tables.ends, tables.sides))
        self._start, self._owned = flat_view(tables.start), flat_view(tables.owned)
        west, south, width, height = tables.west, tables.south, tables.columns, tables.rows
        self._box = west, south, west + width / tables.per_x, south + height / tables.per_y
        self._work_crs = work_crs
        self._kept: dict[int, list[Edge]] = {}

    def nearest_border(self, position: int, lon: float, lat: float) -> tuple[float | None, int]:
        """Return the distance to the border of a polygon in metres, and the position across it (-1 outside).

        Where several borders are equally near (a vertex), a polygon comes before the outside, and the lowest
        position first. The distance is None where the work CRS has no coordinates for the point.
        """
        edges = self._kept.get(position)
        if edges is None:
            edges = self._in_metres(self._owned[self._start[position] : self._start[position + 1]].tolist())
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            self._kept[position] = edges
        distance, near = self._nearest(edges, lon, lat)
        across = {side for e in near for side in self._sides[2 * e : 2 * e + 2]} - {position, _OUTSIDE}
        return distance, min(across, default=_OUTSIDE)

    def nearest_polygon(self, lon: float, lat: float) -> tuple[float | None, int]:
        """Return distance in metres and position of the polygon nearest to a point outside; None and -1 far away."""
        west, south, east, north = self._box
        if not (west - _FAR_DEG <= lon <= east + _FAR_DEG and south - _FAR_DEG <= lat <= north + _FAR_DEG):
            return None, _OUTSIDE
        distance, near = self._nearest(self._outer, lon, lat)
        return distance, min((max(self._sides[2 * e : 2 * e + 2]) for e in near), default=_OUTSIDE)

    @cached_property
    def _outer(self) -> list[Edge]:
        sides = self._sides
        edges = [e for e in range(len(sides) // 2) if sides[2 * e] == _OUTSIDE or sides[2 * e + 1] == _OUTSIDE]
        return self._in_metres(edges)

    def _in_metres(self, edges: Sequence[int]) -> list[Edge]:
        """Return edges in the work CRS."""
        at = [2 * v for e in edges for v in self._ends[2 * e : 2 * e + 2]]
        lon, lat = [self._vertices[k] for k in at], [self._vertices[k + 1] for k in at]
        x, y = lonlat_to_metres(lon, lat, self._work_crs)
        found = []
        for e, ax, ay, bx, by in zip(edges, x[::2], y[::2], x[1::2], y[1::2], strict=True):
            dx, dy = bx - ax, by - ay
            found.append((e, ax, ay, dx, dy, dx * dx + dy * dy))
        return found

    def _nearest(self, edges: list[Edge], lon: float, lat: float) -> tuple[float | None, list[int]]:
        """Return the least distance of a point from edges, and the numbers of all edges at that distance."""
        x, y = (v[0] for v in lonlat_to_metres([lon], [lat], self._work_crs))
        if not (math.isfinite(x) and math.isfinite(y)):
            return None, []
        squares = [_square(edge, x, y) for edge in edges]
        least = math.sqrt(min(squares))
        bound = (least + _SAME_M) ** 2
        return least, [edge[0] for edge, square in zip(edges, squares, strict=True) if square <= bound]


def _square(edge: Edge, x: float, y: float) -> float:
    """Return the square of the distance of a point from an edge."""
    _, ax, ay, dx, dy, length2 = edge
    u, v = x - ax, y - ay
    along = u * dx + v * dy
    if along <= 0.0:
        return u * u + v * v
    if along >= length2:
        return (u - dx) ** 2 + (v - dy) ** 2
    return (u * dy - v * dx) ** 2 / length2
