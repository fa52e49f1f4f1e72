"""How far many points are from the borders of their polygons, in metres."""

from __future__ import annotations

import math
from typing import Any

from numba import njit


@njit(cache=True, nogil=True)
def border_distances(position: Any, points: Any, metres: Any, ends: Any, start: Any, owned: Any, out: Any) -> None:
    """Fill ``out`` (n,) with the distance of ``points`` (n, 2) to the edges of the polygons at ``position`` (n,).

    ``metres`` (v, 2) are the vertices of the tables in the CRS of the points; where ``position`` is -1, ``out`` stays.
    """
    for k in range(len(position)):
        p = position[k]
        if p < 0:
            continue
        x, y = points[k]
        least = math.inf
        for o in range(start[p], start[p + 1]):
            e = owned[o]
            ax, ay = metres[ends[e, 0]]
            bx, by = metres[ends[e, 1]]
            dx, dy = bx - ax, by - ay
            length2 = dx * dx + dy * dy
            t = ((x - ax) * dx + (y - ay) * dy) / length2 if length2 > 0.0 else 0.0
            t = min(max(t, 0.0), 1.0)
            u, v = ax + t * dx - x, ay + t * dy - y
            least = min(least, u * u + v * v)
        out[k] = math.sqrt(least)
