"""Write a layer to a file, in the format that its ending names."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import geopandas as gpd
import pandas as pd

from gridgis.errors import InvalidInput
from gridgis.geometry.crs import to_stored
from gridgis.io.geopackage import is_export
from gridgis.io.notes import Notes
from gridgis.io.plan_file import check_output
from gridgis.io.steps import beside, zip_folder
from gridgis.io.writing.database import write_geopackage
from gridgis.io.writing.earlier import need_earlier
from gridgis.io.writing.geojson import is_geojson_export, write_geojson
from gridgis.io.writing.kml import is_kml_export, write_kml
from gridgis.io.writing.shapefile import ENCODINGS, is_zipped_export, write_shapefile
from gridgis.io.writing.tables import is_csv_export, is_parquet_export, write_csv, write_parquet

Writer = Callable[[gpd.GeoDataFrame, Path, str, Notes], None]

WRITERS: dict[str, Writer] = {
    ".gpkg": write_geopackage,
    ".geojson": write_geojson,
    ".json": write_geojson,
    ".kml": write_kml,
    ".parquet": write_parquet,
    ".csv": write_csv,
}

MARKED: dict[str, Callable[[Path], bool]] = {
    ".gpkg": is_export,
    ".geojson": is_geojson_export,
    ".json": is_geojson_export,
    ".kml": is_kml_export,
    ".parquet": is_parquet_export,
    ".zip": is_zipped_export,
}
"""Tells by its mark whether a file is an earlier export; a CSV has none but its head (``is_csv_export``)."""

SUFFIXES = (*WRITERS, ".zip")
"""How the name of a file may end; ``.zip``, and a folder (no ending), hold a shapefile."""


def write_frame(
    frame: gpd.GeoDataFrame, path: str | Path, layer: str = "grids", encoding: str = "UTF-8"
) -> pd.DataFrame:
    """Write a layer in one step, and return report rows on what the format could not hold as it was.

    Parameters
    ----------
    frame
        Columns of text, whole numbers and numbers; any CRS. Empty texts are written as null.
    path
        .gpkg, .geojson, .json, .kml, .parquet, .csv (geometry as WKT); .zip or a new folder: a shapefile.
    layer
        Its name in the file, where the format has one; of the files of a shapefile.
    encoding
        Of the texts of a shapefile: UTF-8 or GBK.

    Raises
    ------
    InvalidInput
        As ``check_target``; a file is there that is no earlier export; or the format cannot hold the layer.
    """
    path = Path(path)
    check_target(path, (), encoding)
    if frame.geometry.isna().any() or frame.geometry.is_empty.any():
        rows = [i + 1 for i, g in enumerate(frame.geometry) if g is None or g.is_empty]
        zh, en = f"第 {rows[:5]} 行没有图形，不能导出", f"rows {rows[:5]} have no geometry: they cannot be exported"
        raise InvalidInput(zh, en, rows=rows)
    notes = Notes("export")
    plain = _plain(to_stored(frame)).reset_index(drop=True)
    if path.suffix.lower() == ".csv":
        need_earlier(path, lambda there: is_csv_export(there, plain))
    with beside(path) as partial:
        if path.suffix.lower() in WRITERS:
            WRITERS[path.suffix.lower()](plain, partial, layer, notes)
        elif path.suffix.lower() == ".zip":
            folder = partial.with_name(partial.name + ".files")
            write_shapefile(plain, folder, layer, notes, encoding)
            zip_folder(folder, partial)
        else:
            write_shapefile(plain, partial, layer, notes, encoding)
    return notes.frame()


def _plain(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return each column as numbers, whole numbers with null, or texts; empty texts as null."""
    columns = {}
    for name in frame.columns:
        column = frame[name]
        if name == "geometry":
            continue
        if pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_integer_dtype(column.dtype):
            columns[str(name)] = column.astype("Int64")
        elif not pd.api.types.is_numeric_dtype(column.dtype):
            texts = [None if pd.isna(v) or str(v) == "" else str(v) for v in column]
            columns[str(name)] = pd.Series(texts, index=frame.index, dtype=object)
    return frame.assign(**columns)


def check_target(path: str | Path, inputs: Sequence[object] = (), encoding: str = "UTF-8") -> None:
    """Refuse a file or folder that cannot be written, or whose writing would destroy something.

    A .csv that is there is looked at by ``write_frame``, which knows the columns.

    Raises
    ------
    InvalidInput
        The ending names no format; a .shp alone; a folder that holds something; a file that is no earlier export
        (``MARKED``); an encoding that is not known, or is for a shapefile only; or as ``check_output``.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix == ".shp":
        folder, packed = path.with_suffix(""), path.with_suffix(".zip")
        raise InvalidInput(
            f"Shapefile 由几个文件组成；请把 {path} 改为文件夹名（如 {folder}）或 {packed}",
            f"a shapefile is several files; instead of {path} name a folder (as {folder}) or {packed}",
            path=str(path),
        )
    if encoding not in ENCODINGS:
        known = ", ".join(ENCODINGS)
        zh, en = f"未知编码 {encoding}；可用：{known}", f"unknown encoding {encoding}; there are: {known}"
        raise InvalidInput(zh, en, encoding=encoding)
    if encoding != "UTF-8" and suffix in WRITERS:
        zh = f"--encoding 只用于 Shapefile（文件夹或 .zip）；{suffix} 总是 UTF-8"
        raise InvalidInput(
            zh, f"--encoding is for shapefiles (a folder or .zip); {suffix} is always UTF-8", path=str(path)
        )
    if suffix:
        check_output(path, inputs, SUFFIXES)
        if suffix in MARKED:
            need_earlier(path, MARKED[suffix])
    else:
        _check_folder(path)


def _check_folder(path: Path) -> None:
    if path.exists() and not (path.is_dir() and not any(path.iterdir())):
        raise InvalidInput(
            f"{path} 已存在且不是空文件夹；请另起名字", f"{path} is there and is no empty folder; choose another name",
            path=str(path),
        )  # fmt: skip
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        zh, en = f"无法写入 {path}：目录不存在或不可写", f"cannot write {path}: no such folder, or it is not writable"
        raise InvalidInput(zh, en, path=str(path))
