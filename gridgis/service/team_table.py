"""The table of people that is given with a plan: who of them is named on its papers."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from pathlib import Path

import pandas as pd

from gridgis.dispatch.days import day_of
from gridgis.dispatch.team import check_team, in_office
from gridgis.io.tables import read_table
from gridgis.registry.book import Clock
from gridgis.service.plans import TEAM_HEADS


def read_team(path: str | Path, codes: Collection[str], day: date) -> pd.DataFrame:
    """Read a table of people, as for ``team import``, and keep those in office on a day.

    Parameters
    ----------
    path
        The table; phone and last day may be left out of it.
    codes
        Codes of the grids.
    day
        A day in Asia/Shanghai.

    Raises
    ------
    InvalidInput
        The table cannot be read, or a row is wrong, whatever its days (``check_team``).
    """
    table = read_table(path, TEAM_HEADS)
    return in_office(check_team(table.assign(**{c: None for c in ("phone", "to") if c not in table}), codes), day)


def day_of_papers(stated: str, clock: Clock) -> date:
    """Return the day whose people the papers name: the date on them if it is an ISO day, else today in Asia/Shanghai.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> def clock():
    ...     return datetime(2026, 3, 1, 16, 0, tzinfo=UTC)
    >>> [day_of_papers(text, clock).isoformat() for text in ("2026-01-31", "2026年1月31日", "")]
    ['2026-01-31', '2026-03-02', '2026-03-02']
    """
    try:
        return date.fromisoformat(stated)
    except ValueError:
        return day_of(clock())
