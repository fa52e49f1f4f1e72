"""The store in PostGIS: one registry is one schema; PostGIS' own types and functions are in ``public``.

Writers take one advisory lock of the schema, so they come one after the other as in a file; each of their statements
sees all that was committed before. Readers take no lock and see one snapshot.
"""

from __future__ import annotations

import sqlalchemy as sa

from gridgis.errors import Conflict, Forbidden, GridgisError, InvalidInput, Unavailable

BUSY_S = 60
"""How long a writer waits for another before it gives up."""

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('gridgis ' || current_schema(), 0))"


class PostGIS:
    """Transactions on a schema of a database."""

    is_file = False
    schema = "public"

    def make_engine(self, url: sa.URL) -> sa.Engine:
        """Return an engine with a pool: a connection costs a process of the server."""
        self.schema = str(url.query.get("schema", "public"))
        options = {"options": f"-csearch_path={self.schema},public"}
        plain = url.difference_update_query(["schema"]).update_query_dict(options)
        engine = sa.create_engine(plain, pool_pre_ping=True)
        sa.event.listen(engine, "begin", _begin)
        return engine

    def begin_read(self, engine: sa.Engine) -> sa.Connection:
        """Return a connection on which all SELECTs see one snapshot."""
        return engine.connect().execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    def begin_write(self, engine: sa.Engine, tables: bool = False) -> sa.Connection:
        """Return a connection that waits for its turn among the writers."""
        return engine.connect().execution_options(isolation_level="READ COMMITTED", gridgis_write=True)

    def has_table(self, connection: sa.Connection, name: str) -> bool:
        """Tell whether there is a table in this very schema."""
        query = sa.text("SELECT to_regclass(:name) IS NOT NULL")
        return bool(connection.execute(query, {"name": f'"{self.schema}"."{name}"'}).scalar())

    def prepare(self, connection: sa.Connection) -> None:
        """Make sure of the schema and the extensions: postgis, and btree_gist for the rule of one leader at a time."""
        connection.exec_driver_sql(f'CREATE SCHEMA IF NOT EXISTS "{self.schema}"')
        for extension in ("postgis", "btree_gist"):
            connection.exec_driver_sql(f"CREATE EXTENSION IF NOT EXISTS {extension} SCHEMA public")

    def finish(self, connection: sa.Connection, metadata: sa.MetaData, whole: bool) -> None:
        """Let numbering go on after the rows that came with their numbers, and have them counted (``whole``).

        Without counts PostgreSQL guesses until its daemon comes by, and lookups take fifty times as long.
        """
        for table in metadata.sorted_tables if whole else ():
            if not self.has_table(connection, table.name):  # an earlier version
                continue
            name = f'"{self.schema}"."{table.name}"'
            connection.exec_driver_sql(
                f"SELECT setval(pg_get_serial_sequence('{name}', 'fid'), coalesce(max(fid), 0) + 1, false) FROM {name}"
            )
            connection.exec_driver_sql(f"ANALYZE {name}")

    def faults(self, connection: sa.Connection, metadata: sa.MetaData) -> list[str]:
        """Name the indexes that PostgreSQL holds for broken."""
        query = (
            "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
            "WHERE NOT i.indisvalid AND c.relnamespace = current_schema()::regnamespace"
        )
        return [f"index {row[0]} is invalid" for row in connection.exec_driver_sql(query)]

    def explain(self, error: sa.exc.DBAPIError) -> GridgisError | None:
        """Tell a busy, read-only, full or unreachable server from a fault of ours."""
        state = getattr(error.orig, "sqlstate", None)
        if state is None:
            return _unreachable(error) if isinstance(error, sa.exc.OperationalError) else None
        return next((kind(zh, en) for head, (kind, zh, en) in _ERRORS.items() if state.startswith(head)), None)


_ERRORS: dict[str, tuple[type[GridgisError], str, str]] = {
    "55P03": (
        Conflict,
        "注册库正被他人写入，请稍后再试",
        "the registry is being written by someone else; try again later",
    ),
    "23P01": (  # the only exclusion constraint is one_leader
        Conflict,
        "同一网格同一时间只能有一名网格长",
        "a grid has one acting leader at a time",
    ),
    "25006": (Forbidden, "数据库是只读的", "the database is read-only"),
    "42501": (Forbidden, "数据库用户没有所需权限", "the database user lacks a right that this needs"),
    "53100": (
        Unavailable,
        "数据库服务器磁盘已满，没有写入任何内容；请腾出空间后重试",
        "the database server's disk is full, nothing was written; make room and try again",
    ),
    "57P": (
        Unavailable,
        "数据库服务器正在停止或启动，请稍后再试",
        "the database server is going down or coming up; try again",
    ),
    "3D000": (InvalidInput, "没有这个数据库", "there is no such database"),
    "28": (Forbidden, "数据库拒绝了用户或密码", "the database refused the user or the password"),
}
"""Head of an SQLSTATE -> what users are told."""


def _unreachable(error: sa.exc.DBAPIError) -> Unavailable:
    why = str(error.orig).strip().splitlines()[-1:]
    return Unavailable(
        f"无法连接数据库：{''.join(why)}；请检查地址与服务器",
        f"the database cannot be reached: {''.join(why)}; check the address and the server",
    )


def _begin(connection: sa.Connection) -> None:
    if connection.get_execution_options().get("gridgis_write", False):
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{BUSY_S}s'")
        connection.exec_driver_sql(_LOCK)
