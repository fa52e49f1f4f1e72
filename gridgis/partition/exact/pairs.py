"""Pairs across: the pairs of units of weight in one part that are on different sides, of sets and at least."""

from __future__ import annotations

import numpy as np

from gridgis.geometry.arrays import Ints
from gridgis.partition.exact.sets import Members
from gridgis.partition.problem import Problem


def pairs_within(problem: Problem, sets: Members) -> Ints:
    """Return the pairs across in each set."""
    if problem.side is None:
        return np.zeros(len(sets), dtype=np.int64)
    on = np.zeros((problem.n, int(problem.side.max()) + 1), dtype=np.int64)
    on[np.arange(problem.n), problem.side] = problem.weights
    load = sets @ on
    return np.asarray((load.sum(axis=1) ** 2 - (load**2).sum(axis=1)) // 2, dtype=np.int64)


def fewest_pairs(problem: Problem) -> int:
    """Return so many pairs across that no partition within the bounds has fewer: by sums, wherever nodes are.

    A side that cannot be cut within the bounds alone gives some of its weight, a sum of its nodes, to parts that others
    share: x there, with a sum of the others to make it ``lower``, is in as many pairs as their product; given to
    several parts it is in more. A pair is on two sides, so all together have at least half of the sum, and at least the
    most of one.

    Examples
    --------
    >>> nodes = np.array([110] * 5 + [50] * 20)
    >>> row = np.array([[i, i + 1] for i in range(24)])
    >>> side = np.repeat([0, 1], [5, 20])
    >>> fewest_pairs(Problem(nodes, row, np.ones(24), 300, 500, side=side))  # 220 of the 550 with 100 of the others
    22000
    """
    if problem.side is None:
        return 0
    least = [_fewest_of(problem, int(s)) for s in np.unique(problem.side)]
    return int(max(-(-sum(least) // 2), *least))


def _fewest_of(problem: Problem, side: int) -> int:
    """Return the pairs that the nodes of one side are in at least."""
    own, others = _sums(problem.weights[problem.side == side]), _sums(problem.weights[problem.side != side])
    kept = own[-1] - own
    given = own[-(-kept // problem.upper) * problem.lower <= kept]  # what is kept can be cut, as sand
    if given[0] == 0 or len(others) == 1:
        return 0
    place = np.searchsorted(others, np.maximum(problem.lower - given, 1))
    lack = np.append(others, others[-1])[place]
    return int((given * lack).min())


def _sums(weights: Ints) -> Ints:
    """Return what some of the weights can come to, ascending from 0."""
    sums = 1
    for w in weights.tolist():
        sums |= sums << w
    return np.flatnonzero([bit == "1" for bit in reversed(f"{sums:b}")])
