"""Dry ground: what of the grids lies outside the rivers, what touches what, and what a bridge joins.

Two grids that touch only across a river without a bridge are not neighbours (SEMANTICS 4). A bridge is a road of the
barrier layer that crosses the water; its pieces within one water body that touch each other count as one bridge.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from gridgis.checks.edges import Geometries, Integers, edges_of, shared_pairs
from gridgis.checks.layers import move
from gridgis.checks.place import REACH_M, Place
from gridgis.checks.scene import Scene
from gridgis.geometry.crs import STORED_CRS

MIN_PIECE_M2 = 1.0
"""Smaller dry pieces are slivers between a bank and a border."""


@dataclass(frozen=True)
class Dry:
    """Dry pieces of some grids: ``pieces`` (k,) polygons in the work CRS and ``owner`` (k,) the grid of each."""

    pieces: Geometries
    owner: Integers


def dry_pieces(scene: Scene, grids: Integers, river: BaseGeometry) -> Dry:
    """Cut the water out of grids and take apart what is left; slivers are dropped."""
    land = shapely.difference(scene.work[grids], river)
    pieces, where = shapely.get_parts(land, return_index=True)
    keep = shapely.area(pieces) >= MIN_PIECE_M2
    return Dry(np.asarray(pieces)[keep], grids[where[keep]])


def joined(pieces: Geometries, bridges: list[BaseGeometry]) -> Iterator[tuple[int, int]]:
    """Yield pairs of pieces that one bridge reaches."""
    if bridges and len(pieces):
        b, p = shapely.STRtree(pieces).query(bridges, predicate="dwithin", distance=REACH_M)
        for k in np.unique(b):
            yield from pairwise(p[b == k].tolist())


def neighbours(scene: Scene, grids: Integers, place: Place) -> set[tuple[int, int]]:
    """Return the pairs of grids that share a dry edge of positive length, or that a bridge joins."""
    river = place.river
    edges = edges_of(scene.stored[grids])
    first, second = shared_pairs(edges)
    if not river.is_empty and len(first):
        middle = shapely.points((edges.start[first] + edges.end[first]) / 2)
        shapely.prepare(river)
        dry = ~shapely.intersects(river, move(middle, STORED_CRS, scene.work_crs))
        first, second = first[dry], second[dry]
    a, b = grids[edges.owner[first]], grids[edges.owner[second]]
    pairs = {(int(min(i, j)), int(max(i, j))) for i, j in zip(a, b, strict=True)}
    if not river.is_empty:
        land = dry_pieces(scene, grids, river)
        for i, j in joined(land.pieces, place.bridges):
            low, high = sorted((int(land.owner[i]), int(land.owner[j])))
            if low != high:
                pairs.add((low, high))
    return pairs
