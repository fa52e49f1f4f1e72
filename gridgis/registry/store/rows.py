"""Rows between tables and frames: plain values going in, declared column types coming out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import sqlalchemy as sa

from gridgis.geometry.crs import STORED_CRS


def insert(connection: sa.Connection, table: sa.Table, rows: pd.DataFrame) -> None:
    """Insert the rows of a frame; its columns are columns of the table, missing values become NULL."""
    if len(rows):
        plain = rows[[c for c in rows.columns if c in table.c and c != "fid"]]
        connection.execute(sa.insert(table), plain_rows(plain))


def chunks(values: Sequence[str], size: int = 10_000) -> list[Sequence[str]]:
    """Cut a long list into as many as a statement takes values (sqlite: 32,766).

    Examples
    --------
    >>> chunks(["a", "b", "c"], 2)
    [['a', 'b'], ['c']]
    """
    return [values[k : k + size] for k in range(0, len(values), size)]


def insert_rows(connection: sa.Connection, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    """Insert rows as they are, with their numbers."""
    if rows:
        connection.execute(sa.insert(table), rows)


def plain_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a frame as plain Python values, None for what is missing."""
    return [{str(k): plain_value(v) for k, v in row.items()} for row in table.to_dict("records")]


def plain_value(value: Any) -> Any:
    """Turn a cell of a frame into a plain Python value; NaN, NA and NaT become None.

    Examples
    --------
    >>> plain_value(np.int64(3)), plain_value(float("nan")), plain_value("a")
    (3, None, 'a')
    """
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return None
    return value.item() if isinstance(value, np.generic) else value


def frame(connection: sa.Connection, query: sa.Select[Any]) -> pd.DataFrame:
    """Run a SELECT and return a frame: texts as objects with None, integers as Int64, no geometry."""
    rows = connection.execute(query)
    names = list(rows.keys())
    data = rows.fetchall()
    types = {c.name: c.type for c in query.selected_columns}
    return pd.DataFrame({n: _column([r[i] for r in data], types.get(n)) for i, n in enumerate(names)})


def _column(values: list[Any], kind: Any) -> pd.Series[Any]:
    if isinstance(kind, sa.Integer):
        return pd.Series(values, dtype="Int64")
    if isinstance(kind, sa.Double):
        return pd.Series(values, dtype="float64")
    return pd.Series(values, dtype=object)


def geoframe(connection: sa.Connection, query: sa.Select[Any]) -> gpd.GeoDataFrame:
    """Run a SELECT with a column ``geometry`` and return a GeoDataFrame in stored coordinates."""
    table = frame(connection, query)
    return gpd.GeoDataFrame(table.drop(columns="geometry"), geometry=list(table["geometry"]), crs=STORED_CRS)
