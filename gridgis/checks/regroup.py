"""Can units that touch be put into contiguous groups within a band? Exact: each unit is given to the root of its group.

The root of a group is its heaviest unit. CP-SAT gives each unit to a root, so that the groups are within the band.
Where a group comes in pieces, a piece away from the root must hold some unit of what parts the two: a cut, and CP-SAT
chooses again. No choice left is a proof. The cuts are those of Oehrlein and Haunert (2017, Journal of Spatial
Information Science 15) and, for districts, of Validi, Buchanan and Lykhovyd (2022, Operations Research 70).

A unit without households is a *way*: it serves one group at most, and need not be in any.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from gridgis.model import Band

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

EFFORT = 5.0
"""Deterministic time of CP-SAT, all choices together: seconds of one core, roughly."""

CHOICES = 200
"""Choices at most."""

MOST_GIVEN = 10_000
"""Pairs of a unit and a root that could have it, at most; more make CP-SAT slow."""

STEPS = 2_000
"""Sets looked at for one unit at most, to tell that no group can hold it."""

Groups = tuple[tuple[int, ...], ...]


def regroup(
    weights: Sequence[int], touch: Sequence[int], band: Band, rim: int = 0, effort: float = EFFORT
) -> Groups | bool | None:
    """Group units into contiguous groups whose weights are within the band.

    Parameters
    ----------
    weights
        (n,) weights; 0 for a way.
    touch
        (n,) bit masks: bit j of ``touch[i]`` tells that units i and j touch (symmetric).
    band
        Bounds of the weight of a group.
    rim
        Bit mask of the units and ways that touch something that is not given here. A group with one of these may go on
        outside, so that it only must not be above the band: False is then a proof for any surroundings.
    effort
        Deterministic time of CP-SAT.

    Returns
    -------
    The groups, each as positions; False where it is proven that there are none; None when a limit was reached. With a
    rim there is no grouping to show: False or None.

    Examples
    --------
    A row of four; the same four as 38 + 38 would do, but not side by side in this order:

    >>> row = [0b0010, 0b0101, 0b1010, 0b0100]
    >>> regroup([10, 28, 28, 10], row, Band(30, 50)), regroup([28, 28, 10, 10], row, Band(30, 50))
    (((0, 1), (2, 3)), False)

    Two pairs of 20 around one way: the second pair would need it too.

    >>> regroup([0, 20, 20, 20, 20], [0b11110, 1, 1, 1, 1], Band(30, 50))
    False

    Two of 28 that touch nothing but a way to somewhere else, and one another: one of them has no way out.

    >>> regroup([0, 28, 28], [0b110, 0b101, 0b011], Band(30, 50), rim=0b001)
    False
    """
    rooted = _Rooted(list(weights), list(touch), band, rim)
    if len(rooted.given) > MOST_GIVEN:
        return None
    found = rooted.solve(effort)
    return None if isinstance(found, tuple) and rim else found


class _Rooted:
    """The model: ``given[u, r]`` tells that unit u is in the group of which r is the root."""

    def __init__(self, weights: list[int], touch: list[int], band: Band, rim: int) -> None:
        from ortools.sat.python import cp_model

        self.weights, self.touch, self.band, self.rim = weights, touch, band, rim
        self.units = sum(1 << i for i, w in enumerate(weights) if w)
        self.roots = sorted(bits(self.units), key=lambda i: (-weights[i], i))
        self.model = cp_model.CpModel()
        self.given: dict[tuple[int, int], cp_model.IntVar] = {}
        self.near: dict[int, int] = {}
        lighter = (1 << len(weights)) - 1
        for r in self.roots:
            self.near[r] = self._within_reach(r, lighter)
            lighter &= ~(1 << r)
            self.given |= {(u, r): self.model.new_bool_var("") for u in bits(self.near[r])}
        if len(self.given) <= MOST_GIVEN:
            self._demand()

    def _within_reach(self, root: int, lighter: int) -> int:
        """Return what a contiguous group of a root and lighter units can reach without being above the band."""
        least, heap = {root: self.weights[root]}, [(self.weights[root], root)]
        while heap:
            load, i = heapq.heappop(heap)
            for j in bits(self.touch[i] & lighter) if load == least[i] else ():
                more = load + self.weights[j]
                if more <= self.band.upper and more < least.get(j, more + 1):
                    least[j] = more
                    heapq.heappush(heap, (more, j))
        return sum(1 << i for i in least)

    def _demand(self) -> None:
        """Each unit is in one group, each way in one at most; groups are within the band, or at the rim not above."""
        for u, w in enumerate(self.weights):
            mine = [self.given[u, r] for r in self.roots if (u, r) in self.given]
            (self.model.add_exactly_one if w else self.model.add_at_most_one)(mine)
        for r in self.roots:
            root, near = self.given[r, r], bits(self.near[r])
            load = sum(self.weights[u] * self.given[u, r] for u in near)
            self.model.add(load <= self.band.upper * root)
            outside = sum(self.given[u, r] for u in bits(self.near[r] & self.rim))
            self.model.add(load >= self.band.lower * (root - outside))
            for u in near:
                if u != r:
                    self.model.add_implication(self.given[u, r], root)
                    self._joined(1 << u, self.touch[u], r)
        for piece in spread((1 << len(self.weights)) - 1, self.touch):
            if not piece & self.rim:
                total = sum(self.weights[i] for i in bits(piece))
                groups = sum(self.given[r, r] for r in bits(piece & self.units))
                self.model.add(self.band.lower * groups <= total)
                self.model.add(self.band.upper * groups >= total)

    def _joined(self, units: int, parting: int, root: int) -> None:
        """Demand that units are in a group only together with some of what parts them from its root."""
        between = [self.given[v, root] for v in bits(parting & self.near[root])]
        for u in bits(units):
            self.model.add_bool_or([self.given[u, root].negated(), *between])

    def solve(self, effort: float) -> Groups | bool | None:
        """Choose until all groups are contiguous: return them, False where there is no choice, None at a limit."""
        from ortools.sat.python import cp_model

        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = 0
        for _ in range(CHOICES):
            solver.parameters.max_deterministic_time = effort
            status = solver.solve(self.model)
            effort -= solver.response_proto.deterministic_time
            if status == cp_model.INFEASIBLE:
                return False
            if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE) or effort <= 0:
                return None
            chosen = {r: sum(1 << u for u in bits(self.near[r]) if solver.boolean_value(self.given[u, r]))
                      for r in self.roots if solver.boolean_value(self.given[r, r])}  # fmt: skip
            if not any([self._cut(r, group) for r, group in chosen.items()]):
                return tuple(sorted(tuple(bits(_piece_of(1 << r, g, self.touch))) for r, g in chosen.items()))
        return None

    def _cut(self, root: int, group: int) -> bool:
        """Cut off a group of which units, or ways at the rim, lie apart from the root; tell whether there are any."""
        main = _piece_of(1 << root, group, self.touch)
        shore = around(main, self.touch) & ~main
        apart = group & ~main & (self.units | self.rim)
        for piece in spread(group & ~main, self.touch):
            if lost := piece & apart:
                beyond = _piece_of(piece, self.near[root] & ~shore & ~main, self.touch)
                self._joined(lost, around(piece, self.touch) & ~piece, root)
                self._joined(lost, around(beyond, self.touch) & shore, root)
        return bool(apart)


def stranded(weights: Sequence[int], touch: Sequence[int], band: Band, rim: int = 0) -> int | None:
    """Return the heaviest unit that is in no contiguous group within the band, as far as few steps tell; no ways.

    Examples
    --------
    >>> stranded([28, 28, 10, 10], [0b0010, 0b0101, 0b1010, 0b0100], Band(30, 50))
    0
    """
    for u in sorted(range(len(weights)), key=lambda i: (-weights[i], i)):
        if not any(_may_be(u, weights, touch, band, rim)):
            return u
    return None


def _may_be(seed: int, weights: Sequence[int], touch: Sequence[int], band: Band, rim: int) -> Iterator[bool]:
    """Tell of each contiguous group with a seed whether it may be one; at last True, where there are too many."""
    stack = [(1 << seed, weights[seed], touch[seed], ~(1 << seed))]
    for _ in range(STEPS):
        if not stack:
            return
        group, load, reach, free = stack.pop()
        yield load in band or bool(load <= band.upper and group & rim)
        for i in bits(reach & free):
            free &= ~(1 << i)
            if load + weights[i] <= band.upper:
                stack.append((group | 1 << i, load + weights[i], reach | touch[i], free))
    yield True


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
        piece = _piece_of(units & -units, units, touch)
        out.append(piece)
        units &= ~piece
    return out


def _piece_of(start: int, units: int, touch: Sequence[int]) -> int:
    """Return what units a start reaches through units, both included."""
    piece, fresh = start, start
    while fresh:
        fresh = around(fresh, touch) & units & ~piece
        piece |= fresh
    return piece
