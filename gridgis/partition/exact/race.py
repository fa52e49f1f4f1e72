"""Branch and price: the cheapest partition known and a bound on what could be better, until they meet.

A partition is a choice of connected sets that hold each node once. The linear relaxation of that choice is a sharp
bound (set partitioning: Garfinkel and Nemhauser 1970, for districting; Mehrotra, Johnson and Nemhauser 1998):

1. **Generate**: given what each node is worth, the connected set within the bounds that is cheapest after its worth is
   found exactly by dynamic programming over a frontier (`exact.frontier`), which gives a bound for all partitions at
   once, and sets. The relaxation over the sets found so far says anew what each node is worth; until no set is missing.
2. **List**: all sets that can occur in a partition up to a price are listed, and CP-SAT chooses among them: the
   optimum, or the proof that there is nothing up to that price.
3. **Branch**: where that price is still below that of the partition known, two neighbours are taken that the
   relaxation holds together in part only. Either they are together, which makes them one node, or apart (Ryan and
   Foster 1981). Both cases are problems of the same kind, and smaller.

Pairs across (`Problem.side`) are not seen by the relaxation: each partition is known to have so many at least
(`exact.pairs`), and what a part has beyond counts when sets are chosen. So all prices here are less that floor.

All effort is counted, so the same problem gives the same answer.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gridgis.geometry.arrays import Floats, Ints
from gridgis.partition.exact.master import choose, relax
from gridgis.partition.exact.pairs import fewest_pairs, pairs_within
from gridgis.partition.exact.sets import Members, Sets, as_labels, as_sets
from gridgis.partition.problem import Problem

WORK = 1e9
"""Table cells that count as one unit of effort: about one second of one core."""
BUILDING = 4e5
"""Cells that building the network of a problem counts for, for each node."""
TOLERANCE = 1e-6
"""Prices that differ by less than this part of all prices are called equal."""
COLUMNS = 60
"""Sets taken into the relaxation at a time."""
ROUNDS = 400
"""Rounds of column generation."""
LIST = 3_000
"""Sets that CP-SAT chooses among; more than nodes, so that a case in which all are apart is settled by its list."""
SHARE, CHOICE = 3, 2.0
"""One choice may take this part of the effort that is left, and this effort, at most."""


@dataclass(frozen=True)
class Case:
    """Some of all partitions: those into so many parts that hold some neighbours together, as one node, others apart.

    ``node`` (n,) where each node of the whole problem is in ``problem``; ``bound`` none of them is cheaper;
    ``pool`` sets of ``problem`` to begin with.
    """

    problem: Problem
    node: Ints
    parts: int
    bound: float
    pool: Members
    depth: int = 0


@dataclass(frozen=True)
class Made:
    """The relaxation of a case: its bound, the worth (n,) of the nodes that gives it, sets, the first with shares."""

    bound: float
    worth: Floats
    pool: Members
    shares: Floats

    def dearest(self, goal: float, parts: int) -> float:
        """Return what a set less its worth costs at most in a partition of so many parts up to a price."""
        return goal - float(self.worth.sum()) - (self.bound - float(self.worth.sum())) * (parts - 1) / parts


class Race:
    """The best partition known, and the cases that may hold a better one.

    Parameters
    ----------
    problem, options
        What is divided, and the numbers of parts allowed.
    effort
        Seconds of one core, roughly.
    start
        (n,) a partition within the bounds, or None.
    first
        True: any partition will do.
    """

    def __init__(
        self, problem: Problem, options: Sequence[int], effort: float, start: Ints | None, first: bool = False
    ) -> None:
        self.problem, self.left, self.first = problem, effort, first
        self.floor = problem.across * fewest_pairs(problem)
        self.labels, self.price = start, np.inf if start is None else problem.exact_price(start) - self.floor
        load = problem.weights if problem.load is None else problem.load
        dearest = float(np.abs(problem.costs).sum() + 2 * abs(problem.balance) * np.abs(load).sum())
        dearest += problem.across * problem.pairs_across(np.zeros(problem.n, dtype=np.int64))
        self.top = (1.0 + dearest) * (1.0 + 2 * TOLERANCE)  # more than any partition costs, whatever is rounded
        whole = problem.balance == 0 and problem.side is None and bool((problem.costs == np.round(problem.costs)).all())
        self.grain = 1.0 - TOLERANCE if whole else TOLERANCE * self.top  # what is better is better by so much
        self.beyond = np.inf  # the least bound of the cases whose graph is too wide
        self._open: list[tuple[float, int, Case]] = []
        self._count = 0
        none: Members = np.zeros((0, problem.n), dtype=np.uint8)
        pool = none if start is None else np.stack(list(as_sets(start)))
        for k in options:
            self._put(Case(problem, np.arange(problem.n), k, -np.inf, pool))

    def _put(self, case: Case) -> None:
        """Keep a case that may hold something better; where any partition will do, deep ones are looked at first."""
        if case.bound < self.ceiling:
            heapq.heappush(self._open, (-case.depth if self.first else case.bound, self._count, case))
            self._count += 1

    @property
    def ceiling(self) -> float:
        """What a partition must cost at most to be better than the one known, or to be one at all."""
        return min(self.price, self.top) - self.grain

    @property
    def bound(self) -> float:
        """No partition is cheaper, but for the one known; inf where there is none."""
        found = min([self.beyond, *(case.bound for _, _, case in self._open)])
        return np.inf if found >= self.ceiling else found

    @property
    def over(self) -> bool:
        """True when there is no effort left, or when any partition is enough and one is known."""
        return self.left <= 0 or (self.first and self.labels is not None)

    def run(self) -> None:
        """Look at one case after the other: the one of the least bound first."""
        while self._open and not self.over:
            case = heapq.heappop(self._open)[2]
            if case.bound < self.ceiling:
                self._explore(case)

    def _explore(self, case: Case) -> None:
        """Bound a case and look for something better in it; what is left of it becomes two cases."""
        sets = Sets.of(case.problem)
        if sets is None:
            self.beyond = min(self.beyond, case.bound)
            return
        self.left -= BUILDING * case.problem.n / WORK
        made = self._generate(case, sets)
        case = replace(case, bound=max(case.bound, made.bound))
        if case.bound < self.ceiling and not self.over:
            case = replace(case, bound=max(case.bound, self._choose(case, sets, made)))
        if self.over:
            self._put(case)
        elif case.bound < self.ceiling:
            for part in branched(case, made):
                self._put(part)

    def _charge(self, sets: Sets) -> None:
        """Take the work done off the effort."""
        self.left -= sets.work / WORK
        sets.work = 0.0

    def _generate(self, case: Case, sets: Sets) -> Made:
        """Solve the relaxation by column generation.

        What is asked for lies halfway between the best worth so far and the relaxation's (Wentges 1997): it converges
        faster.
        """
        n, parts, missing = case.problem.n, case.parts, self.top
        pool = Pool(case.pool[sets.fits(case.pool)])
        made = Made(-np.inf, np.zeros(n), pool.sets, np.zeros(len(pool.sets)))
        for _ in range(ROUNDS):
            sets.work += 250.0 * n * (len(pool.sets) + n)
            relaxed = relax(pool.sets, sets.relaxed(pool.sets, parts), parts, missing)
            if relaxed is None:
                break
            smooth = relaxed.worth if made.bound == -np.inf else (made.worth + relaxed.worth) / 2
            made = replace(made, pool=pool.sets, shares=relaxed.shares)
            new = False
            for worth in (smooth, relaxed.worth):
                priced = sets.cheapest(worth, parts, COLUMNS)
                bound = float(worth.sum()) + parts * priced.least
                if bound > made.bound:
                    made = replace(made, bound=bound, worth=worth)
                new = pool.add(priced.sets)
                if new:
                    break
            self._charge(sets)
            if made.bound >= self.ceiling or self.over:
                break
            if not new or relaxed.value - made.bound <= TOLERANCE * self.top:
                if relaxed.uncovered <= TOLERANCE or missing > 1e3 * self.top:
                    break
                missing *= 10.0  # not yet dear enough to leave a node uncovered
        return made

    def _choose(self, case: Case, sets: Sets, made: Made) -> float:
        """List the sets of all partitions up to a price, choose among them, and return what the rest costs at least."""
        if made.bound == -np.inf:
            return -np.inf
        goal = self.ceiling
        found, all_ = sets.below(made.worth, case.parts, made.dearest(goal, case.parts), LIST)
        while not all_ and goal - made.bound > TOLERANCE * self.top:
            goal = (goal + made.bound) / 2
            found, all_ = sets.below(made.worth, case.parts, made.dearest(goal, case.parts), LIST)
        self._charge(sets)
        if not all_ or self.over:
            return -np.inf
        effort = min(self.left / SHARE, CHOICE)
        prices = sets.prices(found, case.parts) + self.problem.across * pairs_within(self.problem, found[:, case.node])
        chosen = choose(found, prices, case.parts, effort, any_=self.first)
        self.left -= chosen.work
        if chosen.sets is not None:
            self._take(as_labels(found[chosen.sets])[case.node])
        return min(chosen.bound - self.floor, goal)

    def _take(self, labels: Ints) -> None:
        """Keep a partition where it is better."""
        price = self.problem.exact_price(labels) - self.floor
        if price < self.price:
            self.labels, self.price = labels, price


class Pool:
    """Sets found so far, each once."""

    def __init__(self, sets: Members) -> None:
        self.sets = sets
        self._known = {row.tobytes() for row in sets}

    def add(self, sets: Members) -> bool:
        """Add sets; tell whether any was new."""
        new = [i for i, row in enumerate(sets) if row.tobytes() not in self._known]
        self._known.update(sets[i].tobytes() for i in new)
        self.sets = np.concatenate([self.sets, sets[new]])
        return bool(new)


def branched(case: Case, made: Made) -> Iterator[Case]:
    """Yield a case as two: heavy neighbours of which it is uncertain if they are together, together and apart."""
    edges = case.problem.edges
    pool = made.pool[: len(made.shares)]
    held = np.asarray((pool[:, edges[:, 0]] & pool[:, edges[:, 1]]).T @ made.shares)
    weight = case.problem.weights[edges].min(axis=1) + float(case.problem.weights.mean())
    doubt = np.minimum(held, 1.0 - held) * weight
    parted = (edges[:, None, :] == case.problem.apart[None, :, :]).all(axis=2).any(axis=1)
    a, b = edges[np.lexsort((np.round(doubt, 6), ~parted))[-1]].tolist()
    one = together(case.problem, a, b)
    if one is not None:
        problem, node = one
        kept = np.delete(made.pool[made.pool[:, a] == made.pool[:, b]], b, axis=1)
        yield replace(case, problem=problem, node=node[case.node], pool=kept, depth=case.depth + 1)
    apart = np.unique(np.append(case.problem.apart, [[a, b]], axis=0), axis=0)
    kept = made.pool[made.pool[:, a] + made.pool[:, b] < 2]
    yield replace(case, problem=replace(case.problem, apart=apart), pool=kept, depth=case.depth + 1)


def together(problem: Problem, a: int, b: int) -> tuple[Problem, Ints] | None:
    """Return a problem with b in a (a < b), and the new number of each node; None where they must be apart."""
    node = np.arange(problem.n)
    node[b] = a
    node[b + 1 :] -= 1
    apart = np.unique(np.sort(node[problem.apart], axis=1), axis=0)
    if (apart[:, 0] == apart[:, 1]).any():
        return None
    ends = np.sort(node[problem.edges], axis=1)
    between = ends[:, 0] != ends[:, 1]
    edges, which = np.unique(ends[between], axis=0, return_inverse=True)
    return replace(
        problem,
        weights=np.bincount(node, problem.weights).astype(np.int64),
        edges=edges.reshape(-1, 2),
        costs=np.bincount(which.ravel(), problem.costs[between], len(edges)).astype(np.float64),
        load=None if problem.load is None else np.bincount(node, problem.load).astype(np.float64),
        shape=None,
        home=None,
        side=None,
        apart=apart,
    ), node
