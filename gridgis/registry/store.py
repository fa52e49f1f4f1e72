"""The store behind a registry: engine, transactions, frames. One connection per transaction, never a pool.

Opening the live file twice in one process loses data (any closed descriptor drops the process's locks), so a
connection lives for one transaction only, and no other library opens the file in this process.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from gridgis.errors import Conflict, GridgisError, InvalidInput
from gridgis.geometry.crs import STORED_CRS
from gridgis.registry import gpkg
from gridgis.registry.tables import Geom, layers, metadata

BUSY_MS = 30_000


class Store:
    """Transactions on one registry.

    Parameters
    ----------
    url
        SQLAlchemy URL of a file or of PostGIS (``url_of``).
    """

    def __init__(self, url: sa.URL) -> None:
        self.is_file = url.get_backend_name() == "sqlite"
        options: dict[str, Any] = {"poolclass": NullPool}
        if self.is_file:
            options["connect_args"] = {"isolation_level": None, "timeout": BUSY_MS / 1000}
        self.engine = sa.create_engine(url, **options)
        if self.is_file:
            sa.event.listen(self.engine, "connect", _prepare)
            sa.event.listen(self.engine, "begin", _begin)
            sa.event.listen(self.engine, "after_execute", _note_written)

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Give a connection whose SELECTs all see one snapshot."""
        with _plain_errors(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """Give a connection for one write transaction; commits at the end, rolls back on any error."""
        with _plain_errors(), self.engine.connect() as plain:
            connection = plain.execution_options(gridgis_write=True)
            with connection.begin():
                yield connection
                if self.is_file:
                    gpkg.refresh_extents(connection.exec_driver_sql, _written_layers(connection))

    def create_tables(self, connection: sa.Connection) -> None:
        """Create the tables, and on a file what makes it a GeoPackage."""
        metadata.create_all(connection)
        if self.is_file:
            gpkg.ensure(connection.exec_driver_sql, layers())

    def copy_to(self, path: str) -> None:
        """Write a compact copy of the file: one snapshot, with what is still in the write-ahead log.

        Raises
        ------
        InvalidInput
            The store is no file.
        """
        if not self.is_file:
            raise InvalidInput(
                "只有文件形式的注册库才能这样复制；数据库请用其自身的备份工具",
                "only a registry in a file is copied so; use the database's own backup",
            )
        with _plain_errors(), closing(self.engine.raw_connection()) as connection:
            connection.cursor().execute("VACUUM INTO ?", (path,))  # not possible within a transaction

    def close(self) -> None:
        """Let go of the store."""
        self.engine.dispose()


def _is_locked(e: sa.exc.DatabaseError) -> bool:
    return "locked" in str(e.orig)


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Turn what the store says into errors for users."""
    try:
        yield
    except sa.exc.OperationalError as e:
        if _is_locked(e):
            raise Conflict(
                "注册库正被他人写入，请稍后再试", "the registry is being written by someone else; try again later"
            ) from e
        raise
    except sa.exc.StatementError as e:
        if isinstance(e.orig, GridgisError):  # a column refused a value
            raise e.orig from e
        raise


def _prepare(connection: Any, _: Any) -> None:
    # The journal mode is left as it is: QGIS turns the file to WAL while it edits, and back.
    cursor = connection.cursor()
    for pragma in ("foreign_keys = ON", "recursive_triggers = ON", f"busy_timeout = {BUSY_MS}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
    gpkg.register_functions(connection)


def _begin(connection: sa.Connection) -> None:
    write = connection.get_execution_options().get("gridgis_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _note_written(connection: sa.Connection, statement: Any, *_: Any) -> None:
    """Remember which tables a transaction writes to."""
    if isinstance(statement, sa.UpdateBase):
        connection.info.setdefault("gridgis_written", set()).add(str(statement.entity_description["name"]))


def _written_layers(connection: sa.Connection) -> list[str]:
    """Name the layers whose extents may have changed."""
    written = connection.info.get("gridgis_written", set())
    return [layer.table for layer in layers() if layer.geometry_type and layer.table in written]


def url_of(path_or_url: str | Path) -> sa.URL:
    """Return the SQLAlchemy URL of a file, whatever its name, or of a URL.

    Examples
    --------
    >>> url_of("a?b.gpkg").database, url_of("postgresql+psycopg://host/db").database
    ('a?b.gpkg', 'db')
    """
    text = str(path_or_url)
    return sa.make_url(text) if "://" in text else sa.URL.create("sqlite", database=text)


def insert(connection: sa.Connection, table: sa.Table, rows: pd.DataFrame) -> None:
    """Insert the rows of a frame; its columns are columns of the table, missing values become NULL."""
    if len(rows):
        plain = rows[[c for c in rows.columns if c in table.c and c != "fid"]]
        connection.execute(sa.insert(table), plain_rows(plain))


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


def need_registry(connection: sa.Connection, where: str) -> sa.Row[Any]:
    """Return the registry's meta row.

    Raises
    ------
    InvalidInput
        This is no registry, or one of another version.
    """
    table = metadata.tables["registry_meta"]
    try:
        row = connection.execute(sa.select(table)).first()
    except sa.exc.DatabaseError as e:
        if _is_locked(e):
            raise
        row = None
    if row is None:
        raise InvalidInput(
            f"{where} 不是 gridgis 注册库；用 gridgis registry create 新建",
            f"{where} is no gridgis registry; make one with: gridgis registry create",
            path=where,
        )
    return row


__all__ = ["Geom", "Store", "frame", "geoframe", "insert", "need_registry", "plain_rows", "plain_value", "url_of"]
