"""Rules "contiguity" and "river": a grid is one piece, and stays one when the water is taken away."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from gridgis.checks.edges import Integers, components, edges_of, shared_pairs
from gridgis.checks.finding import Finding, Outcome
from gridgis.checks.ground import Dry, dry_pieces, joined
from gridgis.checks.scene import Scene


def contiguity(scene: Scene) -> Outcome:
    """Check that grids of level 2 and 3 are single polygons; measure: number of parts.

    The inside of a valid polygon is connected, so two parts that meet in a corner are two parts. Level 1 may have
    parts where the community's own boundary has: a confirmed exception (飞地). Carved sites may have parts. A community
    that is level 2 is as many grids of that level as it has parts: two of them that touch are one that was divided.
    """
    found = [*_divided(scene)]
    parts = shapely.get_num_geometries(scene.stored)
    for i in np.flatnonzero((parts > 1) & ~np.isnan(scene.level)).tolist():
        name, n = scene.ids[i], int(parts[i])
        if scene.is_street(i):
            zh, en = f"街道的社区分为 {n} 片", f"the communities of the street lie in {n} parts"
            found.append(Finding("contiguity", name, n, zh, en, confirmed=True))
            continue
        of_boundary = int(shapely.get_num_geometries(scene.places[scene.community[i]].boundary))
        if scene.level[i] == 1 and n <= of_boundary:
            zh, en = f"社区边界本身有 {of_boundary} 块（飞地）", f"enclave: the boundary itself has {of_boundary} parts"
            found.append(Finding("contiguity", name, n, zh, en, confirmed=True))
        else:
            zh, en = (
                f"网格由 {n} 块组成，应连成一片",
                f"the grid has {n} parts: it must be one piece, joined along edges",
            )
            found.append(Finding("contiguity", name, n, zh, en))
    return Outcome(int((~np.isnan(scene.level)).sum()), tuple(found))


def _divided(scene: Scene) -> Iterator[Finding]:
    """Find the level-2 grids that touch another one of a community that is level 2 itself; measure: shared edges."""
    for code in scene.communities:
        if scene.first_level(code) == 2:
            continue
        grids = scene.of_community(scene.at_level(2), code)
        edges = edges_of(scene.stored[grids])
        owners = np.column_stack([grids[edges.owner[side]] for side in shared_pairs(edges)])
        pairs, count = np.unique(owners, axis=0, return_counts=True)
        for (i, j), n in zip(pairs.tolist(), count.tolist(), strict=True):
            zh = f"社区 {code} 按规则是二级网格，不应再分出相连的 {scene.ids[j]}"
            en = f"community {code} is level 2 by its rules, and not divided into this and {scene.ids[j]}, which touch"
            yield Finding("contiguity", scene.ids[i], n, zh, en)


def river(scene: Scene) -> Outcome:
    """Check that no grid of level 2 or 3 lies on both banks without a bridge; measure: square metres cut off.

    A piece cut off is confirmed as an island when it has no buildings and no dry neighbour that could take it.
    """
    found: list[Finding] = []
    checked = 0
    for code, place in scene.places.items():
        if place.river.is_empty:
            continue
        for level in range(place.rules.first_level, 4):
            grids = scene.of_community(scene.at_level(level), code)
            land = dry_pieces(scene, grids, place.river)
            checked += len(grids)
            found.extend(_cut_off(scene, land, place.bridges, level))
    return Outcome(checked, tuple(found))


def _cut_off(scene: Scene, land: Dry, bridges: list[BaseGeometry], level: int) -> Iterator[Finding]:
    parts = np.bincount(land.owner, minlength=len(scene.ids))
    for i in np.flatnonzero(parts > 1).tolist():
        mine = np.flatnonzero(land.owner == i)
        buildings = _buildings_on(scene, land, mine, level, i)
        label = components(len(mine), joined(land.pieces[mine], bridges))
        area = shapely.area(land.pieces[mine])
        main = max(np.unique(label), key=lambda k: (buildings[label == k].sum(), area[label == k].sum()))
        for k in np.unique(label[label != main]):
            here = label == k
            yield _finding(scene, land, mine[here], int(buildings[here].sum()), float(area[here].sum()))


def _buildings_on(scene: Scene, land: Dry, mine: Integers, level: int, grid: int) -> Integers:
    inside = scene.buildings_in(level)
    inside = inside[inside["grid"] == grid]
    tree = shapely.STRtree(land.pieces[mine])
    if not len(inside):
        return np.zeros(len(mine), dtype=np.int64)
    near = tree.query_nearest(shapely.points(inside[["x", "y"]].to_numpy()), all_matches=False)[1]
    return np.bincount(near, minlength=len(mine))


def _finding(scene: Scene, land: Dry, cut: Integers, buildings: int, area: float) -> Finding:
    i = int(land.owner[cut[0]])
    _, near = shapely.STRtree(land.pieces).query(land.pieces[cut], predicate="intersects")
    others = [int(p) for p in near if land.owner[p] != i and scene.parent[land.owner[p]] == scene.parent[i]]
    touching = [p for p in others if any(_share_edge(land.pieces[p], land.pieces[c]) for c in cut)]
    if touching or buildings:
        zh = f"河流把网格隔开，没有桥：{area:.0f} 平方米、{buildings} 栋建筑在对岸"
        en = f"a river without a bridge cuts the grid: {area:.0f} m2 with {buildings} buildings on the other bank"
        return Finding("river", scene.ids[i], area, zh, en)
    zh, en = (
        f"孤岛：{area:.0f} 平方米空地四面无陆上邻格",
        f"island: {area:.0f} m2 of empty ground without a dry neighbour",
    )
    return Finding("river", scene.ids[i], area, zh, en, confirmed=True)


def _share_edge(a: BaseGeometry, b: BaseGeometry) -> bool:
    return bool(shapely.length(shapely.intersection(a, b)) > 0)
