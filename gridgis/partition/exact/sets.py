"""The sets of nodes that can be parts of a partition: the cheapest under given gains, and all below a price."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gridgis.geometry.arrays import Floats, Ints
from gridgis.partition.exact.frontier import Frontier, frontier
from gridgis.partition.problem import Problem

Members = NDArray[np.uint8]
"""(sets, n) 0 and 1."""
AXIS, CELLS = 1_000, 8_000_000
"""Weights are told apart exactly up to this upper bound, or where the table is no larger; beyond in steps."""
MOST_BYTES = 1 << 29
"""The largest table: where it would be larger, weights are counted in larger steps."""
FEWEST_STEPS = 50
"""Of the upper bound: where not even so many fit the table, the graph is called too wide."""
LOOKS = 30
"""Sets looked at for each that may be listed: in steps, some turn out to be outside the bounds."""


@dataclass(frozen=True)
class Priced:
    """The cheapest sets under some gains: a lower bound on the price of every set, and sets, the cheapest first."""

    least: float
    sets: Members


@dataclass
class Sets:
    """The sets of a problem that can be parts: connected, within the bounds, none of ``apart`` together.

    Where weights are counted in steps (``unit`` > 1) or the load is not the weight, the cheapest sets are those of a
    relaxation: some are a little outside the bounds, or pay less unevenness. Bounds so found hold all the same;
    ``below`` lists parts only, and ``prices`` gives their full price.
    """

    problem: Problem
    network: Frontier
    unit: int
    work: float = 0.0
    _table: Floats = field(init=False, repr=False)

    @classmethod
    def of(cls, problem: Problem) -> Sets | None:
        """Return the sets of a problem; None where its graph is too wide for the method."""
        if problem.load is not None and np.array_equal(problem.load, problem.weights):
            problem = replace(problem, load=None)  # then unevenness has its price during the search
        network = frontier(problem)
        if network is None:
            return None
        axis = MOST_BYTES // (8 * network.states)
        fine = min(axis, max(AXIS, CELLS // network.states))
        if axis < min(FEWEST_STEPS, problem.upper):
            return None
        unit = 1 if problem.upper < fine else -(-problem.upper // fine)
        sets = cls(problem, network, unit)
        sets._table = np.empty((network.states, sets.most + 1))
        return sets

    @cached_property
    def steps(self) -> Ints:
        """(n,) weights in steps, rounded."""
        return np.asarray((2 * self.problem.weights + self.unit) // (2 * self.unit), dtype=np.int64)

    @cached_property
    def most(self) -> int:
        """The most steps of a set: beyond the upper bound by all that rounding may have added."""
        short = self.steps * self.unit - self.problem.weights
        return int(min(self.problem.upper + short[short > 0].sum(), self.problem.weights.sum() * 2) // self.unit)

    @cached_property
    def least(self) -> int:
        """The fewest steps of a set."""
        over = self.problem.weights - self.steps * self.unit
        return max(0, -(-(self.problem.lower - int(over[over > 0].sum())) // self.unit))

    def size_price(self, parts: int) -> Floats:
        """Return the price of unevenness by steps of weight, (most + 1,); inf where no part may be."""
        p = self.problem
        out = np.full(self.most + 1, np.inf)
        even = p.weights.sum() / parts
        weight = np.arange(self.least, self.most + 1) * float(self.unit)
        change = p.weights - self.steps * self.unit
        below, above = even - weight - change[change > 0].sum(), weight + change[change < 0].sum() - even
        out[self.least :] = p.balance * np.maximum(0.0, np.maximum(below, above)) if p.load is None else 0.0
        return out

    def cheapest(self, gain: Floats, parts: int, most: int) -> Priced:
        """Return cheapest sets where each member earns its gain; at most so many, each the best of its kind."""
        from gridgis.partition.kernels.sets import trace

        price, heavy = self._fill(gain, parts)
        order = np.argsort(price, kind="stable")[:most]
        order = order[np.isfinite(price[order])]
        out = np.zeros((len(order), self.problem.n), dtype=np.uint8)
        for row, i in zip(out, order, strict=True):
            trace(self.network, self._table, self.steps, gain, self.network.closing[i], heavy[i], row)
        return Priced(float(price.min(initial=np.inf)), out)

    def below(self, gain: Floats, parts: int, limit: float, most: int) -> tuple[Members, bool]:
        """Return all parts whose price less gains is at most a limit, and True; or ``most`` of them, and False."""
        from gridgis.partition.kernels.sets import cheap

        p = self.problem
        self._fill(gain, parts)
        found, all_, looked = cheap(
            self.network, self._table, self.steps, gain, self.size_price(parts), limit,
            p.weights, p.lower, p.upper, most, LOOKS * most,
        )  # fmt: skip
        self.work += 20.0 * looked * p.n
        return found, bool(all_)

    def _fill(self, gain: Floats, parts: int) -> tuple[Floats, Ints]:
        from gridgis.partition.kernels.sets import fill

        self.work += float(len(self.network.source) * (self.most + 1))
        price, heavy = fill(self.network, self._table, self.steps, gain, self.size_price(parts))
        return price, heavy

    def borders(self, sets: Members) -> Floats:
        """Return half the cost of the edges around each set: over all parts that is the cost of the border."""
        a, b = self.problem.edges.T
        return np.asarray((sets[:, a] != sets[:, b]) @ self.problem.costs / 2, dtype=np.float64)

    def fits(self, sets: Members) -> NDArray[np.bool_]:
        """Tell which sets are within the bounds as the network counts weights."""
        weight = sets @ self.steps
        return np.asarray((weight >= self.least) & (weight <= self.most))

    def relaxed(self, sets: Members, parts: int) -> Floats:
        """Return the price of sets as the network prices them."""
        return np.asarray(self.borders(sets) + self.size_price(parts)[sets @ self.steps], dtype=np.float64)

    def prices(self, sets: Members, parts: int) -> Floats:
        """Return the full price of sets in a partition into so many parts."""
        p = self.problem
        load = p.weights if p.load is None else p.load
        uneven = np.abs(sets @ load - load.sum() / parts)
        return np.asarray(self.borders(sets) + p.balance * uneven, dtype=np.float64)


def as_labels(chosen: Members) -> Ints:
    """Return the labels of a partition given by its sets, numbered by their first node."""
    by_first = chosen[np.argsort(np.argmax(chosen, axis=1), kind="stable")]
    return np.asarray(np.argmax(by_first, axis=0), dtype=np.int64)


def as_sets(labels: Ints) -> Iterator[Members]:
    """Yield the parts of labels."""
    for part in np.unique(labels):
        yield (labels == part).astype(np.uint8)
