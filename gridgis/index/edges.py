"""The edges of a coverage, each once, with the polygons on its two sides; what cannot be a coverage is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gridgis.errors import InvalidInput

OUTSIDE = -1
_SHOWN = 5
"""So many places are named in an error text; the fields carry all."""


@dataclass(frozen=True)
class Edges:
    """Directed edges a -> b, a before b by (x, y); each undirected edge stands here once.

    Parameters
    ----------
    ax, ay, bx, by
        (n,) coordinates.
    left, right
        (n,) positions of the polygons left and right of a -> b; -1 is the outside.
    """

    ax: NDArray[np.float64]
    ay: NDArray[np.float64]
    bx: NDArray[np.float64]
    by: NDArray[np.float64]
    left: NDArray[np.int32]
    right: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.ax)


def polygons_to_edges(polygons: Sequence[BaseGeometry], ids: Sequence[int]) -> Edges:
    """Take seamless polygons apart into their edges.

    Parameters
    ----------
    polygons
        (n,) Polygon or MultiPolygon.
    ids
        (n,) names used in error texts.

    Raises
    ------
    InvalidInput
        A polygon is empty, invalid or no polygon; or polygons overlap. Names the ids and a place.
    """
    geoms = np.asarray(polygons, dtype=object)
    _need_valid(geoms, ids)
    a, b, owner = _directed_edges(geoms)
    edges = _pair_up(a, b, owner, ids)
    _need_disjoint(geoms, ids)
    return edges


def _need_valid(geoms: NDArray[np.object_], ids: Sequence[int]) -> None:
    kinds = shapely.get_type_id(geoms)
    bad = ~np.isin(kinds, (3, 6)) | shapely.is_empty(geoms)
    if bad.any():
        names = [ids[k] for k in np.flatnonzero(bad).tolist()]
        raise InvalidInput(
            f"索引只接受非空的面；不是面或为空：{names[:_SHOWN]}",
            f"an index takes non-empty Polygons and MultiPolygons only; not so: {names[:_SHOWN]}",
            ids=names,
        )
    broken = np.flatnonzero(~shapely.is_valid(geoms))
    if len(broken):
        why = {ids[k]: str(shapely.is_valid_reason(geoms[k])) for k in broken.tolist()}
        text = "; ".join(f"{k}: {v}" for k, v in list(why.items())[:_SHOWN])
        raise InvalidInput(
            f"{len(broken)} 个面无效，请先修复：{text}",
            f"{len(broken)} invalid polygons, repair them first: {text}",
            ids=list(why),
            reasons=list(why.values()),
        )


def _directed_edges(
    geoms: NDArray[np.object_],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int32]]:
    """Return (n, 2) starts, (n, 2) ends, (n,) owners: each polygon lies left of its own edges."""
    parts, part_owner = shapely.get_parts(shapely.force_2d(geoms), return_index=True)
    rings, ring_part = shapely.get_rings(shapely.orient_polygons(parts), return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    xy = xy + 0.0  # one zero: -0.0 and 0.0 are the same place
    same = (ring[1:] == ring[:-1]) & (xy[1:] != xy[:-1]).any(axis=1)
    owner = part_owner[ring_part[ring[:-1][same]]].astype(np.int32)
    return xy[:-1][same], xy[1:][same], owner


def _pair_up(a: NDArray[np.float64], b: NDArray[np.float64], owner: NDArray[np.int32], ids: Sequence[int]) -> Edges:
    ahead = (a[:, 0] < b[:, 0]) | ((a[:, 0] == b[:, 0]) & (a[:, 1] < b[:, 1]))
    ends = np.where(ahead[:, None], np.hstack([a, b]), np.hstack([b, a]))
    order = np.lexsort((ends[:, 3], ends[:, 2], ends[:, 1], ends[:, 0]))
    ends, owner, ahead = ends[order], owner[order], ahead[order]
    new = np.ones(len(ends), dtype=bool)
    new[1:] = (ends[1:] != ends[:-1]).any(axis=1)
    group = np.cumsum(new) - 1
    count = int(group[-1]) + 1
    _need_one_each_side(ends, owner, ahead, group, count, ids)
    left = np.full(count, OUTSIDE, dtype=np.int32)
    right = left.copy()
    left[group[ahead]] = owner[ahead]
    right[group[~ahead]] = owner[~ahead]
    ax, ay, bx, by = np.ascontiguousarray(ends[new].T)
    return Edges(ax, ay, bx, by, left, right)


def _need_one_each_side(
    ends: NDArray[np.float64],
    owner: NDArray[np.int32],
    ahead: NDArray[np.bool_],
    group: NDArray[np.intp],
    count: int,
    ids: Sequence[int],
) -> None:
    crowded = np.zeros(count, dtype=bool)
    for side in (ahead, ~ahead):
        crowded |= np.bincount(group[side], minlength=count) > 1
    at = np.flatnonzero(crowded[group])
    if len(at):
        names = sorted({ids[k] for k in owner[at]})
        place = tuple(ends[at[0]].tolist())
        raise InvalidInput(
            f"有边在同一侧被用了不止一次（面重叠）：{names[:_SHOWN]}，位于 {place}；请先消除重叠",
            f"an edge is used more than once on the same side (overlap): {names[:_SHOWN]}, at {place}; "
            "remove the overlap first",
            ids=names,
            place=place,
        )


def _need_disjoint(geoms: NDArray[np.object_], ids: Sequence[int]) -> None:
    """Refuse overlaps that share no edge.

    A coverage that shapely calls valid is done with. Else the polygons may only be nodeless where they touch (no
    harm: the parity of crossed edges needs no common vertices) or apart by a gap (ground outside), so the pairs near
    the marked edges are tested for a common interior.
    """
    marked = shapely.coverage_invalid_edges(geoms)
    suspects = np.flatnonzero(~shapely.is_empty(marked))
    if not len(suspects):
        return
    tree = shapely.STRtree(geoms)
    i, j = tree.query(geoms[suspects])
    first, second = suspects[i], j
    keep = first != second
    first, second = first[keep], second[keep]
    over = shapely.relate_pattern(geoms[first], geoms[second], "T********")
    if over.any():
        pairs = sorted({tuple(sorted((ids[p], ids[q]))) for p, q in zip(first[over], second[over], strict=True)})
        k = int(np.flatnonzero(over)[0])
        spot = shapely.intersection(geoms[first[k]], geoms[second[k]]).representative_point()
        place = (spot.x, spot.y) if not spot.is_empty else None
        raise InvalidInput(
            f"{len(pairs)} 对面重叠：{pairs[:_SHOWN]}，位于 {place}；请先消除重叠",
            f"{len(pairs)} pairs of polygons overlap: {pairs[:_SHOWN]}, at {place}; remove the overlap first",
            pairs=[list(p) for p in pairs],
            place=place,
        )
