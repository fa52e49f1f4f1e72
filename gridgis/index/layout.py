"""How bounds are split into cells, and the tables that come of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gridgis.errors import InvalidInput
from gridgis.index.kernels.cells import MAX_SHIFT, into_coarse, number_by_edges, write_leaves
from gridgis.index.kernels.pairing import owned_edges
from gridgis.index.kernels.stars import words_at_vertices
from gridgis.index.tables import MARGIN, Ints, Tables

_IN_COARSE = 30.0
"""Edges per coarse cell on the mean."""
_MOST_WORDS = 2**31 - 1
"""Places in the leaves are told by 32-bit numbers: enough for about a hundred million edges."""
_SLACK = 1e-9
"""An edge so near to a coarse cell, in coarse cells, is looked at there, besides what corners are moved by."""
_FINEST = 2.0**-28
"""No cell is smaller, in parts of the size of the coordinates: corners are moved by 2**-21 cells at most."""
_PAD = 2.0**-13
"""Free ground around, in parts of the size: the corner of the first cell is near no edge. Points outside the bounds are
looked up there."""


def to_tables(
    vertices: NDArray[np.float64], ends: Ints, sides: Ints, ids: Ints, spread: float
) -> tuple[Tables, NDArray[np.bool_]]:
    """Lay edges out in cells; return the tables and which polygons look wrong (`write_leaves`).

    ``spread``: a coarse cell of n edges is split into about spread x sqrt(n) cells each way.
    """
    low, high = bounds_of(vertices)
    reach = np.maximum(np.abs(low), np.abs(high)) + (high - low)
    pad = np.maximum((high - low) * _PAD, reach * _FINEST)
    low, high = low - pad, high + pad
    size = high - low
    most = np.clip(size / (reach * _FINEST), 1, 2**20)  # cells each way, coarse or not
    wanted = max(1.0, len(ends) / _IN_COARSE)
    columns = int(np.clip(np.sqrt(wanted * size[0] / size[1]), 1, most[0]))
    rows = int(np.clip(wanted / columns, 1, most[1]))
    per_x, per_y = float(columns / size[0]), float(rows / size[1])
    frame = (float(low[0]), float(low[1]), per_x, per_y)
    slack = _SLACK + 4 * MARGIN * float((reach * (per_x, per_y)).max())
    start, edges = into_coarse(vertices, ends, frame, slack, columns, rows)
    shift = _shifts(np.diff(start), spread, int(min(MAX_SHIFT, np.log2(most / (columns, rows)).min())))
    begin = np.zeros(len(shift) + 1, dtype=np.int64)
    np.cumsum(4**shift, out=begin[1:])
    coarse = begin[:-1] << 4 | shift
    fine = np.empty(begin[-1], dtype=np.int32)
    net, shape = (vertices, ends, sides), (columns, rows)
    leaves, slots, order, doubt = write_leaves(net, frame, slack, shape, start, edges, coarse, fine)
    if len(leaves) > _MOST_WORDS:
        raise InvalidInput(
            f"{len(ends)} 条边的索引过大；请分成几个区域分别建立",
            f"an index of {len(ends)} edges is too large; build several, of parts of the area",
            edges=len(ends),
        )
    leaves, slots = leaves.copy(), slots.copy()  # by NumPy, which asks for large pages of memory where numba does not
    suspect = np.zeros(len(ids) + 1, dtype=bool)
    suspect[sides[doubt]] = True  # -1 is the last
    sides = sides[order]
    kept, ends = number_by_edges(ends[order], len(vertices))
    names = np.concatenate([[-1], ids]).astype(np.int32)
    vertices = vertices[kept]
    at_vertices = words_at_vertices(vertices, ends, sides, suspect[:-1])
    edges_of = owned_edges(sides, len(ids))
    tables = Tables(
        *frame, columns, rows, coarse, fine, leaves, slots, vertices, at_vertices, ends, sides, names, *edges_of
    )
    return tables, suspect[:-1]


def bounds_of(xy: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the least and the greatest x and y; column by column, since both at once take NumPy ten times as long."""
    columns = xy[:, 0], xy[:, 1]
    return np.array([c.min() for c in columns]), np.array([c.max() for c in columns])


def _shifts(count: NDArray[np.int64], spread: float, most: int) -> NDArray[np.int64]:
    wanted = np.rint(np.log2(np.maximum(spread * np.sqrt(count), 1.0)))
    return np.clip(wanted, 0, max(0, most)).astype(np.int64)
