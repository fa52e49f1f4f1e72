"""On which side of an edge does a point lie, exactly: floats where their error bound allows it, expansions where not.

Shewchuk (1997), "Adaptive Precision Floating-Point Arithmetic and Fast Robust Geometric Predicates". An expansion is a
sum of floats whose bits do not overlap; its largest one tells its sign.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from gridgis.index.kernels.inner import with_arrays
from gridgis.index.tables import BOUND, TINY

_SPLITTER = 2.0**27 + 1.0
_SCALE = 2.0**300
"""Coordinates are multiplied by this before products are taken apart, so that no part of a product underflows."""


@njit(cache=True)
def _two_sum(a: float, b: float) -> Any:
    """Return sum and error."""
    s = a + b
    c = s - a
    return s, (a - (s - c)) + (b - c)


@njit(cache=True)
def _two_product(a: float, b: float) -> Any:
    """Return product and error."""
    p = a * b
    c = _SPLITTER * a
    ah = c - (c - a)
    al = a - ah
    c = _SPLITTER * b
    bh = c - (c - b)
    bl = b - bh
    return p, al * bl - (((p - ah * bh) - al * bh) - ah * bl)


@njit(cache=True)
def _sign_of_sum(terms: Any) -> int:
    """Return the sign of the exact sum of floats, which are added one by one to an expansion."""
    e = np.zeros(len(terms))
    for n in range(len(terms)):
        q = terms[n]
        for i in range(n):
            q, e[i] = _two_sum(q, e[i])
        e[n] = q
    for i in range(len(terms) - 1, -1, -1):
        if e[i] != 0.0:
            return 1 if e[i] > 0.0 else -1
    return 0


@with_arrays
def _by_expansion(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> int:
    """Return the sign of ax by - ay bx + bx py - by px + px ay - py ax, in full."""
    ax, ay, bx, by = ax * _SCALE, ay * _SCALE, bx * _SCALE, by * _SCALE
    px, py = px * _SCALE, py * _SCALE
    t = np.empty(12)
    t[0], t[1] = _two_product(ax, by)
    t[2], t[3] = _two_product(-ay, bx)
    t[4], t[5] = _two_product(bx, py)
    t[6], t[7] = _two_product(-by, px)
    t[8], t[9] = _two_product(px, ay)
    t[10], t[11] = _two_product(-py, ax)
    return _sign_of_sum(t)


@njit(cache=True)
def side(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> int:
    """Return 1 where the point is left of a -> b, -1 right, 0 on the line.

    Ends a and b have coordinates that `gridgis.index.polygons` lets in, the point any that are within the bounds.
    """
    left = (bx - ax) * (py - ay)
    right = (by - ay) * (px - ax)
    det = left - right
    size = abs(left) + abs(right)
    if abs(det) > BOUND * size and size > TINY:
        return 1 if det > 0.0 else -1
    if (px == ax and py == ay) or (px == bx and py == by):
        return 0
    if ax == bx:
        east = 0 if px == ax else (1 if px > ax else -1)
        return -east if by > ay else east
    if ay == by:
        north = 0 if py == ay else (1 if py > ay else -1)
        return north if bx > ax else -north
    return _by_expansion(ax, ay, bx, by, px, py)


@njit(cache=True)
def shifted_side(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> int:
    """Return the side (1 left, -1 right) of the point moved by (+e1, +e2), e1 >> e2 > 0 infinitely small.

    a comes before b by (x, y). On the line the move to the east decides, since e1 is the greater; for an edge from
    west to east, along which it changes nothing, the move to the north does.
    """
    s = side(ax, ay, bx, by, px, py)
    if s == 0:
        return -1 if by > ay else 1
    return s
