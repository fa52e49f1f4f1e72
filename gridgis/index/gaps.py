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
_SHOWN = 5


def need_no_gaps(
    polygons: Geometries, names: Sequence[int], net: Net, touching: Callable[..., NDArray[np.integer]]
) -> None:
    """Refuse gaps narrower than NARROW; wider ones are ground outside.

    ``touching(x, y)`` counts the polygons that touch points. Only polygons with an outer edge are looked at: shapely
    marks their edges that run close to another polygon's without being common; where two polygons meet without common
    vertices these marks are no gaps, which the count tells.
    """
    rim = np.unique(net.sides[(net.sides < 0).any(axis=1)])
    rim = rim[rim >= 0]
    marked = shapely.coverage_invalid_edges(polygons[rim], gap_width=NARROW)
    lines, of = shapely.get_parts(marked, return_index=True)
    xy, line = shapely.get_coordinates(lines, return_index=True)
    inner = np.flatnonzero(line[1:] == line[:-1])
    middle = (xy[inner] + xy[inner + 1]) / 2
    alone = np.flatnonzero(touching(middle[:, 0], middle[:, 1]) < 2)
    if not len(alone):
        return
    wrong = [names[k] for k in np.unique(rim[of[line[inner[alone]]]]).tolist()]
    places = [tuple(p) for p in middle[alone].tolist()]
    raise InvalidInput(
        f"面之间有宽不足 {NARROW} 度的缝隙：{wrong[:_SHOWN]}，位于 {places[0]}；"
        "请先修复边界，或用 on_overlap='lowest'（缝隙算作界外）",
        f"there are gaps narrower than {NARROW} degrees between polygons: {wrong[:_SHOWN]}, at {places[0]}; "
        "repair the borders first, or take on_overlap='lowest', by which gaps are outside",
        ids=wrong,
        places=places,
    )
