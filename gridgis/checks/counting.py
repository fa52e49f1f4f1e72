"""Count households anew: which grid a building belongs to, and how many households it has.

Nothing is taken from the plan. A building belongs where its representative point lies (SEMANTICS 3), taken from the
footprint in the work CRS on its 1 mm grid; where it lies in no grid, to the nearest. A missing household count is

    round(footprint m2 x storeys / m2_per_household), at least 1

for a building of residential or unknown use, 0 for any other, 1 for one that is given as a point.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gridgis.checks.edges import Geometries, Integers
from gridgis.checks.layers import NO_GRID, move, texts
from gridgis.errors import InvalidInput
from gridgis.geometry.crs import STORED_CRS, to_work
from gridgis.model import Community, DivisionRules, need_columns

CUSP = 5e-4
"""Relative uncertainty of an area (1 mm grid, CRS scale): an estimate so near to .5 may be rounded either way."""


def count_buildings(
    c: Community, rules: DivisionRules, work_crs: str, leaves: Integers, stored: Geometries, work: Geometries
) -> pd.DataFrame:
    """Count the buildings of one community.

    Parameters
    ----------
    c, rules
        The community and its rules.
    work_crs
        The metric CRS to measure in.
    leaves
        Positions of the community's finest grids in ``stored`` and ``work``, the polygons of all grids.

    Returns
    -------
    DataFrame
        community; id; households; lo, hi (what else the count may be, on a cusp of rounding); x, y in the work CRS;
        leaf (position of the grid, NO_GRID where the community has none); also (position of a second leaf whose
        border the point is on, else NO_GRID); away_m (distance to the leaf when the point is in none, else 0).

    Raises
    ------
    InvalidInput
        A building without geometry; a count that is text, negative or no integer.
    """
    need_columns(c.buildings, ("id", "geometry"), "buildings")
    if not len(c.buildings):
        return _table(c.code, [], np.zeros((3, 0), np.int64), np.zeros((0, 2)), _nowhere(0))
    if (missing := c.buildings.geometry.isna() | c.buildings.geometry.is_empty).any():
        ids = [str(i) for i in c.buildings.loc[missing, "id"]]
        raise InvalidInput(f"建筑 {ids} 没有几何", f"the buildings {ids} have no geometry", ids=ids)
    frame = to_work(c.buildings, work_crs, "buildings")
    footprints = np.asarray(frame.geometry.to_numpy(), dtype=object)
    points = shapely.point_on_surface(footprints)
    seen = move(points, work_crs, STORED_CRS)
    place = _locate(seen, points, leaves, stored, work)
    return _table(
        c.code, list(frame["id"]), _households(frame, footprints, rules), shapely.get_coordinates(points), place
    )


def _table(
    code: str,
    ids: Sequence[object],
    counts: Integers,
    xy: NDArray[np.float64],
    place: tuple[Integers, Integers, NDArray[np.float64]],
) -> pd.DataFrame:
    leaf, also, away = place
    data = {
        "community": pd.Series([code] * len(ids), dtype=object),
        "id": pd.Series([str(i) for i in ids], dtype=object),
        "households": counts[0], "lo": counts[1], "hi": counts[2],
        "x": xy[:, 0], "y": xy[:, 1],
        "leaf": leaf, "also": also, "away_m": away,
    }  # fmt: skip
    return pd.DataFrame(data)


def _households(frame: pd.DataFrame, footprints: Geometries, rules: DivisionRules) -> Integers:
    """Return households and their lowest and highest reading, (3, n)."""
    given = frame["households"] if "households" in frame else pd.Series([None] * len(frame), index=frame.index)
    counted = pd.to_numeric(given, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = (~given.isna().to_numpy() & np.isnan(counted)) | (counted < 0) | (counted % 1 > 0)
    if wrong.any():
        shown = [f"{i}: {v}" for i, v in zip(frame["id"][wrong], given[wrong], strict=True)][:5]
        raise InvalidInput(
            f"建筑户数须为非负整数或空：{shown}",
            f"households of a building must be an integer of 0 or more, or null: {shown}",
            buildings=shown,
        )
    storeys = pd.to_numeric(_column(frame, "storeys"), errors="coerce").fillna(rules.default_storeys)
    raw = shapely.area(footprints) * storeys.to_numpy(dtype=np.float64) / rules.m2_per_household
    is_area = shapely.get_dimensions(footprints) == 2
    lives = np.array([u in (None, "", "residential") for u in texts(_column(frame, "use"))])
    readings = [_estimate(raw * f, is_area, lives) for f in (1.0, 1.0 - CUSP, 1.0 + CUSP)]
    return np.array([np.where(np.isnan(counted), r, counted) for r in readings]).astype(np.int64)


def _estimate(raw: NDArray[np.float64], is_area: NDArray[np.bool_], lives: NDArray[np.bool_]) -> NDArray[np.float64]:
    rounded = np.where(is_area, np.maximum(1.0, np.round(raw)), 1.0)
    return np.where(lives, rounded, 0.0)


def _column(frame: pd.DataFrame, name: str) -> pd.Series[Any]:
    return frame[name] if name in frame else pd.Series([None] * len(frame), index=frame.index, dtype=object)


def _nowhere(n: int) -> tuple[Integers, Integers, NDArray[np.float64]]:
    return np.full(n, NO_GRID, np.int64), np.full(n, NO_GRID, np.int64), np.zeros(n)


def _locate(
    seen: Geometries, points: Geometries, leaves: Integers, stored: Geometries, work: Geometries
) -> tuple[Integers, Integers, NDArray[np.float64]]:
    """Return leaf, second leaf and distance of points: decided in stored coordinates, measured in the work CRS."""
    leaf, also, away = _nowhere(len(points))
    if not len(leaves):
        return leaf, also, away
    p, g = shapely.STRtree(stored[leaves]).query(seen, predicate="intersects")
    order = np.lexsort((g, p))
    p, g = p[order], leaves[g[order]]
    first = np.diff(p, prepend=-1) > 0
    leaf[p[first]] = g[first]
    also[p[~first]] = g[~first]
    lost = np.flatnonzero(leaf == NO_GRID)
    if len(lost):
        tree = shapely.STRtree(work[leaves])
        near, distance = tree.query_nearest(points[lost], return_distance=True, all_matches=False)
        leaf[lost[near[0]]] = leaves[near[1]]
        away[lost[near[0]]] = distance
    return leaf, also, away
