"""Search for the bounds alone, where prices lead the search astray: cheap borders first, then nothing fits any more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gridgis.partition.problem import Found, Problem
from gridgis.partition.search.solve import solve


def solve_plainly(problem: Problem, options: Sequence[int], seed: int, effort: int, restarts: int = 1) -> Found:
    """Search with all borders alike and no other price; what is found is then made cheap at the real prices.

    Parameters are those of ``solve``.
    """
    alike = np.ones(len(problem.edges))
    plain = replace(problem, costs=alike, shape=None, compactness=0.0, balance=0.0, home=None)
    found = solve(plain, options, seed, effort, restarts=restarts)
    return solve(problem, [found.parts], seed, effort, start=found.labels)
