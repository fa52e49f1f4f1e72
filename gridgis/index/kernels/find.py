"""From points to ids: a directory of two levels, leaves of rounded edges, the exact way where rounding is too rough.

The points of a block go through each stage together, so that what one of them waits for from memory is fetched while
others are worked on.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from gridgis.index.kernels.cells import corner
from gridgis.index.kernels.exact import shifted_side, side
from gridgis.index.kernels.fetch import prefetch
from gridgis.index.kernels.inner import inner
from gridgis.index.kernels.view import tables_at
from gridgis.index.tables import HEAD, LET_IN, LOW, NEAR, STEP

BLOCK = 512
_LINE = 14
"""A leaf of that many words and more reaches into a second line of memory."""
_FEW = 16
"""For so few points of a block nothing is fetched ahead on the exact way."""


@njit(cache=True, nogil=True)
def locate_all(address: int, x: Any, y: Any, out: Any, how: Any) -> None:
    """Fill ``out`` (n,) with the ids at points.

    ``address`` of packed Tables (`kernels.view`); ``how`` (n,) uint8 of zeros, or of length 0 where nobody asks: how
    many polygons touch the point, plus LET_IN where it got its id because one of them does.
    """
    t = tables_at(address)
    m = min(len(x), BLOCK)
    scratch = np.empty(m), np.empty(m), np.empty(m, np.int64), np.empty(m + 1, np.int32), np.empty(m + 1, np.int64)
    for first in range(0, len(x), BLOCK):
        last = min(first + BLOCK, len(x))
        told = how[first:last] if len(how) else how
        _locate_block(t, x[first:last], y[first:last], out[first:last], told, scratch)


@njit(cache=True)  # half a microsecond is not worth letting go of the lock of Python and taking it again
def locate_one(address: int, x: float, y: float) -> Any:
    """Return the id at one point."""
    t = tables_at(address)
    a, b = (x - t.west) * t.per_x, (y - t.south) * t.per_y
    if not (a >= 0.0 and a < t.columns and b >= 0.0 and b < t.rows):
        return t.names[0]
    i, j = int(a), int(b)
    entry = t.coarse[j * t.columns + i]
    k = 1 << (entry & 15)
    a, b = (a - i) * k, (b - j) * k
    i, j = int(a), int(b)
    word = t.fine[(entry >> 4) + j * k + i]
    if word < 0:
        word, near = _in_leaf(t.leaves, t.leaves.view(np.uint16), ~word, a - i, b - j)
        if near >= 0:
            word = exact_word(t, x, y, False)[0]
    return t.names[word]


@njit(cache=True, nogil=True)
def _locate_block(t: Any, x: Any, y: Any, out: Any, how: Any, scratch: Any) -> None:
    """Do as `locate_all` for at most BLOCK points."""
    u, v, cell, who, where = scratch
    _cells(t, x, y, u, v, cell)
    q = 0
    for p in range(len(x)):
        word = t.fine[cell[p]]
        out[p] = word
        leaf = word < 0
        who[q], where[q] = p, ~word
        prefetch(t.leaves, ~word if leaf else 0)
        prefetch(t.leaves, ~word + _LINE if leaf else 0)
        q += leaf
    codes = t.leaves.view(np.uint16)
    asked = 0
    for r in range(q):
        p = who[r]
        word, near = _in_leaf(t.leaves, codes, where[r], u[p], v[p])
        out[p] = word
        who[asked], where[asked] = p, near
        asked += near >= 0
    if asked > _FEW and len(how) == 0:
        _fetch(t, where[:asked])
    for r in range(asked):
        p = who[r]
        word, told = _vertex_word(t, where[r], x[p], y[p]) if len(how) == 0 else -1, 0
        if word < 0:
            word, told = exact_word(t, x[p], y[p], len(how) > 0)
        out[p] = word
        if len(how) > 0:
            how[p] = told
    for p in range(len(x)):
        out[p] = t.names[out[p]]


@inner
def _cells(t: Any, x: Any, y: Any, u: Any, v: Any, cell: Any) -> None:
    """Fill ``cell`` with the points' cells, u and v with where in them they are; outside the bounds it is the first."""
    columns, rows = float(t.columns), float(t.rows)
    for p in range(len(x)):
        a, b = (x[p] - t.west) * t.per_x, (y[p] - t.south) * t.per_y
        inside = (a >= 0.0) & (a < columns) & (b >= 0.0) & (b < rows)
        a, b = a if inside else 0.0, b if inside else 0.0
        i, j = np.int32(a), np.int32(b)
        u[p], v[p] = a - i, b - j
        cell[p] = np.int64(j) * t.columns + i
    for p in range(len(x)):
        entry = t.coarse[cell[p]]
        shift = entry & 15
        k = np.int32(1) << shift
        a, b = u[p] * k, v[p] * k
        i, j = np.int32(a), np.int32(b)
        u[p], v[p] = a - i, b - j
        cell[p] = (entry >> 4) + (np.int64(j) << shift) + i
        prefetch(t.fine, cell[p])


@inner
def _in_leaf(leaves: Any, codes: Any, o: int, a: float, b: float) -> Any:
    """Return the word at a place (0 .. 1 each way) of a cell by its leaf's rounded edges, and the slot of a near one.

    No edge is near (-1), or so near that the word may be wrong: rounding moves vertices by NEAR at most, all edges of a
    vertex alike; so parity can only change for points over which an edge is swept by that.
    """
    word, drawn = leaves[o], leaves[o + 1]
    slot = np.int64(leaves[o + 2])
    near = np.int64(-1)
    o += HEAD
    for s in range(drawn):
        code = codes[2 * o]
        x1 = 0.0 if code == 0 else (code - 1) * STEP + LOW
        y1 = (codes[2 * o + 1] - 1) * STEP + LOW
        dx = (codes[2 * o + 2] - 1) * STEP + LOW - x1
        dy = (codes[2 * o + 3] - 1) * STEP + LOW - y1
        d = dx * (b - y1) - dy * (a - x1)
        crossed = ((y1 <= b) != (y1 + dy <= b)) & ((d < 0) == (dy > 0))
        crossed ^= (code == 0) & (y1 <= b)
        word ^= leaves[o + 2] if crossed else 0
        if abs(d) <= 12.0 * NEAR and abs(d) <= 4.0 * NEAR * (abs(dx) + abs(dy) + 4.0 * NEAR):
            beside = a < x1 - NEAR or a > x1 + dx + NEAR or b < min(y1, y1 + dy) - NEAR or b > max(y1, y1 + dy) + NEAR
            near = near if beside else slot + s
        o += HEAD
    return word, near


@inner
def _fetch(t: Any, slots: Any) -> None:
    """Fetch what `_vertex_word` reads, as one tells where the next is."""
    for s in slots:
        prefetch(t.slots, s)
    for s in slots:
        prefetch(t.ends, 2 * t.slots[s])
    for s in slots:
        for k in range(2):
            vertex = t.ends[t.slots[s], k]
            prefetch(t.vertices, 2 * vertex)
            prefetch(t.at_vertices, vertex)


@inner
def _vertex_word(t: Any, slot: int, x: float, y: float) -> Any:
    """Return what `Tables.at_vertices` knows about a point at an end of an edge; -1 about any other."""
    a, b = t.ends[t.slots[slot], 0], t.ends[t.slots[slot], 1]
    word = np.int32(-1)
    word = t.at_vertices[a] if (t.vertices[a, 0] == x) & (t.vertices[a, 1] == y) else word
    return t.at_vertices[b] if (t.vertices[b, 0] == x) & (t.vertices[b, 1] == y) else word


@njit(cache=True, nogil=True)
def exact_word(t: Any, x: float, y: float, count: bool) -> Any:
    """Return the word of a point within the bounds by its leaf's edges, unrounded, and how it came about.

    ``count``: also tell how many polygons touch the point; else this is told only where it matters.
    """
    a, b = (x - t.west) * t.per_x, (y - t.south) * t.per_y
    i, j = int(a), int(b)
    entry = t.coarse[j * t.columns + i]
    shift = entry & 15
    k = 1 << shift
    i, j = i * k + int((a - i) * k), j * k + int((b - j) * k)
    o = t.fine[(entry >> 4) + ((j & (k - 1)) << shift) + (i & (k - 1))]
    if o >= 0:
        return o, 0
    o = ~o
    cx, cy = corner(t.west, t.per_x, t.columns, i, k), corner(t.south, t.per_y, t.rows, j, k)
    word, first = t.leaves[o], t.leaves[o + 2]
    slots = t.slots[first : first + t.leaves[o + 1]]
    touched = False
    for e in slots:
        o += HEAD
        crossed, on = _crossed(t, e, x, y, cx, cy)
        touched |= on
        if crossed:
            word ^= t.leaves[o + 2]
    if not touched or (word > 0 and not count):
        return word, 0
    near = np.empty(2 * len(slots), np.int32)
    n, lowest = 0, np.int32(2**31 - 1)
    for e in slots:
        if not _crossed(t, e, x, y, cx, cy)[1]:
            continue
        for polygon in t.sides[e]:
            if polygon >= 0 and not _among(near, n, polygon + 1):
                near[n] = polygon + 1
                lowest = min(lowest, polygon + 1)
                n += 1
    told = min(n, LET_IN - 1)
    return (word, told) if word > 0 else (lowest, told + LET_IN)


@inner
def _among(words: Any, n: int, word: int) -> bool:
    """Tell whether a word is one of the first n."""
    for k in range(n):  # noqa: SIM110
        if words[k] == word:
            return True
    return False


@inner
def _crossed(t: Any, e: int, x: float, y: float, cx: float, cy: float) -> Any:
    """Tell whether the way (cx, cy) -> (cx, y) -> (x, y), all shifted, crosses an edge; and whether (x, y) is on it."""
    a, b = t.ends[e, 0], t.ends[e, 1]
    ax, ay, bx, by = t.vertices[a, 0], t.vertices[a, 1], t.vertices[b, 0], t.vertices[b, 1]
    low, high = min(ay, by), max(ay, by)
    before = 1 if by > ay else -1  # the side of (cx, y) where the edge begins east of it
    crossed = on = False
    if ax <= cx:
        before = shifted_side(ax, ay, bx, by, cx, y)
        crossed = shifted_side(ax, ay, bx, by, cx, cy) != before
    if low <= y and y <= high and ax <= x:
        now = side(ax, ay, bx, by, x, y)
        on = now == 0 and x <= bx
        if now == 0:
            now = -1 if by > ay else 1
        crossed ^= y < high and now != before
    return crossed, on
