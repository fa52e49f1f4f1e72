"""Where to write a name: inside a polygon, as far from its border as can be."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

METRES_PER_DEGREE = 111_195.0
"""Of latitude, on the mean sphere; for drawing only, never for measuring."""


def label_anchors(geoms: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return for each polygon the centre of its largest inscribed circle, and that circle's radius.

    Parameters
    ----------
    geoms
        (n,) polygons or multipolygons in lon/lat, degrees.

    Returns
    -------
    tuple[NDArray[np.float64], NDArray[np.float64]]
        (n, 2) lon, lat in degrees; (n,) radius in metres, good to about 1 %, for drawing.

    Examples
    --------
    >>> centre, radius = label_anchors([shapely.box(0, 0, 0.01, 0.002)])
    >>> bool(0.0009 < centre[0, 1] < 0.0011), round(float(radius[0]), -1)
    (True, 110.0)
    """
    geoms = np.asarray(geoms, dtype=object)
    if not len(geoms):
        return np.empty((0, 2)), np.empty(0)
    bounds = shapely.total_bounds(geoms)
    middle = np.radians((bounds[1] + bounds[3]) / 2)
    scale = np.array([np.cos(middle), 1.0]) * METRES_PER_DEGREE
    flat = shapely.transform(geoms, lambda xy: xy * scale)
    size = np.sqrt(np.maximum(shapely.area(flat), 1e-6))
    radii = shapely.maximum_inscribed_circle(flat, tolerance=np.maximum(size / 100, 0.01))
    return shapely.get_coordinates(shapely.get_point(radii, 0)) / scale, shapely.length(radii)
