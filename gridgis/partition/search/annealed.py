"""Search by flips alone: many coolings of single nodes over borders that may leave the bounds for a while.

Where a graph is dense, regular or bound to parts of one weight, no cut of a spanning tree is any good, and a flip
leaves the bounds at once. So weight outside is cheap at first (Johnson, Aragon, McGeoch and Schevon 1989, "Optimization
by simulated annealing: graph partitioning"): how cheap is best differs from graph to graph, and several prices are
tried.
"""

from __future__ import annotations

import numpy as np

from gridgis.partition.problem import Found, Problem
from gridgis.partition.search.solve import PENALTY, anneal, appraised, solve

SOFT = (10.0, 40.0, 160.0)
"""Mean edges that a mean part outside the bounds costs at first."""
HOT = 0.4
"""Temperature at first, in mean edges times the root of the mean degree: what a flip may cost is of that order."""
ROUNDS, COOLING, HARDENING = 8, 0.7, 1.5
"""Rounds; from each to the next it is so much cooler, and weight outside so much dearer."""
STEPS = 500
"""Flips tried for each node in each round."""
EFFORT = 10
"""Of the search that a cooling begins from."""
TIMES, MOST_EDGES, MOST_STEPS = 36, 20_000, 12_000_000
"""Coolings, over how many edges together, and flips in one of them, at most."""


def solve_annealed(problem: Problem, parts: int, seed: int) -> Found:
    """Search for a cheap partition of a connected graph by flips; the best of up to TIMES coolings.

    Parameters
    ----------
    problem
        Graph, bounds and prices; made for graphs without a shape.
    parts
        The number of parts.
    seed
        Of the search.
    """
    n, m = problem.n, len(problem.edges)
    unit = float(problem.costs.mean()) if m else 1.0
    soft = unit * parts / max(1.0, float(problem.weights.sum()))
    hot = HOT * unit * np.sqrt(2 * m / n)
    steps = min(STEPS * n, MOST_STEPS // ROUNDS)
    best: Found | None = None
    for k in range(max(len(SOFT), min(TIMES, MOST_EDGES // max(m, 1)))):
        cooling = [
            (SOFT[k % len(SOFT)] * soft * HARDENING**i, hot * COOLING**i, hot * COOLING ** (i + 1))
            for i in range(ROUNDS)
        ]
        hard = (PENALTY, hot * COOLING**ROUNDS, 0.0)
        own = 1_009 * seed + k
        labels = solve(problem, [parts], own, EFFORT).labels
        labels = anneal(problem, labels, [*cooling, hard, (PENALTY, 0.0, 0.0)], steps, own)
        found = appraised(problem, labels)
        best = found if best is None or found.worth < best.worth else best
    assert best is not None
    return best
