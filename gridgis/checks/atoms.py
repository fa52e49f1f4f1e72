"""Rule "atoms": the grids are made of the atoms that a plan says they are.

The atoms are the pieces of ground that grids are made of. A proof that no contiguous grouping is within a band speaks
of them, so they are looked at first: grids must be unions of atoms, edge by edge.
"""

from __future__ import annotations

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgis.checks.edges import Geometries, edges_of, outline
from gridgis.checks.finding import Finding, Outcome
from gridgis.checks.layers import NO_GRID, texts
from gridgis.checks.scene import Scene
from gridgis.model import ATOM_COLUMNS, need_columns


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
    leaf = scene.leaf_of_atoms
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
