"""Cells over the edges: a point looks only at the edges of its own cell.

A cell is half-open, [xs[i], xs[i+1]) x [ys[j], ys[j+1]). It knows the polygon at its lower left corner (the anchor)
and the edges that may touch it. One edge too many does no harm, since each is tried by the exact predicate; so the
list is made with floats and some slack.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gridgis.index.edges import Edges
from gridgis.index.predicate import orientation

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_CELLS_PER_EDGE = 2.0
_MAX_SIDE = 8192


@dataclass(frozen=True)
class Cells:
    """A uniform grid of cells over all edges.

    Parameters
    ----------
    xs, ys
        (nx + 1,), (ny + 1,) cell borders, ascending; the outermost ones are clear of all edges.
    start
        (nx * ny + 1,) where the edges of a cell begin in ``members``; cell (i, j) has the number j * nx + i.
    members
        (m,) edge numbers.
    anchor
        (nx * ny,) word of the polygon at the shifted lower left corner of a cell: position + 1, 0 outside.
    """

    xs: Floats
    ys: Floats
    start: Ints
    members: NDArray[np.int32]
    anchor: NDArray[np.int32]


def words(edges: Edges) -> NDArray[np.int32]:
    """Return what changes when an edge is crossed: (left + 1) XOR (right + 1)."""
    return (edges.left + 1) ^ (edges.right + 1)


def shifted_side(edges: Edges, at: NDArray[np.integer], px: Floats, py: Floats) -> NDArray[np.int8]:
    """Tell the side (1 left, -1 right, never 0) of points moved by (+e1, +e2), e1 >> e2 > 0, infinitely small.

    On the line itself the move to the east decides, since e1 is the greater; for an edge from west to east, along
    which it changes nothing, the move to the north does.
    """
    ax, ay, bx, by = edges.ax[at], edges.ay[at], edges.bx[at], edges.by[at]
    side = orientation(ax, ay, bx, by, px, py)
    on = side == 0
    if on.any():
        rise = np.sign(by[on] - ay[on])
        side[on] = np.where(rise == 0, 1, -rise).astype(np.int8)  # a -> b runs east when level
    return side


def edges_to_cells(edges: Edges) -> Cells:
    """Sort the edges into cells and find the anchors."""
    xs, ys = _borders(edges)
    cell, edge = _touched(edges, xs, ys)
    nx, ny = len(xs) - 1, len(ys) - 1
    order = np.argsort(cell, kind="stable")
    cell, edge = cell[order], edge[order]
    start = np.zeros(nx * ny + 1, dtype=np.int64)
    np.cumsum(np.bincount(cell, minlength=nx * ny), out=start[1:])
    anchor = _anchors(edges, xs, ys, cell, edge)
    return Cells(xs, ys, start, edge.astype(np.int32), anchor)


def _borders(edges: Edges) -> tuple[Floats, Floats]:
    x0, x1 = min(edges.ax.min(), edges.bx.min()), max(edges.ax.max(), edges.bx.max())
    y0, y1 = min(edges.ay.min(), edges.by.min()), max(edges.ay.max(), edges.by.max())
    wanted = max(1.0, _CELLS_PER_EDGE * len(edges))
    nx = int(np.clip(np.sqrt(wanted * (x1 - x0) / (y1 - y0)), 1, _MAX_SIDE))
    ny = int(np.clip(wanted / nx, 1, _MAX_SIDE))
    return _spread(x0, x1, nx), _spread(y0, y1, ny)


def _spread(low: float, high: float, count: int) -> Floats:
    pad = max((high - low) * 1e-3, 16 * float(np.spacing(max(abs(low), abs(high)))))
    return np.unique(np.linspace(low - pad, high + pad, count + 1))  # unique: cells finer than floats fall together


def _column(borders: Floats, values: Floats) -> Ints:
    return np.clip(np.searchsorted(borders, values, side="right") - 1, 0, len(borders) - 2).astype(np.int64)


def _ranges(counts: Ints) -> tuple[Ints, Ints]:
    """Expand counts to (which, k): for each i the numbers 0 .. counts[i] - 1."""
    which = np.repeat(np.arange(len(counts), dtype=np.int64), counts)
    first = np.cumsum(counts) - counts
    return which, np.arange(len(which), dtype=np.int64) - first[which]


def _touched(edges: Edges, xs: Floats, ys: Floats) -> tuple[Ints, Ints]:
    """List (cell, edge) for all cells that an edge touches, and perhaps a few more."""
    size = min(float(np.diff(xs).min()), float(np.diff(ys).min()))
    reach = max(np.abs(xs).max(), np.abs(ys).max())
    slack = 1e-6 * size + 64 * float(np.spacing(reach))
    low, high = np.minimum(edges.ay, edges.by), np.maximum(edges.ay, edges.by)
    j0, j1 = _column(ys, low - slack), _column(ys, high + slack)
    edge, k = _ranges(j1 - j0 + 1)
    row = j0[edge] + k
    ax, bx, ay, dy = edges.ax[edge], edges.bx[edge], edges.ay[edge], (edges.by - edges.ay)[edge]
    level = dy == 0
    run = np.where(level, 1.0, dy)
    # The part of the edge inside the row, as fractions of a -> b.
    t0 = np.clip(np.where(level, 0.0, (np.clip(ys[row] - slack, low[edge], high[edge]) - ay) / run), 0, 1)
    t1 = np.clip(np.where(level, 1.0, (np.clip(ys[row + 1] + slack, low[edge], high[edge]) - ay) / run), 0, 1)
    x0, x1 = ax + t0 * (bx - ax), ax + t1 * (bx - ax)
    i0, i1 = _column(xs, np.minimum(x0, x1) - slack), _column(xs, np.maximum(x0, x1) + slack)
    pair, k = _ranges(i1 - i0 + 1)
    return row[pair] * (len(xs) - 1) + i0[pair] + k, edge[pair]


def _anchors(edges: Edges, xs: Floats, ys: Floats, cell: Ints, edge: Ints) -> NDArray[np.int32]:
    """Walk each row of corners from the west, where all is outside, to the east."""
    nx, ny = len(xs) - 1, len(ys) - 1
    i, y = cell % nx, ys[cell // nx]
    cross = np.flatnonzero((edges.ay[edge] <= y) != (edges.by[edge] <= y))
    e, y, i = edge[cross], y[cross], i[cross]
    cross = cross[shifted_side(edges, e, xs[i], y) != shifted_side(edges, e, xs[i + 1], y)]
    step = np.zeros(nx * ny, dtype=np.int32)
    np.bitwise_xor.at(step, cell[cross], words(edges)[edge[cross]])
    walked = np.bitwise_xor.accumulate(step.reshape(ny, nx), axis=1)
    anchor = np.zeros((ny, nx), dtype=np.int32)
    anchor[:, 1:] = walked[:, :-1]
    return anchor.ravel()
