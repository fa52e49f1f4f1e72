"""Mend a present partition by moving as little as possible: best-first search over what neighbours hand over.

A grid out of its band hands nodes to a neighbour, takes some from one, joins one, or is cut in two. Each step mends one
broken grid, and may break the neighbour, which is mended next: chains arise by themselves. States are looked at in the
order of households moved so far plus the excess or deficit that is left (no remedy moves fewer), so the first sound
state found moves about as few as can be; the price of borders decides between equals.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from gridgis.model import Band

HASTES = (1.0, 1.5, 3.0)
"""How much more what is left counts than what was moved, in one search after the other: 1 finds the least that can be
moved, more looks at fewer states. The next is tried where the one before found nothing near the least."""
CROSSING = 1.0
"""A household handed over a STRONG barrier costs so much more than one that is moved elsewhere: the present grids keep
to such barriers unless that moves twice as many."""
NEAR = 1.25
"""So many times the least excess or deficit is near enough."""
LIMIT = 1500
"""States looked at before one broken grid is given up."""

Halver = Callable[[list[int]], list[int] | None]
"""Cuts contiguous nodes in two in-band parts: returns one of them."""


@dataclass(frozen=True)
class Nodes:
    """What is moved: atoms, or estates that stay whole.

    ``weights`` households; ``near`` for each node (neighbour, price of a border between them, True unless a STRONG
    barrier parts them); ``group`` closed ground by number: households of one are not handed to a grid that has none of
    it, and ground of the groups in ``fixed`` is never handed over and has no band; ``home`` for each node its
    households by present label.
    """

    weights: Sequence[int]
    near: Sequence[Sequence[tuple[int, float, bool]]]
    group: Sequence[int]
    fixed: frozenset[int]
    home: Sequence[dict[int, int]]

    def kinds(self, nodes: Iterable[int]) -> frozenset[int]:
        """Return the groups of nodes that count: those of households, and of ground that is fixed."""
        return frozenset(self.group[v] for v in nodes if self.weights[v] or self.group[v] in self.fixed)

    def kinds_of(self, labels: Sequence[int]) -> dict[int, frozenset[int]]:
        """Return the groups in each label."""
        members: dict[int, list[int]] = {}
        for v, label in enumerate(labels):
            members.setdefault(label, []).append(v)
        return {label: self.kinds(nodes) for label, nodes in sorted(members.items())}

    def away(self, node: int, label: int) -> int:
        """Return the households of a node that are not at home under a label."""
        home = self.home[node]
        return sum(home.values()) - home.get(label, 0)


@dataclass(frozen=True)
class State:
    """A partition on the way: labels, loads and groups of the labels, and what it costs.

    ``moved`` households away from home, ``crossed`` of those handed over a STRONG barrier, ``price`` of borders.
    """

    labels: list[int]
    loads: dict[int, int]
    kinds: dict[int, frozenset[int]]
    moved: int
    crossed: int
    price: float
    touched: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Step:
    """Nodes that go from one label to another."""

    nodes: tuple[int, ...]
    source: int
    target: int
    strong: bool = False


@dataclass
class Repair:
    """The search for the cheapest remedy.

    ``moving``: metres of border that one moved household is worth; ``mixing``: whether closed ground may be mixed with
    other ground.
    """

    nodes: Nodes
    band: Band
    moving: float
    halve: Halver
    mixing: bool = False
    haste: float = 1.0
    _halves: dict[frozenset[int], list[int] | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._top = max((k for home in self.nodes.home for k in home), default=-1)

    def mend(self, labels: list[int]) -> list[int]:
        """Return labels in which every grid that could be mended is; what needs no remedy stays as it is."""
        state = self._state(labels)
        for label in sorted(self.broken(state)):
            if label in self.broken(state):
                state = self._cheapest(state, label) or state
        return state.labels

    def _state(self, labels: list[int]) -> State:
        loads: dict[int, int] = {}
        for v, label in enumerate(labels):
            loads[label] = loads.get(label, 0) + self.nodes.weights[v]
        moved = sum(self.nodes.away(v, k) for v, k in enumerate(labels))
        return State(labels, loads, self.nodes.kinds_of(labels), moved, 0, 0.0)

    def broken(self, state: State) -> dict[int, int]:
        """Return the labels out of the band and by how much."""
        found = {}
        for label, load in state.loads.items():
            off = max(load - self.band.upper, self.band.lower - load, 0)
            if off and not state.kinds[label] & self.nodes.fixed:
                found[label] = off
        return found

    def _cheapest(self, state: State, label: int) -> State | None:
        """Return the best of several searches."""
        best: State | None = None
        for self.haste in HASTES:
            found = self._mended(state, label)
            if found is not None and (best is None or self._rank(found) < self._rank(best)):
                best = found
            if best is not None and best.moved - state.moved <= NEAR * self.broken(state)[label]:
                break
        return best

    def _mended(self, start: State, label: int) -> State | None:
        """Return the first sound state: this label is in the band, and no other is worse than it was."""
        allowed = {k: off for k, off in self.broken(start).items() if k != label}
        start = State(start.labels, start.loads, start.kinds, start.moved, start.crossed, 0.0)
        queue: list[tuple[float, int, State, Step | None]] = [(self._rank(start), 0, start, None)]
        seen: set[frozenset[tuple[int, int]]] = set()
        pushed = looked = 0
        while queue and looked < LIMIT:
            rank, _, state, step = heapq.heappop(queue)
            if step is not None:
                state = self._taken(state, step)
                key = frozenset((v, state.labels[v]) for v in state.touched)
                if key in seen:
                    continue
                seen.add(key)
                if self._rank(state) > rank + 1e-6:
                    pushed += 1
                    heapq.heappush(queue, (self._rank(state), pushed, state, None))
                    continue
            looked += 1
            wrong = [k for k, off in sorted(self.broken(state).items()) if off > allowed.get(k, 0)]
            if not wrong:
                return state
            for next_ in self._steps(state, label if label in wrong else wrong[0]):
                pushed += 1
                heapq.heappush(queue, (self._guess(state, next_), pushed, state, next_))
        return None

    def _rank(self, state: State) -> float:
        return self._worth(state.moved, state.crossed, state.loads, state.kinds, state.price)

    def _worth(
        self, moved: int, crossed: int, loads: dict[int, int], kinds: dict[int, frozenset[int]], price: float
    ) -> float:
        over = under = 0
        for label, load in loads.items():
            if not kinds[label] & self.nodes.fixed:
                over += max(0, load - self.band.upper)
                under += max(0, self.band.lower - load)
        return moved + CROSSING * crossed + self.haste * max(over, under) + max(0.0, price) / self.moving

    def _guess(self, state: State, step: Step) -> float:
        """Rank the state after a step, before it is known whether it cuts its source in pieces."""
        return self._worth(*self._after(state, step))

    def _after(self, state: State, step: Step) -> tuple[int, int, dict[int, int], dict[int, frozenset[int]], float]:
        labels, inside = state.labels, set(step.nodes)
        loads, kinds = dict(state.loads), dict(state.kinds)
        kinds[step.target] = kinds.get(step.target, frozenset()) | self.nodes.kinds(step.nodes)
        weight = sum(self.nodes.weights[v] for v in step.nodes)
        loads[step.target] = loads.get(step.target, 0) + weight
        loads[step.source] -= weight
        moved, price = state.moved, state.price
        for v in step.nodes:
            moved += self.nodes.away(v, step.target) - self.nodes.away(v, step.source)
            for u, metres, _ in self.nodes.near[v]:
                if u not in inside:
                    price += metres * ((labels[u] == step.source) - (labels[u] == step.target))
        if loads[step.source] == 0 and not any(k == step.source and v not in inside for v, k in enumerate(labels)):
            del loads[step.source], kinds[step.source]
        return moved, state.crossed + weight * step.strong, loads, kinds, price

    def _taken(self, state: State, step: Step) -> State:
        """Take a step; pieces that it cuts off the source go along."""
        gone = set(step.nodes)
        rest = [v for v, k in enumerate(state.labels) if k == step.source and v not in gone]
        pieces = list(self._pieces(rest))
        if len(pieces) > 1:
            main = max(pieces, key=lambda p: (sum(self.nodes.weights[v] for v in p), len(p), -min(p)))
            cut_off = (v for p in pieces if p is not main for v in p)
            step = Step((*step.nodes, *cut_off), step.source, step.target, step.strong)
        moved, crossed, loads, kinds, price = self._after(state, step)
        labels = state.labels.copy()
        for v in step.nodes:
            labels[v] = step.target
        return State(labels, loads, kinds, moved, crossed, price, state.touched | set(step.nodes))

    def _pieces(self, nodes: list[int]) -> Iterator[list[int]]:
        left = set(nodes)
        for start in nodes:
            if start in left:
                left.discard(start)
                piece = [start]
                for v in piece:
                    for u, _, _ in self.nodes.near[v]:
                        if u in left:
                            left.discard(u)
                            piece.append(u)
                yield piece

    def _steps(self, state: State, label: int) -> Iterator[Step]:
        """Yield what may mend a label, or brings it nearer to the band."""
        mine = [v for v, k in enumerate(state.labels) if k == label]
        beside = {k for v in mine for k in self._next_to(state, v)} - {label}
        weak = {k for v in mine for k in self._next_to(state, v, weak=True)}
        around = sorted(k for k in beside if not state.kinds[k] & self.nodes.fixed)
        if state.loads[label] > self.band.upper:
            for other in around:
                yield from self._fronts(state, mine, label, other)
            if state.loads[label] >= 2 * self.band.lower and (half := self._half(mine)):
                yield Step(tuple(half), label, max(self._top, *state.loads) + 1)
            return
        for other in around:
            theirs = [v for v, k in enumerate(state.labels) if k == other]
            yield from self._fronts(state, theirs, other, label)
            if not state.touched.intersection(mine) and self._fits(state, mine, other):
                yield Step(tuple(mine), label, other, other not in weak)

    def _next_to(self, state: State, v: int, weak: bool = False) -> Iterator[int]:
        """Yield the labels beside a node; ``weak``: only where no STRONG barrier lies between."""
        for u, _, open_ in self.nodes.near[v]:
            if open_ or not weak:
                yield state.labels[u]

    def _fits(self, state: State, nodes: Iterable[int], target: int) -> bool:
        """Tell whether a label may have nodes: it has ground of their kind already."""
        kinds = self.nodes.kinds(nodes)
        return not kinds & self.nodes.fixed and (self.mixing or kinds <= state.kinds[target])

    def _fronts(self, state: State, source: list[int], label: int, target: int) -> Iterator[Step]:
        """Yield each node with households that the source may hand over, with the empty ground on the way to it.

        Ways that cross no STRONG barrier come first; the others are for nodes to which there is none.
        """
        way: dict[int, tuple[int, ...]] = {}
        for strong in (False, True):
            start = [v for v in source if v not in way and target in self._next_to(state, v, weak=not strong)]
            queue = [*way, *start] if strong else start
            way |= {v: (v,) for v in start}
            new = set(start)
            for v in queue:
                if v in state.touched:
                    continue
                if self.nodes.weights[v]:
                    if v in new and len(way[v]) < len(source) and self._fits(state, way[v], target):
                        yield Step(way[v], label, target, strong)
                    continue
                for u, _, open_ in self.nodes.near[v]:
                    if state.labels[u] == label and u not in way and (open_ or strong):
                        way[u] = (*way[v], u)
                        new.add(u)
                        queue.append(u)

    def _half(self, mine: list[int]) -> list[int] | None:
        key = frozenset(mine)
        if key not in self._halves:
            self._halves[key] = self.halve(mine)
        return self._halves[key]
