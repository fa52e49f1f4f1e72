"""Making a registry, and opening one that is there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from gridgis.coding import Scheme
from gridgis.errors import Conflict, InvalidInput, NotFound
from gridgis.registry import migrations
from gridgis.registry import tables as t
from gridgis.registry.book import Book, Clock
from gridgis.registry.files import need_free, need_metric
from gridgis.registry.store import Store, is_url, shown, url_of


@dataclass(frozen=True)
class New:
    """What a registry is made with."""

    name: str
    work_crs: str
    scheme: Scheme


def create(address: str | Path, new: New, clock: Clock) -> Book:
    """Make an empty registry; errors as ``Registry.create``."""
    need_metric(new.work_crs)
    need_free(address)
    store = Store(url_of(address), t.metadata)
    with _closed_on_error(store), store.change_tables() as c:
        if store.has_table(c, t.registry_meta.name):
            raise Conflict(f"{shown(address)} 中已有注册库", f"a registry exists already at {shown(address)}")
        store.create_tables(c)
        migrations.stamp(c, t.VERSION)
        values = {"name": new.name, "work_crs": new.work_crs, "scheme_name": new.scheme.name, "scheme": new.scheme.toml}
        c.execute(sa.insert(t.registry_meta).values(**values, version=t.VERSION, created=clock()))
    return Book(store, new.name, new.work_crs, new.scheme, clock)


def open_book(address: str | Path, clock: Clock) -> Book:
    """Open a registry; errors as ``Registry.open``."""
    if not is_url(address) and not Path(address).is_file():
        raise NotFound(
            f"没有注册库文件 {address}；用 gridgis registry create 新建",
            f"there is no registry file {address}; make one with: gridgis registry create",
            path=str(address),
        )
    store = Store(url_of(address), t.metadata)
    with _closed_on_error(store):
        with store.read() as c:
            meta = _need_meta(store, c, shown(address))
        if meta.version < t.VERSION:
            meta = upgrade(store, shown(address))
    scheme = Scheme.from_text(meta.scheme, meta.scheme_name)
    return Book(store, meta.name or "", meta.work_crs, scheme, clock)


def upgrade(store: Store, where: str) -> Any:
    """Bring the tables of an earlier version up to this one, all or nothing; return the meta row."""
    with store.change_tables() as c:
        version = _need_meta(store, c, where).version
        if version < t.VERSION:  # nobody else did it meanwhile
            migrations.upgrade(c, version)
        return _need_meta(store, c, where)


@contextmanager
def _closed_on_error(store: Store) -> Iterator[None]:
    try:
        yield
    except BaseException:
        store.close()
        raise


def _need_meta(store: Store, connection: sa.Connection, where: str) -> Any:
    """Return what is written about the registry as a whole."""
    there = store.has_table(connection, t.registry_meta.name)
    x = t.registry_meta.c  # what all versions have
    columns = (x.name, x.work_crs, x.scheme_name, x.scheme, x.version)
    row = connection.execute(sa.select(*columns)).first() if there else None
    if row is None:
        raise InvalidInput(
            f"{where} 不是 gridgis 注册库；用 gridgis registry create 新建",
            f"{where} is no gridgis registry; make one with: gridgis registry create",
            path=where,
        )
    if not migrations.OLDEST <= row.version <= t.VERSION:
        raise InvalidInput(
            f"注册库 {where} 的版本是 {row.version}，本程序支持 {migrations.OLDEST} 至 {t.VERSION}；请升级程序",
            f"registry {where} has version {row.version}, this program knows {migrations.OLDEST} to {t.VERSION}: "
            "use a newer gridgis",
            version=row.version,
        )
    return row
