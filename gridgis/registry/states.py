"""Two states of the grids, to be compared: a plan, a revision, or a day."""

from __future__ import annotations

import json
import re

import geopandas as gpd
import sqlalchemy as sa

from gridgis.ledger.changes import Changes, diff
from gridgis.registry.book import Book
from gridgis.registry.joint import sharing
from gridgis.registry.plan_rows import drafts, plan_row

_REVISION = re.compile(r"[rR](\d+)")


def compare(book: Book, connection: sa.Connection, a: str, b: str) -> Changes:
    """Compare two states; errors as ``Registry.changes``."""
    (old, of_old), (new, of_new) = (_state(book, connection, which.strip()) for which in (a, b))
    if of_old is not None or of_new is not None:
        communities = (of_old or set()) | (of_new or set())
        old, new = (grids[grids["community"].isin(communities)] for grids in (old, new))
    return diff(old, new)


def _state(book: Book, connection: sa.Connection, which: str) -> tuple[gpd.GeoDataFrame, set[str] | None]:
    """Return the grids, and the communities if it is a plan of some only: its own, and those on the same ground."""
    if which.isdigit():
        row = plan_row(connection, int(which))
        return _of_plan(drafts(connection, int(which))), set(sharing(connection, json.loads(row.communities)))
    revision = _REVISION.fullmatch(which)
    return book.grids(connection, book.number(connection, int(revision[1]) if revision else which)), None


def _of_plan(grids: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Name a plan's grids by their codes, in parent too; those of a draft by preview codes."""
    code = grids["code"].where(grids["code"].notna(), grids["preview_code"])
    names = dict(zip(grids["local_id"], code, strict=True))
    return grids.assign(code=code, parent=grids["parent"].map(names))
