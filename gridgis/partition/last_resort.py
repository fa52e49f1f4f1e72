"""The last resort for ground that cannot be cut into the band alone: it is joined to the ground beside it.

Regions keep estates above the upper limit to themselves, and cross STRONG barriers only where their model says so. What
is left over (a row of shops along an estate's wall, the odd building beside towers) would be a grid outside the band
although a way over the wall could mend it. Here such a region is joined to a neighbour, across the weakest border
first, and both are cut anew; the new cut stays where fewer households lie outside the band.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gridgis.geometry.arrays import Ints
from gridgis.model import Band
from gridgis.partition.graph import Contacts
from gridgis.partition.problem import Problem
from gridgis.partition.regions.pieces import Region
from gridgis.partition.search.stuck import shortfall

Cutter = Callable[[Region, Ints, int], Ints]
"""Cuts a region anew where it must: (region, present labels of its members, seed) to the labels 0..k-1."""

MOST_TRIED = 4
"""Neighbours tried for one region."""
MOST_ATOMS = 400
"""Atoms of all ground that is joined at once, at most."""


def join_leftovers(
    land: Contacts, pieces: list[tuple[Region, Ints]], band: Band, cut: Cutter
) -> list[tuple[Region, Ints]]:
    """Join regions that lie outside the band to neighbours, as long as that brings households into it.

    Parameters
    ----------
    land
        The ground of the parent.
    pieces
        Regions of the land with the labels of their members.
    band
        Households of a grid.
    cut
        How a joined region is cut.

    Returns
    -------
    list
        Regions with labels, in the order of their first members; joined ones have ``closed`` "joined".
    """
    now, used = dict(enumerate(pieces)), len(pieces)
    short = _shortfall(land, pieces, band)
    of = np.full(land.n, -1, dtype=np.int64)
    for i, (region, _) in now.items():
        of[region.members] = i
    waiting = sorted((i for i in now if _outside(land, now[i], band, short)), key=lambda i: (now[i][0].households, i))
    while waiting:
        i = waiting.pop(0)
        found: list[tuple[tuple[int, int], int, tuple[Region, Ints]]] = []
        for j in _beside(land, of, i, now)[:MOST_TRIED]:
            region, labels = _union(now[i], now[j])
            joined = region, cut(region, labels, i)
            more = _worth(joined) - _worth(now[i]) - _worth(now[j])
            found.append((tuple(more.tolist()), len(found), j, joined))
        if found and min(found)[0][0] < 0:
            _, _, j, joined = min(found)
            of[joined[0].members] = used
            del now[i], now[j]
            now[used] = joined
            waiting = [w for w in waiting if w != j]
            if _outside(land, joined, band, short):
                waiting.append(used)
            used += 1
    _join_all(land, of, now, band, short, cut)
    return sorted(now.values(), key=lambda piece: int(piece[0].members[0]))


def _join_all(
    land: Contacts, of: Ints, now: dict[int, tuple[Region, Ints]], band: Band, short: Ints, cut: Cutter
) -> None:
    """Where pairs did not help, join all that can be reached, if it is small, and cut that anew."""
    for i in sorted(now):
        if i not in now or not _outside(land, now[i], band, short):
            continue
        cluster, atoms = [i], len(now[i][0].members)
        for j in cluster:
            if atoms > MOST_ATOMS:
                break
            new = [k for k in _beside(land, of, j, now) if k not in cluster]
            cluster += new
            atoms += sum(len(now[k][0].members) for k in new)
        if len(cluster) < 3 or atoms > MOST_ATOMS:
            continue
        joined = now[i]
        for j in cluster[1:]:
            joined = _union(joined, now[j])
        region, labels = joined[0], cut(joined[0], joined[1], i)
        if _outside(land, (region, labels), band, short) < sum(_outside(land, now[j], band, short) for j in cluster):
            of[region.members] = i
            for j in cluster:
                del now[j]
            now[i] = region, labels


def _shortfall(land: Contacts, pieces: list[tuple[Region, Ints]], band: Band) -> Ints:
    """Return how much every grid that holds an atom must lie outside the band, wherever borders run, (n,)."""
    none = np.zeros(land.n, dtype=np.int64)
    wrong = [region.members for region, labels in pieces if _outside(land, (region, labels), band, none)]
    if not wrong:
        return none
    node = land.whole(band.upper)
    ends = np.unique(np.sort(node[land.pairs], axis=1), axis=0)
    ends = ends[ends[:, 0] != ends[:, 1]]
    weights = np.bincount(node, land.households).astype(np.int64)
    problem = Problem(weights, ends, np.ones(len(ends)), band.lower, band.upper)
    return shortfall(problem, np.unique(node[np.concatenate(wrong)]))[node]


def _outside(land: Contacts, piece: tuple[Region, Ints], band: Band, short: Ints) -> int:
    """Return the households outside the band that could be helped; single buildings and empty ground are no fault."""
    region, labels = piece
    if region.closed in ("building", "empty") or not region.households:
        return 0
    excess = outside(np.bincount(labels, land.households[region.members]).astype(np.int64), band)
    helpless = np.zeros(len(excess), dtype=np.int64)
    np.maximum.at(helpless, labels, short[region.members])
    return int(excess[excess > helpless].sum())


def outside(load: Ints, band: Band) -> Ints:
    """Return how many households lie outside the band, (k,)."""
    return np.maximum(0, np.maximum(band.lower - load, load - band.upper))


def _beside(land: Contacts, of: Ints, i: int, now: dict[int, tuple[Region, Ints]]) -> list[int]:
    """Return the regions beside one that may be joined: across the weakest barrier first, then by metres."""
    ends = of[land.pairs]
    touch = np.flatnonzero((ends == i).any(axis=1) & (ends[:, 0] != ends[:, 1]))
    rank: dict[int, tuple[int, float]] = {}
    for t in touch.tolist():
        j = int(ends[t].sum()) - i
        if now[j][0].closed in ("building", "empty") or not now[j][0].households:
            continue
        weakest, metres = rank.get(j, (-1, 0.0))
        by_class = land.length[t]
        rank[j] = max(weakest, int(np.flatnonzero(by_class)[-1])), metres + float(by_class.sum())
    return sorted(rank, key=lambda j: (-rank[j][0], -rank[j][1], j))


def _union(one: tuple[Region, Ints], two: tuple[Region, Ints]) -> tuple[Region, Ints]:
    first, second = one[0], two[0]
    members = np.concatenate([first.members, second.members])
    labels = np.concatenate([one[1], two[1] + int(one[1].max()) + 1])
    order = np.argsort(members)
    part = np.concatenate([_part(first), _part(second) + len(first.merged)])
    merged = (*first.merged, *second.merged)
    return Region(members[order], first.households + second.households, "joined", merged, part[order]), labels[order]


def _part(region: Region) -> Ints:
    if len(region.part) == len(region.members):
        return region.part
    return np.zeros(len(region.members), dtype=np.int64)
