"""Which grid a point was in on a past day: asked of the store's spatial index, answered by the same exact predicate.

Only the revision in force has an index that is kept (SEMANTICS 20). For any other, the few grids around a point are
read and indexed on the spot: the answer, and why, is that of an index of the whole revision. Plain lists, since a frame
takes longer than all the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import shapely
import sqlalchemy as sa
from numpy.typing import NDArray

from gridgis.index import GridIndex, PointResolver
from gridgis.index.borders import Borders
from gridgis.index.codes import Codes, padded
from gridgis.index.plain import Plain
from gridgis.model import Hit
from gridgis.registry import tables as t
from gridgis.registry.book import Book
from gridgis.registry.store import in_box
from gridgis.registry.store.boxes import Box

MARGIN_DEG = 1e-6
"""Boxes are wider by this: about 0.1 m, more than any rounding of theirs."""
REACH_DEG = (0.001, 0.004, 0.016, 0.064)
"""So far around a point outside its nearest grid is looked for; 0.064 degrees are about 6 km."""
LEAST_M_PER_DEG = 50_000.0
"""A degree is longer, both ways, up to 63 degrees north."""

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
    boxes: list[tuple[Box, float]] = [(_wider(point, reach), reach * LEAST_M_PER_DEG) for reach in REACH_DEG]
    if len(held):
        boxes.insert(0, (_wider(shapely.total_bounds(held).tolist(), MARGIN_DEG), 0.0))
    parents = {g.code: g.parent for g in here}
    for box, reach_m in boxes:
        base = [g for g in _grids(book, connection, number, box, leaves_only=True) if g.mode != "overlay"]
        if base:
            hit = _resolver(book, number, base, over, parents).resolve(lon, lat, crs)
            if hit.base is not None or (hit.nearest_m is not None and hit.nearest_m < reach_m):
                return hit
    return None


def _wider(box: Sequence[float], by: float) -> Box:
    west, south, east, north = box
    return west - by, south - by, east + by, north + by


def _holding(grids: Grids, lon: float, lat: float) -> NDArray[np.object_]:
    """Return the shapes that hold a point, or nearly."""
    shapes = np.array([g.geometry for g in grids], dtype=object)
    return shapes[shapely.dwithin(shapes, shapely.Point(lon, lat), MARGIN_DEG)]


def _grids(book: Book, connection: sa.Connection, number: int, box: Box, leaves_only: bool) -> Grids:
    """Return the grids of a revision whose extents touch a box; ``leaf`` is 1 where they have no children."""
    g, child = t.grid, t.grid.alias("child")
    its = (child.c.parent == g.c.code) & (child.c.kind == "comprehensive") & _valid(child, number)
    leaf = sa.case((g.c.kind == "dedicated", 1), (sa.exists().where(its), 0), else_=1)
    columns = [g.c[name] for name in ("code", "level", "kind", "mode", "parent", "geometry")]
    query = sa.select(*columns, leaf.label("leaf")).where(_valid(g, number) & in_box(g, box, book.store.is_file))
    rows = connection.execute(query.where(leaf == 1) if leaves_only else query).all()
    return sorted(rows, key=lambda row: str(row.code))


def _valid(grid: sa.FromClause, number: int) -> sa.ColumnElement[bool]:
    c = grid.c
    return (c.valid_from <= number) & (c.valid_to.is_(None) | (c.valid_to > number))


def _resolver(book: Book, number: int, base: Grids, over: Grids, parents: dict[str, str | None]) -> PointResolver:
    """Index a few base grids, and the overlays at a point; ``parents`` of the grids at the point."""
    ground = [(g, shape) for g, shape in zip(base, _without_carved(base), strict=True) if not shape.is_empty]
    codes = sorted({*(g.code for g in base), *(g.code for g in over), *parents})
    at = {code: k for k, code in enumerate(codes)}
    text, width = padded(codes)
    above = [at.get(parents.get(code) or "", -1) for code in codes]
    coarse = [g.kind == "comprehensive" and g.level == 1 for g, _ in ground]
    places = ([at[g.code] for g, _ in ground], [at[g.code] for g in over])
    tables = _tables(shape for _, shape in ground)
    overlays = Plain(_tables(g.geometry for g in over)) if over else None
    borders = Borders(tables, book.work_crs)
    return PointResolver(Plain(tables), overlays, borders, Codes(text, width, above, *places, coarse, ()), number)


def _tables(shapes: Iterable[Any]) -> Any:
    """Index shapes; gaps are not looked for, since grids that are not around the point are left out."""
    return GridIndex.build(list(shapes), on_overlap="lowest").tables


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
