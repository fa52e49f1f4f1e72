"""Carve the crossing grids of a merged region out of the ground, as the merge model lays them out.

The search sees metres of border, not household pairs: left alone it crosses a barrier with far more households than it
must. Here each crossing grid of the model is grown from where its pieces touch, node by node so that its outline stays
short, and of all sets met on the way the one with the fewest pairs is taken that is in the band and leaves connected
ground that can be cut. The rest of each piece is a region of its own, with no barrier inside.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice, product
from typing import NamedTuple, TypeVar

import numpy as np

from gridgis.geometry.arrays import Ints
from gridgis.model import Band
from gridgis.partition.graph import Contacts
from gridgis.partition.regions.crossing import Given, lumps_fit, pairs_of
from gridgis.partition.regions.pieces import Region, regions

SEEDS = (12, 60)
"""Places along a contact from which a crossing grid is grown; more where the first few do not do."""
PER_SEED = 60
"""Pairs of sets that are kept of one place along a contact."""
SAME = 4
"""Sets of the same number of households that are kept, those with the shortest outlines."""
MOST_TRIED = 200
"""Sets that are tried, cheapest first, for whether they leave connected ground."""
PER_METRE = 2.0
"""Household pairs that a metre of outline is worth when a set is chosen."""


Seed = TypeVar("Seed")


class _Part(NamedTuple):
    """Nodes of one piece that a crossing grid may take: the first ``size`` of ``order``, and one more (-1: none)."""

    order: list[int]
    size: int
    more: int
    households: int
    outline: float

    @property
    def nodes(self) -> set[int]:
        return {*self.order[: self.size], *([self.more] if self.more >= 0 else [])}


class _Ground:
    """Nodes of a region (what stays whole is one): households, piece, contacts."""

    def __init__(self, c: Contacts, part: Ints, band: Band, seeds: int) -> None:
        self.seeds = seeds
        self.node = c.whole(band.upper)
        n = int(self.node.max()) + 1
        self.weight = np.bincount(self.node, c.households, n).astype(np.int64).tolist()
        self.lump = [False] * n
        for v in np.unique(self.node[c.compound >= 0]).tolist():
            self.lump[v] = self.weight[v] > 0
        piece = np.zeros(n, dtype=np.int64)
        piece[self.node] = part
        self.clean = bool((piece[self.node] == part).all())
        self.piece = piece.tolist()
        self.near: list[dict[int, float]] = [{} for _ in range(n)]
        metres = c.length.sum(axis=1)
        ends = self.node[c.pairs]
        outline = np.bincount(self.node, c.outline, n)
        inner = ends[:, 0] == ends[:, 1]
        outline -= 2 * np.bincount(ends[inner, 0], metres[inner], n)
        self.outline = outline.tolist()
        for (a, b), m in zip(ends[~inner].tolist(), metres[~inner].tolist(), strict=True):
            self.near[a][b] = self.near[a].get(b, 0.0) + m
            self.near[b][a] = self.near[b].get(a, 0.0) + m
        self.free = set(range(n))

    def of(self, piece: int) -> set[int]:
        """Return the free nodes of a piece."""
        return {v for v in self.free if self.piece[v] == piece}

    def load(self, nodes: Iterable[int]) -> int:
        return sum(self.weight[v] for v in nodes)

    def parts(self, nodes: Iterable[int]) -> list[set[int]]:
        """Return the connected parts of some nodes, most households first."""
        left, out = set(nodes), []
        while left:
            todo = [min(left)]
            left.discard(todo[0])
            seen = set(todo)
            while todo:
                new = self.near[todo.pop()].keys() & left
                left -= new
                seen |= new
                todo.extend(new)
            out.append(seen)
        return sorted(out, key=lambda p: (-self.load(p), min(p)))

    def grown(self, seed: int, inside: set[int], most: int) -> Iterator[_Part]:
        """Grow a set from a node, by the node that lengthens its outline least; yield it and all with one node more."""
        order, weight, around = [seed], self.weight[seed], self.outline[seed]
        edge = {v: m for v, m in self.near[seed].items() if v in inside}
        seen = {seed}
        while weight <= most:
            size = len(order)
            yield _Part(order, size, -1, weight, around)
            for v, m in edge.items():
                if 0 < self.weight[v] <= most - weight:
                    yield _Part(order, size, v, weight + self.weight[v], around + self.outline[v] - 2 * m)
            if not edge:
                return
            v = min(edge, key=lambda u: (self.outline[u] - 2 * edge[u], u))
            around += self.outline[v] - 2 * edge.pop(v)
            weight += self.weight[v]
            order.append(v)
            seen.add(v)
            for u, m in self.near[v].items():
                if u in inside and u not in seen:
                    edge[u] = edge.get(u, 0.0) + m


def carve(c: Contacts, region: Region, band: Band) -> list[Region]:
    """Part a merged region into its crossing grids and what remains of its pieces.

    Parameters
    ----------
    c
        The ground of the region: its members, in their order.
    region
        As `regions` joined it.
    band
        The households of a grid.

    Returns
    -------
    Regions whose members are positions in the same contacts as those of the region given. Where the ground does not let
    the model's crossing grids be carved, or pins have a say, that region alone: the search must find its way.
    """
    if (
        not region.crossing
        or len(c.apart)
        or len(c.joined)
        or any(sum(n for _, n in grid) not in band for grid in region.crossing)
    ):
        return [region]
    for seeds, order in product(SEEDS, (region.crossing, region.crossing[::-1])):
        ground = _Ground(c, region.part, band, seeds)
        found = _carve_all(ground, order, band) if ground.clean else None
        if found is not None:
            found += [(rest, ()) for p in range(len(region.merged)) for rest in ground.parts(ground.of(p))]
            return [_sub(c, region, ground, nodes, grids) for nodes, grids in found]
    return [region]


def carved_regions(c: Contacts, band: Band, max_area_empty_m2: float) -> list[Region]:
    """Return what `regions` does, with the crossing grids carved out of merged ground."""
    return [
        part
        for region in regions(c, band, max_area_empty_m2)
        for part in (carve(c.take(region.members), region, band) if region.crossing else [region])
    ]


def _carve_all(
    ground: _Ground, grids: tuple[Given, ...], band: Band
) -> list[tuple[set[int], tuple[Given, ...]]] | None:
    found: list[tuple[set[int], tuple[Given, ...]]] = []
    for k, grid in enumerate(grids):
        nodes = _carve_one(ground, grid, grids[k + 1 :], band)
        if nodes is None:
            return None
        ground.free -= nodes
        found.append((nodes, (grid,)))
    return found


def _sub(c: Contacts, region: Region, ground: _Ground, nodes: set[int], grids: tuple[Given, ...]) -> Region:
    inside = np.flatnonzero(np.isin(ground.node, sorted(nodes)))
    return replace(
        region,
        members=region.members[inside],
        households=int(c.households[inside].sum()),
        part=region.part[inside],
        crossing=grids,
    )


def _carve_one(ground: _Ground, grid: Given, later: tuple[Given, ...], band: Band) -> set[int] | None:
    """Return the nodes of one crossing grid; None where none was found."""
    owed = {p: sum(n for g in later for q, n in g if q == p) for p, _ in grid}
    whole = {v for p, n in grid if n == ground.load(ground.of(p)) for v in ground.of(p)}
    partly = [(p, n) for p, n in grid if n != ground.load(ground.of(p))]
    if not partly:
        return whole if len(ground.parts(whole)) == 1 else None
    options: list[tuple[float, int, tuple[_Part, ...]]] = []
    for parts in _ways(ground, whole, partly, owed, band):
        counts = [part.households for part in parts]
        total = sum(counts) + ground.load(whole)
        if total in band:
            pairs = pairs_of([*counts, *(n for p, n in grid if (p, n) not in partly)])
            options.append((pairs + PER_METRE * sum(part.outline for part in parts), len(options), parts))
    for _, _, parts in islice(sorted(options, key=lambda o: o[:2]), MOST_TRIED):
        nodes = whole.union(*(part.nodes for part in parts))
        left = [_left(ground, p, nodes, owed[p], band) for p, _ in partly]
        if all(rest is not None for rest in left):
            nodes = nodes.union(*(rest for rest in left if rest is not None))
            if len(ground.parts(nodes)) == 1:
                return nodes
    return None


def _left(ground: _Ground, p: int, taken: set[int], owed: int, band: Band) -> set[int] | None:
    """Return what a grid must take of a piece besides, empty ground cut off; None if the rest cannot be cut."""
    rest = ground.of(p) - taken
    left = ground.load(rest) - owed
    lumps = () if owed else tuple(ground.weight[v] for v in rest if ground.lump[v])
    if left and not lumps_fit(lumps, left, band):
        return None
    parts = ground.parts(rest)
    if not parts or any(ground.load(part) for part in parts[1:]):
        return None
    return set().union(*parts[1:])


def _ways(
    ground: _Ground, whole: set[int], partly: list[tuple[int, int]], owed: dict[int, int], band: Band
) -> Iterator[tuple[_Part, ...]]:
    """Yield the parts of pieces that a crossing grid may take together."""
    inside = [ground.of(p) for p, _ in partly]
    most = band.upper - ground.load(whole)
    left = [ground.load(nodes) - owed[p] for (p, _), nodes in zip(partly, inside, strict=True)]

    def grown(k: int, seeds: list[int]) -> list[_Part]:
        found = (part for s in seeds for part in ground.grown(s, inside[k], most))
        fit = (q for q in found if q.households and (q.households == left[k] or band.can_hold(left[k] - q.households)))
        return _shortest(fit, SAME)

    if whole:
        per_piece = []
        for k, nodes in enumerate(inside):
            found = grown(k, _spread([v for v in sorted(nodes) if ground.near[v].keys() & whole], ground.seeds))
            near = sorted(found, key=lambda part: abs(part.households - partly[k][1]))
            per_piece.append(near[:12] if len(partly) > 1 else near)
        yield from product(*per_piece)
    elif len(partly) == 2:
        one, two = inside
        seeds = _spread([(a, b) for a in sorted(one) for b in sorted(ground.near[a].keys() & two)], ground.seeds)
        of = [{v: _shortest(grown(k, [v]), SAME) for v in {pair[k] for pair in seeds}} for k in (0, 1)]
        for a, b in seeds:
            yield from _best_pairs(of[0][a], of[1][b], band)


def _best_pairs(first: list[_Part], second: list[_Part], band: Band) -> Iterator[tuple[_Part, ...]]:
    """Yield some of the cheapest pairs of parts that are in the band together."""
    if not first or not second:
        return
    n, m = (np.array([part.households for part in parts]) for parts in (first, second))
    x, y = (np.array([part.outline for part in parts]) for parts in (first, second))
    total = n[:, None] + m
    price = np.where(
        (total >= band.lower) & (total <= band.upper), n[:, None] * m + PER_METRE * (x[:, None] + y), np.inf
    )
    for k in np.argsort(price, axis=None, kind="stable")[:PER_SEED].tolist():
        i, j = divmod(k, len(second))
        if np.isfinite(price[i, j]):
            yield first[i], second[j]


def _shortest(parts: Iterable[_Part], most: int) -> list[_Part]:
    """Keep of the parts with the same households those with the shortest outline."""
    of: dict[int, list[_Part]] = {}
    for part in parts:
        of.setdefault(part.households, []).append(part)
    return [q for n in sorted(of) for q in sorted(of[n], key=lambda q: q.outline)[:most]]


def _spread(seeds: list[Seed], most: int) -> list[Seed]:
    """Return some of many, evenly."""
    step = max(1, -(-len(seeds) // most))
    return seeds[::step]
