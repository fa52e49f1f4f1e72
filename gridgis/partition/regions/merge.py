"""Which pieces of ground are joined across STRONG barriers: the cheapest grouping in which each can be cut in the band.

A piece that cannot be cut into the band alone is *needy*. Pieces are parted into connected groups, each with the price
of its cheapest layout (`crossing`); a piece that needs nobody joins only where a needy one profits. Households that
stay outside the band in every grouping are dearer than any crossing.

1. A host so large that it could serve all around it is *elastic*: each group around it is priced alone. The answer is
   checked, and a host that had to give more than it can is made an ordinary piece: so nothing is lost by the shortcut.
2. Groups are grown piece by piece from the needy ones. A group dearer than the cheapest way to do without it (found
   among the smaller ones) is dropped, which leaves few. In ground of more than ``SMALL`` pieces a group grows by a
   piece that needs nobody only while it is not yet as cheap as can be.
3. The groups are chosen so that each needy piece is in one and no other piece in two: by dynamic programming in small
   clusters, else as an integer program (HiGHS in scipy).

In ground of up to ``SMALL`` pieces that is the cheapest of all layouts (with estates: of those that `crossing` tries),
and ``Merged.exact`` says so. In larger ground 2 is a shortcut and groups have up to ``MOST_PIECES`` pieces (what else
hangs on an elastic host not counted); of 300 random grounds of 4 to 7 pieces it lost in one, by 0.7 %. Where groups are
left outside the band they are joined greedily and all is tried again, each taken as one piece: its grids may then run
through a part of one of its pieces to another, which the layouts above may not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gridgis.geometry.arrays import Floats, Ints
from gridgis.model import Band
from gridgis.partition.components import components
from gridgis.partition.regions.covering import bits, choose
from gridgis.partition.regions.crossing import Given, Group, Layout, Piece, floor_of, least_pairs, lumps_fit, pairs_of

MOST_PIECES = 6
"""Pieces of a group whose layouts are tried."""
SMALL = 6
"""Connected ground of so many pieces is solved by trying all of its groups."""
MOST_STEPS = 12_000
"""Grids tried in all groups of larger connected ground before the larger groups are left out."""
OUTSIDE = 1e6
"""Price of a household outside the band: more than the pairs of any crossing grid."""


@dataclass(frozen=True)
class Joined:
    """Pieces that are cut into grids together, and how the model does it; ``excess``: households outside the band."""

    members: tuple[int, ...]
    grids: tuple[Given, ...] = ()
    excess: int = 0

    @property
    def pairs(self) -> int:
        """The household pairs that have to be on different pieces inside one grid."""
        return sum(pairs_of([n for _, n in grid]) for grid in self.grids)


@dataclass(frozen=True)
class Merged:
    """All pieces in groups, in the order of their lowest piece; ``exact`` tells whether all layouts were tried."""

    groups: tuple[Joined, ...]
    exact: bool


@dataclass(frozen=True)
class Map:
    """Pieces and the contacts between them: ``pairs`` (m, 2) a < b, each once; ``tie`` (m,) in 0..0.1, best first."""

    pieces: Sequence[Piece]
    pairs: Ints
    tie: Floats

    @cached_property
    def touching(self) -> list[int]:
        """For each piece the bit mask of those that it touches."""
        out = [0] * len(self.pieces)
        for a, b in self.pairs.tolist():
            out[a] |= 1 << b
            out[b] |= 1 << a
        return out

    @cached_property
    def _ties(self) -> dict[tuple[int, int], float]:
        rows = zip(self.pairs.tolist(), self.tie.tolist(), strict=True)
        return {pair: t for (a, b), t in rows for pair in ((a, b), (b, a))}

    def tie_of(self, members: Sequence[int]) -> float:
        """Return the tie-break of a crossing grid: the best contact of each of its pieces but the first."""
        best = (min(self._ties.get((i, j), 1.0) for j in members if j != i) for i in members[1:])
        return sum(best)


def excess(households: int, band: Band) -> int:
    """Return how many households at least are outside the band, whatever the number of grids.

    Examples
    --------
    >>> [excess(h, Band(300, 500)) for h in (120, 300, 501, 580, 600)]
    [180, 0, 1, 20, 0]
    """
    k = max(1, households // band.lower)
    return min(max(0, n * band.lower - households, households - n * band.upper) for n in (k, k + 1))


def merge(ground: Map, band: Band) -> Merged:
    """Part pieces into connected groups that can be cut into the band, at the lowest price.

    Parameters
    ----------
    ground
        Pieces with households (each more than 0), and their contacts.
    band
        The households of a grid.
    """
    label = components(len(ground.pieces), ground.pairs)
    order = np.argsort(label, kind="stable")
    groups: list[Joined] = []
    exact = True
    for members in np.split(order, np.flatnonzero(np.diff(label[order])) + 1) if len(order) else []:
        inside = [int(i) for i in members]
        found, sure = _merge_connected(ground, inside, band)
        groups.extend(found)
        exact &= sure
    return Merged(tuple(sorted(groups, key=lambda g: g.members)), exact)


def _fits(piece: Piece, band: Band) -> bool:
    return lumps_fit(piece.lumps, piece.households, band)


def _merge_connected(ground: Map, inside: list[int], band: Band) -> tuple[list[Joined], bool]:
    pieces = [ground.pieces[i] for i in inside]
    if all(_fits(p, band) for p in pieces):
        return [Joined((i,)) for i in inside], True
    total = sum(p.households for p in pieces)
    if total <= band.lower:
        grids = (tuple((i, ground.pieces[i].households) for i in inside),) if len(inside) > 1 else ()
        return [Joined(tuple(inside), grids, band.lower - total)], True
    chosen, complete = _Search(ground, inside, band).run()
    if len(chosen) > 1 and (stuck := sum(g.excess for g in chosen)):
        coarser = _coarser(ground, chosen, band)
        if sum(g.excess for g in coarser) < stuck:
            return coarser, False
    return chosen, complete and len(inside) <= SMALL


def _coarser(ground: Map, chosen: list[Joined], band: Band) -> list[Joined]:
    """Join each group that is stuck with a neighbour, the smallest first, and part the ground anew."""
    chosen = sorted(chosen, key=lambda g: g.members)
    group = {i: k for k, g in enumerate(chosen) for i in g.members}
    near: dict[tuple[int, int], float] = {}
    for (a, b), t in zip(ground.pairs.tolist(), ground.tie.tolist(), strict=True):
        if a in group and group[a] != group[b]:
            for pair in ((group[a], group[b]), (group[b], group[a])):
                near[pair] = min(t, near.get(pair, 1.0))
    size = [sum(ground.pieces[i].households for i in g.members) for g in chosen]
    root = list(range(len(chosen)))
    for k in sorted((k for k, g in enumerate(chosen) if g.excess), key=lambda k: (size[k], k)):
        if root[k] != k or root.count(k) > 1:
            continue
        others = [(not chosen[b].excess, t, b) for (a, b), t in near.items() if a == k and root[b] != k]
        if others:
            root[k] = root[min(others)[2]]
    return _again(ground, chosen, root, near, band)


def _again(
    ground: Map, chosen: list[Joined], root: list[int], near: dict[tuple[int, int], float], band: Band
) -> list[Joined]:
    """Merge the groups that were joined, taken as pieces; what is priced by the model is theirs alone."""
    names = sorted(set(root))
    parts = [[k for k, r in enumerate(root) if r == name] for name in names]
    members = [tuple(sorted(i for k in part for i in chosen[k].members)) for part in parts]
    whole = [
        Piece(
            sum(ground.pieces[i].households for i in m),
            tuple(sorted((n for i in m for n in ground.pieces[i].lumps), reverse=True)),
        )
        for m in members
    ]
    ties: dict[tuple[int, int], float] = {}
    for (a, b), t in near.items():
        i, j = names.index(root[a]), names.index(root[b])
        if i < j:
            ties[i, j] = min(t, ties.get((i, j), 1.0))
    keys = sorted(ties)
    coarse = Map(whole, np.array(keys, dtype=np.int64).reshape(-1, 2), np.array([ties[k] for k in keys]))
    done = merge(coarse, band)
    return [_unfold(ground, [members[k] for k in g.members], g, band) for g in done.groups]


def _unfold(ground: Map, members: list[tuple[int, ...]], group: Joined, band: Band) -> Joined:
    """Name the pieces again; of pieces that were joined before, one after the other gives what their whole gives."""
    stock = {k: [(i, ground.pieces[i].households) for i in m] for k, m in zip(group.members, members, strict=True)}
    grids = [[part for k, n in grid for part in _take(stock[k], n)] for grid in group.grids]
    for rest in stock.values():
        total = sum(n for _, n in rest)
        parts = max(1, total // band.lower)
        for p in range(parts):
            grids.append(_take(rest, total // parts + (p < total % parts)))
    flat = tuple(sorted(i for m in members for i in m))
    return Joined(flat, tuple(tuple(sorted(grid)) for grid in grids if len(grid) > 1), group.excess)


def _take(stock: list[tuple[int, int]], wanted: int) -> list[tuple[int, int]]:
    """Take households from the first pieces that have some left."""
    out = []
    while wanted and stock:
        i, left = stock.pop(0)
        n = min(left, wanted)
        out.append((i, n))
        wanted -= n
        if left > n:
            stock.insert(0, (i, left - n))
    return out


@dataclass(frozen=True)
class _Column:
    """A group that may be chosen, as a bit mask of pieces (local numbers) without elastic ones."""

    mask: int
    members: tuple[int, ...]
    price: float
    layout: Layout
    excess: int


class _Search:
    """The search for the best groups of connected ground; pieces are numbered 0.. inside it."""

    def __init__(self, ground: Map, inside: list[int], band: Band) -> None:
        position = {i: k for k, i in enumerate(inside)}
        rows = [k for k, (a, _) in enumerate(ground.pairs.tolist()) if a in position]
        local = [(position[a], position[b]) for a, b in ground.pairs[rows].tolist()]
        pairs = np.array(local, dtype=np.int64).reshape(-1, 2)
        self.map = Map([ground.pieces[i] for i in inside], pairs, ground.tie[rows])
        self.inside, self.band = inside, band
        self.needy = sum(1 << k for k, p in enumerate(self.map.pieces) if not _fits(p, band))
        self.least = [least_pairs(p, band) for p in self.map.pieces]
        self.all = len(inside) <= SMALL
        self.elastic = 0 if self.all else self._elastic()
        self.complete = True
        self.steps = 0

    def run(self) -> tuple[list[Joined], bool]:
        while True:
            self._columns()
            found, proven = choose([c.mask for c in self.columns], [c.price for c in self.columns], self.needy)
            groups = self._groups([self.columns[k] for k in found])
            self.complete &= proven
            overdrawn = self._overdrawn(groups)
            if not overdrawn:
                return groups, self.complete
            self.elastic &= ~overdrawn

    def _elastic(self) -> int:
        """Return the pieces so large that whatever they give, the rest can be cut."""
        lower, upper = self.band.lower, self.band.upper
        if lower == upper:
            return 0
        enough = lower * -(-(lower - 1) // (upper - lower)) + upper
        big = (k for k, p in enumerate(self.map.pieces) if p.households >= enough and p.sand >= upper)
        return sum(1 << k for k in big if not self.needy >> k & 1)

    def _overdrawn(self, groups: list[Joined]) -> int:
        """Return the elastic pieces that could not really be cut after what they give."""
        out = 0
        for g in groups:
            given: dict[int, int] = {}
            for i, n in (pair for grid in g.grids for pair in grid):
                given[i] = given.get(i, 0) + n
            for k in bits(sum(1 << self.inside.index(i) for i in g.members) & self.elastic):
                piece, n = self.map.pieces[k], given.get(self.inside[k], 0)
                if n > piece.sand or not lumps_fit(piece.lumps, piece.households - n, self.band):
                    out |= 1 << k
        return out

    def _columns(self) -> None:
        """Grow groups from the needy pieces, size by size; keep those without which it would be dearer."""
        self.columns: list[_Column] = []
        self.by_needy: dict[int, list[_Column]] = {k: [] for k in bits(self.needy)}
        self.known: dict[int, float] = {}
        front: dict[int, bool] = {}
        for k in bits(self.needy):
            out = max(1, excess(self.map.pieces[k].households, self.band))
            self._keep(_Column(1 << k, (k,), OUTSIDE * out, Layout(0.0, ()), out))
            front[1 << k] = True
        for _ in range(2, MOST_PIECES + 1 + self.all):
            grown = sorted(self._grown(front))
            front = {}
            for mask in grown:
                if self.steps > MOST_STEPS and not self.all:
                    self.complete = False
                    return
                front[mask] = self._price(mask)
            if not front:
                return
        self.complete &= self.all or not any(front.values())

    def _grown(self, front: dict[int, bool]) -> set[int]:
        out = set()
        for mask, wants in front.items():
            reach = 0
            for k in bits(mask):
                reach |= self.map.touching[k]
            for k in bits(reach & ~mask):
                one = 1 << k
                more = self.all or wants or bool(one & self.needy)
                if more and not (one & self.elastic and mask & self.elastic):
                    out.add(mask | one)
        return out

    def _price(self, mask: int) -> bool:
        """Price a group, keep it if it is worth it; tell whether a piece that needs nobody could make it cheaper."""
        members = tuple(bits(mask))
        without = self._cover(mask)
        floor = floor_of([self.least[k] for k in bits(mask & self.needy)])
        if floor >= without:
            return False
        host = (mask & self.elastic).bit_length() - 1
        group = Group(self.map.pieces, self.map.touching, self.map.tie_of, self.band, host)
        layout = group.cheapest(members, without)
        self.steps += group.steps
        if layout is not None:
            self._keep(_Column(mask & ~self.elastic, members, layout.price, layout, 0))
            alone = (mask & self.needy).bit_count() == 1
            return alone and layout.pairs > floor
        total = sum(self.map.pieces[k].households for k in members)
        out = max(1, excess(total, self.band))
        price = OUTSIDE * out + len(members)
        if host < 0 and price < without and not self.band.can_hold(total):
            self._keep(_Column(mask, members, price, Layout(0.0, ()), out))
        return without >= OUTSIDE

    def _keep(self, column: _Column) -> None:
        self.columns.append(column)
        self.known.clear()
        for k in bits(column.mask & self.needy):
            self.by_needy[k].append(column)

    def _cover(self, mask: int) -> float:
        """Return the lowest price at which the needy pieces of a set get by with the groups inside it known so far."""
        wanted = mask & self.needy
        if not wanted:
            return 0.0
        if mask in self.known:
            return self.known[mask]
        low = (wanted & -wanted).bit_length() - 1
        best = float("inf")
        for c in self.by_needy[low]:
            if c.mask & ~mask == 0 and c.price < best and self._inside(c, mask):
                best = min(best, c.price + self._cover(mask & ~c.mask))
        self.known[mask] = best
        return best

    def _inside(self, c: _Column, mask: int) -> bool:
        return all(mask >> k & 1 for k in c.members)

    def _groups(self, chosen: list[_Column]) -> list[Joined]:
        """Join chosen groups that share an elastic piece; all other pieces stand alone."""
        n = len(self.inside)
        links = [(c.members[0], k) for c in chosen for k in c.members[1:]]
        label = components(n, np.array(links, dtype=np.int64).reshape(-1, 2))
        grids: list[list[Given]] = [[] for _ in range(n)]
        out = [0] * n
        for c in chosen:
            grids[label[c.members[0]]].extend(
                tuple(sorted((self.inside[k], x) for k, x in grid)) for grid in c.layout.grids
            )
            out[label[c.members[0]]] += c.excess
        members: list[list[int]] = [[] for _ in range(n)]
        for k in range(n):
            members[label[k]].append(self.inside[k])
        return [Joined(tuple(m), tuple(sorted(grids[g])), out[g]) for g, m in enumerate(members) if m]
