"""What every operation on a registry needs: the store, the clock, the scheme, the revisions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeGuard

import geopandas as gpd
import pandas as pd
import sqlalchemy as sa

from gridgis.coding import Scheme
from gridgis.dispatch import days
from gridgis.errors import InvalidInput, NotFound
from gridgis.geometry.crs import to_work
from gridgis.registry import tables as t
from gridgis.registry.store import Store, frame, geoframe

Clock = Callable[[], datetime]

When = int | str | date | datetime | None
"""A revision number, or a day (also as text, 2026-03-01), or None for today."""

GRID_FRAME = [
    "code", "scheme", "community", "level", "kind", "mode", "parent", "category", "site_id", "name", "households",
    "area_m2", "flags", "state", "valid_from", "valid_to", "note", "geometry",
]  # fmt: skip
"""Columns of a table of registered grids."""


@dataclass(frozen=True)
class Book:
    """One open registry."""

    store: Store
    name: str
    work_crs: str
    scheme: Scheme
    clock: Clock

    def today(self) -> str:
        """Return today's day in China, as text."""
        return day_of(self.clock())

    def number(self, connection: sa.Connection, at: When = None) -> int:
        """Return the number of the revision in force at a revision number or day; 0 where there is none.

        Raises
        ------
        NotFound
            There is no revision of this number.
        InvalidInput
            It is neither a number nor a day.
        """
        rows = t.revision.c
        if is_number(at):
            if connection.execute(sa.select(rows.number).where(rows.number == at)).first() is None:
                last = self.head(connection)
                raise NotFound(
                    f"没有第 {at} 版；" + (f"最后一版为第 {last} 版" if last else "尚未备案任何版本"),
                    f"there is no revision {at}; " + (f"the last is {last}" if last else "none is filed yet"),
                    revision=at,
                    last=last,
                )
            return at
        day = self.today() if at is None else day_of(at)
        found = connection.execute(sa.select(sa.func.max(rows.number)).where(rows.in_force_from <= day)).scalar()
        return int(found or 0)

    def first_day(self, connection: sa.Connection) -> str | None:
        """Return the day from which the first revision is in force; None where nothing was filed."""
        return connection.execute(sa.select(sa.func.min(t.revision.c.in_force_from))).scalar()

    def head(self, connection: sa.Connection) -> int:
        """Return the number of the last revision published (it may take force on a later day); 0 for none."""
        return int(connection.execute(sa.select(sa.func.max(t.revision.c.number))).scalar() or 0)

    def grids(
        self, connection: sa.Connection, number: int, communities: Iterable[str] | None = None
    ) -> gpd.GeoDataFrame:
        """Return the grids of a revision (GRID_FRAME and fid), all or of some communities, sorted by code; stored."""
        g = t.grid.c
        columns = [g.fid, *(g[c] for c in GRID_FRAME)]
        valid = (g.valid_from <= number) & (g.valid_to.is_(None) | (g.valid_to > number))
        if communities is not None:
            valid = valid & g.community.in_(sorted(set(communities)))
        return geoframe(connection, sa.select(*columns).where(valid).order_by(g.code))

    def base(self, connection: sa.Connection, communities: Iterable[str] | None = None) -> gpd.GeoDataFrame:
        """Return the base layer, all or some communities, sorted by code, stored coordinates."""
        c = t.community.c
        query = sa.select(t.community).order_by(c.code)
        return geoframe(connection, query if communities is None else query.where(c.code.in_(sorted(set(communities)))))

    def work(self, stored: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """Return a layer in the work CRS; the way back is exact."""
        return to_work(stored, self.work_crs)

    def revisions(self, connection: sa.Connection) -> pd.DataFrame:
        """Return all revisions: number, plan_id, filed_at, in_force_from, filed_by."""
        r = t.revision.c
        columns = (r.number, r.plan_id, r.filed_at, r.in_force_from, r.filed_by)
        return frame(connection, sa.select(*columns).order_by(r.number))


def is_number(at: When) -> TypeGuard[int]:
    """Tell whether a revision number is meant: True and False are none, though Python has them for 1 and 0."""
    return isinstance(at, int) and not isinstance(at, bool)


def day_of(at: Any) -> str:
    """Return the day in China of an instant, a date or a text, as text.

    Raises
    ------
    InvalidInput
        The text is no day; an instant has no zone.

    Examples
    --------
    >>> from datetime import UTC
    >>> day_of(datetime(2026, 3, 1, 17, 0, tzinfo=UTC)), day_of("2026-03-01")
    ('2026-03-02', '2026-03-01')
    """
    if isinstance(at, datetime):
        return days.day_of(at).isoformat()
    if isinstance(at, date):
        return at.isoformat()
    try:
        return date.fromisoformat(str(at)).isoformat()
    except ValueError as e:
        raise InvalidInput(
            f"“{at}”不是日期；请写成 2026-03-01", f"'{at}' is no day; write it as 2026-03-01", day=str(at)
        ) from e
