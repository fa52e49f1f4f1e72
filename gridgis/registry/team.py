"""People and their appointments to grids (网格长, 网格员)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd
import sqlalchemy as sa

from gridgis.dispatch.team import LEADER_TITLES, ROLES, check_team, leader_clashes, mask_phone, role_of, title_of
from gridgis.errors import Conflict, InvalidInput, NotFound
from gridgis.model import need_columns
from gridgis.registry import tables as t
from gridgis.registry.book import Book, day_of
from gridgis.registry.store import chunks, frame


@dataclass(frozen=True)
class TeamChange:
    """What a team table changed: appointments that are new, and those that got another last day."""

    new: int
    ended: int
    moved: tuple[dict[str, Any], ...] = ()
    """Those of ``ended`` that had a last day before: grid, role, name, was, now (days as text)."""


def import_team(book: Book, connection: sa.Connection, rows: pd.DataFrame, by: str) -> TeamChange:
    """Add appointments (dispatch.team.TEAM_COLUMNS); one that is there already gets the last day of the table, if any.

    Columns phone, from and to may be missing: no phone, from today, no end. An empty ``to`` ends nothing and opens
    nothing again.

    Raises
    ------
    InvalidInput
        A column is missing, or a row is wrong; names the rows.
    Conflict
        A grid would have two acting leaders on one day.
    """
    need_columns(rows, ("grid", "role", "name"), "team")
    g = t.grid.c
    in_force = connection.execute(sa.select(g.code, g.level).where(g.valid_to.is_(None)))
    known = {row.code: row.level for row in in_force}
    clean = check_team(_filled(book, rows), known)
    _check_titles(rows, clean, known)
    present = {_key(row): row for row in _records(_appointments(connection, None))}
    wanted = {_key(row): row for row in _records(clean)}
    fresh = [row for key, row in wanted.items() if key not in present]
    ended = {k: row["to"] for k, row in wanted.items() if k in present and row["to"] not in (None, present[k]["to"])}
    _one_leader([*({**row, "to": ended.get(k, row["to"])} for k, row in present.items()), *fresh])
    for key, day in ended.items():
        _end(book, connection, int(present[key]["fid"]), day.isoformat(), by)
    for row in fresh:
        _appoint(book, connection, row, by)
    moved = tuple(_moved(present[key], day) for key, day in ended.items() if present[key]["to"] is not None)
    return TeamChange(len(fresh), len(ended), moved)


def _moved(row: dict[str, Any], day: date) -> dict[str, Any]:
    who = {key: row[key] for key in ("grid", "role", "name")}
    return {**who, "was": row["to"].isoformat(), "now": day.isoformat()}


def _check_titles(rows: pd.DataFrame, clean: pd.DataFrame, levels: Mapping[str, int | None]) -> None:
    """Refuse the title of a leader of another level than the grid's."""
    for number, (said, grid) in enumerate(zip(rows["role"], clean["grid"], strict=True), start=2):
        title = str(said).strip()
        if title in LEADER_TITLES and LEADER_TITLES[title] != levels[grid]:
            right = title_of("leader", levels[grid])
            raise InvalidInput(
                f"第 {number} 行：网格 {grid} 的网格长是“{right}”，不是“{title}”",
                f"row {number}: the leader of grid {grid} is called '{right}', not '{title}'",
                grid=grid,
            )


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
    for a, b in leader_clashes(rows):
        if a["name"] == b["name"] and ("fid" in a) != ("fid" in b):
            _refuse_same_name(a, b)
        raise Conflict(
            f"网格 {a['grid']} 自 {b['from']} 起会有两位网格长：{a['name']}、{b['name']}；请先填写前任的止期",
            f"grid {a['grid']} would have two leaders from {b['from']}: {a['name']} and {b['name']}; give the "
            "first an end day",
            grid=a["grid"],
        )


def _refuse_same_name(a: dict[str, Any], b: dict[str, Any]) -> None:
    """Refuse a leader who is there already: most often it is one person whose phone or first day was written anew."""
    known, wanted = (a, b) if "fid" in a else (b, a)  # what is registered has a row number
    name, grid = known["name"], known["grid"]
    if known["phone"] != wanted["phone"]:
        was, now = (mask_phone(row["phone"]) or "–" for row in (known, wanted))
        raise Conflict(
            f"网格 {grid} 的网格长 {name} 登记的电话是 {was}，表中是 {now}（隐去中间数字），两者不同。同一人换电话：用 "
            "gridgis export 导出备案表，改电话后用 gridgis register read 读回；另一位同名的人：请先填写前任的止期",
            f"{name}, leader of grid {grid}, is registered with the phone {was}, and the table has {now} (middle "
            "digits hidden): they differ. The same person with a new phone: edit it in the register (gridgis export) "
            "and read that with gridgis register read; another person of that name: give the former an end day",
            grid=grid,
        )
    day, said = known["from"], wanted["from"]
    raise Conflict(
        f"网格 {grid} 的网格长 {name} 登记的起始日期是 {day}，表中是 {said}；请在表中填写登记的日期",
        f"{name} is registered as leader of grid {grid} from {day}, and the table says from {said}: write the "
        "registered day",
        grid=grid,
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


def _end(book: Book, connection: sa.Connection, fid: int, day: str, by: str) -> None:
    a = t.appointment
    values = {"to_day": day, "ended_by": by, "ended_at": book.clock()}
    connection.execute(sa.update(a).where(a.c.fid == fid).values(**values))


@dataclass(frozen=True)
class Post:
    """Who holds which post: code of the grid, role, name."""

    grid: str
    role: str
    name: str


def end_appointment(book: Book, connection: sa.Connection, post: Post, day: Any, by: str) -> None:
    """Set the last day of an open appointment.

    Raises
    ------
    InvalidInput
        The day is none, or before the first day.
    NotFound
        There is no such open appointment.
    Conflict
        There are several: people of one name.
    """
    last = day_of(day)
    rows = _records(_appointments(connection, None))
    asked = (post.grid, role_of(post.role), post.name)
    found = [row for row in rows if (row["grid"], row["role"], row["name"]) == asked and row["to"] is None]
    who, grid = post.name, post.grid
    if not found:
        raise NotFound(
            f"没有 {who} 在网格 {grid} 的在任记录", f"no open appointment of {who} as {post.role} of {grid}", grid=grid
        )
    if len(found) > 1:
        raise Conflict(
            f"网格 {grid} 有 {len(found)} 位同名的在任 {who}；请在任职表中填写止期后导入",
            f"grid {grid} has {len(found)} people named {who} in this role: import a table with the last day",
            grid=grid,
        )
    if last < (first := found[0]["from"].isoformat()):
        raise InvalidInput(
            f"止期 {last} 早于起始日期 {first}", f"the last day {last} is before the first, {first}", day=last
        )
    _end(book, connection, int(found[0]["fid"]), last, by)


def carry_over(
    book: Book, connection: sa.Connection, heirs: Mapping[str, str | None], day: str, by: str
) -> list[dict[str, Any]]:
    """Let appointments follow their grids into a new revision.

    The appointment to a grid whose code changes ends on the day before, and goes on at the new code: so past days
    still know their leaders.

    Parameters
    ----------
    heirs
        Code that is no longer in force -> the code of the grid that continues it; None for none.
    day
        First day of the new revision.

    Returns
    -------
    list
        Report rows (REPORT_COLUMNS) on people whose grid ends without heir: they are carried nowhere.
    """
    rows, moving = [], []
    before = (date.fromisoformat(day) - timedelta(days=1)).isoformat()
    a = t.appointment
    for person in _records(_appointments(connection, None, heirs)):
        fid, grid = int(person["fid"]), person["grid"]
        if person["to"] is not None and person["to"].isoformat() < day:
            continue
        if heirs[grid] is None:
            rows.append(_left_behind(person))
            continue
        begun = person["from"].isoformat() < day
        moving.append({**person, "grid": heirs[grid], "from": date.fromisoformat(day) if begun else person["from"]})
        if begun:
            _end(book, connection, fid, before, by)
        else:
            connection.execute(sa.delete(a).where(a.c.fid == fid))
    for person in moving:  # when all have left their old posts: two grids may change codes with each other
        _appoint(book, connection, person, by)
    return rows


def _left_behind(person: dict[str, Any]) -> dict[str, Any]:
    name, grid, role = person["name"], person["grid"], person["role"]
    return {
        "severity": "warning", "stage": "file", "subject": grid, "rule": "vacancy", "measure": None,
        "zh": f"网格 {grid} 已停用且无延续，其{ROLES[role]}{name}没有转到其他网格；请重新任命",
        "en": f"grid {grid} ended without heir; its {role} {name} was carried to no other grid: appoint anew",
    }  # fmt: skip


def team(connection: sa.Connection, day: str | None, grids: Iterable[str] | None = None) -> pd.DataFrame:
    """Return the appointments (TEAM_COLUMNS, days as ``date``) on a day (all for None), of all grids or of some."""
    return _appointments(connection, day, grids).drop(columns="fid")


def _appointments(connection: sa.Connection, day: str | None, grids: Iterable[str] | None = None) -> pd.DataFrame:
    a, p, n = t.appointment.c, t.person.c, t.person_phone.c
    query = (
        sa.select(a.fid, a.grid, a.role, p.name, n.phone, a.from_day.label("from"), a.to_day.label("to"))
        .join(t.person, p.fid == a.person)
        .join(t.person_phone, n.person == p.fid, isouter=True)
        .order_by(a.grid, a.role.desc(), a.from_day, p.name)
    )
    if day is not None:
        query = query.where((a.from_day <= day) & (a.to_day.is_(None) | (a.to_day >= day)))
    asked = [query] if grids is None else [query.where(a.grid.in_(some)) for some in chunks(sorted(set(grids)))]
    found = pd.concat([frame(connection, q) for q in asked or [query.where(sa.false())]], ignore_index=True)
    for column in ("from", "to"):
        found[column] = pd.Series([None if d is None else date.fromisoformat(d) for d in found[column]], dtype=object)
    return found
