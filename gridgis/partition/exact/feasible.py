"""Can a small region be cut within the bounds at all? A partition, or the proof that there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from gridgis.geometry.arrays import Ints
from gridgis.partition.exact.polish import holds
from gridgis.partition.exact.race import Race
from gridgis.partition.problem import Problem


@dataclass(frozen=True)
class Answer:
    """Whether there is a contiguous partition within the bounds.

    ``possible`` True (``labels`` is one), False (proven: there is none) or None (not decided with the effort given).
    """

    possible: bool | None
    labels: Ints | None = None


def feasible(problem: Problem, options: Sequence[int], effort: float) -> Answer:
    """Tell whether a graph can be cut into contiguous parts within the bounds, with no pair of ``apart`` in one part.

    Parameters
    ----------
    problem
        A connected graph; its prices play no part.
    options
        The numbers of parts that are allowed.
    effort
        Seconds of one core, roughly; they are counted, not timed.

    Examples
    --------
    Two of 20 at the ends of a row, joined by empty ground past one of 35, or past one of 55:

    >>> row = np.array([[0, 1], [1, 2], [1, 3]])
    >>> feasible(Problem(np.array([20, 0, 20, 35]), row, np.ones(3), 30, 50), [2], 1.0).labels.tolist()
    [0, 0, 0, 1]
    >>> feasible(Problem(np.array([20, 0, 20, 55]), row, np.ones(3), 30, 50), [2], 1.0).possible
    False
    """
    small = _Small(problem)
    allowed = [k for k in dict.fromkeys(options) if 1 <= k <= small.problem.n]
    if not allowed:
        return Answer(False)
    race = Race(small.problem, allowed, effort, None, first=True)
    race.run()
    if race.labels is None:
        return Answer(False if race.bound == np.inf else None)
    labels = small.restore(race.labels)
    assert holds(problem, labels, allowed)
    return Answer(True, labels)


class _Small:
    """A problem without the empty nodes that can be spared.

    An empty node serves at most one part as a way. Where no two parts can want it, each for neighbours that do not
    touch otherwise, it is left out, and its neighbours touch one another instead: that changes no answer.
    """

    def __init__(self, problem: Problem) -> None:
        self.near: list[set[int]] = [set() for _ in range(problem.n)]
        for a, b in problem.edges.tolist():
            self.near[a].add(b)
            self.near[b].add(a)
        self.spared: list[tuple[int, set[int], list[tuple[int, int]]]] = []
        bound = set(problem.apart.ravel().tolist())
        empty = [v for v in np.flatnonzero(problem.weights == 0).tolist() if v not in bound]
        while any([self._spare(v) for v in empty if self.near[v]]):
            pass
        gone = {v for v, _, _ in self.spared}
        self.kept = np.array([v for v in range(problem.n) if v not in gone], dtype=np.int64)
        place = {v: i for i, v in enumerate(self.kept.tolist())}
        edges = sorted((place[a], place[b]) for a in place for b in self.near[a] if a < b)
        self.problem = replace(
            problem,
            weights=problem.weights[self.kept],
            edges=np.array(edges, dtype=np.int64).reshape(-1, 2),
            costs=1.0 + np.arange(len(edges)) * 7919 % 101 / 101,  # any will do; uneven ones are told apart faster
            balance=0.0,
            load=None,
            shape=None,
            home=None,
            side=None,
            apart=np.array([[place[a], place[b]] for a, b in problem.apart.tolist()], dtype=np.int64).reshape(-1, 2),
        )

    def _spare(self, v: int) -> bool:
        """Leave an empty node out if that changes nothing."""
        around = self.near[v]
        pairs = [(a, b) for a, b in combinations(sorted(around), 2) if b not in self.near[a]]
        if any(not set(p) & set(q) for p, q in combinations(pairs, 2)):
            return False
        for u in around:
            self.near[u].discard(v)
        for a, b in pairs:
            self.near[a].add(b)
            self.near[b].add(a)
        self.spared.append((v, set(around), pairs))
        self.near[v] = set()
        return True

    def restore(self, labels: Ints) -> Ints:
        """Give each spared node to the part that needs it as a way, else to the part of its first neighbour."""
        out = dict(zip(self.kept.tolist(), labels.tolist(), strict=True))
        for v, around, pairs in reversed(self.spared):
            for a, b in pairs:
                self.near[a].discard(b)
                self.near[b].discard(a)
            torn = [out[a] for a, b in pairs if out[a] == out[b] and not self._reach(a, b, out)]
            out[v] = torn[0] if torn else out[min(around)]
            self.near[v] = around
            for u in around:
                self.near[u].add(v)
        return np.array([out[v] for v in range(len(self.near))], dtype=np.int64)

    def _reach(self, a: int, b: int, part: dict[int, int]) -> bool:
        seen, stack = {a}, [a]
        while stack:
            fresh = [u for u in self.near[stack.pop()] if u not in seen and part.get(u) == part[a]]
            seen.update(fresh)
            stack += fresh
        return b in seen
