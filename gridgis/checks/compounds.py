"""Rule "compounds": an estate (小区) is not split.

One too large for a grid is split, of itself; that a grid holds a part of it and ground outside is told, not forbidden:
a row of shops along its wall, too small for a grid, belongs somewhere (SEMANTICS 11: certified is what is impossible
with barriers crossable).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import shapely

from gridgis.checks.edges import Geometries, Integers
from gridgis.checks.finding import Finding, Outcome
from gridgis.checks.layers import NO_GRID
from gridgis.checks.place import Place
from gridgis.checks.scene import Scene

NO_COMPOUND = -1
TOUCH_M = 0.002
"""A point this near to an estate is on it: boundaries are rounded to 1 mm."""


def residents(scene: Scene, place: Place, level: int) -> pd.DataFrame:
    """Return a community's buildings outside carved sites, with their grid of a level and their compound.

    The column 'compound' is a position in ``place.compounds`` (where they overlap: the smallest) or NO_COMPOUND.
    """
    b = scene.buildings_in(level)
    b = b[(b["community"] == place.community.code) & (b["grid"] != NO_GRID)]
    compound = np.full(len(b), NO_COMPOUND, dtype=np.int64)
    if place.compounds is not None and len(place.compounds) and len(b):
        areas = place.compounds.geometry.to_numpy()
        spots = np.asarray(shapely.points(b[["x", "y"]].to_numpy()), dtype=object)
        point, estate = _meetings(spots, place, areas)
        order = np.lexsort((-estate, -shapely.area(areas)[estate], point))
        compound[point[order]] = estate[order]
    return b.assign(compound=compound)


def _meetings(spots: Geometries, place: Place, estates: Geometries) -> tuple[Integers, Integers]:
    """Pair the points with the estates that hold them.

    A building outside of the boundary counts where its nearest ground does, and so in the estate there.
    """
    tree = shapely.STRtree(estates)
    point, estate = tree.query(spots, predicate="intersects")
    out = np.flatnonzero(~shapely.covers(place.boundary, spots))
    ashore = shapely.get_point(shapely.shortest_line(place.boundary, spots[out]), 0)
    at, beside = tree.query(ashore, predicate="dwithin", distance=TOUCH_M)
    return np.concatenate([point, out[at]]), np.concatenate([estate, beside])


def oversize(inside: pd.DataFrame, upper: int) -> list[int]:
    """Return the compounds that hold more households than a grid may."""
    sums = inside[inside["compound"] != NO_COMPOUND].groupby("compound")["households"].sum()
    large: list[int] = sums.index.to_numpy(dtype=np.int64)[(sums > upper).to_numpy()].tolist()
    return large


def compounds(scene: Scene) -> Outcome:
    """Check compounds at the divided levels; measure: grids that one is spread over, or households from outside."""
    found: list[Finding] = []
    checked = 0
    for place in scene.places.values():
        for level, band in ((2, place.rules.level2), (3, place.rules.level3)):
            grids = scene.of_community(scene.at_level(level), place.community.code)
            if level < place.rules.first_level or not len(grids):
                continue
            inside = residents(scene, place, level)
            large = oversize(inside, band.upper)
            checked += inside.loc[inside["compound"] != NO_COMPOUND, "compound"].nunique()
            found.extend(_split(scene, place, level, inside, large))
            found.extend(_mixed(scene, place, level, inside, large))
    return Outcome(checked, tuple(found))


def _split(scene: Scene, place: Place, level: int, inside: pd.DataFrame, large: list[int]) -> Iterator[Finding]:
    small = inside[(inside["compound"] != NO_COMPOUND) & ~inside["compound"].isin(large)]
    for compound in small["compound"].unique().tolist():
        rows = small[small["compound"] == compound]
        if rows["grid"].nunique() > 1:
            ids = sorted(scene.ids[g] for g in rows["grid"].unique())
            name, total = label(place, compound), int(rows["households"].sum())
            zh = f"小区 {name}（{total} 户）分在 {len(ids)} 个{level}级网格：{'、'.join(ids)}"
            en = f"compound {name} ({total} households) is split over level-{level} grids {', '.join(ids)}"
            yield Finding("compounds", ids[0], len(ids), zh, en)


def _mixed(scene: Scene, place: Place, level: int, inside: pd.DataFrame, large: list[int]) -> Iterator[Finding]:
    for compound in large:
        grids = inside.loc[(inside["compound"] == compound) & (inside["households"] > 0), "grid"].unique()
        rows = inside[inside["grid"].isin(grids) & (inside["compound"] != compound)]
        others = rows.groupby("grid")["households"].sum()
        for grid, n in zip(others.index.to_numpy(dtype=np.int64), others, strict=True):
            if n == 0:
                continue
            name = label(place, compound)
            zh = f"{level}级网格含超大小区 {name} 的住户，又含小区外 {n} 户"
            en = f"the level-{level} grid mixes the oversize compound {name} with {n} households from outside of it"
            yield Finding("compounds", scene.ids[int(grid)], int(n), zh, en, confirmed=True)


def label(place: Place, compound: int) -> str:
    """Return the id and, where there is one, the name of a compound."""
    assert place.compounds is not None
    row = place.compounds.iloc[compound]
    name = row.get("name")
    return str(row["id"]) if pd.isna(name) else f"{row['id']} {name}"
