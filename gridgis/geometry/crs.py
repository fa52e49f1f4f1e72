"""Coordinate reference systems: the stored one, the work one, and the way between them.

The law is the stored coordinates: longitude and latitude in EPSG:4490 (CGCS2000), which is taken as identical to
EPSG:4326, float64. Everything is noded, measured and cut in one metric *work CRS*, on a grid of 1 mm. Since every
work coordinate is a multiple of 1 mm, the way work -> stored -> work is exact: it returns the same numbers.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

from gridgis.errors import InvalidInput

STORED_CRS = "EPSG:4490"
GRID_M = 0.001
"""The work grid: all coordinates in the work CRS are multiples of it (metres)."""


def choose_work_crs(lon: float, lat: float) -> str:
    """Name the metric CRS for a place: the CGCS2000 3-degree zone in China, else the UTM zone.

    The zones without zone prefix are used (EPSG:4534-4554: central meridians 75 E to 135 E).

    Examples
    --------
    >>> choose_work_crs(109.03, 32.69)
    'EPSG:4545'
    >>> choose_work_crs(24.94, 60.17)
    'EPSG:32635'
    """
    if 73.5 <= lon < 136.5 and 3 <= lat <= 54:
        return f"EPSG:{4534 + round((lon - 75) / 3)}"
    zone = int((lon + 180) // 6) % 60 + 1
    return f"EPSG:{(32600 if lat >= 0 else 32700) + zone}"


@cache
def _transformer(source: str, target: str) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(source, target, always_xy=True)


def _key(crs: Any) -> str:
    crs = pyproj.CRS.from_user_input(crs)
    if crs.to_epsg() in (4326, 4979, 4490):
        return STORED_CRS
    return f"EPSG:{crs.to_epsg()}" if crs.to_epsg() else str(crs.to_wkt())


def transform_xy(xy: NDArray[np.float64], source: Any, target: Any) -> NDArray[np.float64]:
    """Transform an (n, 2) array of x, y (or lon, lat) from one CRS to another; EPSG:4326 counts as EPSG:4490."""
    src, dst = _key(source), _key(target)
    if src == dst or not len(xy):
        return np.asarray(xy, dtype=np.float64)
    x, y = _transformer(src, dst).transform(xy[:, 0], xy[:, 1])
    return np.column_stack([x, y])


def snap(xy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round work coordinates to the 1 mm grid; one canonical float for each grid line."""
    return np.round(xy * 1000.0) / 1000.0 + 0.0


def _transform_geoms(geoms: Any, source: Any, target: Any, snapped: bool) -> Any:
    def move(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        out = transform_xy(xy, source, target)
        return snap(out) if snapped else out

    return shapely.transform(shapely.force_2d(geoms), move)


def need_crs(frame: gpd.GeoDataFrame, what: str) -> None:
    """Refuse a layer without CRS.

    Raises
    ------
    InvalidInput
        Names the layer and says how to give the CRS.
    """
    if frame.crs is None:
        raise InvalidInput(
            f"图层“{what}”没有坐标系；请指明，例如 EPSG:4490（经纬度）或 EPSG:4545（3度带）",
            f"layer '{what}' has no CRS; state it, e.g. EPSG:4490 (lon/lat) or EPSG:4545 (3-degree zone)",
            layer=what,
        )


def to_work(frame: gpd.GeoDataFrame, work_crs: str, what: str = "layer") -> gpd.GeoDataFrame:
    """Return the frame in the work CRS, 2D, its coordinates rounded to the 1 mm grid (topology is not repaired)."""
    need_crs(frame, what)
    geoms = _transform_geoms(frame.geometry.to_numpy(), frame.crs, work_crs, snapped=True)
    return frame.set_geometry(gpd.GeoSeries(geoms, index=frame.index, crs=work_crs))


def to_stored(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the frame in stored coordinates (lon/lat, EPSG:4490); equal work vertices stay equal."""
    need_crs(frame, "grids")
    geoms = _transform_geoms(frame.geometry.to_numpy(), frame.crs, STORED_CRS, snapped=False)
    return frame.set_geometry(gpd.GeoSeries(geoms, index=frame.index, crs=STORED_CRS))
