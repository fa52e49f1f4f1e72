"""Polygons apart into vertices and edges, each once; what cannot be a coverage is refused with its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from gridgis.errors import InvalidInput
from gridgis.index.kernels.pairing import number_vertices, pair_edges
from gridgis.index.tables import Ints

Geometries = NDArray[np.object_]
Bools = NDArray[np.bool_]

_LEAST, _GREATEST = 1e-100, 1e15
"""Coordinates between: so that products of them can be taken exactly."""
_SHOWN = 5
"""So many places are named in an error text; the fields carry all."""


@dataclass(frozen=True)
class Net:
    """Vertices (v, 2), the edges' ends (m, 2) and sides (m, 2) as in `Tables`; which polygons may be invalid."""

    vertices: NDArray[np.float64]
    ends: Ints
    sides: Ints
    suspect: Bools


def polygons_to_net(polygons: Geometries, names: Sequence[int]) -> Net:
    """Take polygons apart.

    Parameters
    ----------
    polygons
        (n,) Polygon or MultiPolygon.
    names
        (n,) ids used in error texts.

    Raises
    ------
    InvalidInput
        A polygon is empty, no polygon, invalid where this shows at once, or has coordinates out of range; or an edge
        has two polygons on one side. Names the ids and a place.
    """
    need_polygons(polygons, names)
    parts, part_of = shapely.get_parts(polygons, return_index=True)
    rings, ring_of = shapely.get_rings(parts, return_index=True)
    xy = shapely.get_coordinates(rings) + 0.0  # one zero: -0.0 and 0.0 are the same place
    owner = part_of[ring_of].astype(np.int32)
    start = np.zeros(len(rings) + 1, dtype=np.int64)
    np.cumsum(shapely.get_num_coordinates(rings), out=start[1:])
    _need_numbers(xy, np.repeat(owner, np.diff(start)), polygons, names)
    hole = np.concatenate([[False], ring_of[1:] == ring_of[:-1]])
    table = np.full(1 << int(np.ceil(np.log2(1.1 * len(xy)))), -1, dtype=np.int32)
    number, first = number_vertices(xy, xy.view(np.uint64), table)
    suspect = np.zeros(len(polygons), dtype=bool)
    ends, sides, crowded = pair_edges(xy, number, len(first), start, owner, hole, suspect)
    need_valid(polygons, names, np.flatnonzero(suspect))
    net = Net(xy[first], ends, sides, suspect)
    if len(crowded):
        need_valid(polygons, names, np.unique(crowded[:, 1:]))
        _refuse_crowded(net, crowded, names)
    return net


def need_polygons(polygons: Geometries, names: Sequence[int]) -> None:
    """Refuse what is no polygon, and empty ones."""
    bad = ~shapely.is_valid_input(polygons)  # texts, numbers
    bad[~bad] = ~np.isin(shapely.get_type_id(polygons[~bad]), (3, 6)) | shapely.is_empty(polygons[~bad])
    if bad.any():
        wrong = [names[k] for k in np.flatnonzero(bad).tolist()]
        raise InvalidInput(
            f"索引只接受非空的面；不是面或为空：{wrong[:_SHOWN]}（WKT 文本请先用 shapely.from_wkt 读入）",
            f"an index takes non-empty Polygons and MultiPolygons only; not so: {wrong[:_SHOWN]} "
            "(read texts by shapely.from_wkt first)",
            ids=wrong,
        )


def _need_numbers(xy: NDArray[np.float64], owner: Ints, polygons: Geometries, names: Sequence[int]) -> None:
    size = np.abs(xy)
    good = (size <= _GREATEST) & ((size >= _LEAST) | (size == 0))
    if good.all():
        return
    at = np.flatnonzero(~good.all(axis=1))
    wrong = np.unique(owner[at])
    if not np.isfinite(xy[at]).all():
        need_valid(polygons, names, wrong)
    raise InvalidInput(
        f"坐标的绝对值应为 0 或在 {_LEAST} 与 {_GREATEST} 之间；{xy[at[0]].tolist()} 不是，见 {names[wrong[0]]}",
        f"coordinates must be 0 or between {_LEAST} and {_GREATEST} in size; {xy[at[0]].tolist()} of {names[wrong[0]]} "
        "is not",
        ids=[names[k] for k in wrong.tolist()],
        place=tuple(xy[at[0]].tolist()),
    )


def need_valid(polygons: Geometries, names: Sequence[int], which: NDArray[np.integer]) -> None:
    """Refuse invalid polygons among ``which``, positions."""
    broken = which[~shapely.is_valid(polygons[which])]
    if len(broken):
        why = {names[k]: str(shapely.is_valid_reason(polygons[k])) for k in broken.tolist()}
        text = "; ".join(f"{k}: {v}" for k, v in list(why.items())[:_SHOWN])
        raise InvalidInput(
            f"{len(broken)} 个面无效，请先修复：{text}",
            f"{len(broken)} invalid polygons, repair them first: {text}",
            ids=list(why),
            reasons=list(why.values()),
        )


def _refuse_crowded(net: Net, crowded: Ints, names: Sequence[int]) -> None:
    pairs = sorted({(names[k], names[j]) for k, j in np.sort(crowded[:, 1:], axis=1).tolist()})
    place = tuple(net.vertices[net.ends[crowded[0, 0]]].ravel().tolist())
    raise InvalidInput(
        f"有边在同一侧被用了不止一次（面重叠）：{pairs[:_SHOWN]}，位于 {place}；请先消除重叠",
        f"an edge is used more than once on the same side (overlap): {pairs[:_SHOWN]}, at {place}; "
        "remove the overlap first",
        ids=sorted({k for pair in pairs for k in pair}),
        pairs=[list(pair) for pair in pairs],
        place=place,
    )


def overlapping_pairs(polygons: Geometries, suspect: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return (k, 2) positions of polygons with a common interior, one of them a suspect; sorted."""
    if not len(suspect):
        return np.empty((0, 2), dtype=np.int64)
    i, second = shapely.STRtree(polygons).query(polygons[suspect])
    pairs = np.sort(np.column_stack([suspect[i], second]), axis=1)
    pairs = np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0)
    over = shapely.relate_pattern(polygons[pairs[:, 0]], polygons[pairs[:, 1]], "T********")
    return np.asarray(pairs[over], dtype=np.int64)


def need_disjoint(polygons: Geometries, names: Sequence[int], suspect: NDArray[np.integer]) -> None:
    """Refuse overlaps: suspects may also only be nodeless where they touch, which does no harm."""
    pairs = overlapping_pairs(polygons, suspect)
    if not len(pairs):
        return
    named = [[names[k], names[j]] for k, j in pairs.tolist()]
    spot = shapely.intersection(*polygons[pairs[0]]).representative_point()
    place = None if spot.is_empty else (spot.x, spot.y)
    raise InvalidInput(
        f"{len(pairs)} 对面重叠：{named[:_SHOWN]}，位于 {place}；请先消除重叠",
        f"{len(pairs)} pairs of polygons overlap: {named[:_SHOWN]}, at {place}; remove the overlap first",
        pairs=named,
        place=place,
    )
