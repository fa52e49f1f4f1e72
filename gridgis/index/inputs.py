"""Many points as callers hold them: arrays, GeoSeries, Arrow tables."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from gridgis.errors import InvalidInput
from gridgis.geometry.crs import STORED_CRS, need_crs, transform_xy
from gridgis.geometry.shift import to_stored_lonlat
from gridgis.index.given import floats_of

Floats = NDArray[np.float64]


def stored_points(points: Any, lat: ArrayLike | None = None, crs: str = STORED_CRS) -> tuple[Floats, Floats]:
    """Return longitudes and latitudes of (n,) points in stored coordinates.

    Parameters
    ----------
    points
        Longitudes, with ``lat``: sequences, NumPy, pandas or Arrow columns. Or, without: a GeoSeries or GeoDataFrame of
        points, in its own CRS; a table (Arrow, pandas) with columns lon and lat.
    lat
        Latitudes.
    crs
        Coordinates of longitudes and latitudes: EPSG:4490, EPSG:4326, GCJ-02, BD-09.

    Raises
    ------
    InvalidInput
        No numbers, no columns of one length, no points, no CRS, no columns lon and lat; or ``crs`` is given for
        geometries, which have their own.

    Examples
    --------
    >>> lon, lat = stored_points(gpd.points_from_xy([109.0], [32.0], crs="EPSG:4326"))
    >>> lon.tolist(), lat.tolist()
    ([109.0], [32.0])
    """
    if lat is not None:
        x, y = floats_of(points), floats_of(lat)
        if x.shape != y.shape or x.ndim != 1:
            raise InvalidInput(
                f"经度与纬度应各为一列，一样多；形状为 {x.shape} 与 {y.shape}",
                f"lon and lat must be two columns of one length; they are of shape {x.shape} and {y.shape}",
            )
        x, y, _ = to_stored_lonlat(x, y, crs)
        return x, y
    if hasattr(points, "geometry") or isinstance(points, gpd.array.GeometryArray):
        if crs != STORED_CRS:
            zh, en = "图形自带坐标系，请勿另给 crs", "geometries have a CRS of their own: leave crs out"
            raise InvalidInput(zh, en, crs=crs)
        return _of_geometries(gpd.GeoSeries(getattr(points, "geometry", points)))
    try:
        return stored_points(points["lon"], points["lat"], crs)
    except (KeyError, TypeError, IndexError) as e:
        raise InvalidInput(
            "请给出 lon 与 lat，或点的 GeoSeries，或有 lon、lat 两列的表",
            "give lon and lat, or a GeoSeries of points, or a table with columns lon and lat",
        ) from e


def _of_geometries(series: gpd.GeoSeries) -> tuple[Floats, Floats]:
    need_crs(gpd.GeoDataFrame(geometry=series), "points")
    shapes = series.to_numpy()
    if len(wrong := np.flatnonzero(shapely.get_type_id(shapes) > 0)):
        raise InvalidInput(
            f"第 {wrong[:5].tolist()} 个图形不是点",
            f"geometries {wrong[:5].tolist()} are no points",
            rows=wrong.tolist(),
        )
    xy = np.full((len(shapes), 2), np.nan)  # NaN where there is none, which is nowhere
    there = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    xy[there] = shapely.get_coordinates(shapes[there])
    xy = transform_xy(xy, series.crs, STORED_CRS)
    return xy[:, 0], xy[:, 1]
