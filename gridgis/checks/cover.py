"""Prove that no contiguous grouping is within a band: exact cover by CP-SAT, for what trying everything cannot decide.

A few units are *hard*: heavy, or in a corner, so that few contiguous groups can hold them. All of these are written
down, and CP-SAT picks some so that each hard unit is covered once and each other unit at most once. What is left over
falls into contiguous pieces. One that cannot be grouped by itself must be entered by some group, or one of the units
around it must be left over too: a cut, and CP-SAT picks again. No pick left is a proof. The cuts are those of
set-partitioning models of districting (Garfinkel and Nemhauser 1970, doi:10.1287/mnsc.16.8.B495), with the connectivity
of what is left made lazily.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gridgis.checks.regroup import LimitError, Search, around, bits
from gridgis.model import Band

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

GROUPS = 2_000
"""Groups written down at most; more make CP-SAT slow."""

STEPS = 60_000
"""Sets looked at for writing down groups, all units together."""

UNIT_STEPS = 6_000
"""Sets looked at for one unit; one that needs more is not hard."""

LEFT_STEPS = 30_000
"""Sets looked at for grouping what is left over, all rounds together."""

ROUNDS = 60
"""Picks at most."""

EFFORT = 1.0
"""Deterministic time of CP-SAT for one pick."""

Groups = tuple[tuple[int, ...], ...]


def cover(weights: Sequence[int], touch: Sequence[int], band: Band, rim: int = 0) -> Groups | bool | None:
    """Decide whether units can be put into contiguous groups within a band.

    Parameters
    ----------
    weights, touch, band
        As in ``regroup``.
    rim
        Bit mask of the units that touch something that is not given here. A group with one of these may go on outside,
        so that it only must not be above the band: False is then a proof for any surroundings, if there are no ways.

    Returns
    -------
    The groups, each as positions; False where it is proven that there are none; None when a limit was reached. With a
    rim there is no grouping to show: False or None.

    Examples
    --------
    >>> row = [0b0010, 0b0101, 0b1010, 0b0100]
    >>> cover([28, 10, 10, 28], row, Band(30, 50)), cover([28, 28, 10, 10], row, Band(30, 50))
    (((0, 1), (2, 3)), False)

    Where the last one touches something else, nothing is proven of it; but 10 beside 45 is in a corner anyway:

    >>> cover([28, 10, 10, 28], row, Band(30, 50), rim=0b1000)
    >>> cover([10, 45, 10, 10], row, Band(30, 50), rim=0b1000)
    False
    """
    table = _Table(list(weights), list(touch), band, rim)
    table.fill()
    return _Picker(table).run()


def stranded(weights: Sequence[int], touch: Sequence[int], band: Band, rim: int = 0) -> list[int]:
    """Return the units that are in no contiguous group within the band, as far as few steps tell; see ``cover``.

    Examples
    --------
    >>> stranded([28, 28, 10, 10], [0b0010, 0b0101, 0b1010, 0b0100], Band(30, 50))
    [0]
    """
    table = _Table(list(weights), list(touch), band, rim)
    table.fill()
    held = 0
    for group in table.groups:
        held |= group
    return bits(table.hard & ~held)


class _Table:
    """The contiguous groups that hold a hard unit, each once; ``hard`` is a bit mask."""

    def __init__(self, weights: list[int], touch: list[int], band: Band, rim: int) -> None:
        self.weights, self.touch, self.band, self.rim = weights, touch, band, rim
        self.hard = 0
        self.groups: list[int] = []

    def fill(self) -> None:
        """Write down the groups, heaviest unit first; ways (see ``regroup``) are not hard."""
        everything, left = (1 << len(self.weights)) - 1, STEPS
        for u in sorted((i for i, w in enumerate(self.weights) if w), key=lambda i: (-self.weights[i], i)):
            search = Search(self.weights, self.touch, self.band, limit := min(left, UNIT_STEPS), self.rim)
            found = self._holding(search, u, everything & ~self.hard)
            left -= limit - max(search.steps, 0)
            if found is not None and len(self.groups) + len(found) <= GROUPS:
                self.hard |= 1 << u
                self.groups.extend(found)

    def _holding(self, search: Search, unit: int, free: int) -> list[int] | None:
        """Return the groups that hold a unit; None above the limit of steps."""
        try:
            return list(search.sets(unit, free))
        except LimitError:
            return None


@dataclass
class _Left:
    """What a pick leaves over: groups of it, the pieces that cannot be grouped, and whether all was decided."""

    groups: list[int]
    stuck: list[int]
    known: bool


class _Picker:
    """CP-SAT over the groups of a table, with cuts for pieces that cannot be left over."""

    def __init__(self, table: _Table) -> None:
        from ortools.sat.python import cp_model

        self.table = table
        self.n = len(table.weights)
        self.search = Search(table.weights, table.touch, table.band, LEFT_STEPS)
        self.model = cp_model.CpModel()
        self.pick = [self.model.new_bool_var("") for _ in table.groups]
        self.spare: dict[int, cp_model.IntVar] = {}
        holding: list[list[Any]] = [[] for _ in range(self.n)]
        for var, group in zip(self.pick, table.groups, strict=True):
            for i in bits(group):
                holding[i].append(var)
        for i in range(self.n):
            if not table.hard >> i & 1:
                self.spare[i] = self.model.new_bool_var("")
                holding[i].append(self.spare[i])
            self.model.add_exactly_one(holding[i])

    def run(self) -> Groups | bool | None:
        for _ in range(ROUNDS):
            solved = self._solve()
            if not isinstance(solved, list):
                return solved
            left = self._leave((1 << self.n) - 1 & ~sum(solved))
            if not left.stuck:
                whole = left.known and not self.table.rim
                return tuple(sorted(tuple(bits(g)) for g in [*solved, *left.groups])) if whole else None
            for piece in left.stuck:
                self._cut(piece)
        return None

    def _solve(self) -> list[int] | bool | None:
        """Return the groups picked, False where there is no pick, None at the limit."""
        from ortools.sat.python import cp_model

        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = 0
        solver.parameters.max_deterministic_time = EFFORT
        status = solver.solve(self.model)
        if status == cp_model.INFEASIBLE:
            return False
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return None
        return [g for g, var in zip(self.table.groups, self.pick, strict=True) if solver.boolean_value(var)]

    def _leave(self, units: int) -> _Left:
        out = _Left([], [], True)
        for piece in self.search.pieces(units):
            if piece & self.table.rim:
                continue
            try:
                found = self.search.solve(piece)
            except (LimitError, RecursionError):
                out.known = False
                continue
            if found is None:
                out.stuck.append(piece)
            else:
                out.groups.extend(found)
        return out

    def _cut(self, piece: int) -> None:
        """Demand that a group enters the piece, or that a unit beside it is left over too."""
        beside = around(piece, self.table.touch) & ~piece
        enters = [var for var, g in zip(self.pick, self.table.groups, strict=True) if g & piece]
        self.model.add_bool_or([*enters, *(self.spare[i] for i in bits(beside) if i in self.spare)])
