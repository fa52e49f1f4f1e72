"""From rings to edges: each vertex once, each edge once, with the polygons on its two sides."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from gridgis.index.kernels.exact import side

OUTSIDE = -1


@njit(cache=True)
def _place(bits: Any, i: int, mask: int) -> Any:
    """Return where in a table of mask + 1 places to look for a coordinate pair first."""
    h = bits[i, 0] * np.uint64(0x9E3779B97F4A7C15) ^ bits[i, 1] * np.uint64(0xC2B2AE3D27D4EB4F)
    h ^= h >> np.uint64(29)
    h *= np.uint64(0xBF58476D1CE4E5B9)
    return np.int64(h >> np.uint64(20)) & mask


@njit(cache=True)
def number_vertices(xy: Any, bits: Any, table: Any) -> Any:
    """Give numbers to the distinct coordinate pairs, in the order in which they come first.

    ``xy`` (n, 2) without -0.0, ``bits`` the same as uint64, ``table`` (2**k,) int32 of -1, longer than n.
    Returns (n,) numbers and how many there are.
    """
    number = np.empty(len(xy), np.int32)
    first = np.empty(len(xy), np.int32)
    mask = len(table) - 1
    count = 0
    for i in range(len(xy)):
        at = _place(bits, i, mask)
        while True:
            v = table[at]
            if v < 0:
                table[at] = count
                first[count] = i
                number[i] = count
                count += 1
                break
            k = first[v]
            if bits[k, 0] == bits[i, 0] and bits[k, 1] == bits[i, 1]:
                number[i] = v
                break
            at = (at + 1) & mask
    return number, first[:count].copy()


@njit(cache=True)
def _turns_left(xy: Any, at: Any, first: int, last: int) -> int:
    """Return 1 for a ring (first .. last, closed) that runs counterclockwise, -1 clockwise, 0 where it has no inside.

    Its vertex least by (x, y) is convex, whatever the rest does.
    """
    low = first
    for i in range(first + 1, last):
        if xy[i, 0] < xy[low, 0] or (xy[i, 0] == xy[low, 0] and xy[i, 1] < xy[low, 1]):
            low = i
    before, after = low, low
    while at[before] == at[low]:
        before = before - 1 if before > first else last - 1
        if before == low:
            return 0
    while at[after] == at[low]:
        after = after + 1 if after < last - 1 else first
    return side(xy[before, 0], xy[before, 1], xy[low, 0], xy[low, 1], xy[after, 0], xy[after, 1])


@njit(cache=True)
def pair_edges(xy: Any, number: Any, count: int, rings: Any, owner: Any, hole: Any, suspect: Any) -> Any:
    """Bring the edges of rings together: each polygon lies left of its outer rings, right of its holes.

    Parameters
    ----------
    xy, number, count
        (n, 2) coordinates of all rings, (n,) the numbers of their vertices, how many vertices there are.
    rings, owner, hole
        (r + 1,) where rings begin; (r,) their polygons, and whether they are holes.
    suspect
        (polygons,) bool; set where a polygon may be invalid: a vertex used twice, a ring without inside, an edge
        used in both directions.

    Returns
    -------
    (m, 2) ends, (m, 2) sides; (k, 3) for each use of an edge's side beyond the first: edge, first and later polygon.
    """
    ends = np.empty((len(xy), 2), np.int32)
    sides = np.empty((len(xy), 2), np.int32)
    head = np.full(count, -1, np.int32)
    after = np.empty(len(xy), np.int32)
    user = np.full(count, -1, np.int32)
    m = 0
    crowded, crowds = np.empty((len(xy), 3), np.int32), 0
    for r in range(len(owner)):
        first, last, polygon = rings[r], rings[r + 1] - 1, owner[r]
        turn = _turns_left(xy, number, first, last)
        if turn == 0:
            suspect[polygon] = True
        inside_left = (turn < 0) == hole[r]
        for i in range(first, last):
            p, q = number[i], number[i + 1]
            if p == q:
                continue
            suspect[polygon] |= user[p] == polygon
            user[p] = polygon
            ahead = xy[i, 0] < xy[i + 1, 0] or (xy[i, 0] == xy[i + 1, 0] and xy[i, 1] < xy[i + 1, 1])
            a, b = (p, q) if ahead else (q, p)
            s = 0 if ahead == inside_left else 1
            e = head[a]
            while e >= 0 and ends[e, 1] != b:
                e = after[e]
            if e < 0:
                ends[m, 0], ends[m, 1] = a, b
                sides[m, 0], sides[m, 1] = OUTSIDE, OUTSIDE
                after[m], head[a] = head[a], m
                e = m
                m += 1
            if sides[e, s] >= 0:
                crowded[crowds, 0], crowded[crowds, 1], crowded[crowds, 2] = e, sides[e, s], polygon
                crowds += 1
            if sides[e, 1 - s] == polygon:
                suspect[polygon] = True
            sides[e, s] = polygon
    return ends[:m].copy(), sides[:m].copy(), crowded[:crowds].copy()


@njit(cache=True)
def owned_edges(sides: Any, polygons: int) -> Any:
    """Sort edges by the polygons that they bound: where a polygon's begin, (polygons + 1,), and their numbers."""
    start = np.zeros(polygons + 1, np.int32)
    for e in range(len(sides)):
        for s in range(2):
            if sides[e, s] >= 0:
                start[sides[e, s] + 1] += 1
    for k in range(polygons):
        start[k + 1] += start[k]
    at = start[:-1].copy()
    owned = np.empty(start[polygons], np.int32)
    for e in range(len(sides)):
        for s in range(2):
            k = sides[e, s]
            if k >= 0:
                owned[at[k]] = e
                at[k] += 1
    return start, owned
