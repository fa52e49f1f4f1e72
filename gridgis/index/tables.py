"""The tables of an index; their file is described in `gridgis.index.store`, how they are read in docs/lookup.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Ints: TypeAlias = "NDArray[np.int32]"

LOW = -0.125
"""West and south end of the coordinates of leaf edges, in cells: they run from LOW to 1 - LOW."""
STEP = (1.0 - 2.0 * LOW) / 65534
"""What one unit of a leaf edge's 16-bit coordinates is, in cells; code 1 is LOW, code 0 marks an edge from the west."""
NEAR = STEP / 2 + 2.0**-20
"""A vertex is off its rounded place by so much at most, in cells, in x and in y."""
HEAD = 3
"""Words before the edges of a leaf: the corner's, their number, and where their slots begin."""
MARGIN = 2.0**-49
"""Corners of cells are moved south-west by so much, in parts of the size of the coordinates."""
BOUND = (3.0 + 16.0 * 2.0**-53) * 2.0**-53
"""A difference of products has the right sign if it exceeds this part of their sizes (Shewchuk 1997, bound A)."""
TINY = 1e-290
"""Products whose sizes sum up to less may have underflown: they decide nothing."""
LET_IN = 64
"""Added to the number of polygons that touch a point where one of them gets it by the rule of the outer border only."""
NUMBERS = 6
"""So many fields of Tables are numbers; the others are arrays."""


class Tables(NamedTuple):
    """A directory of two levels over the edges of a coverage.

    A word is the position of a polygon + 1, and 0 outside. Bounds are split into rows x columns coarse cells, a coarse
    cell into 2**shift x 2**shift cells. A NamedTuple, since numba takes it as it is.

    Parameters
    ----------
    west, south
        Corner of the first cell, degrees.
    per_x, per_y
        Coarse cells per degree.
    columns, rows
        Number of coarse cells.
    coarse
        (rows * columns,) int64: where its cells begin in ``fine``, times 16, plus the shift.
    fine
        Per cell, row by row: the word of all its points, or ~ the place of its leaf in ``leaves``.
    leaves
        For each leaf HEAD words, then per edge two words of 16-bit coordinates (x1 | y1 << 16, x2 | y2 << 16) and what
        crossing it changes.
    slots
        The numbers of the edges of the leaves, in the same order.
    vertices
        (v, 2) degrees.
    at_vertices
        (v,) the word of a point on the vertex, also where the rule of the outer border gives it; -1 where only the
        exact way can tell.
    ends
        (m, 2) vertices at the ends of each edge; the first is before the second by (x, y).
    sides
        (m, 2) positions of the polygons left and right of it; -1 outside.
    names
        (n + 1,) the id that each word stands for; the first is -1.
    start, owned
        (n + 1,) where the edges of a polygon begin in ``owned``; (k,) edge numbers.
    """

    west: float
    south: float
    per_x: float
    per_y: float
    columns: int
    rows: int
    coarse: NDArray[np.int64]
    fine: Ints
    leaves: Ints
    slots: Ints
    vertices: NDArray[np.float64]
    at_vertices: Ints
    ends: Ints
    sides: Ints
    names: Ints
    start: Ints
    owned: Ints
