"""Rings of a plane graph, compiled by numba: walk around each face with the face on the left (half-edge structure).

Half-edge h runs along segment h // 2: from its first node to its second where h is even, back where h is odd.
All arithmetic is in whole millimetres, hence exact.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from gridgis.geometry.arrays import Bools, Ints


@njit(cache=True, nogil=True)
def _before(a: int, b: int, ends: Ints, xy: Ints) -> bool:
    """Tell whether half-edge a comes before b, counterclockwise from due east; both leave one node."""
    ux = xy[ends[a // 2, 1 - a % 2], 0] - xy[ends[a // 2, a % 2], 0]
    uy = xy[ends[a // 2, 1 - a % 2], 1] - xy[ends[a // 2, a % 2], 1]
    vx = xy[ends[b // 2, 1 - b % 2], 0] - xy[ends[b // 2, b % 2], 0]
    vy = xy[ends[b // 2, 1 - b % 2], 1] - xy[ends[b // 2, b % 2], 1]
    upper_u, upper_v = uy > 0 or (uy == 0 and ux > 0), vy > 0 or (vy == 0 and vx > 0)
    if upper_u != upper_v:
        return bool(upper_u)
    return bool(ux * vy - uy * vx > 0)


@njit(cache=True, nogil=True)
def _following(ends: Ints, xy: Ints, alive: Bools) -> Ints:
    """Return the half-edge by which the walk around a face goes on after each: the sharpest turn to the left."""
    ptr = np.zeros(len(xy) + 1, dtype=np.int64)
    for h in range(2 * len(ends)):
        if alive[h // 2]:
            ptr[ends[h // 2, h % 2] + 1] += 1
    ptr = np.cumsum(ptr)
    at, count = np.empty(ptr[-1], dtype=np.int64), np.zeros(len(xy), dtype=np.int64)
    for h in range(2 * len(ends)):
        if alive[h // 2]:
            v = ends[h // 2, h % 2]
            i = ptr[v] + count[v]
            while i > ptr[v] and _before(h, at[i - 1], ends, xy):
                at[i] = at[i - 1]
                i -= 1
            at[i] = h
            count[v] += 1
    out = np.full(2 * len(ends), -1, dtype=np.int64)
    for v in range(len(xy)):
        for i in range(ptr[v], ptr[v + 1]):
            out[at[i] ^ 1] = at[i - 1 if i > ptr[v] else ptr[v + 1] - 1]
    return out


@njit(cache=True, nogil=True)
def _walks(following: Ints) -> Ints:
    """Return the number of the walk of each half-edge, -1 for those left out."""
    walk = np.full(len(following), -1, dtype=np.int64)
    n = 0
    for first in range(len(following)):
        if following[first] < 0 or walk[first] >= 0:
            continue
        h = first
        while walk[h] < 0:
            walk[h] = n
            h = following[h]
        n += 1
    return walk


@njit(cache=True, nogil=True)
def rings(ends: Ints, xy: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """Find the rings around the faces of a plane graph; what has one face on both sides (open ends) is left out.

    Parameters
    ----------
    ends
        (m, 2) nodes of distinct segments that meet at nodes only.
    xy
        (n, 2) nodes in millimetres, not above 1e9.

    Returns
    -------
    tuple
        The half-edges of all rings, one ring after the other; where each ring starts, with the total at the end; the
        walk that each belongs to; and twice its area, positive where it goes counterclockwise. No ring passes a node
        twice: a walk that does is several rings. One walk holds at most one counterclockwise ring, the outline of a
        face; the others are holes that touch it. A walk without one goes around a component from outside.
    """
    alive = np.ones(len(ends), dtype=np.bool_)
    walk = _walks(_following(ends, xy, alive))
    for s in range(len(ends)):
        alive[s] = walk[2 * s] != walk[2 * s + 1]
    following = _following(ends, xy, alive)  # what is left is in no tree and on no bridge: once is enough
    half, start = np.empty(len(following), dtype=np.int64), np.zeros(len(following) + 1, dtype=np.int64)
    of, twice = np.empty(len(following), dtype=np.int64), np.empty(len(following), dtype=np.int64)
    place = np.full(len(xy), -1, dtype=np.int64)  # of the nodes on the way that is not yet cut off as a ring
    way = np.empty(len(following), dtype=np.int64)
    done = np.zeros(len(following), dtype=np.bool_)
    p, k, walks = 0, 0, 0
    for first in range(len(following)):
        if following[first] < 0 or done[first]:
            continue
        h, n = first, 0
        while True:
            v = ends[h // 2, h % 2]
            if place[v] >= 0:  # a ring is closed
                x0, y0, area = xy[v, 0], xy[v, 1], 0
                begin = place[v]
                for i in range(begin, n):
                    a, b = ends[way[i] // 2, way[i] % 2], ends[way[i] // 2, 1 - way[i] % 2]
                    area += (xy[a, 0] - x0) * (xy[b, 1] - y0) - (xy[b, 0] - x0) * (xy[a, 1] - y0)
                    place[a] = -1
                    half[p] = way[i]
                    p += 1
                of[k], twice[k] = walks, area
                k += 1
                start[k] = p
                n = begin
            if done[h]:
                break
            done[h] = True
            place[v] = n
            way[n] = h
            n += 1
            h = following[h]
        walks += 1
    return half[:p], start[: k + 1], of[:k], twice[:k]
