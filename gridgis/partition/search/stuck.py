"""Nodes that no part within the bounds can hold, whatever the rest looks like: a proof from their surroundings.

An estate of 288 households among estates of 250 and more cannot be brought to 300 without passing 500. The search need
not be tried again for it, and its grid is known to be below the band.
"""

from __future__ import annotations

import numpy as np

from gridgis.geometry.arrays import Ints
from gridgis.partition.problem import Problem

MOST_BESIDE = 40
"""Nodes beside one that are looked at; with more, nothing is known of it."""
STEPS = 1_000
"""Connected sets looked at around one node; beyond, nothing is known of it."""


def shortfall(problem: Problem, nodes: Ints | None = None) -> Ints:
    """Return for each node how much every connected set that holds it must lack or exceed, (n,); 0: nothing known.

    Only ``nodes`` are looked at, by default all. Of nodes without weight nothing is said; they are free ways for the
    others, so what is found is a proof.

    Examples
    --------
    Three estates in a row; the first two together are above the limit, and so are the last two:

    >>> row = Problem(np.array([288, 250, 310]), np.array([[0, 1], [1, 2]]), np.ones(2), 300, 500)
    >>> shortfall(row).tolist()
    [12, 38, 0]
    """
    from gridgis.partition.kernels.plain import fill_up, list_neighbours

    ptr, nbr, _ = list_neighbours(problem.n, problem.edges)
    nodes = np.arange(problem.n, dtype=np.int64) if nodes is None else nodes
    nodes = nodes[problem.weights[nodes] > 0]
    short = fill_up(ptr, nbr, problem.weights, problem.lower, problem.upper, nodes)
    out = np.zeros(problem.n, dtype=np.int64)
    ways: dict[int, set[int]] = {}
    for v in nodes[short > 0]:
        out[v] = _least(int(v), ptr, nbr, problem, ways)
    return out


def shortfall_outside(problem: Problem, labels: Ints) -> Ints:
    """Return the shortfall of the nodes in parts that are out of bounds, (n,); other nodes have none."""
    load = np.bincount(labels, problem.weights)
    outside = (load < problem.lower) | (load > problem.upper)
    return shortfall(problem, np.flatnonzero(outside[labels]))


def touching(problem: Problem, v: int) -> Ints:
    """Return the nodes with weight that a node touches, directly or over nodes without weight."""
    from gridgis.partition.kernels.plain import list_neighbours

    ptr, nbr, _ = list_neighbours(problem.n, problem.edges)
    return np.array(sorted(_ways(v, ptr, nbr, problem.weights, {})), dtype=np.int64)


def inevitable(problem: Problem, short: Ints) -> int:
    """Return the weight that must lie outside the bounds because of single nodes: a lower bound of any excess."""
    counted: list[int] = []
    w, upper = problem.weights, problem.upper
    for v in np.flatnonzero(short)[np.argsort(-short[short > 0], kind="stable")].tolist():
        # in one part, any of those counted exceed the bound by what they count for, or more
        if all(w[v] + w[u] - upper >= short[v] + short[u] for u in counted):
            counted.append(v)
    return int(short[counted].sum())


def _least(v: int, ptr: Ints, nbr: Ints, problem: Problem, ways: dict[int, set[int]]) -> int:
    """Return the least excess of a connected set that holds v; 0 where too many would have to be tried."""
    weights, lower, upper = problem.weights, problem.lower, problem.upper
    best = max(0, lower - int(weights[v]), int(weights[v]) - upper)
    stack = [(int(weights[v]), frozenset([v]), frozenset(_ways(v, ptr, nbr, weights, ways)), frozenset([v]))]
    for _ in range(STEPS):
        if not stack or best == 0:
            return best
        load, inside, open_, barred = stack.pop()
        if len(open_) > MOST_BESIDE:
            return 0
        for u in sorted(open_):
            barred = barred | {u}
            total = load + int(weights[u])
            best = min(best, max(0, lower - total, total - upper))
            if total < lower:  # more only helps a set that lacks something
                reach = (open_ | _ways(u, ptr, nbr, weights, ways)) - barred
                stack.append((total, inside | {u}, reach, barred))
    return 0


def _ways(v: int, ptr: Ints, nbr: Ints, weights: Ints, ways: dict[int, set[int]]) -> set[int]:
    """Return the nodes with weight that v touches, directly or over nodes without."""
    if v not in ways:
        seen, stack = {v}, [v]
        while stack:
            x = stack.pop()
            for u in nbr[ptr[x] : ptr[x + 1]].tolist():
                if u not in seen:
                    seen.add(u)
                    if weights[u] == 0:
                        stack.append(u)
        ways[v] = {u for u in seen if weights[u] > 0 and u != v}
    return ways[v]
