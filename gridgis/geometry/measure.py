"""Measures that several parts must agree on: where a building stands, how large its footprint is."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from gridgis.geometry.crs import STORED_CRS, to_stored, to_work, transform_xy


def representative_points(frame: gpd.GeoDataFrame, work_crs: str) -> NDArray[np.float64]:
    """Return one point inside each geometry, the one by which a building is counted (SEMANTICS 3).

    It is the point on surface of the geometry as it is stored: snapped to the 1 mm grid of the work CRS, then
    in longitude and latitude. So whoever counts, before or after storing, sees the same point.

    Returns
    -------
    (n, 2) array
        Longitude and latitude in degrees (EPSG:4490).
    """
    stored = to_stored(to_work(frame, work_crs, "buildings"))
    return shapely.get_coordinates(shapely.point_on_surface(stored.geometry.to_numpy())).astype(np.float64)


def representative_points_in_work(frame: gpd.GeoDataFrame, work_crs: str) -> NDArray[np.float64]:
    """Return the same points in the work CRS, (n, 2) metres, not rounded."""
    return transform_xy(representative_points(frame, work_crs), STORED_CRS, work_crs)


def footprint_areas_m2(frame: gpd.GeoDataFrame, work_crs: str) -> NDArray[np.float64]:
    """Return the areas of the geometries as stored, in square metres of the work CRS; 0 for points."""
    return shapely.area(to_work(frame, work_crs, "buildings").geometry.to_numpy()).astype(np.float64)
