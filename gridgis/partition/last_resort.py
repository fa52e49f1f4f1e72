"""The last resort for ground that cannot be cut into the band alone: it is joined to the ground beside it.

Regions keep estates above the upper limit to themselves, and cross STRONG barriers only where their model says so. What
is left over (a row of shops along an estate's wall, the odd building beside towers) would be a grid outside the band
although a way over the wall could mend it. Here such a region is joined to a neighbour, and both are cut anew. That
stays where fewer households lie outside the band: with the neighbour that leaves the fewest, of several such with the
fewest household pairs across STRONG barriers, of several such across the weakest border.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gridgis.geometry.arrays import Ints
from gridgis.model import Band
from gridgis.partition.graph import Contacts
from gridgis.partition.problem import CLASH, Problem, pairs_across
from gridgis.partition.regions.pieces import Region, sides
from gridgis.partition.search.stuck import shortfall

Cutter = Callable[[Region, Ints, int], Ints]
"""Cuts a region anew where it must: (region, present labels of its members, seed) to the labels 0..k-1."""

MOST_TRIED = 4
"""Neighbours tried for one region."""
MOST_ATOMS = 400
"""Atoms of all ground that is joined at once, at most."""

Piece = tuple[Region, Ints]
"""A region with the labels of its members."""


def join_leftovers(land: Contacts, pieces: list[Piece], band: Band, cut: Cutter) -> list[Piece]:
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
    ground = _Ground(land, pieces, band)
    now = ground.now
    waiting = sorted((i for i in now if ground.outside(now[i])), key=lambda i: (now[i][0].households, i))
    while waiting:
        i = waiting.pop(0)
        tried: list[tuple[tuple[int, int], int, int, Piece]] = []
        for j in ground.beside(i)[:MOST_TRIED]:
            region, labels = _union(now[i], now[j])
            joined = region, cut(region, labels, i)
            tried.append((ground.gain([i, j], joined), -len(tried), j, joined))
            if not ground.outside(joined) and tried[-1][0][1] >= 0:
                break  # good enough: all is in the band, with no more pairs
        if tried and max(tried)[0][0] > 0:
            _, _, j, joined = max(tried)
            new = ground.join([i, j], joined)
            waiting = [w for w in waiting if w != j] + [new] * bool(ground.outside(joined))
    _join_all(ground, cut)
    return sorted(now.values(), key=lambda piece: int(piece[0].members[0]))


def _join_all(ground: _Ground, cut: Cutter) -> None:
    """Where pairs did not help, join all that can be reached, if it is small, and cut that anew."""
    now = ground.now
    for i in sorted(now):
        if i not in now or not ground.outside(now[i]):
            continue
        cluster, atoms = [i], len(now[i][0].members)
        for j in cluster:
            if atoms > MOST_ATOMS:
                break
            new = [k for k in ground.beside(j) if k not in cluster]
            cluster += new
            atoms += sum(len(now[k][0].members) for k in new)
        if len(cluster) < 3 or atoms > MOST_ATOMS:
            continue
        region, labels = now[i]
        for j in cluster[1:]:
            region, labels = _union((region, labels), now[j])
        joined = region, cut(region, labels, i)
        if ground.gain(cluster, joined)[0] > 0:
            ground.join(cluster, joined)


class _Ground:
    """The regions of a land by number (``now``), and what they are worth."""

    def __init__(self, land: Contacts, pieces: list[Piece], band: Band) -> None:
        self.land, self.band = land, band
        self.now = dict(enumerate(pieces))
        self.used = len(pieces)
        self.of = np.full(land.n, -1, dtype=np.int64)
        for i, (region, _) in self.now.items():
            self.of[region.members] = i
        self.short = np.zeros(land.n, dtype=np.int64)
        wrong = [piece[0].members for piece in pieces if self.outside(piece)]
        if wrong:
            self.short = _shortfall(land, np.concatenate(wrong), band)
            self.side = sides(land)

    def outside(self, piece: Piece) -> int:
        """Return the households outside the band that could be helped; single buildings, empty ground are no fault.

        A pair that a grid holds although pins keep it apart counts as CLASH of them.
        """
        region, labels = piece
        if region.closed in ("building", "empty") or not region.households:
            return 0
        load = np.bincount(labels, self.land.households[region.members]).astype(np.int64)
        excess, helpless = outside(load, self.band), np.zeros(len(load), dtype=np.int64)
        np.maximum.at(helpless, labels, self.short[region.members])
        return int(excess[excess > helpless].sum()) + CLASH * self._clashes(piece)

    def _clashes(self, piece: Piece) -> int:
        if not len(self.land.apart):
            return 0
        grid = np.full(self.land.n, -1, dtype=np.int64)
        grid[piece[0].members] = piece[1]
        a, b = grid[self.land.apart].T
        return int(((a >= 0) & (a == b)).sum())

    def gain(self, numbers: list[int], joined: Piece) -> tuple[int, int]:
        """Return how many households outside the band, and how many pairs across barriers, joining regions saves."""
        before = [self.now[k] for k in numbers]
        fewer = sum(self.outside(piece) for piece in before) - self.outside(joined)
        return fewer, sum(self._pairs(piece) for piece in before) - self._pairs(joined)

    def _pairs(self, piece: Piece) -> int:
        region, labels = piece
        return pairs_across(self.side[region.members], labels, self.land.households[region.members])

    def join(self, numbers: list[int], joined: Piece) -> int:
        """Put one region in the place of several; return its number."""
        for k in numbers:
            del self.now[k]
        self.now[self.used] = joined
        self.of[joined[0].members] = self.used
        self.used += 1
        return self.used - 1

    def beside(self, i: int) -> list[int]:
        """Return the regions beside one that may be joined: across the weakest barrier first, then by metres."""
        ends = self.of[self.land.pairs]
        touch = np.flatnonzero((ends[:, 0] == i) != (ends[:, 1] == i))
        rank: dict[int, tuple[int, float]] = {}
        for t in touch.tolist():
            j = int(ends[t].sum()) - i
            if self.now[j][0].closed in ("building", "empty") or not self.now[j][0].households:
                continue
            weakest, metres = rank.get(j, (-1, 0.0))
            by_class = self.land.length[t]
            rank[j] = max(weakest, int(np.flatnonzero(by_class)[-1])), metres + float(by_class.sum())
        return sorted(rank, key=lambda j: (-rank[j][0], -rank[j][1], j))


def _shortfall(land: Contacts, wrong: Ints, band: Band) -> Ints:
    """Return how much every grid that holds one of some atoms must lie outside the band, wherever borders run, (n,)."""
    node = land.whole(band.upper)
    ends = node[land.pairs]
    ends = ends[ends[:, 0] != ends[:, 1]]  # an edge given twice does no harm
    weights = np.bincount(node, land.households).astype(np.int64)
    problem = Problem(weights, ends, np.ones(len(ends)), band.lower, band.upper)
    return shortfall(problem, np.unique(node[wrong]))[node]


def outside(load: Ints, band: Band) -> Ints:
    """Return how many households lie outside the band, (k,)."""
    return np.maximum(0, np.maximum(band.lower - load, load - band.upper))


def _union(one: Piece, two: Piece) -> Piece:
    first, second = one[0], two[0]
    members = np.concatenate([first.members, second.members])
    labels = np.concatenate([one[1], two[1] + int(one[1].max()) + 1])
    order = np.argsort(members)
    part = np.concatenate([_part(first), _part(second) + len(first.merged)])
    merged = (*first.merged, *second.merged)
    joined = Region(
        members[order],
        first.households + second.households,
        "joined",
        merged,
        part[order],
        (*first.needy, *(k + len(first.merged) for k in second.needy)),
        (*first.crossing, *(tuple((k + len(first.merged), n) for k, n in grid) for grid in second.crossing)),
        first.exact and second.exact,
    )
    return joined, labels[order]


def _part(region: Region) -> Ints:
    if len(region.part) == len(region.members):
        return region.part
    return np.zeros(len(region.members), dtype=np.int64)
