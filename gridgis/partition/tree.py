"""Cut a connected set of nodes in two along a random spanning tree (ReCom: DeFord, Duchin, Solomon 2021).

Cutting a tree edge leaves two connected sides, so contiguity holds by construction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gridgis.geometry.arrays import Bools, Floats, Ints


@dataclass(frozen=True)
class Graph:
    """A weighted graph: (n,) integer node weights, (m, 2) edges with a < b, (m,) costs of cutting an edge."""

    weights: Ints
    edges: Ints
    costs: Floats

    @property
    def n(self) -> int:
        """The number of nodes."""
        return len(self.weights)

    def induced(self, nodes: Ints) -> Graph:
        """Return the graph on some nodes, renumbered in the order given."""
        position = np.full(self.n, -1, dtype=np.int64)
        position[nodes] = np.arange(len(nodes))
        ends = position[self.edges]
        keep = (ends >= 0).all(axis=1)
        return Graph(self.weights[nodes], np.sort(ends[keep], axis=1), self.costs[keep])


@dataclass(frozen=True)
class Bounds:
    """What one part may weigh, and what leaving that range costs per unit of weight."""

    lower: int
    upper: int
    penalty: float

    def excess(self, weight: Floats | Ints, parts: Floats | Ints | int) -> Floats:
        """Return how far weights lie outside what so many parts can hold (0 inside)."""
        w = np.asarray(weight, dtype=np.float64)
        return np.maximum(0.0, np.maximum(self.lower * parts - w, w - self.upper * parts))


def spanning_tree(graph: Graph, rng: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    """Draw a random spanning tree that prefers to keep costly edges, and walk it depth first.

    Returns
    -------
    tuple
        Nodes in preorder; for each position its parent's position (-1 for the root); the size of its subtree. The
        subtree of a position p is the slice [p, p + size[p]).
    """
    key = rng.random(len(graph.edges)) / np.maximum(graph.costs, 1e-9)
    tree: list[list[int]] = [[] for _ in range(graph.n)]
    leader = list(range(graph.n))
    for a, b in graph.edges[np.argsort(key, kind="stable")].tolist():
        ra, rb = a, b
        while leader[ra] != ra:
            leader[ra] = ra = leader[leader[ra]]
        while leader[rb] != rb:
            leader[rb] = rb = leader[leader[rb]]
        if ra != rb:
            leader[rb] = ra
            tree[a].append(b)
            tree[b].append(a)
    return _preorder(tree, int(rng.integers(graph.n)))


def _preorder(tree: list[list[int]], root: int) -> tuple[Ints, Ints, Ints]:
    order: list[int] = []
    up: list[int] = []
    stack = [(root, -1, -1)]
    while stack:
        v, parent, above = stack.pop()
        here = len(order)
        order.append(v)
        up.append(above)
        stack.extend((u, v, here) for u in tree[v] if u != parent)
    size = [1] * len(order)
    for p in range(len(order) - 1, 0, -1):
        size[up[p]] += size[p]
    return np.array(order), np.array(up), np.array(size)


def split(
    graph: Graph, parts: int, bounds: Bounds, balance: float, rng: np.random.Generator, trees: int = 1
) -> tuple[Bools, int, float]:
    """Split a connected graph of ``parts`` parts into two sides, the best over several random trees.

    Returns
    -------
    tuple
        (n,) True for the one side, the number of parts of that side, and the price: cost of the cut edges, plus what
        lies outside the bounds, plus unevenness.
    """
    best: tuple[Bools, int, float] = (np.zeros(graph.n, dtype=bool), 0, np.inf)
    for _ in range(trees):
        side, k, price = _split_once(graph, parts, bounds, balance, rng)
        if price < best[2]:
            best = (side, k, price)
    return best


def _split_once(
    graph: Graph, parts: int, bounds: Bounds, balance: float, rng: np.random.Generator
) -> tuple[Bools, int, float]:
    order, _, size = spanning_tree(graph, rng)
    total = int(graph.weights.sum())
    heap = np.concatenate([[0], np.cumsum(graph.weights[order])])
    p = np.arange(1, graph.n)
    below = heap[p + size[p]] - heap[p]
    fewest = np.maximum(1, parts - (graph.n - size[p]))  # no side gets more parts than it has nodes
    most = np.minimum(parts - 1, size[p])
    share = below * parts / max(total, 1)
    options = [np.clip(k, fewest, most).astype(np.int64) for k in (np.floor(share), np.ceil(share))]
    even = total / parts
    prices = [
        (bounds.excess(below, k) + bounds.excess(total - below, parts - k)) * bounds.penalty
        + np.abs(below - k * even) * balance * 2
        for k in options
    ]
    second = prices[1] < prices[0]
    k, rough = np.where(second, *options[::-1]), np.where(second, *prices[::-1])
    candidates = np.argsort(rough, kind="stable")[:32]
    cut = _cut_costs(graph, order, size, p[candidates])
    price = rough[candidates] + cut
    c = int(np.argmin(price))
    start = p[candidates[c]]
    side = np.zeros(graph.n, dtype=bool)
    side[order[start : start + size[start]]] = True
    return side, int(k[candidates[c]]), float(price[c])


def _cut_costs(graph: Graph, order: Ints, size: Ints, starts: Ints) -> Floats:
    """Return for each subtree the cost of the graph edges that leave it."""
    position = np.empty(graph.n, dtype=np.int64)
    position[order] = np.arange(graph.n)
    a, b = position[graph.edges].T
    first, last = starts[:, None], (starts + size[starts])[:, None]
    leaves = ((a >= first) & (a < last)) != ((b >= first) & (b < last))
    return np.asarray(leaves @ graph.costs, dtype=np.float64)
