"""Partition any weighted graph: the engine's search without a map, for small graphs settled exactly."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gridgis.errors import InvalidInput
from gridgis.geometry.arrays import Ints
from gridgis.partition.components import components
from gridgis.partition.exact.small_graph import CERTIFY, EFFORT, SMALL, finite, settle
from gridgis.partition.problem import Found, Problem
from gridgis.partition.search.annealed import solve_annealed
from gridgis.partition.search.solve import MORE, solve

VISITS = 5_000_000
"""ReCom proposals x (nodes and edges) of a call of ``partition_graph`` that states no effort: some seconds at most."""
WORTH = attrgetter("worth")
SETTLED = 4
"""A small graph is searched so many times less: it is settled afterwards, and most of the time is left for that."""


def partition_graph(
    weights: ArrayLike,
    edges: ArrayLike,
    costs: ArrayLike,
    parts: int | Sequence[int],
    lower: int,
    upper: int,
    seed: int = 0,
    time_limit: float | None = None,
    *,
    balance: float = 0.0,
    effort: int | None = None,
    certify: bool = False,
) -> tuple[Ints, dict[str, Any]]:
    """Partition a graph into contiguous parts of bounded weight at a low total cost of cut edges.

    Parameters
    ----------
    weights
        (n,) non-negative integers.
    edges, costs
        (m, 2) node pairs and (m,) non-negative costs of having the two ends in different parts.
    parts
        The number of parts, or several numbers to choose from (tried in that order until one is within bounds).
    lower, upper
        Bounds on the weight of a part, both included.
    seed
        The same seed gives the same labels.
    time_limit
        Seconds; a safety whose use is reported as ``timed_out`` and voids the promise of the same labels.
    balance
        Price of one unit of deviation from the even weight.
    effort
        ReCom proposals for each part; default: by the size of the graph, for some seconds at most.
    certify
        True: prove how good the labels are (for graphs beyond some 100 nodes mostly in vain), some seconds at most.

    Returns
    -------
    tuple
        (n,) labels 0..k-1, and a report: parts, cut (sum of costs), excess (weight outside the bounds), timed_out.
        With ``certify`` also status ("optimal" | "bounded" | "impossible": no partition is within the bounds |
        "unknown"), bound (no partition into so many parts is cheaper, unevenness included; None: unknown, or there is
        none) and gap (how far above the bound the labels are, as a part of their price; None: unknown).

    Raises
    ------
    InvalidInput
        A disconnected graph, an edge that names no node, negative weights or costs, more parts than nodes.

    Notes
    -----
    Graphs of up to 60 nodes are settled: what fits is found, at the least cost but for very awkward ones. Larger ones
    are left to a heuristic: what fits is found nearly always, the cheapest cut mostly.

    Examples
    --------
    >>> labels, report = partition_graph([1] * 6, [(i, i + 1) for i in range(5)], [1.0] * 5, 2, 3, 3)
    >>> sorted(np.bincount(labels).tolist()), report["cut"], report["excess"]
    ([3, 3], 1.0, 0)
    >>> partition_graph([2, 3, 2], [(0, 1), (1, 2)], [1.0, 1.0], 2, 3, 4, certify=True)[1]["status"]
    'impossible'
    """
    problem = _checked(weights, edges, costs, lower, upper, balance)
    options = [parts] if isinstance(parts, int | np.integer) else list(parts)
    if not options or min(options) < 1 or min(options) > problem.n:
        raise InvalidInput(
            f"份数 {options} 不对：须为1到{problem.n}",
            f"parts {options} is wrong: 1 to {problem.n} (the nodes) is possible",
        )
    options = [o for o in options if o <= problem.n]
    if effort is None:
        found = _searched(problem, options, seed, time_limit)
    else:
        found = solve(problem, options, seed, effort, time_limit=time_limit)
    labels, proof = found.labels, None
    if certify or (problem.n <= SMALL and not found.timed_out):
        labels, proof = settle(problem, options, found, CERTIFY if certify else EFFORT)
    report: dict[str, Any] = {
        "parts": int(labels.max()) + 1,
        "cut": problem.border(labels),
        "excess": problem.excess(labels),
        "timed_out": found.timed_out,
    }
    if certify and proof is not None:
        report |= {"status": proof.status, "bound": finite(proof.bound), "gap": finite(proof.gap)}
    return labels, report


def _searched(problem: Problem, options: Sequence[int], seed: int, time_limit: float | None) -> Found:
    """Search by tree cuts, many times in small graphs, then by flips, which does better in dense and regular ones.

    Where nothing is within the bounds, ``solve`` tries MORE times as often; so it is asked for few restarts at first.
    """
    proposals = VISITS // (problem.n + len(problem.edges))
    effort = max(30, min(1000, 30 * problem.n, proposals))
    restarts = max(1, min(40, proposals // effort) // (SETTLED if problem.n <= SMALL else 1))
    few = max(1, restarts // (MORE * len(options)))
    best = solve(problem, options, seed, effort, time_limit=time_limit, restarts=few)
    if best.timed_out:
        return best
    if best.holds and restarts > few:
        more = solve(problem, [best.parts], seed + 1, effort, time_limit=time_limit, restarts=restarts - few)
        best = min(best, more, key=WORTH)
    return min(best, solve_annealed(problem, best.parts, seed), key=WORTH)


def _checked(weights: ArrayLike, edges: ArrayLike, costs: ArrayLike, lower: int, upper: int, balance: float) -> Problem:
    w = np.asarray(weights)
    e = np.asarray(edges, dtype=np.int64).reshape(-1, 2)
    c = np.asarray(costs, dtype=np.float64)
    if not len(w) or (w < 0).any() or not np.array_equal(w, w.astype(np.int64)):
        raise InvalidInput("节点权重须为非负整数且至少一个", "node weights must be non-negative integers, at least one")
    if len(c) != len(e) or not np.isfinite(c).all() or (c < 0).any():
        raise InvalidInput("每条边须有一个非负的代价", "each edge needs one finite, non-negative cost")
    if len(e) and (e.min() < 0 or e.max() >= len(w) or (e[:, 0] == e[:, 1]).any()):
        raise InvalidInput("边的端点须为两个不同的节点", "an edge must join two different nodes that exist")
    pairs, which = np.unique(np.sort(e, axis=1), axis=0, return_inverse=True)
    total = np.bincount(which.ravel(), c, len(pairs)).astype(np.float64)
    problem = Problem(w.astype(np.int64), pairs, total, lower, upper, balance)
    if (n := components(problem.n, pairs).max() + 1) > 1:
        raise InvalidInput(
            f"图不连通，分为 {n} 块；请分别划分", f"the graph is disconnected ({n} components); partition each alone"
        )
    return problem
