"""The spatial order in which grids are numbered."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from gridgis.errors import InvalidInput

Point = tuple[Any, float, float]
"""(id, x, y): x grows to the east and y to the north, in one metric unit."""


def spatial_order(items: Iterable[Point], row_height: float | None = None) -> list[Any]:
    """Order grids as one reads: in rows from north to south, and from west to east in a row.

    A row is a strip as high as the median grid, laid so that the northernmost remaining point is in its middle; it
    takes every point in it, that is, all within half of ``row_height`` (that included) south of that point. So grids
    that stand side by side share a row although their points differ a little, and a grid of the next row, one height
    further south, does not slip in. In a row ties go to the northern point, then to the smaller id (numbers come
    before texts). The order of ``items`` does not matter.

    ::

        north    - - - - - - - - - - - - - - - - - - -
                          B                                A, B, C are within half a row of B, the northernmost:
                  A                 C                      the first row, numbered west to east: A 1, B 2, C 3
                 - - - - - - - - - - - - - - - - - - -
                                                           D, E: the second row, laid around D: E 4, D 5
                                    D
                  E
        south    - - - - - - - - - - - - - - - - - - -

    Parameters
    ----------
    items
        (id, x, y) of each grid.
    row_height
        Height of the median grid in the unit of x and y. Default: `default_row_height` of the points.

    Returns
    -------
    list
        The ids in order.

    Raises
    ------
    InvalidInput
        A coordinate is not finite, an id occurs twice, or the row height is negative or not finite.

    Examples
    --------
    >>> spatial_order([("D", 2, 1), ("E", 0, 0.8), ("A", 0, 4.7), ("B", 1, 5), ("C", 2, 4.8)], row_height=4)
    ['A', 'B', 'C', 'E', 'D']
    """
    points = list(items)
    _check_points(points)
    height = default_row_height(points) if row_height is None else row_height
    if not (math.isfinite(height) and height >= 0):
        raise InvalidInput(
            f"行高 {height} 不对：须为非负数，单位与坐标相同",
            f"row height {height} is wrong: it must be 0 or more, in the unit of the coordinates",
            row_height=str(height),
        )
    out: list[Any] = []
    row: list[Point] = []
    for point in sorted(points, key=lambda p: -p[2]):
        if row and row[0][2] - point[2] > height / 2:
            out += _west_to_east(row)
            row = []
        row.append(point)
    return out + _west_to_east(row)


def default_row_height(points: Sequence[Point]) -> float:
    """Guess the height of the median grid from its points: the median distance to the nearest other place.

    Several points on one place count once. Fewer than two places: 0, so that points share a row where they share a
    northing. Callers that have the polygons know better, and pass the median height of their boxes.

    Examples
    --------
    >>> default_row_height([(1, 0, 0), (2, 10, 0), (3, 0, 12), (4, 10, 12), (5, 10, 12)])
    10.0
    """
    places = sorted({(float(x), float(y)) for _, x, y in points})
    if len(places) < 2:
        return 0.0
    nearest = sorted(_nearest(places, i) for i in range(len(places)))
    return nearest[(len(nearest) - 1) // 2]


def _nearest(places: list[tuple[float, float]], at: int) -> float:
    """Return the distance to the nearest other place; places are sorted by x, so it looks outward and stops early."""
    x, y = places[at]
    best = math.inf
    for side in (range(at - 1, -1, -1), range(at + 1, len(places))):
        for i in side:
            if abs(places[i][0] - x) >= best:
                break
            best = min(best, math.hypot(places[i][0] - x, places[i][1] - y))
    return best


def _west_to_east(row: list[Point]) -> list[Any]:
    return [p[0] for p in sorted(row, key=lambda p: (p[1], -p[2], id_key(p[0])))]


def id_key(value: Any) -> tuple[bool, Any]:
    """Return a key that orders ids of mixed types: numbers first, then texts."""
    return isinstance(value, str), value


def _check_points(points: list[Point]) -> None:
    for name, x, y in points:
        if not (math.isfinite(x) and math.isfinite(y)):
            raise InvalidInput(
                f"网格 {name} 的坐标 ({x}, {y}) 不是数字",
                f"grid {name}: its point ({x}, {y}) is not finite",
                id=str(name),
            )
    ordered = sorted((p[0] for p in points), key=id_key)
    if double := sorted({str(a) for a, b in pairwise(ordered) if a == b}):
        raise InvalidInput(f"标识重复：{double[:5]}", f"ids occur twice: {double[:5]}", ids=double)
