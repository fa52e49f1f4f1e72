"""Can units that touch be put into contiguous groups within a band? Exact, by covering each unit once.

The unit that is hardest to place must be in some contiguous set within the band; each is tried. What is left falls into
pieces that are solved apart, and once each; a piece that no number of groups can hold ends the try.

A unit without households is a *way*: it serves one group at most, and need not be in any. A group takes only ways
without which it would fall apart, since any other could as well be left to the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, reduce
from operator import or_

from gridgis.model import Band

STEPS = 30_000
"""Sets looked at before giving up: a fraction of a second."""


class LimitError(Exception):
    """The limit of steps is reached."""


def regroup(
    weights: Sequence[int], touch: Sequence[int], band: Band, steps: int = STEPS
) -> tuple[tuple[int, ...], ...] | bool | None:
    """Group units into contiguous groups whose weights are within the band.

    Parameters
    ----------
    weights
        (n,) weights; 0 for a way.
    touch
        (n,) bit masks: bit j of ``touch[i]`` tells that units i and j touch (symmetric).
    band
        Bounds of the weight of a group.
    steps
        Sets to look at before giving up.

    Returns
    -------
    The groups, each as positions, without ways that none needs; False where it is proven that there are none; None when
    the limit was reached.

    Examples
    --------
    A row of four, and what a limit of one step leaves unknown:

    >>> row = [0b0010, 0b0101, 0b1010, 0b0100]
    >>> regroup([10, 28, 28, 10], row, Band(30, 50)), regroup([10, 28, 28, 10], row, Band(30, 50), steps=1)
    (((0, 1), (2, 3)), None)

    The same four as 38 + 38 would do, but not side by side in this order:

    >>> regroup([28, 28, 10, 10], row, Band(30, 50))
    False

    Two pairs of 20 around one way: the second pair would need it too.

    >>> regroup([0, 20, 20, 20, 20], [0b11110, 1, 1, 1, 1], Band(30, 50))
    False
    """
    try:
        cover = Search(list(weights), list(touch), band, steps)
        found = cover.solve((1 << len(weights)) - 1)
    except (LimitError, RecursionError):
        return None
    if found is None:
        return False
    return tuple(sorted(tuple(bits(mask)) for mask in found))


@dataclass
class Search:
    """One search; ``known`` remembers how a contiguous set of units is covered, None where it cannot be.

    ``rim``: bit mask of the units that touch something unknown: a group with one of these may be below the band.
    """

    weights: list[int]
    touch: list[int]
    band: Band
    steps: int
    rim: int = 0
    known: dict[int, tuple[int, ...] | None] = field(default_factory=dict)
    ways: int = field(init=False)

    def __post_init__(self) -> None:
        self.ways = sum(1 << i for i, w in enumerate(self.weights) if not w)

    def solve(self, units: int) -> tuple[int, ...] | None:
        """Cover units, each contiguous piece of them apart, the smallest first; None where it cannot be done.

        Raises
        ------
        LimitError
            The limit of steps is reached: nothing is known.
        """
        pieces = self.pieces(units)
        if not all(self._can_hold(p) for p in pieces):
            return None
        out: tuple[int, ...] = ()
        for piece in sorted(pieces, key=lambda p: (p.bit_count(), p)):
            if piece not in self.known:
                self.known[piece] = self._solve_piece(piece)
            found = self.known[piece]
            if found is None:
                return None
            out += found
        return out

    def _solve_piece(self, units: int) -> tuple[int, ...] | None:
        """Cover contiguous units: the one that is hardest to place must be in some set, and the rest is covered."""
        for chosen in self.sets(self._hardest(units), units):
            found = self.solve(units & ~chosen)
            if found is not None:
                return (chosen, *found)
        return None

    def _hardest(self, units: int) -> int:
        """Return the unit for which few sets are to be expected: heavy, with few contacts; the rate is by trial."""

        def room(i: int) -> tuple[float, int]:
            return self.band.lower / 6 * (self.touch[i] & units).bit_count() - self.weights[i], i

        return min(bits(units & ~self.ways), key=room)

    def sets(self, seed: int, units: int) -> Iterator[int]:
        """Yield each contiguous set within the band that holds the seed once: it grows by what it did not refuse.

        Raises
        ------
        LimitError
            The limit of steps is reached.
        """
        reach_of = self._reach_of(units)
        free = units & ~self.ways & ~(1 << seed)
        stack = [(1 << seed, self.weights[seed], reach_of(seed) & free, free)]
        while stack:
            group, load, reach, free = stack.pop()
            self._step()
            if load in self.band or (group & self.rim and load <= self.band.upper):
                yield from self._joined(group, units & self.ways)
            for i in bits(reach):
                free &= ~(1 << i)
                if load + self.weights[i] <= self.band.upper:
                    stack.append((group | 1 << i, load + self.weights[i], (reach | reach_of(i)) & free, free))

    def _reach_of(self, units: int) -> Callable[[int], int]:
        """Return a function that tells what a unit touches directly, or over ways."""
        if not units & self.ways:
            return self.touch.__getitem__
        shores = [(way, around(way, self.touch)) for way in spread(units & self.ways, self.touch)]

        @cache
        def reach(i: int) -> int:
            over = [shore for way, shore in shores if way & self.touch[i]]
            return reduce(or_, over, self.touch[i]) & ~(1 << i)

        return reach

    def _joined(self, group: int, ways: int) -> Iterator[int]:
        """Yield a group together with ways that join it, in each way in which all of these are needed."""
        parts = spread(group, self.touch)
        if len(parts) == 1:
            yield group
            return
        stack = [(parts[0], 0, ways)]
        while stack:
            joined, taken, free = stack.pop()
            self._step()
            for i in bits(around(joined, self.touch) & free):
                free &= ~(1 << i)
                more = reduce(or_, (p for p in parts if p & self.touch[i]), joined | 1 << i)
                if group & ~more:
                    stack.append((more, taken | 1 << i, free))
                elif self._needs(taken, group | taken | 1 << i):
                    yield group | taken | 1 << i

    def _needs(self, ways: int, group: int) -> bool:
        """Tell whether a group falls apart without any one of some ways."""
        return all(len(spread(group & ~(1 << i), self.touch)) > 1 for i in bits(ways))

    def pieces(self, units: int) -> list[int]:
        """Take units apart into contiguous pieces; those of ways alone are left out."""
        return [piece for piece in spread(units, self.touch) if piece & ~self.ways]

    def _can_hold(self, units: int) -> bool:
        return self.band.can_hold(sum(self.weights[i] for i in bits(units)))

    def _step(self) -> None:
        self.steps -= 1
        if self.steps < 0:
            raise LimitError


def bits(mask: int) -> list[int]:
    """Return the positions of the bits of a mask, lowest first."""
    out = []
    while mask:
        low = mask & -mask
        out.append(low.bit_length() - 1)
        mask ^= low
    return out


def around(units: int, touch: Sequence[int]) -> int:
    """Return all that some units touch."""
    return reduce(or_, (touch[i] for i in bits(units)), 0)


def spread(units: int, touch: Sequence[int]) -> list[int]:
    """Take units apart into contiguous pieces."""
    out = []
    while units:
        piece, fresh = 0, units & -units
        while fresh:
            piece |= fresh
            fresh = around(fresh, touch) & units & ~piece
        out.append(piece)
        units &= ~piece
    return out
