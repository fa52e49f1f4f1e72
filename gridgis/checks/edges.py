"""Edges of polygons as integers, so that "the same border" means the same two vertices, bit by bit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

Geometries = NDArray[Any]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Edges:
    """Undirected edges of (n,) polygons.

    ``key`` (m,) is equal for two edges exactly when both end points are equal; ``owner`` (m,) is the position of the
    polygon; ``start`` and ``end`` (m, 2) are the coordinates.
    """

    key: Integers
    owner: Integers
    start: NDArray[np.float64]
    end: NDArray[np.float64]


def edges_of(polygons: Geometries) -> Edges:
    """Take polygons or multipolygons, (n,), apart into edges."""
    parts, part_owner = shapely.get_parts(polygons, return_index=True)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    return _edges(rings, part_owner[ring_part])


def edges_of_lines(polygons: Geometries, lines: Geometries) -> tuple[Edges, Edges]:
    """Take polygons, (n,), and lines or multi-lines, (m,), apart into edges whose keys can be compared."""
    parts, part_owner = shapely.get_parts(polygons, return_index=True)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    chains, chain_owner = shapely.get_parts(lines, return_index=True)
    both = _edges(np.concatenate([rings, chains]), np.concatenate([part_owner[ring_part], chain_owner + len(polygons)]))
    drawn = both.owner >= len(polygons)

    def take(kept: NDArray[np.bool_], first: int) -> Edges:
        return Edges(both.key[kept], both.owner[kept] - first, both.start[kept], both.end[kept])

    return take(~drawn, 0), take(drawn, len(polygons))


def _edges(chains: Geometries, owner: Integers) -> Edges:
    """Take chains of points apart into edges."""
    xy, chain = shapely.get_coordinates(chains, return_index=True)
    if not len(xy):
        none = np.zeros(0, dtype=np.int64)
        return Edges(none, none, np.zeros((0, 2)), np.zeros((0, 2)))
    _, node = np.unique(xy[:, 0] + 1j * xy[:, 1], return_inverse=True)
    here = np.flatnonzero(chain[1:] == chain[:-1])
    a, b = node[here], node[here + 1]
    key = np.minimum(a, b).astype(np.int64) * len(xy) + np.maximum(a, b)
    return Edges(key, owner[chain[here]].astype(np.int64), xy[here], xy[here + 1])


def shared_pairs(edges: Edges) -> tuple[Integers, Integers]:
    """Pair up edges that two polygons share: two (k,) arrays of positions into ``edges``."""
    order = np.argsort(edges.key, kind="stable")
    same = edges.key[order][1:] == edges.key[order][:-1]
    first, second = order[:-1][same], order[1:][same]
    apart = edges.owner[first] != edges.owner[second]
    return first[apart], second[apart]


def outline(key: Integers) -> Integers:
    """Return the sorted edges that occur an odd number of times: the outline of a union of seamless polygons."""
    values, counts = np.unique(key, return_counts=True)
    return np.asarray(values[counts % 2 == 1], dtype=np.int64)


def components(n: int, links: Iterable[tuple[int, int]]) -> Integers:
    """Label n nodes by connected component, (n,); a label is the lowest node of its component.

    Examples
    --------
    >>> components(4, [(3, 1)]).tolist()
    [0, 1, 2, 1]
    """
    root = list(range(n))

    def find(i: int) -> int:
        while root[i] != i:
            root[i] = root[root[i]]
            i = root[i]
        return i

    for a, b in links:
        low, high = sorted((find(int(a)), find(int(b))))
        root[high] = low
    return np.array([find(i) for i in range(n)], dtype=np.int64)
