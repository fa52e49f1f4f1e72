"""Edges into cells, cell by cell: the word at each corner, the rounded edges of the leaves, and what looks wrong.

A cell reaches from its corner, which lies a few units of the last place south-west of where arithmetic puts it, so that
each point that arithmetic puts into the cell is north-east of the corner. All that decides is exact (`kernels.exact`);
what is rounded only chooses which edges are looked at, with a margin.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from gridgis.index.kernels.exact import shifted_side, side
from gridgis.index.kernels.inner import inlined, inner
from gridgis.index.tables import HEAD, LOW, MARGIN, STEP

REACH = 0.1
"""Edges are drawn so far beyond their cell, in cells."""
MAX_SHIFT = 12
"""A coarse cell is split into 2**MAX_SHIFT cells each way at most."""
_PER_STEP = 1.0 / STEP
BESIDE = 2.0**-20
"""In cells: twice what corners are moved by at most (`gridgis.index.layout`), and no more than NEAR allows for."""


@inner
def corner(start: float, per: float, count: int, index: int, k: int) -> float:
    """Return x or y of the corner of a cell: ``index`` counts cells of a k-th of a coarse cell from ``start``."""
    return start + index / (per * k) - MARGIN * (abs(start) + count / per)


@inner
def _span(x1: float, y1: float, x2: float, y2: float, low: float, high: float) -> Any:
    """Return least and greatest x of the part of a segment between two heights; x1 <= x2."""
    if y1 == y2:
        return x1, x2
    per = (x2 - x1) / (y2 - y1)
    xa = x1 + (min(max(y1, low), high) - y1) * per
    xb = x1 + (min(max(y2, low), high) - y1) * per
    xa, xb = min(max(xa, x1), x2), min(max(xb, x1), x2)
    return min(xa, xb), max(xa, xb)


@inner
def _touched(at: Any, slack: float, columns: int, rows: int, out: Any) -> int:
    """Fill ``out`` with the cells (row * columns + column) that a segment touches, or may; return how many."""
    x1, y1, x2, y2 = at
    j0, j1 = max(int(np.floor(min(y1, y2) - slack)), 0), min(int(np.floor(max(y1, y2) + slack)), rows - 1)
    i0, i1 = max(int(np.floor(x1 - slack)), 0), min(int(np.floor(x2 + slack)), columns - 1)
    n = 0
    if i0 == i1 or j0 == j1:
        for j in range(j0, j1 + 1):
            for i in range(i0, i1 + 1):
                out[n] = j * columns + i
                n += 1
        return n
    for j in range(j0, j1 + 1):
        xa, xb = _span(x1, y1, x2, y2, j - slack, j + 1 + slack)
        i0, i1 = max(int(np.floor(xa - slack)), 0), min(int(np.floor(xb + slack)), columns - 1)
        for i in range(i0, i1 + 1):
            out[n] = j * columns + i
            n += 1
    return n


@njit(cache=True, error_model="numpy")
def into_coarse(vertices: Any, ends: Any, frame: Any, slack: float, columns: int, rows: int) -> Any:
    """Sort the edges into coarse cells: (cells + 1,) where a cell's begin, and their numbers.

    ``frame``: west, south, per_x, per_y of `gridgis.index.tables.Tables`.
    """
    west, south, per_x, per_y = frame
    start = np.zeros(columns * rows + 1, np.int64)
    # A segment over c columns and r rows touches at most twice as many cells as both together, and some for slack.
    cells = np.empty(4 * (columns + rows) + 16, np.int64)
    edges = np.empty(0, np.int32)
    for fill in range(2):
        for e in range(len(ends)):
            a, b = ends[e, 0], ends[e, 1]
            at = (
                (vertices[a, 0] - west) * per_x,
                (vertices[a, 1] - south) * per_y,
                (vertices[b, 0] - west) * per_x,
                (vertices[b, 1] - south) * per_y,
            )
            for q in range(_touched(at, slack, columns, rows, cells)):
                c = cells[q]
                if fill:
                    start[c] -= 1
                    edges[start[c]] = e
                else:
                    start[c + 1] += 1
        if not fill:
            for c in range(columns * rows):
                start[c + 1] += start[c]
            edges = np.empty(start[columns * rows], np.int32)
            for c in range(columns * rows):
                start[c] = start[c + 1]
    return start, edges


@njit(cache=True, error_model="numpy")
def _longer(array: Any, need: int) -> Any:
    """Return the array, or a copy of twice the need where it is shorter than that."""
    if need <= len(array):
        return array
    new = np.empty(2 * need, array.dtype)
    for k in range(len(array)):  # a slice assigned would bring numba's error texts about shapes, seconds to compile
        new[k] = array[k]
    return new


@inner
def _code(v: float) -> int:
    """Round a coordinate of a leaf edge."""
    return min(max(int((v - LOW) * _PER_STEP + 1.5), 1), 65535)


@inner
def _clip(x1: float, y1: float, x2: float, y2: float, low: float, high: float, west: float) -> Any:
    """Return the part of a segment, 0 to 1, that is between west and high in x, low and high in y; x1 <= x2."""
    dx, dy = x2 - x1, y2 - y1
    t0, t1 = 0.0, 1.0
    if x1 < west:
        t0 = min(1.0, (west - x1) / dx)
    if x2 > high:
        t1 = (high - x1) / dx
    first, last = (low, high) if dy > 0 else (high, low)
    if dy != 0:
        if (y1 < first) == (dy > 0) and y1 != first:
            t0 = max(t0, (first - y1) / dy)
        if (y2 > last) == (dy > 0) and y2 != last:
            t1 = min(t1, (last - y1) / dy)
    elif y1 < low or y1 > high:
        t1 = -1.0
    return t0, t1


@inner
def _height_at_corner(x1: float, y1: float, x2: float, y2: float, above: bool) -> float:
    """Return the height of a segment just west of the corner: 0 or more if it passes ``above`` that, else 0 or less."""
    y = y1 if x2 <= x1 else y1 + min(max((-BESIDE - x1) / (x2 - x1), 0.0), 1.0) * (y2 - y1)
    return max(y, 0.0) if above else min(y, 0.0)


@inner
def _crosses(full: Any, q: int, x: float, y: float, to_x: float, to_y: float) -> bool:
    """Tell whether an edge lies between two points, the one north or east of the other, both shifted alike."""
    ax, ay, bx, by = full[q, 0], full[q, 1], full[q, 2], full[q, 3]
    if y == to_y:
        if (ay <= y) == (by <= y):
            return False
    elif (ax <= x) == (bx <= x):
        return False
    return shifted_side(ax, ay, bx, by, x, y) != shifted_side(ax, ay, bx, by, to_x, to_y)


@inner
def _meet(full: Any, tips: Any, q: int, r: int) -> bool:
    """Tell whether two edges have more in common than an end."""
    if full[q, 2] < full[r, 0] or full[r, 2] < full[q, 0]:
        return False
    if max(full[q, 1], full[q, 3]) < min(full[r, 1], full[r, 3]) or max(full[r, 1], full[r, 3]) < min(
        full[q, 1], full[q, 3]
    ):
        return False
    ax, ay, bx, by = full[q, 0], full[q, 1], full[q, 2], full[q, 3]
    cx, cy, dx, dy = full[r, 0], full[r, 1], full[r, 2], full[r, 3]
    if tips[q, 0] == tips[r, 0]:
        return side(ax, ay, bx, by, dx, dy) == 0
    if tips[q, 1] == tips[r, 1]:
        return side(ax, ay, bx, by, cx, cy) == 0
    if tips[q, 0] == tips[r, 1] or tips[q, 1] == tips[r, 0]:
        return False
    if side(ax, ay, bx, by, cx, cy) * side(ax, ay, bx, by, dx, dy) > 0:
        return False
    return side(cx, cy, dx, dy, ax, ay) * side(cx, cy, dx, dy, bx, by) <= 0


@inner
def _left_word(full: Any, words: Any, here: Any, q: int, word: int, cx: float, cy: float, x: float, y: float) -> int:
    """Return the word left of edge q beside its point (x, y), from that at the corner; -1 where this cannot be told."""
    ay, by = full[q, 1], full[q, 3]
    if ay != by and (ay <= y) == (by <= y):
        return -1
    for r in here:
        if _crosses(full, r, cx, cy, cx, y):
            word ^= words[r]
        if r != q and _crosses(full, r, cx, y, x, y):
            word ^= words[r]
    if ay != by and shifted_side(full[q, 0], ay, full[q, 2], by, cx, y) < 0:
        word ^= words[q]
    return word


@inner
def _read(net: Any, frame: Any, edges: Any, column: int, row: int, k: int, known: Any, cell: Any) -> None:
    """Fill what is kept of a coarse cell's edges: as they are, in its k x k cells, what crossing changes, numbers."""
    vertices, ends, sides = net
    west, south, per_x, per_y = frame
    full, at, words, name, tips, numbers, told = cell
    for q in range(len(edges)):
        e = edges[q]
        a, b = ends[e, 0], ends[e, 1]
        tips[q, 0], tips[q, 1], numbers[q], told[q] = a, b, known[0][e], known[1][e]
        name[q], words[q] = e, (sides[e, 0] + 1) ^ (sides[e, 1] + 1)
        full[q, 0], full[q, 1] = vertices[a, 0], vertices[a, 1]
        full[q, 2], full[q, 3] = vertices[b, 0], vertices[b, 1]
        for x in (0, 2):
            at[q, x] = (full[q, x] - west) * per_x * k - column * k
            at[q, x + 1] = (full[q, x + 1] - south) * per_y * k - row * k


@njit(cache=True, error_model="numpy")
def _by_cell(at: Any, n: int, slack: float, k: int, touched: Any, pairs: Any) -> Any:
    """Sort n edges into k x k cells: where a cell's begin, their places in ``at``; and ``pairs``, longer if need be."""
    begin = np.zeros(k * k + 2, np.int32)
    m = 0
    for q in range(n):
        more = _touched((at[q, 0], at[q, 1], at[q, 2], at[q, 3]), slack, k, k, touched)
        pairs = _longer(pairs, 2 * (m + more))
        for p in range(more):
            pairs[2 * m], pairs[2 * m + 1] = touched[p], q
            begin[touched[p] + 2] += 1
            m += 1
    for f in range(k * k):
        begin[f + 1] += begin[f]
    of_cell = np.empty(m, np.int32)
    for p in range(m):
        f = pairs[2 * p] + 1
        of_cell[begin[f]] = pairs[2 * p + 1]
        begin[f] += 1
    return begin, of_cell, pairs


@inlined
def _draw(cell: Any, q: int, i: int, j: int, cx: float, cy: float, codes: Any, o: int) -> bool:
    """Write the rounded ends of an edge into a leaf, o words into it; tell whether it comes near the cell at all.

    Of an edge that begins west of the corner only the part east of it is drawn. Whether it passes above the corner is
    decided exactly, and the height where the part begins never contradicts that: else the way from the corner would
    miss an almost upright edge whose float height there is noise. Above the corner it is crossed by the way north, for
    which it is marked (unless it is above the whole cell); below it, it is not, and the part begins below all points.
    """
    full, at = cell[0], cell[1]
    if full[q, 2] <= cx:
        return False  # no way to a point of the cell crosses it
    x1, y1, x2, y2 = at[q, 0] - i, at[q, 1] - j, at[q, 2] - i, at[q, 3] - j
    marked = False
    if full[q, 0] <= cx:
        marked = shifted_side(full[q, 0], full[q, 1], full[q, 2], full[q, 3], cx, cy) < 0
        x1, y1 = 0.0, _height_at_corner(x1, y1, x2, y2, marked)
    t0, t1 = _clip(x1, y1, x2, y2, -REACH, 1.0 + REACH, -1.0)
    if t0 > t1:
        return False
    # An end within reach is written as it is, since all edges of a vertex must round it alike.
    codes[2 * o] = 0 if marked and t0 == 0.0 else _code(x1 + t0 * (x2 - x1))
    codes[2 * o + 1] = _code(y1 + t0 * (y2 - y1))
    codes[2 * o + 2] = _code(x1 + t1 * (x2 - x1) if t1 < 1.0 else x2)
    codes[2 * o + 3] = _code(y1 + t1 * (y2 - y1) if t1 < 1.0 else y2)
    return True


@inlined
def _check(
    net: Any, cell: Any, here: Any, i: int, j: int, word: int, cx: float, cy: float, seen: Any, suspect: Any
) -> None:
    """Mark edges as suspect that meet others in the cell, or lie beside another polygon than theirs.

    ``seen`` (m,) tells of which edges it is known what lies beside them; it is looked up once for each.
    """
    sides = net[2]
    full, at, words, name, tips, _, told = cell
    for q in here:
        for r in here:
            if r > q and _meet(full, tips, q, r):
                suspect[name[q]] = suspect[name[r]] = True
        if told[q] or full[q, 2] <= cx:
            continue
        t0, t1 = _clip(at[q, 0] - i, at[q, 1] - j, at[q, 2] - i, at[q, 3] - j, 0.0, 1.0, 0.0)
        if t0 > t1:
            continue
        t = (t0 + t1) / 2
        x, y = full[q, 0] + t * (full[q, 2] - full[q, 0]), full[q, 1] + t * (full[q, 3] - full[q, 1])
        found = _left_word(full, words, here, q, word, cx, cy, x, y)
        e = name[q]
        seen[e] = told[q] = found >= 0
        suspect[e] |= found >= 0 and found != sides[e, 0] + 1


@inlined
def _along(cell: Any, here: Any, word: int, x: float, y: float, to_x: float, to_y: float) -> int:
    """Return the word at the end of a way east or north from a corner, past the edges of the cell."""
    for q in here:
        if _crosses(cell[0], q, x, y, to_x, to_y):
            word ^= cell[2][q]
    return word


@inlined
def _write_leaf(cell: Any, here: Any, i: int, j: int, word: int, cx: float, cy: float, out: Any, used: Any) -> Any:
    """Write the leaf of a cell; return what stands for it in ``fine``: where it is, or its word if no edge comes near.

    ``out``: leaves, the same by halves of words, slots, rank and order of the edges; ``used``: how many of the
    first, third and last are filled.
    """
    words, name, numbers = cell[2], cell[3], cell[5]
    leaves, codes, slots, rank, order = out
    leaf, first = used[0], used[1]
    drawn = 0
    for q in here:
        o = leaf + HEAD * (1 + drawn)
        if _draw(cell, q, i, j, cx, cy, codes, o):
            if numbers[q] < 0:
                e = name[q]
                rank[e] = numbers[q] = used[2]
                order[used[2]] = e
                used[2] += 1
            leaves[o + 2], slots[first + drawn] = words[q], numbers[q]
            drawn += 1
    if drawn == 0:
        return word
    leaves[leaf], leaves[leaf + 1], leaves[leaf + 2] = word, drawn, first
    used[0], used[1] = leaf + HEAD * (1 + drawn), first + drawn
    return ~leaf


@njit(cache=True, error_model="numpy")
def write_leaves(net: Any, frame: Any, slack: float, shape: Any, start: Any, edges: Any, coarse: Any, fine: Any) -> Any:
    """Fill ``fine``; return the leaves, their slots, the edges in the order of the leaves, and suspect edges.

    Slots are numbers in that order: what is near on the ground is near in memory. ``net``: vertices, ends, sides;
    ``shape``: columns, rows; the others as `into_coarse` takes and returns them.

    Edges (m,) are suspect that meet others elsewhere than at common ends, or lie beside another polygon than the one
    whose edge they are. A coverage without suspect edges is valid: its edges are a planar graph, and each face of it
    belongs to whom all edges around it say.
    """
    west, south, per_x, per_y = frame
    columns, rows = shape
    longest, m = 0, len(net[1])
    for c in range(columns * rows):
        longest = max(longest, start[c + 1] - start[c])
    cell = (
        np.empty((longest, 4)),
        np.empty((longest, 4)),
        np.empty(longest, np.int32),
        np.empty(longest, np.int32),
        np.empty((longest, 2), np.int32),
        np.empty(longest, np.int32),
        np.empty(longest, np.bool_),
    )
    most = 1 << MAX_SHIFT
    touched, pairs = np.empty(8 * most + 16, np.int64), np.empty(128, np.int32)
    xs, ys = np.empty(most + 1), np.empty(most + 1)
    leaves, slots = np.empty(3 * m + 64, np.int32), np.empty(m + 64, np.int32)
    rank, order, used = np.full(m, -1, np.int32), np.empty(m, np.int32), np.zeros(3, np.int64)
    seen, suspect = np.zeros(m, np.bool_), np.zeros(m, np.bool_)
    coarse_word: Any = 0
    for c in range(columns * rows):
        column, row, shift, first = c % columns, c // columns, coarse[c] & 15, coarse[c] >> 4
        coarse_word = 0 if column == 0 else coarse_word
        if start[c + 1] == start[c]:
            fine[first] = coarse_word
            continue
        k = 1 << shift
        _read(net, frame, edges[start[c] : start[c + 1]], column, row, k, (rank, seen), cell)
        begin, of_cell, pairs = _by_cell(cell[1], start[c + 1] - start[c], slack * k, k, touched, pairs)
        leaves = _longer(leaves, used[0] + HEAD * (k * k + len(of_cell)))
        slots = _longer(slots, used[1] + len(of_cell))
        codes = leaves.view(np.uint16)
        for i in range(k + 1):
            xs[i] = corner(west, per_x, columns, column * k + i, k)
            ys[i] = corner(south, per_y, rows, row * k + i, k)
        word = row_word = next_word = coarse_word
        for f in range(k * k):
            i, j = f & (k - 1), f >> shift
            word = row_word if i == 0 else word
            here = of_cell[begin[f] : begin[f + 1]]
            if len(here) == 0:
                fine[first + f] = word
                continue
            x, y = xs[i], ys[j]
            fine[first + f] = _write_leaf(cell, here, i, j, word, x, y, (leaves, codes, slots, rank, order), used)
            _check(net, cell, here, i, j, word, x, y, seen, suspect)
            row_word = _along(cell, here, word, x, y, x, ys[j + 1]) if i == 0 else row_word
            word = _along(cell, here, word, x, y, xs[i + 1], y)
            next_word = word if j == 0 else next_word
        coarse_word = next_word
    for e in range(m):
        if rank[e] < 0:
            order[used[2]] = e
            used[2] += 1
        suspect[e] |= not seen[e]
    return leaves[: used[0]], slots[: used[1]], order, suspect


@njit(cache=True, error_model="numpy")
def number_by_edges(ends: Any, count: int) -> Any:
    """Return the vertices in the order in which the edges (m, 2) come to them, and the edges' ends in new numbers."""
    rank, order, ranked = np.full(count, -1, np.int32), np.empty(count, np.int32), 0
    new = np.empty_like(ends)
    for e in range(len(ends)):
        for k in range(2):
            v = ends[e, k]
            if rank[v] < 0:
                rank[v], order[ranked] = ranked, v
                ranked += 1
            new[e, k] = rank[v]
    return order, new
