"""The exact way in plain Python over memory views of the tables: it answers before a compiler is loaded.

It is the way of `kernels.find.exact_word`, and gives the same answers.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from gridgis.index.tables import BOUND, HEAD, LET_IN, MARGIN, TINY, Tables


class Plain:
    """Tables as memory views: reading one number of a NumPy array takes Python three times as long."""

    def __init__(self, tables: Tables) -> None:
        self._t = tables
        flat = {name: flat_view(getattr(tables, name)) for name in _ARRAYS}
        self._coarse, self._fine, self._leaves, self._slots = (flat[k] for k in _ARRAYS[:4])
        self._vertices, self._ends, self._sides, self.names = (flat[k] for k in _ARRAYS[4:])

    def id_at(self, x: float, y: float) -> int:
        """Return the id at a point; -1 outside, and for NaN."""
        return int(self.names[self.word_at(x, y)[0]])

    def word_at(self, x: float, y: float) -> tuple[int, int]:
        """Return the word of a point and how many polygons touch it, plus LET_IN where it is in by that alone."""
        t = self._t
        a, b = (x - t.west) * t.per_x, (y - t.south) * t.per_y
        if not (0.0 <= a < t.columns and 0.0 <= b < t.rows):
            return 0, 0
        i, j = int(a), int(b)
        entry = self._coarse[j * t.columns + i]
        shift = entry & 15
        k = 1 << shift
        i, j = i * k + int((a - i) * k), j * k + int((b - j) * k)
        found = self._fine[(entry >> 4) + ((j & (k - 1)) << shift) + (i & (k - 1))]
        if found >= 0:
            return found, 0
        return self._in_leaf(
            ~found, x, y, _corner(t.west, t.per_x, t.columns, i, k), _corner(t.south, t.per_y, t.rows, j, k)
        )

    def _in_leaf(self, leaf: int, x: float, y: float, cx: float, cy: float) -> tuple[int, int]:
        word, drawn, first = self._leaves[leaf : leaf + HEAD]
        touching = set()
        for s in range(drawn):
            e = self._slots[first + s]
            p, q = 2 * self._ends[2 * e], 2 * self._ends[2 * e + 1]
            edge = (*self._vertices[p : p + 2], *self._vertices[q : q + 2])
            crossed, on = _crossed(edge, x, y, cx, cy)
            if crossed:
                word ^= self._leaves[leaf + HEAD * (s + 2) - 1]
            if on:
                touching |= {k + 1 for k in self._sides[2 * e : 2 * e + 2] if k >= 0}
        if word == 0 and touching:
            return min(touching), min(len(touching), LET_IN - 1) + LET_IN
        return word, min(len(touching), LET_IN - 1)


def flat_view(table: Any) -> memoryview:
    """Return the numbers of an array, or of a memory view of a mapped file, as a flat memory view."""
    return table if isinstance(table, memoryview) else memoryview(table.reshape(-1))


_ARRAYS = ("coarse", "fine", "leaves", "slots", "vertices", "ends", "sides", "names")


def _corner(start: float, per: float, count: int, index: int, k: int) -> float:
    return start + index / (per * k) - MARGIN * (abs(start) + count / per)


def _crossed(edge: tuple[Any, ...], x: float, y: float, cx: float, cy: float) -> tuple[bool, bool]:
    """Tell whether the way (cx, cy) -> (cx, y) -> (x, y), all shifted, crosses an edge; and whether (x, y) is on it."""
    ax, ay, bx, by = edge
    low, high = (ay, by) if ay < by else (by, ay)
    before = 1 if by > ay else -1
    crossed = on = False
    if ax <= cx:
        before = _shifted_side(edge, cx, y)
        crossed = _shifted_side(edge, cx, cy) != before
    if low <= y <= high and ax <= x:
        now = plain_side(edge, x, y)
        on = now == 0 and x <= bx
        crossed ^= y < high and (now or (-1 if by > ay else 1)) != before
    return crossed, on


def _shifted_side(edge: tuple[Any, ...], x: float, y: float) -> int:
    return plain_side(edge, x, y) or (-1 if edge[3] > edge[1] else 1)


def plain_side(edge: tuple[Any, ...], x: float, y: float) -> int:
    """Return 1 where a point is left of an edge, -1 right, 0 on its line, exactly."""
    ax, ay, bx, by = edge
    left, right = (bx - ax) * (y - ay), (by - ay) * (x - ax)
    det, size = left - right, abs(left) + abs(right)
    if abs(det) > BOUND * size and size > TINY:
        return 1 if det > 0 else -1
    fx, fy, px, py = Fraction(ax), Fraction(ay), Fraction(x), Fraction(y)
    exact = (Fraction(bx) - fx) * (py - fy) - (Fraction(by) - fy) * (px - fx)
    return (exact > 0) - (exact < 0)
