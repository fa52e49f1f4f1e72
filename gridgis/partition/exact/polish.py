"""The cheapest partition of a small region, proven; or a bound on how much cheaper it could be (see `race`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gridgis.geometry.arrays import Ints
from gridgis.partition.components import components
from gridgis.partition.exact.race import TOLERANCE, Race
from gridgis.partition.problem import Problem


@dataclass(frozen=True)
class Certificate:
    """How good labels are, proven.

    Parameters
    ----------
    labels
        (n,) the best partition known; as given where it holds no bounds and none was found that does.
    objective
        Its price (`Problem.exact_price`); inf where it holds no bounds.
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
        What counts is `Problem.exact_price`: ``compactness``, ``home`` and ``moving`` are passed over. A load of its
        own, bounds above 1,000 and sides (`exact.pairs`) weaken the bound during the search, not the answer.
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
    race = Race(problem, allowed, effort, labels if holds(problem, labels, allowed) else None)
    race.run()
    if race.labels is None:
        known = race.bound == np.inf
        status = "impossible" if known else "unknown"
        return Certificate(labels, np.inf, race.bound + race.floor, 0.0 if known else np.inf, status, known)
    exact = race.bound == np.inf
    price, bound = race.price + race.floor, min(race.bound, race.price) + race.floor
    gap = 0.0 if exact else (price - bound) / max(abs(price), TOLERANCE * race.top)
    status = "optimal" if exact else "bounded" if np.isfinite(bound) else "unknown"
    return Certificate(race.labels, price, bound, gap, status, exact)


def holds(problem: Problem, labels: Ints, options: Sequence[int]) -> bool:
    """Tell whether labels are a contiguous partition into an allowed number of parts, within all bounds."""
    a, b = problem.edges.T
    parts = len(np.unique(labels))
    pieces = int(components(problem.n, problem.edges[labels[a] == labels[b]]).max()) + 1
    inside = parts == int(labels.max()) + 1 and problem.excess(labels) == 0 and problem.clashes(labels) == 0
    return inside and pieces == parts and parts in options
