"""The cheapest crossing: what pieces of ground must share across STRONG barriers, if each grid is to be in the band.

The sand model. A piece is ground between STRONG barriers; its households can be cut off it in any number, as sand,
but for its *lumps*: estates that stay whole. A *crossing grid* takes households of two or more pieces and costs the
household pairs that it holds on different pieces. A group of pieces is laid out when each of its crossing grids is in
the band and what remains of each piece is nothing or can be cut into the band (``lumps_fit``).

Crossing grids do not run through a piece to reach another: those of its pieces that are wholly in it are connected, and
each of the others touches one of them; where none is wholly in it, all touch one another.

Why few layouts need to be tried. Shift one household around a cycle of grids and pieces, or along a path between two
that are not at an end of what they may hold: no sum changes, and in each grid one piece gives one more and another one
less, so the price is concave along the shift, and one of the two ends is no dearer. A cheapest layout is therefore a
tree (two grids share one piece at most, and no cycle of such), in which everything but one is at an end: the grids at a
bound of the band, the remainders at an end of an interval of numbers that can be cut. ``Group.cheapest`` takes such a
tree apart, leaf by leaf. Lumps cannot be shifted: with them the same trees are tried, and what two grids that share two
pieces could do with an estate for each is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, product
from typing import NamedTuple

from gridgis.model import Band

MOST_LUMPS = 8
"""Lumps that are looked at, largest first, to tell whether a piece can be cut; the others are taken as sand."""
REST_LUMPS = 5
"""Lumps that are looked at in what remains of a piece after it gave some of its own."""

FEW_LUMPS = 4
"""Of so many lumps of a piece a crossing grid may take any two, of more one or all."""

Given = tuple[tuple[int, int], ...]
"""A crossing grid: (piece, households that it gives)."""


class Piece(NamedTuple):
    """Households of a piece of ground, and those of its estates that stay whole, largest first."""

    households: int
    lumps: tuple[int, ...] = ()

    @property
    def sand(self) -> int:
        """The households that are in no lump."""
        return self.households - sum(self.lumps)


@dataclass(frozen=True)
class Layout:
    """Crossing grids of a group of pieces; ``price`` is pairs plus the tie-break."""

    price: float
    grids: tuple[Given, ...]

    @property
    def pairs(self) -> int:
        """The household pairs that lie on different pieces inside one grid."""
        return sum(pairs_of([n for _, n in grid]) for grid in self.grids)


def pairs_of(counts: Sequence[int]) -> int:
    """Return the number of pairs of households that are in different ones of some counts.

    Examples
    --------
    >>> pairs_of([50, 250])
    12500
    """
    pairs, total = 0, 0
    for n in counts:
        pairs += total * n
        total += n
    return pairs


def lumps_fit(lumps: Iterable[int], households: int, band: Band) -> bool:
    """Tell whether households of which some come in lumps can be shared out in the band, wherever they stand.

    Examples
    --------
    >>> lumps_fit([288, 378, 240, 330], 1255, Band(300, 500))  # 240 fits with none, and 19 do not fill it up
    False
    >>> lumps_fit([288, 240], 700, Band(300, 500))
    True
    """
    if not band.can_hold(households):
        return False
    return any(low <= households <= high for low, high in _intervals(_largest(lumps), households, band))


def _largest(lumps: Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted((n for n in lumps if n), reverse=True)[:MOST_LUMPS])


@lru_cache(maxsize=16384)
def _intervals(lumps: tuple[int, ...], most: int, band: Band) -> tuple[tuple[int, int], ...]:
    """Return the intervals of numbers, up to about ``most``, that can be shared out if those lumps are among them.

    Where one way to pack the lumps shows that all numbers from ``most - band.upper`` on can be, it is told so at once.
    """
    quick = sorted(_spans((_first_fit(lumps, band),), lumps, most, band))
    low, high = most - band.upper, most - band.upper - 1
    for start, end in quick:
        high = max(high, end) if start <= high + 1 else high
    if quick and high >= most:
        return ((low, high),)
    return tuple(_spans(_packings(lumps, band), lumps, most, band))


def _spans(
    packings: Iterable[tuple[int, int]], lumps: tuple[int, ...], most: int, band: Band
) -> Iterator[tuple[int, int]]:
    for groups, need in packings:
        low, k = sum(lumps) + need, groups
        while low <= most:
            if k > 0 and low <= k * band.upper:
                yield low, k * band.upper
            low, k = low + band.lower, k + 1


def _first_fit(lumps: tuple[int, ...], band: Band) -> tuple[int, int]:
    """Pack lumps into grids, each into the first in which there is room: how many, and the sand they then need."""
    loads: list[int] = []
    for lump in lumps:
        k = next((k for k, load in enumerate(loads) if load + lump <= band.upper), len(loads))
        loads[k : k + 1] = [lump + (loads[k] if k < len(loads) else 0)]
    return len(loads), sum(max(0, band.lower - load) for load in loads)


@lru_cache(maxsize=16384)
def _packings(lumps: tuple[int, ...], band: Band) -> tuple[tuple[int, int], ...]:
    """Return for each number of grids that the lumps can be packed into the sand that these then need."""
    least: dict[tuple[tuple[int, ...], int], int] = {((), 0): 0}  # (loads of grids with room left, full grids) -> sand
    for k, lump in enumerate(lumps):
        smallest = lumps[-1] if k + 1 < len(lumps) else band.upper + 1  # what is still to come needs so much room
        grown: dict[tuple[tuple[int, ...], int], int] = {}
        for (loads, full), need in least.items():
            for i in range(-1, len(loads)):
                load = lump + (loads[i] if i >= 0 else 0)
                if load > band.upper or (i > 0 and loads[i] == loads[i - 1]):
                    continue
                rest = loads[:i] + loads[i + 1 :] if i >= 0 else loads
                more = [*rest, load]
                kept = tuple(sorted(n for n in more if n + smallest <= band.upper))
                sand = need + sum(max(0, band.lower - n) for n in more if n + smallest > band.upper)
                key = (kept, full + len(more) - len(kept))
                grown[key] = min(sand, grown.get(key, sand))
        least = grown
    return tuple(sorted((full, need) for (_, full), need in least.items()))


@lru_cache(maxsize=16384)
def gives(piece: Piece, band: Band) -> tuple[int, ...]:
    """Return what a piece may give to one crossing grid so that its remainder is at an end of what can be cut."""
    out = set()
    for taken in _takes(piece.lumps, band.upper):
        rest = _without(piece.lumps, taken)[:REST_LUMPS]
        ends = {end for interval in _intervals(rest, piece.households, band) for end in interval}
        ends |= set() if rest else {0}
        alone = piece.households - sum(taken)
        if any(low <= alone <= high for low, high in _intervals(rest, alone, band)):
            ends.add(alone)
        out |= {piece.households - r for r in ends if r <= alone}
    return tuple(sorted(x for x in out if 0 < x < band.upper))


@lru_cache(maxsize=16384)
def least_pairs(piece: Piece, band: Band) -> int:
    """Return the pairs of grids that a piece must share at least; 0 where it can be cut alone.

    Examples
    --------
    >>> [least_pairs(Piece(h), Band(300, 500)) for h in (200, 400, 501, 550)]
    [20000, 0, 299, 12500]
    """
    if not piece.households or lumps_fit(piece.lumps, piece.households, band):
        return 0
    return min((x * max(1, band.lower - x) for x in gives(piece, band)), default=0)


def floor_of(least: Sequence[int]) -> float:
    """Return what pieces cost together at least: a pair lies on two pieces, and is counted for each."""
    return max(sum(least) / 2, max(least, default=0))


@lru_cache(maxsize=16384)
def _takes(lumps: tuple[int, ...], most: int) -> tuple[tuple[int, ...], ...]:
    """Return which lumps a crossing grid may take of a piece: none, one, all, and of few lumps any two."""
    some = {t for n in (0, 1, 2)[: 3 if len(lumps) <= FEW_LUMPS else 2] for t in combinations(lumps, n)} | {lumps}
    return tuple(sorted(t for t in some if sum(t) <= most))


def _without(lumps: tuple[int, ...], taken: tuple[int, ...]) -> tuple[int, ...]:
    rest = list(lumps)
    for n in taken:
        rest.remove(n)
    return tuple(rest)


def _give(piece: Piece, most: int, totals: range, wanted: tuple[int, ...]) -> Iterator[tuple[int, Piece]]:
    """Yield how the piece between two grids may give: so many as wanted, or lumps and no sand."""
    for taken in _takes(piece.lumps, most):
        rest = _without(piece.lumps, taken)
        whole = sum(taken)
        for n in {*wanted, whole} if whole in totals else set(wanted):
            if n > 0 and whole <= n <= whole + piece.sand:
                yield n, Piece(piece.households - n, rest)


State = tuple[tuple[int, Piece], ...]


class Group:
    """A connected group of pieces whose cheapest layout is looked for.

    Parameters
    ----------
    pieces
        The pieces by number, the elastic one as well.
    touching
        For each piece the bit mask of those that it touches.
    tie
        Returns the tie-break of a crossing grid of some pieces, far below one pair.
    elastic
        A piece that is taken to be large enough for anything, or -1.
    """

    def __init__(
        self,
        pieces: Sequence[Piece],
        touching: Sequence[int],
        tie: Callable[[Sequence[int]], float],
        band: Band,
        elastic: int = -1,
    ) -> None:
        self.pieces, self.touching, self.tie, self.band, self.elastic = pieces, touching, tie, band, elastic
        self.steps = 0
        self.known: dict[State, tuple[float, Layout | None]] = {}

    def cheapest(self, members: Sequence[int], bound: float) -> Layout | None:
        """Return the cheapest layout of a price below the bound; None where there is none."""
        return self._solve(tuple((i, self.pieces[i]) for i in members), bound)

    def _solve(self, state: State, bound: float) -> Layout | None:
        if len(state) == 1:
            i, p = state[0]
            done = i == self.elastic or p.households == 0 or lumps_fit(p.lumps, p.households, self.band)
            return Layout(0.0, ()) if done and bound > 0 else None
        tried, best = self.known.get(state, (0.0, None))
        if best is not None or tried >= bound:
            return best if best is not None and best.price < bound else None
        for found, rest in self._first_grids(state, bound):
            self.steps += 1
            price: float = pairs_of([n for _, n in found])
            if price >= bound or price + self._floor(rest) >= bound or not self._touch(found):
                continue
            price += self.tie([i for i, _ in found])
            after = self._solve(rest, bound - price) if rest else Layout(0.0, ())
            if after is not None:
                bound = price + after.price
                best = Layout(bound, (found, *after.grids))
        self.known[state] = bound, best
        return best

    def _floor(self, state: State) -> float:
        """Return what those pieces cost at least that cannot be cut alone."""
        return floor_of([least_pairs(p, self.band) for i, p in state if i != self.elastic])

    def _first_grids(self, state: State, bound: float) -> Iterator[tuple[Given, State]]:
        """Yield the last grid that is left, or a leaf of the tree: a grid that only one of its pieces shares."""
        leaf = [() if i == self.elastic else gives(p, self.band) for i, p in state]
        for amounts in product(*leaf):
            if self.band.lower <= sum(amounts) <= self.band.upper:
                yield tuple((i, n) for (i, _), n in zip(state, amounts, strict=True)), ()
        for size in range(1, len(state)):
            for chosen in combinations(range(len(state)), size):
                if not all(leaf[k] for k in chosen):
                    continue
                rest = [k for k in range(len(state)) if k not in chosen]
                if not self._connected([state[k][0] for k in rest]):
                    continue
                for amounts in product(*(leaf[k] for k in chosen)):
                    total = sum(amounts)
                    if total >= self.band.upper:
                        continue
                    if pairs_of(amounts) + total * max(1, self.band.lower - total) < bound:
                        given = tuple((state[k][0], n) for k, n in zip(chosen, amounts, strict=True))
                        yield from self._joints(state, rest, given)

    def _joints(self, state: State, rest: list[int], given: Given) -> Iterator[tuple[Given, State]]:
        """Yield the grids of some leaves with one piece of the rest."""
        total = sum(n for _, n in given)
        totals = range(max(1, self.band.lower - total), self.band.upper - total + 1)
        wanted = (self.band.lower - total, self.band.upper - total)
        givers = sum(1 << i for i, _ in given)
        for j in rest:
            i, piece = state[j]
            if not self.touching[i] & givers:
                continue
            whole = Piece(piece.sand) if i == self.elastic else piece
            for n, left in _give(whole, self.band.upper - total, totals, wanted):
                yield (*given, (i, n)), tuple((state[k][0], left if k == j else state[k][1]) for k in rest)

    def _touch(self, grid: Given) -> bool:
        """Tell whether the pieces of a crossing grid reach one another, and not through a part of a piece."""
        whole = [i for i, n in grid if n == self.pieces[i].households]
        part = [i for i, n in grid if n != self.pieces[i].households]
        if not whole:
            return all(self.touching[i] >> j & 1 for i, j in combinations(part, 2))
        reach = sum(1 << i for i in whole)
        return self._connected(whole) and all(self.touching[i] & reach for i in part)

    def _connected(self, members: Sequence[int]) -> bool:
        inside = sum(1 << i for i in members)
        seen = fresh = inside & -inside
        while fresh:
            i = fresh.bit_length() - 1
            fresh &= ~(1 << i)
            new = self.touching[i] & inside & ~seen
            seen |= new
            fresh |= new
        return seen == inside
