"""Can small ground be grouped into the band at all? A proof that it cannot, or the cheapest grouping."""

from __future__ import annotations

import numpy as np

from gridgis.geometry.arrays import Floats, Ints
from gridgis.model import Band
from gridgis.partition.exact.feasible import Answer, feasible
from gridgis.partition.exact.polish import polish
from gridgis.partition.exact.rooted import rooted
from gridgis.partition.problem import Problem

MOST_UNITS = 100
"""Nodes with households of ground that is looked at."""
EFFORT = 2.0
"""Effort of deciding whether there is a grouping where the caller states none (see `feasible`)."""
TRIES, SHARE = 12, 2
"""How often ground without households is given away by chance where nothing is decided, at what part of the effort."""
EFFORT_CHEAPEST = 0.5
"""Effort of finding the cheapest grouping once there is one (see `polish`)."""


def can_group(problem: Problem, effort: float = EFFORT) -> bool | None:
    """Tell whether a connected graph can be grouped into contiguous groups within its bounds.

    Ground without households goes with whatever it touches. None: not decided with the effort given.
    """
    if not problem.weights.any():
        return True
    return _decide(problem, effort).possible


def find_grouping(weights: Ints, edges: Ints, costs: Floats, band: Band, effort: float = EFFORT) -> Ints | None:
    """Find contiguous groups of nodes within the band, for a region where the search by spanning trees found none.

    Parameters
    ----------
    weights, edges, costs
        (n,), (m, 2), (m,) of a connected graph, as for ``partition_graph``.
    effort
        About the seconds of one core that deciding may take.

    Returns
    -------
    (n,) labels 0..k-1, mostly those with the least cost of cut edges; None where there is no grouping, or where none
    was found with the effort given (``can_group`` tells).

    Examples
    --------
    Two of 20 at the ends of a row, joined by empty ground past two others, which are joined over the first:

    >>> find_grouping(np.array([20, 0, 20, 35]), np.array([[0, 1], [1, 2], [1, 3]]), np.ones(3), Band(30, 50)).tolist()
    [1, 1, 1, 0]
    """
    problem = Problem(weights, edges, costs, band.lower, band.upper)
    answer = _decide(problem, effort)
    labels = answer.labels if answer.possible is not None else _with_ways_given_away(problem, effort / SHARE)
    return None if labels is None else polish(problem, labels, _options(problem), EFFORT_CHEAPEST).labels


def _with_ways_given_away(problem: Problem, effort: float) -> Ints | None:
    """Give the ground without households to nodes beside it by chance, and group what is then a small graph.

    That proves nothing, but where much of the ground is empty it often finds what the whole graph is too large for.
    """
    rng = np.random.default_rng(0)
    both = np.concatenate([problem.edges, problem.edges[:, ::-1]])
    for _ in range(TRIES if problem.weights.any() and not problem.weights.all() else 0):
        of = np.where(problem.weights > 0, np.arange(problem.n), -1)
        while len(open_ := np.flatnonzero((of[both[:, 0]] < 0) & (of[both[:, 1]] >= 0))):
            a, b = both[rng.choice(open_)]
            of[a] = of[b]
        of = np.unique(of, return_inverse=True)[1].astype(np.int64)
        ends = np.sort(of[problem.edges], axis=1)
        edges = np.unique(ends[ends[:, 0] != ends[:, 1]], axis=0)
        weights = np.bincount(of, problem.weights).astype(np.int64)
        small = Problem(weights, edges, np.ones(len(edges)), problem.lower, problem.upper)
        labels = _decide(small, effort).labels
        if labels is not None:
            return labels[of]
    return None


def _options(problem: Problem) -> list[int]:
    total = int(problem.weights.sum())
    return list(range(max(1, -(-total // problem.upper)), total // problem.lower + 1))


def _decide(problem: Problem, effort: float) -> Answer:
    if not problem.weights.any():
        return Answer(False)  # no group of it is within the band
    if np.count_nonzero(problem.weights) > MOST_UNITS:
        return Answer(None)
    answer = rooted(problem, effort / 2)  # mostly quicker where there is none; sets of nodes find what it does not
    return answer if answer.possible is not None else feasible(problem, _options(problem), effort)
