"""Remarks on grids (备注): a text at a code from a day to a day. It is no part of a revision, as the team is none."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import sqlalchemy as sa

from gridgis.registry import tables as t
from gridgis.registry.book import Book


def remarks(connection: sa.Connection, day: str) -> dict[str, str]:
    """Return the remarks of a day, by code."""
    r = t.remark.c
    valid = (r.from_day <= day) & (r.to_day.is_(None) | (r.to_day >= day))
    found = connection.execute(sa.select(r.code, r.text).where(valid).order_by(r.fid))
    return {row.code: row.text for row in found}


def set_remarks(book: Book, connection: sa.Connection, texts: Mapping[str, str], day: str, by: str) -> None:
    """Give codes a remark from a day on; '' ends the one that is there. What began on that day is replaced."""
    r = t.remark
    before = (date.fromisoformat(day) - timedelta(days=1)).isoformat()
    for code, text in sorted(texts.items()):
        of_code = (r.c.code == code) & r.c.to_day.is_(None)
        connection.execute(sa.delete(r).where(of_code & (r.c.from_day >= day)))
        connection.execute(sa.update(r).where(of_code).values(to_day=before))
        if text:
            values = {"code": code, "text": text, "from_day": day, "made_by": by, "made_at": book.clock()}
            connection.execute(sa.insert(r).values(**values))


def carry_remarks(
    book: Book, connection: sa.Connection, heirs: Mapping[str, str | None], day: str, by: str
) -> None:  # fmt: skip
    """Let remarks follow their grids into a new revision, from its first day on.

    Parameters
    ----------
    heirs
        Code that is no longer in force -> the code of the grid that continues it; None for none.
    """
    now = remarks(connection, day)
    moving = {old: new for old, new in heirs.items() if old in now}
    ended = dict.fromkeys(moving, "")
    begun = {new: now[old] for old, new in moving.items() if new is not None}
    set_remarks(book, connection, ended | begun, day, by)
