"""How far is a point from the borders, in metres of the work CRS, and whose are they."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gridgis.geometry.crs import STORED_CRS, transform_xy
from gridgis.index.edges import OUTSIDE, Edges

Floats = NDArray[np.float64]

_SAME_M = 1e-6
"""Distances that differ by less (metres) are one distance: the point is on a vertex or opposite to one."""


@dataclass(frozen=True)
class Borders:
    """The edges of an index in the work CRS, sorted by the polygons that they bound.

    Parameters
    ----------
    edges
        The edges in stored coordinates.
    a, b
        (n, 2) their ends in the work CRS, metres.
    start
        (polygons + 1,) where the edges of a polygon begin in ``members``.
    members
        (m,) edge numbers.
    work_crs
        Name of the work CRS.
    """

    edges: Edges
    a: Floats
    b: Floats
    start: NDArray[np.int64]
    members: NDArray[np.int64]
    work_crs: str

    @classmethod
    def build(cls, edges: Edges, polygons: int, work_crs: str) -> Borders:
        """Transform the edges and sort them by polygon."""
        a = transform_xy(np.column_stack([edges.ax, edges.ay]), STORED_CRS, work_crs)
        b = transform_xy(np.column_stack([edges.bx, edges.by]), STORED_CRS, work_crs)
        owner = np.concatenate([edges.left, edges.right])
        edge = np.tile(np.arange(len(edges), dtype=np.int64), 2)
        owner, edge = owner[owner != OUTSIDE], edge[owner != OUTSIDE]
        start = np.zeros(polygons + 1, dtype=np.int64)
        np.cumsum(np.bincount(owner, minlength=polygons), out=start[1:])
        return cls(edges, a, b, start, edge[np.argsort(owner, kind="stable")], work_crs)

    def nearest_border(self, position: int, lon: float, lat: float) -> tuple[float | None, int]:
        """Return the distance to the border of a polygon in metres, and the position across it (-1 outside).

        Where several borders are equally near (a vertex), a polygon comes before the outside, and the lowest
        position first. The distance is None where the work CRS has no coordinates for the point.
        """
        at = self.members[self.start[position] : self.start[position + 1]]
        distance = self._distances(at, lon, lat)
        if distance is None:
            return None, OUTSIDE
        near = at[distance <= distance.min() + _SAME_M]
        across = np.where(self.edges.left[near] == position, self.edges.right[near], self.edges.left[near])
        across = across[across != OUTSIDE]
        return float(distance.min()), int(across.min()) if len(across) else OUTSIDE

    def nearest_polygon(self, lon: float, lat: float) -> tuple[float | None, int]:
        """Return distance in metres and position of the polygon nearest to a point outside."""
        at = np.flatnonzero((self.edges.left == OUTSIDE) | (self.edges.right == OUTSIDE))
        distance = self._distances(at, lon, lat)
        if distance is None:
            return None, OUTSIDE
        near = at[distance <= distance.min() + _SAME_M]
        return float(distance.min()), int(np.maximum(self.edges.left[near], self.edges.right[near]).min())

    def _distances(self, at: NDArray[np.int64], lon: float, lat: float) -> Floats | None:
        p = transform_xy(np.array([[lon, lat]]), STORED_CRS, self.work_crs)[0]
        if not np.isfinite(p).all():
            return None
        a, run = self.a[at], self.b[at] - self.a[at]
        length2 = np.maximum((run**2).sum(axis=1), np.finfo(np.float64).tiny)
        t = np.clip(((p - a) * run).sum(axis=1) / length2, 0.0, 1.0)
        return np.asarray(np.hypot(*(a + t[:, None] * run - p).T))
