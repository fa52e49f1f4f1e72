"""Mend a present partition by annealing: nodes change sides at random, and home draws them back.

Where the chains of ``repair`` grow too many to look at one by one, a random search goes further: single nodes (atoms,
or estates that stay whole) flip over the borders of the broken grids, their neighbours and theirs; the price is what is
moved, and what is outside the band at a price that rises from round to round. A broken grid may first join a neighbour
or be cut in two, by chance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gridgis.geometry.arrays import Bools, Ints
from gridgis.partition.problem import Problem, induced
from gridgis.partition.search.solve import PENALTY, anneal

TRIES = 10
"""Searches for each width of the ground that is opened."""
WIDTHS = 3
"""How far around broken grids the ground is opened."""
STEPS = 120
"""Flips tried in each round, for each node."""
ROUNDS = ((1.0, 12.0, 3.0), (2.0, 6.0, 1.0), (6.0, 2.0, 0.2), (0.0, 0.0, 0.0))
"""Price of a household outside the band, and the temperatures, in those of a household moved; last all is strict."""
HEATS = (1.0, 6.0)
"""Temperatures are so many times as high in one search after the other: large estates move only where it is hot."""

Worth = Callable[[Ints], tuple[float, ...]]
Halver = Callable[[list[int]], list[int] | None]


@dataclass(frozen=True)
class Resettling:
    """Annealing from present labels.

    ``problem`` with ``home`` (n,) label at present and ``moving`` above 0; ``group`` (n,) closed ground by number:
    nodes flip only to parts that touch them in their own group; ``halve`` cuts nodes in two; ``worth`` ranks labels,
    the least is best.
    """

    problem: Problem
    group: Ints
    halve: Halver
    worth: Worth
    seed: int

    def mend(self, labels: Ints, broken: Sequence[int], still: Bools) -> Ints:
        """Return the best labels found.

        Parameters
        ----------
        labels
            (n,) contiguous parts, numbered as ``home`` is.
        broken
            Those that need mending.
        still
            (n,) nodes that stay as they are.
        """
        rng = np.random.default_rng(self.seed)
        best = labels
        halves = {k: self.halve(np.flatnonzero(labels == k).tolist()) for k in broken if self._too_many(labels, k)}
        open_, width = np.array(sorted(broken), dtype=np.int64), 0
        for width in range(WIDTHS):
            grown = self._grown(labels, open_, still)
            if width and len(grown) == len(open_):
                break
            open_ = grown
            for attempt in range(TRIES):
                begun = self._begun(labels, broken, halves, open_, rng)
                inside = np.flatnonzero((np.isin(begun, open_) | (begun > labels.max())) & ~still)
                best = min(best, self._searched(begun, inside, HEATS[attempt % len(HEATS)], rng), key=self.worth)
        return best

    def _too_many(self, labels: Ints, k: int) -> bool:
        return int(self.problem.weights[labels == k].sum()) > self.problem.upper

    def _grown(self, labels: Ints, open_: Ints, still: Bools) -> Ints:
        """Return the labels with their neighbours, without those that stay."""
        ends = labels[self.problem.edges]
        near = ends[np.isin(ends, open_).any(axis=1)].ravel()
        return np.setdiff1d(np.union1d(open_, near), labels[still])

    def _begun(
        self,
        labels: Ints,
        broken: Sequence[int],
        halves: dict[int, list[int] | None],
        open_: Ints,
        rng: np.random.Generator,
    ) -> Ints:
        """Cut broken grids of too many in two, and join those of too few to a neighbour, by chance."""
        out = labels.copy()
        for i, k in enumerate(broken):
            if rng.random() < 0.5:
                continue
            if half := halves.get(k):
                out[half] = labels.max() + 1 + i
            elif k not in halves and len(beside := np.intersect1d(self._beside(out, k), open_)):
                out[out == k] = beside[int(rng.integers(len(beside)))]
        return out

    def _beside(self, labels: Ints, k: int) -> Ints:
        """Return the labels beside one, over ground of the same group."""
        a, b = self.problem.edges.T
        ends = labels[self.problem.edges[self.group[a] == self.group[b]]]
        found: Ints = np.setdiff1d(ends[(ends == k).any(axis=1)], [k])
        return found

    def _searched(self, begun: Ints, inside: Ints, heat: float, rng: np.random.Generator) -> Ints:
        present, own = np.unique(begun[inside], return_inverse=True)
        if len(present) < 2:
            return begun
        problem = self._of(inside, begun, present)
        unit = problem.moving
        rounds = [(PENALTY if not p else p * unit, heat * hot * unit, heat * cold * unit) for p, hot, cold in ROUNDS]
        found = anneal(problem, own.astype(np.int64), rounds, STEPS * len(inside), int(rng.integers(1 << 40)))
        out = begun.copy()
        out[inside] = present[found]
        return out

    def _of(self, inside: Ints, labels: Ints, present: Ints) -> Problem:
        """Return the problem of some nodes, without ways from one group to another that no part goes now."""
        p = self.problem
        a, b = p.edges.T
        kept = (self.group[a] == self.group[b]) | (labels[a] == labels[b])
        shape = p.shape and replace(p.shape, lengths=p.shape.lengths[kept])
        assert p.home is not None
        at = np.minimum(np.searchsorted(present, p.home), len(present) - 1)
        home = np.where(p.home < 0, -1, np.where(present[at] == p.home, at, len(present)))
        part = induced(replace(p, edges=p.edges[kept], costs=p.costs[kept], shape=shape, home=home), inside)
        return replace(part, balance=0.0, across=0.0)
