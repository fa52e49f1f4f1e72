"""Partition a weighted graph into contiguous parts within bounds at a low price: tree cuts, ReCom moves, flips.

A search starts from recursive tree cuts (or from given labels), then cools in rounds: pairs of parts are merged and cut
anew along random spanning trees, single nodes are moved over borders, and leaving the bounds gets dearer from round to
round. The inner loops are compiled (`kernels`); effort is counted, so one seed gives one answer.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gridgis.errors import InvalidInput
from gridgis.geometry.arrays import Floats, Ints
from gridgis.partition.problem import Found, Problem, Shape

PENALTY = 1e5
"""Price of one unit of weight outside the bounds, and of a clash: more than any border is worth."""
ROUNDS = 4
"""Rounds of one search; the temperature and the softness of the bounds fall from each to the next."""
MORE = 6
"""How many times as many restarts there are where the bounds are hard to keep."""
SOFT, HOT, COOLING = 40.0, 1.5, 0.45
"""In the first round a mean part outside the bounds costs SOFT mean edges, and the temperature is HOT mean edges."""
FLIPS = 1.0
"""Flips tried for each node and unit of effort, in each round."""
TREES = 3
"""Trees tried for each cut of the start."""
NODE_VISITS = 4_000_000
"""ReCom proposals x nodes of a call of ``partition_graph`` that states no effort: some seconds at most."""


@dataclass
class _Clock:
    """``time_limit`` is a safety that voids determinism, and its use is reported."""

    time_limit: float | None
    started: float = field(default_factory=time.monotonic)
    used: bool = False

    def over(self) -> bool:
        self.used = self.used or (self.time_limit is not None and time.monotonic() - self.started > self.time_limit)
        return self.used


def solve(
    problem: Problem,
    options: Sequence[int],
    seed: int = 0,
    effort: int = 60,
    start: Ints | None = None,
    time_limit: float | None = None,
    restarts: int = 1,
    enough: int = 0,
) -> Found:
    """Search for a cheap partition of a connected graph.

    Parameters
    ----------
    problem
        Graph, bounds and prices. Its graph must be connected.
    options
        Numbers of parts, tried in this order until one keeps all bounds.
    seed, effort
        Of the search: ReCom proposals for each part, and as many flips as fit to them.
    start
        (n,) labels to begin with, of as many parts as the only option; the search then begins half cooled.
    time_limit
        Seconds; a safety that is reported as ``timed_out`` and voids the promise of the same labels.
    restarts
        Searches from anew for each number of parts, of which the best is kept; above 1, up to MORE times as many
        while the bounds are not kept.
    enough
        Weight outside the bounds that cannot be helped: no further option or restart is tried for it.
    """
    clock = _Clock(time_limit)
    best: Found | None = None
    for k in options:
        for attempt in range(restarts if restarts == 1 else MORE * restarts):
            found = _search(problem, k, (seed * 1_000_003 + k) * 1_009 + attempt, effort, start, clock)
            if best is None or (found.wrong, found.price) < (best.wrong, best.price):
                best = found
            if clock.over() or k == 1 or (attempt + 1 >= restarts and best.wrong <= enough):
                break
        assert best is not None
        if best.wrong <= enough or clock.over():
            break
    if best is None:
        raise ValueError("no number of parts to choose from")
    return best


def appraised(problem: Problem, labels: Ints) -> Found:
    """Return what labels 0..k-1 are worth."""
    from gridgis.partition.kernels.net import appraise, empty_parts, tally

    k = int(labels.max()) + 1
    net, parts = _net(problem), empty_parts(problem.n, k)
    parts.labels[:] = labels
    tally(net, parts)
    price, _ = appraise(net, _prices(problem, k, PENALTY), parts)
    return Found(labels, k, float(price), problem.excess(labels), problem.clashes(labels))


def anneal(problem: Problem, labels: Ints, rounds: Sequence[tuple[float, float, float]], steps: int, seed: int) -> Ints:
    """Move single nodes over borders from given labels; contiguous parts stay so, and none comes or goes.

    Parameters
    ----------
    problem
        Graph, bounds and prices; its graph need not be connected.
    labels
        (n,) labels 0..k-1 to begin with.
    rounds
        Of each: the price of a unit of weight outside the bounds, and the temperature at its beginning and end, 0 for
        none (`Prices` and `flips` in ``kernels``).
    steps
        Flips tried in each round.
    seed
        Of the flips.
    """
    from gridgis.partition.kernels.flips import flips
    from gridgis.partition.kernels.net import empty_parts, tally

    k = int(labels.max()) + 1
    net, parts = _net(problem), empty_parts(problem.n, k)
    parts.labels[:] = labels
    tally(net, parts)
    rng = _generator(seed)
    for penalty, hot, cold in rounds:
        flips(net, _prices(problem, k, penalty), parts, steps, hot, cold, rng)
    out: Ints = parts.labels
    return out


def _generator(seed: int) -> Any:
    """Return the state of the compiled searches' random numbers."""
    return np.array([(seed * 0x9E3779B97F4A7C15 + 0x1234567) % (1 << 64) or 1], dtype=np.uint64)


def _search(problem: Problem, k: int, seed: int, effort: int, start: Ints | None, clock: _Clock) -> Found:
    """Search once for k parts."""
    from gridgis.partition.kernels.flips import flips
    from gridgis.partition.kernels.net import appraise, empty_parts, tally
    from gridgis.partition.kernels.recom import recombine
    from gridgis.partition.kernels.trees import room

    net, tree = _net(problem), room(problem.n, len(problem.costs))
    rng = _generator(seed)
    unit = max(float(np.abs(problem.costs).mean()) if len(problem.costs) else 1.0, 1e-9)
    hard = _prices(problem, k, PENALTY)
    parts = empty_parts(problem.n, k)
    if start is not None:
        parts.labels[:] = start
    elif k > 1:
        _cut_recursively(net, hard, parts.labels, k, tree, unit, rng)
    tally(net, parts)
    best, found = parts.labels.copy(), np.array(appraise(net, hard, parts))

    def keep() -> None:
        price, wrong = appraise(net, hard, parts)
        if (wrong, price) < (found[1], found[0]):
            found[:] = price, wrong
            best[:] = parts.labels

    mean = max(float(problem.weights.sum()) / k, 1.0)
    prefer = unit if seed % 2 else 0.0
    for round_ in range(0 if start is None else ROUNDS // 2, ROUNDS if k > 1 else 0):
        p = _prices(problem, k, PENALTY if round_ == ROUNDS - 1 else min(PENALTY, SOFT * unit / mean * 8.0**round_))
        hot = HOT * unit * COOLING**round_
        recombine(net, p, parts, tree, effort * k // ROUNDS, hot, hot * 0.3, prefer, rng, best, found)
        flips(net, p, parts, int(effort * problem.n * FLIPS), hot * 0.5, hot * 0.02, rng)
        keep()
        if clock.over():
            break
    if k > 1:
        parts.labels[:] = best
        tally(net, parts)
        flips(net, hard, parts, 20 * len(problem.costs), 0.0, 0.0, rng)
        keep()
    return Found(best, k, float(found[0]), problem.excess(best), problem.clashes(best), clock.used)


def _cut_recursively(net: Any, p: Any, labels: Ints, k: int, tree: Any, unit: float, rng: Any) -> None:
    from gridgis.partition.kernels.recom import cut_off

    waiting = [(0, k)]
    while waiting:
        first, many = waiting.pop()
        if many > 1:
            share = int(cut_off(net, p, labels, first, many, tree, TREES, unit, rng))
            waiting += [(first, many - share), (first + many - share, share)]


def _prices(problem: Problem, k: int, penalty: float) -> Any:
    from gridgis.partition.kernels.net import Prices

    load = problem.weights if problem.load is None else problem.load
    return Prices(
        float(problem.lower), float(problem.upper), float(load.sum() / k), problem.balance,
        problem.compactness if problem.shape is not None else 0.0, problem.moving, penalty, PENALTY,
    )  # fmt: skip


def _net(problem: Problem) -> Any:
    """Return the problem as flat arrays."""
    from gridgis.partition.kernels.net import Net

    n, m = problem.n, len(problem.edges)
    shape = problem.shape or Shape(np.zeros(m), np.zeros(n), np.zeros(n))
    load = problem.weights if problem.load is None else problem.load
    home = np.full(n, -1, dtype=np.int64) if problem.home is None else problem.home
    aptr, anbr, _ = _neighbours(n, problem.apart)
    ptr, nbr, eid = _neighbours(n, problem.edges)

    def flat(values: Any) -> Floats:
        return np.ascontiguousarray(values, dtype=np.float64)

    return Net(
        ptr, nbr, eid, np.ascontiguousarray(problem.edges), flat(problem.costs), flat(shape.lengths), flat(shape.rim),
        flat(shape.areas), flat(problem.weights), flat(load), home, aptr, anbr,
    )  # fmt: skip


def _neighbours(n: int, pairs: Ints) -> tuple[Ints, Ints, Ints]:
    """Return neighbours as compressed rows: ptr (n + 1,), neighbour and pair number (2m,)."""
    from gridgis.partition.kernels.plain import list_neighbours

    found: tuple[Ints, Ints, Ints] = list_neighbours(n, np.ascontiguousarray(pairs, dtype=np.int64))
    return found


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
    from gridgis.partition.small_graph import CERTIFY, EFFORT, SMALL, finite, settle

    problem = _checked(weights, edges, costs, lower, upper, balance)
    options = [parts] if isinstance(parts, int | np.integer) else list(parts)
    if not options or min(options) < 1 or min(options) > problem.n:
        raise InvalidInput(
            f"份数 {options} 不对：须为1到{problem.n}",
            f"parts {options} is wrong: 1 to {problem.n} (the nodes) is possible",
        )
    options = [o for o in options if o <= problem.n]
    restarts = 1
    if effort is None:
        effort, restarts = _default_effort(problem.n)
    found = solve(problem, options, seed, effort, time_limit=time_limit, restarts=restarts)
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


def _default_effort(n: int) -> tuple[int, int]:
    """Return ReCom proposals for each part, and restarts: many short searches for small graphs, one for large ones."""
    effort = max(30, min(1000, 30 * n, NODE_VISITS // n))
    return effort, max(1, min(40, NODE_VISITS // n // effort))


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


def components(n: int, edges: Ints) -> Ints:
    """Label the connected components of a graph, (n,) 0.. in the order of their first node."""
    from gridgis.partition.kernels.plain import label_components

    return np.asarray(label_components(n, np.ascontiguousarray(edges, dtype=np.int64).reshape(-1, 2)))
