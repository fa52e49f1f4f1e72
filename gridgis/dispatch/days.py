"""Days and cells of tables: a day is a day in Asia/Shanghai, instants are UTC."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from gridgis.errors import InvalidInput

SHANGHAI = ZoneInfo("Asia/Shanghai")


def day_of(at: datetime) -> date:
    """Return the day in Asia/Shanghai on which an instant falls.

    Raises
    ------
    InvalidInput
        The instant has no time zone.

    Examples
    --------
    >>> from datetime import UTC
    >>> day_of(datetime(2026, 3, 1, 16, 0, tzinfo=UTC)).isoformat()
    '2026-03-02'
    """
    if at.tzinfo is None:
        raise InvalidInput(
            f"时刻 {at.isoformat()} 没有时区；请给出时区，例如 +08:00",
            f"the instant {at.isoformat()} has no time zone; give one, e.g. +08:00",
        )
    return at.astimezone(SHANGHAI).date()


def to_day(value: Any, what: str) -> date | None:
    """Read a day from a cell: a date, a datetime (its day in Asia/Shanghai) or ISO text; None for an empty cell.

    Raises
    ------
    InvalidInput
        It is none of these.
    """
    text = to_text(value)
    if not text:
        return None
    if isinstance(value, datetime):  # pandas' Timestamp too
        return day_of(value) if value.tzinfo else value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(
            f"{what}“{text}”不是日期；请写成 2026-03-01", f"{what} '{text}' is no date; write it as 2026-03-01"
        ) from None


def to_text(value: Any) -> str:
    """Return a cell as stripped text; '' for an empty one; a whole number without '.0' (phones from Excel).

    Examples
    --------
    >>> to_text(13800001234.0), to_text(None), to_text(float("nan")), to_text(" a ")
    ('13800001234', '', '', 'a')
    """
    if value is None or pd.isna(value):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()
