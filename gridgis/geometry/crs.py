"""Coordinate reference systems: the stored one, the work one, and the way between them.

The law is the stored coordinates: longitude and latitude in EPSG:4490 (CGCS2000), which is taken as identical to
EPSG:4326, float64. Everything is noded, measured and cut in one metric *work CRS*, on a grid of 1 mm. Since every
work coordinate is a multiple of 1 mm, the way work -> stored -> work is exact: it returns the same numbers.

A CRS on another datum is brought to the stored one by the transformations to WGS 84 that PROJ knows for the place of
each point. Where it knows none (Xian 80; Beijing 54 but for some basins) the coordinates are refused: PROJ would take
the datums for the same and leave them 30 to 100 m off.
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
from gridgis.geometry.lonlat import STORED_CRS as STORED_CRS
from gridgis.geometry.projection import crs_key, on_stored_datum, transformer

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


_HUB = "EPSG:4326"
"""Stands for STORED_CRS in transformations from and to other datums: PROJ knows those to WGS 84."""

Box = tuple[float, float, float, float]


@cache
def _known_areas(key: str) -> tuple[Box, ...]:
    """List the areas (west, south, east, north; degrees) for which a transformation to WGS 84 is known."""
    found = pyproj.transformer.TransformerGroup(key, _HUB, always_xy=True, allow_ballpark=False).transformers
    areas = [t.area_of_use for t in found]
    return tuple((-180.0, -90.0, 180.0, 90.0) if a is None else (a.west, a.south, a.east, a.north) for a in areas)


def _need_known(lonlat: NDArray[np.float64], key: str) -> None:
    """Refuse points for whose place no transformation is known; points that are not finite are judged elsewhere."""
    lon, lat = lonlat[np.isfinite(lonlat).all(axis=1)].T
    known = np.zeros(len(lon), dtype=bool)
    for west, south, east, north in _known_areas(key):
        across = west > east  # an area over the 180th meridian
        inside = (lon >= west) | (lon <= east) if across else (lon >= west) & (lon <= east)
        known |= inside & (lat >= south) & (lat <= north)
    if not known.all():
        raise _unknown_way(key)


def _unknown_way(key: str) -> InvalidInput:
    name = pyproj.CRS.from_user_input(key).name
    return InvalidInput(
        f"没有从坐标系 {name} 到 CGCS2000 的已知转换参数（直接当作相同会偏移数十米）；"
        "请先用测绘部门的参数把数据转换到 CGCS2000（EPSG:4490 或 3度带）",
        f"no known transformation from {name} to CGCS2000 for this place (taking them as equal is off by tens of "
        "metres); transform the data with your survey office's parameters first, to EPSG:4490 or a 3-degree zone",
        crs=key,
    )


def _between_datums(xy: NDArray[np.float64], other: str, to_other: bool) -> NDArray[np.float64]:
    """Transform between the stored coordinates and a CRS on another datum, by known transformations alone."""
    pair = (_HUB, other) if to_other else (other, _HUB)
    try:
        x, y = transformer(*pair, False).transform(xy[:, 0], xy[:, 1])
    except pyproj.exceptions.ProjError as e:
        raise _unknown_way(other) from e
    out = np.column_stack([x, y])
    _need_known(xy if to_other else out, other)
    return out


def transform_xy(xy: NDArray[np.float64], source: Any, target: Any) -> NDArray[np.float64]:
    """Transform an (n, 2) array of x, y (or lon, lat) from one CRS to another; EPSG:4326 counts as EPSG:4490.

    Raises
    ------
    InvalidInput
        A CRS on another datum for which no transformation is known at the place of a point.
    """
    src, dst = crs_key(source), crs_key(target)
    if src == dst or not len(xy):
        return np.asarray(xy, dtype=np.float64)
    if not on_stored_datum(src):
        return transform_xy(_between_datums(xy, src, to_other=False), STORED_CRS, dst)
    if not on_stored_datum(dst):
        return _between_datums(transform_xy(xy, src, STORED_CRS), dst, to_other=True)
    x, y = transformer(src, dst, True).transform(xy[:, 0], xy[:, 1])
    return np.column_stack([x, y])


def snap(xy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round work coordinates to the 1 mm grid; one canonical float for each grid line."""
    return np.round(xy * 1000.0) / 1000.0 + 0.0


def _transform_geoms(geoms: Any, source: Any, target: Any, snapped: bool) -> Any:
    def move(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        out = transform_xy(xy, source, target)
        return snap(out) if snapped else out

    flat = shapely.force_2d(geoms) if shapely.has_z(geoms).any() else geoms
    return shapely.transform(flat, move)


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
