"""The arrays in which geometry is passed around: their names, and how they are made."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Geometries = NDArray[np.object_]


def geometries(values: Any) -> Geometries:
    """Return shapely geometries as an array, (n,); one geometry alone gives one element."""
    return np.atleast_1d(np.asarray(values, dtype=np.object_))


def points(xy: Floats) -> Geometries:
    """Make (n,) points of (n, 2) coordinates.

    Examples
    --------
    >>> points(np.array([[1.0, 2.0]]))[0].wkt
    'POINT (1 2)'
    """
    return geometries(shapely.points(xy))


def lines(seg: Floats) -> Geometries:
    """Make (n,) lines of (n, 4) segments x1, y1, x2, y2.

    Examples
    --------
    >>> lines(np.array([[0.0, 0.0, 3.0, 4.0]]))[0].length
    5.0
    """
    return geometries(shapely.linestrings(seg.reshape(-1, 2, 2)))
