"""Try every contiguous grouping of a small region: to prove that none is within the band, or to find one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np

from gridgis.geometry.arrays import Floats, Ints
from gridgis.model import Band
from gridgis.partition.graph import Contacts
from gridgis.partition.search import components

STEPS = 20_000
"""Groups looked at before giving up: then nothing is proven."""
MOST_UNITS = 60
"""Buildings of a region that is looked at; more have too many groupings."""
FIND_STEPS = 20_000
"""Groups looked at before the search for a grouping ends: mostly below a second."""


class _GaveUpError(Exception):
    pass


def can_group(c: Contacts, band: Band) -> bool | None:
    """Tell whether the households of connected ground can be grouped into contiguous groups within a band.

    Ground without households joins whatever it touches, which only makes more groupings possible; so False is a
    proof. None: too many groupings to try.

    Notes
    -----
    The lowest unit not yet grouped must be in some group; all connected groups within the band that hold it are tried.
    """
    units, neighbours, weights = _units(c)
    if len(units) > MOST_UNITS:
        return None
    steps = iter(range(STEPS))

    @cache
    def solvable(free: int) -> bool:
        if free == 0:
            return True
        seed = (free & -free).bit_length() - 1
        return any(solvable(free & ~group) for group in _groups_of(seed, free, neighbours, weights, band, steps))

    try:
        return solvable((1 << len(units)) - 1)
    except (_GaveUpError, RecursionError):
        return None


def _groups_of(
    seed: int, free: int, neighbours: list[int], weights: list[int], band: Band, steps: Iterator[int]
) -> list[int]:
    """Return all connected subsets of free units that hold the seed and weigh within the band."""
    start = 1 << seed
    found, stack, seen = [], [(start, weights[seed], neighbours[seed])], {start}
    while stack:
        group, load, reach = stack.pop()
        if next(steps, None) is None:
            raise _GaveUpError
        if load in band:
            found.append(group)
        for i in _bits(reach & free & ~group):
            grown = group | 1 << i
            if load + weights[i] <= band.upper and grown not in seen:
                seen.add(grown)
                stack.append((grown, load + weights[i], reach | neighbours[i]))
    return found


def _bits(mask: int) -> list[int]:
    out = []
    while mask:
        low = mask & -mask
        out.append(low.bit_length() - 1)
        mask ^= low
    return out


def _units(c: Contacts) -> tuple[Ints, list[int], list[int]]:
    """Return the atoms with households, their contacts (through empty ground too) as bit masks, and their weights."""
    units = np.flatnonzero(c.households > 0)
    position = {int(u): i for i, u in enumerate(units)}
    neighbours = [0] * len(units)

    def join(group: list[int]) -> None:
        mask = sum(1 << position[u] for u in group)
        for u in group:
            neighbours[position[u]] |= mask & ~(1 << position[u])

    empty = c.households == 0
    both_empty = empty[c.pairs].all(axis=1)
    part = components(c.n, c.pairs[both_empty])
    touching: dict[int, set[int]] = {}
    for a, b in c.pairs.tolist():
        if not empty[a] and not empty[b]:
            join([a, b])
        elif empty[a] != empty[b]:
            full, hollow = (b, a) if empty[a] else (a, b)
            touching.setdefault(int(part[hollow]), set()).add(full)
    for group in touching.values():
        join(sorted(group))
    return units, neighbours, [int(w) for w in c.households[units]]


def find_grouping(weights: Ints, edges: Ints, costs: Floats, band: Band) -> Ints | None:
    """Find contiguous groups of nodes within the band, for a region where the search by spanning trees found none.

    All groups are tried, each with the shortest ways over empty ground that it needs: what is found is a grouping; not
    every grouping is found, since other ways may leave more to the others.

    Parameters
    ----------
    weights, edges, costs
        (n,), (m, 2), (m,) of a connected graph, as for ``partition_graph``. Nodes without weight join where they are
        needed to connect a group, the others afterwards, over the dearest edge.

    Returns
    -------
    (n,) labels 0..k-1; None where nothing was found, which proves nothing (``can_group`` does).

    Examples
    --------
    Two of 20 at the ends of a row, joined by empty ground past two others, which are joined over the first:

    >>> find_grouping(np.array([20, 0, 20, 35]), np.array([[0, 1], [1, 2], [1, 3]]), np.ones(3), Band(30, 50)).tolist()
    [1, 1, 1, 0]
    """
    if np.count_nonzero(weights) > MOST_UNITS:
        return None
    touch = [0] * len(weights)
    for a, b in edges.tolist():
        touch[a] |= 1 << b
        touch[b] |= 1 << a
    search = _Finder([int(w) for w in weights], touch, band)
    try:
        groups = search.cover((1 << len(weights)) - 1)
    except (_GaveUpError, RecursionError):
        return None
    if not groups:
        return None
    labels = np.full(len(weights), -1, dtype=np.int64)
    for k, group in enumerate(groups):
        labels[_bits(group)] = k
    return _spread(labels, edges[np.argsort(-costs, kind="stable")])


def _spread(labels: Ints, edges: Ints) -> Ints:
    """Give nodes without a label (-1) to a labelled neighbour, over the first edge that there is."""
    out = labels.tolist()
    while -1 in out:
        for a, b in edges.tolist():
            if (out[a] < 0) != (out[b] < 0):
                out[a] = out[b] = max(out[a], out[b])
    return np.array(out, dtype=np.int64)


class _Finder:
    """One search for a grouping; sets of nodes are bit masks."""

    def __init__(self, weights: list[int], touch: list[int], band: Band) -> None:
        self.weights, self.touch, self.band = weights, touch, band
        self.full = sum(1 << i for i, w in enumerate(weights) if w)
        self.steps = 0
        self.failed: set[int] = set()

    def cover(self, nodes: int) -> list[int] | None:
        """Return groups that hold all nodes with weight; None where there are none."""
        out: list[int] = []
        pieces = sorted((p for p in self._pieces(self._useful(nodes)) if p & self.full), key=int.bit_count)
        if any(p in self.failed or not self.band.can_hold(self._weigh(p)) for p in pieces):
            return None
        for piece in pieces:
            found = self._cover_piece(piece)
            if found is None:
                self.failed.add(piece)
                return None
            out.extend(found)
        return out

    def _cover_piece(self, piece: int) -> list[int] | None:
        """Try all groups around the node with the least choice: few contacts, then much weight."""
        seed = min(_bits(piece & self.full), key=lambda i: ((self.touch[i] & piece).bit_count(), -self.weights[i], i))
        for group in self._groups(seed, piece):
            rest = self.cover(piece & ~group)
            if rest is not None:
                return [group, *rest]
        return None

    def _groups(self, seed: int, nodes: int) -> Iterator[int]:
        """Yield contiguous groups within the band that hold the seed, joined over empty ground where they need it."""
        hollow = nodes & ~self.full
        near = {i: self._within_reach(i, nodes, hollow) for i in _bits(nodes & self.full)}
        free = nodes & self.full & ~(1 << seed)
        stack = [(1 << seed, self.weights[seed], near[seed] & free, free)]
        while stack:
            group, load, reach, free = stack.pop()
            self.steps += 1
            if self.steps > FIND_STEPS:
                raise _GaveUpError
            if load in self.band and (joined := self._join(group, hollow)):
                yield joined
            for i in _bits(reach):
                free &= ~(1 << i)
                if load + self.weights[i] <= self.band.upper:
                    stack.append((group | 1 << i, load + self.weights[i], (reach | near[i]) & free, free))

    def _within_reach(self, i: int, nodes: int, hollow: int) -> int:
        """Return the nodes with weight that a node touches, directly or over empty ground."""
        seen = fresh = 1 << i
        while fresh:
            fresh = self._touched(fresh) & nodes & ~seen
            seen |= fresh
            fresh &= hollow
        return seen & self.full & ~(1 << i)

    def _join(self, group: int, hollow: int) -> int:
        """Add the empty nodes of shortest ways between the pieces of a group; 0 where there is no way."""
        while (piece := self._flood(group)) != group:
            rings, seen = [piece], piece
            while not self._touched(rings[-1]) & group & ~piece:
                ring = self._touched(rings[-1]) & hollow & ~seen
                if not ring:
                    return 0
                rings.append(ring)
                seen |= ring
            ahead = group & ~piece
            for ring in reversed(rings[1:]):
                step = ring & self._touched(ahead)
                ahead = step & -step
                group |= ahead
        return group

    def _touched(self, nodes: int) -> int:
        out = 0
        for i in _bits(nodes):
            out |= self.touch[i]
        return out

    def _useful(self, nodes: int) -> int:
        """Leave out empty nodes whose neighbours touch one another anyway."""
        changed = True
        while changed:
            changed = False
            for i in _bits(nodes & ~self.full):
                near = self.touch[i] & nodes
                if all(not near & ~self.touch[j] & ~(1 << j) for j in _bits(near)):
                    nodes &= ~(1 << i)
                    changed = True
        return nodes

    def _pieces(self, nodes: int) -> Iterator[int]:
        while nodes:
            piece = self._flood(nodes)
            yield piece
            nodes &= ~piece

    def _flood(self, nodes: int) -> int:
        """Return the piece that holds the lowest node."""
        piece, fresh = 0, nodes & -nodes
        while fresh:
            piece |= fresh
            fresh = self._touched(fresh) & nodes & ~piece
        return piece

    def _weigh(self, nodes: int) -> int:
        return sum(self.weights[i] for i in _bits(nodes))
