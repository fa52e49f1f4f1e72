"""Conforming: whoever divides, and whenever, two communities share their border vertex by vertex (SEMANTICS 2).

A new border that meets the border of its community adds a vertex there. The base layer and the neighbour's grids in
force get the same vertex; and the plan gets those vertices that the base has from its neighbours' earlier plans. No
vertex ever moves: a *chain* of vertices is put between the two ends of an edge, on every polygon that has this edge.

All in work coordinates (multiples of 1 mm), so equal vertices are equal numbers, and stay so in stored coordinates.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gridgis.errors import Rejected
from gridgis.geometry.coverage import dissolve, segments, undirected

TOLERANCE_M = 0.005
"""How far from an edge a vertex may lie to be on it: some roundings to the 1 mm grid, and far below any real change."""

Floats = NDArray[np.float64]
Point = tuple[float, float]
Edge = tuple[float, float, float, float]
Chains = dict[Edge, list[Point]]
"""Undirected edge (smaller end first) -> the vertices to put between its ends, in its direction."""


@dataclass(frozen=True)
class Conformed:
    """The result of conforming: new geometries by label of the row, only those that changed."""

    base: Mapping[Any, BaseGeometry]
    plan: Mapping[Any, BaseGeometry]
    in_force: Mapping[Any, BaseGeometry]


def vertices(geoms: Any) -> set[Point]:
    """Return the distinct vertices of polygons."""
    return {(float(x), float(y)) for x, y in shapely.get_coordinates(geoms)}


def edges_of(geoms: Any) -> Floats:
    """Return the distinct undirected edges of polygons, (n, 4)."""
    found = undirected(segments(geoms)[0])
    return np.unique(found, axis=0) if len(found) else found


def make_chains(edges: Floats, points: set[Point]) -> tuple[Chains, list[Point]]:
    """Put each point on the nearest edge, if one is within TOLERANCE_M.

    Parameters
    ----------
    edges
        (n, 4) undirected edges, work CRS.
    points
        Vertices to place; none of them is an end of these edges.

    Returns
    -------
    tuple
        The chains, and the points that lie on no edge.

    Examples
    --------
    >>> edges = np.array([[0.0, 0.0, 10.0, 0.0]])
    >>> make_chains(edges, {(4.0, 0.001), (2.0, 0.0), (5.0, 3.0)})
    ({(0.0, 0.0, 10.0, 0.0): [(2.0, 0.0), (4.0, 0.001)]}, [(5.0, 3.0)])
    """
    if not points or not len(edges):
        return {}, sorted(points)
    xy = np.array(sorted(points), dtype=np.float64)
    tree = shapely.STRtree(np.asarray(shapely.linestrings(edges.reshape(-1, 2, 2)), dtype=object))
    which, edge = tree.query_nearest(shapely.points(xy), max_distance=TOLERANCE_M, all_matches=False)
    rows = edges[edge]
    along = rows[:, 2:] - rows[:, :2]
    t = ((xy[which] - rows[:, :2]) * along).sum(axis=1) / (along**2).sum(axis=1)
    chains: Chains = {}
    for i in np.lexsort((t, edge)):
        e = edges[edge[i]]
        key = (float(e[0]), float(e[1]), float(e[2]), float(e[3]))
        chains.setdefault(key, []).append((float(xy[which[i], 0]), float(xy[which[i], 1])))
    left = np.setdiff1d(np.arange(len(xy)), which)
    return chains, [(float(x), float(y)) for x, y in xy[left]]


def insert_chains(geom: BaseGeometry, chains: Chains) -> BaseGeometry:
    """Return the polygon with the chains put on its edges; the same object when it has none of them."""
    parts = shapely.get_parts(geom)
    new = [_insert_in_polygon(p, chains) for p in parts]
    if all(a is b for a, b in zip(parts, new, strict=True)):
        return geom
    return new[0] if geom.geom_type == "Polygon" else shapely.MultiPolygon(new)


def _insert_in_polygon(polygon: Any, chains: Chains) -> Any:
    rings = shapely.get_rings(polygon)
    new = [_insert_in_ring(shapely.get_coordinates(r).tolist(), chains) for r in rings]
    if not any(changed for _, changed in new):
        return polygon
    return shapely.Polygon(new[0][0], [r for r, _ in new[1:]])


def _insert_in_ring(xy: list[list[float]], chains: Chains) -> tuple[list[Any], bool]:
    out: list[Any] = []
    changed = False
    for a, b in itertools.pairwise(xy):
        out.append(a)
        forward = (a[0], a[1]) <= (b[0], b[1])
        key: Edge = (a[0], a[1], b[0], b[1]) if forward else (b[0], b[1], a[0], a[1])
        chain = chains.get(key)
        if chain:
            out.extend(chain if forward else chain[::-1])
            changed = True
    out.append(xy[-1])
    return out, changed


def _insert_all(geoms: gpd.GeoSeries, chains: Chains) -> dict[Any, BaseGeometry]:
    """Insert the chains in those polygons that have their edges; return the changed ones by label."""
    if not chains or not len(geoms):
        return {}
    lines = shapely.linestrings(np.array(list(chains), dtype=np.float64).reshape(-1, 2, 2))
    array = geoms.to_numpy()
    near = np.unique(shapely.STRtree(array).query(lines)[1])
    new = {geoms.index[i]: insert_chains(array[i], chains) for i in near}
    return {label: geom for label, geom in new.items() if geom is not geoms.loc[label]}


def outlines(grids: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Union the grids of each community and level (2 and 3 with the carved ones).

    Parameters
    ----------
    grids
        community, level, mode, geometry.

    Returns
    -------
    GeoDataFrame
        community, level, geometry: the outline of the ground that the level covers.
    """
    level = pd.to_numeric(grids["level"]).to_numpy(dtype=np.float64, na_value=np.nan)
    carved = (grids["mode"] == "carve").to_numpy()
    pieces = []
    for number in (1.0, 2.0, 3.0):
        part = level == number
        if not part.any():
            continue
        part = part | carved if number > 1 else part
        codes, geoms = dissolve(grids.geometry.to_numpy()[part], grids["community"].to_numpy()[part])
        pieces.append(gpd.GeoDataFrame({"community": codes, "level": int(number)}, geometry=geoms, crs=grids.crs))
    empty = gpd.GeoDataFrame({"community": [], "level": []}, geometry=[], crs=grids.crs)
    return gpd.GeoDataFrame(pd.concat(pieces, ignore_index=True), crs=grids.crs) if pieces else empty


def conform(base: gpd.GeoDataFrame, plan: gpd.GeoDataFrame, in_force: gpd.GeoDataFrame) -> Conformed:
    """Make the plan, the base layer and the neighbours' grids in force share all vertices along the base.

    Parameters
    ----------
    base
        code, geometry: all communities, work CRS.
    plan
        community, level, mode, geometry: the plan's grids, work CRS.
    in_force
        geometry: the grids in force of the *other* communities, all levels, work CRS.

    Returns
    -------
    Conformed
        The changed geometries.

    Raises
    ------
    Rejected
        The outline of the plan leaves the base layer by more than TOLERANCE_M; names community and place.
    """
    rings = outlines(plan)
    here = base[base["code"].isin(set(rings["community"]))]
    known = vertices(base.geometry.to_numpy())
    new = vertices(rings.geometry.to_numpy()[_top(rings)])
    lower = vertices(rings.geometry.to_numpy())
    edges = edges_of(here.geometry.to_numpy())
    chains, off = make_chains(edges, new - known)
    if off:
        near = here.iloc[int(np.argmin(here.geometry.boundary.distance(shapely.Point(off[0]))))]
        raise _leaves_base(str(near["code"]), off[0], near["geometry"])
    chains, _ = make_chains(edges, lower - known)
    changed_base = _insert_all(base.geometry, chains)
    full = base.geometry.copy()
    for label, geom in changed_base.items():
        full.loc[label] = geom
    return Conformed(
        base=changed_base,
        plan=_insert_all(plan.geometry, _missing(rings, base["code"], full)),
        in_force=_insert_all(in_force.geometry, chains),
    )


def _missing(rings: gpd.GeoDataFrame, codes: pd.Series[str], base: gpd.GeoSeries) -> Chains:
    """Find the vertices of the base that the plan's outlines lack, as chains on the outlines' edges."""
    by_code = dict(zip(codes, base, strict=True))
    chains: Chains = {}
    for code, outline, is_top in zip(rings["community"], rings.geometry, _top(rings), strict=True):
        lacking = vertices(by_code[code]) - vertices(outline)
        found, off = make_chains(edges_of(outline), lacking)
        if off and is_top:
            raise _leaves_base(str(code), off[0], outline)
        chains.update(found)
    return chains


def _top(rings: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Mark the outline of each community's largest level: it must be the whole community."""
    return (rings["level"] == rings.groupby("community")["level"].transform("min")).to_numpy(dtype=bool)


def _leaves_base(code: str, point: Point, other: BaseGeometry) -> Rejected:
    metres = float(other.boundary.distance(shapely.Point(point)))
    return Rejected(
        f"方案在社区 {code} 的外边界与基础图层相差 {metres:.3f} 米（{point[0]:.1f}, {point[1]:.1f}）；社区边界不能"
        "移动，请用基础图层中的社区边界重新划分（gridgis divide --previous 原方案）",
        f"the plan and the base layer differ by {metres:.3f} m on the border of community {code} at ({point[0]:.1f}, "
        f"{point[1]:.1f}); base borders never move: divide with the borders of the base layer (gridgis divide "
        "--previous EARLIER-PLAN)",
        community=code,
        distance_m=metres,
    )
