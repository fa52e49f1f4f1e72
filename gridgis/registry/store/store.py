"""Transactions on a registry, whichever its store: readers see one snapshot, writers come one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import sqlalchemy as sa

from gridgis.errors import GridgisError
from gridgis.registry.store.geopackage import GeoPackage
from gridgis.registry.store.postgis import PostGIS


class Backend(Protocol):
    """What a kind of store does in its own way."""

    is_file: bool

    def make_engine(self, url: sa.URL) -> sa.Engine:
        """Return an engine whose connections are as this store wants them."""

    def begin_read(self, engine: sa.Engine) -> sa.Connection:
        """Return a connection whose SELECTs will all see one snapshot."""

    def begin_write(self, engine: sa.Engine, tables: bool = False) -> sa.Connection:
        """Return a connection on which no other writer of gridgis is at work; ``tables``: these will change."""

    def has_table(self, connection: sa.Connection, name: str) -> bool:
        """Tell whether there is a table."""

    def prepare(self, connection: sa.Connection) -> None:
        """Make an empty store ready for tables with geometries."""

    def finish(self, connection: sa.Connection, metadata: sa.MetaData, whole: bool) -> None:
        """Put in order what goes with the tables, before a commit; ``whole``: tables were made or changed."""

    def faults(self, connection: sa.Connection, metadata: sa.MetaData) -> list[str]:
        """Tell what is broken in the store itself."""

    def explain(self, error: sa.exc.DBAPIError) -> GridgisError | None:
        """Return the error for users in the place of one of the store's; None for a fault of ours."""


class Store:
    """Transactions on one registry.

    Parameters
    ----------
    url
        Of a GeoPackage file or of PostGIS (``url_of``).
    metadata
        The tables.
    """

    def __init__(self, url: sa.URL, metadata: sa.MetaData) -> None:
        self.url = url
        self._metadata = metadata
        self._backend: Backend = GeoPackage() if url.get_backend_name() == "sqlite" else PostGIS()
        self.is_file = self._backend.is_file
        self._engine = self._backend.make_engine(url)

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Give a connection whose SELECTs all see one snapshot."""
        with self._plain_errors(), self._backend.begin_read(self._engine) as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """Give a connection for one write transaction; commits at the end, rolls back on any error."""
        with self._plain_errors(), self._backend.begin_write(self._engine) as connection, connection.begin():
            yield connection
            self._backend.finish(connection, self._metadata, whole=False)

    def has_table(self, connection: sa.Connection, name: str) -> bool:
        """Tell whether the store has a table."""
        return self._backend.has_table(connection, name)

    @contextmanager
    def change_tables(self) -> Iterator[sa.Connection]:
        """Give a connection for a transaction that makes or changes tables; all of it happens, or nothing."""
        with self._plain_errors(), self._backend.begin_write(self._engine, True) as connection, connection.begin():
            self._backend.prepare(connection)
            yield connection
            self._backend.finish(connection, self._metadata, whole=True)

    def faults(self, connection: sa.Connection) -> list[str]:
        """Tell what is broken in the store itself, whatever the rows say."""
        return self._backend.faults(connection, self._metadata)

    def create_tables(self, connection: sa.Connection) -> None:
        """Create the tables."""
        self._metadata.create_all(connection, checkfirst=False)

    def close(self) -> None:
        """Let go of the store."""
        self._engine.dispose()

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        """Turn what the store says into errors for users."""
        try:
            yield
        except sa.exc.StatementError as e:
            if isinstance(e.orig, GridgisError):  # a column refused a value
                raise e.orig from e
            if isinstance(e, sa.exc.DBAPIError) and (told := self._backend.explain(e)) is not None:
                raise told from e
            raise
