"""The faces into which borders cut the ground, and which features cover each.

A face without feature is a gap, one with two or more an overlap. Who covers it is not asked by a point in polygon,
which is wrong on faces narrower than rounding, but counted from outside inwards: across an edge, the features whose
inside lies on that side begin, those with the other side end.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import shapely

from gridgis.geometry.arrays import Floats, Geometries, Ints, lines
from gridgis.geometry.cleaning.outlines import distinct

OUTSIDE = -1

Arc = tuple[int, int]
Ring = list[Arc]


@dataclass(frozen=True)
class Faces:
    """Faces and their edges.

    Parameters
    ----------
    polygons
        (f,) polygons.
    arcs
        Of each face its edges (from, to), the face on the left.
    left
        The face on the left of each edge that has one.
    cover
        Of each face the features that cover it, in order.
    """

    polygons: Geometries
    arcs: list[Ring]
    left: dict[Arc, int]
    cover: list[tuple[int, ...]]

    def beyond(self, face: int) -> list[tuple[Arc, int]]:
        """Return the edges of a face with the face on the other side, `OUTSIDE` where there is none."""
        return [((u, v), self.left.get((v, u), OUTSIDE)) for u, v in self.arcs[face]]


def find_faces(xy: Floats, owners: dict[Arc, Counter[int]]) -> Faces:
    """Find the faces of a net.

    Parameters
    ----------
    xy
        (v, 2) vertices.
    owners
        Of each edge (from, to) the features with their inside on its left; edges meet at their ends only.
    """
    edges = np.array(sorted({(min(a), max(a)) for a in owners}), dtype=np.int64).reshape(-1, 2)
    polygons = shapely.get_parts(shapely.polygonize(lines(xy[edges].reshape(-1, 4))))
    bounds = shapely.bounds(polygons).reshape(-1, 4)
    polygons = polygons[np.lexsort((shapely.area(polygons), *bounds.T[::-1]))]
    arcs = _arcs(xy, polygons)
    left = {arc: f for f, ring in enumerate(arcs) for arc in ring}
    return Faces(polygons, arcs, left, _cover(arcs, left, owners))


def _arcs(xy: Floats, polygons: Geometries) -> list[Ring]:
    """Return the edges of each face, the face on the left."""
    rings, face = shapely.get_rings(polygons, return_index=True)
    if not len(rings):
        return []
    is_shell = np.r_[True, face[1:] != face[:-1]]
    turned = np.asarray(shapely.is_ccw(rings)) != is_shell
    at, ring = shapely.get_coordinates(rings, return_index=True)
    number = _numbers(xy, at)
    inside = ring[1:] == ring[:-1]
    ends = np.column_stack([number[:-1], number[1:]])[inside]
    ring = ring[1:][inside]
    ends[turned[ring]] = ends[turned[ring], ::-1]
    out: list[Ring] = [[] for _ in polygons]
    for f, u, v in zip(face[ring].tolist(), ends[:, 0].tolist(), ends[:, 1].tolist(), strict=True):
        out[f].append((u, v))
    return out


def _numbers(xy: Floats, at: Floats) -> Ints:
    """Return the number of each place among the vertices."""
    _, number = distinct(np.concatenate([xy, at]))
    known = np.empty(number.max() + 1, dtype=np.int64)
    known[number[: len(xy)]] = np.arange(len(xy))
    return np.asarray(known[number[len(xy) :]])


def _cover(arcs: list[Ring], left: dict[Arc, int], owners: dict[Arc, Counter[int]]) -> list[tuple[int, ...]]:
    """Count from outside inwards which features cover each face."""
    none: Counter[int] = Counter()
    cover: list[Counter[int] | None] = [None] * len(arcs)
    todo: list[int] = []
    for f, ring in enumerate(arcs):
        for u, v in ring:
            if (v, u) not in left and cover[f] is None:
                cover[f] = _step(none, owners.get((v, u), none), owners.get((u, v), none))
                todo.append(f)
    while todo:
        f = todo.pop()
        here = cover[f] or none
        for u, v in arcs[f]:
            g = left.get((v, u), OUTSIDE)
            if g != OUTSIDE and cover[g] is None:
                cover[g] = _step(here, owners.get((u, v), none), owners.get((v, u), none))
                todo.append(g)
    return [tuple(sorted(k for k, n in (c or none).items() if n > 0)) for c in cover]


def _step(here: Counter[int], end: Counter[int], begin: Counter[int]) -> Counter[int]:
    """Return what covers the other side of an edge."""
    out = Counter(here)
    out.subtract(end)
    out.update(begin)
    return out
