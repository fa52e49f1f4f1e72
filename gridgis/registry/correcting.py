"""Corrections of what is in force, without a plan: names, leaders, their phones, remarks. All or nothing.

A corrected name is a new revision (SEMANTICS 5): the same grid, code and border with another name, no lineage, marked
"corrected". Such a revision makes no open plan stale: where a plan has taken over the old name, it takes the new one.
Leaders and remarks are no part of a revision: they change from today on, and past days keep theirs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

import geopandas as gpd
import pandas as pd
import sqlalchemy as sa

from gridgis.dispatch.team import checked_phone
from gridgis.errors import Conflict, InvalidInput, NotFound, Rejected
from gridgis.registry import tables as t
from gridgis.registry.book import Book
from gridgis.registry.filing import begin_rows, end_rows, first_day
from gridgis.registry.plans import OPEN_STATES, Author, powers_of, record
from gridgis.registry.remarks import set_remarks
from gridgis.registry.seals import seal_revision
from gridgis.registry.team import import_team
from gridgis.registry.team_filing import file_team


@dataclass(frozen=True)
class Corrections:
    """What is to be other than it is, by code.

    ``names``: the new name. ``leaders``: name and phone ('' for none) of the leader from today on; None: the post is
    vacant. ``phones``: another number of the same leader, wherever that person acts. ``remarks``: the new text, '' for
    none.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    leaders: Mapping[str, tuple[str, str] | None] = field(default_factory=dict)
    phones: Mapping[str, str] = field(default_factory=dict)
    remarks: Mapping[str, str] = field(default_factory=dict)

    def codes(self) -> set[str]:
        """Return all codes that are touched."""
        return {*self.names, *self.leaders, *self.phones, *self.remarks}


def correct(
    book: Book, connection: sa.Connection, wanted: Corrections, based_on: int, author: Author
) -> int | None:  # fmt: skip
    """Correct what is in force; return the number of the new revision, None where no name changes.

    Raises
    ------
    Conflict
        The last revision is not the one that the corrections are based on, or is not in force yet.
    NotFound
        A code is not in force.
    InvalidInput
        A name is empty, or a phone is none; two numbers for one person.
    Rejected
        Two grids of a community would have the same name.
    """
    head = book.head(connection)
    _need_current(book, connection, head, based_on)
    grids = book.grids(connection, head)
    if unknown := sorted(wanted.codes() - set(grids["code"])):
        zh, en = f"没有现行网格 {unknown[:5]}", f"there are no grids {unknown[:5]} in force"
        raise NotFound(zh, en, codes=unknown)
    number = _rename(book, connection, grids, wanted.names, author) if wanted.names else None
    _lead(book, connection, wanted.leaders, author)
    _call(connection, wanted.phones, book.today())
    set_remarks(book, connection, wanted.remarks, book.today(), author.by)
    if led := {*wanted.leaders, *wanted.phones}:
        file_team(book, connection, author, book.today(), led)
    return number


def _need_current(book: Book, connection: sa.Connection, head: int, based_on: int) -> None:
    if head != based_on:
        raise Conflict(
            f"更正依据第 {based_on} 版，而注册库最后一版是第 {head} 版；请重新导出后再改",
            f"the corrections are based on revision {based_on}, but the last is {head}: export anew and edit that",
            based_on=based_on,
            last=head,
        )
    if book.number(connection) != head:
        raise Conflict(
            f"第 {head} 版尚未生效；请在生效之后再更正", f"revision {head} is not in force yet: correct it when it is",
            last=head,
        )  # fmt: skip


def _rename(
    book: Book, connection: sa.Connection, grids: gpd.GeoDataFrame, names: Mapping[str, str], author: Author
) -> int:
    """Publish the grids with their new names as one revision."""
    powers_of(connection).need("file", author.office)
    called = [names.get(code, name) for code, name in zip(grids["code"], grids["name"], strict=True)]
    new = grids.assign(name=called)
    _need_names(new, names)
    number, day = book.head(connection) + 1, first_day(book, connection, None)
    plan_id = _plan(book, connection, number, author)
    chosen = new["code"].isin(set(names))
    end_rows(connection, grids["fid"][chosen].tolist(), number)
    begin_rows(connection, new[chosen].assign(valid_from=number, plan_id=plan_id, note="corrected"))
    values = {"number": number, "plan_id": plan_id, "filed_at": book.clock(), "in_force_from": day}
    connection.execute(sa.insert(t.revision).values(**values, filed_by=author.by))
    seal_revision(connection, number)
    _rename_in_plans(connection, dict(zip(grids["code"], grids["name"], strict=True)), names)
    record(book, connection, plan_id, "correct", "filed", author)
    return number


def _rename_in_plans(connection: sa.Connection, old: Mapping[str, str | None], names: Mapping[str, str]) -> None:
    """Give grids of open plans that continue a renamed one under its old name the new name: else filing undid it."""
    g, p = t.plan_grid.c, t.plan.c
    open_plans = sa.select(p.fid).where(p.state.in_(OPEN_STATES))
    for code, name in sorted(names.items()):
        mine = g.plan_id.in_(open_plans) & (g.previous == code) & (g.name == old[code])
        connection.execute(sa.update(t.plan_grid).where(mine).values(name=name))


def _need_names(grids: pd.DataFrame, names: Mapping[str, str]) -> None:
    if empty := [code for code, name in names.items() if not name.strip()]:
        raise InvalidInput(f"网格 {empty[:5]} 的名称是空的", f"the names of grids {empty[:5]} are empty", codes=empty)
    same = grids[grids.duplicated(["community", "name"], keep=False) & grids["code"].isin(set(names))]
    if len(same):
        first = same.iloc[0]
        raise Rejected(
            f"社区 {first['community']} 中会有多个网格名为“{first['name']}”；名称在社区内不可重复",
            f"several grids of community {first['community']} would be called '{first['name']}'; names are unique in a "
            "community",
            codes=same["code"].tolist(),
        )


def _plan(book: Book, connection: sa.Connection, number: int, author: Author) -> int:
    """Write down the correction as a plan of no community, so that plans filed before stay what they are."""
    now = book.clock()
    values = {
        "title": "更正 correction", "communities": json.dumps([]), "state": "filed", "made_by": author.by,
        "made_at": now, "changed_at": now, "based_on": number - 1, "revision": number,
    }  # fmt: skip
    key = connection.execute(sa.insert(t.plan).values(**values)).inserted_primary_key
    return int(key[0]) if key else 0


def _lead(book: Book, connection: sa.Connection, leaders: Mapping[str, tuple[str, str] | None], author: Author) -> None:
    """Let the leaders of today end yesterday, and others begin today; who began today is replaced."""
    day, a = book.today(), t.appointment
    before = (date.fromisoformat(day) - timedelta(days=1)).isoformat()
    for code in sorted(leaders):
        acting = _acting(code, day)
        connection.execute(sa.delete(a).where(acting & (a.c.from_day >= day)))
        ended = {"to_day": before, "ended_by": author.by, "ended_at": book.clock()}
        connection.execute(sa.update(a).where(acting).values(**ended))
    rows = [(code, "leader", *who, day) for code, who in sorted(leaders.items()) if who is not None]
    if rows:
        table = pd.DataFrame(rows, columns=["grid", "role", "name", "phone", "from"], dtype=object)
        import_team(book, connection, table, author.by)


def _acting(code: str, day: str) -> sa.ColumnElement[bool]:
    a = t.appointment.c
    return (a.grid == code) & (a.role == "leader") & (a.from_day <= day) & (a.to_day.is_(None) | (a.to_day >= day))


def _call(connection: sa.Connection, phones: Mapping[str, str], day: str) -> None:
    """Write another phone for the acting leaders of grids."""
    a, n = t.appointment.c, t.person_phone
    wanted: dict[int, str] = {}
    for code, phone in sorted(phones.items()):
        person = connection.execute(sa.select(a.person).where(_acting(code, day))).scalar()
        if person is None:
            zh, en = (
                f"网格 {code} 没有在任网格长，不能改电话",
                f"grid {code} has no acting leader whose phone could change",
            )
            raise InvalidInput(zh, en, code=code)
        if wanted.setdefault(int(person), checked_phone(phone)) != phone:
            zh = f"网格 {code} 的网格长还任其他网格，电话却改得不同；同一人只有一个电话"
            en = f"the leader of grid {code} leads others too, with another new phone: a person has one phone"
            raise InvalidInput(zh, en, code=code)
    for person, phone in wanted.items():
        connection.execute(sa.delete(n).where(n.c.person == person))
        connection.execute(sa.insert(n).values(person=person, phone=phone))
