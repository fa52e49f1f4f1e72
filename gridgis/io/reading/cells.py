"""A table of texts to a layer: where its geometry stands, and which columns are numbers."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from gridgis.errors import InvalidInput
from gridgis.geometry.arrays import Floats, geometries
from gridgis.io.reading.heads import PLACES, named_head
from gridgis.io.reading.shapes import read_shapes
from gridgis.io.reading.source import Source

NUMBER = r"^-?(0|[1-9][0-9]{0,8})(\.[0-9]+)?$"
"""Counts, storeys, metres. What has more digits, or leads with 0, is a code or a phone number, and stays text."""
DECIMAL = r"^\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*$"
SHOWN = 5
_NORTH, _EAST = (1.5e6, 6.5e6), ((1e5, 9e5), (1.3e7, 4.6e7))
"""Northings of China, and its eastings without and with the number of a zone, in metres."""


def layer_of_cells(table: pa.Table, source: Source) -> Any:
    """Return a table of texts as a layer: a GeoDataFrame, or a DataFrame where no column holds a place.

    Parameters
    ----------
    table
        All columns texts.
    source
        For names, notes, and the user's own names of columns.

    Raises
    ------
    InvalidInput
        Two columns of one name; a cell that is no number, WKT or list of coordinates: named by row.
    """
    names = table.column_names
    if twice := sorted({n for n in names if names.count(n) > 1}):
        raise InvalidInput(
            f"{source.shown} 有同名的列：{twice}；请改名", f"{source.shown} has columns of one name: {twice}",
            path=source.shown, columns=twice,
        )  # fmt: skip
    heads = {place: named_head(place, names, source) for place in PLACES}
    if heads["geometry"] is not None:
        return _with_shapes(table, heads["geometry"], source)
    for x, y in (("lon", "lat"), ("x", "y")):
        east, north = heads[x], heads[y]
        if east is not None and north is not None:
            return _with_points(table, (east, north), source)
    return _frame(table)


def _with_shapes(table: pa.Table, head: str, source: Source) -> gpd.GeoDataFrame:
    texts = table[head].to_pylist()
    shapes, crs = read_shapes(texts, head, source)
    _note_place(source, [head], int(sum(t is None for t in texts)))
    frame = _frame(table.drop_columns([head]))
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(shapes, index=frame.index, crs=crs))


def _with_points(table: pa.Table, heads: tuple[str, str], source: Source) -> gpd.GeoDataFrame:
    x, y = (_numbers(table[head], head, source) for head in heads)
    known = np.isfinite(x) | np.isfinite(y) | ~(_nulls(table[heads[0]]) | _nulls(table[heads[1]]))
    _refuse_swapped(x, y, heads, source)
    shapes = geometries(np.full(len(x), None, dtype=object))
    shapes[known] = shapely.points(x[known], y[known])
    _note_place(source, list(heads), int((~known).sum()))
    frame = _frame(table.drop_columns(list(heads)))
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(shapes, index=frame.index))


def _nulls(column: pa.ChunkedArray) -> Any:
    return column.is_null().to_numpy()


def _numbers(column: pa.ChunkedArray, head: str, source: Source) -> Floats:
    """Read a column of coordinates; an empty cell is NaN.

    Raises
    ------
    InvalidInput
        A cell is no number: named by row. "NaN" counts as one and is judged with all coordinates.
    """
    plain = pc.match_substring_regex(column, DECIMAL)
    special = pc.is_in(pc.utf8_lower(pc.utf8_trim_whitespace(column)), pa.array(["nan", "inf", "-inf", "+inf"]))
    wrong = pc.fill_null(pc.invert(pc.or_(plain, special)), False).to_numpy()
    if len(at := np.flatnonzero(wrong)):
        listed = "; ".join(f"{n + 1}: {column[int(n)].as_py()!r}" for n in at[:SHOWN]) + (
            " ..." if len(at) > SHOWN else ""
        )
        raise InvalidInput(
            f"{source.shown} 列 {head} 有 {len(at)} 行不是数字（十进制度或米）；行号：{listed}",
            f"{source.shown}, column {head}: {len(at)} rows are no numbers (decimal degrees or metres); rows {listed}",
            path=source.shown, column=head, count=len(at),
        )  # fmt: skip
    trimmed = pc.replace_substring(pc.utf8_trim_whitespace(column), "+", "")
    return np.asarray(pc.cast(trimmed, pa.float64()).to_numpy(), dtype=np.float64)


def _refuse_swapped(x: Floats, y: Floats, heads: tuple[str, str], source: Source) -> None:
    """Refuse x and y as surveyors write them (x to the north, y to the east)."""
    if not len(x) or not np.isfinite(x).all() or not np.isfinite(y).all():
        return
    north = (_NORTH[0] < x.min()) & (x.max() < _NORTH[1])
    if north and any(low < y.min() and y.max() < high for low, high in _EAST):
        raise InvalidInput(
            f"{source.shown} 的 {heads[0]} 像是北坐标（测量习惯 X 向北、Y 向东）；请以列对应指明："
            f"x={heads[1]}、y={heads[0]}",
            f"{source.shown}: {heads[0]} looks like northings (surveyors' x is north, y is east); say so by columns: "
            f"x={heads[1]}, y={heads[0]}",
            path=source.shown,
        )


def _note_place(source: Source, heads: list[str], empty: int) -> None:
    zh, en = f"位置取自列 {'、'.join(heads)}", f"places are taken from the column {', '.join(heads)}"
    source.notes.add("info", source.label, "place", ", ".join(heads), zh, en)
    if empty:
        zh, en = f"{empty} 行没有位置", f"{empty} rows have no place"
        source.notes.add("warning", source.label, "no-place", empty, zh, en)


def _frame(table: pa.Table) -> pd.DataFrame:
    columns = {name: column_of_texts(table[name]) for name in table.column_names}
    return pd.DataFrame(columns, index=pd.RangeIndex(table.num_rows), columns=table.column_names)


def column_of_texts(column: pa.ChunkedArray) -> pd.Series[Any]:
    """Return a column of texts, None where a cell is empty; as numbers where all are, as people write counts."""
    if not pc.all(pc.match_substring_regex(column, NUMBER)).as_py():  # False, or None where there is no cell at all
        return pd.Series(column.to_pandas().astype(object))
    kind = pa.float64() if pc.any(pc.match_substring(column, ".")).as_py() else pa.int64()
    return pd.Series(pc.cast(column, kind).to_pandas())
