"""Count households anew: which grid a building belongs to, and how many households it has.

Nothing is taken from the plan. A building belongs where its representative point lies (SEMANTICS 3): the point on
surface of its geometry as stored, that is on the 1 mm grid of the work CRS, in longitude and latitude. Where it lies in
no grid, the nearest counts it. Of copies (equal geometry, id and households) one is counted; buildings with the very
same geometry under different ids are all counted. A missing household count is

    round(footprint m2 x storeys / m2_per_household), at least 1

for a building of residential or unknown use, 0 for any other, 1 for one that is given as a point.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gridgis.checks.edges import Geometries, Integers
from gridgis.checks.layers import NO_GRID, move, texts
from gridgis.errors import InvalidInput
from gridgis.geometry.crs import STORED_CRS, to_stored, to_work
from gridgis.model import Community, DivisionRules, need_columns

COLUMNS = ("id", "households", "storeys", "use")

CUSP = 5e-4
"""Relative uncertainty of an area (1 mm grid, CRS scale): an estimate so near to .5 may be rounded either way."""

Floats = NDArray[np.float64]


def count_buildings(
    communities: Sequence[Community],
    rules: Mapping[str, DivisionRules],
    work_crs: str,
    leaves: gpd.GeoDataFrame,
) -> pd.DataFrame:
    """Count the buildings of all communities.

    Parameters
    ----------
    communities, rules
        The communities, and their rules by code.
    work_crs
        The metric CRS to measure in.
    leaves
        The finest grids in stored coordinates: community, geometry; the index is the position of the grid.

    Returns
    -------
    DataFrame
        id; community (of the grid); households; lo, hi (what else an estimate may be, on a cusp of rounding); x, y and
        footprint in the work CRS; leaf (position of the grid); also (position of a second grid when the point is on a
        border, else NO_GRID); away_m (distance to the grid when the point is in none, else 0); copies (how many more
        rows had the very same geometry, id and households).

    Raises
    ------
    InvalidInput
        A building without geometry; a count that is text, negative or no integer.
    """
    frame = _stack(communities, work_crs)
    seen = shapely.point_on_surface(np.asarray(to_stored(frame).geometry.to_numpy(), dtype=object))
    leaf, also, away = _locate(seen, leaves, work_crs)
    community = leaves["community"].astype(object).reindex(leaf).to_numpy()
    low = _households(frame, [rules[c] for c in community])
    xy = shapely.get_coordinates(move(seen, STORED_CRS, work_crs))
    data = {
        "id": pd.Series(frame["id"].astype(str).to_numpy(), dtype=object),
        "community": pd.Series(community, dtype=object),
        "households": low[0], "lo": low[1], "hi": low[2],
        "x": xy[:, 0], "y": xy[:, 1], "footprint": pd.Series(frame.geometry.to_numpy(), dtype=object),
        "leaf": leaf, "also": also, "away_m": away, "copies": frame["copies"].to_numpy(dtype=np.int64),
    }  # fmt: skip
    return pd.DataFrame(data)


def _stack(communities: Sequence[Community], work_crs: str) -> gpd.GeoDataFrame:
    """Return all buildings in the work CRS on its 1 mm grid, copies once; 'copies' counts those left out."""
    frames = []
    for c in communities:
        need_columns(c.buildings, ("id", "geometry"), "buildings")
        if len(c.buildings):
            missing = c.buildings.geometry.isna() | c.buildings.geometry.is_empty
            if ids := [str(i) for i in c.buildings.loc[missing, "id"]]:
                raise InvalidInput(f"建筑 {ids} 没有几何", f"the buildings {ids} have no geometry", ids=ids)
            moved = to_work(c.buildings, work_crs, "buildings").reset_index(drop=True)
            columns = {name: _column(moved, name).astype(object) for name in COLUMNS}
            frames.append(gpd.GeoDataFrame(columns, geometry=moved.geometry.to_numpy(), crs=work_crs))
    if not frames:
        return gpd.GeoDataFrame(dict.fromkeys((*COLUMNS, "copies"), ()), geometry=[], crs=work_crs)
    frame = gpd.GeoDataFrame(pd.concat(frames, ignore_index=True))
    shapes = shapely.to_wkb(shapely.normalize(np.asarray(frame.geometry.to_numpy(), dtype=object)))
    same = [(g, i, None if pd.isna(n) else n) for g, i, n in zip(shapes, frame["id"], frame["households"], strict=True)]
    times = Counter(same)
    frame["copies"] = [times[row] - 1 for row in same]
    return frame[~pd.Series(same, dtype=object).duplicated().to_numpy()].reset_index(drop=True)


def _households(frame: gpd.GeoDataFrame, rules: Sequence[DivisionRules]) -> Integers:
    """Return households and their lowest and highest reading, (3, n)."""
    given = _column(frame, "households")
    counted = pd.to_numeric(given, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = (~given.isna().to_numpy() & np.isnan(counted)) | (counted < 0) | (counted % 1 > 0)
    if wrong.any():
        shown = [f"{i}: {v}" for i, v in zip(frame["id"][wrong], given[wrong], strict=True)][:5]
        raise InvalidInput(
            f"建筑户数须为非负整数或空：{shown}",
            f"households of a building must be an integer of 0 or more, or null: {shown}",
            buildings=shown,
        )
    storeys = pd.to_numeric(_column(frame, "storeys"), errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    usual = np.array([r.default_storeys for r in rules])
    area = shapely.area(np.asarray(frame.geometry.to_numpy(), dtype=object))
    raw = area * np.where(storeys > 0, storeys, usual) / np.array([r.m2_per_household for r in rules])
    lives = np.array([u in (None, "residential") for u in texts(_column(frame, "use"))], dtype=bool)
    readings = [np.where(lives, np.maximum(1.0, np.round(raw * f)), 0.0) for f in (1.0, 1.0 - CUSP, 1.0 + CUSP)]
    return np.array([np.where(np.isnan(counted), r, counted) for r in readings]).astype(np.int64)


def _column(frame: pd.DataFrame, name: str) -> pd.Series[Any]:
    return frame[name] if name in frame else pd.Series([None] * len(frame), index=frame.index, dtype=object)


def _locate(seen: Geometries, leaves: gpd.GeoDataFrame, work_crs: str) -> tuple[Integers, Integers, Floats]:
    """Return leaf, second leaf and distance of stored points: decided on the stored polygons, measured in metres."""
    leaf, also = np.full(len(seen), NO_GRID, np.int64), np.full(len(seen), NO_GRID, np.int64)
    away = np.zeros(len(seen))
    stored = np.asarray(leaves.geometry.to_numpy(), dtype=object)
    position = leaves.index.to_numpy(dtype=np.int64)
    p, g = shapely.STRtree(stored).query(seen, predicate="intersects")
    order = np.lexsort((g, p))
    p, g = p[order], position[g[order]]
    first = np.diff(p, prepend=-1) > 0
    leaf[p[first]] = g[first]
    also[p[~first]] = g[~first]
    lost = np.flatnonzero(leaf == NO_GRID)
    if len(lost):
        tree = shapely.STRtree(move(stored, STORED_CRS, work_crs))
        points = move(seen[lost], STORED_CRS, work_crs)
        near, distance = tree.query_nearest(points, return_distance=True, all_matches=False)
        leaf[lost[near[0]]] = position[near[1]]
        away[lost[near[0]]] = distance
    return leaf, also, away
