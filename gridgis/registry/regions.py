"""The list of region codes that a registry keeps, and which communities of a plan are not in it: told, never refused.

Lists lag behind: a community that was founded or merged after the list's day is no fault.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd
import sqlalchemy as sa

from gridgis.coding.regions import WIDTHS, RegionList
from gridgis.registry import tables as t
from gridgis.registry.book import Book
from gridgis.registry.store import chunks, insert


def set_regions(connection: sa.Connection, regions: RegionList) -> int:
    """Put a list in the place of the one before; return how many rows it has."""
    rows = [{"level": r.level, "code": r.code, "name": r.name, "day": regions.day.isoformat()} for r in regions]
    connection.execute(sa.delete(t.region))
    insert(connection, t.region, pd.DataFrame(rows))
    return len(rows)


def not_listed(book: Book, connection: sa.Connection, communities: Iterable[str]) -> list[dict[str, Any]]:
    """Return a report row for each community that the list lacks; none where the registry has no list.

    Communities whose codes the scheme itself gives to merged ones (cjt349-20: 601 on) are in no list and not told.
    """
    x = t.region.c
    day = connection.execute(sa.select(sa.func.max(x.day))).scalar()
    if day is None:
        return []
    level_of = {width: level for level, width in WIDTHS.items()}
    codes = [c for c in sorted(set(communities)) if len(c) in level_of and not book.scheme.is_merged(c)]
    asked = (sa.select(x.level, x.code).where(x.code.in_(some)) for some in chunks(codes))
    listed = {(row.level, row.code) for query in asked for row in connection.execute(query)}
    return [
        {
            "severity": "warning", "stage": "submit", "subject": code, "rule": "region", "measure": None,
            "zh": f"社区代码 {code} 不在 {day} 的区划清单中；请核对代码，或换用较新的清单（gridgis registry regions）",
            "en": f"community code {code} is not in the list of region codes of {day}: check the code, or take a newer "
            "list (gridgis registry regions)",
        }
        for code in codes
        if (level_of[len(code)], code) not in listed
    ]  # fmt: skip
