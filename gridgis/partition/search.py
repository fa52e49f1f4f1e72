"""Partition a weighted graph into contiguous parts within bounds at a low cut: tree splits, ReCom moves, flips."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from gridgis.errors import InvalidInput
from gridgis.geometry.arrays import Floats, Ints
from gridgis.partition.tree import Bounds, Graph, split

PENALTY = 1e5
"""Price of one unit of weight outside the bounds: more than any border is worth."""


@dataclass
class _Clock:
    """Counts effort; ``time_limit`` is a safety that voids determinism, and its use is reported."""

    time_limit: float | None
    started: float = field(default_factory=time.monotonic)
    used: bool = False

    def over(self) -> bool:
        self.used = self.used or (self.time_limit is not None and time.monotonic() - self.started > self.time_limit)
        return self.used


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
    effort: int = 60,
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
        ReCom proposals for each part.

    Returns
    -------
    tuple
        (n,) labels 0..k-1, and a report: parts, cut (sum of costs), excess (weight outside the bounds), timed_out.

    Raises
    ------
    InvalidInput
        A disconnected graph, an edge that names no node, negative weights or costs, more parts than nodes.

    Notes
    -----
    A heuristic: what fits is found nearly always, the cheapest cut mostly. Cheap edges are tried as borders first; two
    nodes whose only short way to each other is an edge of cost 0 seldom end in one part.

    Examples
    --------
    >>> labels, report = partition_graph([1] * 6, [(i, i + 1) for i in range(5)], [1.0] * 5, 2, 3, 3)
    >>> sorted(np.bincount(labels).tolist()), report["cut"], report["excess"]
    ([3, 3], 1.0, 0)
    """
    graph = _checked(weights, edges, costs)
    options = [parts] if isinstance(parts, int | np.integer) else list(parts)
    if not options or min(options) < 1 or min(options) > graph.n:
        raise InvalidInput(
            f"份数 {options} 不对：须为1到{graph.n}",
            f"parts {options} is wrong: 1 to {graph.n} (the nodes) is possible",
        )
    clock = _Clock(time_limit)
    bounds = Bounds(lower, upper, PENALTY)
    best: tuple[float, float, Ints] | None = None
    for k in [o for o in options if o <= graph.n]:
        rng = np.random.default_rng([seed, k])
        labels = _Search(graph, k, bounds, balance, rng, clock).run(effort)
        excess = float(bounds.excess(np.bincount(labels, graph.weights, k), 1).sum())
        found = (excess, _cut(graph, labels), labels)
        if best is None or found[:2] < best[:2]:
            best = found
        if excess == 0 or clock.over():
            break
    assert best is not None
    excess, cut, labels = best
    report = {"parts": int(labels.max()) + 1, "cut": cut, "excess": round(excess), "timed_out": clock.used}
    return labels, report


def _checked(weights: ArrayLike, edges: ArrayLike, costs: ArrayLike) -> Graph:
    w = np.asarray(weights)
    e = np.asarray(edges, dtype=np.int64).reshape(-1, 2)
    c = np.asarray(costs, dtype=np.float64)
    if not len(w) or (w < 0).any() or not np.array_equal(w, w.astype(np.int64)):
        raise InvalidInput("节点权重须为非负整数且至少一个", "node weights must be non-negative integers, at least one")
    if len(c) != len(e) or not np.isfinite(c).all() or (c < 0).any():
        raise InvalidInput("每条边须有一个非负的代价", "each edge needs one finite, non-negative cost")
    if len(e) and (e.min() < 0 or e.max() >= len(w) or (e[:, 0] == e[:, 1]).any()):
        raise InvalidInput("边的端点须为两个不同的节点", "an edge must join two different nodes that exist")
    graph = Graph(w.astype(np.int64), np.sort(e, axis=1), c)
    if (n := components(graph.n, graph.edges).max() + 1) > 1:
        raise InvalidInput(
            f"图不连通，分为 {n} 块；请分别划分", f"the graph is disconnected ({n} components); partition each alone"
        )
    return graph


def components(n: int, edges: Ints) -> Ints:
    """Label the connected components of a graph, (n,) 0.. in the order of their first node."""
    ones = np.ones(len(edges), dtype=np.int8)
    _, labels = connected_components(csr_array((ones, (edges[:, 0], edges[:, 1])), shape=(n, n)), directed=False)
    _, first = np.unique(labels, return_index=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return np.asarray(rank[labels], dtype=np.int64)


def _cut(graph: Graph, labels: Ints) -> float:
    differs = labels[graph.edges[:, 0]] != labels[graph.edges[:, 1]]
    return float(graph.costs[differs].sum())


class _Search:
    """One search for a fixed number of parts."""

    def __init__(
        self, graph: Graph, parts: int, bounds: Bounds, balance: float, rng: np.random.Generator, clock: _Clock
    ) -> None:
        self.graph, self.parts, self.bounds, self.balance = graph, parts, bounds, balance
        self.rng, self.clock = rng, clock
        self.even = float(graph.weights.sum() / parts)
        self.labels = np.zeros(graph.n, dtype=np.int64)
        neighbours: list[list[tuple[int, float]]] = [[] for _ in range(graph.n)]
        for (a, b), c in zip(graph.edges.tolist(), graph.costs.tolist(), strict=True):
            neighbours[a].append((b, c))
            neighbours[b].append((a, c))
        self.neighbours = neighbours

    def run(self, effort: int) -> Ints:
        self._start(np.arange(self.graph.n), 0, self.parts)
        if self.parts > 1:
            self._flips()
            for round_ in range(3):
                self._recombine(effort * self.parts // 3, heat=(2 - round_) / 2)
                self._flips()
        return self.labels

    def _start(self, nodes: Ints, first: int, parts: int) -> None:
        """Split recursively until each piece is one part."""
        if parts == 1:
            self.labels[nodes] = first
            return
        side, k, _ = split(self.graph.induced(nodes), parts, self.bounds, self.balance, self.rng, trees=12)
        self._start(nodes[side], first, k)
        self._start(nodes[~side], first + k, parts - k)

    def _price_of(self, weight: float) -> float:
        b = self.bounds
        outside = max(0.0, b.lower - weight, weight - b.upper)
        return outside * b.penalty + abs(weight - self.even) * self.balance

    def _recombine(self, proposals: int, heat: float) -> None:
        """Merge two adjacent parts and split them anew; keep what is cheaper, or by chance what is a little dearer."""
        g = self.graph
        weight = np.bincount(self.labels, g.weights, self.parts)
        for _ in range(proposals):
            ends = self.labels[g.edges]
            crossing = np.flatnonzero(ends[:, 0] != ends[:, 1])
            if not len(crossing) or self.clock.over():
                return
            a, b = ends[self._pick(ends[crossing], weight, crossing)]
            nodes = np.flatnonzero((self.labels == a) | (self.labels == b))
            sub = g.induced(nodes)
            differs = (self.labels[nodes][sub.edges] == a).sum(axis=1) == 1
            old = sub.costs[differs].sum() + self._price_of(weight[a]) + self._price_of(weight[b])
            side, _, _ = split(sub, 2, self.bounds, self.balance, self.rng)
            w1 = float(sub.weights[side].sum())
            w2 = weight[a] + weight[b] - w1
            cut = sub.costs[side[sub.edges[:, 0]] != side[sub.edges[:, 1]]].sum()
            new = cut + self._price_of(w1) + self._price_of(w2)
            slack = -heat * 0.05 * self._mean_cut() * np.log(max(self.rng.random(), 1e-12))
            if new <= old + slack:
                self.labels[nodes] = np.where(side, a, b)
                weight[a], weight[b] = w1, w2

    def _mean_cut(self) -> float:
        return _cut(self.graph, self.labels) / max(self.parts, 1)

    def _pick(self, pairs: Ints, weight: Floats | Ints, crossing: Ints) -> int:
        """Pick a crossing edge; half of the time beside a part that is out of bounds, if there is one."""
        bad = self.bounds.excess(weight, 1) > 0
        if bad.any() and self.rng.random() < 0.5:
            near = np.flatnonzero(bad[pairs].any(axis=1))
            return int(crossing[near[self.rng.integers(len(near))]]) if len(near) else int(crossing[0])
        return int(crossing[self.rng.integers(len(crossing))])

    def _flips(self, passes: int = 6) -> None:
        """Move single nodes over a border where that lowers the price and keeps both parts connected."""
        weight = np.bincount(self.labels, self.graph.weights, self.parts).tolist()
        count = np.bincount(self.labels, minlength=self.parts).tolist()
        labels = self.labels.tolist()
        w = self.graph.weights.tolist()
        for _ in range(passes):
            moved = False
            for v in self.rng.permutation(self.graph.n).tolist():
                to = self._better(v, labels, weight, w[v])
                if to < 0 or count[labels[v]] == 1 or not self._stays_connected(v, labels):
                    continue
                weight[labels[v]] -= w[v]
                weight[to] += w[v]
                count[labels[v]] -= 1
                count[to] += 1
                labels[v] = to
                moved = True
            if not moved or self.clock.over():
                break
        self.labels = np.array(labels, dtype=np.int64)

    def _better(self, v: int, labels: list[int], weight: list[float], w: int) -> int:
        own = labels[v]
        tie: dict[int, float] = {}
        for u, c in self.neighbours[v]:
            tie[labels[u]] = tie.get(labels[u], 0.0) + c
        if len(tie) == 1 and own in tie:
            return -1
        stay = tie.get(own, 0.0) - self._price_of(weight[own]) + self._price_of(weight[own] - w)
        best, best_gain = -1, 1e-9
        for part, c in tie.items():
            if part != own:
                gain = c + self._price_of(weight[part]) - self._price_of(weight[part] + w) - stay
                if gain > best_gain:
                    best, best_gain = part, gain
        return best

    def _stays_connected(self, v: int, labels: list[int]) -> bool:
        """Tell whether v's part stays connected without v: its neighbours there must reach one another."""
        own = labels[v]
        targets = {u for u, _ in self.neighbours[v] if labels[u] == own}
        if len(targets) <= 1:
            return True
        start = min(targets)
        seen = {v, start}
        stack = [start]
        targets.discard(start)
        while stack and targets:
            for u, _ in self.neighbours[stack.pop()]:
                if labels[u] == own and u not in seen:
                    seen.add(u)
                    targets.discard(u)
                    stack.append(u)
        return not targets
