"""What is searched for: a partition of a weighted graph into contiguous parts within bounds, at the lowest price."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from gridgis.geometry.arrays import Floats, Ints

CLASH = 1_000
"""A pair that must be apart and is not counts as so many households outside the bounds."""


def _no_pairs() -> Ints:
    return np.empty((0, 2), dtype=np.int64)


def pairs_by_part(side: Ints, labels: Ints, weights: Ints) -> Floats:
    """Return for each part the pairs of units of weight in it (``labels``) but on different sides, (k,); given (n,).

    Examples
    --------
    >>> pairs_by_part(np.array([0, 0, 1]), np.array([0, 1, 1]), np.array([300, 50, 250])).tolist()
    [0.0, 12500.0]
    """
    sides = int(side.max(initial=0)) + 1
    cell, where = np.unique(labels * sides + side, return_inverse=True)
    inside, total = np.bincount(where.ravel(), weights), np.bincount(labels, weights)
    out: Floats = (total**2 - np.bincount(cell // sides, inside**2, len(total))) / 2
    return out


def pairs_across(side: Ints, labels: Ints, weights: Ints) -> int:
    """Return the pairs of units of weight in one part (``labels``) but on different sides, all (n,).

    Examples
    --------
    >>> pairs_across(np.array([0, 0, 1]), np.array([0, 1, 1]), np.array([300, 50, 250]))
    12500
    """
    return round(float(pairs_by_part(side, labels, weights).sum()))


@dataclass(frozen=True)
class Shape:
    """What compactness needs of a graph on the ground.

    ``lengths`` (m,) metres of shared edge of each graph edge; ``rim`` (n,) metres of a node's outline that no graph
    edge accounts for; ``areas`` (n,) m2.
    """

    lengths: Floats
    rim: Floats
    areas: Floats


@dataclass(frozen=True)
class Problem:
    """A weighted graph, the bounds of a part, and the prices of a partition.

    The price of labels is the sum of

    - ``costs`` of the edges whose ends differ;
    - ``balance`` x |load of a part - mean load|, over the parts;
    - ``compactness`` x ln(1 / Polsby-Popper) of a part, over the parts (``shape`` must be given);
    - ``across`` x each pair of units of weight in one part that are on different sides (``side``);
    - ``moving`` x weight of the nodes whose label is not ``home`` (where home >= 0);
    - PENALTY x weight outside ``lower``..``upper``, over the parts, and x each pair of ``apart`` in one part.

    Parameters
    ----------
    weights
        (n,) non-negative integers, which the bounds speak of.
    edges, costs
        (m, 2) with a < b, each pair once; (m,) finite, may be negative (a border that is wanted).
    lower, upper
        Bounds on the weight of a part, both included.
    load
        (n,) what is balanced; None: the weights.
    home
        (n,) label that a node has at present, -1 for none; None: nobody is at home anywhere.
    apart
        (a, 2) nodes that must not be in one part.
    side
        (n,) label of the ground, such as one side of a main road, that a node is on; None: all on one.
    """

    weights: Ints
    edges: Ints
    costs: Floats
    lower: int
    upper: int
    balance: float = 0.0
    load: Floats | None = None
    shape: Shape | None = None
    compactness: float = 0.0
    home: Ints | None = None
    moving: float = 0.0
    apart: Ints = field(default_factory=_no_pairs)
    side: Ints | None = None
    across: float = 0.0

    @property
    def n(self) -> int:
        """The number of nodes."""
        return len(self.weights)

    def excess(self, labels: Ints) -> int:
        """Return the weight outside the bounds, over all parts."""
        w = np.bincount(labels, self.weights).astype(np.int64)
        return int(np.maximum(0, np.maximum(self.lower - w, w - self.upper)).sum())

    def border(self, labels: Ints) -> float:
        """Return the cost of the edges that labels cut."""
        a, b = self.edges.T
        return float(self.costs[labels[a] != labels[b]].sum())

    def unevenness(self, labels: Ints) -> float:
        """Return the sum of |load - mean load| over the parts."""
        load = np.bincount(labels, self.weights if self.load is None else self.load)
        return float(np.abs(load - load.mean()).sum())

    def exact_price(self, labels: Ints) -> float:
        """Return what `exact` minimises: cost of the border, price of unevenness and of pairs across."""
        return self.border(labels) + self.balance * self.unevenness(labels) + self.across * self.pairs_across(labels)

    def pairs_across(self, labels: Ints) -> int:
        """Return the pairs of units of weight in one part that are on different sides."""
        return 0 if self.side is None else pairs_across(self.side, labels, self.weights)

    def moved(self, labels: Ints) -> int:
        """Return the weight of the nodes that are not at home."""
        if self.home is None:
            return 0
        return int(self.weights[(self.home >= 0) & (labels != self.home)].sum())

    def clashes(self, labels: Ints) -> int:
        """Return the number of pairs that must be apart and are not."""
        a, b = self.apart.T
        return int((labels[a] == labels[b]).sum())


@dataclass(frozen=True)
class Found:
    """Labels 0..k-1 of a problem's nodes and how good they are."""

    labels: Ints
    parts: int
    price: float
    excess: int
    clashes: int
    timed_out: bool = False

    @property
    def wrong(self) -> int:
        """Weight outside the bounds; a pair that is not apart weighs as much as CLASH units: pins go first."""
        return self.excess + CLASH * self.clashes

    @property
    def worth(self) -> tuple[int, float]:
        """What partitions are compared by, the less the better: what is wrong, then the price."""
        return self.wrong, self.price

    @property
    def holds(self) -> bool:
        """True when all bounds hold and all that must be apart is."""
        return self.wrong == 0


def induced(problem: Problem, nodes: Ints) -> Problem:
    """Return the problem on some nodes, renumbered in the order given; homes keep their labels."""
    position = np.full(problem.n, -1, dtype=np.int64)
    position[nodes] = np.arange(len(nodes))
    ends = position[problem.edges]
    keep = np.asarray((ends[:, 0] >= 0) & (ends[:, 1] >= 0), dtype=np.bool_)
    pairs = position[problem.apart]
    shape = problem.shape
    if shape is not None:
        lost = problem.edges[~keep]
        rim = shape.rim.copy()
        for side in (0, 1):
            np.add.at(rim, lost[:, side], shape.lengths[~keep])
        shape = Shape(shape.lengths[keep], rim[nodes], shape.areas[nodes])
    return replace(
        problem,
        weights=problem.weights[nodes],
        edges=np.sort(ends[keep], axis=1),
        costs=problem.costs[keep],
        load=None if problem.load is None else problem.load[nodes],
        shape=shape,
        home=None if problem.home is None else problem.home[nodes],
        side=None if problem.side is None else problem.side[nodes],
        apart=pairs[(pairs >= 0).all(axis=1)],
    )
