"""Rule "strong": grids of the first divided level that a strong barrier crosses are named, with what it separates."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import shapely

from gridgis.checks.edges import Geometries
from gridgis.checks.finding import Finding, Outcome
from gridgis.checks.ground import MIN_PIECE_M2, dry_pieces
from gridgis.checks.place import Place
from gridgis.checks.scene import Scene
from gridgis.model import STRONG

ALONG_M = 1.0
"""A barrier nearer than this to the border runs along it."""

MIN_RUN_M = 10.0
"""A shorter run inside a grid is a dead end or the width of a crossing."""


def strong(scene: Scene) -> Outcome:
    """Report grids that a STRONG barrier crosses; measure: metres inside. Always an exception, with its reason.

    Grids of the largest level that dividing makes: level 2, or 3 where the community itself is level 2.

    Lines over river water (bridges, the river's own axis) do not count; a river counts, with the length of its banks,
    where dry ground of the grid lies on more than one bank.
    """
    found: list[Finding] = []
    checked = 0
    for code, place in scene.places.items():
        grids = scene.of_community(scene.at_level(place.rules.first_level), code)
        checked += len(grids)
        lines = shapely.difference(place.lines(tuple(sorted(STRONG))), place.river)
        lines = lines[~shapely.is_empty(lines)]
        for i in grids.tolist():
            found.extend(_crossed(scene, place, lines, i))
    return Outcome(checked, tuple(found))


def _crossed(scene: Scene, place: Place, lines: Geometries, i: int) -> Iterator[Finding]:
    inner = shapely.buffer(scene.work[i], -ALONG_M)
    near = lines[shapely.intersects(lines, inner)]
    run = float(shapely.length(shapely.intersection(near, inner)).sum())
    banks = dry_pieces(scene, np.array([i]), place.river).pieces
    if len(banks) > 1:
        run += float(shapely.intersection(place.river.boundary, inner).length)
    if run <= MIN_RUN_M:
        return
    level = place.rules.first_level
    counts = _households(scene, i, _cut(banks, near), level)
    band = place.rules.level2 if level == 2 else place.rules.level3
    shown = " + ".join(str(n) for n in counts)
    if len(counts) == 1:
        zh, en = "强界线伸入网格而不分割", "a strong barrier reaches in without cutting the grid"
    elif all(n == 0 or band.can_hold(n) for n in counts):
        zh, en = (
            f"强界线分开 {shown} 户，各自可成格",
            f"a strong barrier parts {shown} households, which could stand alone",
        )
    else:
        zh = f"强界线分开 {shown} 户，不能各自成格"
        en = f"a strong barrier parts {shown} households, which cannot all stand alone"
    yield Finding("strong", scene.ids[i], run, f"{run:.0f} 米：{zh}", f"{run:.0f} m: {en}", confirmed=True)


def _cut(banks: Geometries, lines: Geometries) -> Geometries:
    rings = shapely.union_all([*shapely.boundary(banks), *lines])
    faces = shapely.get_parts(shapely.polygonize([rings]))
    inside = shapely.STRtree(banks).query(shapely.point_on_surface(faces), predicate="intersects")[0]
    kept = faces[np.unique(inside)]
    return np.asarray(kept[shapely.area(kept) >= MIN_PIECE_M2])


def _households(scene: Scene, i: int, pieces: Geometries, level: int) -> list[int]:
    """Return the households of each piece of a grid of a level, most first."""
    b = scene.buildings_in(level)
    b = b[b["grid"] == i]
    counts = np.zeros(max(len(pieces), 1), dtype=np.int64)
    if len(b) and len(pieces):
        near = shapely.STRtree(pieces).query_nearest(shapely.points(b[["x", "y"]].to_numpy()), all_matches=False)[1]
        np.add.at(counts, near, b["households"].to_numpy(dtype=np.int64))
    return sorted(counts.tolist(), reverse=True)
