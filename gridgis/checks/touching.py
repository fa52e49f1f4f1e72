"""The ground of the atoms: which of them touch, and which buildings stand on each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gridgis.checks.edges import Geometries, Integers, edges_of, shared_pairs
from gridgis.checks.place import REACH_M, Place

SHARE = 0.1
"""Two buildings on one atom that overlap by so much of the smaller footprint cannot be parted: no border cuts one."""

AT_M = 0.002
"""A building whose representative point is so near to several atoms counts as standing on all of them."""


@dataclass(frozen=True)
class Touching:
    """Contacts of (a,) atoms.

    ``leaf`` (a,) position of the finest grid; ``inner`` (a,) a point inside, in work coordinates; ``links`` (k, 2)
    atoms that share an edge, river water without a bridge left out; ``stands`` (s, 2) pairs of building and atom, both
    by position; ``overlaps`` (o, 2) buildings on one atom of which one stands on, or in, the other.
    """

    leaf: Integers
    inner: Geometries
    links: Integers
    stands: Integers
    overlaps: Integers


def touching(
    stored: Geometries, work: Geometries, leaf: Integers, buildings: pd.DataFrame, places: Iterable[Place]
) -> Touching:
    """Find what touches what.

    Parameters
    ----------
    stored, work
        (a,) the atoms in stored and in work coordinates.
    leaf
        (a,) the finest grid that each belongs to.
    buildings
        x, y and footprint (work CRS), and leaf of all buildings.
    places
        The communities, for their rivers and bridges.

    Notes
    -----
    Whatever is in doubt connects: a building on the border of several atoms of its grid stands on all of them; one that
    stands on none of its grid stands on the nearest.
    """
    closed = np.zeros(len(stored), dtype=bool)
    inner = np.asarray(shapely.point_on_surface(work), dtype=object)
    for place in places:
        closed |= _closed_water(place, work, inner)
    stands = _stands(work, leaf, buildings)
    shapes = np.asarray(buildings["footprint"].to_numpy(), dtype=object)
    return Touching(leaf, inner, _links(stored, closed), stands, _overlaps(shapes, stands))


def _closed_water(place: Place, work: Geometries, inner: Geometries) -> NDArray[np.bool_]:
    """Tell which atoms are river water without a bridge at it; judged by the layers, not by the column 'water'."""
    wet = np.zeros(len(work), dtype=bool)
    if place.river.is_empty:
        return wet
    shapely.prepare(place.river)
    wet = shapely.intersects(place.river, inner)
    if place.bridges:
        bridged, _ = shapely.STRtree(place.bridges).query(work, predicate="dwithin", distance=REACH_M)
        wet[bridged] = False
    return np.asarray(wet, dtype=bool)


def _links(stored: Geometries, closed: NDArray[np.bool_]) -> Integers:
    edges = edges_of(stored)
    first, second = shared_pairs(edges)
    a, b = edges.owner[first], edges.owner[second]
    key = np.unique(np.minimum(a, b) * len(stored) + np.maximum(a, b))
    ends = np.column_stack(np.divmod(key, max(len(stored), 1)))
    return np.asarray(ends[~closed[ends].any(axis=1)], dtype=np.int64)


def _stands(work: Geometries, leaf: Integers, buildings: pd.DataFrame) -> Integers:
    points = np.asarray(shapely.points(buildings[["x", "y"]].to_numpy(dtype=np.float64)), dtype=object)
    own = buildings["leaf"].to_numpy(dtype=np.int64)
    b, a = shapely.STRtree(work).query(points, predicate="dwithin", distance=AT_M)
    here = own[b] == leaf[a]
    pairs = np.column_stack([b[here], a[here]]).astype(np.int64)
    lost = np.setdiff1d(np.arange(len(points)), pairs[:, 0])
    nearest = [(i, k[np.argmin(shapely.distance(work[k], points[i]))])
               for i in lost.tolist() if len(k := np.flatnonzero(leaf == own[i]))]  # fmt: skip
    return np.concatenate([pairs, np.array(nearest, dtype=np.int64).reshape(-1, 2)])


def _overlaps(shapes: Geometries, stands: Integers) -> Integers:
    """Pair the buildings on one atom that overlap."""
    b, a = stands[np.argsort(stands[:, 1], kind="stable")].T
    several = np.unique(b[np.isin(a, a[1:][a[1:] == a[:-1]])])
    i, j = several[shapely.STRtree(shapes[several]).query(shapes[several], predicate="intersects")]
    i, j = i[i < j], j[i < j]
    least = np.minimum(shapely.area(shapes[i]), shapely.area(shapes[j]))
    over = shapely.area(shapely.intersection(shapes[i], shapes[j])) >= SHARE * least
    atoms_of = pd.Series(a).groupby(b).agg(set)
    same = [bool(atoms_of[x] & atoms_of[y]) for x, y in zip(i[over], j[over], strict=True)]
    return np.asarray(np.column_stack([i[over], j[over]])[np.array(same, dtype=bool)], dtype=np.int64)
