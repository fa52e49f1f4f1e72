"""From polygons to the layers of an index: one for a coverage, more where polygons may overlap."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gridgis.index.engine import Engine
from gridgis.index.gaps import need_no_gaps
from gridgis.index.layout import to_tables
from gridgis.index.polygons import (
    Geometries,
    need_disjoint,
    need_polygons,
    need_valid,
    overlapping_pairs,
    polygons_to_net,
)
from gridgis.index.tables import Tables

Positions = NDArray[np.int32]
_SPREAD = 1.0
"""Into how many cells coarse cells of ``trusted_tables`` are split (``layout.to_tables``): they answer once."""


def coverage_tables(polygons: Geometries, ids: Positions, spread: float) -> Tables:
    """Return the tables of a seamless coverage; refuse what is none (see ``GridIndex.build``)."""
    names = ids.tolist()
    net = polygons_to_net(polygons, names)
    tables, suspect = to_tables(net.vertices, net.ends, net.sides, ids, spread)
    which = np.flatnonzero(suspect | net.suspect)
    need_valid(polygons, names, which)
    need_disjoint(polygons, names, which)
    need_no_gaps(polygons, names, net, Engine(tables).touching)
    return tables


def trusted_tables(polygons: Geometries) -> Tables:
    """Return the tables of polygons that are known to be part of a seamless coverage: nothing is looked for."""
    ids = np.arange(len(polygons), dtype=np.int32)
    net = polygons_to_net(polygons, ids.tolist())
    return to_tables(net.vertices, net.ends, net.sides, ids, _SPREAD)[0]


def layered_tables(polygons: Geometries, ids: Positions, spread: float) -> list[Tables]:
    """Return tables whose names are positions, each of polygons that do not overlap, by position as low as possible."""
    names = ids.tolist()
    need_polygons(polygons, names)
    need_valid(polygons, names, np.arange(len(polygons)))
    layer = _layers(len(polygons), overlapping_pairs(polygons, np.arange(len(polygons))))
    tables = []
    for k in range(layer.max() + 1):
        mine = np.flatnonzero(layer == k).astype(np.int32)
        net = polygons_to_net(polygons[mine], ids[mine].tolist())
        tables.append(to_tables(net.vertices, net.ends, net.sides, mine, spread)[0])
    return tables


def _layers(count: int, pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    over: list[set[int]] = [set() for _ in range(count)]
    layer = np.zeros(count, dtype=np.int64)
    for first, second in pairs.tolist():
        over[second].add(first)
    for k in range(count):
        taken = {int(layer[j]) for j in over[k]}
        layer[k] = next(m for m in range(len(taken) + 1) if m not in taken)
    return layer
