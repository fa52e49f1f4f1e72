"""Search again around the parts that are out of bounds: a part, its neighbours, and theirs are cut anew.

Where a large region has one part outside the band, it is a matter of a few parts; searching the whole region again
would cost as much as the first search and mostly end as before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from gridgis.geometry.arrays import Ints
from gridgis.partition.problem import Found, Problem, induced
from gridgis.partition.search.solve import appraised, solve

HOPS = (1, 2)
"""How far around a part is cut anew, in parts, in each round, where nothing else is told."""
MOST_EFFORT = 12
"""ReCom proposals for each part at most: a few parts are cut, and cut again."""
MOST_PARTS = 12


Solver = Callable[[Problem, list[int], int, int], Found]
"""Searches: (problem, numbers of parts, seed, effort)."""


def search_around(
    problem: Problem,
    found: Found,
    seed: int,
    effort: int,
    short: Ints,
    solver: Solver = solve,
    reach: Sequence[int] = HOPS,
) -> Found:
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
    reach
        How far around a part, in parts, in each round.
    """
    for round_, hops in enumerate(reach):
        labels = found.labels
        for node in [int(np.argmax(labels == part)) for part in _wrong_parts(problem, labels, short)]:
            part = int(found.labels[node])  # parts get new numbers whenever some are cut anew
            if part in _wrong_parts(problem, found.labels, short):  # it may have been mended with another
                nodes, options, inside = surroundings(problem, found.labels, part, hops)
                other = solver(inside, options, seed + 101 * round_, min(effort, MOST_EFFORT))
                changed = exchanged(problem, found, nodes, other.labels)
                found = changed if changed.wrong < found.wrong else found
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


def surroundings(problem: Problem, labels: Ints, part: int, hops: int) -> tuple[Ints, list[int], Problem]:
    """Return the nodes of a part and of those within so many hops, numbers of parts to cut them into, the problem."""
    ball = _ball(problem, labels, part, hops)
    nodes = np.flatnonzero(np.isin(labels, ball))
    inside = replace(induced(problem, nodes), home=None)
    total = int(inside.weights.sum())
    fits = [k for k in (len(ball), len(ball) + 1, len(ball) - 1) if inside.lower * k <= total <= inside.upper * k]
    return nodes, [k for k in fits or [len(ball)] if 0 < k <= inside.n], inside


def exchanged(problem: Problem, found: Found, nodes: Ints, inside: Ints) -> Found:
    """Return what was found with other labels of some nodes, which were whole parts."""
    labels = found.labels.copy()
    labels[nodes] = inside + found.parts
    return appraised(problem, np.unique(labels, return_inverse=True)[1].astype(np.int64))
