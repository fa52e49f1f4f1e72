"""Geometry as short lists of integers, so that the map of a town is one small file."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

STEP_DEG = 1e-7
"""About 1 cm: finer than anything drawn."""


def path(xy: NDArray[np.float64], origin: NDArray[np.float64]) -> list[int]:
    """Encode the (n, 2) lon/lat coordinates of a line as steps: first point from the origin, then differences.

    Examples
    --------
    >>> path(np.array([[109.0, 32.0], [109.0000001, 32.0000002]]), np.array([109.0, 32.0]))
    [0, 0, 1, 2]
    """
    steps = np.round((xy - origin) / STEP_DEG).astype(np.int64)
    return np.diff(steps, axis=0, prepend=np.zeros((1, 2), dtype=np.int64)).ravel().tolist()


def lines(geom: BaseGeometry, origin: NDArray[np.float64]) -> list[list[int]]:
    """Encode a line or multiline as a list of paths."""
    return [path(shapely.get_coordinates(part), origin) for part in shapely.get_parts(geom) if not part.is_empty]


def polygons(geom: BaseGeometry, origin: NDArray[np.float64]) -> list[list[list[int]]]:
    """Encode a polygon or multipolygon as a list of polygons, each a list of rings, the outer one first."""
    parts = [part for part in shapely.get_parts(geom) if part.geom_type == "Polygon" and not part.is_empty]
    return [[path(shapely.get_coordinates(r), origin) for r in (p.exterior, *p.interiors)] for p in parts]


def decode(steps: list[int], origin: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the (n, 2) lon/lat coordinates of a path: what the page's script does too."""
    return np.cumsum(np.asarray(steps, dtype=np.int64).reshape(-1, 2), axis=0) * STEP_DEG + origin


def point(xy: Any, digits: int = 7) -> list[float]:
    """Return a coordinate pair for display, rounded."""
    return [round(float(v), digits) for v in xy]
