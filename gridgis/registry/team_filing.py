"""Team filing (队伍备案): who held which post is put on record with each filing of grids, and in between on demand."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd
import sqlalchemy as sa

from gridgis.registry import tables as t
from gridgis.registry.book import Book
from gridgis.registry.plans import Author
from gridgis.registry.store import frame, insert
from gridgis.registry.team import team


def file_team(
    book: Book, connection: sa.Connection, author: Author, day: str, codes: Collection[str] | None = None
) -> int:
    """Put the appointments of a day on record, of all grids or of some; return the number of the filing."""
    f = t.team_filing.c
    number = int(connection.execute(sa.select(sa.func.max(f.number))).scalar() or 0) + 1
    values = {"revision": book.head(connection), "day": day, "filed_at": book.clock(), "filed_by": author.by}
    connection.execute(sa.insert(t.team_filing).values(number=number, why=author.why, **values))
    rows = (
        team(connection, day, codes)
        .rename(columns={"from": "from_day", "to": "to_day"})
        .drop(columns="phone")
        .assign(filing=number)
    )
    for column in ("from_day", "to_day"):
        rows[column] = [None if d is None else d.isoformat() for d in rows[column]]
    insert(connection, t.team_filed, rows)
    return number


def team_filings(connection: sa.Connection) -> pd.DataFrame:
    """Return all team filings: number, revision, day, filed_at, filed_by, why, people."""
    f, x = t.team_filing.c, t.team_filed.c
    people = sa.select(sa.func.count()).where(x.filing == f.number).scalar_subquery().label("people")
    columns = (f.number, f.revision, f.day, f.filed_at, f.filed_by, f.why, people)
    return frame(connection, sa.select(*columns).order_by(f.number))


def team_filed(connection: sa.Connection, number: int) -> pd.DataFrame:
    """Return the names of one team filing: grid, role, name, from_day, to_day."""
    x = t.team_filed.c
    columns = (x.grid, x.role, x.name, x.from_day, x.to_day)
    return frame(connection, sa.select(*columns).where(x.filing == number).order_by(x.grid, x.role.desc(), x.name))
