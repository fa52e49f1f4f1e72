"""Rule "borders": the table of borders says truly which grids meet where, at which level, for how long, and along what.

All is worked out anew: the sides from edges that two finest grids share in stored coordinates, the class from the
barrier layers and the outlines of estates (a wall).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gridgis.checks.edges import Geometries, Integers, edges_of_lines
from gridgis.checks.finding import Finding, Outcome
from gridgis.checks.layers import move, opt_layer, polygon_parts, texts
from gridgis.checks.place import Place
from gridgis.checks.scene import Scene
from gridgis.geometry.crs import STORED_CRS
from gridgis.model import BARRIER_CLASSES, BORDER_COLUMNS, STRONG, need_columns

NEAR_M = 0.01
"""A border so near to a barrier may be said to run along it: both are snapped to 1 mm, and vertices are added."""

ON_M = 0.001
"""A border so near to a STRONG barrier must be said to; a weaker one that ends inside a block may go unsaid."""

SHORT_M = 0.05
"""A shorter edge may be any class: it can lie where barriers meet."""

SOME_M = 0.5
"""Less of a border may be of another class than said."""

LENGTH = 1e-3
"""Relative difference of lengths that the metric zones explain."""

KINDS = (*BARRIER_CLASSES, "")
IS_STRONG = np.array([k in STRONG for k in (*KINDS, "")], dtype=bool)


@dataclass(frozen=True)
class _Sides:
    """The edges between finest grids, (e,): sorted ``key``; ids of both sides ('' outside), and the level."""

    key: Integers
    left: NDArray[np.object_]
    right: NDArray[np.object_]
    level: Integers
    owner: Integers


def borders(scene: Scene) -> Outcome:
    """Check the table of borders; measure: metres that are missing, wrong, or of another class than said.

    Raises
    ------
    InvalidInput
        A column is missing.
    """
    if scene.borders is None:
        return Outcome(0)
    table = scene.borders
    need_columns(table, tuple(BORDER_COLUMNS), "borders")
    leaves = np.flatnonzero(scene.is_leaf)
    drawn = np.asarray(table.geometry.to_numpy(), dtype=object)
    edges, along = edges_of_lines(scene.stored[leaves], drawn)
    sides = _sides(scene, leaves, edges.key, edges.owner)
    metres = _metres(scene, along.start, along.end)
    found = [
        *_missing(scene, sides, along.key, edges.key, _metres(scene, edges.start, edges.end)),
        *_wrong(table, sides, along.key, along.owner, metres),
        *_lengths(scene, table, drawn),
        *_classes(scene, table, along.owner, along.start, along.end, metres),
    ]
    return Outcome(len(table), tuple(found))


def _metres(scene: Scene, start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
    lines = shapely.linestrings(np.stack([start, end], axis=1))
    return np.asarray(shapely.length(move(lines, STORED_CRS, scene.work_crs)), dtype=np.float64)


def _sides(scene: Scene, leaves: Integers, key: Integers, owner: Integers) -> _Sides:
    order = np.lexsort((owner, key))
    key, grid = key[order], leaves[owner[order]]
    first = np.flatnonzero(np.diff(key, prepend=-1))
    last = np.append(first[1:], len(key)) - 1
    a, b = grid[first], grid[last]
    ids, community = np.array(scene.ids, dtype=object), np.array(scene.community, dtype=object)
    second = scene.up(np.arange(len(scene.ids)), 2)
    other = (first == last) | (community[a] != community[b])
    level = np.where(other, 1, np.where((second[a] != second[b]) | (second[a] < 0), 2, 3))
    one, two = np.where(first == last, "", ids[a]), ids[b]
    swap = one > two
    return _Sides(key[first], np.where(swap, two, one), np.where(swap, one, two), level, a)


def _missing(
    scene: Scene, sides: _Sides, given: Integers, key: Integers, metres: NDArray[np.float64]
) -> Iterator[Finding]:
    lost = ~np.isin(sides.key, given)
    length = pd.Series(metres).groupby(key).first()
    for grid, n in length[sides.key[lost]].groupby(sides.owner[lost]).sum().items():
        zh, en = f"有 {n:.1f} 米边界不在边界表中", f"{n:.1f} m of its border are not in the table of borders"
        yield Finding("borders", scene.ids[int(str(grid))], n, zh, en)


def _wrong(
    table: gpd.GeoDataFrame, sides: _Sides, key: Integers, row: Integers, metres: NDArray[np.float64]
) -> Iterator[Finding]:
    """Look for edges that are no border, or one of other sides or of another level than said."""
    at = np.minimum(np.searchsorted(sides.key, key), max(len(sides.key) - 1, 0))
    known = sides.key[at] == key
    left, right = (np.array([t or "" for t in texts(table[c])], dtype=object) for c in ("left", "right"))
    level = pd.to_numeric(table["level"], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    same = (sides.left[at] == left[row]) & (sides.right[at] == right[row]) & (sides.level[at] == level[row])
    for r, n in pd.Series(metres[~(known & same)]).groupby(row[~(known & same)]).sum().items():
        i = int(str(r))
        name = f"{left[i] or '—'} | {right[i]}"
        zh = f"{name} 有 {n:.1f} 米不是这两格之间的 {level[i]:.0f} 级边界"
        en = f"{name}: {n:.1f} m are no level-{level[i]:.0f} border of these two"
        yield Finding("borders", right[i], n, zh, en)


def _lengths(scene: Scene, table: gpd.GeoDataFrame, drawn: Geometries) -> Iterator[Finding]:
    true = shapely.length(move(drawn, STORED_CRS, scene.work_crs))
    said = pd.to_numeric(table["length_m"], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    off = ~(np.abs(said - true) <= LENGTH * true + 0.01)
    for i in np.flatnonzero(off).tolist():
        zh, en = f"边界写明 {said[i]:.3f} 米，实为 {true[i]:.3f}", f"says {said[i]:.3f} m, and is {true[i]:.3f} m long"
        yield Finding("borders", str(table["right"].iloc[i]), abs(said[i] - true[i]), zh, en)


def _classes(
    scene: Scene,
    table: gpd.GeoDataFrame,
    row: Integers,
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    metres: NDArray[np.float64],
) -> Iterator[Finding]:
    said = [(k or "", n or "") for k, n in zip(texts(table["klass"]), texts(table["name"]), strict=True)]
    long = np.flatnonzero(metres >= SHORT_M)
    ends = [shapely.points(xy) for xy in (start[long], (start[long] + end[long]) / 2, end[long])]
    points = [np.asarray(move(p, STORED_CRS, scene.work_crs), dtype=object) for p in ends]
    lines, labels = _layer(scene)
    kinds = sorted({*labels, *said})
    number = np.array([kinds.index(label) for label in labels], dtype=np.int64)
    claim = np.array([kinds.index(s) for s in said], dtype=np.int64)[row[long]]
    rank = np.array([KINDS.index(k) if k in KINDS else -1 for k, _ in kinds], dtype=np.int64)
    open_ground = np.array([k == "" for k, _ in kinds], dtype=bool)
    near = _runs_along(points, lines, number, len(kinds), NEAR_M)
    fits = open_ground[claim] | np.isin(np.arange(len(long)) * len(kinds) + claim, near)
    on = _runs_along(points, lines, number, len(kinds), ON_M)
    strongest = np.full(len(long), len(KINDS), dtype=np.int64)
    np.minimum.at(strongest, on // len(kinds), rank[on % len(kinds)])
    untold = (rank[claim] > strongest) & (~open_ground[claim] | IS_STRONG[strongest])
    bad = long[~fits | untold]
    for r, n in pd.Series(metres[bad]).groupby(row[bad]).sum().items():
        i = int(str(r))
        if n > SOME_M:
            what = " ".join(t for t in said[i] if t)
            zh = f"有 {n:.1f} 米并不沿所写的“{what or '空地'}”"
            en = f"{n:.1f} m do not run along what is said: '{what or 'open ground'}'"
            yield Finding("borders", str(table["right"].iloc[i]), n, f"{zh}（与 {table['left'].iloc[i]}）", en)


def _layer(scene: Scene) -> tuple[Geometries, list[tuple[str, str]]]:
    """Return the straight pieces of all barriers, and for each its class and name."""
    pieces: list[Geometries] = []
    labels: list[tuple[str, str]] = []
    for place in scene.places.values():
        for label, chains in _barriers(place, scene.work_crs):
            xy, chain = shapely.get_coordinates(chains, return_index=True)
            here = np.flatnonzero(chain[1:] == chain[:-1])
            pieces.append(np.asarray(shapely.linestrings(np.stack([xy[here], xy[here + 1]], axis=1)), dtype=object))
            labels.extend([label] * len(here))
    return np.concatenate([np.zeros(0, dtype=object), *pieces]), labels


def _barriers(place: Place, work_crs: str) -> Iterator[tuple[tuple[str, str], Geometries]]:
    b = place.barriers
    names = texts(b["name"]) if "name" in b else [None] * len(b)
    for klass, name, geom in zip(texts(b["klass"]), names, b.geometry, strict=True):
        bare = shapely.boundary(geom) if shapely.get_dimensions(geom) == 2 else geom
        yield (klass or "", name or ""), shapely.get_parts(bare)
    if (estates := opt_layer(place.community.compounds, work_crs)) is not None:
        for estate in estates.geometry:
            yield ("wall", ""), shapely.get_parts(polygon_parts(estate).boundary)


def _runs_along(points: list[Geometries], lines: Geometries, number: Integers, kinds: int, reach: float) -> Integers:
    """Return edge * kinds + kind for each edge both ends and the middle of which are that near to the kind."""
    tree = shapely.STRtree(lines)
    found = np.zeros(0, dtype=np.int64)
    for k, at in enumerate(points):
        edge, line = tree.query(at, predicate="dwithin", distance=reach)
        keys = np.unique(edge * kinds + number[line])
        found = keys if k == 0 else np.intersect1d(found, keys)
    return np.asarray(found, dtype=np.int64)
