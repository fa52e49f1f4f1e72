"""From the tables of earlier versions to those of this one: Alembic, in one transaction with the version's number.

A new version is a file ``versions/vN_what.py`` with ``revision = "N"``, and ``tables.VERSION = N``. A test makes a
registry of each earlier version and compares it, upgraded, with a new one, on both stores.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from gridgis.registry import tables as t

OLDEST = 2
"""The oldest version that can be upgraded."""


def upgrade(connection: sa.Connection, start: int, target: int = t.VERSION) -> None:
    """Run the migrations from a version to another, and write down the number.

    Parameters
    ----------
    start
        Version of the tables; 0 where there are none yet.
    """
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(Path(__file__).parent))
    schema = _schema(connection)
    if not sa.inspect(connection).has_table(t.gridgis_version.name, schema=schema):
        t.gridgis_version.create(connection)
    if start:
        stamp(connection, start)

    def steps(revision: str, _: object) -> object:
        return scripts._upgrade_revs(str(target), revision)

    with EnvironmentContext(Config(), scripts, fn=steps, destination_rev=str(target)) as environment:
        environment.configure(connection=connection, version_table=t.gridgis_version.name, version_table_schema=schema)
        environment.run_migrations()
    if start:
        connection.execute(sa.update(t.registry_meta).values(version=target))


def _schema(connection: sa.Connection) -> str | None:
    """Return the schema of the registry: tables of the same names in ``public`` are not its own."""
    if connection.dialect.name != "postgresql":
        return None
    return str(connection.execute(sa.text("SELECT current_schema()")).scalar_one())


def stamp(connection: sa.Connection, version: int) -> None:
    """Write down for Alembic of which version the tables are."""
    connection.execute(sa.delete(t.gridgis_version))
    connection.execute(sa.insert(t.gridgis_version).values(version_num=str(version)))
