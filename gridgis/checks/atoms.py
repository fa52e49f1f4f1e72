"""The atoms of a plan: rule "atoms", and what touches what on the ground of some grids.

The atoms are the pieces of ground that grids are made of. A proof that no contiguous grouping is within a band speaks
of them, so they are looked at first: grids must be unions of atoms, edge by edge.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gridgis.checks.edges import Geometries, Integers, components, edges_of, outline, shared_pairs
from gridgis.checks.finding import Finding, Outcome
from gridgis.checks.ground import REACH_M
from gridgis.checks.layers import NO_GRID, move, texts
from gridgis.checks.place import Place
from gridgis.checks.scene import Scene
from gridgis.geometry.crs import STORED_CRS
from gridgis.model import ATOM_COLUMNS, need_columns

AT_M = 0.002
"""A building whose representative point is so near to several atoms counts as standing on all of them."""


@dataclass(frozen=True)
class Units:
    """What must stay whole on some ground: buildings, or whole compounds.

    ``weights`` (n,) households; ``touch`` (n,) bit masks of the units that can be joined directly, or over ground
    without households.
    """

    weights: list[int]
    touch: list[int]


def atoms(scene: Scene) -> Outcome:
    """Check that the atoms are a seamless cover, and that each leaf is the union of those that name it.

    The measure is 1 for an unsound atom, metres of an edge that does not match, atoms that name no leaf, or edges in
    which a leaf and its atoms differ.

    Raises
    ------
    InvalidInput
        A column is missing.
    """
    if scene.atoms is None:
        return Outcome(0)
    need_columns(scene.atoms, ATOM_COLUMNS, "atoms")
    shapes = _shapes(scene.atoms)
    found = [*_unsound(scene.atoms, shapes)]
    if not found:
        found = [*_uncovered(scene, shapes), *_unlike(scene, shapes)]
    return Outcome(len(shapes), tuple(found))


def _shapes(frame: gpd.GeoDataFrame) -> Geometries:
    return np.asarray(frame.geometry.to_numpy(), dtype=object)


def _unsound(frame: gpd.GeoDataFrame, shapes: Geometries) -> Iterator[Finding]:
    for atom, name, shape in zip(frame["atom"], texts(frame["local_id"]), shapes, strict=True):
        if shape is None or shapely.is_empty(shape) or not shapely.is_valid(shape) or shape.area == 0:
            zh, en = f"原子面 {atom} 的几何为空或无效", f"the geometry of atom {atom} is empty or invalid"
            yield Finding("atoms", name or "", 1, zh, en)


def _uncovered(scene: Scene, shapes: Geometries) -> Iterator[Finding]:
    """Look for edges that do not match; a gap, however thin, is found where a leaf is compared with its atoms."""
    assert scene.atoms is not None
    bad = shapely.coverage_invalid_edges(shapes)
    for atom, name, line in zip(scene.atoms["atom"], texts(scene.atoms["local_id"]), bad, strict=True):
        if not shapely.is_empty(line):
            zh, en = f"原子面 {atom} 的边与邻面不吻合", f"the edges of atom {atom} do not match those beside it"
            yield Finding("atoms", name or "", scene.length_m(line), zh, en)


def _unlike(scene: Scene, shapes: Geometries) -> Iterator[Finding]:
    """Compare each leaf with its atoms, edge by edge."""
    assert scene.atoms is not None
    leaf = leaf_of_atoms(scene)
    for name, n in pd.Series(texts(scene.atoms["local_id"]))[leaf == NO_GRID].value_counts(dropna=False).items():
        zh, en = f"{n} 个原子面所属的“{name}”不是最细的网格", f"{n} atoms name '{name}', which is no finest grid"
        yield Finding("atoms", str(name), int(n), zh, en)
    edges = edges_of(np.concatenate([scene.stored, shapes]))
    owner = np.concatenate([np.arange(len(scene.stored)), leaf])[edges.owner]
    of_atom = edges.owner >= len(scene.stored)
    keys = pd.Series(edges.key)
    mine = keys[of_atom].groupby(owner[of_atom]).apply(lambda k: outline(k.to_numpy()))
    given = keys[~of_atom].groupby(owner[~of_atom]).apply(lambda k: outline(k.to_numpy()))
    for i in np.flatnonzero(scene.is_leaf).tolist():
        wrong = len(np.setxor1d(given[i], mine[i])) if i in mine.index else len(given[i])
        if wrong:
            zh, en = (
                f"网格与其原子面之并有 {wrong} 条边不同",
                f"the grid is not the union of its atoms: {wrong} edges differ",
            )
            yield Finding("atoms", scene.ids[i], wrong, zh, en)


def leaf_of_atoms(scene: Scene) -> Integers:
    """Return the leaf that each atom names, (a,); NO_GRID where it names none."""
    assert scene.atoms is not None
    where = {scene.ids[i]: i for i in np.flatnonzero(scene.is_leaf).tolist()}
    return np.array([where.get(n or "", NO_GRID) for n in texts(scene.atoms["local_id"])], dtype=np.int64)


def units_on(scene: Scene, place: Place, level: int, grids: list[int], homes: pd.DataFrame) -> Units:
    """Return the units on the ground of some grids, and which of them touch.

    Parameters
    ----------
    grids
        Positions of the grids of the level that make the ground.
    homes
        The buildings to be grouped: x, y (work CRS), leaf, households, unit (0..n-1; buildings of one unit stay
        together).

    Notes
    -----
    Whatever is in doubt connects, so that "no grouping" is a proof: atoms without households, water beside a bridge;
    the buildings of one atom touch one another and all that the atom touches; a building on the border of two atoms
    stands on both. Other river water does not connect.
    """
    assert scene.atoms is not None
    leaf = leaf_of_atoms(scene)
    mine = np.flatnonzero(np.isin(scene.up(leaf, level), grids))
    shapes = _shapes(scene.atoms)[mine]
    on = _stands_on(scene, homes, shapes, leaf[mine])
    n = int(homes["unit"].max()) + 1
    unit = homes["unit"].to_numpy(dtype=np.int64)
    residents: list[set[int]] = [set() for _ in mine]
    for b, a in on:
        residents[a].add(int(unit[b]))
    links = _links(shapes, _closed_water(scene, place, shapes))
    empty = np.array([not r for r in residents], dtype=bool)
    hollow = components(len(mine), [(a, b) for a, b in links if empty[a] and empty[b]])
    groups = [set(r) for r in residents]
    shore: dict[int, set[int]] = {}
    for a, b in links:
        if not empty[a] and not empty[b]:
            groups.extend({i, j} for i in residents[a] for j in residents[b])
        elif empty[a] != empty[b]:
            gap, full = (a, b) if empty[a] else (b, a)
            shore.setdefault(int(hollow[gap]), set()).update(residents[full])
    weights = np.bincount(unit, homes["households"].to_numpy(dtype=np.int64), n).astype(np.int64)
    return Units(weights.tolist(), _masks(n, [*groups, *shore.values()]))


def _stands_on(scene: Scene, homes: pd.DataFrame, shapes: Geometries, leaf: Integers) -> set[tuple[int, int]]:
    """Return pairs (building, atom), by position."""
    points = np.asarray(shapely.points(homes[["x", "y"]].to_numpy(dtype=np.float64)))
    ground = np.asarray(move(shapes, STORED_CRS, scene.work_crs), dtype=object)
    b, a = shapely.STRtree(ground).query(points, predicate="dwithin", distance=AT_M)
    of = homes["leaf"].to_numpy(dtype=np.int64)
    pairs = {(i, j) for i, j in zip(b.tolist(), a.tolist(), strict=True) if of[i] == leaf[j]}
    for i in set(range(len(homes))) - {i for i, _ in pairs}:
        own = np.flatnonzero(leaf == of[i])
        pairs.add((i, int(own[np.argmin(shapely.distance(ground[own], points[i]))])))
    return pairs


def _closed_water(scene: Scene, place: Place, shapes: Geometries) -> NDArray[np.bool_]:
    """Tell which atoms are river water without a bridge at it; judged by the layers, not by the column 'water'."""
    wet = np.zeros(len(shapes), dtype=bool)
    if place.river.is_empty:
        return wet
    ground = np.asarray(move(shapes, STORED_CRS, scene.work_crs), dtype=object)
    wet = shapely.within(shapely.point_on_surface(ground), place.river)
    if place.bridges:
        bridged, _ = shapely.STRtree(place.bridges).query(ground, predicate="dwithin", distance=REACH_M)
        wet[bridged] = False
    return np.asarray(wet, dtype=bool)


def _links(shapes: Geometries, closed: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return pairs of atoms that share an edge, closed water left out."""
    edges = edges_of(shapes)
    first, second = shared_pairs(edges)
    ends = np.unique(np.column_stack([edges.owner[first], edges.owner[second]]), axis=0)
    ends = ends[~closed[ends].any(axis=1)]
    return [(int(a), int(b)) for a, b in ends]


def _masks(n: int, groups: list[set[int]]) -> list[int]:
    out = [0] * n
    for group in groups:
        for i, j in combinations(sorted(group), 2):
            out[i] |= 1 << j
            out[j] |= 1 << i
    return out
