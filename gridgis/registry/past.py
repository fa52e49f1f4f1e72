"""Which grid a point was in on a past day: asked of the store's spatial index, answered by the same exact predicate.

Only the revision in force has an index that is kept (SEMANTICS 20). For any other, the few grids around a point are
read and indexed on the spot: the answer, and why, is that of an index of the whole revision. Plain lists, since a frame
takes longer than all the rest.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import shapely
import sqlalchemy as sa
from numpy.typing import NDArray

from gridgis.index import PointResolver
from gridgis.index.borders import Borders
from gridgis.index.codes import Codes, padded
from gridgis.index.layers import trusted_tables
from gridgis.index.plain import Plain
from gridgis.index.tables import Tables
from gridgis.model import Hit
from gridgis.registry import tables as t
from gridgis.registry.book import Book
from gridgis.registry.store import in_box
from gridgis.registry.store.boxes import Box

MARGIN_DEG = 1e-6
"""Boxes are wider by this: about 0.1 m, more than any rounding of theirs."""
REACH_DEG, MOST_DEG = 0.001, 0.064
"""How far around a point outside its nearest grid is looked for at first, and at most: about 100 m and 6 km."""
LEAST_M_PER_DEG = 105_000.0
"""A degree of latitude, or of longitude at the equator, is longer."""

_CORNERS = ("west", "south", "east", "north")

Grids = Sequence[Any]
"""Rows of ``_grids``, by code."""


def locate(book: Book, connection: sa.Connection, number: int, lon: float, lat: float, crs: str) -> Hit | None:
    """Answer for one point (stored coordinates, degrees) in a revision, as its ``Resolver`` would.

    Parameters
    ----------
    number
        Of the revision.
    crs
        Label of the caller's coordinates.

    Returns
    -------
    None where the nearest grid is so far away that all would have to be read.
    """
    point = (lon, lat, lon, lat)
    here = _grids(book, connection, number, _wider(point, MARGIN_DEG), leaves_only=False)
    over = [g for g in here if g.mode == "overlay"]
    held = _holding([g for g in here if g.leaf and g.mode != "overlay"], lon, lat)
    finder = _Finder(book, connection, number, over, {g.code: g.parent for g in here})
    if len(held):
        hit = finder.resolve(_wider(shapely.total_bounds(held).tolist(), MARGIN_DEG), lon, lat, crs)
        if hit is not None and hit.base is not None:
            return hit
    reach, metres_per_degree = REACH_DEG, LEAST_M_PER_DEG * math.cos(math.radians(lat))
    while reach <= MOST_DEG:
        hit = finder.resolve(_wider(point, reach), lon, lat, crs)
        distance = math.inf if hit is None or hit.nearest_m is None else hit.nearest_m / metres_per_degree
        if distance < reach:  # no grid out of the box is nearer
            return hit
        reach = distance * (1 + MARGIN_DEG) + MARGIN_DEG if math.isfinite(distance) else 2 * reach
    return None


def _wider(box: Sequence[float], by: float) -> Box:
    west, south, east, north = box
    return west - by, south - by, east + by, north + by


def _holding(grids: Grids, lon: float, lat: float) -> NDArray[np.object_]:
    """Return the shapes that hold a point, or nearly."""
    shapes = np.array([g.geometry for g in grids], dtype=object)
    return shapes[shapely.dwithin(shapes, shapely.Point(lon, lat), MARGIN_DEG)]


def _grids(book: Book, connection: sa.Connection, number: int, box: Box, leaves_only: bool) -> Grids:
    """Return the grids of a revision whose extents touch a box."""
    values = {"number": number, **dict(zip(_CORNERS, box, strict=True))}
    rows = connection.execute(_query(book.store.is_file, leaves_only), values).all()
    return sorted(rows, key=lambda row: str(row.code))


@cache
def _query(is_file: bool, leaves_only: bool) -> sa.Select[Any]:
    """Return the statement of ``_grids``; ``leaf`` is 1 where a grid has no children."""
    g, child = t.grid, t.grid.alias("child")
    its = (child.c.parent == g.c.code) & (child.c.kind == "comprehensive") & _valid(child)
    leaf = sa.case((g.c.kind == "dedicated", 1), (sa.exists().where(its), 0), else_=1)
    columns = [g.c[name] for name in ("code", "level", "kind", "mode", "parent", "geometry")]
    west, south, east, north = (sa.bindparam(name, type_=sa.Double) for name in _CORNERS)
    query = sa.select(*columns, leaf.label("leaf")).where(_valid(g) & in_box(g, (west, south, east, north), is_file))
    return query.where(leaf == 1) if leaves_only else query


def _valid(grid: sa.FromClause) -> sa.ColumnElement[bool]:
    number = sa.bindparam("number", type_=sa.Integer)
    return (grid.c.valid_from <= number) & (grid.c.valid_to.is_(None) | (grid.c.valid_to > number))


@dataclass(frozen=True)
class _Finder:
    """Answers from the base grids in a box; ``over`` the overlays at the point, ``parents`` of the grids at it."""

    book: Book
    connection: sa.Connection
    number: int
    over: Grids
    parents: dict[str, str | None]

    def resolve(self, box: Box, lon: float, lat: float, crs: str) -> Hit | None:
        """Answer for a point; None where there is no base grid in the box."""
        found = _grids(self.book, self.connection, self.number, box, leaves_only=True)
        base = [g for g in found if g.mode != "overlay"]
        ground = [(g, s) for g, s in zip(base, _without_carved(base), strict=True) if not s.is_empty]
        return self._index(ground).resolve(lon, lat, crs) if ground else None

    def _index(self, ground: Sequence[tuple[Any, Any]]) -> PointResolver:
        codes = sorted({*(g.code for g, _ in ground), *(g.code for g in self.over), *self.parents})
        at = {code: k for k, code in enumerate(codes)}
        text, width = padded(codes)
        above = [at.get(self.parents.get(code) or "", -1) for code in codes]
        places = ([at[g.code] for g, _ in ground], [at[g.code] for g in self.over])
        coarse = [g.kind == "comprehensive" and g.level == 1 for g, _ in ground]
        tables = _tables([shape for _, shape in ground])
        overlays = Plain(_tables([g.geometry for g in self.over])) if self.over else None
        borders = Borders(tables, self.book.work_crs)
        told = Codes(text, width, above, *places, coarse, ())
        return PointResolver(Plain(tables), overlays, borders, told, self.number)


def _tables(shapes: list[Any]) -> Tables:
    return trusted_tables(np.array(shapes, dtype=object))


def _without_carved(base: Grids) -> list[Any]:
    """Return the shapes with carved grids cut out of a leaf that is their parent, as ``index.leaves`` does."""
    holes: dict[str, list[Any]] = {}
    for g in base:
        if g.mode == "carve":
            holes.setdefault(g.parent, []).append(g.geometry)
    return [
        shapely.difference(g.geometry, shapely.union_all(holes[g.code])) if g.code in holes else g.geometry
        for g in base
    ]
