"""Narrow gaps between polygons: a coverage that is meant to be seamless has none."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from gridgis.errors import InvalidInput
from gridgis.index.polygons import Geometries, Net

NARROW = 1e-5
"""A gap between two polygons that is narrower (degrees; about a metre) is refused: nobody means it."""
_BESIDE = 1e-3
"""In parts of NARROW: so far off an edge one is on one side of it."""
_SHOWN = 5


def need_no_gaps(
    polygons: Geometries, names: Sequence[int], net: Net, touching: Callable[..., NDArray[np.integer]]
) -> None:
    """Refuse gaps narrower than NARROW; wider ones are ground outside.

    ``touching(x, y)`` counts the polygons that touch points. Only polygons with an outer edge are looked at: shapely
    marks their edges that run close to another polygon's without being common. Such a mark is no gap where two polygons
    meet without common vertices, which the count tells, nor where the other lies behind the edge: a polygon may be
    narrow.
    """
    rim = np.unique(net.sides[(net.sides < 0).any(axis=1)])
    rim = rim[rim >= 0]
    marked = shapely.coverage_invalid_edges(polygons[rim], gap_width=NARROW)
    lines, of = shapely.get_parts(marked, return_index=True)
    xy, line = shapely.get_coordinates(lines, return_index=True)
    inner = np.flatnonzero(line[1:] == line[:-1])
    middle = (xy[inner] + xy[inner + 1]) / 2
    alone = touching(middle[:, 0], middle[:, 1]) < 2
    inner, middle = inner[alone], middle[alone]
    own = rim[of[line[inner]]]
    gap = _another_before(polygons, rim, own, middle, xy[inner + 1] - xy[inner])
    if not gap.any():
        return
    wrong = [names[k] for k in np.unique(own[gap]).tolist()]
    places = [tuple(p) for p in middle[gap].tolist()]
    raise InvalidInput(
        f"面之间有宽不足 {NARROW} 度的缝隙：{wrong[:_SHOWN]}，位于 {places[0]}；"
        "请先修复边界，或用 on_overlap='lowest'（缝隙算作界外）",
        f"there are gaps narrower than {NARROW} degrees between polygons: {wrong[:_SHOWN]}, at {places[0]}; "
        "repair the borders first, or take on_overlap='lowest', by which gaps are outside",
        ids=wrong,
        places=places,
    )


def _another_before(
    polygons: Geometries,
    rim: NDArray[np.integer],
    own: NDArray[np.integer],
    middle: NDArray[np.float64],
    run: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Tell of edges, by middle and run (n, 2), whether a polygon of the rim lies before them, off their ``own``."""
    across = NARROW * run[:, ::-1] * (-1, 1) / np.hypot(*run.T)[:, None]
    found = np.zeros(len(own), dtype=bool)
    tree = shapely.STRtree(polygons[rim])
    for way in (across, -across):
        near, far = middle + _BESIDE * way, middle + way
        before = np.flatnonzero(~shapely.covers(polygons[own], shapely.points(near)))
        edge, other = tree.query(shapely.linestrings(np.stack([near, far], axis=1)[before]), predicate="intersects")
        found[before[edge[rim[other] != own[before[edge]]]]] = True
    return found
