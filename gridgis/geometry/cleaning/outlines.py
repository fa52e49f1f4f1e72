"""The outlines of polygons as numbers: each vertex once; and the edges that no two polygons share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from gridgis.geometry.arrays import Bools, Floats, Geometries, Ints


@dataclass(frozen=True)
class Outlines:
    """The rings of features.

    Parameters
    ----------
    xy
        (v, 2) the distinct vertices, in the order of x, then y.
    corner
        (m,) the vertices of all rings, one ring after another as drawn, the closing one left out.
    ring
        (m,) the ring of each.
    feature, part, is_shell, is_left
        (r,) of each ring: its feature, its part (counted through), whether it is a shell, whether the inside is left.
    """

    xy: Floats
    corner: Ints
    ring: Ints
    feature: Ints
    part: Ints
    is_shell: Bools
    is_left: Bools

    def edges(self) -> tuple[Ints, Ints]:
        """Return (m, 2) the ends of all edges, the inside on the left, and (m,) their rings."""
        start = np.flatnonzero(np.r_[True, self.ring[1:] != self.ring[:-1]]) if len(self.ring) else np.empty(0, int)
        following = np.roll(self.corner, -1)
        last = np.r_[start[1:], len(self.corner)] - 1 if len(start) else start
        following[last] = self.corner[start]
        ends = np.column_stack([self.corner, following])
        turned = ~self.is_left[self.ring]
        ends[turned] = ends[turned, ::-1]
        return ends, self.ring


def outlines(geoms: Geometries, features: Ints) -> Outlines:
    """Take valid polygons apart; ``features`` are the numbers by which they are known, (n,)."""
    parts, of = shapely.get_parts(geoms, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    is_shell = np.r_[True, part[1:] != part[:-1]][: len(part)]
    is_left = np.asarray(shapely.is_ccw(rings)) == is_shell
    closing = np.r_[ring[1:] != ring[:-1], True][: len(ring)]
    vertices, corner = distinct(xy[~closing])
    return Outlines(vertices, corner, ring[~closing], features[of[part]], part, is_shell, is_left)


def distinct(xy: Floats) -> tuple[Floats, Ints]:
    """Return the distinct points, in the order of x, then y, and the number of each given one among them."""
    order = np.lexsort((xy[:, 1], xy[:, 0]))
    ordered = xy[order]
    new = np.r_[True, (ordered[1:] != ordered[:-1]).any(axis=1)][: len(xy)]
    number = np.empty(len(xy), dtype=np.int64)
    number[order] = np.cumsum(new) - 1
    return ordered[new], number


def keys(ends: Ints, vertices: int) -> tuple[Ints, Bools]:
    """Return one number for each undirected edge, and whether it runs from the lower vertex to the higher."""
    low, high = ends.min(axis=1), ends.max(axis=1)
    return low * vertices + high, ends[:, 0] == low


def unshared(ends: Ints, vertices: int) -> Bools:
    """Mark the edges that do not occur exactly twice, once in each direction."""
    key, forward = keys(ends, vertices)
    _, inverse = np.unique(key, return_inverse=True)
    there = np.bincount(inverse, weights=forward)
    back = np.bincount(inverse, weights=~forward)
    return np.asarray(((there != 1) | (back != 1))[inverse])


def segments_of(xy: Floats, ends: Ints) -> Any:
    """Return edges as lines, (n,)."""
    return shapely.linestrings(xy[ends])
