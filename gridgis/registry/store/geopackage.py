"""The store in a GeoPackage file: stock sqlite3, one connection for one transaction.

Opening the live file twice in one process loses data (any closed descriptor drops the process's locks), so a
connection lives for one transaction only, and no other library opens the file in this process. The journal mode is
left as it is: QGIS turns the file to WAL while it edits, and back.
"""

from __future__ import annotations

import sqlite3
import time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from gridgis.errors import Conflict, Forbidden, GridgisError, InvalidInput, Unavailable
from gridgis.registry.store import gpkg
from gridgis.registry.store.types import Geom

BUSY_MS = 60_000
"""How long a writer waits for another before it gives up."""

POLL_S = 0.005
"""How often it looks whether it is its turn."""


class GeoPackage:
    """Transactions on a file. BEGIN IMMEDIATE: a deferred one that reads first cannot become a writer later."""

    is_file = True

    def make_engine(self, url: sa.URL) -> sa.Engine:
        """Return an engine without a pool that leaves BEGIN to us."""
        options = {"isolation_level": None, "timeout": BUSY_MS / 1000}
        engine = sa.create_engine(url, poolclass=NullPool, connect_args=options)
        sa.event.listen(engine, "connect", _prepare)
        sa.event.listen(engine, "begin", _begin)
        sa.event.listen(engine, "after_execute", _note_written)
        return engine

    def begin_read(self, engine: sa.Engine) -> sa.Connection:
        """Return a connection that begins with BEGIN."""
        return engine.connect()

    def begin_write(self, engine: sa.Engine, tables: bool = False) -> sa.Connection:
        """Return a connection that begins with BEGIN IMMEDIATE."""
        return engine.connect().execution_options(gridgis_write=True, gridgis_tables=tables)

    def has_table(self, connection: sa.Connection, name: str) -> bool:
        """Tell whether there is a table."""
        query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
        return connection.exec_driver_sql(query, (name,)).first() is not None

    def prepare(self, connection: sa.Connection) -> None:
        """Nothing: what makes a file a GeoPackage comes with its tables."""

    def finish(self, connection: sa.Connection, metadata: sa.MetaData, whole: bool) -> None:
        """List the tables and make their R*Trees (``whole``), or refresh the extents of those that were written to."""
        layers = _layers(metadata)
        if whole:
            if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall():
                raise RuntimeError(f"rows without the row they name: {broken[:5]}")
            gpkg.ensure(connection.exec_driver_sql, layers)
        written = connection.info.get("gridgis_written", set())
        changed = [layer.table for layer in layers if layer.geometry_type and (whole or layer.table in written)]
        gpkg.refresh_extents(connection.exec_driver_sql, changed)

    def faults(self, connection: sa.Connection, metadata: sa.MetaData) -> list[str]:
        """Tell what sqlite finds broken, rows without the row they name, and rows that the R*Tree lacks."""
        ask = connection.exec_driver_sql
        out = [str(row[0]) for row in ask("PRAGMA integrity_check") if row[0] != "ok"]
        out += [f"{row[0]} row {row[1]} names a missing row of {row[2]}" for row in ask("PRAGMA foreign_key_check")]
        for layer in _layers(metadata):
            if layer.geometry_type is not None:
                out += gpkg.rtree_faults(ask, layer.table)
        return out

    def explain(self, error: sa.exc.DBAPIError) -> GridgisError | None:
        """Tell a busy, read-only, full, or broken file from a fault of ours."""
        text = str(error.orig)
        return next((kind(zh, en) for words, (kind, zh, en) in _ERRORS.items() if words in text), None)


_ERRORS: dict[str, tuple[type[GridgisError], str, str]] = {
    "locked": (
        Conflict,
        "注册库正被他人写入，请稍后再试",
        "the registry is being written by someone else; try again later",
    ),
    "one_leader": (
        Conflict,
        "同一网格同一时间只能有一名网格长",
        "a grid has one acting leader at a time",
    ),
    "readonly": (
        Forbidden,
        "注册库文件或其文件夹是只读的；请检查权限",
        "the registry's file or its folder is read-only; check the permissions",
    ),
    "disk is full": (
        Unavailable,
        "磁盘已满，没有写入任何内容；请腾出空间后重试",
        "the disk is full, nothing was written; make room and try again",
    ),
    "disk I/O": (
        Unavailable,
        "磁盘读写出错，没有写入任何内容",
        "the disk cannot be read or written; nothing was written",
    ),
    "unable to open": (
        Unavailable,
        "无法打开注册库文件；请检查权限",
        "the registry's file cannot be opened; check the permissions",
    ),
    "not a database": (InvalidInput, "文件不是 GeoPackage 注册库", "the file is no registry in a GeoPackage"),
    "malformed": (
        Unavailable,
        "注册库文件已损坏；请用备份恢复（gridgis registry restore）",
        "the registry's file is broken; restore a backup (gridgis registry restore)",
    ),
}
"""Words in a message of sqlite -> what users are told."""


def _prepare(connection: Any, _: Any) -> None:
    for pragma in ("foreign_keys = ON", "recursive_triggers = ON", f"busy_timeout = {BUSY_MS}"):
        connection.execute(f"PRAGMA {pragma}")
    gpkg.register_functions(connection)


def _begin(connection: sa.Connection) -> None:
    options = connection.get_execution_options()
    if options.get("gridgis_tables", False):  # sqlite changes a table by making it anew: its children must survive
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
    if not options.get("gridgis_write", False):
        connection.exec_driver_sql("BEGIN")
        return
    _wait_for_turn(connection.connection.dbapi_connection)
    if not connection.connection.dbapi_connection.in_transaction:  # type: ignore[union-attr]
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # it waited long enough: tell what it says


def _wait_for_turn(raw: Any) -> None:
    """Begin to write as soon as nobody else does; give up after BUSY_MS.

    sqlite's own waiting looks every 100 ms only, and starves beside a writer that begins again at once.
    """
    raw.execute("PRAGMA busy_timeout = 0")
    until = time.monotonic() + BUSY_MS / 1000
    while not raw.in_transaction and time.monotonic() < until:
        try:
            raw.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as e:
            if "locked" not in str(e):
                break
            time.sleep(POLL_S)
    raw.execute(f"PRAGMA busy_timeout = {BUSY_MS if raw.in_transaction else 0}")


def _note_written(connection: sa.Connection, statement: Any, *_: Any) -> None:
    """Remember which tables a transaction writes to."""
    if isinstance(statement, sa.UpdateBase):
        connection.info.setdefault("gridgis_written", set()).add(str(statement.entity_description["name"]))


def _layers(metadata: sa.MetaData) -> list[gpkg.Layer]:
    """List all tables as layers of the GeoPackage."""
    return [gpkg.Layer(t.name, _geometry_type(t), t.comment or t.name) for t in metadata.sorted_tables]


def _geometry_type(table: sa.Table) -> str | None:
    kind = table.c.geometry.type if "geometry" in table.c else None
    return kind.kind if isinstance(kind, Geom) else None
