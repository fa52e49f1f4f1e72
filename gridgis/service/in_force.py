"""From which day a revision is in force, and why that is later than today where nobody asked for it."""

from __future__ import annotations

from typing import Any

from gridgis.geometry.coverage import report_row
from gridgis.registry import Registry
from gridgis.registry.book import day_of


def in_force_from(registry: Registry, revision: int | None) -> str | None:
    """Return the first day of a revision, None for none."""
    table = registry.revisions()
    days = table["in_force_from"][table["number"] == revision]
    return None if days.empty else str(days.iloc[0])


def put_off(registry: Registry, revision: int) -> list[dict[str, Any]]:
    """Return a report row where a revision that was filed without a day begins later than on the day of its filing.

    Revisions take force in the order of their numbers: none can begin before the one before it.
    """
    table = registry.revisions().set_index("number")
    row = table.loc[revision]
    day, filed = str(row["in_force_from"]), day_of(row["filed_at"])
    if day <= filed:
        return []
    before = table[table.index < revision]
    former = int(before.index[before["in_force_from"] == day].min())
    zh = f"没有指定生效日期，应自 {filed} 起生效；但第 {former} 版自 {day} 起生效，后备案的不能早于它，推迟到同一天"
    en = (
        f"no day was given, so {filed} was meant; but revision {former} is in force from {day}, and what is filed "
        "after it cannot begin before it: put off to that day"
    )
    return [report_row("warning", "file", str(revision), "in force", 0, zh, en)]


def to_come(registry: Registry) -> list[dict[str, Any]]:
    """Return the revisions that take force after today: revision, in_force_from."""
    table, now = registry.revisions(), registry.revision
    later = table[table["number"] > now]
    return [
        {"revision": int(number), "in_force_from": str(day)}
        for number, day in zip(later["number"], later["in_force_from"], strict=True)
    ]
