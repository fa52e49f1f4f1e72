"""Rule "pins": what the planner said stays together, apart, in a given grid, and which drawn border is kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from gridgis.checks.compounds import NO_COMPOUND, residents
from gridgis.checks.finding import Finding, Outcome
from gridgis.checks.layers import NO_GRID, move, texts
from gridgis.checks.place import Place
from gridgis.checks.scene import Scene
from gridgis.geometry.crs import STORED_CRS
from gridgis.model import Pin

NEAR_M = 0.005
"""A border of the grids this near to a drawn one runs along it: boundaries are rounded to 1 mm."""

FREE_END_M = 15.0
"""So much of a drawn border may hang over where it ends."""

Grids = list[set[int]]
"""For each building of a member the grids that it may count in: one, or two on a border."""


@dataclass(frozen=True)
class _Members:
    """The members of a pin, and those of them that are unknown or ambiguous."""

    grids: list[Grids]
    wrong: list[str]


def pins(scene: Scene) -> Outcome:
    """Check each pin; measure: grids that should be one, pairs of members that share a grid, metres without border."""
    found: list[Finding] = []
    tables = {level: _buildings(scene, level) for level in {p.level for p in scene.pins if p.kind != "border"}}
    named: dict[tuple[int, str], set[int]] = {}
    for pin in scene.pins:
        if pin.kind == "border":
            found.extend(_border(scene, pin))
            continue
        members = _members(tables[pin.level], pin)
        if members.wrong:
            zh = f"不认识或有歧义的编号：{'、'.join(members.wrong)}"
            found.append(_finding(pin, "", len(members.wrong), zh, f"unknown or ambiguous: {', '.join(members.wrong)}"))
        elif pin.kind == "apart":
            found.extend(_apart(pin, members.grids))
        else:
            found.extend(_together(scene, pin, members.grids))
        if pin.kind == "grid" and not members.wrong:
            key = (pin.level, str(pin.grid))
            named[key] = named.get(key, set()) | {min(g) for m in members.grids for g in m}
    found.extend(_names(scene, named))
    return Outcome(len(scene.pins), tuple(found))


def _finding(pin: Pin, grid: str, measure: float, zh: str, en: str) -> Finding:
    return Finding("pins", grid, measure, f"要求第{pin.row}条：{zh}", f"pin {pin.row}: {en}")


def _buildings(scene: Scene, level: int) -> pd.DataFrame:
    """Return all buildings with 'grid' and 'other' of a level, and the id of their compound (None for none)."""
    frame = scene.buildings_in(level)
    frame = frame.assign(other=scene.up(frame["also"].to_numpy(dtype=np.int64), level), estate=None)
    for place in scene.places.values():
        inside = residents(scene, place, level)
        inside = inside[inside["compound"] != NO_COMPOUND]
        if len(inside) and place.compounds is not None:
            ids = texts(place.compounds["id"])
            frame.loc[inside.index, "estate"] = [ids[int(k)] for k in inside["compound"]]
    return frame


def _members(table: pd.DataFrame, pin: Pin) -> _Members:
    grids: list[Grids] = []
    wrong: list[str] = []
    for member in pin.members:
        sort, _, rest = member.partition(":")
        columns = {"building": ["id"], "compound": ["estate"]}.get(sort if rest else "", ["id", "estate"])
        key = member if len(columns) == 2 else rest
        rows = [table[table[column] == key] for column in columns]
        rows = [r for r in rows if len(r)]
        if len(rows) != 1:
            wrong.append(member)
            continue
        pairs = rows[0][["grid", "other"]].to_numpy(dtype=np.int64).tolist()
        grids.append([{a} if b == NO_GRID else {a, b} for a, b in pairs])
    return _Members(grids, wrong)


def _together(scene: Scene, pin: Pin, members: list[Grids]) -> Iterator[Finding]:
    every = [g for m in members for g in m]
    common = set.intersection(*every) - {NO_GRID}
    if not common:
        ids = sorted({scene.ids[i] if i != NO_GRID else "-" for g in every for i in g})
        zh, en = f"应同格而分在 {'、'.join(ids)}", f"should be in one grid, lies in {', '.join(ids)}"
        yield _finding(pin, ids[0], len(ids), zh, en)
    earlier = {str(pin.grid)} & {str(p) for p in texts(scene.grids["previous"])}
    at_present = bool(earlier) or any(str(pin.grid).startswith(f"{code}-{pin.level}-") for code in scene.communities)
    if pin.kind == "grid" and common and at_present:
        got = {texts(scene.grids["previous"])[i] for i in common}
        if pin.grid not in got:
            ids = sorted(scene.ids[i] for i in common)
            zh, en = f"所在网格不是 {pin.grid} 的延续", f"its grid does not continue {pin.grid}"
            yield _finding(pin, ids[0], 1, zh, en)


def _apart(pin: Pin, members: list[Grids]) -> Iterator[Finding]:
    shared = 0
    for one, other in combinations(members, 2):
        sure = [{min(g) for g in m if len(g) == 1} for m in (one, other)]
        shared += bool((sure[0] & sure[1]) - {NO_GRID})
    if shared:
        yield _finding(pin, "", shared, "应分开而同格", "should be apart, shares a grid")


def _names(scene: Scene, named: dict[tuple[int, str], set[int]]) -> Iterator[Finding]:
    """Find grids that two names have in common."""
    for ((level, name), mine), ((other_level, other), theirs) in combinations(sorted(named.items()), 2):
        if level == other_level and (both := (mine & theirs) - {NO_GRID}):
            grid = scene.ids[min(both)]
            zh, en = f"指定的网格 {name} 与 {other} 是同一个", f"the grids named {name} and {other} are one"
            yield Finding("pins", grid, len(both), zh, en)


def _border(scene: Scene, pin: Pin) -> Iterator[Finding]:
    if pin.line is None:
        yield _finding(pin, "", 0, "没有边界线", "has no line")
        return
    line = move(pin.line, STORED_CRS, scene.work_crs)
    for code, place in scene.places.items():
        free = _without_border(scene, place, line, pin.level)
        if free > 0:
            zh, en = (
                f"{free:.0f} 米保留边界不是{pin.level}级网格的边界",
                f"{free:.0f} m of the drawn border are none of level {pin.level}",
            )
            yield _finding(pin, code, free, zh, en)


def _without_border(scene: Scene, place: Place, line: BaseGeometry, level: int) -> float:
    """Return the metres of a drawn line in a community along which no border runs, free ends left out."""
    grids = scene.of_community(scene.cover(level), place.community.code)
    drawn = shapely.intersection(line, place.boundary)
    sites = place.sites
    carved = [] if sites is None else list(sites.geometry[(sites["mode"] == "carve").to_numpy()])
    for ground in (place.river, *carved):
        drawn = shapely.difference(drawn, ground)
    near = grids[shapely.intersects(scene.work[grids], drawn)]
    borders = shapely.buffer(shapely.union_all(shapely.boundary(scene.work[near])), NEAR_M)
    bits = shapely.get_parts(shapely.line_merge(shapely.difference(drawn, borders)))
    return float(sum(b.length for b in bits if b.length > FREE_END_M))
