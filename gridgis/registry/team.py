"""People and their appointments to grids (网格长, 网格员)."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pandas as pd
import sqlalchemy as sa

from gridgis.errors import Conflict, InvalidInput, NotFound
from gridgis.model import need_columns
from gridgis.registry import tables as t
from gridgis.registry.book import Book, day_of
from gridgis.registry.store import frame

ROLES = {"leader": "网格长", "administrator": "网格员", "part_time": "兼职网格员"}
"""Roles with their Chinese names; both are accepted."""

TEAM_COLUMNS = ("grid", "role", "name", "phone", "from", "to")
"""Columns of a team: grid (code), role (a key of ROLES), name, phone, from and to (days, half-open; to may be null)."""

_CHINESE = {v: k for k, v in ROLES.items()} | {"专职网格员": "administrator"}


def mask_phone(phone: Any) -> str | None:
    """Hide the middle of a phone number.

    Examples
    --------
    >>> mask_phone("13812341234"), mask_phone("12345"), mask_phone(None)
    ('138****1234', '*****', None)
    """
    if phone is None or (isinstance(phone, float) and pd.isna(phone)):
        return None
    text = str(phone)
    return "*" * len(text) if len(text) < 8 else text[:3] + "*" * (len(text) - 7) + text[-4:]


def import_team(book: Book, connection: sa.Connection, rows: pd.DataFrame, by: str) -> int:
    """Add appointments; those that are there already are passed over. Return how many are new.

    Raises
    ------
    InvalidInput
        A column is missing, or a role, name or day is wrong; names the row.
    NotFound
        A grid is not in force.
    Conflict
        A grid would have two acting leaders on one day.
    """
    need_columns(rows, ("grid", "role", "name"), "team")
    clean = [_checked(book, i, row) for i, row in enumerate(rows.to_dict("records"), start=1)]
    _known_grids(connection, {row["grid"] for row in clean})
    present = _records(team(connection, None))
    keys = {_key(row) for row in present}
    fresh = [row for row in {_key(r): r for r in clean}.values() if _key(row) not in keys]
    _one_leader([*present, *fresh])
    for row in fresh:
        _appoint(book, connection, row, by)
    return len(fresh)


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]


def _key(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[c] for c in ("grid", "role", "name", "phone", "from"))


def _checked(book: Book, number: int, row: dict[Any, Any]) -> dict[str, Any]:
    values = {str(k): None if pd.isna(v) else v for k, v in row.items()}
    role = _CHINESE.get(str(values["role"]), values["role"])
    if role not in ROLES:
        raise InvalidInput(
            f"第 {number} 行的角色“{values['role']}”不对；可用：{list(ROLES.values())}",
            f"row {number}: role '{values['role']}' is wrong; there are: {list(ROLES)}",
            row=number,
        )
    if not values["name"] or not values["grid"]:
        raise InvalidInput(f"第 {number} 行缺少姓名或网格编码", f"row {number} lacks a name or a grid", row=number)
    start = day_of(values.get("from") or book.today())
    end = day_of(values["to"]) if values.get("to") else None
    if end is not None and end <= start:
        raise InvalidInput(
            f"第 {number} 行的止期 {end} 不在起期 {start} 之后",
            f"row {number}: to {end} is not after from {start}",
            row=number,
        )
    phone = values.get("phone")
    return {
        "grid": str(values["grid"]), "role": role, "name": str(values["name"]),
        "phone": None if phone is None else str(phone), "from": start, "to": end,
    }  # fmt: skip


def _known_grids(connection: sa.Connection, codes: set[str]) -> None:
    g = t.grid.c
    known = set(connection.execute(sa.select(g.code).where(g.valid_to.is_(None))).scalars())
    if unknown := sorted(codes - known):
        raise NotFound(
            f"网格 {unknown[:5]} 不在使用中的网格里；请核对编码",
            f"the grids {unknown[:5]} are not in force; look at the codes",
            grids=unknown,
        )


def _one_leader(rows: Iterable[dict[str, Any]]) -> None:
    leaders = sorted((r for r in rows if r["role"] == "leader"), key=lambda r: (r["grid"], r["from"]))
    for a, b in pairwise(leaders):
        if a["grid"] == b["grid"] and (a["to"] is None or a["to"] > b["from"]):
            raise Conflict(
                f"网格 {a['grid']} 自 {b['from']} 起会有两位网格长：{a['name']}、{b['name']}；请先填写前任的止期",
                f"grid {a['grid']} would have two leaders from {b['from']}: {a['name']} and {b['name']}; give the "
                "first an end day",
                grid=a["grid"],
            )


def _appoint(book: Book, connection: sa.Connection, row: dict[str, Any], by: str) -> None:
    person = _person(connection, row["name"], row["phone"])
    values = {"person": person, "grid": row["grid"], "role": row["role"], "from_day": row["from"], "to_day": row["to"]}
    connection.execute(sa.insert(t.appointment).values(**values, made_by=by, made_at=book.clock()))


def _person(connection: sa.Connection, name: str, phone: str | None) -> int:
    """Return the person of this name and phone, made when new."""
    p, n = t.person.c, t.person_phone.c
    query = sa.select(p.fid).join(t.person_phone, n.person == p.fid).where(p.name == name)
    same = n.phone.is_(None) if phone is None else n.phone == phone
    if (found := connection.execute(query.where(same)).scalar()) is not None:
        return int(found)
    key = connection.execute(sa.insert(t.person).values(name=name)).inserted_primary_key
    fid = int(key[0]) if key else 0
    connection.execute(sa.insert(t.person_phone).values(person=fid, phone=phone))
    return fid


def end_appointment(connection: sa.Connection, grid: str, role: str, name: str, day: str) -> None:
    """Set the end day of an open appointment.

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
    """Return the appointments that hold on a day (all for None), TEAM_COLUMNS."""
    a, p, n = t.appointment.c, t.person.c, t.person_phone.c
    query = (
        sa.select(a.grid, a.role, p.name, n.phone, a.from_day.label("from"), a.to_day.label("to"))
        .join(t.person, p.fid == a.person)
        .join(t.person_phone, n.person == p.fid, isouter=True)
        .order_by(a.grid, a.role.desc(), a.from_day, p.name)
    )
    if day is not None:
        query = query.where((a.from_day <= day) & (a.to_day.is_(None) | (a.to_day > day)))
    return frame(connection, query)
