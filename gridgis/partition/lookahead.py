"""Look-ahead from level 2 to level 3: borders that leave a rest which level 3 cannot group are moved a little.

A level-2 grid may be in the band while the ground in it falls into pieces that are not: a row of houses cut off by
towers, say, or an estate whose last tower finds no partner. Then the rest is handed to the level-2 grid beside it, or
a few houses go over the border, as many as bring the rest into the band. A change stays where fewer grids then lie
outside the level-3 band, with fewer households, and none more outside that of level 2; the cheapest one is taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from gridgis.geometry.arrays import Ints
from gridgis.model import Band, DivisionRules
from gridgis.partition.components import components
from gridgis.partition.graph import Contacts
from gridgis.partition.last_resort import outside
from gridgis.partition.levels import Cut, contract, cut_level
from gridgis.partition.problem import Problem, induced
from gridgis.partition.search.solve import appraised

STARTS, STEPS = 6, 3
"""From how many places along a border houses are moved over it, and in how many amounts from each."""
MOST_TRIED = 20
"""Changes of one level-2 grid that are tried, the cheapest first, before it is left as it is."""


def look_ahead(c: Contacts, labels: Ints, level3: list[Cut], rules: DivisionRules, seed: int) -> tuple[Ints, list[Cut]]:
    """Move level-2 borders where level 3 has grids outside its band.

    Parameters
    ----------
    c
        The ground of one region.
    labels, level3
        (n,) its level-2 labels, and the level-3 cut of each.

    Returns
    -------
    tuple
        Labels and level-3 cuts, with no more grids and households outside a band than before.
    """
    wrong = [_outside3(c.households[labels == k], cut, rules) for k, cut in enumerate(level3)]
    bad = [k for k, out in enumerate(wrong) if len(out)]
    if not bad or len(level3) < 2:
        return labels, level3
    problem, node = contract(c, rules.level2, rules)
    level3, touched = list(level3), set[int]()
    quick = replace(rules, exact_effort=0.0)  # here cuts are only compared
    for label in bad:
        while len(wrong[label]):
            better = _better(_Around(c, problem, node, labels, label), level3, wrong, quick, seed + 31 * label)
            if better is None:
                break
            labels, cuts = better
            touched.update(cuts)
            for k, cut in cuts.items():
                level3[k], wrong[k] = cut, _outside3(c.households[labels == k], cut, rules)
    for k in sorted(touched):
        if len(wrong[k]):
            ground = c.take(np.flatnonzero(labels == k), 3)
            exact = cut_level(ground, rules.level3, rules, seed + 17 * (k + 1))
            if _fewer(_outside3(ground.households, exact, rules), wrong[k]):
                level3[k] = exact
    return labels, level3


def _outside3(households: Ints, cut: Cut, rules: DivisionRules) -> Ints:
    """Return by how many households each level-3 grid that is outside is so; single buildings are no fault."""
    load = np.bincount(cut.labels, households, len(cut.region_of)).astype(np.int64)
    counts = np.array([r.closed not in ("building", "empty") for r in cut.region_of], dtype=bool)
    out = outside(load[counts], rules.level3)
    return out[out > 0]


def _fewer(new: Ints, old: Ints) -> bool:
    """Tell whether fewer grids are outside, with fewer households."""
    return len(new) < len(old) and int(new.sum()) < int(old.sum())


def _better(
    around: _Around, level3: list[Cut], wrong: list[Ints], rules: DivisionRules, seed: int
) -> tuple[Ints, dict[int, Cut]] | None:
    """Return the labels and the new cuts of the cheapest change of some that leaves fewer grids outside."""
    changes = _allowed(around, around.changes(level3[around.label], rules.level3))
    for n, at in enumerate(changes[:MOST_TRIED]):
        labels, grids = around.changed(at)
        before, after, cuts = np.concatenate([wrong[k] for k in grids]), np.empty(0, dtype=np.int64), {}
        for k in grids:
            ground = around.c.take(np.flatnonzero(labels == k), 3)
            cuts[k] = cut_level(ground, rules.level3, rules, seed + n)
            after = np.concatenate([after, _outside3(ground.households, cuts[k], rules)])
            if not _fewer(after, before):
                break
        else:
            return labels, cuts
    return None


def _allowed(around: _Around, changes: Iterator[Ints]) -> list[Ints]:
    """Return the changes that leave all grids whole and no worse at level 2, the cheapest first."""
    problem, parts = around.problem, len(around.grids)
    now = appraised(problem, around.at)
    found: dict[bytes, tuple[float, Ints]] = {}
    for at in changes:
        if at.tobytes() in found or len(np.unique(at)) < parts or len(_cut_off(problem, at, 0)):
            continue
        new = appraised(problem, at)
        if new.clashes <= now.clashes and new.excess <= now.excess:
            found[at.tobytes()] = new.price, at
    return [at for _, at in sorted(found.values(), key=lambda f: f[0])]


class _Around:
    """A level-2 grid and those beside it.

    ``grids`` are their labels, the grid itself first; ``atoms`` (a,) and ``node`` (a,) their atoms in the region and
    the node of each; ``problem`` the nodes' problem, and ``at`` (n,) by position in ``grids`` where each is.
    """

    def __init__(self, c: Contacts, problem: Problem, node: Ints, labels: Ints, label: int) -> None:
        from gridgis.partition.kernels.plain import list_neighbours

        ends = labels[c.pairs]
        ends = ends[(ends == label).any(axis=1)]
        self.c, self.labels, self.label = c, labels, label
        self.grids = [label, *np.setdiff1d(ends, label).tolist()]
        self.atoms = np.flatnonzero(np.isin(labels, self.grids))
        nodes, first, self.node = np.unique(node[self.atoms], return_index=True, return_inverse=True)
        self.problem = replace(induced(problem, nodes), home=None)
        position = np.zeros(int(labels.max()) + 1, dtype=np.int64)
        position[self.grids] = np.arange(len(self.grids))
        self.at = position[labels[self.atoms[first]]]
        self.ptr, self.nbr, self.edge = list_neighbours(self.problem.n, np.ascontiguousarray(self.problem.edges))

    def changed(self, at: Ints) -> tuple[Ints, list[int]]:
        """Return the labels of the region when the nodes are ``at`` other places, and which grids are others then."""
        labels = self.labels.copy()
        labels[self.atoms] = np.array(self.grids)[at[self.node]]
        moved = at != self.at
        return labels, [self.grids[k] for k in np.unique(np.concatenate([at[moved], self.at[moved]]))]

    def changes(self, cut: Cut, band: Band) -> Iterator[Ints]:
        """Yield where the nodes are when a rest of level 3 is handed over, or houses are moved to it or from it."""
        inside = np.flatnonzero(self.labels[self.atoms] == self.label)
        load = np.bincount(cut.labels, self.c.households[self.atoms[inside]]).astype(np.int64)
        counts = np.array([r.closed not in ("building", "empty") for r in cut.region_of], dtype=bool)
        for bad in np.flatnonzero(counts & (outside(load, band) > 0)):
            atoms = inside[cut.labels == bad]
            rest = np.unique(self.node[atoms])  # what stays whole goes along
            for other in np.unique(self.at[self._beside(rest)]).tolist():
                at = self.at.copy()
                at[rest] = other
                yield at
            for other in range(1, len(self.grids)):
                yield from self._fetched(atoms, other, int(load[bad]), band)
                if load[bad] > band.upper:
                    yield from self._given(rest, other, int(load[bad]), band)

    def _fetched(self, rest: Ints, other: int, load: int, band: Band) -> Iterator[Ints]:
        """Yield changes that bring houses of another grid to the atoms of a rest, or elsewhere into their grid.

        They fill the rest up to one grid, or to several if it is too large for one.
        """
        grids = -(-load // band.upper)
        touch = self._beside(np.flatnonzero(self.at == 0))
        touch = touch[self.at[touch] == other]
        far = ~np.isin(touch, self._touched_by_atoms(rest))
        for v in touch[np.lexsort((np.array(self._dearer(touch, other, 0)), far))][:STARTS].tolist():
            yield from self._moved(v, other, 0, band.lower * grids - load, band.upper * grids - load)

    def _touched_by_atoms(self, atoms: Ints) -> Ints:
        """Return the nodes that some atoms touch: fewer than their nodes do, if those are estates."""
        mine = np.isin(self.c.pairs, self.atoms[atoms])
        ends = self.c.pairs[mine.any(axis=1)]
        return self.node[np.isin(self.atoms, ends)]

    def _given(self, rest: Ints, other: int, load: int, band: Band) -> Iterator[Ints]:
        """Yield changes that take from a rest what is too much for one grid."""
        touch = rest[np.isin(rest, self._beside(np.flatnonzero(self.at == other)))]
        for v in touch[np.argsort(self._dearer(touch, 0, other), kind="stable")][:STARTS].tolist():
            yield from self._moved(v, 0, other, load - band.upper, load - band.lower)

    def _moved(self, start: int, giver: int, taker: int, least: int, most: int) -> Iterator[Ints]:
        """Move one node after another, what is cut off along with them; yield where the households are enough."""
        at, front, weight, steps = self.at.copy(), np.array([start]), 0, 0
        while len(front) and steps < STEPS:
            v, now = front[np.argmin(self._dearer(front, giver, taker))], at.copy()
            front = front[front != v]
            now[v] = taker
            now[_cut_off(self.problem, now, giver)] = taker
            moved = np.flatnonzero(now != at)
            more = weight + int(self.problem.weights[moved].sum())
            if more > most:
                continue
            at, weight = now, more
            front = np.union1d(front, self._touched(moved))
            front = front[at[front] == giver]
            if weight >= max(least, 1):
                steps += 1
                yield at

    def _touched(self, nodes: Ints) -> Ints:
        rows = [self.nbr[self.ptr[v] : self.ptr[v + 1]] for v in nodes.tolist()]
        return np.unique(np.concatenate(rows)) if rows else nodes

    def _beside(self, nodes: Ints) -> Ints:
        """Return the nodes in other grids that nodes of one grid touch."""
        near = self._touched(nodes)
        return near[self.at[near] != self.at[nodes[0]]] if len(nodes) else near

    def _dearer(self, nodes: Ints, giver: int, taker: int) -> list[float]:
        """Return by how much each node makes the border dearer when it is moved, (k,)."""
        out = []
        for v in nodes.tolist():
            row = slice(self.ptr[v], self.ptr[v + 1])
            beside, costs = self.at[self.nbr[row]], self.problem.costs[self.edge[row]]
            out.append(float(costs[beside == giver].sum() - costs[beside == taker].sum()))
        return out


def _cut_off(problem: Problem, at: Ints, part: int) -> Ints:
    """Return the nodes of a part that do not hang together with its heaviest piece."""
    inside = np.flatnonzero(at == part)
    place = np.full(problem.n, -1, dtype=np.int64)
    place[inside] = np.arange(len(inside))
    ends = place[problem.edges]
    piece = components(len(inside), ends[(ends >= 0).all(axis=1)])
    load = np.bincount(piece, problem.weights[inside], 1)
    return np.asarray(inside[piece != np.argmax(load)], dtype=np.int64)
