"""Which features stand near a fault: all others are left out of the work, and stay what they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from gridgis.geometry.arrays import Bools, Floats, Geometries, Ints, lines
from gridgis.geometry.cleaning.outlines import Outlines, outlines, unshared
from gridgis.geometry.cleaning.scale import Scale


@dataclass(frozen=True)
class Drawn:
    """A layer taken apart.

    Parameters
    ----------
    geoms
        (n,) all polygons of the layer.
    out
        The outlines of those with an area.
    ends, ring
        Its edges, the inside on the left, and their rings.
    open
        Which edges are not shared by two features.
    thin
        Of each part that is thinner than the tolerance its number: whether its feature has other parts.
    tree
        Of geoms.
    """

    geoms: Geometries
    out: Outlines
    ends: Ints
    ring: Ints
    open: Bools
    thin: dict[int, bool]
    tree: shapely.STRtree


def take_apart(geoms: Geometries, usable: Bools, scale: Scale, tolerance_m: float) -> Drawn:
    """Take a layer apart; features that are not usable are ignored."""
    features = np.flatnonzero(usable)
    out = outlines(geoms[features], features)
    ends, ring = out.edges()
    open_edges = unshared(ends, len(out.xy))
    thin = _thin_parts(geoms[features], scale, tolerance_m)
    return Drawn(geoms, out, ends, ring, open_edges, thin, shapely.STRtree(_only(geoms, usable)))


def _only(geoms: Geometries, usable: Bools) -> Geometries:
    """Return the geometries with None for those that are not usable, which a tree leaves out."""
    out = geoms.copy()
    out[~usable] = None
    return out


def _thin_parts(geoms: Geometries, scale: Scale, tolerance_m: float) -> dict[int, bool]:
    """Return the parts at most as wide as the tolerance; area over half the outline is never more than the width."""
    parts, of = shapely.get_parts(geoms, return_index=True)
    flat = scale.flat(parts)
    maybe = np.flatnonzero(2 * shapely.area(flat) <= tolerance_m * shapely.length(flat))
    thin = maybe[scale.widths_m(parts[maybe]) <= tolerance_m]
    left = np.bincount(of, minlength=len(geoms)) - np.bincount(of[thin], minlength=len(geoms))
    return {int(p): bool(left[of[p]] > 0) for p in thin}


def around(drawn: Drawn, reach: float) -> set[int]:
    """Return the features that come within reach of an edge that is not shared, or of a thin part."""
    near = set(drawn.out.feature[drawn.ring[drawn.open]].tolist())
    segments = drawn.out.xy[np.unique(np.sort(drawn.ends[drawn.open], axis=1), axis=0)].reshape(-1, 4)
    near |= touching(drawn, lines(segments), reach, near)
    parts = shapely.get_parts(drawn.geoms[np.unique(drawn.out.feature)]) if drawn.thin else np.empty(0, dtype=object)
    return near | touching(drawn, parts[sorted(drawn.thin)], reach, near)


def touching(drawn: Drawn, shapes: Geometries, reach: float, known: set[int]) -> set[int]:
    """Return the features, beyond those known, within reach of any shape."""
    if not len(shapes):
        return set()
    boxes: Floats = shapely.bounds(shapes) + np.array([-reach, -reach, reach, reach])
    i, j = drawn.tree.query(shapely.box(*boxes.T))
    other = ~np.isin(j, np.fromiter(known, dtype=np.int64, count=len(known)))
    i, j = i[other], j[other]
    return set(np.unique(j[shapely.dwithin(drawn.geoms[j], shapes[i], reach)]).tolist())
