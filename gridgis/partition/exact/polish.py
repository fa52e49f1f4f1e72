"""The cheapest partition of a small region, proven; or a bound on how much cheaper it could be.

A partition is a choice of connected sets that hold each node once. The linear relaxation of that choice is a sharp
bound (set partitioning: Garfinkel and Nemhauser 1970, for districting; Mehrotra, Johnson and Nemhauser 1998). It is
solved by column generation:

1. Given what each node is worth, the connected set within the bounds that is cheapest after its worth is found exactly
   by dynamic programming over a frontier (`exact.frontier`), which gives a bound for all partitions at once, and sets.
2. The relaxation over the sets found so far says anew what each node is worth; until no set is missing.
3. All sets that can occur in a partition cheaper than the one known are listed, in rounds of growing slack, and CP-SAT
   chooses among them: the optimum, or the proof that there is no better one.

All effort is counted, so the same problem gives the same certificate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gridgis.geometry.arrays import Floats, Ints
from gridgis.partition.components import components
from gridgis.partition.exact.master import choose, relax
from gridgis.partition.exact.sets import Members, Sets, as_labels, as_sets
from gridgis.partition.problem import Problem

WORK = 1e9
"""Table cells that count as one unit of effort: about one second of one core."""
TOLERANCE = 1e-6
"""Prices that differ by less than this part of all prices are called equal."""
COLUMNS = 60
"""Sets taken into the relaxation at a time."""
ROUNDS = 400
"""Rounds of column generation."""
SHARE = 3
"""One choice may take this part of the effort that is left, at most."""
FIRST_LIST, LAST_LIST = 3_000, 100_000
"""Sets that CP-SAT chooses among, at first and at most."""


@dataclass(frozen=True)
class Certificate:
    """How good labels are, proven.

    Parameters
    ----------
    labels
        (n,) the best partition known; as given where it holds no bounds and none was found that does.
    objective
        Its linear price (`Problem.linear_price`); inf where it holds no bounds.
    bound
        No partition within the bounds, of any of the numbers of parts, is cheaper; inf: there is none; -inf: unknown.
    gap
        (objective - bound) / |objective|; 0 where exact, inf where nothing is known.
    status
        "optimal" | "bounded" | "impossible" (no partition holds the bounds) | "unknown" (the graph is too wide, or the
        effort too little).
    exact
        True where the answer is proven: "optimal" (to 1e-6 of all prices) or "impossible".
    """

    labels: Ints
    objective: float
    bound: float
    gap: float
    status: str
    exact: bool


def polish(problem: Problem, labels: Ints, options: Sequence[int], effort: float) -> Certificate:
    """Find the cheapest contiguous partition within the bounds, or bound its price.

    Parameters
    ----------
    problem
        Only the linear price counts: ``compactness``, ``home`` and ``moving`` are passed over. A load of its own and
        bounds above 1,000 weaken the bound during the search, not the answer.
    labels
        (n,) a partition to start from.
    options
        The numbers of parts that are allowed.
    effort
        Seconds of one core, roughly; they are counted, not timed.

    Examples
    --------
    >>> row = np.array([[0, 1], [1, 2], [2, 3]])
    >>> problem = Problem(np.ones(4, dtype=np.int64), row, np.array([3.0, 2.0, 1.0]), 1, 3)
    >>> c = polish(problem, np.array([0, 0, 1, 1]), [2], 1.0)
    >>> c.labels.tolist(), c.objective, c.bound, c.exact
    ([0, 0, 0, 1], 1.0, 1.0, True)
    """
    labels = np.asarray(labels, dtype=np.int64)
    allowed = [k for k in dict.fromkeys(options) if 1 <= k <= problem.n]
    start = labels if holds(problem, labels, allowed) else None
    sets = Sets.of(problem) if allowed else None
    if allowed and sets is None:
        objective = np.inf if start is None else problem.linear_price(labels)
        return Certificate(labels, objective, -np.inf, np.inf, "unknown", False)
    if sets is None:
        return Certificate(labels, np.inf, np.inf, 0.0, "impossible", True)
    race = Race(sets, allowed, effort, start)
    race.run()
    return race.certificate(labels)


def holds(problem: Problem, labels: Ints, options: Sequence[int]) -> bool:
    """Tell whether labels are a contiguous partition into an allowed number of parts, within all bounds."""
    a, b = problem.edges.T
    parts = len(np.unique(labels))
    pieces = int(components(problem.n, problem.edges[labels[a] == labels[b]]).max()) + 1
    inside = parts == int(labels.max()) + 1 and problem.excess(labels) == 0 and problem.clashes(labels) == 0
    return inside and pieces == parts and parts in options


class Race:
    """The best partition known, and for each number of parts a bound on what could be better, until they meet."""

    def __init__(self, sets: Sets, options: Sequence[int], effort: float, start: Ints | None, first: bool = False):
        p = sets.problem
        self.sets, self.effort, self.first = sets, effort, first
        self.labels, self.price = start, np.inf if start is None else p.linear_price(start)
        load = p.weights if p.load is None else p.load
        self.top = 1.0 + float(np.abs(p.costs).sum() + 2 * abs(p.balance) * np.abs(load).sum())
        whole = p.balance == 0 and bool((p.costs == np.round(p.costs)).all())
        self.grain = 1.0 - TOLERANCE if whole else TOLERANCE * self.top  # what is better is better by so much
        self.bounds: dict[int, float] = dict.fromkeys(self._ordered(options), -np.inf)
        self.solved = 0.0  # deterministic seconds of CP-SAT
        self.pool = Pool(p.n)
        if start is not None:
            for part in as_sets(start):
                self.pool.add(part[None, :])

    def _ordered(self, options: Sequence[int]) -> list[int]:
        """Put the number of parts of the partition known first: its bound is needed most."""
        known = -1 if self.labels is None else int(self.labels.max()) + 1
        return sorted(options, key=lambda k: k != known)

    @property
    def ceiling(self) -> float:
        """What a partition must cost at most to be better than the one known, or to be one at all."""
        return min(self.price, self.top) - self.grain

    @property
    def left(self) -> float:
        """The effort that is left."""
        return self.effort - self.sets.work / WORK - self.solved

    @property
    def over(self) -> bool:
        """True when there is no effort left, or when any partition is enough and one is known."""
        return self.left <= 0 or (self.first and self.labels is not None)

    def open_(self, parts: int) -> bool:
        """Tell whether a number of parts may still hold a better partition."""
        return self.bounds[parts] < self.ceiling

    def run(self) -> None:
        """Bound each number of parts, then close in on the most promising; where any will do, one after the other."""
        worth: dict[int, Floats] = {}
        for k in self.bounds:
            if not self.over:
                worth[k] = generate(self, k)
            if self.first and k in worth:
                close_in(self, k, worth.pop(k))
        for k in sorted(worth, key=lambda k: self.bounds[k]):
            close_in(self, k, worth[k])

    def take(self, labels: Ints) -> None:
        """Keep a partition where it is better."""
        price = self.sets.problem.linear_price(labels)
        if price < self.price:
            self.labels, self.price = labels, price

    def certificate(self, given: Ints) -> Certificate:
        """Return what is known by now."""
        doubtful = [self.bounds[k] for k in self.bounds if self.open_(k)]
        bound = min(doubtful, default=np.inf)
        if self.labels is None:
            status = "unknown" if doubtful else "impossible"
            return Certificate(given, np.inf, bound, np.inf if doubtful else 0.0, status, not doubtful)
        bound = min(bound, self.price)
        exact = not doubtful
        gap = 0.0 if exact else (self.price - bound) / max(abs(self.price), TOLERANCE * self.top)
        status = "optimal" if exact else "bounded" if np.isfinite(bound) else "unknown"
        return Certificate(self.labels, self.price, bound, gap, status, exact)


class Pool:
    """Sets found so far, each once."""

    def __init__(self, n: int) -> None:
        self.sets: Members = np.zeros((0, n), dtype=np.uint8)
        self._known: set[bytes] = set()

    def add(self, sets: Members) -> bool:
        """Add sets; tell whether any was new."""
        new = [i for i, row in enumerate(sets) if row.tobytes() not in self._known]
        self._known.update(sets[i].tobytes() for i in new)
        self.sets = np.concatenate([self.sets, sets[new]])
        return bool(new)


def generate(race: Race, parts: int) -> Floats:
    """Solve the relaxation by column generation: raise the bound, and return the worth of the nodes that gave it.

    What is asked for lies halfway between the best worth so far and the relaxation's (Wentges 1997): it converges
    faster.
    """
    sets, n = race.sets, race.sets.problem.n
    best, missing = np.zeros(n), race.top
    for _ in range(ROUNDS):
        sets.work += 250.0 * n * (len(race.pool.sets) + n)
        relaxed = relax(race.pool.sets, sets.relaxed(race.pool.sets, parts), parts, missing)
        if relaxed is None:
            break
        smooth = relaxed.worth if race.bounds[parts] == -np.inf else (best + relaxed.worth) / 2
        new = False
        for worth in (smooth, relaxed.worth):
            priced = sets.cheapest(worth, parts, COLUMNS)
            bound = float(worth.sum()) + parts * priced.least
            if bound > race.bounds[parts]:
                race.bounds[parts], best = bound, worth
            new = race.pool.add(priced.sets)
            if new:
                break
        if not race.open_(parts) or race.over:
            break
        if not new or relaxed.value - race.bounds[parts] <= TOLERANCE * race.top:
            if relaxed.uncovered <= TOLERANCE or missing > 1e3 * race.top:
                break
            missing *= 10.0  # not yet dear enough to leave a node uncovered
    return best


def close_in(race: Race, parts: int, worth: Floats) -> None:
    """List the sets of all partitions up to a price and choose among them, at growing prices, up to the price known."""
    sets = race.sets
    floor = race.bounds[parts]
    least = (floor - float(worth.sum())) / parts
    most = FIRST_LIST
    while most <= LAST_LIST and race.open_(parts) and not race.over:
        goal = race.ceiling
        found, all_ = sets.below(worth, parts, least + goal - floor, most)
        while not all_ and goal - floor > TOLERANCE * race.top and race.left > 0:
            goal = (goal + floor) / 2
            found, all_ = sets.below(worth, parts, least + goal - floor, most)
        most *= 4
        if not all_:
            continue
        chosen = choose(found, sets.prices(found, parts), parts, race.left / SHARE, any_=race.first)
        race.solved += chosen.work
        if chosen.sets is not None:
            race.take(as_labels(found[chosen.sets]))
        race.bounds[parts] = max(race.bounds[parts], min(chosen.bound, goal))
        if not chosen.settled and not race.first:
            break
