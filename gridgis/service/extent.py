"""The extent of a grid in words (四至): along what it runs in the east, south, west and north.

Each edge of the outer border faces the side to which its outward normal points most. It is called by the named road,
river or railway along which it runs; else by the grid beyond it; else, where no grid is beyond, by ``OUTER``. A side is
told by all names that hold at least ``LEAST_SHARE`` of its length, the longest first, at most ``MOST_NAMES``.
"""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgis.geometry.arrays import Floats, Geometries, Ints, geometries, points
from gridgis.geometry.coverage import grid_keys, segments
from gridgis.geometry.crs import need_crs, to_work
from gridgis.model import DivisionPlan, need_columns

SIDES = ("东", "南", "西", "北")
"""In the order in which an extent is told."""

OUTER = "辖区界"
"""What a border is called beyond which there is no grid, and along which nothing named runs."""

LEAST_SHARE = 0.2
MOST_NAMES = 3

EXACT_M = 0.01
"""How far an edge may lie from a line of the plan's table of borders, of which it is a part."""

NEAR_M = 1.0
"""How far an edge may lie from a road or river as surveyed, along which it was drawn."""

_DEDICATED = 2.25
"""Where a dedicated grid stands among the levels: its neighbours are told by level 2 where there are such."""


def extent_of_plan(plan: DivisionPlan) -> dict[str, str]:
    """Return the extent in words of each grid of a plan, by local id; ``extent_words`` says how."""
    return extent_words(plan.grids.rename(columns={"local_id": "id"}), plan.borders, EXACT_M)


def extent_words(grids: gpd.GeoDataFrame, along: gpd.GeoDataFrame, within_m: float = NEAR_M) -> dict[str, str]:
    """Return the extent in words of each grid, by its id.

    Parameters
    ----------
    grids
        id, name, level, kind, mode, geometry; in a metric CRS, a coverage that is seamless vertex by vertex.
    along
        name, geometry (lines, or polygons whose banks count): what borders may run along; any CRS. What has no name is
        not used.
    within_m
        How far from such a line an edge may lie and yet run along it.

    Returns
    -------
    dict
        id -> 东至…，南至…，西至…，北至…; a side of which nothing is known (an overlay's) is left out.

    Examples
    --------
    >>> rows = {"id": ["a", "b"], "name": ["甲", "乙"], "level": 2, "kind": "comprehensive", "mode": None}
    >>> two = gpd.GeoDataFrame(rows, geometry=[shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10)], crs="EPSG:4545")
    >>> road = gpd.GeoDataFrame({"name": ["解放路"]}, geometry=[shapely.LineString([(0, 0), (20, 0)])], crs="EPSG:4545")
    >>> extent_words(two, road)["a"]
    '东至乙，南至解放路，西至辖区界，北至辖区界'
    """
    need_columns(grids, ("id", "name", "level", "kind", "mode"), "grids")
    if not len(grids):
        return {}
    need_crs(grids, "grids")
    shapes = shapely.orient_polygons(grids.geometry.to_numpy())
    seg, owner = segments(_without_holes(shapes))
    names = _beyond(grids, seg, owner, *segments(shapes))
    near = _running_along(seg, to_work(along, str(grids.crs)), within_m)
    names = np.where(near == "", names, near)
    edges = pd.DataFrame({"grid": owner, "side": _sides(seg), "name": names, "length": _lengths(seg)})
    told = _told(edges[edges["name"] != ""])
    return {str(i): told.get(k, "") for k, i in enumerate(grids["id"])}


def _without_holes(shapes: Any) -> Geometries:
    """Return the outer rings as polygons, one multipolygon a shape: what lies in a hole is no side of a grid."""
    parts, of = shapely.get_parts(shapes, return_index=True)
    outer = geometries(shapely.polygons(shapely.get_exterior_ring(parts)))
    return geometries(shapely.multipolygons(outer, indices=of))


def _lengths(seg: Floats) -> Floats:
    return np.hypot(seg[:, 2] - seg[:, 0], seg[:, 3] - seg[:, 1])


def _sides(seg: Floats) -> Ints:
    """Return the side that each edge faces, a position in SIDES; the inside lies to the left of an edge."""
    east, north = seg[:, 3] - seg[:, 1], seg[:, 0] - seg[:, 2]
    across = np.where(east > 0, 0, 2)
    along = np.where(north > 0, 3, 1)
    return np.where(np.abs(east) >= np.abs(north), across, along).astype(np.int64)


def _beyond(grids: gpd.GeoDataFrame, seg: Floats, owner: Ints, all_seg: Floats, all_owner: Ints) -> Geometries:
    """Return the name of the grid on the other side of each edge, of the level nearest to its own; OUTER for none.

    An overlay lies on other grids, so nothing is said of what is beyond: ''.
    """
    level = pd.to_numeric(grids["level"]).astype("Float64").fillna(_DEDICATED).to_numpy(dtype=np.float64)
    overlay = (grids["mode"].fillna("") == "overlay").to_numpy()
    keys = grid_keys(np.concatenate([seg, all_seg]))
    mine, theirs = keys[: len(seg)], keys[len(seg) :]
    edges = pd.DataFrame({"a": mine[:, 0], "b": mine[:, 1], "edge": np.arange(len(seg)), "own": level[owner]})
    others = pd.DataFrame({"a": theirs[:, 1], "b": theirs[:, 0], "grid": all_owner, "level": level[all_owner]})
    met = edges.merge(others[~overlay[all_owner]], on=["a", "b"])
    met = met.assign(far=(met["own"] - met["level"]).abs()).sort_values(["edge", "far", "grid"])
    first = met.drop_duplicates("edge")
    names = np.where(overlay[owner], "", OUTER).astype(object)
    called = grids["name"].fillna("").astype(object).to_numpy()
    inside = first["edge"].to_numpy()[~overlay[owner[first["edge"].to_numpy()]]]
    beyond = first.set_index("edge")["grid"].loc[inside].to_numpy()
    names[inside] = called[beyond]
    return names


def _running_along(seg: Floats, along: gpd.GeoDataFrame, within_m: float) -> Geometries:
    """Return the name of the line along which each edge runs, '' for none: its quarters all lie within reach of it."""
    called = along["name"].fillna("").astype(str).to_numpy(dtype=object)
    shapes = along.geometry.to_numpy()
    area = shapely.get_dimensions(shapes) == 2
    shapes = np.where(area, shapely.boundary(shapes), shapes)
    used = (called != "") & ~shapely.is_empty(shapes)
    out = np.full(len(seg), "", dtype=object)
    parts, of = shapely.get_parts(shapes[used], return_index=True)
    if not len(parts) or not len(seg):
        return out
    tree, label = shapely.STRtree(parts), called[used][of]
    found = [_nearest(tree, label, _at(seg, share), within_m) for share in (0.25, 0.5, 0.75)]
    same = (found[0] == found[1]) & (found[1] == found[2])
    return np.where(same, found[1], out)


def _at(seg: Floats, share: float) -> Floats:
    return seg[:, :2] + share * (seg[:, 2:] - seg[:, :2])


def _nearest(tree: shapely.STRtree, label: Geometries, xy: Floats, within_m: float) -> Geometries:
    out = np.full(len(xy), "", dtype=object)
    at, line = tree.query_nearest(points(xy), max_distance=within_m)
    names = pd.Series(label[line]).groupby(at).min()  # of several at one distance the first by name
    out[names.index.to_numpy()] = names.to_numpy()
    return out


def _told(edges: pd.DataFrame) -> dict[int, str]:
    """Put the names of the sides of each grid into words."""
    sums = edges.groupby(["grid", "side", "name"])["length"].sum().reset_index()
    sums = sums.sort_values(["grid", "side", "length", "name"], ascending=[True, True, False, True])
    by_side = sums.groupby(["grid", "side"])
    rank = by_side.cumcount()
    enough = sums["length"] >= LEAST_SHARE * by_side["length"].transform("sum")
    chosen = sums[(rank == 0) | (enough & (rank < MOST_NAMES))]
    words = chosen.groupby(["grid", "side"])["name"].agg("、".join).reset_index()
    out: dict[int, list[str]] = {}
    for grid, side, text in words.itertuples(index=False, name=None):
        out.setdefault(int(grid), []).append(f"{SIDES[int(side)]}至{text}")
    return {grid: "，".join(sides) for grid, sides in out.items()}
