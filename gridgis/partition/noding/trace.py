"""The faces of noded segments, and what lies on the two sides of each: as polygonizing, in a third of the time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from gridgis.geometry.arrays import Bools, Floats, Geometries, Ints, geometries, points
from gridgis.geometry.coverage import fixed_order, grid_keys
from gridgis.geometry.crs import snap
from gridgis.partition.kernels.rings import rings

MM = 1000.0


@dataclass(frozen=True)
class Traced:
    """Faces: ``polygons`` in a fixed order; (s, 4) distinct ``seg``, ``left`` and ``right`` as `shared_segments`."""

    polygons: Geometries
    seg: Floats
    left: Ints
    right: Ints

    def among(self, held: Bools) -> tuple[Floats, Ints, Ints]:
        """Return the segments, lower and higher sides, of the faces that are held alone, counted among these."""
        position = np.where(held, np.cumsum(held) - 1, -1)
        sides = np.column_stack([np.where(self.left < 0, -1, position[self.left]), position[self.right]])
        sides.sort(axis=1)
        real = sides[:, 1] >= 0
        return self.seg[real], sides[real, 0], sides[real, 1]


def trace(seg: Floats, origin: Floats) -> Traced:
    """Find the faces of segments that meet at their ends only; lines that end in the open are left out.

    Parameters
    ----------
    seg
        (m, 4) segments in metres from the origin, on the 1 mm grid; a segment may be given more than once.
    origin
        (2,) what is added to the coordinates of the faces.
    """
    ends, xy = _graph(seg)
    half, start, walk, twice = rings(ends, np.rint(xy * MM).astype(np.int64))
    where = snap(xy + origin)
    ring = np.repeat(np.arange(len(twice)), np.diff(start))
    if not len(half):
        return Traced(geometries([]), np.empty((0, 4)), half, half)
    drawn = geometries(shapely.linearrings(where[ends[half // 2, half % 2]], indices=ring))
    face = _faces_of_rings(drawn, where[ends[half[start[:-1]] // 2, half[start[:-1]] % 2]], walk, twice)
    order = np.lexsort((twice < 0, face))[(face < 0).sum() :]
    polygons = geometries(shapely.polygons(drawn[order], indices=face[order]))
    order = fixed_order(polygons)
    position = np.append(np.argsort(order), -1)  # the last: nothing
    side = np.full(2 * len(ends), -1, dtype=np.int64)
    side[half] = position[face][ring]
    sides = np.sort(side.reshape(-1, 2), axis=1)
    real = sides[:, 1] >= 0
    return Traced(polygons[order], where[ends[real]].reshape(-1, 4), *sides[real].T)


def _graph(seg: Floats) -> tuple[Ints, Floats]:
    """Return the (s, 2) nodes of the distinct segments, the lower first, and the (n, 2) nodes."""
    key, first, ends = np.unique(grid_keys(seg), return_index=True, return_inverse=True)
    ends = np.sort(ends.reshape(-1, 2), axis=1)
    pair = np.unique(ends[:, 0] * len(key) + ends[:, 1])
    return np.column_stack(np.divmod(pair, max(len(key), 1))), seg.reshape(-1, 2)[first]


def _faces_of_rings(ring: Geometries, spot: Floats, walk: Ints, twice: Ints) -> Ints:
    """Return the face that each ring bounds, -1 for none: an island is a hole in the smallest outline around it."""
    shell = np.flatnonzero(twice > 0)
    of_walk = np.full(int(walk.max(initial=-1)) + 1, -1, dtype=np.int64)
    of_walk[walk[shell]] = np.arange(len(shell))
    face = of_walk[walk]
    island = np.flatnonzero(face < 0)
    outline = geometries(shapely.polygons(ring[shell]))
    around, inner = shapely.STRtree(points(spot[island])).query(outline, predicate="contains_properly")
    order = np.lexsort((-twice[shell][around], inner))
    face[island[inner[order]]] = around[order]  # the smallest comes last
    return face
