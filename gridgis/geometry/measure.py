"""Measures that several parts must agree on: where a building stands, how large its footprint is."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from gridgis.geometry.arrays import Floats, Geometries, Ints, points
from gridgis.geometry.crs import GRID_M, STORED_CRS, to_stored, to_work, transform_xy


def representative_points(frame: gpd.GeoDataFrame, work_crs: str) -> Floats:
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


def holders(lonlat: Floats, polygons: Geometries, work_crs: str) -> Ints:
    """Tell which polygon of a coverage holds each point; decided on the stored coordinates, as the verifier does.

    Parameters
    ----------
    lonlat
        (n, 2) longitudes and latitudes in degrees (EPSG:4490).
    polygons
        (m,) polygons in the work CRS.
    work_crs
        Their CRS.

    Returns
    -------
    (n,) array
        Positions of polygons; -1 for a point more than 1 mm away from all. On a shared border: the lower position.
    """
    spots = points(transform_xy(lonlat, STORED_CRS, work_crs))
    which, at = shapely.STRtree(spots).query(polygons, predicate="dwithin", distance=GRID_M)
    order = np.lexsort((which, at))
    at, which = at[order], which[order]
    out = np.full(len(lonlat), -1, dtype=np.int64)
    out[at[::-1]] = which[::-1]
    doubtful = np.bincount(at, minlength=len(lonlat))[at] > 1
    if doubtful.any():
        at, which = at[doubtful], which[doubtful]
        stored = to_stored(gpd.GeoDataFrame(geometry=polygons[which], crs=work_crs)).geometry.to_numpy()
        away = shapely.distance(stored, points(lonlat[at]))
        order = np.lexsort((which, away, at))[::-1]
        out[at[order]] = which[order]
    return out


def footprint_areas_m2(frame: gpd.GeoDataFrame, work_crs: str) -> Floats:
    """Return the areas of the geometries as stored, in square metres of the work CRS; 0 for points."""
    return shapely.area(to_work(frame, work_crs, "buildings").geometry.to_numpy()).astype(np.float64)
