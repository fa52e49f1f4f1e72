"""Divide again from the present grids: only what is broken is opened, and as few households as possible move.

Broken is a grid out of the band, one in pieces, one that holds part of an estate that must be whole, or a building
above the limit with anything else. Neighbours mend it between them (``repair``); where that fails, it is cut anew
together with more and more of its neighbours. What nothing mends stays as it is: nothing broken, nothing moved.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import geopandas as gpd
import numpy as np
import shapely

from gridgis.geometry.arrays import Ints
from gridgis.model import Band, DivisionRules, Progress, no_progress
from gridgis.partition.community import CommunityCut, parts_of, pool
from gridgis.partition.components import components
from gridgis.partition.graph import Contacts
from gridgis.partition.ground import Ground
from gridgis.partition.levels import Cut, attach, contract, cut_level
from gridgis.partition.noding.atoms import Atoms
from gridgis.partition.noding.keep import present, settled
from gridgis.partition.problem import induced
from gridgis.partition.redivision.moved import moved
from gridgis.partition.redivision.repair import Nodes, Repair
from gridgis.partition.redivision.resettle import Resettling
from gridgis.partition.regions.pieces import Region, closures, regions
from gridgis.partition.search.solve import solve

RINGS = 3
"""How far around a grid that neighbours cannot mend the ground is opened, before all of the parent is."""


def present_grids(ground: Ground, atoms: Atoms, earlier: gpd.GeoDataFrame) -> tuple[Ints, Ints]:
    """Return the earlier level-2 and level-3 grid of each atom, by position in the table; -1 for none.

    A grid whose larger part lies in another community now is forgotten.
    """
    b = ground.buildings
    households = b["households"].to_numpy(dtype=np.int64)
    spots = b[["x", "y"]].to_numpy(dtype=float)
    held, area = atoms.households(households), shapely.area(atoms.polygons)
    old2, old3 = present(atoms.polygons, spots, atoms.building_atom, households, earlier)
    return settled(old2, atoms.community, held, area), settled(old3, atoms.community, held, area)


def recut_communities(
    grounds: Sequence[Contacts],
    old: tuple[Ints, Ints],
    rules: Sequence[DivisionRules],
    seed: int,
    processes: int = 1,
    progress: Progress = no_progress,
) -> list[CommunityCut]:
    """Cut communities anew from their present grids, as ``cut_communities`` does without.

    ``old``: earlier level-2 and level-3 grid of all atoms (``present_grids``). A task is one community; ``processes``
    share them, and the answer does not depend on how many.
    """
    tasks = [(c, old[0][c.atom], old[1][c.atom], r, seed) for c, r in zip(grounds, rules, strict=True)]
    with pool(min(processes, len(tasks))) as run:
        return run(_recut_task, tasks, "divide", progress)


def _recut_task(task: tuple[Contacts, Ints, Ints, DivisionRules, int]) -> CommunityCut:
    return recut_community(*task)


def recut_community(c: Contacts, old2: Ints, old3: Ints, rules: DivisionRules, seed: int) -> CommunityCut:
    """Cut a community anew from its present grids.

    A community that is level 2 itself is not cut there: only its level 3 is looked at.

    Parameters
    ----------
    c
        Its atoms without carved sites.
    old2, old3
        (n,) present level-2 and level-3 grid of each atom, -1 for none.
    """
    level2 = recut(c, old2, rules.level2, rules, seed, old3) if rules.first_level == 2 else parts_of(c)
    here = settled(old3, level2.labels, c.households, c.area)
    level3 = []
    for label in range(len(level2.region_of)):
        inside = np.flatnonzero(level2.labels == label)
        level3.append(recut(c.take(inside, 3), here[inside], rules.level3, rules, seed + 17 * (label + 1)))
    return CommunityCut(level2, level3)


def recut(c: Contacts, old: Ints, band: Band, rules: DivisionRules, seed: int, finer: Ints | None = None) -> Cut:
    """Cut the atoms of one parent into the grids of a level, starting from the present ones.

    Parameters
    ----------
    c
        The atoms of the parent.
    old
        (n,) present grid of each atom, -1 for none.
    band, rules, seed
        As for ``cut_level``, which cuts a parent without present grids.
    finer
        (n,) present grid of the finer level, which is better not torn; None: there is none.

    Returns
    -------
    Cut
        An atom whose grid nothing had to be taken from or given to has the label of all others of that grid.
    """
    dry = np.flatnonzero(~c.water)
    if not (old[dry] >= 0).any():
        return cut_level(c, band, rules, seed)
    land = c.take(dry)
    site = _Site(land, old[dry], np.full(len(dry), -1) if finer is None else finer[dry], band, rules, seed)
    labels = np.full(c.n, -1, dtype=np.int64)
    labels[dry] = site.mended()
    _flood(c, labels, old)
    _, labels = np.unique(labels, return_inverse=True)
    labels = labels.ravel().astype(np.int64)
    return Cut(labels, _facts(land, labels[dry], int(labels.max()) + 1, band, rules))


def _flood(c: Contacts, labels: Ints, old: Ints) -> None:
    """Give water to the grid that has it now, where it still touches it, else to the one on its bank."""
    wet = np.flatnonzero(c.water & (old >= 0))
    labels[wet] = old[wet]
    a, b = c.pairs.T
    piece = components(c.n, c.pairs[(labels[a] >= 0) & (labels[a] == labels[b])])
    on_land = np.zeros(c.n, dtype=np.bool_)
    on_land[piece[~c.water]] = True
    labels[c.water & ~on_land[piece]] = -1
    attach(c, labels)
    rest = np.flatnonzero(labels < 0)
    if len(rest):
        labels[rest] = components(len(rest), c.take(rest).pairs) + labels.max() + 1


class _Site:
    """The land of one parent while it is cut anew."""

    def __init__(self, land: Contacts, old: Ints, finer: Ints, band: Band, rules: DivisionRules, seed: int) -> None:
        self.land, self.old, self.finer, self.band, self.rules, self.seed = land, old, finer, band, rules, seed
        self.problem, self.node = contract(land, band, rules)
        self.group, self.fixed = self._groups()
        self.home = self._homes()
        self.nodes = self._nodes()

    def _groups(self) -> tuple[Ints, frozenset[int]]:
        """Return the closed ground of each node; buildings above the limit and large empty ground have no band."""
        of_atom, why = closures(self.land, self.band, self.rules.max_area_empty_m2)
        group = np.zeros(self.problem.n, dtype=np.int64)
        group[self.node] = of_atom
        return group, frozenset(k for k, reason in why.items() if reason in ("building", "empty"))

    def _homes(self) -> list[dict[int, int]]:
        home: list[dict[int, int]] = [{} for _ in range(self.problem.n)]
        known = self.old >= 0
        for v, label, n in zip(self.node[known], self.old[known], self.land.households[known], strict=True):
            home[v][int(label)] = home[v].get(int(label), 0) + int(n)
        return home

    def _nodes(self) -> Nodes:
        near: list[list[tuple[int, float, bool]]] = [[] for _ in range(self.problem.n)]
        weak = self._weak()
        for (a, b), price, open_ in zip(self.problem.edges.tolist(), self.problem.costs.tolist(), weak, strict=True):
            near[a].append((b, price, open_))
            near[b].append((a, price, open_))
        return Nodes(self.problem.weights.tolist(), near, self.group.tolist(), self.fixed, self.home)

    def _weak(self) -> list[bool]:
        """Tell for each edge whether two nodes touch where no STRONG barrier is, or in one estate."""
        a, b = self.land.pairs.T
        estate = (self.land.compound[a] >= 0) & (self.land.compound[a] == self.land.compound[b])
        open_ = self.land.pairs[~self.land.strong | estate]
        there = {tuple(sorted(pair)) for pair in self.node[open_].tolist()}
        return [tuple(edge) in there for edge in self.problem.edges.tolist()]

    def mended(self) -> Ints:
        """Return the new label of each atom."""
        labels = self._start()
        if not self._broken(labels):
            return np.asarray(labels[self.node])
        ways = [self._mended(labels, mixing=False), self._resettled(labels)]
        if self._mixable and min(map(self._worth, ways))[1] > sum(self._broken(labels).values()):
            ways.append(self._mended(labels, mixing=True))  # a few over the wall of an estate may save many
        if all(self._broken(way) for way in ways):
            ways = [self._finished(way) for way in (*ways, self._resettled(ways[1]))]
        return np.asarray(min(ways, key=self._worth)[self.node])

    @property
    def _mixable(self) -> bool:
        """Tell whether households of different closed ground could share a grid at all."""
        return len(set(self.group[self.problem.weights > 0].tolist()) - self.fixed) > 1

    def _finished(self, labels: Ints) -> Ints:
        """Mend what is broken still: over closed ground, and at last by cutting anew."""
        if self._broken(labels):
            labels = self._mended(labels, mixing=True)
        for label in sorted(self._broken(labels)):
            if label in self._broken(labels):
                labels = self._opened(labels, label)
        return labels

    def _mended(self, labels: Ints, mixing: bool) -> Ints:
        repair = Repair(self.nodes, self.band, self.rules.moving_price, self._half, mixing=mixing)
        return np.array(repair.mend(labels.tolist()), dtype=np.int64)

    def _resettled(self, labels: Ints) -> Ints:
        home = np.array([self._at_home(v) for v in range(self.problem.n)], dtype=np.int64)
        problem = replace(self.problem, home=home, moving=max(self.rules.moving_price, 1.0))
        still = np.isin(labels, [k for k, found in self.nodes.kinds_of(labels.tolist()).items() if found & self.fixed])
        search = Resettling(problem, self.group, self._half, self._worth, self.seed)
        return search.mend(labels, sorted(self._broken(labels)), still)

    def _worth(self, labels: Ints) -> tuple[float, ...]:
        """Rank labels: what is broken, then what is moved here, what is torn from finer grids, the border."""
        new, households = labels[self.node], self.land.households
        torn = moved(self.finer, new, households, inside=True)
        here = moved(self.old, new, households)
        return sum(self._broken(labels).values()), here, torn, self.problem.border(labels)

    def _broken(self, labels: Ints) -> dict[int, int]:
        """Return the labels out of the band and by how much; things that pins keep apart weigh most."""
        loads = np.bincount(labels, self.problem.weights).astype(np.int64)
        off = np.maximum(loads - self.band.upper, self.band.lower - loads)
        kinds = self.nodes.kinds_of(labels.tolist())
        out = {k: int(off[k]) for k, found in kinds.items() if off[k] > 0 and not found & self.fixed}
        a, b = labels[self.problem.apart].T
        for k in a[a == b].tolist():
            out[k] = out.get(k, 0) + self.band.upper
        return out

    def _start(self) -> Ints:
        """Return the present label of each node, made whole: no closed ground mixed, no pieces, nothing without."""
        labels = np.array([self._at_home(v) for v in range(self.problem.n)], dtype=np.int64)
        self._part_closed(labels)
        self._drop_pieces(labels)
        self._settle(labels)
        return labels

    def _at_home(self, v: int) -> int:
        """Return the label that most households of a node have, or the first that it has at all; -1 for none."""
        home = self.home[v]
        return max(sorted(home), key=lambda k: home[k]) if home else -1

    def _part_closed(self, labels: Ints) -> None:
        """Give a building above the limit a grid of its own, or the present one if it is most of that."""
        for v in np.flatnonzero(np.isin(self.group, list(self.fixed)) & (self.problem.weights > 0)):
            others = np.flatnonzero((labels == labels[v]) & (np.arange(len(labels)) != v))
            if labels[v] < 0 or self.problem.weights[v] <= self.problem.weights[others].sum():
                labels[v] = self._fresh(labels)
            elif self.problem.weights[others].any():
                labels[others] = self._fresh(labels)

    def _fresh(self, labels: Ints) -> int:
        return int(max(labels.max(), self.old.max())) + 1

    def _drop_pieces(self, labels: Ints) -> None:
        """Keep the largest piece of each grid; another one that can stand alone becomes a grid, else it is free."""
        a, b = self.problem.edges.T
        piece = components(self.problem.n, self.problem.edges[labels[a] == labels[b]])
        weight = np.bincount(piece, self.problem.weights).astype(np.int64)
        size = np.bincount(piece)
        for label in np.unique(labels[labels >= 0]):
            parts = np.unique(piece[labels == label])
            for p in sorted(parts.tolist(), key=lambda p: (-weight[p], -size[p], p))[1:]:
                labels[piece == p] = self._fresh(labels) if int(weight[p]) in self.band else -1

    def _settle(self, labels: Ints) -> None:
        """Give ground without a grid to the neighbour with the dearest border, or cut it where it can stand alone."""
        a, b = self.problem.edges.T
        lone = np.isin(self.group, list(self.fixed))
        same = (labels[a] < 0) & (labels[b] < 0) & ~lone[a] & ~lone[b]
        piece = components(self.problem.n, self.problem.edges[same])
        for p in np.unique(piece[labels < 0]):
            inside = np.flatnonzero(piece == p)
            if self.band.can_hold(int(self.problem.weights[inside].sum())):
                self._cut(labels, inside)
        while (labels < 0).any():
            if not self._join_one(labels):
                loose = np.flatnonzero(labels < 0)
                labels[piece == piece[loose[0]]] = self._fresh(labels)

    def _join_one(self, labels: Ints) -> bool:
        """Join a node without label to a neighbour: over open ground first, then where the border would be dearest."""
        ends = labels[self.problem.edges]
        edges = np.flatnonzero((ends < 0).any(axis=1) & (ends >= 0).any(axis=1))
        kinds = self.nodes.kinds_of(labels.tolist())
        free = self.problem.edges[edges, np.argmin(ends[edges], axis=1)].tolist()
        taker = ends[edges].max(axis=1).tolist()
        edges = edges[[self.nodes.kinds([v]) <= kinds[k] for v, k in zip(free, taker, strict=True)]]
        if not len(edges):
            return False
        weak = np.array(self._weak_edges)[edges]
        best = edges[np.lexsort((-self.problem.costs[edges], ~weak))[0]]
        labels[self.problem.edges[best]] = labels[self.problem.edges[best]].max()
        return True

    @property
    def _weak_edges(self) -> list[bool]:
        if not hasattr(self, "_weak_found"):
            self._weak_found = self._weak()
        return self._weak_found

    def _cut(self, labels: Ints, inside: Ints) -> None:
        """Cut nodes from scratch; labels above all present ones."""
        atoms = np.flatnonzero(np.isin(self.node, inside))
        found = cut_level(self.land.take(atoms), self.band, self.rules, self.seed)
        labels[self.node[atoms]] = found.labels + self._fresh(labels)

    def _half(self, mine: list[int]) -> list[int] | None:
        """Cut contiguous nodes into two parts in the band; return the one that is less at home; None: there is none."""
        chosen = np.array(sorted(mine), dtype=np.int64)
        found = solve(induced(self.problem, chosen), [2], self.seed, self.rules.effort)
        if not found.holds or found.parts != 2:
            return None
        sides: list[list[int]] = [chosen[found.labels == k].tolist() for k in (0, 1)]
        return min(sides, key=lambda side: (sum(sum(self.home[v].values()) for v in side), side))

    def _opened(self, labels: Ints, label: int) -> Ints:
        """Cut a broken grid anew with more and more of its neighbours; keep the first that breaks nothing."""
        broken = self._broken(labels)
        for open_ in self._rings(labels, label):
            inside = np.flatnonzero(np.isin(labels, open_))
            if self._proven(inside, [broken.get(k, 0) for k in open_]):
                continue
            new = labels.copy()
            self._cut(new, inside)
            new = _named(labels, new, inside, self.home)
            before, after = sum(broken.values()), sum(self._broken(new).values())
            if after < before:
                return new
        return labels

    def _rings(self, labels: Ints, label: int) -> Iterator[Ints]:
        """Yield the grid, with its neighbours, with theirs ... and at last all."""
        ends = labels[self.problem.edges]
        ends = ends[ends[:, 0] != ends[:, 1]]
        open_ = np.array([label])
        for _ in range(RINGS):
            yield open_
            grown = np.unique(np.concatenate([open_, ends[np.isin(ends, open_).any(axis=1)].ravel()]))
            if len(grown) == len(open_):
                return
            open_ = grown
        yield np.unique(labels)

    def _proven(self, inside: Ints, off: list[int]) -> bool:
        """Tell whether no number of parts of so many households can be nearer to the band than these are."""
        if len(np.unique(self.group[inside])) > 1:
            return False
        n = int(self.problem.weights[inside].sum())
        least = min(
            max(0, k * self.band.lower - n, n - k * self.band.upper) for k in range(1, n // self.band.lower + 2)
        )
        return sum(off) <= least


def _named(labels: Ints, new: Ints, inside: Ints, home: list[dict[int, int]]) -> Ints:
    """Give each new part the label of the present grid from which it has most households, one to one."""
    both: dict[tuple[int, int], int] = {}
    for v in inside.tolist():
        for k, n in (home[v] or {int(labels[v]): 0}).items():
            both[int(new[v]), k] = both.get((int(new[v]), k), 0) + n
    out, taken, done = new.copy(), set(labels[~np.isin(np.arange(len(labels)), inside)].tolist()), set()
    for (part, k), _ in sorted(both.items(), key=lambda item: (-item[1], item[0])):
        if part not in done and k not in taken:
            out[new == part] = k
            taken.add(k)
            done.add(part)
    return out


def _facts(land: Contacts, labels: Ints, k: int, band: Band, rules: DivisionRules) -> list[Region]:
    """Return for each label the region that it lies in; one of several regions is "kept" ground of them together."""
    found = regions(land, band, rules.max_area_empty_m2) if land.n else []
    of_atom = np.full(land.n, -1, dtype=np.int64)
    for r, region in enumerate(found):
        of_atom[region.members] = r
    out = []
    for label in range(k):
        mine = np.unique(of_atom[labels == label])
        if not len(mine):
            out.append(Region(np.empty(0, dtype=np.int64), 0, "empty", ()))
        elif len(mine) == 1:
            out.append(found[mine[0]])
        else:
            members = np.sort(np.concatenate([found[r].members for r in mine]))
            merged = tuple(n for r in mine for n in found[r].merged)
            out.append(Region(members, sum(found[r].households for r in mine), "kept", merged))
    return out
