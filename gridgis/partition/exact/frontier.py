"""All connected sets of a graph as the paths of a small network: nodes are decided in turn, a frontier remembers.

The frontier is the nodes decided that still have an undecided neighbour. A state tells which of them are inside the set
and which of these are connected already; two choices with the same state can go on in the same ways. On a planar graph
of n nodes the frontier is about sqrt(n) wide, so there are few states: hundreds for 40 nodes, thousands for 100.

The method is the frontier search of Sekine, Imai and Tani (1995) and Kawahara et al. (2017), used for districting by
Fifield et al. (2020, "The essential role of empirical validation in legislative redistricting simulation").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridgis.geometry.arrays import Bools, Floats, Ints
from gridgis.partition.problem import Problem

Labels = NDArray[np.int8]
"""(states, slots) 0 outside; else the lowest slot + 1 of those connected to the slot inside the set."""
MOST_STATES = 60_000
"""States of one frontier; beyond, the graph is called too wide."""
MOST_SLOTS = 15
"""Nodes of one frontier: their labels fit one integer."""


class Frontier(NamedTuple):
    """The network. States are numbered through over all steps; an arc decides one node inside or outside.

    ``node`` (n,) the node decided in each step; ``first`` (n + 2,) the first state before each step; ``arcs`` (n + 1,)
    the first arc of each step; ``source``, ``target`` (a,) states of an arc, target -1 for a closing arc, which ends a
    set; ``inside`` (a,); ``cut`` (a,) half the cost of the edges that the arc is known to cut; ``step`` (a,);
    ``into``, ``until`` (states,) the first arc into each state and the one after the last; ``closing`` closing arcs.
    """

    node: Ints
    first: Ints
    arcs: Ints
    source: Ints
    target: Ints
    inside: Bools
    cut: Floats
    step: Ints
    into: Ints
    until: Ints
    closing: Ints

    @property
    def states(self) -> int:
        """The number of states."""
        return int(self.first[-1])


@dataclass(frozen=True)
class _Step:
    """The arcs of one step, by target; states as numbers within their frontier, closing arcs (-1) last."""

    source: Ints
    target: Ints
    inside: Bools
    cut: Floats

    def only(self, chosen: Bools | Ints) -> _Step:
        """Return some of the arcs."""
        return _Step(self.source[chosen], self.target[chosen], self.inside[chosen], self.cut[chosen])


def frontier(problem: Problem) -> Frontier | None:
    """Build the network of the connected sets that hold no pair of ``apart``; None where it would be too wide.

    States that only sets above the upper bound can reach are left out.

    Examples
    --------
    A row of three has six connected sets, so as many paths; the last state of each path is left by a closing arc:

    >>> ones = np.ones(3, dtype=np.int64)
    >>> f = frontier(Problem(ones, np.array([[0, 1], [1, 2]]), np.ones(2), 1, 3))
    >>> f.node.tolist(), f.states, len(f.closing)
    ([0, 1, 2], 6, 4)
    """
    n, weights = problem.n, problem.weights
    near: list[dict[int, float]] = [{} for _ in range(n)]
    foes: list[set[int]] = [set() for _ in range(n)]
    for (a, b), c in zip(problem.edges.tolist(), problem.costs.tolist(), strict=True):
        near[a][b] = near[b][a] = c / 2
    for a, b in problem.apart.tolist():
        foes[a].add(b)
        foes[b].add(a)
    links = [set(near[v]) | foes[v] for v in range(n)]
    order = _order(links)
    turn = {v: t for t, v in enumerate(order)}
    last = [max([turn[v], *(turn[u] for u in links[v])]) for v in range(n)]
    held: list[int] = []
    states: Labels = np.zeros((1, 0), dtype=np.int8)
    light = np.zeros(1, dtype=np.int64)
    steps, counts = [], [1]
    for t, v in enumerate(order):
        if len(held) >= MOST_SLOTS:
            return None
        decided, step = _decide(states, held, near[v], foes[v])
        weight = light[step.source] + weights[v] * step.inside
        fits = weight <= problem.upper
        decided, step, weight = decided[fits], step.only(fits), weight[fits]
        held.append(v)
        keep = [last[u] > t for u in held]
        states, step, light = _forget(decided, step, weight, np.array(keep))
        held = [u for u, k in zip(held, keep, strict=True) if k]
        steps.append(step)
        counts.append(len(states))
        if len(states) > MOST_STATES:
            return None
    return _joined(order, steps, counts)


def _order(links: Sequence[set[int]]) -> list[int]:
    """Order the nodes so that the frontier stays narrow: greedily from several first nodes, the best is kept."""
    n = len(links)
    best: tuple[float, list[int]] = (np.inf, list(range(n)))
    for start in range(0, n, max(1, n // 40)):
        best = min(best, _greedy(links, start, best[0]), key=lambda found: found[0])
    return best[1]


def _greedy(links: Sequence[set[int]], start: int, bound: float) -> tuple[float, list[int]]:
    open_ = [len(x) for x in links]
    done, order, held = {start}, [start], {start}
    for u in links[start]:
        open_[u] -= 1
    price = 0.0
    while len(order) < len(links) and price < bound:
        choice = {u for v in held for u in links[v]} - done or set(range(len(links))) - done

        def width(u: int, held: set[int] = held) -> tuple[int, int, int]:
            leaving = sum(1 for x in links[u] if x in held and open_[x] == 1)
            return (len(held) - leaving + (open_[u] > 0), open_[u], u)

        v = min(choice, key=width)
        done.add(v)
        order.append(v)
        for u in links[v]:
            open_[u] -= 1
        held = {u for u in held | {v} if open_[u] > 0}
        price += 2.6 ** len(held)
    return (price if len(order) == len(links) else np.inf), order


def _decide(states: Labels, held: list[int], near: dict[int, float], foes: set[int]) -> tuple[Labels, _Step]:
    """Put a node with these neighbours outside and inside each state; its slot is the last."""
    count, slots = states.shape
    inside = states > 0
    beside = [j for j in range(slots) if held[j] in near]
    price = np.array([near[held[j]] for j in beside])
    free = ~inside[:, [j for j in range(slots) if held[j] in foes]].any(axis=1)
    out = np.concatenate([states, np.zeros((count, 1), dtype=np.int8)], axis=1)
    merged = np.concatenate([states, np.full((count, 1), slots + 1, dtype=np.int8)], axis=1)
    for j in beside:
        label = states[:, j : j + 1]
        merged[:, :slots][(states == label) & (label > 0)] = slots + 1
    cut_out, cut_in = inside[:, beside] @ price, ~inside[:, beside] @ price
    source = np.concatenate([np.arange(count), np.flatnonzero(free)])
    step = _Step(source, source, np.arange(len(source)) >= count, np.concatenate([cut_out, cut_in[free]]))
    return np.concatenate([out, merged[free]]), step


def _forget(states: Labels, step: _Step, weight: Ints, keep: Bools) -> tuple[Labels, _Step, Ints]:
    """Drop the slots that are over; what is then not connected to any other slot is a finished set, or no set.

    Returns the states that are left, the arcs to them, and the least weight of each.
    """
    kept, dropped = states[:, keep], states[:, ~keep]
    closed = np.zeros(len(states), dtype=np.bool_)
    for label in dropped.T:
        closed |= (label > 0) & ~(kept == label[:, None]).any(axis=1)
    single = ((states == 0) | (states == states.max(axis=1, keepdims=True))).all(axis=1)
    ends = closed & single & (kept == 0).all(axis=1)
    named = np.zeros_like(kept)
    for j in reversed(range(kept.shape[1])):
        named[(kept == kept[:, j : j + 1]) & (kept[:, j : j + 1] > 0)] = j + 1
    key = np.zeros(len(states), dtype=np.int64)
    for column in named.T:
        key = key * (kept.shape[1] + 1) + column
    _, where, number = np.unique(key[~closed], return_index=True, return_inverse=True)
    target = np.full(len(states), len(where), dtype=np.int64)
    target[~closed] = number.ravel()
    possible = np.flatnonzero(~closed | ends)
    by_target = possible[np.argsort(target[possible], kind="stable")]
    target[ends] = -1
    light = np.full(len(where), np.iinfo(np.int64).max)
    np.minimum.at(light, target[~closed], weight[~closed])
    arcs = _Step(step.source, target, step.inside, step.cut).only(by_target)
    return named[~closed][where], arcs, light


def _joined(order: list[int], steps: list[_Step], counts: list[int]) -> Frontier:
    first = np.concatenate([[0], np.cumsum(counts)])
    arcs = np.concatenate([[0], np.cumsum([len(s.source) for s in steps])])
    source = np.concatenate([s.source + first[t] for t, s in enumerate(steps)])
    target = np.concatenate([np.where(s.target < 0, -1, s.target + first[t + 1]) for t, s in enumerate(steps)])
    closing, open_ = np.flatnonzero(target < 0), np.flatnonzero(target >= 0)
    into = np.searchsorted(target[open_], np.arange(first[-1]))
    until = np.searchsorted(target[open_], np.arange(first[-1]), side="right")
    return Frontier(
        np.array(order, dtype=np.int64),
        first.astype(np.int64),
        arcs.astype(np.int64),
        source.astype(np.int64),
        target.astype(np.int64),
        np.concatenate([s.inside for s in steps]),
        np.concatenate([s.cut for s in steps]).astype(np.float64),
        np.repeat(np.arange(len(steps)), np.diff(arcs)),
        np.append(open_, len(target))[into].astype(np.int64),
        np.append(open_, len(target))[until - 1].astype(np.int64) + 1,
        closing,
    )
