"""One point's answer without what takes long to load: plain SQL, the mapped index, the standard library.

It tells the same as ``Registry.locate`` and ``Registry.card`` of the revision in force. Whatever is not as it should
be (no such registry, another version of its tables, no index of the revision in force) is left to these, which build
the index or say what is wrong.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

from gridgis.errors import InvalidInput
from gridgis.index import PointResolver
from gridgis.model import Hit
from gridgis.registry.card import CARD_COLUMNS, Cards
from gridgis.registry.index_cache import cache_key, cache_path

TABLES = 4
"""Version of the tables that the queries here are written for (``tables.VERSION``)."""

_LAST = "SELECT number, seal FROM revision WHERE in_force_from <= ? ORDER BY number DESC LIMIT 1"
_ROW = (
    f"SELECT {', '.join(CARD_COLUMNS)} FROM grid "
    "WHERE code = ? AND valid_from <= ? AND (valid_to IS NULL OR valid_to > ?)"
)
_FIRST = """SELECT g.code, MIN(r.in_force_from) AS day FROM grid g
JOIN revision r ON r.number = g.valid_from WHERE g.code = ? GROUP BY g.code"""
_COMMUNITY = "SELECT code, name, street FROM community WHERE code = ?"
_TEAM = """SELECT p.name, a.role, n.phone FROM appointment a
JOIN person p ON p.fid = a.person LEFT JOIN person_phone n ON n.person = p.fid
WHERE a.grid = ? AND a.from_day <= ? AND (a.to_day IS NULL OR a.to_day >= ?)
ORDER BY a.role DESC, a.from_day, p.name"""


def locate_quickly(
    address: str, lon: float, lat: float, crs: str, now: datetime | None = None
) -> tuple[Hit, dict[str, Any] | None] | None:
    """Return the hit at a point in stored coordinates and the card of its grid, phones not masked.

    Parameters
    ----------
    address
        Path or URL of the registry.
    lon, lat
        Degrees, in stored coordinates.
    crs
        Label of the caller's coordinates.
    now
        The present instant, zone-aware; by default that of the clock.

    Returns
    -------
    None where this way cannot answer.

    Raises
    ------
    InvalidInput
        A point that cannot be meant.
    """
    day = (now or datetime.now(UTC)).astimezone(ZoneInfo("Asia/Shanghai")).date().isoformat()
    try:
        with closing(_postgres(address) if "://" in address else _file(address)) as snapshot:
            resolver = _resolver(snapshot, address, day)
            hit = resolver.resolve(lon, lat, crs)
            return hit, None if hit.code is None else _card(snapshot, resolver, hit.code, day)
    except _NoAnswerError:
        return None


class _NoAnswerError(Exception):
    """The quick way has no answer."""


class _Snapshot:
    """One read transaction; ``mark`` stands for a value in the driver's queries."""

    def __init__(self, connection: Any, mark: str) -> None:
        self._connection, self._mark = connection, mark

    def ask(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """Run a SELECT with ? for its values; return rows as dicts."""
        try:
            cursor = self._connection.execute(query.replace("?", self._mark), values)
            return [dict(zip((c[0] for c in cursor.description), row, strict=True)) for row in cursor.fetchall()]
        except Exception as e:  # whatever the driver calls it: the other way says what is wrong
            raise _NoAnswerError from e

    def close(self) -> None:
        """Let go of the registry."""
        self._connection.close()


def _file(path: str) -> _Snapshot:
    if not Path(path).is_file():  # sqlite would make one
        raise _NoAnswerError
    connection = sqlite3.connect(path, isolation_level=None, timeout=30.0)
    connection.execute("BEGIN")
    return _Snapshot(connection, "?")


def _postgres(address: str) -> _Snapshot:
    try:
        import psycopg
    except ImportError as e:
        raise _NoAnswerError from e
    url = urlsplit(address)
    query = dict(parse_qsl(url.query))
    query["options"] = f"-csearch_path={query.pop('schema', 'public')},public"
    try:
        connection = psycopg.connect(urlunsplit(("postgresql", url.netloc, url.path, urlencode(query), "")))
    except psycopg.Error as e:
        raise _NoAnswerError from e
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    return _Snapshot(connection, "%s")


def _resolver(snapshot: _Snapshot, address: str, day: str) -> PointResolver:
    meta, last = snapshot.ask("SELECT version, work_crs FROM registry_meta"), snapshot.ask(_LAST, day)
    if not meta or meta[0]["version"] != TABLES or not last or not last[0]["seal"]:
        raise _NoAnswerError
    key = cache_key(meta[0]["work_crs"], last[0]["number"], last[0]["seal"])
    try:
        return PointResolver.open(cache_path(address), key)
    except InvalidInput as e:
        raise _NoAnswerError from e


def _card(snapshot: _Snapshot, resolver: PointResolver, code: str, day: str) -> dict[str, Any]:
    number = resolver.revision
    rows: dict[str, dict[str, Any]] = {}
    at: str | None = code
    while at is not None and at not in rows:
        (rows[at],) = snapshot.ask(_ROW, at, number, number)
        at = rows[at]["parent"]
    community = rows[code]["community"]
    communities = {str(row["code"]): row for row in snapshot.ask(_COMMUNITY, community)}
    first = {str(row["code"]): row["day"] for row in snapshot.ask(_FIRST, code)}
    team = {c: snapshot.ask(_TEAM, c, day, day) for c in rows}
    return Cards(number, rows, communities, first, {code: resolver.codes.centre(code)}).card(code, team, mask=False)
