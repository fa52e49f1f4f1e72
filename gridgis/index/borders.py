"""How far is a point from the borders, in metres of the work CRS, and whose are they."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gridgis.geometry.crs import STORED_CRS, transform_xy
from gridgis.index.tables import Tables

Floats = NDArray[np.float64]

_OUTSIDE = -1
_SAME_M = 1e-6
"""Distances that differ by less (metres) are one distance: the point is on a vertex or opposite to one."""


@dataclass(frozen=True)
class Borders:
    """The edges of an index whose names are positions, seen in a metric CRS.

    Parameters
    ----------
    tables
        The edges, in stored coordinates.
    work_crs
        Name of the work CRS.
    """

    tables: Tables
    work_crs: str

    def nearest_border(self, position: int, lon: float, lat: float) -> tuple[float | None, int]:
        """Return the distance to the border of a polygon in metres, and the position across it (-1 outside).

        Where several borders are equally near (a vertex), a polygon comes before the outside, and the lowest
        position first. The distance is None where the work CRS has no coordinates for the point.
        """
        at = self.tables.owned[self.tables.start[position] : self.tables.start[position + 1]]
        distance = self._distances(self._in_metres(at), lon, lat)
        if distance is None:
            return None, _OUTSIDE
        sides = self.tables.sides[at[distance <= distance.min() + _SAME_M]]
        across = np.where(sides[:, 0] == position, sides[:, 1], sides[:, 0])
        across = across[across != _OUTSIDE]
        return float(distance.min()), int(across.min()) if len(across) else _OUTSIDE

    def nearest_polygon(self, lon: float, lat: float) -> tuple[float | None, int]:
        """Return distance in metres and position of the polygon nearest to a point outside."""
        at, ends = self._outer
        distance = self._distances(ends, lon, lat)
        if distance is None:
            return None, _OUTSIDE
        near = self.tables.sides[at[distance <= distance.min() + _SAME_M]]
        return float(distance.min()), int(near.max(axis=1).min())

    @cached_property
    def _outer(self) -> tuple[NDArray[np.intp], Floats]:
        at = np.flatnonzero((self.tables.sides == _OUTSIDE).any(axis=1))
        return at, self._in_metres(at)

    def _in_metres(self, edges: NDArray[np.integer]) -> Floats:
        """Return (n, 2, 2) the ends of edges in the work CRS."""
        xy = self.tables.vertices[self.tables.ends[edges]].reshape(-1, 2)
        return transform_xy(xy, STORED_CRS, self.work_crs).reshape(-1, 2, 2)

    def _distances(self, ends: Floats, lon: float, lat: float) -> Floats | None:
        p = transform_xy(np.array([[lon, lat]]), STORED_CRS, self.work_crs)[0]
        if not np.isfinite(p).all():
            return None
        a, run = ends[:, 0], ends[:, 1] - ends[:, 0]
        length2 = np.maximum((run**2).sum(axis=1), np.finfo(np.float64).tiny)
        t = np.clip(((p - a) * run).sum(axis=1) / length2, 0.0, 1.0)
        return np.asarray(np.hypot(*(a + t[:, None] * run - p).T))
