"""What pins demand at one level of one community: groups that are one grid, pairs that are not, and what cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridgis.geometry.arrays import Floats, Ints
from gridgis.model import Band
from gridgis.partition.components import components
from gridgis.partition.graph import Contacts
from gridgis.partition.held import Held
from gridgis.partition.pinning.members import Word, refuse
from gridgis.partition.pinning.ways import Roads, join


class Parted(NamedTuple):
    """Two atoms that must not be in one grid of a level: the pins that say so, their kind, the atoms, the level."""

    rows: list[int]
    kind: str
    a: int
    b: int
    level: int


@dataclass(frozen=True)
class Group:
    """Members that one grid must hold: the pins that say so, and (k,) the atoms; ``name`` where a grid is named."""

    words: tuple[Word, ...]
    atoms: Ints
    name: str | None = None

    @property
    def rows(self) -> list[int]:
        """Numbers of its pins."""
        return sorted({w.pin.row for w in self.words})


@dataclass(frozen=True)
class Scene:
    """One community at one level: the contacts of its (n,) atoms, their centres, and what binds there.

    ``closed`` (n,) closure of each atom (`regions.closures`, with its reasons ``why``); ``held`` what the finer level
    demands already.
    """

    c: Contacts
    xy: Floats
    words: tuple[Word, ...]
    level: int
    band: Band
    closed: Ints
    why: dict[int, str]
    held: Held

    def nodes(self, held: Held) -> Ints:
        """(n,) label of what stays one: an estate within the limit, and what is joined."""
        a, b = self.c.pairs.T
        same = (self.c.compound[a] >= 0) & (self.c.compound[a] == self.c.compound[b]) & (self.closed[a] == 0)
        return components(self.c.n, np.concatenate([self.c.pairs[same], held.joined_at(self.level)]))


def settle_level(scene: Scene, names: NDArray[np.object_] | None) -> Held:
    """Return the demands of a level added to those of the finer one.

    Parameters
    ----------
    scene
        The community.
    names
        (n,) names of the earlier grids of this level, '' for none; None: there is no earlier plan.

    Raises
    ------
    InvalidInput
        Pins contradict one another, an estate, or the upper limit; or no ground joins what must be together.
    """
    node = scene.nodes(scene.held)
    groups = _merged(_groups(scene, names), node)
    parted = list(_parted(scene, node))
    mine = [p for p in parted if p.level == scene.level]
    for p in parted:
        _need_no_group(groups, node, p)
    for p in mine:
        _need_two(scene, node, p)
    _need_room(scene, groups, node)
    held = scene.held
    for k in range(len(groups)):
        held = _joined(scene, groups, k, held, parted)
    alone, node = node, scene.nodes(held)
    for p in parted:
        if node[p.a] == node[p.b] and alone[p.a] != alone[p.b]:
            group = next(g for g in groups if node[g.atoms[0]] == node[p.a])
            raise refuse(
                [*p.rows, *group.rows],
                "要同格的成员只能经由须分开的地块相连",
                "members that must be together touch only over ground that must be apart",
            )
    _need_holdable(scene, parted)
    demands = np.array([(p.a, p.b, p.level) for p in mine], dtype=np.int64).reshape(-1, 3)
    return Held(held.joined, np.concatenate([held.apart, demands]))


def _groups(scene: Scene, names: NDArray[np.object_] | None) -> list[Group]:
    """Return what must be together at a level; a grid of the earlier plan adds the nearest atom of its ground."""
    out = [Group((w,), w.atoms) for w in scene.words if w.pin.kind == "together" and w.pin.level >= scene.level]
    named = [w for w in scene.words if w.pin.kind == "grid" and w.pin.level >= scene.level]
    for level, name in sorted({(w.pin.level, str(w.pin.grid)) for w in named}):
        words = tuple(w for w in named if (w.pin.level, w.pin.grid) == (level, name))
        atoms = np.unique(np.concatenate([w.atoms for w in words]))
        if level == scene.level and names is not None and (names == name).any():
            atoms = np.union1d(atoms, _anchor(scene, atoms, np.flatnonzero(names == name)))
        out.append(Group(words, atoms, name if level == scene.level else None))
    return sorted(out, key=lambda g: g.rows)


def _anchor(scene: Scene, atoms: Ints, old: Ints) -> Ints:
    """Return the atom of an old grid nearest to the members; none where a member lies in it already."""
    old = old[~scene.c.water[old]]
    if np.isin(atoms, old).any() or not len(old):
        return np.empty(0, dtype=np.int64)
    away = np.hypot(*(scene.xy[old][:, None] - scene.xy[atoms][None]).transpose(2, 0, 1)).min(axis=1)
    return old[[int(np.argmin(away))]]


def _merged(groups: list[Group], node: Ints) -> list[Group]:
    """Merge groups that have an atom or an estate in common.

    Raises
    ------
    InvalidInput
        Two different grids are named for what is together.
    """
    out: list[Group] = []
    for group in groups:
        touching = [g for g in out if np.isin(node[g.atoms], node[group.atoms]).any()]
        for other in touching:
            if None not in (other.name, group.name) and other.name != group.name:
                raise refuse(
                    [*other.rows, *group.rows],
                    f"同一楼栋或小区（或须同格的几处）指定了两个网格：{other.name}、{group.name}",
                    f"one building or estate (or several that are together) is given to two grids: {other.name}, "
                    f"{group.name}",
                )
            out = [g for g in out if g is not other]
            atoms = np.union1d(other.atoms, group.atoms)
            group = Group((*other.words, *group.words), atoms, other.name or group.name)
        out.append(group)
    return out


def _parted(scene: Scene, node: Ints) -> Iterator[Parted]:
    """Yield what must be apart at this level or a larger one; of whole things one atom each."""
    words = [w for w in scene.words if w.pin.level <= scene.level]
    for w in words:
        rows, level = [w.pin.row], w.pin.level
        for one, other in combinations(w.members if w.pin.kind == "apart" else (), 2):
            for a in _one_of_each(one, node):
                yield from (Parted(rows, "apart", a, b, level) for b in _one_of_each(other, node))
        for a, b in w.pairs[~scene.c.water[w.pairs].any(axis=1)].tolist():
            yield Parted(rows, "border", a, b, level)
    named = [w for w in words if w.pin.kind == "grid"]
    first = {(w.pin.level, str(w.pin.grid)): w for w in named[::-1]}
    for ((level, _), w), ((same, _), v) in combinations(sorted(first.items(), key=lambda item: item[0]), 2):
        if level == same:
            yield Parted([w.pin.row, v.pin.row], "grid", int(w.atoms[0]), int(v.atoms[0]), level)


def _one_of_each(atoms: Ints, node: Ints) -> list[int]:
    found: list[int] = atoms[np.unique(node[atoms], return_index=True)[1]].tolist()
    return found


def _need_no_group(groups: list[Group], node: Ints, p: Parted) -> None:
    """Refuse to part what other pins put together."""
    for g in groups:
        if np.isin(node[[p.a, p.b]], node[g.atoms]).all():
            zh, en = f"既要求同在一个{p.level}级网格，又要求分开", f"must be in one level-{p.level} grid and also apart"
            raise refuse([*p.rows, *g.rows], zh, en)


def _need_two(scene: Scene, node: Ints, p: Parted) -> None:
    """Refuse to part what is one thing."""
    level, c, upper = scene.level, scene.c, scene.band.upper
    if p.a == p.b:
        zh, en = "成员在同一地块上，不能分开", "the members stand on one spot and cannot be parted"
        raise refuse(p.rows, zh, en)
    if node[p.a] == node[p.b]:
        n = int(c.households[c.compound == c.compound[p.a]].sum())
        what = ("边界穿过", "the border runs through") if p.kind == "border" else ("会拆分", "would split")
        raise refuse(
            p.rows,
            f"{what[0]}一个 {n} 户的小区；不超过 {upper} 户的小区不在{level}级拆分，如要拆分请从小区图层删去",
            f"{what[1]} an estate of {n} households: up to {upper} an estate is whole at level {level}; take it out of "
            "the layer of estates to split it",
        )


def _need_room(scene: Scene, groups: list[Group], node: Ints) -> None:
    """Refuse what is too heavy for one grid, mixes closed ground with other, or needs too many grids."""
    weight = np.bincount(node, scene.c.households).astype(np.int64)
    for g in groups:
        nodes = np.unique(node[g.atoms])
        load, upper = int(weight[nodes].sum()), scene.band.upper
        if len(nodes) > 1 and load > upper:
            raise refuse(
                g.rows,
                f"要同格的共 {load} 户，超过{scene.level}级上限 {upper} 户",
                f"what must be together holds {load} households, more than the {upper} of a level-{scene.level} grid",
            )
        closures = set(scene.closed[g.atoms].tolist())
        if len(closures) > 1 and "empty" in {scene.why.get(i) for i in closures}:
            raise refuse(
                g.rows,
                "大片无住户的地块自成一格，不能与别的楼栋同格",
                "large ground without households is a grid of its own: no other building joins it",
            )
        if len(closures) > 1:
            raise refuse(
                g.rows,
                f"超过 {upper} 户的小区只在其内部划分，不能与外面的楼栋同格",
                f"an estate above {upper} households is cut inside itself only: nothing from outside joins its grids",
            )
    if scene.level == 2:
        _need_grids(scene)


def _need_grids(scene: Scene) -> None:
    """Refuse more grids than the households of the community suffice for."""
    total, lower = int(scene.c.households.sum()), scene.band.lower
    words = [w for w in scene.words if w.pin.level == 2]
    cases = [([w.pin.row], len(w.members)) for w in words if w.pin.kind == "apart"]
    named = [w for w in words if w.pin.kind == "grid"]
    cases.append(([w.pin.row for w in named], len({w.pin.grid for w in named})))
    for rows, need in cases:
        if need > 1 and need * lower > total:
            raise refuse(
                rows,
                f"需要 {need} 个二级网格，至少 {need * lower} 户，而社区只有 {total} 户",
                f"{need} level-2 grids are needed, {need * lower} households at least; the community has {total}",
            )


def _need_holdable(scene: Scene, parted: list[Parted]) -> None:
    """Refuse borders that cut off households that no number of grids holds."""
    c, open_ = scene.c, (scene.closed == 0) & ~scene.c.water
    ground = c.pairs[open_[c.pairs].all(axis=1)]
    fence = {(min(p.a, p.b), max(p.a, p.b)) for p in parted if p.kind == "border"}
    kept = np.array([tuple(p) not in fence for p in ground.tolist()], dtype=np.bool_)
    before, after = components(c.n, ground), components(c.n, ground[kept])
    held, whole = np.bincount(after, c.households), np.bincount(before, c.households)
    for piece in np.unique(after[open_]).tolist():
        n, total = int(held[piece]), int(whole[before[np.flatnonzero(after == piece)[0]]])
        if 0 < n < total and not scene.band.can_hold(n) and scene.band.can_hold(total):
            near = [p for p in parted if p.kind == "border" and piece in (after[p.a], after[p.b])]
            rows = [r for p in near if p.level == scene.level for r in p.rows]
            if not rows:
                continue
            raise refuse(
                rows,
                f"边界围出 {n} 户，分成几份都不在 {scene.band.lower}-{scene.band.upper} 户之内",
                f"the border cuts off {n} households, which no number of grids of "
                f"{scene.band.lower}-{scene.band.upper} holds",
            )


def _joined(scene: Scene, groups: list[Group], k: int, held: Held, parted: list[Parted]) -> Held:
    """Return the demands with those that join the members of one group, over a way where they do not touch."""
    c, group = scene.c, groups[k]
    node = scene.nodes(held)
    members = np.unique(node[group.atoms])
    if len(members) == 1:
        return held
    roads, edge = _roads(scene, groups, k, node, parted)
    way = join(roads, members, scene.band.upper)
    if way is None:
        raise refuse(
            group.rows,
            "成员之间没有可走的连续地块（被水面、超大小区、别的要求或已分开的地块隔断）",
            "no contiguous ground joins the members: water, an oversize estate or other pins lie between",
        )
    load = int(roads.households[way.nodes].sum())
    if load > scene.band.upper:
        proven = ("", "") if len(members) > 2 else ("至少", "at least ")
        raise refuse(
            group.rows,
            f"要同格的成员不相邻，连同之间的地块{proven[0]}共 {load} 户，超过{scene.level}级上限 {scene.band.upper} 户",
            f"the members do not touch; with the ground between they hold {proven[1]}{load} households, more than the "
            f"{scene.band.upper} of a level-{scene.level} grid",
        )
    pairs = c.pairs[edge[way.edges]]
    return Held(np.concatenate([held.joined, np.insert(pairs, 2, scene.level, axis=1)]), held.apart)


def _roads(scene: Scene, groups: list[Group], k: int, node: Ints, parted: list[Parted]) -> tuple[Roads, Ints]:
    """Return the graph on which a group may be joined, and (m,) the contact behind each of its edges."""
    c, group = scene.c, groups[k]
    members, n = np.unique(node[group.atoms]), int(node.max()) + 1
    shut = c.water | (scene.closed != scene.closed[group.atoms[0]])
    for g in (*groups[:k], *groups[k + 1 :]):
        shut[g.atoms] = True
    for p in parted:
        for one, other in ((p.a, p.b), (p.b, p.a)):
            if node[one] in members:
                shut[other] = True
    may = np.ones(n, dtype=np.bool_)
    may[node[shut]] = False
    fence = {tuple(sorted((p.a, p.b))) for p in parted if p.kind == "border"}
    passable = np.array([tuple(p) not in fence for p in c.pairs.tolist()], dtype=np.bool_)
    edge = np.flatnonzero(passable & (node[c.pairs[:, 0]] != node[c.pairs[:, 1]]))
    a, b = c.pairs[edge].T
    metres = np.hypot(*(scene.xy[a] - scene.xy[b]).T)
    weight = np.bincount(node, c.households, n).astype(np.int64)
    return Roads(weight, may, node[c.pairs[edge]], metres, c.strong[edge]), edge
