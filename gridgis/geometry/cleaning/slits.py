"""Slits: narrow ground between two features that is open to the outside, as where two people drew two villages.

A slit is shut by lids: at its ends, a line from a vertex of one feature to the nearest point of the other. With them it
is a gap like any other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from scipy.spatial import cKDTree

from gridgis.geometry.arrays import Floats, Ints, lines, points
from gridgis.geometry.cleaning.faces import OUTSIDE, Faces
from gridgis.geometry.cleaning.near import Drawn
from gridgis.geometry.cleaning.scale import Scale

ON_VERTEX_M = 1e-4
"""The foot of a lid nearer than this to a vertex is that vertex."""

SLENDER = 10
"""A slit is at least so many times as long as wide: a notch, where two borders part, is none."""


@dataclass(frozen=True)
class _Rim:
    """The edges with nothing beyond: (n, 4) x1, y1, x2, y2 in metres, (n, 2) their ends, (n,) their feature."""

    segments: Floats
    ends: Ints
    owner: Ints


def lids(drawn: Drawn, faces: Faces, xy: Floats, scale: Scale, tolerance_m: float) -> Floats:
    """Return (k, 4) lids x1, y1, x2, y2, at most as long as the tolerance; those of length 0 left out."""
    middle = (drawn.out.xy.min(axis=0) + drawn.out.xy.max(axis=0)) / 2
    unit = scale.factors(middle[1:])[0]
    rim = _rim(faces, xy, middle, unit)
    if not len(rim.owner) or not tolerance_m:
        return np.empty((0, 4))
    found = _across(rim, tolerance_m)
    between = points((found[:, 2:4] + found[:, 4:6]) / 2 / unit + middle)
    inside = np.unique(drawn.tree.query(between, predicate="intersects")[0])
    free = np.setdiff1d(np.arange(len(found)), inside[_long(found[inside])])
    chosen = _outermost(found[free])
    return _exact(chosen[:, 2:].reshape(-1, 2), rim, xy, middle, unit).reshape(-1, 4)


def _exact(ends: Floats, rim: _Rim, xy: Floats, middle: Floats, unit: Floats) -> Floats:
    """Return places in the units of the CRS; what lies on a vertex of the rim is that vertex, number by number."""
    vertices = np.unique(rim.ends)
    flat = (xy[vertices] - middle) * unit
    far, nearest = cKDTree(flat).query(ends)
    return np.where((far < ON_VERTEX_M)[:, None], xy[vertices[nearest]], ends / unit + middle)


def _rim(faces: Faces, xy: Floats, middle: Floats, unit: Floats) -> _Rim:
    arcs = [
        (u, v, faces.cover[f][0])
        for f, ring in enumerate(faces.arcs)
        if len(faces.cover[f]) == 1
        for u, v in ring
        if faces.left.get((v, u), OUTSIDE) == OUTSIDE
    ]
    table = np.array(arcs, dtype=np.int64).reshape(-1, 3)
    flat = (xy - middle) * unit
    return _Rim(np.column_stack([flat[table[:, 0]], flat[table[:, 1]]]), table[:, :2], table[:, 2])


def _across(rim: _Rim, tolerance_m: float) -> Floats:
    """Return (n, 6): two features, and from a vertex of one the nearest point of the other, within the tolerance."""
    vertex, first = np.unique(np.column_stack([rim.ends.ravel(), np.repeat(rim.owner, 2)]), axis=0, return_index=True)
    at = rim.segments.reshape(-1, 2)[first]
    spots, edges = points(at), lines(rim.segments)
    i, j = shapely.STRtree(edges).query(spots, predicate="dwithin", distance=tolerance_m)
    other = vertex[i, 1] != rim.owner[j]
    i, j = i[other], j[other]
    far = shapely.distance(spots[i], edges[j])
    order = np.lexsort((j, far, rim.owner[j], i))
    i, j = i[order], j[order]
    nearest = np.r_[True, (i[1:] != i[:-1]) | (rim.owner[j][1:] != rim.owner[j][:-1])][: len(i)]
    i, j = i[nearest], j[nearest]
    to = shapely.get_coordinates(shapely.get_point(shapely.shortest_line(spots[i], edges[j]), 1)).reshape(-1, 2)
    pair = np.sort(np.column_stack([vertex[i, 1], rim.owner[j]]), axis=1)
    return np.column_stack([pair, at[i], to])


def _long(found: Floats) -> Ints:
    """Return which of the lids have a length: the others are vertices that both features have."""
    return np.flatnonzero((found[:, 2:4] != found[:, 4:6]).any(axis=1))


def _outermost(found: Floats) -> Floats:
    """Return of each pair of features the two lids that are farthest apart, without those that have no length."""
    out = []
    order = np.lexsort(found.T[::-1])
    found = found[order]
    starts = np.flatnonzero(np.r_[True, (found[1:, :2] != found[:-1, :2]).any(axis=1)][: len(found)])
    for group in np.split(found, starts[1:]):
        if len(group) > 1:
            middles = (group[:, 2:4] + group[:, 4:6]) / 2
            apart = np.hypot(*(middles[:, None] - middles[None]).transpose(2, 0, 1))
            a, b = np.unravel_index(int(apart.argmax()), apart.shape)
            ends = group[[a, b]]
            out.append(ends[_long(ends)])
    return np.concatenate(out) if out else np.empty((0, 6))
