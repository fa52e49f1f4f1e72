"""From points to positions, over edges and cells: the polygon at the shifted point, and the edges touched."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gridgis.index.cells import Cells, Floats, Ints, shifted_side, words
from gridgis.index.edges import OUTSIDE, Edges
from gridgis.index.predicate import orientation

_BLOCK = 1 << 17
"""Points taken at once, so that memory stays flat."""


def shifted_positions(edges: Edges, cells: Cells, px: Floats, py: Floats) -> NDArray[np.int32]:
    """Return the position of the polygon that holds each shifted point; -1 outside.

    The word of the corner of the point's cell, XOR the words of the edges crossed on the way corner -> north to the
    height of the point -> east to the point. All three are shifted alike, so that the way never touches a vertex.
    """
    out = np.full(len(px), OUTSIDE, dtype=np.int32)
    change = words(edges)
    for at in _blocks(len(px)):
        inside, cell = _cells_of(cells, px[at], py[at])
        x, y = px[at][inside], py[at][inside]
        word = cells.anchor[cell].copy()
        point, edge = _candidates(cells, cell)
        crossed = _crossed(edges, cells, cell[point], edge, x[point], y[point])
        np.bitwise_xor.at(word, point[crossed], change[edge[crossed]])
        out[at.start + inside] = word - 1
    return out


def touched_edges(edges: Edges, cells: Cells, px: Floats, py: Floats) -> tuple[Ints, Ints]:
    """Return (point, edge): all edges, ends included, on which a point lies exactly."""
    found: list[tuple[Ints, Ints]] = []
    for at in _blocks(len(px)):
        inside, cell = _cells_of(cells, px[at], py[at])
        x, y = px[at][inside], py[at][inside]
        point, edge = _candidates(cells, cell)
        keep = _in_box(edges, edge, x[point], y[point])
        point, edge = point[keep], edge[keep]
        keep = (
            orientation(edges.ax[edge], edges.ay[edge], edges.bx[edge], edges.by[edge], x[point], y[point]) == 0
            if len(edge)
            else np.zeros(0, dtype=bool)
        )
        found.append((at.start + inside[point[keep]], edge[keep]))
    if not found:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    return np.concatenate([p for p, _ in found]), np.concatenate([e for _, e in found])


def _blocks(count: int) -> list[slice]:
    return [slice(k, min(k + _BLOCK, count)) for k in range(0, count, _BLOCK)]


def _cells_of(cells: Cells, px: Floats, py: Floats) -> tuple[Ints, Ints]:
    """Return the points that lie in a cell (NaN lies in none), and their cells."""
    xs, ys = cells.xs, cells.ys
    inside = np.flatnonzero((px >= xs[0]) & (px < xs[-1]) & (py >= ys[0]) & (py < ys[-1]))
    i = np.searchsorted(xs, px[inside], side="right") - 1
    j = np.searchsorted(ys, py[inside], side="right") - 1
    return inside.astype(np.int64), (j * (len(xs) - 1) + i).astype(np.int64)


def _candidates(cells: Cells, cell: Ints) -> tuple[Ints, Ints]:
    """Return (point, edge) for all edges of each point's cell."""
    start = cells.start[cell]
    count = cells.start[cell + 1] - start
    point = np.repeat(np.arange(len(cell), dtype=np.int64), count)
    first = np.cumsum(count) - count
    offset = np.arange(len(point), dtype=np.int64) - first[point]
    return point, cells.members[start[point] + offset].astype(np.int64)


def _crossed(edges: Edges, cells: Cells, cell: Ints, edge: Ints, x: Floats, y: Floats) -> Ints:
    nx = len(cells.xs) - 1
    x0, y0 = cells.xs[cell % nx], cells.ys[cell // nx]
    north = np.flatnonzero((edges.ax[edge] <= x0) != (edges.bx[edge] <= x0))
    north = north[_differ(edges, edge[north], (x0[north], y0[north]), (x0[north], y[north]))]
    east = np.flatnonzero((edges.ay[edge] <= y) != (edges.by[edge] <= y))
    east = east[_differ(edges, edge[east], (x0[east], y[east]), (x[east], y[east]))]
    return np.concatenate([north, east])


def _differ(edges: Edges, edge: Ints, p: tuple[Floats, Floats], q: tuple[Floats, Floats]) -> NDArray[np.bool_]:
    return np.asarray(shifted_side(edges, edge, *p) != shifted_side(edges, edge, *q))


def _in_box(edges: Edges, edge: Ints, x: Floats, y: Floats) -> NDArray[np.bool_]:
    ax, ay, bx, by = edges.ax[edge], edges.ay[edge], edges.bx[edge], edges.by[edge]
    return np.asarray((ax <= x) & (x <= bx) & (np.minimum(ay, by) <= y) & (y <= np.maximum(ay, by)))
