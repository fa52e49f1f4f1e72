"""Small random graphs, and slow oracles that try everything."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from hypothesis import strategies as st

from gridgis.model import BARRIER_CLASSES, Band
from gridgis.partition.graph import Contacts

PRIMARY, OPEN = BARRIER_CLASSES.index("primary"), len(BARRIER_CLASSES)


@dataclass(frozen=True)
class Drawn:
    """A connected graph with whole weights and costs."""

    weights: list[int]
    edges: list[tuple[int, int]]
    costs: list[float]

    def connected(self, nodes: set[int]) -> bool:
        seen, stack = set(), [min(nodes)]
        while stack:
            v = stack.pop()
            seen.add(v)
            ends = [e for e in self.edges if v in e]
            stack += [u for e in ends for u in e if u in nodes and u not in seen]
        return seen == nodes

    def groupings(self) -> Iterator[list[set[int]]]:
        """Yield every grouping of the nodes into connected groups."""
        for groups in set_partitions(list(range(len(self.weights)))):
            if all(self.connected(g) for g in groups):
                yield groups

    def load(self, group: set[int]) -> int:
        return sum(self.weights[v] for v in group)

    def price(self, groups: list[set[int]], lower: int, upper: int) -> tuple[int, float]:
        """Return the weight outside the bounds and the cost of the edges that are cut."""
        of = {v: i for i, g in enumerate(groups) for v in g}
        excess = sum(max(0, lower - self.load(g), self.load(g) - upper) for g in groups)
        return excess, sum(c for (a, b), c in zip(self.edges, self.costs, strict=True) if of[a] != of[b])

    def best(self, parts: int, lower: int, upper: int) -> tuple[int, float]:
        return min(self.price(g, lower, upper) for g in self.groupings() if len(g) == parts)

    def contacts(self) -> Contacts:
        """Return the graph as ground: a node is an atom with one building."""
        n = len(self.weights)
        households = np.array(self.weights, dtype=np.int64)
        length = np.zeros((len(self.edges), 9))
        length[:, -1] = np.array(self.costs) + 1
        pairs = np.array(self.edges, dtype=np.int64).reshape(-1, 2)
        none = np.full(n, -1)
        dry = np.zeros(n, dtype=bool)
        return Contacts(
            np.arange(n), households, households, np.full(n, 100.0), np.full(n, 40.0), households * 1.0, none, dry,
            pairs, length,
        )  # fmt: skip


def set_partitions(items: list[int]) -> Iterator[list[set[int]]]:
    if not items:
        yield []
        return
    first, *rest = items
    for groups in set_partitions(rest):
        yield [{first}, *groups]
        for i in range(len(groups)):
            yield [*groups[:i], groups[i] | {first}, *groups[i + 1 :]]


def tree_plus(weights: list[int], parents: list[int], extra: list[tuple[int, int]], costs: list[int]) -> Drawn:
    """Make a connected graph: node i hangs on an earlier one, and some edges more."""
    edges = {(parents[i] % i, i) for i in range(1, len(weights))}
    edges |= {(min(a, b), max(a, b)) for a, b in extra if a != b and max(a, b) < len(weights)}
    return Drawn(weights, sorted(edges), [float(c) for c, _ in zip(itertools.cycle(costs), edges, strict=False)])


@st.composite
def graphs(draw: st.DrawFn, most: int = 6) -> Drawn:
    weights = draw(st.lists(st.integers(0, 9), min_size=1, max_size=most))
    node = st.integers(0, most - 1)
    parents = draw(st.lists(node, min_size=most, max_size=most))
    extra = draw(st.lists(st.tuples(node, node), max_size=5))
    return tree_plus(weights, parents, extra, draw(st.lists(st.integers(0, 9), min_size=1, max_size=5)))


def random_graph(number: int, most: int = 6) -> Drawn:
    rng = np.random.default_rng(number)
    weights = rng.integers(0, 7, rng.integers(2, most + 1)).tolist()
    extra = [(int(a), int(b)) for a, b in rng.integers(0, most, (int(rng.integers(0, 6)), 2))]
    return tree_plus(weights, rng.integers(0, most, most).tolist(), extra, rng.integers(1, 9, 5).tolist())


def fits(groups: list[set[int]], graph: Drawn, band: Band) -> bool:
    return all(graph.load(g) in band for g in groups)


def lattice(households: list[list[int]], roads: tuple[int, ...], compound: dict[tuple[int, int], int]) -> Contacts:
    """Return squares of 20 m in rows, with a primary road after some of the columns."""
    table = np.array(households, dtype=np.int64)
    rows, columns = table.shape
    number = np.arange(rows * columns).reshape(rows, columns)
    beside = np.column_stack([number[:, :-1].ravel(), number[:, 1:].ravel()])
    below = np.column_stack([number[:-1].ravel(), number[1:].ravel()])
    klass = np.full(len(beside) + len(below), OPEN)
    klass[: len(beside)][np.isin(beside[:, 0] % columns, roads)] = PRIMARY
    length = np.zeros((len(klass), OPEN + 1))
    length[np.arange(len(klass)), klass] = 20.0
    estates = np.full(table.size, -1)
    for (i, j), k in compound.items():
        estates[number[i, j]] = k
    pairs = np.concatenate([beside, below])
    drawn = Drawn(table.ravel().tolist(), [(int(a), int(b)) for a, b in pairs], [1] * len(pairs))
    area = np.full(table.size, 400.0)
    return replace(drawn.contacts(), area=area, outline=np.full(table.size, 80.0), compound=estates, length=length)
