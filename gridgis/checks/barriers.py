"""Rule "strong": grids of the first divided level that a strong barrier crosses are named, with what it separates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely

from gridgis.checks.edges import Geometries, Integers
from gridgis.checks.finding import Finding, Outcome
from gridgis.checks.ground import MIN_PIECE_M2, dry_pieces
from gridgis.checks.layers import NO_GRID
from gridgis.checks.place import Place
from gridgis.checks.scene import Scene
from gridgis.model import STRONG

ALONG_M = 1.0
"""A barrier nearer than this to the border runs along it."""

MIN_RUN_M = 10.0
"""A shorter run inside a grid is a dead end or the width of a crossing."""


@dataclass(frozen=True)
class _Sides:
    """The ground of a community as STRONG barriers part it: ``lines``, and ``faces`` (f,) with their households."""

    lines: Geometries
    faces: Geometries
    load: Integers


def strong(scene: Scene) -> Outcome:
    """Report grids that a STRONG barrier crosses; measure: metres inside. Always an exception, with its reason.

    Grids of the largest level that dividing makes: level 2, or 3 where the community itself is level 2. A crossing is
    called avoidable when the ground on each side, up to the next STRONG barriers, could be cut by itself (by its
    households, shape left aside); the household pairs that it parts are counted.

    Lines over river water (bridges, the river's own axis) do not count; a river counts, with the length of its banks,
    where dry ground of the grid lies on more than one bank.
    """
    found: list[Finding] = []
    checked = 0
    for code, place in scene.places.items():
        level = place.rules.first_level
        grids = scene.of_community(scene.at_level(level), code)
        checked += len(grids)
        homes = scene.buildings_in(level)
        homes = homes[(homes["community"] == code) & (homes["grid"] != NO_GRID)]
        sides = _sides(place, homes)
        for i in grids.tolist():
            found.extend(_crossed(scene, place, sides, homes, i))
    return Outcome(checked, tuple(found))


def _sides(place: Place, homes: pd.DataFrame) -> _Sides:
    lines = shapely.difference(place.lines(tuple(sorted(STRONG))), place.river)
    lines = np.asarray(lines[~shapely.is_empty(lines)], dtype=object)
    if not len(lines) and place.river.is_empty:
        return _Sides(lines, lines, np.zeros(0, dtype=np.int64))
    faces = _cut(shapely.get_parts(shapely.difference(place.boundary, place.river)), lines)
    return _Sides(lines, faces, _count(homes, faces))


def _crossed(scene: Scene, place: Place, sides: _Sides, homes: pd.DataFrame, i: int) -> Iterator[Finding]:
    inner = shapely.buffer(scene.work[i], -ALONG_M)
    near = sides.lines[shapely.intersects(sides.lines, inner)]
    run = float(shapely.length(shapely.intersection(near, inner)).sum())
    banks = dry_pieces(scene, np.array([i]), place.river).pieces
    if len(banks) > 1:
        run += float(shapely.intersection(place.river.boundary, inner).length)
    if run <= MIN_RUN_M:
        return
    pieces = _cut(banks, near)
    zh, en = _parted(place, sides, pieces, _count(homes[homes["grid"] == i], pieces))
    yield Finding("strong", scene.ids[i], run, f"{run:.0f} 米：{zh}", f"{run:.0f} m: {en}", confirmed=True)


def _parted(place: Place, sides: _Sides, pieces: Geometries, counts: Integers) -> tuple[str, str]:
    """Tell what a crossing parts, and whether it could have been avoided."""
    if len(counts) < 2:
        return "强界线伸入网格而不分割", "a strong barrier reaches in without cutting the grid"
    band = place.rules.level2 if place.rules.first_level == 2 else place.rules.level3
    shown = " + ".join(str(n) for n in sorted(counts.tolist(), reverse=True))
    pairs = int(counts.sum() ** 2 - (counts**2).sum()) // 2
    lived = shapely.point_on_surface(pieces[counts > 0])
    face = np.unique(shapely.STRtree(sides.faces).query_nearest(lived, all_matches=False)[1])
    ground = sorted(sides.load[face].tolist(), reverse=True)
    whole = " + ".join(str(n) for n in ground)
    zh = f"强界线分开 {shown} 户（跨界 {pairs} 对）"
    en = f"a strong barrier parts {shown} households ({pairs} pairs across it)"
    if pairs == 0:
        return f"{zh}，无人隔开", f"{en}: it parts nobody"
    if len(ground) == 1:
        return f"{zh}；它在别处中断，两侧相连", f"{en}; it ends elsewhere, and its sides are one ground"
    if all(band.can_hold(n) for n in ground):
        return (
            f"{zh}；界线之间的地块共 {whole} 户，各自可分，本可不跨",
            f"{en}; the ground on its sides, {whole} households, could stand alone: avoidable",
        )
    return (
        f"{zh}；界线之间的地块共 {whole} 户，不能各自分",
        f"{en}; the ground on its sides, {whole} households, cannot all stand alone",
    )


def _cut(banks: Geometries, lines: Geometries) -> Geometries:
    rings = shapely.union_all([*shapely.boundary(banks), *lines])
    faces = shapely.get_parts(shapely.polygonize([rings]))
    inside = shapely.STRtree(banks).query(shapely.point_on_surface(faces), predicate="intersects")[0]
    kept = faces[np.unique(inside)]
    return np.asarray(kept[shapely.area(kept) >= MIN_PIECE_M2])


def _count(homes: pd.DataFrame, pieces: Geometries) -> Integers:
    """Return the households of each piece; a building counts in the nearest."""
    counts = np.zeros(len(pieces), dtype=np.int64)
    if len(homes) and len(pieces):
        near = shapely.STRtree(pieces).query_nearest(shapely.points(homes[["x", "y"]].to_numpy()), all_matches=False)
        np.add.at(counts, near[1], homes["households"].to_numpy(dtype=np.int64)[near[0]])
    return counts
