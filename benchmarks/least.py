"""The fewest households that a re-division must move: a bound that no engine can beat, by CP-SAT.

What may not be divided (a building, an estate up to the limit) is one unit; a building above the limit is alone. Units
are dealt to grids so that as little weight as told is outside the band, and as few households as possible leave the
grid that continues theirs. Where it is told which units touch, the grids must be contiguous: what lies apart in an
answer is forbidden in the next (``rooted`` in the engine does so too), and each answer's bound holds. What barriers
demand beyond that is not in the bound.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from ortools.sat.python import cp_model

from gridgis.model import Band

EFFORT = 2.0
"""Deterministic time of one proof; where it is over, the bound reached by then counts."""

Pairs = Iterable[tuple[int, int]]
"""Units that touch, by position."""


@dataclass(frozen=True)
class Unit:
    """What stays one: its households by present grid (``home``; -1: a grid that does not count), ``alone`` or not.

    ``place``: a number for each unit where it matters which one is where; units that are equal are interchangeable.
    """

    home: tuple[tuple[int, int], ...]
    alone: bool = False
    place: int = -1

    @property
    def households(self) -> int:
        """How many households it has in all."""
        return sum(n for _, n in self.home)


def least_moved(
    units: Iterable[Unit], band: Band, most: int, excess: int = 0, touching: Pairs | None = None, effort: float = EFFORT
) -> int:
    """Return how many households at least are not in the grid that continues theirs.

    Parameters
    ----------
    units
        All of them; those without households are ways, if anything.
    band
        Of all grids but those of a unit that is ``alone``.
    most
        A number that is known to be enough: that of a re-division that was found.
    excess
        Weight that may be outside the band: that of the same re-division.
    touching
        Units that touch; None: grids need not be contiguous.
    effort
        Deterministic time of the proof.

    Examples
    --------
    >>> rows = [Unit(((0, n),)) for n in (36, 12, 9)] + [Unit(((1, 35),))]
    >>> least_moved(rows, Band(30, 50), most=57)  # 7 too many, but no unit is smaller than 9
    9
    >>> least_moved(rows, Band(30, 50), most=57, touching=[(0, 2), (0, 1), (1, 3)])  # 9 cannot go past 36 and 12
    12
    """
    units = list(units)
    if touching is None:
        kinds = Counter(u for u in units if u.households)
        return _Model(kinds, band, most, excess).bound(effort)[0]
    places = Counter(replace(u, place=i) for i, u in enumerate(units))
    return _Model(places, band, most, excess).contiguous(list(touching), effort)


class _Model:
    """How many units of each kind go to each grid: those at present first, then new ones."""

    def __init__(self, kinds: Mapping[Unit, int], band: Band, most: int, excess: int) -> None:
        self.model, self.kinds, self.band = cp_model.CpModel(), kinds, band
        self.most, self.excess = most, excess
        self.total = sum(u.households * n for u, n in kinds.items())
        present = sorted({k for u in kinds for k, _ in u.home if k >= 0})
        fresh = [max(present, default=-1) + 1 + k for k in range((most + excess) // band.lower)]
        self.present, self.grids = present, [*present, *fresh]
        self.number = {(u, k): self.model.new_int_var(0, n, "") for u, n in kinds.items() for k in self.grids}
        self.at = {(u.place, k): var for (u, k), var in self.number.items()}
        self.weight = {u.place: u.households for u in kinds}
        out = [self._grid(k, excess) for k in self.grids]
        self.model.add(sum(out) <= excess)
        for u, n in kinds.items():
            dealt = sum(self.number[u, k] for k in self.grids)
            own = u.alone or not u.households
            self.model.add(dealt <= n if own else dealt == n)  # else a new grid of its own
        moved = self.total - sum(self._stays(k) for k in present)
        self.model.add(moved <= most)
        self.model.minimize(moved)

    def bound(self, effort: float) -> tuple[int, cp_model.CpSolver | None]:
        """Return a lower bound on the households moved, and the solver with an answer if it has one."""
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = 0
        solver.parameters.linearization_level = 2  # the bound comes from the linear relaxation
        solver.parameters.max_deterministic_time = effort
        status = solver.solve(self.model)
        if status == cp_model.INFEASIBLE:
            raise ValueError(f"no more than {self.most} moved and {self.excess} outside: there is no such re-division")
        found = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
        return max(0, round(solver.best_objective_bound)), solver if found else None

    def contiguous(self, touching: Pairs, effort: float) -> int:
        """Return the bound when all grids are contiguous; no two units are equal here."""
        near: dict[int, set[int]] = {u.place: set() for u in self.kinds}
        for a, b in touching:
            near[a].add(b)
            near[b].add(a)
        self._by_contact(near)
        best = 0
        while effort > 0:
            least, solver = self.bound(effort)
            best = max(best, least)
            if solver is None or best >= self.most:
                break
            effort -= solver.response_proto.deterministic_time
            if not self._join(near, solver):
                break
        return best

    def _by_contact(self, near: Mapping[int, set[int]]) -> None:
        """Demand that a unit touches another of the present grid that it comes into."""
        for u in self.kinds:
            for k in sorted({*self.present} - {k for k, _ in u.home}):
                self.model.add(self.at[u.place, k] <= sum(self.at[v, k] for v in sorted(near[u.place])))

    def _join(self, near: Mapping[int, set[int]], solver: cp_model.CpSolver) -> bool:
        """Demand a unit between the components of each grid; tell whether any lay apart."""
        torn = False
        for k in self.grids:
            parts = list(_components({v for v in near if solver.value(self.at[v, k])}, near))
            main, *others = sorted(parts, key=lambda p: -sum(self.weight[v] for v in p)) or [set()]
            for part in (p for p in others if any(self.weight[v] for v in p)):
                torn = True
                self._separate(near, part, main)
        return torn

    def _separate(self, near: Mapping[int, set[int]], part: set[int], main: set[int]) -> None:
        """Demand that a grid with units of two components has one beside either that lies between them."""
        root = max(sorted(main), key=lambda v: self.weight[v])
        shore = _beside(main, near)
        beyond = _reached(part, near, set(near) - main - shore)
        for k in self.grids:
            for inside, between in ((part, _beside(part, near)), (beyond, _beside(beyond, near) & shore)):
                for v in sorted(inside):
                    self.model.add(self.at[v, k] + self.at[root, k] <= 1 + sum(self.at[u, k] for u in sorted(between)))

    def _load(self, k: int) -> Any:
        return sum(u.households * self.number[u, k] for u in self.kinds)

    def _grid(self, k: int, excess: int) -> Any:
        """Demand the band of a grid, or that it is empty, or one unit alone; return what is outside."""
        there, alone = self.model.new_bool_var(""), self.model.new_bool_var("")
        out = self.model.new_int_var(0, excess, "")
        self.model.add_at_most_one(there, alone)
        self.model.add(self._load(k) >= self.band.lower * there - out)
        mixed = sum(u.households * self.number[u, k] for u in self.kinds if not u.alone)
        self.model.add(mixed <= self.band.upper * there + out)
        self.model.add(mixed <= self.total * there)
        self.model.add(sum(self.number[u, k] for u in self.kinds if u.alone) == alone)
        return out

    def _stays(self, k: int) -> Any:
        """Return the households that stay in a grid: none, unless more than half of before and of after do."""
        mine = [(u, dict(u.home).get(k, 0)) for u in self.kinds]
        before = sum(n * self.kinds[u] for u, n in mine)
        stay = sum(n * self.number[u, k] for u, n in mine)
        goes_on, counted = self.model.new_bool_var(""), self.model.new_int_var(0, before, "")
        self.model.add(counted <= stay)
        self.model.add(counted <= before * goes_on)
        self.model.add(2 * stay >= before + 1).only_enforce_if(goes_on)
        self.model.add(2 * stay >= self._load(k) + 1).only_enforce_if(goes_on)
        return counted


def _components(nodes: set[int], near: Mapping[int, set[int]]) -> Iterator[set[int]]:
    left = set(nodes)
    while left:
        found = _reached({min(left)}, near, left)
        left -= found
        yield found


def _reached(start: set[int], near: Mapping[int, set[int]], inside: set[int]) -> set[int]:
    """Return the nodes that can be reached over some."""
    seen, stack = set(start), sorted(start)
    while stack:
        fresh = (near[stack.pop()] & inside) - seen
        seen |= fresh
        stack += sorted(fresh)
    return seen


def _beside(nodes: set[int], near: Mapping[int, set[int]]) -> set[int]:
    return {u for v in nodes for u in near[v]} - nodes


def units_of(node: Any, old: Any, households: Any, alone: Any) -> list[Unit]:
    """Return the units of atoms.

    Parameters
    ----------
    node, old, households, alone
        (n,) of each atom: the unit it belongs to, its present grid or -1, households, and whether it holds a building
        above the limit.

    Examples
    --------
    >>> units_of(np.array([0, 0, 1]), np.array([5, 6, 6]), np.array([2, 3, 4]), np.zeros(3, bool))[0].home
    ((5, 2), (6, 3))
    """
    found: dict[int, Counter[int]] = {}
    lone: set[int] = set()
    for v, k, n, a in zip(*(np.asarray(x).tolist() for x in (node, old, households, alone)), strict=True):
        found.setdefault(v, Counter())[k] += n
        if a:
            lone.add(v)
    return [Unit(tuple(sorted((k, n) for k, n in home.items() if n)), v in lone) for v, home in sorted(found.items())]
