"""Search ground that crosses a STRONG barrier for few household pairs across it: few of its ways have the fewest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gridgis.partition.problem import Found, Problem, pairs_by_part
from gridgis.partition.search.around import exchanged, surroundings
from gridgis.partition.search.solve import appraised, solve

SEARCHES, NODES = 24, 400
"""Quick searches of ground of up to so many nodes, beside one search for each number of parts; of larger, fewer."""
DEAR, QUICK = 5.0, 3
"""In a quick search pairs are so many times as dear, and the effort is that part of the whole: chance does the rest."""


def search_across(problem: Problem, options: list[int], seed: int, effort: int, enough: float) -> Found:
    """Search each number of parts, and on and on while there are more pairs across (`Problem.side`) than need be.

    Parameters
    ----------
    problem, options, seed, effort
        As for ``solve``; all options are tried, but of ground of more than NODES nodes none after one that is good
        enough: it has much room, and the options are near one another.
    enough
        Pairs across that are few enough. Fewer are not looked for: prices decide. Any pair above goes before prices.
    """

    def worth(found: Found) -> tuple[int, float, float]:
        return found.wrong, max(0.0, problem.pairs_across(found.labels) - enough), found.price

    best = solve(problem, options[:1], seed, effort)
    for k in options[1:]:
        if problem.n > NODES and worth(best)[:2] == (0, 0):
            break
        best = min(best, solve(problem, [k], seed, effort), key=worth)
    dear = replace(problem, across=DEAR * problem.across)
    for attempt in range(SEARCHES * NODES // max(NODES, problem.n)):
        if worth(best)[1] == 0 and (best.holds or problem.n > NODES):
            break  # of large ground what is out of bounds is cut anew around it, which takes less
        k = options[attempt % len(options)]
        quick = solve(dear, [k], seed + 7919 * (attempt + 1), max(1, effort // QUICK))
        found = appraised(problem, quick.labels)
        if worth(found) < worth(best):
            cheaper = solve(problem, [k], seed, effort, start=found.labels)
            best = min(found, cheaper, key=worth)
    return best


def cross_less(problem: Problem, found: Found, seed: int, effort: int, enough: float) -> Found:
    """Cut the surroundings of parts that cross anew, the one with the most pairs first, while there are too many.

    Parameters
    ----------
    problem, found
        What is searched for and what was found.
    seed, effort, enough
        As for ``search_across``. What is kept has fewer pairs, and no more weight out of bounds.
    """
    if problem.side is None:
        return found
    by_part = pairs_by_part(problem.side, found.labels, problem.weights)
    crossing = np.flatnonzero(by_part)[np.argsort(-by_part[by_part > 0], kind="stable")].tolist()
    for node in [int(np.argmax(found.labels == part)) for part in crossing]:
        by_part = pairs_by_part(problem.side, found.labels, problem.weights)
        if by_part.sum() <= enough:
            break
        part = int(found.labels[node])  # parts get new numbers whenever some are cut anew
        if by_part[part]:
            nodes, options, inside = surroundings(problem, found.labels, part, 1)
            spared = by_part.sum() - inside.pairs_across(found.labels[nodes])
            other = search_across(inside, options, seed, effort, max(0.0, enough - spared))
            changed = exchanged(problem, found, nodes, other.labels)
            if changed.wrong <= found.wrong and problem.pairs_across(changed.labels) < by_part.sum():
                found = changed
    return found
