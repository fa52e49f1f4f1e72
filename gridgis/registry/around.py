"""What a plan can touch: its communities, those beside them, and those of the same streets. Nothing else is read."""

from __future__ import annotations

from collections.abc import Iterable

import geopandas as gpd
import pandas as pd
import sqlalchemy as sa

from gridgis.registry import tables as t
from gridgis.registry.book import Book
from gridgis.registry.store import begins, frame, in_box

BESIDE_DEG = 1e-6
"""How far a neighbour may be: about 0.1 m, more than any rounding."""


def communities_around(book: Book, connection: sa.Connection, communities: Iterable[str], hung: bool) -> list[str]:
    """Return the communities of a plan, those whose extents touch theirs, and, where needed, the sisters of all.

    Parameters
    ----------
    hung
        Whether a community of the plan is level 2: then its street is formed anew, of all communities of the street.
    """
    c = t.community.c
    ours = sorted(set(communities))
    near: set[str] = set(ours)
    for west, south, east, north in book.base(connection, ours).geometry.bounds.to_numpy():
        box = (west - BESIDE_DEG, south - BESIDE_DEG, east + BESIDE_DEG, north + BESIDE_DEG)
        near |= set(connection.execute(sa.select(c.code).where(in_box(t.community, box, book.store.is_file))).scalars())
    return sorted(near | set(sisters(book, connection, near if hung else _in_streets_in_force(book, connection, near))))


def sisters(book: Book, connection: sa.Connection, communities: Iterable[str]) -> list[str]:
    """Return the communities of the streets of some communities; none where the scheme has no street above them."""
    scheme = book.scheme
    if scheme.union is None:
        return []
    c = t.community.c
    streets = sorted({scheme.region_of(code)[: scheme.union_width] for code in communities})
    found: set[str] = set()
    for street in streets:
        found |= set(connection.execute(sa.select(c.code).where(begins(c.code, street))).scalars())
    return sorted(found)


def _in_streets_in_force(book: Book, connection: sa.Connection, communities: Iterable[str]) -> list[str]:
    """Return those of some communities whose street has a grid of its own in force: there the community is level 2."""
    if book.scheme.union is None:
        return []
    g = t.grid.c
    street_of = {code: book.scheme.union_of(code) for code in communities}
    asked = sa.select(g.code).where(g.valid_to.is_(None) & g.code.in_(sorted(set(street_of.values()))))
    formed = set(connection.execute(asked).scalars())
    return [code for code, street in street_of.items() if street in formed]


def kinds(book: Book, connection: sa.Connection, communities: Iterable[str]) -> pd.DataFrame:
    """Return community, level and parent of the upper grids in force in the streets of some communities."""
    g = t.grid.c
    wanted = g.community.in_(sisters(book, connection, communities)) & g.valid_to.is_(None) & (g.level <= 2)
    return frame(connection, sa.select(g.community, g.level, g.parent).where(wanted).order_by(g.code))


def published_around(
    book: Book, connection: sa.Connection, communities: Iterable[str], number: int
) -> gpd.GeoDataFrame:
    """Return the grids of a revision in some communities, with the grids of streets above them."""
    found = book.grids(connection, number, communities)
    above = set(found["parent"].dropna()) - set(found["code"])
    if not above:
        return found
    g = t.grid.c
    regions = connection.execute(sa.select(g.community).where(g.code.in_(sorted(above))).distinct()).scalars().all()
    both = pd.concat([found, book.grids(connection, number, regions)], ignore_index=True)
    return gpd.GeoDataFrame(both.sort_values("code", ignore_index=True), crs=found.crs)
