"""How far is a point from the borders, in metres of the work CRS, and whose are they."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cached_property

from gridgis.geometry.metres import lonlat_to_metres
from gridgis.index.plain import flat_view
from gridgis.index.tables import Tables

_OUTSIDE = -1
_SAME_M = 1e-6
"""Distances that differ by less (metres) are one distance: the point is on a vertex or opposite to one."""

Ends = list[tuple[float, float, float, float]]
"""x, y of both ends of edges, metres."""


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
        self._work_crs = work_crs

    def nearest_border(self, position: int, lon: float, lat: float) -> tuple[float | None, int]:
        """Return the distance to the border of a polygon in metres, and the position across it (-1 outside).

        Where several borders are equally near (a vertex), a polygon comes before the outside, and the lowest
        position first. The distance is None where the work CRS has no coordinates for the point.
        """
        edges = self._owned[self._start[position] : self._start[position + 1]].tolist()
        distance, near = self._nearest(edges, self._in_metres(edges), lon, lat)
        across = {side for e in near for side in self._sides[2 * e : 2 * e + 2]} - {position, _OUTSIDE}
        return distance, min(across, default=_OUTSIDE)

    def nearest_polygon(self, lon: float, lat: float) -> tuple[float | None, int]:
        """Return distance in metres and position of the polygon nearest to a point outside."""
        distance, near = self._nearest(*self._outer, lon, lat)
        return distance, min((max(self._sides[2 * e : 2 * e + 2]) for e in near), default=_OUTSIDE)

    @cached_property
    def _outer(self) -> tuple[list[int], Ends]:
        sides = self._sides
        edges = [e for e in range(len(sides) // 2) if sides[2 * e] == _OUTSIDE or sides[2 * e + 1] == _OUTSIDE]
        return edges, self._in_metres(edges)

    def _in_metres(self, edges: Iterable[int]) -> Ends:
        """Return the ends of edges in the work CRS."""
        at = [2 * v for e in edges for v in self._ends[2 * e : 2 * e + 2]]
        lon, lat = [self._vertices[k] for k in at], [self._vertices[k + 1] for k in at]
        x, y = lonlat_to_metres(lon, lat, self._work_crs)
        return list(zip(x[::2], y[::2], x[1::2], y[1::2], strict=True))

    def _nearest(self, edges: list[int], ends: Ends, lon: float, lat: float) -> tuple[float | None, list[int]]:
        """Return the least distance of a point from edges, and all edges at that distance."""
        x, y = (v[0] for v in lonlat_to_metres([lon], [lat], self._work_crs))
        if not (math.isfinite(x) and math.isfinite(y)):
            return None, []
        distances = [_distance(e, x, y) for e in ends]
        least = min(distances)
        return least, [e for e, d in zip(edges, distances, strict=True) if d <= least + _SAME_M]


def _distance(ends: tuple[float, float, float, float], x: float, y: float) -> float:
    ax, ay, bx, by = ends
    dx, dy = bx - ax, by - ay
    length2 = dx * dx + dy * dy
    t = ((x - ax) * dx + (y - ay) * dy) / length2 if length2 > 0.0 else 0.0
    t = 0.0 if t < 0.0 else min(t, 1.0)
    return math.hypot(ax + t * dx - x, ay + t * dy - y)
