"""Search again around the parts that are out of bounds: a part, its neighbours, and theirs are cut anew.

Where a large region has one part outside the band, it is a matter of a few parts; searching the whole region again
would cost as much as the first search and mostly end as before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from gridgis.geometry.arrays import Ints
from gridgis.partition.problem import Found, Problem, induced
from gridgis.partition.search.solve import appraised, solve

HOPS = (1, 2)
"""How far around a part is cut anew, in parts, in each round."""
MOST_EFFORT = 12
"""ReCom proposals for each part at most: a few parts are cut, and cut again."""
MOST_PARTS = 12


Solver = Callable[[Problem, list[int], int, int], Found]
"""Searches: (problem, numbers of parts, seed, effort)."""


def search_around(problem: Problem, found: Found, seed: int, effort: int, short: Ints, solver: Solver = solve) -> Found:
    """Cut the surroundings of parts that are out of bounds anew.

    Parameters
    ----------
    problem, found
        What is searched for and what was found.
    seed, effort
        As for ``solve``.
    short
        (n,) how much every part that holds a node must lie out of bounds (`stuck.shortfall`): a part that does by no
        more is left alone.
    solver
        How surroundings are cut anew.
    """
    for round_, hops in enumerate(HOPS):
        labels = found.labels
        for node in [int(np.argmax(labels == part)) for part in _wrong_parts(problem, labels, short)]:
            part = int(found.labels[node])  # parts get new numbers whenever some are cut anew
            if part in _wrong_parts(problem, found.labels, short):  # it may have been mended with another
                ball = _ball(problem, found.labels, part, hops)
                found = _cut_anew(problem, found, ball, seed + 101 * round_, effort, solver)
    return found


def _wrong_parts(problem: Problem, labels: Ints, short: Ints) -> list[int]:
    load = np.bincount(labels, problem.weights)
    helpless = np.zeros(len(load), dtype=np.int64)
    np.maximum.at(helpless, labels, short)
    outside = np.maximum(problem.lower - load, load - problem.upper)
    clash = problem.apart[labels[problem.apart[:, 0]] == labels[problem.apart[:, 1]]]
    return sorted({*np.flatnonzero(outside > helpless).tolist(), *labels[clash[:, 0]].tolist()})


def _ball(problem: Problem, labels: Ints, part: int, hops: int) -> list[int]:
    """Return the parts within so many hops of one, nearest first, not too many."""
    a, b = labels[problem.edges].T
    ball = [part]
    for _ in range(hops):
        inside = np.isin(a, ball) | np.isin(b, ball)
        near = np.unique(np.concatenate([a[inside], b[inside]])).tolist()
        ball += [k for k in near if k not in ball]
    return ball[:MOST_PARTS] if hops > 1 else ball


def _cut_anew(problem: Problem, found: Found, ball: list[int], seed: int, effort: int, solver: Solver) -> Found:
    nodes = np.flatnonzero(np.isin(found.labels, ball))
    part = replace(induced(problem, nodes), home=None)
    total = int(part.weights.sum())
    fits = [k for k in (len(ball), len(ball) + 1, len(ball) - 1) if part.lower * k <= total <= part.upper * k]
    options = [k for k in fits or [len(ball)] if 0 < k <= part.n]
    other = solver(part, options, seed, min(effort, MOST_EFFORT))
    labels = found.labels.copy()
    labels[nodes] = other.labels + found.parts
    changed = appraised(problem, np.unique(labels, return_inverse=True)[1].astype(np.int64))
    return changed if changed.wrong < found.wrong else found
