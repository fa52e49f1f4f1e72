"""Settle a planner's pins on the atoms before the search, and check afterwards that each is obeyed (docs/pins.md).

A pin becomes demands on pairs of atoms (`held.Held`): two that touch and that one grid holds, or two that no grid
holds (`pin_demands`). Members that must be together but do not touch are joined by a way over other atoms (`pin_ways`).
What contradicts itself, the estates, or the upper limit of a grid is refused before anything is searched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gridgis.geometry.arrays import Geometries, Ints
from gridgis.geometry.coverage import Row, report_row
from gridgis.model import PIN_KINDS, DivisionPlan, DivisionRules, Pin
from gridgis.partition.components import components
from gridgis.partition.continuity import earlier_grids, id_column
from gridgis.partition.graph import Contacts
from gridgis.partition.ground import Ground
from gridgis.partition.held import Held
from gridgis.partition.layout import LOCAL_ID
from gridgis.partition.noding.atoms import Atoms
from gridgis.partition.pinning.demands import Scene, settle_level
from gridgis.partition.pinning.members import Word, find_words, refuse
from gridgis.partition.regions.pieces import closures

Earlier = Mapping[int, NDArray[np.object_]]
"""For each level, 2 and 3, the (n,) names of the grids that the atoms belong to at present, '' for none."""


@dataclass(frozen=True)
class Settled:
    """Pins on the ground, what they demand of the atoms, and the grids of the earlier plan."""

    words: Sequence[Word]
    held: Held
    earlier: Earlier


def present_names(previous: gpd.GeoDataFrame | DivisionPlan | None, polygons: Geometries, work_crs: str) -> Earlier:
    """Return the names (code, or local id) of the grids of an earlier plan that atoms lie in, by level."""
    if previous is None:
        return {}
    old = earlier_grids(previous, work_crs)
    level_of = old["level"].astype("Float64").fillna(0).to_numpy(dtype=np.float64)
    spots = shapely.point_on_surface(polygons)
    out = {}
    for level in (2, 3):
        rows = np.flatnonzero(level_of == level)
        spot, grid = shapely.STRtree(old.geometry.to_numpy()[rows]).query(spots, predicate="within")
        names = np.full(len(polygons), "", dtype=object)
        names[spot] = old[id_column(old)].astype(str).to_numpy()[rows[grid]]
        out[level] = names
    return out


def settle(
    pins: Sequence[Pin],
    borders: Mapping[int, BaseGeometry],
    ground: Ground,
    atoms: Atoms,
    c: Contacts,
    rules: Mapping[str, DivisionRules],
    previous: gpd.GeoDataFrame | DivisionPlan | None = None,
) -> Settled:
    """Turn pins into demands on atoms.

    Parameters
    ----------
    pins
        The planner's words.
    borders
        Their borders, which have been noded into the atoms (`pin_lines.drawn_borders`).
    ground, atoms
        Report rows are appended to ``ground.rows``.
    c
        Contacts of all atoms, by their position.
    rules
        By code of community.
    previous
        An earlier plan, or its grids.

    Raises
    ------
    InvalidInput
        Names the pins at fault and why they cannot be obeyed.
    """
    if not pins:
        return Settled((), Held(), {})
    words = find_words(pins, borders, ground, atoms, ground.rows)
    earlier = present_names(previous, atoms.polygons, ground.work_crs)
    for w in words:
        if w.pin.kind == "grid":
            _need_known(w.pin, earlier)
    xy = shapely.get_coordinates(shapely.centroid(atoms.polygons)).astype(np.float64)
    held = Held()
    for code, inside in _communities(words, ground, atoms):
        own = _own(words, inside, len(atoms.polygons))
        first = rules[code].first_level
        _need_divided(own, code, first)
        near = c.take(inside)
        names = {level: found[inside] for level, found in earlier.items()}
        local = Held()
        for level in range(3, first - 1, -1):
            band = getattr(rules[code], f"level{level}")
            closed, why = closures(near, band, rules[code].max_area_empty_m2)
            scene = Scene(near, xy[inside], own, level, band, closed, why, local)
            local = settle_level(scene, names.get(level))
        _report_crossings(near, local, own, first, ground.rows)
        back = np.append(inside, -1)
        for found in (local.joined, local.apart):
            found[:, :2] = back[found[:, :2]]
        held = Held(np.concatenate([held.joined, local.joined]), np.concatenate([held.apart, local.apart]))
    return Settled(words, held, earlier)


def _need_divided(words: Sequence[Word], code: str, first: int) -> None:
    """Refuse pins at a level at which a community is not divided."""
    if rows := sorted({w.pin.row for w in words if w.pin.level < first}):
        raise refuse(
            rows,
            f"按所用规则社区 {code} 本身是二级网格，只划分三级；请把要求的级别写为 3",
            f"by its rules community {code} is level 2 itself and divided at level 3 only: write level 3",
        )


def _need_known(pin: Pin, earlier: Earlier) -> None:
    """Refuse a name that looks like a grid of an earlier plan, but is none of its level."""
    name = pin.grid or ""
    if LOCAL_ID.match(name) and not (earlier.get(pin.level, np.empty(0, dtype=object)) == name).any():
        raise refuse(
            [pin.row],
            f"没有编号为 {name} 的{pin.level}级现有网格；请用 --previous 给出原方案，或另取名称",
            f"there is no earlier level-{pin.level} grid {name}: give the earlier plan with --previous, or choose "
            "another name",
        )


def _communities(words: Sequence[Word], ground: Ground, atoms: Atoms) -> Iterator[tuple[str, Ints]]:
    """Yield the communities that pins speak of: code, and the atoms that are divided there."""
    spoken = {w.community for w in words if w.members}
    for w in words:
        spoken |= set(atoms.community[w.pairs[:, 0]].tolist())
    for i in sorted(spoken):
        yield str(ground.base["code"].iloc[i]), np.flatnonzero((atoms.community == i) & (atoms.site < 0))


def _own(words: Sequence[Word], inside: Ints, n: int) -> tuple[Word, ...]:
    """Return the words of a community, their atoms by position in it; ``n`` atoms are there in all."""
    position = np.full(n, -1, dtype=np.int64)
    position[inside] = np.arange(len(inside))
    out = []
    for w in words:
        members, pairs = tuple(position[m] for m in w.members), position[w.pairs]
        pairs = pairs[(pairs >= 0).all(axis=1)]
        if (members and (members[0] >= 0).all()) or len(pairs):
            out.append(replace(w, members=members, pairs=pairs))
    return tuple(out)


def _report_crossings(c: Contacts, held: Held, words: Sequence[Word], first: int, rows: list[Row]) -> None:
    """Say where pins join ground across a STRONG barrier."""
    strong = {tuple(p) for p in c.pairs[c.strong].tolist()}
    over = [tuple(sorted(p)) for p in held.joined_at(first).tolist() if tuple(sorted(p)) in strong]
    if over:
        pins = "、".join(str(w.pin.row) for w in words if w.pin.kind in ("together", "grid"))
        rows.append(
            report_row(
                "info", "pins", pins, "crosses strong barrier", len(over),
                f"按划分要求（第 {pins} 条中）同格，{len(over)} 处跨越强界线",
                f"by a pin (of {pins.replace('、', ', ')}) grids cross a STRONG barrier in {len(over)} places",
            )
        )  # fmt: skip


def sent_home(settled: Settled, old: tuple[Ints, Ints], earlier: gpd.GeoDataFrame) -> tuple[Ints, Ints]:
    """Return the present grids of atoms as pins wish them: what is given to an earlier grid belongs there already.

    Parameters
    ----------
    settled
        The pins.
    old
        (n,) present level-2 and level-3 grid of the atoms, by position in ``earlier``; -1 for none.
    earlier
        The table of earlier grids.
    """
    ids = earlier[id_column(earlier)].astype(str).tolist()
    out = (old[0].copy(), old[1].copy())
    for level, labels in ((2, out[0]), (3, out[1])):
        node = components(len(labels), settled.held.joined_at(level))
        for w in settled.words:
            if w.pin.kind == "grid" and w.pin.level == level and w.pin.grid in ids:
                labels[np.isin(node, node[w.atoms])] = ids.index(str(w.pin.grid))
    return out


def need_obeyed(settled: Settled, labels: Mapping[int, Ints], households: Ints, rows: list[Row]) -> None:
    """Check pins after the search, and report that they are obeyed.

    Parameters
    ----------
    settled
        What was settled before.
    labels
        For each level, 2 and 3, the (n,) grids of the atoms.
    households
        (n,) of the atoms.
    rows
        A report row is appended here, where there are pins.

    Raises
    ------
    InvalidInput
        Names the pins that the search did not manage to obey.
    """
    missed = [w.pin.row for w in settled.words if not _obeyed(w, settled.words, labels[w.pin.level])]
    if missed:
        raise refuse(
            missed,
            "搜索没有找到满足此要求的划分（未证明不存在）；请放宽要求、规则，或换一个种子",
            "the search found no division that obeys it (not proven impossible): relax the pin or the rules, or try "
            "another seed",
        )
    for w in settled.words:
        _need_continued(w, labels[w.pin.level], households, settled.earlier)
    kinds = [w.pin.kind for w in settled.words]
    if not kinds:
        return
    counts = [(kind, kinds.count(kind)) for kind in PIN_KINDS if kind in kinds]
    rows.append(
        report_row(
            "info", "pins", "", "obeyed", len(kinds),
            f"{len(kinds)} 条划分要求全部满足：" + "，".join(f"{PIN_KINDS[kind]} {n}" for kind, n in counts),
            f"all {len(kinds)} pins are obeyed: " + ", ".join(f"{kind} {n}" for kind, n in counts),
        )
    )  # fmt: skip


def _obeyed(word: Word, words: Sequence[Word], labels: Ints) -> bool:
    found = [set(labels[m].tolist()) for m in word.members]
    if word.pin.kind == "together":
        return len(set().union(*found)) == 1
    if word.pin.kind == "apart":
        return all(not a & b for a, b in combinations(found, 2))
    if word.pin.kind == "border":
        return bool((labels[word.pairs[:, 0]] != labels[word.pairs[:, 1]]).all())
    peers = [w for w in words if (w.pin.kind, w.pin.level, w.community) == ("grid", word.pin.level, word.community)]
    same = {int(i) for w in peers if w.pin.grid == word.pin.grid for i in labels[w.atoms]}
    other = {int(i) for w in peers if w.pin.grid != word.pin.grid for i in labels[w.atoms]}
    return len(same) == 1 and not same & other


def _need_continued(word: Word, labels: Ints, households: Ints, earlier: Earlier) -> None:
    """Refuse where the grid of a member does not continue the earlier grid that was named (SEMANTICS 13)."""
    names = earlier.get(word.pin.level)
    if word.pin.kind != "grid" or names is None or not (names == word.pin.grid).any():
        return
    new, old = labels == labels[word.atoms[0]], names == word.pin.grid
    both = int(households[new & old].sum())
    if 2 * both <= max(int(households[new].sum()), int(households[old].sum())):
        raise refuse(
            [word.pin.row],
            f"成员所在的网格与现有网格 {word.pin.grid} 共有的住户不过半，不能算作其延续",
            f"the grid of the members shares too few households with the earlier grid {word.pin.grid} to continue it",
        )
