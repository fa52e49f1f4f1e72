"""Whose is a vertex: told by the edges around it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from gridgis.index.kernels.exact import side

_TO_EAST_DOWN, _TO_EAST_UP, _FROM_WEST = 2, 1, 0
"""Where an edge leaves a vertex to; the greater bounds the place east-north-east of it rather than the lesser."""


@njit(cache=True)
def _kind(vertices: Any, ends: Any, e: int, v: int) -> int:
    """Tell where an edge leaves its end v to: angles (-90, 0], (0, 90] or (90, 270] degrees."""
    if ends[e, 1] == v:
        return _FROM_WEST
    return _TO_EAST_UP if vertices[ends[e, 1], 1] > vertices[v, 1] else _TO_EAST_DOWN


@njit(cache=True)
def _nearer(vertices: Any, ends: Any, e: int, best: int, v: int) -> bool:
    """Tell whether edge e bounds the place just east-north-east of v closer than the best one so far.

    Looking from v along the east and turning clockwise, the first edge met is the closest; where none is met before the
    south, it is the first one met the other way round before the north, and else the first one beyond the south.
    """
    kind, other = _kind(vertices, ends, e, v), _kind(vertices, ends, best, v)
    if kind != other:
        return kind > other
    p = ends[e, 0] if kind == _FROM_WEST else ends[e, 1]
    q = ends[best, 0] if kind == _FROM_WEST else ends[best, 1]
    turn = side(vertices[v, 0], vertices[v, 1], vertices[q, 0], vertices[q, 1], vertices[p, 0], vertices[p, 1])
    return turn < 0 if kind == _TO_EAST_UP else turn > 0


@njit(cache=True)
def _shifted_words(vertices: Any, ends: Any, sides: Any) -> Any:
    """Return (v,) the words of the shifted vertices."""
    best = np.full(len(vertices), -1, np.int32)
    words = np.empty(len(vertices), np.int32)
    for e in range(len(ends)):
        for v in ends[e]:
            if best[v] < 0 or _nearer(vertices, ends, e, best[v], v):
                best[v] = e
    for v in range(len(vertices)):
        left = _kind(vertices, ends, best[v], v) == _TO_EAST_DOWN
        words[v] = sides[best[v], 0 if left else 1] + 1
    return words


@njit(cache=True)
def words_at_vertices(vertices: Any, ends: Any, sides: Any, suspect: Any) -> Any:
    """Return (v,) words of the vertices: of the shifted point, or of the lowest polygon there if that is outside.

    -1 at edges of ``suspect`` polygons, since there other edges may pass through a vertex.
    """
    words = _shifted_words(vertices, ends, sides)
    lowest = np.zeros(len(vertices), np.int32)
    for e in range(len(ends)):
        for polygon in sides[e]:
            for v in ends[e]:
                if polygon >= 0 and suspect[polygon]:
                    words[v] = -1
                elif polygon >= 0 and (lowest[v] == 0 or lowest[v] > polygon + 1):
                    lowest[v] = polygon + 1
    for v in range(len(vertices)):
        if words[v] == 0:
            words[v] = lowest[v]
    return words
