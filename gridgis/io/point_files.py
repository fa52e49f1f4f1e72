"""Tables of points in and out, a part at a time: CSV, Excel, Parquet, GeoPackage in; CSV and Parquet out."""

from __future__ import annotations

import codecs
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pyogrio
import shapely
from numpy.typing import NDArray

from gridgis.errors import InvalidInput
from gridgis.geometry.crs import STORED_CRS, transform_xy
from gridgis.io.reading.csv_text import csv_batches, csv_heads
from gridgis.io.reading.text import plain_encoding
from gridgis.io.tables import read_table, renamed

ROWS = 100_000
"""So many rows are read at a time."""
POINT_SUFFIXES = (".csv", ".xlsx", ".parquet", ".gpkg")


@dataclass(frozen=True)
class Part:
    """Some rows of a table of points, and how far they lie in the file.

    Parameters
    ----------
    xy
        The columns of longitudes and latitudes.
    from_shapes
        They come from geometries, so they are stored coordinates already.
    no_points
        Rows whose geometry is no point, with what it is.
    """

    table: pa.Table
    done: int
    total: int
    xy: tuple[str, str] = ("lon", "lat")
    from_shapes: bool = False
    no_points: Mapping[int, str] = field(default_factory=dict)


def read_points(path: str | Path, heads: Mapping[str, str], layer: str | None = None) -> Iterator[Part]:
    """Read a table of points, a part at a time; at least one part, maybe without rows.

    Parameters
    ----------
    path
        CSV (UTF-8 or GB18030) or Excel, all cells as texts; Parquet or GeoPackage, columns as they are. Where there
        is a layer or a column of geometries (WKB), lon and lat (stored coordinates) take its place; they are called
        point_lon and point_lat where the file has a column lon or lat of its own.
    heads
        Column heads with the names that they stand for; not used where there are geometries.
    layer
        Layer of a GeoPackage; may be left out where only one has geometries.

    Raises
    ------
    InvalidInput
        The file is not there, empty, broken, of another kind, or text with another separator or encoding; two of its
        columns mean the same; a layer has no CRS, is not there, or is one of several.
    """
    path = Path(path)
    readers = {".csv": _csv_parts, ".parquet": _parquet_parts, ".gpkg": _layer_parts, ".xlsx": _excel_parts}
    if not path.is_file():
        raise InvalidInput(f"没有文件 {path}", f"there is no file {path}", path=str(path))
    if path.suffix.lower() not in readers:
        raise InvalidInput(
            f"点表应为 {'、'.join(readers)} 文件：{path}", f"points are read from {', '.join(readers)}: {path}",
            path=str(path),
        )  # fmt: skip
    if layer is not None and path.suffix.lower() != ".gpkg":
        raise InvalidInput(
            f"只有 .gpkg 有图层，{path} 没有图层“{layer}”；请去掉图层名",
            f"only a .gpkg has layers, {path} has no layer '{layer}': leave the layer out",
            path=str(path), layer=layer,
        )  # fmt: skip
    try:
        for part in readers[path.suffix.lower()](path, layer):
            names = renamed(part.table.column_names, {} if part.from_shapes else heads, path)
            yield replace(part, table=part.table.rename_columns(names))
    except (KeyError, pa.ArrowInvalid, OSError, ValueError, pyogrio.errors.DataSourceError) as e:
        raise InvalidInput(f"无法读取表格 {path}：{e}", f"cannot read the table {path}: {e}", path=str(path)) from e


def _csv_parts(path: Path, layer: str | None) -> Iterator[Part]:
    codec = plain_encoding(path)
    names = csv_heads(path, codec, path)
    total = path.stat().st_size
    if len(set(names)) < len(names):  # refused when they are renamed, before the rows are read
        yield Part(pa.table([pa.array([], pa.string())] * len(names), names=names), total, total)
        return
    for table, done in csv_batches(path, codec, names):
        yield Part(table, done, total)


def _excel_parts(path: Path, layer: str | None) -> Iterator[Part]:
    table = read_table(path, {})
    columns = {str(c): pa.array(table[c].tolist(), pa.string()) for c in table.columns}
    yield Part(pa.table(columns), len(table), len(table))


def _parquet_parts(path: Path, layer: str | None) -> Iterator[Part]:
    with pq.ParquetFile(path) as file:
        column, crs = _geoparquet(file.schema_arrow, path)
        done, total = 0, file.metadata.num_rows
        if total == 0:
            yield _shapes_part(file.schema_arrow.empty_table(), column, crs, 0, 0)
        for batch in file.iter_batches(batch_size=ROWS):
            done += batch.num_rows
            yield _shapes_part(pa.Table.from_batches([batch]), column, crs, done, total)


def _geoparquet(schema: pa.Schema, path: Path) -> tuple[str, Any]:
    """Return the column of geometries ("" for none) and its CRS, as the GeoParquet standard 1.1 writes them."""
    text = (schema.metadata or {}).get(b"geo")
    if text is None:
        return "", None
    geo = json.loads(text)
    column = str(geo["primary_column"])
    crs = geo["columns"][column].get("crs", STORED_CRS)  # left out: OGC:CRS84
    if crs is None:
        raise _no_crs(path)
    return column, crs


def _no_crs(path: Path) -> InvalidInput:
    return InvalidInput(
        f"{path} 没有坐标系；请补上（例如 EPSG:4490）", f"{path} has no CRS; give it one, e.g. EPSG:4490",
        path=str(path),
    )  # fmt: skip


def _one_layer(path: Path, layer: str | None) -> str:
    """Return the layer that is meant: the one asked for, or the only one with geometries."""
    kinds = {str(name): kind for name, kind in pyogrio.list_layers(path)}
    shapes = [name for name, kind in kinds.items() if kind is not None] or list(kinds)
    if layer is None and len(shapes) == 1:
        return shapes[0]
    if layer is not None and layer in kinds:
        return layer
    wrong = ("有多个图层", "has several layers") if layer is None else (f"没有图层“{layer}”", f"has no layer '{layer}'")
    raise InvalidInput(
        f"{path} {wrong[0]}；请用 --layer 指定其中之一：{'、'.join(shapes)}",
        f"{path} {wrong[1]}; name one of these with --layer: {', '.join(shapes)}",
        path=str(path), layers=shapes,
    )  # fmt: skip


def _layer_parts(path: Path, layer: str | None) -> Iterator[Part]:
    layer = _one_layer(path, layer)
    total = pyogrio.read_info(path, layer=layer)["features"]
    with pyogrio.open_arrow(path, layer=layer, batch_size=ROWS, use_pyarrow=True) as (meta, reader):
        if meta["crs"] is None:
            raise _no_crs(path)
        done, column = 0, meta["geometry_name"] or "wkb_geometry"
        for batch in reader:
            done += batch.num_rows
            yield _shapes_part(pa.Table.from_batches([batch]), column, meta["crs"], done, total)
        if not done:
            yield _shapes_part(reader.schema.empty_table(), column, meta["crs"], 0, 0)


def _shapes_part(table: pa.Table, column: str, crs: Any, done: int, total: int) -> Part:
    """Put stored coordinates in the place of geometries; NaN where one is no point."""
    if column not in table.column_names or not pa.types.is_binary(table.schema.field(column).type):
        return Part(table, done, total)
    shapes, no_points = _single_points(shapely.from_wkb(table[column].to_numpy(zero_copy_only=False)))
    points = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    xy = np.full((len(shapes), 2), np.nan)
    xy[points] = shapely.get_coordinates(shapes[points])
    finite = np.isfinite(xy).all(axis=1)
    xy[finite] = transform_xy(xy[finite], crs, STORED_CRS)
    table = table.drop_columns([column])
    own = any(name.lower() in ("lon", "lat") for name in table.column_names)
    names = ("point_lon", "point_lat") if own else ("lon", "lat")
    for name, values in zip(names, xy.T, strict=True):
        table = table.append_column(name, pa.array(values))
    return Part(table, done, total, names, True, no_points)


def _single_points(shapes: NDArray[np.object_]) -> tuple[NDArray[np.object_], dict[int, str]]:
    """Return points, None for what is none, and what those are; a MultiPoint of one point is that point."""
    kinds = shapely.get_type_id(shapes)
    single = (kinds == shapely.GeometryType.MULTIPOINT) & (shapely.get_num_geometries(shapes) == 1)
    points = np.where(single, shapely.get_geometry(shapes, 0), shapes)
    others = np.flatnonzero((kinds >= 0) & (kinds != shapely.GeometryType.POINT) & ~single)
    points[others] = None
    return points, {int(row): shapes[row].geom_type for row in others}


class PointWriter:
    """Writes a table part by part; the file appears whole when the ``with`` ends well, or not at all.

    CSV is UTF-8 with a BOM, for Excel.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._partial = self._path.with_name(f".{self._path.stem}.{os.getpid()}.partial{self._path.suffix}")
        self._file: Any = None
        self._writer: Any = None

    def __enter__(self) -> PointWriter:
        self._file = self._partial.open("wb")
        return self

    def write(self, table: pa.Table) -> None:
        """Write some rows; all parts have the same columns."""
        if self._path.suffix.lower() == ".csv":
            table = plain_texts(table)
        if self._writer is None:
            self._writer = self._make_writer(table.schema)
        self._writer.write_table(table)

    def _make_writer(self, schema: pa.Schema) -> Any:
        if self._path.suffix.lower() == ".parquet":
            return pq.ParquetWriter(self._file, schema, compression="zstd")
        _need_cells(schema, self._path)
        self._file.write(codecs.BOM_UTF8)
        return pa_csv.CSVWriter(self._file, schema, write_options=pa_csv.WriteOptions(quoting_style="needed"))

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        try:
            if self._writer is not None:
                self._writer.close()
            self._file.close()
            if kind is None:
                os.replace(self._partial, self._path)
        finally:
            self._partial.unlink(missing_ok=True)


def _need_cells(schema: pa.Schema, path: Path) -> None:
    """Refuse columns whose values are no text of a CSV cell."""
    if wrong := [f.name for f in schema if pa.types.is_nested(f.type) or pa.types.is_binary(f.type)]:
        raise InvalidInput(
            f"列 {wrong} 的值（列表、结构或二进制）写不进 CSV；请输出为 .parquet，或先删去这些列：{path}",
            f"the columns {wrong} hold lists, structures or bytes, which no CSV can: write .parquet, or remove them: "
            f"{path}",
            path=str(path),
            columns=wrong,
        )


def plain_texts(table: pa.Table) -> pa.Table:
    """Return the table with texts in the place of dictionaries, which CSV does not know."""
    for k, column in enumerate(table.schema):
        if pa.types.is_dictionary(column.type):
            table = table.set_column(k, column.name, table.column(k).cast(column.type.value_type))
    return table
