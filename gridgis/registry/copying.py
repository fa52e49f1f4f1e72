"""Copying a registry from store to store: every row of every table, with its number, compared afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import shapely
import sqlalchemy as sa
from shapely.geometry.base import BaseGeometry

from gridgis.errors import Conflict, Rejected
from gridgis.registry import tables as t
from gridgis.registry.store import Store, insert_rows

CHUNK = 2000
"""Rows at a time: what is held in memory."""


def copy(source: Store, target: Store, where: str) -> dict[str, int]:
    """Copy all rows of one moment into an empty store, in one transaction; return how many rows each table has.

    Raises
    ------
    Conflict
        There is a registry already.
    Rejected
        A row came out otherwise than it went in; nothing is written then.
    """
    counts = {}
    with source.read() as old, target.change_tables() as new:
        if target.has_table(new, t.registry_meta.name):
            raise Conflict(f"{where} 中已有注册库", f"a registry exists already at {where}")
        target.create_tables(new)
        for table in t.metadata.sorted_tables:
            for rows in _chunks(old, table):
                insert_rows(new, table, rows)
            counts[table.name] = _compared(old, new, table)
    return counts


def _chunks(connection: sa.Connection, table: sa.Table) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows of a table by their numbers."""
    last: int | None = None
    while True:
        query = sa.select(table).order_by(table.c.fid).limit(CHUNK)
        found = connection.execute(query if last is None else query.where(table.c.fid > last)).mappings().all()
        if not found:
            return
        yield [dict(row) for row in found]
        last = int(found[-1]["fid"])


def _compared(old: sa.Connection, new: sa.Connection, table: sa.Table) -> int:
    """Compare two tables row by row; return their number of rows."""
    count = 0
    both = zip(_rows(old, table), _rows(new, table), strict=False)
    for a, b in both:
        count += 1
        if a != b:
            fid = a["fid"]
            raise Rejected(
                f"复制后表 {table.name} 的第 {fid} 行不同；没有写入副本",
                f"row {fid} of table {table.name} differs after copying; no copy was written",
                table=table.name,
                fid=fid,
            )
    there = [c.execute(sa.select(sa.func.count()).select_from(table)).scalar() for c in (old, new)]
    if there != [count, count]:
        raise Rejected(
            f"复制后表 {table.name} 的行数不同：{there}；没有写入副本",
            f"table {table.name} has other numbers of rows after copying: {there}; no copy was written",
            table=table.name,
        )
    return count


def _rows(connection: sa.Connection, table: sa.Table) -> Iterator[dict[str, Any]]:
    for chunk in _chunks(connection, table):
        for row in chunk:
            yield {k: shapely.to_wkb(v) if isinstance(v, BaseGeometry) else v for k, v in row.items()}
