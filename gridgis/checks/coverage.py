"""Rules "coverage", "overlap" and "extent": at each level the ground is covered once, up to the boundary."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import shapely

from gridgis.checks.edges import Geometries, Integers, edges_of, shared_pairs
from gridgis.checks.finding import Finding, Outcome
from gridgis.checks.layers import move
from gridgis.checks.scene import Scene
from gridgis.geometry.crs import STORED_CRS

GAP_WIDTH_M = 0.05
GAP_WIDTH_DEG = GAP_WIDTH_M / 111_320
"""Gaps up to 5 cm wide are looked for: without a width ``coverage_is_valid`` lets small gaps pass."""

WIDTH_M = 0.002
"""A boundary is snapped to 1 mm: the ground may differ from the given one by 2 mm along its perimeter."""


def _layers(scene: Scene) -> Iterator[tuple[str, Integers]]:
    """Yield the covers of levels 1, 2 and of the leaves; one that repeats the level above is left out.

    A street is left out: it is one with its children ("nesting"), and these are looked at.
    """
    last: list[int] = []
    for level in (1, 2, 3):
        cover = np.array([i for i in scene.cover(level).tolist() if not scene.is_street(i)], dtype=np.int64)
        if cover.tolist() != last:
            yield ("1", "2", "3")[level - 1], cover
        last = cover.tolist()


def coverage(scene: Scene) -> Outcome:
    """Check, over all communities at once, that borders match vertex by vertex; measure: metres of wrong edge."""
    found, checked = [], 0
    for level, cover in _layers(scene):
        checked += len(cover)
        bad = shapely.coverage_invalid_edges(scene.stored[cover])
        narrow = shapely.coverage_invalid_edges(scene.stored[cover], gap_width=GAP_WIDTH_DEG)
        gaps = _within(scene, cover, _unshared(narrow, scene.stored[cover]))
        bad = np.where(shapely.is_empty(bad), gaps, bad)
        for i, line in zip(cover, bad, strict=True):
            if not shapely.is_empty(line):
                zh = f"第{level}级覆盖：与邻格的边界不吻合（重叠、缝隙或顶点不一致）"
                en = f"cover of level {level}: the border does not match the next one (overlap, gap, vertices)"
                found.append(Finding("coverage", scene.ids[i], scene.length_m(line), zh, en))
    return Outcome(checked, tuple(found))


def _unshared(lines: Geometries, grids: Geometries) -> Geometries:
    """Keep of each line the edges that belong to one grid only.

    With a gap width shapely also names the two sides of a finger of ground narrower than that; those edges are shared.
    """
    shared = edges_of(grids)
    first, _ = shared_pairs(shared)
    both = {frozenset((tuple(a), tuple(b))) for a, b in zip(shared.start[first], shared.end[first], strict=True)}
    out = np.empty(len(lines), dtype=object)
    for i, line in enumerate(lines):
        pairs = [pair for part in shapely.get_parts(line) for pair in pairwise(part.coords)]
        out[i] = shapely.MultiLineString([p for p in pairs if frozenset(p) not in both])
    return out


def _within(scene: Scene, cover: Integers, lines: Geometries) -> Geometries:
    """Leave out the edges along the outline of their own community: a narrow bay there is given, and lies outside.

    A gap has a second side, which does not run along the outline, and stays. So does a gap between two communities.
    """
    out = lines.copy()
    for at in np.flatnonzero(~shapely.is_empty(lines)):
        own = scene.community[cover[at]]
        outlines = {code: shapely.boundary(place.boundary) for code, place in scene.places.items()}
        others = shapely.union_all([line for code, line in outlines.items() if code != own])
        edges = shapely.get_parts(lines[at])
        work = move(edges, STORED_CRS, scene.work_crs)
        given = shapely.covers(shapely.buffer(outlines[own], WIDTH_M), work)
        alone = ~(shapely.distance(work, others) <= GAP_WIDTH_M + WIDTH_M)
        out[at] = shapely.MultiLineString(list(edges[~(given & alone)]))
    return out


def overlap(scene: Scene) -> Outcome:
    """Check that no two grids of a cover share ground, over all communities; measure: square metres."""
    found, checked = [], 0
    for level, cover in _layers(scene):
        geoms = scene.stored[cover]
        a, b = shapely.STRtree(geoms).query(geoms, predicate="intersects")
        a, b = a[a < b], b[a < b]
        checked += len(a)
        both = shapely.relate_pattern(geoms[a], geoms[b], "2********")
        for i, j in zip(cover[a[both]], cover[b[both]], strict=True):
            common = shapely.intersection(scene.stored[i], scene.stored[j])
            area = float(move(common, STORED_CRS, scene.work_crs).area)
            zh, en = f"第{level}级覆盖：与 {scene.ids[j]} 重叠", f"cover of level {level}: overlaps {scene.ids[j]}"
            found.append(Finding("overlap", scene.ids[i], area, zh, en))
    return Outcome(checked, tuple(found))


def extent(scene: Scene) -> Outcome:
    """Check that each cover fills the community's boundary and no more; measure: square metres of difference.

    The comparison is made in the work CRS, where a boundary given by few vertices is straight as it was noded.
    """
    found = [f for code in scene.places for f in _given(scene, code)]
    checked = 0
    codes = np.array(scene.community, dtype=object)
    for level, cover in _layers(scene):
        for code, place in scene.places.items():
            if int(level) < place.rules.community_level:
                continue
            mine = scene.work[cover[codes[cover] == code]]
            checked += 1
            area = float(shapely.symmetric_difference(shapely.union_all(mine), place.boundary).area)
            allowed = WIDTH_M * place.boundary.length
            if area > allowed:
                zh = f"第{level}级网格的并与社区边界相差 {area:.3f} 平方米，允许 {allowed:.3f}"
                en = f"the union of level {level} differs from the boundary by {area:.3f} m2, allowed {allowed:.3f}"
                found.append(Finding("extent", code, area, zh, en))
    return Outcome(checked, tuple(found))


def _given(scene: Scene, code: str) -> Iterator[Finding]:
    if not scene.places[code].given_valid:
        zh, en = "给定的边界无效，取其面部分比较", "the given boundary is invalid: compared with its polygon parts"
        yield Finding("extent", code, 1, zh, en, confirmed=True)
