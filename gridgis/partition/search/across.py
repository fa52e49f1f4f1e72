"""Search ground that crosses a STRONG barrier for few household pairs across it: few of its ways have the fewest."""

from __future__ import annotations

from dataclasses import replace

from gridgis.partition.problem import Found, Problem
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
        As for ``solve``; all options are tried.
    enough
        Pairs across that are few enough. Fewer are not looked for: prices decide. Any pair above goes before prices.
    """

    def worth(found: Found) -> tuple[int, float, float]:
        return found.wrong, max(0.0, problem.pairs_across(found.labels) - enough), found.price

    best = min((solve(problem, [k], seed, effort) for k in options), key=worth)
    dear = replace(problem, across=DEAR * problem.across)
    for attempt in range(SEARCHES * NODES // max(NODES, problem.n)):
        if worth(best)[:2] == (0, 0):
            break
        k = options[attempt % len(options)]
        quick = solve(dear, [k], seed + 7919 * (attempt + 1), max(1, effort // QUICK))
        found = appraised(problem, quick.labels)
        if worth(found) < worth(best):
            cheaper = solve(problem, [k], seed, effort, start=found.labels)
            best = min(found, cheaper, key=worth)
    return best
