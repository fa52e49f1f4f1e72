"""People and their appointments to grids (网格长, 网格员)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import pairwise
from typing import Any

import pandas as pd
import sqlalchemy as sa

from gridgis.dispatch.team import check_team
from gridgis.errors import Conflict, NotFound
from gridgis.model import need_columns
from gridgis.registry import tables as t
from gridgis.registry.book import Book
from gridgis.registry.store import frame


def import_team(book: Book, connection: sa.Connection, rows: pd.DataFrame, by: str) -> int:
    """Add appointments (dispatch.team.TEAM_COLUMNS); those that are there already are passed over.

    Columns phone, from and to may be missing: no phone, from today, no end.

    Returns
    -------
    int
        How many are new.

    Raises
    ------
    InvalidInput
        A column is missing, or a row is wrong; names the rows.
    Conflict
        A grid would have two acting leaders on one day.
    """
    need_columns(rows, ("grid", "role", "name"), "team")
    g = t.grid.c
    known = set(connection.execute(sa.select(g.code).where(g.valid_to.is_(None))).scalars())
    clean = check_team(_filled(book, rows), known)
    present = _records(team(connection, None))
    keys = {_key(row) for row in present}
    fresh = [row for row in {_key(r): r for r in _records(clean)}.values() if _key(row) not in keys]
    _one_leader([*present, *fresh])
    for row in fresh:
        _appoint(book, connection, row, by)
    return len(fresh)


def _filled(book: Book, rows: pd.DataFrame) -> pd.DataFrame:
    out = rows.astype(object).copy()
    for column in ("phone", "from", "to"):
        if column not in out:
            out[column] = None
    empty = out["from"].isna() | (out["from"].astype(str).str.strip() == "")
    out.loc[empty, "from"] = book.today()
    return out


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]


def _key(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[c] for c in ("grid", "role", "name", "phone", "from"))


def _one_leader(rows: Iterable[dict[str, Any]]) -> None:
    leaders = sorted((r for r in rows if r["role"] == "leader"), key=lambda r: (r["grid"], r["from"]))
    for a, b in pairwise(leaders):
        if a["grid"] == b["grid"] and (a["to"] is None or a["to"] >= b["from"]):
            raise Conflict(
                f"网格 {a['grid']} 自 {b['from']} 起会有两位网格长：{a['name']}、{b['name']}；请先填写前任的止期",
                f"grid {a['grid']} would have two leaders from {b['from']}: {a['name']} and {b['name']}; give the "
                "first an end day",
                grid=a["grid"],
            )


def _appoint(book: Book, connection: sa.Connection, row: dict[str, Any], by: str) -> None:
    person = _person(connection, row["name"], row["phone"])
    values = {"person": person, "grid": row["grid"], "role": row["role"], "from_day": row["from"].isoformat()}
    end = None if row["to"] is None else row["to"].isoformat()
    connection.execute(sa.insert(t.appointment).values(**values, to_day=end, made_by=by, made_at=book.clock()))


def _person(connection: sa.Connection, name: str, phone: str) -> int:
    """Return the person of this name and phone, made when new."""
    p, n = t.person.c, t.person_phone.c
    query = sa.select(p.fid).join(t.person_phone, n.person == p.fid).where((p.name == name) & (n.phone == phone))
    if (found := connection.execute(query).scalar()) is not None:
        return int(found)
    key = connection.execute(sa.insert(t.person).values(name=name)).inserted_primary_key
    fid = int(key[0]) if key else 0
    connection.execute(sa.insert(t.person_phone).values(person=fid, phone=phone))
    return fid


def end_appointment(connection: sa.Connection, grid: str, role: str, name: str, day: str) -> None:
    """Set the last day of an open appointment.

    Raises
    ------
    NotFound
        There is no such open appointment.
    """
    a, p = t.appointment.c, t.person.c
    who = sa.select(p.fid).where(p.name == name)
    match = (a.grid == grid) & (a.role == role) & a.person.in_(who) & a.to_day.is_(None)
    if not connection.execute(sa.update(t.appointment).where(match).values(to_day=day)).rowcount:
        raise NotFound(
            f"没有 {name} 在网格 {grid} 的在任记录", f"no open appointment of {name} as {role} of {grid}", grid=grid
        )


def team(connection: sa.Connection, day: str | None) -> pd.DataFrame:
    """Return the appointments that hold on a day (all for None): dispatch.team.TEAM_COLUMNS, days as ``date``."""
    a, p, n = t.appointment.c, t.person.c, t.person_phone.c
    query = (
        sa.select(a.grid, a.role, p.name, n.phone, a.from_day.label("from"), a.to_day.label("to"))
        .join(t.person, p.fid == a.person)
        .join(t.person_phone, n.person == p.fid, isouter=True)
        .order_by(a.grid, a.role.desc(), a.from_day, p.name)
    )
    if day is not None:
        query = query.where((a.from_day <= day) & (a.to_day.is_(None) | (a.to_day >= day)))
    found = frame(connection, query)
    for column in ("from", "to"):
        found[column] = pd.Series([None if d is None else date.fromisoformat(d) for d in found[column]], dtype=object)
    return found
