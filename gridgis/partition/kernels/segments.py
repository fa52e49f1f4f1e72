"""Loops over segments, compiled by numba: which part of a line lies in its face, which lines pass too near another.

All coordinates are local (metres from some point on the ground), so that float64 resolves far less than the 1 mm grid.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from gridgis.geometry.arrays import Bools, Floats, Ints

CELL_M = 8.0
"""Size of the cells by which near segments are found."""


@njit(cache=True, nogil=True)
def within(x: float, y: float, ring: Floats) -> bool:
    """Tell whether a point lies in the face whose outline, with that of its holes, consists of (m, 4) segments."""
    odd = False
    for j in range(len(ring)):
        x0, y0, x1, y1 = ring[j]
        if (y0 > y) != (y1 > y) and x < x0 + (y - y0) * (x1 - x0) / (y1 - y0):
            odd = not odd
    return odd


@njit(cache=True, nogil=True)
def inside(points: Floats, face: Ints, ptr: Ints, ring: Floats) -> Bools:
    """Tell whether each point lies in its face; the outline of face f is ring[ptr[f]:ptr[f + 1]]."""
    out = np.zeros(len(points), dtype=np.bool_)
    for i in range(len(points)):
        f = face[i]
        out[i] = within(points[i, 0], points[i, 1], ring[ptr[f] : ptr[f + 1]])
    return out


@njit(cache=True, nogil=True)
def _meeting(s: Floats, r: Floats) -> tuple[float, float]:
    """Return where segment s meets segment r, as fractions along s and r; (-1, -1) when they do not meet."""
    none = (-1.0, -1.0)
    if max(r[0], r[2]) < min(s[0], s[2]) or min(r[0], r[2]) > max(s[0], s[2]):
        return none
    if max(r[1], r[3]) < min(s[1], s[3]) or min(r[1], r[3]) > max(s[1], s[3]):
        return none
    ax, ay, bx, by = s[2] - s[0], s[3] - s[1], r[2] - r[0], r[3] - r[1]
    d = ax * by - ay * bx
    if d == 0.0:
        return none
    t = ((r[0] - s[0]) * by - (r[1] - s[1]) * bx) / d
    u = ((r[0] - s[0]) * ay - (r[1] - s[1]) * ax) / d
    return (t, u) if 0.0 <= t <= 1.0 and 0.0 <= u <= 1.0 else none


@njit(cache=True, nogil=True)
def crossings(seg: Floats, face: Ints, ptr: Ints, ring: Floats) -> tuple[Ints, Ints, Floats, Floats]:
    """Return where each segment meets the outline of its face: segment, row of ring, fractions along the two."""
    room = 1024
    who, what = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
    at = np.empty((room, 2))
    n = 0
    for i in range(len(seg)):
        for j in range(ptr[face[i]], ptr[face[i] + 1]):
            t, u = _meeting(seg[i], ring[j])
            if t < 0.0:
                continue
            if n == room:
                room *= 2
                who = np.concatenate((who, np.empty(n, dtype=np.int64)))
                what = np.concatenate((what, np.empty(n, dtype=np.int64)))
                at = np.concatenate((at, np.empty((n, 2))))
            who[n], what[n], at[n, 0], at[n, 1] = i, j, t, u
            n += 1
    return who[:n], what[:n], at[:n, 0], at[:n, 1]


@njit(cache=True, nogil=True)
def _meets(ends: Ints, n: int) -> tuple[Ints, Ints]:
    """Return the segments at each node v: at[ptr[v]:ptr[v + 1]]."""
    ptr = np.zeros(n + 1, dtype=np.int64)
    for i in range(len(ends)):
        ptr[ends[i, 0] + 1] += 1
        ptr[ends[i, 1] + 1] += 1
    ptr = np.cumsum(ptr)
    free = ptr[:-1].copy()
    at = np.empty(2 * len(ends), dtype=np.int64)
    for i in range(len(ends)):
        for side in range(2):
            at[free[ends[i, side]]] = i
            free[ends[i, side]] += 1
    return ptr, at


@njit(cache=True, nogil=True)
def chains(ends: Ints, kind: Ints, n: int) -> tuple[Ints, Ints, Ints]:
    """Join segments of one kind at nodes where exactly two meet.

    Parameters
    ----------
    ends, kind
        (m, 2) nodes and (m,) kind of each segment.
    n
        Number of nodes.

    Returns
    -------
    tuple
        The nodes of all chains, one chain after the other; the segments likewise, one fewer for each chain; and where
        each chain starts among the nodes, with the total at the end.
    """
    m = len(ends)
    ptr, at = _meets(ends, n)
    nodes, used = np.empty(2 * m, dtype=np.int64), np.empty(m, dtype=np.int64)
    start = np.empty(m + 1, dtype=np.int64)
    done = np.zeros(m, dtype=np.bool_)
    count, p, q = 0, 0, 0
    for closed in range(2):  # chains between ends first, then what is left: rings
        for v in range(n):
            if closed == 0 and _passes(v, ptr, at, kind):
                continue
            for first in at[ptr[v] : ptr[v + 1]]:
                if done[first]:
                    continue
                start[count] = p
                count += 1
                here, i = v, first
                nodes[p] = here
                p += 1
                while True:
                    done[i] = True
                    used[q] = i
                    q += 1
                    here = ends[i, 0] + ends[i, 1] - here
                    nodes[p] = here
                    p += 1
                    if here == v or not _passes(here, ptr, at, kind):
                        break
                    i = at[ptr[here]] + at[ptr[here] + 1] - i
    start[count] = p
    return nodes[:p], used[:q], start[: count + 1]


@njit(cache=True, nogil=True)
def _passes(v: int, ptr: Ints, at: Ints, kind: Ints) -> bool:
    """Tell whether a chain goes on through a node."""
    return bool(ptr[v + 1] - ptr[v] == 2 and kind[at[ptr[v]]] == kind[at[ptr[v] + 1]])


@njit(cache=True, nogil=True)
def _away(x: float, y: float, s: Floats) -> float:
    """Return the square of the distance of a point from a segment."""
    dx, dy = s[2] - s[0], s[3] - s[1]
    t = ((x - s[0]) * dx + (y - s[1]) * dy) / (dx * dx + dy * dy)
    t = min(1.0, max(0.0, t))
    return float((s[0] + t * dx - x) ** 2 + (s[1] + t * dy - y) ** 2)


@njit(cache=True, nogil=True)
def _near(a: Floats, b: Floats, least: float) -> bool:
    """Tell whether two segments pass one another at less than a distance; an end that they share does not count."""
    if max(a[0], a[2]) + least < min(b[0], b[2]) or max(b[0], b[2]) + least < min(a[0], a[2]):
        return False
    if max(a[1], a[3]) + least < min(b[1], b[3]) or max(b[1], b[3]) + least < min(a[1], a[3]):
        return False
    joined = False
    for i in range(0, 4, 2):
        free_a, free_b = True, True
        for j in range(0, 4, 2):
            free_a &= a[i] != b[j] or a[i + 1] != b[j + 1]
            free_b &= b[i] != a[j] or b[i + 1] != a[j + 1]
        joined |= not free_a
        if free_a and _away(a[i], a[i + 1], b) < least * least:
            return True
        if free_b and _away(b[i], b[i + 1], a) < least * least:
            return True
    return not joined and _meeting(a, b)[0] >= 0.0


@njit(cache=True, nogil=True)
def _cells(seg: Floats, least: float) -> tuple[Ints, Ints]:
    """Return the segments that may come as near as ``least`` to each cell k of a square net: at[ptr[k]:ptr[k + 1]]."""
    x0 = min(seg[:, 0].min(), seg[:, 2].min()) - least
    y0 = min(seg[:, 1].min(), seg[:, 3].min()) - least
    width = max(seg[:, 0].max(), seg[:, 2].max()) + least - x0
    height = max(seg[:, 1].max(), seg[:, 3].max()) + least - y0
    size = max(CELL_M, np.sqrt(width * height / (8.0 * len(seg))))
    across, up = int(width / size) + 1, int(height / size) + 1
    ptr = np.zeros(across * up + 1, dtype=np.int64)
    at = np.empty(0, dtype=np.int64)
    for fill in range(2):  # count, then fill from behind
        for i in range(len(seg)):
            c0 = int((min(seg[i, 0], seg[i, 2]) - least - x0) / size)
            c1 = int((max(seg[i, 0], seg[i, 2]) + least - x0) / size)
            r0 = int((min(seg[i, 1], seg[i, 3]) - least - y0) / size)
            r1 = int((max(seg[i, 1], seg[i, 3]) + least - y0) / size)
            for r in range(r0, min(r1, up - 1) + 1):
                for c in range(c0, min(c1, across - 1) + 1):
                    ptr[r * across + c] += -1 if fill else 1
                    if fill:
                        at[ptr[r * across + c]] = i
        if not fill:
            ptr = np.cumsum(ptr)
            at = np.empty(ptr[-1], dtype=np.int64)
    return ptr, at


@njit(cache=True, nogil=True)
def too_near(seg: Floats, loose: Bools, least: float) -> Bools:
    """Mark the pairs of segments that pass one another at less than a distance; one of a pair must be loose.

    An end that both share does not count; distinct segments that overlap do.
    """
    out = np.zeros(len(seg), dtype=np.bool_)
    if not len(seg):
        return out
    ptr, at = _cells(seg, least)
    for k in range(len(ptr) - 1):
        here = at[ptr[k] : ptr[k + 1]]
        for m in range(len(here)):
            i = here[m]
            for j in here[:m]:
                if (loose[i] or loose[j]) and not (out[i] and out[j]) and _near(seg[i], seg[j], least):
                    out[i] = out[j] = True
    return out
