"""Layers of a GeoPackage as gridgis writes them: one value gives one sequence of bytes, and is read back as it was."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

FIXED_DAY = "2000-01-01T00:00:00.000Z"

WHOLE = ("level", "households", "residents")
"""Columns of whole numbers, null where unknown."""

EXPORT = "gridgis export"
"""Description of a layer that was exported: it may be exported anew in its place."""

_FULL = {("grids", "households"), ("buildings", "households"), ("atoms", "households")}
"""Whole numbers that are never null."""


def is_export(path: Path) -> bool:
    """Tell whether a GeoPackage holds exported layers and nothing else; asked with sqlite alone.

    Raises
    ------
    sqlite3.Error
        It is no GeoPackage.
    """
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as base:
        found = base.execute("SELECT description FROM gpkg_contents").fetchall()
    return bool(found) and all(row[0] == EXPORT for row in found)


@contextmanager
def _fixed_time() -> Iterator[None]:
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": FIXED_DAY})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})


def write_layer(path: Path, name: str, frame: gpd.GeoDataFrame, kind: str, description: str = "") -> None:
    """Write a layer; ``kind`` is the type of its geometry, "Unknown" for any.

    The file may be there already: a layer is added to it.
    """
    frame = _storable(frame)
    if kind.startswith("Multi"):
        multi: Any = [_to_multi(g) for g in frame.geometry]
        frame = frame.set_geometry(gpd.GeoSeries(multi, index=frame.index, crs=frame.crs))
    with _fixed_time():
        pyogrio.write_dataframe(
            frame,
            path,
            layer=name,
            driver="GPKG",
            geometry_type=kind,
            append=path.exists(),
            promote_to_multi=False,
            layer_options={"DESCRIPTION": description} if description else None,
        )


def write_table(path: Path, name: str, frame: pd.DataFrame) -> None:
    """Write a table without geometry, as ``write_layer`` does."""
    with _fixed_time():
        pyogrio.write_dataframe(_storable(frame), path, layer=name, driver="GPKG", append=path.exists())


def _storable(frame: Any) -> Any:
    """Give each column one type that the format knows: whole numbers, truth values as they are, all else text."""
    columns = {}
    for name in frame.columns:
        column = frame[name]
        if name == "geometry" or pd.api.types.is_numeric_dtype(column.dtype):
            continue
        if name in WHOLE or name == "id":
            numbers = pd.to_numeric(column, errors="coerce")
            if bool((numbers.notna() == column.notna()).all()):
                columns[name] = numbers.astype("Float64").astype("Int64")
                continue
        columns[name] = [None if pd.isna(v) else str(v) for v in column]
    out = frame.assign(
        **{n: pd.Series(v, index=frame.index, dtype=getattr(v, "dtype", object)) for n, v in columns.items()}
    )
    return out.reset_index(drop=True)


def _to_multi(geometry: Any) -> Any:
    if geometry is None or geometry.geom_type.startswith("Multi"):
        return geometry
    multi: dict[str, Any] = {"Polygon": shapely.MultiPolygon, "LineString": shapely.MultiLineString}
    return multi[geometry.geom_type]([geometry])


def read_one_layer(path: Path, name: str) -> gpd.GeoDataFrame:
    """Read a layer as it was written: single geometries are no multi-geometries, whole numbers are whole."""
    frame: gpd.GeoDataFrame = pyogrio.read_dataframe(path, layer=name)
    geoms = frame.geometry.to_numpy()
    single = (shapely.get_num_geometries(geoms) == 1) & (shapely.get_type_id(geoms) >= 4)
    geoms = np.where(single, shapely.get_geometry(geoms, 0), geoms)
    frame = plain_texts(frame).set_geometry(gpd.GeoSeries(geoms, index=frame.index, crs=frame.crs))
    for column in WHOLE:
        if column in frame:
            kind: Any = "int64" if (name, column) in _FULL else "Int64"
            frame[column] = frame[column].astype(kind)
    return frame


def plain_texts(frame: Any) -> Any:
    """Return text columns as plain objects, with None for null."""
    text = [n for n in frame.columns if n != "geometry" and not pd.api.types.is_numeric_dtype(frame[n].dtype)]
    return frame.assign(
        **{n: pd.Series([None if pd.isna(v) else v for v in frame[n]], index=frame.index, dtype=object) for n in text}
    )
