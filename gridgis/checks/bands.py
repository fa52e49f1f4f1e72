"""Rules "band-2" and "band-3": a grid holds as many households as its level allows, or it is proven that it cannot.

A grid outside the band is an exception only where the verifier itself confirms one of these:

- single building: one building has all households, and more than the upper limit;
- no households: the empty ground is larger than ``max_area_empty_m2``, or has no neighbour to join;
- no number of grids: the connected ground that the grid belongs to (its parent less the two kinds above; inside or
  outside of an oversize compound) holds so many households that no number of grids sums to it;
- packing: its buildings and whole compounds cannot be grouped within the band, whatever the geometry;
- contiguity: with the atoms at hand, no grouping of them into contiguous ground is within the band.

In the last three a grid below the band must also have no neighbour there that it could be merged with.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely

from gridgis.checks.atoms import units_on
from gridgis.checks.compounds import NO_COMPOUND, label, oversize, residents
from gridgis.checks.edges import Integers, components
from gridgis.checks.finding import Finding, Outcome
from gridgis.checks.ground import neighbours
from gridgis.checks.packing import can_pack
from gridgis.checks.place import Place
from gridgis.checks.regroup import regroup
from gridgis.checks.scene import Scene
from gridgis.model import Band

INSIDE = 0.999
"""Share of a grid's households that must live in a compound for the grid to lie inside it."""


MOST_SHOWN = 300
"""Letters of a grouping that the report shows; a longer one is shown by its households."""


@dataclass(frozen=True)
class Ward:
    """The grids of one level inside one parent, with what judging them needs."""

    scene: Scene
    place: Place
    level: int
    band: Band
    parent: int
    grids: Integers
    inside: pd.DataFrame
    large: list[int]

    def households(self, i: int) -> int:
        """Households of a grid, as counted."""
        return int(self.scene.households[i])

    def finding(self, i: int, zh: str, en: str, confirmed: bool = False) -> Finding:
        """Report a grid of this ward; the measure is its households."""
        n, b = self.households(i), self.band
        zh, en = f"{n} 户，{b.lower}-{b.upper}：{zh}", f"{n} households, band {b.lower}-{b.upper}: {en}"
        return Finding(f"band-{self.level}", self.scene.ids[i], n, zh, en, confirmed)


def band_2(scene: Scene) -> Outcome:
    """Check the households of level-2 grids; measure: households."""
    return _band(scene, 2)


def band_3(scene: Scene) -> Outcome:
    """Check the households of level-3 grids; measure: households."""
    return _band(scene, 3)


def _band(scene: Scene, level: int) -> Outcome:
    found: list[Finding] = []
    checked = 0
    for place in scene.places.values():
        for ward in _wards(scene, place, level):
            checked += len(ward.grids)
            if any(ward.households(i) not in ward.band for i in ward.grids):
                found.extend(_judge(ward))
    return Outcome(checked, tuple(found))


def _wards(scene: Scene, place: Place, level: int) -> Iterator[Ward]:
    """Yield the grids of a level by parent; an undivided grid above the level is judged as its own only child."""
    band = place.rules.level2 if level == 2 else place.rules.level3
    inside = residents(scene, place, level)
    large = oversize(inside, band.upper)
    whole = np.arange(len(scene.ids))
    undivided = whole[scene.is_leaf & (scene.level < level) & (scene.households > band.upper)]
    undivided = np.array([i for i in undivided if not scene.given(i)], dtype=np.int64)
    grids = scene.of_community(np.concatenate([scene.at_level(level), undivided]), place.community.code)
    parents = np.where(scene.level[grids] == level, scene.parent[grids], grids)
    for parent in np.unique(parents):
        yield Ward(scene, place, level, band, int(parent), grids[parents == parent], inside, large)


def _judge(ward: Ward) -> Iterator[Finding]:
    pairs = neighbours(ward.scene, ward.grids, ward.place)
    ground: list[int] = []
    for i in ward.grids.tolist():
        if ward.households(i) == 0:
            yield _empty(ward, i, pairs)
        elif _is_single(ward, i):
            yield ward.finding(i, "单栋成格", "a single building above the limit is a grid by rule", confirmed=True)
        else:
            ground.append(i)
    estate = {i: _estate(ward, i) for i in ground}
    links = [(i, j) for i, j in pairs if i in estate and j in estate and estate[i] == estate[j]]
    place_of = {i: k for k, i in enumerate(ground)}
    label = components(len(ground), [(place_of[i], place_of[j]) for i, j in links])
    for k in np.unique(label):
        piece = [i for i, here in zip(ground, label == k, strict=True) if here]
        yield from _judge_piece(ward, piece, links, estate[piece[0]])


def _empty(ward: Ward, i: int, pairs: set[tuple[int, int]]) -> Finding:
    area, limit = ward.scene.area_m2[i], ward.place.rules.max_area_empty_m2
    if area > limit:
        zh, en = f"无住户，{area:.0f} 平方米大于 {limit:.0f}", f"no households on {area:.0f} m2, above {limit:.0f}"
        return ward.finding(i, zh, en, confirmed=True)
    if not any(i in pair for pair in pairs):
        return ward.finding(i, "无住户，无邻格可并", "no households, and no neighbour to join", confirmed=True)
    zh = f"无住户，仅 {area:.0f} 平方米（不大于 {limit:.0f}），应并入邻格"
    en = f"no households on only {area:.0f} m2 (not above {limit:.0f}): it must join a neighbour"
    return ward.finding(i, zh, en)


def _is_single(ward: Ward, i: int) -> bool:
    mine = ward.inside[(ward.inside["grid"] == i) & (ward.inside["households"] > 0)]
    return len(mine.drop_duplicates(["x", "y"])) == 1 and ward.households(i) > ward.band.upper


def _estate(ward: Ward, i: int) -> int:
    """Return the oversize compound that a grid lies inside of, or NO_COMPOUND."""
    sums = ward.inside[ward.inside["grid"] == i].groupby("compound")["households"].sum()
    inside = [c for c in ward.large if sums.get(c, 0) >= INSIDE * ward.households(i)]
    return inside[0] if inside else NO_COMPOUND


def _judge_piece(ward: Ward, piece: list[int], links: list[tuple[int, int]], estate: int) -> Iterator[Finding]:
    """Judge the grids of one connected piece of ground, which could be cut anew in any way."""
    out = [i for i in piece if ward.households(i) not in ward.band]
    if not out:
        return
    impossible, zh, en = _why_impossible(ward, piece, estate)
    for i in out:
        mates = [a if b == i else b for a, b in links if i in (a, b)]
        fits = [j for j in mates if ward.households(i) + ward.households(j) <= ward.band.upper]
        if impossible and fits:
            name = ward.scene.ids[fits[0]]
            yield ward.finding(i, f"可与 {name} 合并而不超上限", f"can be merged with {name} within the upper limit")
        else:
            yield ward.finding(i, zh, en, confirmed=impossible)


def _why_impossible(ward: Ward, piece: list[int], estate: int) -> tuple[bool, str, str]:
    """Tell whether no division of a piece of ground could be within the band, and why."""
    items = _items(ward, piece)
    total = sum(items)
    zh, en = _describe(ward, piece, estate)
    zh, en = f"{zh}共 {total} 户", f"{en} holds {total} households"
    if total and not ward.band.can_hold(total):
        return True, f"{zh}，任何格数都不合", f"{en}, which no number of grids can hold"
    packs = can_pack(items, ward.band) if total else None
    if packs is False:
        return True, f"{zh}，其建筑与小区不可能分组合带", f"{en}, whose buildings and compounds cannot be grouped so"
    if total and ward.scene.atoms is not None:
        impossible, zh2, en2 = _try_contiguous(ward, piece)
    elif packs is None:
        impossible, zh2, en2 = False, "未能证明不可分", "not proven impossible"
    else:
        impossible, zh2, en2 = False, "不计形状可以分", "a grouping exists, shape left aside"
    return impossible, f"{zh}，{zh2}", f"{en}: {en2}"


def _try_contiguous(ward: Ward, piece: list[int]) -> tuple[bool, str, str]:
    """Tell whether the atoms of a piece have no contiguous grouping within the band, and in words what was found."""
    homes = _homes(ward, piece)
    units = units_on(ward.scene, ward.place, ward.level, piece, homes)
    groups = regroup(units.weights, units.touch, ward.band)
    if groups is False:
        return True, "没有连续的分组合带（已证明）", "no contiguous grouping (proven)"
    if not isinstance(groups, tuple):
        return False, "未能在步数限内证明不可分", "not proven impossible within the limit of steps"
    ids = homes.groupby("unit")["id"].agg("+".join)
    sums = [sum(units.weights[i] for i in g) for g in groups]
    shown = "; ".join(f"{n}: {' '.join(ids[i] for i in g)}" for n, g in zip(sums, groups, strict=True))
    shown = shown if len(shown) <= MOST_SHOWN else " + ".join(str(n) for n in sums)
    return False, f"或可连续分为（户数：建筑）{shown}", f"contiguous groups (households: buildings) {shown}"


def _homes(ward: Ward, piece: list[int]) -> pd.DataFrame:
    """Return the buildings of a piece that must be grouped, with their unit.

    A compound within the limit is one unit; so are buildings on one and the same spot, which nothing can part.
    """
    b = ward.inside[ward.inside["grid"].isin(piece) & (ward.inside["households"] > 0)]
    loose = (b["compound"] == NO_COMPOUND) | b["compound"].isin(ward.large)
    spot = b.groupby(["x", "y"]).ngroup().to_numpy(dtype=np.int64)
    unit = np.where(loose, b["compound"].max() + 1 + spot, b["compound"])
    b = b.assign(unit=unit)
    b = b[b.groupby("unit")["households"].transform("sum") <= ward.band.upper]
    return b.assign(unit=np.unique(b["unit"], return_inverse=True)[1])


def _items(ward: Ward, piece: list[int]) -> list[int]:
    """Return the households of what must stay whole: compounds within the limit, and single buildings."""
    return [int(n) for n in _homes(ward, piece).groupby("unit")["households"].sum()]


def _describe(ward: Ward, piece: list[int], estate: int) -> tuple[str, str]:
    parent = ward.scene.ids[ward.parent]
    if estate != NO_COMPOUND:
        name = label(ward.place, estate)
        return f"小区 {name} 除单栋外的一片", f"compound {name} less single buildings (a piece of it)"
    if len(piece) == len(ward.grids):
        return f"整个 {parent}", f"the whole of {parent}"
    if ward.level == 2 and _in_enclave(ward, piece):
        return "飞地", "the enclave"
    return f"{parent} 中相连的余地", f"the connected rest of {parent}"


def _in_enclave(ward: Ward, piece: list[int]) -> bool:
    parts = shapely.get_parts(ward.place.boundary)
    if len(parts) == 1:
        return False
    main = parts[int(np.argmax(shapely.area(parts)))]
    return not any(shapely.intersects(main, shapely.point_on_surface(ward.scene.work[i])) for i in piece)
