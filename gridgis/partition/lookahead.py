"""Look-ahead from level 2 to level 3: borders that leave a rest which level 3 cannot group are drawn anew.

A level-2 grid may be in the band while the ground in it falls into pieces that are not: a row of houses cut off by
towers, say. Such a rest is handed to the level-2 grid beside it, or the two grids are cut anew, where fewer households
then lie outside the level-3 band and none more outside that of level 2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from gridgis.geometry.arrays import Ints
from gridgis.model import DivisionRules
from gridgis.partition.components import components
from gridgis.partition.graph import Contacts
from gridgis.partition.last_resort import outside
from gridgis.partition.levels import Cut, contract, cut_level
from gridgis.partition.problem import Problem, induced
from gridgis.partition.search.solve import appraised, solve

RECUTS = 3
"""How often each pair of level-2 grids is cut anew."""
RECUT_EFFORT = 8
MOST_TRIED = 20
"""Changes of one level-2 grid that are tried, the cheapest first, before it is left as it is."""


def look_ahead(c: Contacts, labels: Ints, level3: list[Cut], rules: DivisionRules, seed: int) -> tuple[Ints, list[Cut]]:
    """Draw level-2 borders anew where level 3 has households outside its band.

    Parameters
    ----------
    c
        The ground of one region.
    labels, level3
        (n,) its level-2 labels, and the level-3 cut of each.

    Returns
    -------
    tuple
        Labels and level-3 cuts, with no more households outside a band than before.
    """
    labels, given, level3 = labels.copy(), level3, list(level3)
    quick = replace(rules, exact_effort=0.0)  # here cuts are only compared
    for label in range(len(level3)):
        while _wrong3(c, labels, label, level3[label], rules):
            better = _better(c, labels, level3, label, quick, seed + 31 * label)
            if better is None:
                break
            labels, level3 = better
    for label, cut in enumerate(level3):
        if cut is not given[label] and (wrong := _wrong3(c, labels, label, cut, rules)):
            exact = cut_level(c.take(np.flatnonzero(labels == label), 3), rules.level3, rules, seed + 17 * (label + 1))
            level3[label] = exact if _wrong3(c, labels, label, exact, rules) < wrong else cut
    return labels, level3


def _better(
    c: Contacts, labels: Ints, level3: list[Cut], label: int, rules: DivisionRules, seed: int
) -> tuple[Ints, list[Cut]] | None:
    """Change one level-2 grid and a neighbour so that fewer households are outside the bands, as cheaply as can be."""
    problem, node = contract(c, rules.level2, rules)
    first = np.unique(node, return_index=True)[1]
    clashes = appraised(problem, labels[first]).clashes
    proposals: list[tuple[float, int, int, Ints]] = []
    for other, changed in _proposals(c, problem, node, labels, level3[label], label, rules, seed):
        found = appraised(problem, changed[first])
        if found.clashes <= clashes:
            proposals.append((found.price, len(proposals), other, changed))
    for n, (_, _, other, changed) in enumerate(sorted(proposals, key=lambda p: p[:2])[:MOST_TRIED]):
        room = sum(_wrong3(c, labels, k, level3[k], rules) for k in (label, other))
        cuts = list(level3)
        for k in (label, other):
            cuts[k] = cut_level(c.take(np.flatnonzero(changed == k), 3), rules.level3, rules, seed + n)
            room -= _wrong3(c, changed, k, cuts[k], rules)
            if room <= 0:
                break
        else:
            return changed, cuts
    return None


def _wrong3(c: Contacts, labels: Ints, label: int, cut: Cut, rules: DivisionRules) -> int:
    """Return the households outside the level-3 band in one level-2 grid; single buildings are no fault."""
    households = c.households[labels == label]
    load = np.bincount(cut.labels, households, len(cut.region_of)).astype(np.int64)
    counts = [r.closed not in ("building", "empty") for r in cut.region_of]
    return int(outside(load[np.array(counts, dtype=bool)], rules.level3).sum())


def _proposals(
    c: Contacts, problem: Problem, node: Ints, labels: Ints, cut: Cut, label: int, rules: DivisionRules, seed: int
) -> Iterator[tuple[int, Ints]]:
    """Yield a neighbour and labels: the rests of level 3 handed over, and both grids cut anew."""
    before = outside(np.bincount(labels, c.households).astype(np.int64), rules.level2).sum()
    inside = np.flatnonzero(labels == label)
    load = np.bincount(cut.labels, c.households[inside])
    for bad in np.flatnonzero(outside(load.astype(np.int64), rules.level3)):
        rest = inside[cut.labels == bad]
        rest = np.flatnonzero(np.isin(node, node[rest]))  # what stays whole goes along
        for other in _beside(c, labels, rest, label):
            changed = labels.copy()
            changed[rest] = other
            if _sound(c, changed, label) and _outside2(c, changed, rules) <= before:
                yield other, changed
    for other in _beside(c, labels, inside, label):
        both = np.flatnonzero((labels == label) | (labels == other))
        nodes, back = np.unique(node[both], return_inverse=True)
        part = replace(induced(problem, nodes), home=None)
        for attempt in range(RECUTS):
            found = solve(part, [2], seed + 7919 * attempt, RECUT_EFFORT)
            changed = labels.copy()
            changed[both] = np.where(found.labels[back] == 0, label, other)
            if found.clashes == 0 and _outside2(c, changed, rules) <= before:
                yield other, changed


def _beside(c: Contacts, labels: Ints, atoms: Ints, label: int) -> list[int]:
    """Return the other grids that some atoms touch, the longest contact first."""
    mine = np.zeros(c.n, dtype=bool)
    mine[atoms] = True
    ends = mine[c.pairs]
    at = np.flatnonzero(ends[:, 0] != ends[:, 1])
    across = labels[np.where(ends[at, 0], c.pairs[at, 1], c.pairs[at, 0])]
    metres = np.bincount(across, c.length[at].sum(axis=1)) if len(at) else np.zeros(0)
    return [int(k) for k in np.argsort(-metres, kind="stable") if metres[k] > 0 and k != label]


def _sound(c: Contacts, labels: Ints, label: int) -> bool:
    """Tell whether a grid is still there and connected."""
    inside = c.take(np.flatnonzero(labels == label))
    return inside.n > 0 and int(components(inside.n, inside.pairs).max()) == 0


def _outside2(c: Contacts, labels: Ints, rules: DivisionRules) -> int:
    return int(outside(np.bincount(labels, c.households).astype(np.int64), rules.level2).sum())
