"""Certificates of people (持证上岗): which, since when, until when; and whose run out."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pandas as pd
import sqlalchemy as sa

from gridgis.dispatch.days import to_day, to_text
from gridgis.errors import InvalidInput
from gridgis.model import need_columns
from gridgis.registry import tables as t
from gridgis.registry.book import Book
from gridgis.registry.store import frame

CERTIFICATE_COLUMNS = ("name", "phone", "kind", "number", "issued", "expires")
"""A person is known by name and phone, as in the team table; ``number``, ``issued`` and ``expires`` may be empty."""

SOON_DAYS = 60
"""A certificate that expires within this many days is told in time for the next training."""


def import_certificates(connection: sa.Connection, rows: pd.DataFrame) -> int:
    """Write certificates; one of the same person and kind is replaced. Return how many rows there were.

    Raises
    ------
    InvalidInput
        A column is missing, somebody is not in the team, a day is none, or it expires before it was issued; names the
        row as a spreadsheet counts it.
    """
    need_columns(rows, ("name", "kind"), "certificates")
    p, n, x = t.person.c, t.person_phone.c, t.certificate.c
    query = sa.select(p.fid, p.name, n.phone).join(t.person_phone, n.person == p.fid, isouter=True)
    people = {(row.name, row.phone or ""): row.fid for row in connection.execute(query)}
    for number, row in enumerate(rows.to_dict("records"), start=2):
        values = _values(number, {str(k): v for k, v in row.items()}, people)
        same = (x.person == values["person"]) & (x.kind == values["kind"])
        connection.execute(sa.delete(t.certificate).where(same))
        connection.execute(sa.insert(t.certificate).values(**values))
    return len(rows)


def _values(number: int, row: dict[str, Any], people: dict[tuple[str, str], int]) -> dict[str, Any]:
    who = (to_text(row.get("name")), to_text(row.get("phone")))
    if who not in people:
        raise InvalidInput(
            f"第 {number} 行：队伍中没有“{who[0]}”（姓名和电话须与任职表一致）",
            f"row {number}: nobody in the team is '{who[0]}' with this phone",
            row=number,
        )
    if not (kind := to_text(row.get("kind"))):
        raise InvalidInput(f"第 {number} 行没有证书种类", f"row {number} has no kind of certificate", row=number)
    issued, expires = to_day(row.get("issued"), "issued"), to_day(row.get("expires"), "expires")
    if issued is not None and expires is not None and expires < issued:
        raise InvalidInput(
            f"第 {number} 行：到期日 {expires} 早于发证日 {issued}",
            f"row {number}: it expires on {expires}, before it was issued on {issued}",
            row=number,
        )
    return {
        "person": people[who], "kind": kind, "number": to_text(row.get("number")) or None,
        "issued_day": issued and issued.isoformat(), "expires_day": expires and expires.isoformat(),
    }  # fmt: skip


def certificates(book: Book, connection: sa.Connection) -> pd.DataFrame:
    """Return CERTIFICATE_COLUMNS and state (valid | soon | expired) of all, the first to expire first."""
    x, p, n = t.certificate.c, t.person.c, t.person_phone.c
    query = (
        sa.select(p.name, n.phone, x.kind, x.number, x.issued_day.label("issued"), x.expires_day.label("expires"))
        .join(t.person, p.fid == x.person)
        .join(t.person_phone, n.person == p.fid, isouter=True)
        .order_by(sa.func.coalesce(x.expires_day, "9999"), p.name, x.kind)
    )
    table = frame(connection, query)
    today = date.fromisoformat(book.today())
    return table.assign(state=[_state(day, today) for day in table["expires"]])


def _state(expires: str | None, today: date) -> str:
    if expires is None or date.fromisoformat(expires) > today + timedelta(days=SOON_DAYS):
        return "valid"
    return "soon" if date.fromisoformat(expires) >= today else "expired"
