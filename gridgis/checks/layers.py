"""The layers of a community brought to one CRS, vertex by vertex and without rounding."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from gridgis.errors import InvalidInput
from gridgis.geometry.crs import transform_xy
from gridgis.model import Community

NO_GRID = -1
"""Position of no grid."""


def move(geoms: Any, source: Any, target: Any) -> Any:
    """Transform geometries vertex by vertex, without rounding."""
    return shapely.transform(shapely.force_2d(geoms), lambda xy: transform_xy(xy, source, target))


def polygon_parts(geom: BaseGeometry) -> BaseGeometry:
    """Return the polygons of a geometry, lines and points left out."""
    parts = [p for p in shapely.get_parts(shapely.make_valid(geom)) if p.geom_type in ("Polygon", "MultiPolygon")]
    return shapely.union_all(parts)


def texts(column: pd.Series[Any]) -> list[str | None]:
    """Return a column as texts, None for null."""
    return [None if pd.isna(v) else str(v) for v in column]


def boundary_crs(c: Community) -> Any:
    """Return the CRS of a community's bare boundary.

    Raises
    ------
    InvalidInput
        Neither the community nor its buildings state one.
    """
    crs = c.crs if c.crs is not None else c.buildings.crs
    if crs is None:
        raise InvalidInput(
            f"社区 {c.code} 的边界没有坐标系；请在 crs 中指明，例如 EPSG:4490",
            f"the boundary of community {c.code} has no CRS; state it in crs, e.g. EPSG:4490",
            community=c.code,
        )
    return crs


def layer(frame: gpd.GeoDataFrame, work_crs: str) -> gpd.GeoDataFrame:
    """Return a layer in the work CRS; an empty one needs no CRS of its own."""
    if frame.crs is None:
        if len(frame):
            raise InvalidInput("图层没有坐标系；请指明", "a layer has no CRS; state it")
        return frame.set_crs(work_crs)
    geoms = move(frame.geometry.to_numpy(), frame.crs, work_crs)
    moved = frame.set_geometry(gpd.GeoSeries(geoms, index=frame.index, crs=work_crs))
    return moved[~(moved.geometry.isna() | moved.geometry.is_empty)].reset_index(drop=True)


def opt_layer(frame: gpd.GeoDataFrame | None, work_crs: str) -> gpd.GeoDataFrame | None:
    """As ``layer``; None stays None."""
    return None if frame is None else layer(frame, work_crs)
