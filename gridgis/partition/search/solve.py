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

from gridgis.geometry.arrays import Floats, Ints
from gridgis.partition.problem import CLASH, Found, Problem, Shape

PENALTY = 1e5
"""Price of one unit of weight outside the bounds, and of a clash: more than any border is worth."""
ROUNDS = 4
"""Rounds of one search; the temperature and the softness of the bounds fall from each to the next."""
MORE = 6
"""How many times as many restarts there are where the bounds are hard to keep."""
SOFT, HOT, COOLING = 40.0, 4.0, 0.4
"""In the first round a mean part outside the bounds costs SOFT mean edges, and the temperature is HOT mean edges."""
CHEAP = 0.1
"""Mean edges that an edge may cost to be counted as cheap: cheap edges come late into a spanning tree, to be cut."""
FLIPS = 0.5
"""Flips tried for each node and unit of effort, in each round."""
TREES = 3
"""Trees tried for each cut of the start."""


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
    """
    clock = _Clock(time_limit)
    best: Found | None = None
    for k in options:
        for attempt in range(restarts if restarts == 1 else MORE * restarts):
            found = _search(problem, k, (seed * 1_000_003 + k) * 1_009 + attempt, effort, start, clock)
            if best is None or found.worth < best.worth:
                best = found
            if clock.over() or k == 1 or (attempt + 1 >= restarts and best.wrong == 0):
                break
        assert best is not None
        if best.wrong == 0 or clock.over():
            break
    if best is None:
        raise ValueError("no number of parts to choose from")
    return best


def appraised(problem: Problem, labels: Ints) -> Found:
    """Return what labels 0..k-1 are worth."""
    from gridgis.partition.kernels.net import appraise, empty_parts, tally

    k = int(labels.max()) + 1
    net = _net(problem)
    parts = empty_parts(problem.n, k, _sides(net))
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
    net = _net(problem)
    parts = empty_parts(problem.n, k, _sides(net))
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
    from gridgis.partition.kernels.flips import flips, settle
    from gridgis.partition.kernels.net import appraise, empty_parts, tally
    from gridgis.partition.kernels.recom import recombine
    from gridgis.partition.kernels.trees import room

    net = _net(problem)
    tree = room(problem.n, len(problem.costs), _sides(net))
    rng = _generator(seed)
    unit = max(float(np.abs(problem.costs).mean()) if len(problem.costs) else 1.0, 1e-9)
    prefer = CHEAP * unit
    hard = _prices(problem, k, PENALTY)
    parts = empty_parts(problem.n, k, _sides(net))
    if start is not None:
        parts.labels[:] = start
    elif k > 1:
        _cut_recursively(net, hard, parts.labels, k, tree, prefer, rng)
    tally(net, parts)
    best, found = parts.labels.copy(), np.array(appraise(net, hard, parts))

    def keep() -> None:
        price, wrong = appraise(net, hard, parts)
        if (wrong, price) < (found[1], found[0]):
            found[:] = price, wrong
            best[:] = parts.labels

    mean = max(float(problem.weights.sum()) / k, 1.0)
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
        settle(net, hard, parts)
        keep()
    return Found(best, k, float(found[0]), problem.excess(best), problem.clashes(best), clock.used)


def _cut_recursively(net: Any, p: Any, labels: Ints, k: int, tree: Any, prefer: float, rng: Any) -> None:
    from gridgis.partition.kernels.recom import cut_off

    waiting = [(0, k)]
    while waiting:
        first, many = waiting.pop()
        if many > 1:
            share = int(cut_off(net, p, labels, first, many, tree, TREES, prefer, rng))
            waiting += [(first, many - share), (first + many - share, share)]


def _prices(problem: Problem, k: int, penalty: float) -> Any:
    from gridgis.partition.kernels.net import Prices

    load = problem.weights if problem.load is None else problem.load
    return Prices(
        float(problem.lower), float(problem.upper), float(load.sum() / k), problem.balance,
        problem.compactness if problem.shape is not None else 0.0, problem.moving, penalty, PENALTY * CLASH,
        problem.across,
    )  # fmt: skip


def _net(problem: Problem) -> Any:
    """Return the problem as flat arrays."""
    from gridgis.partition.kernels.net import Net

    n, m = problem.n, len(problem.edges)
    shape = problem.shape or Shape(np.zeros(m), np.zeros(n), np.zeros(n))
    load = problem.weights if problem.load is None else problem.load
    home = np.full(n, -1, dtype=np.int64) if problem.home is None else problem.home
    side = np.zeros(n, dtype=np.int64) if problem.side is None else np.unique(problem.side, return_inverse=True)[1]
    aptr, anbr, _ = _neighbours(n, problem.apart)
    ptr, nbr, eid = _neighbours(n, problem.edges)

    def flat(values: Any) -> Floats:
        return np.ascontiguousarray(values, dtype=np.float64)

    return Net(
        ptr, nbr, eid, np.ascontiguousarray(problem.edges), flat(problem.costs), flat(shape.lengths), flat(shape.rim),
        flat(shape.areas), flat(problem.weights), flat(load), home, aptr, anbr, side,
    )  # fmt: skip


def _sides(net: Any) -> int:
    return int(net.side.max(initial=0)) + 1


def _neighbours(n: int, pairs: Ints) -> tuple[Ints, Ints, Ints]:
    """Return neighbours as compressed rows: ptr (n + 1,), neighbour and pair number (2m,)."""
    from gridgis.partition.kernels.plain import list_neighbours

    found: tuple[Ints, Ints, Ints] = list_neighbours(n, np.ascontiguousarray(pairs, dtype=np.int64))
    return found
