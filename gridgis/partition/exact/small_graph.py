"""Small graphs are settled: what the search left to chance is decided, and its price proven, by `exact`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gridgis.geometry.arrays import Ints
from gridgis.partition.exact.feasible import feasible
from gridgis.partition.exact.polish import Certificate, polish
from gridgis.partition.problem import Found, Problem

SMALL = 60
"""Nodes of a graph that is always settled: mostly a fraction of a second."""
EFFORT, CERTIFY = 2.5, 4.0
"""Effort of settling a small graph, and of certifying any: seconds of one core, roughly (see `polish`)."""


def finite(value: float) -> float | None:
    """Return a number as plain data: None where it is infinite."""
    return float(value) if np.isfinite(value) else None


def settle(problem: Problem, options: Sequence[int], found: Found, effort: float) -> tuple[Ints, Certificate]:
    """Return the cheapest partition into the first number of parts that allows any, and how good it is, proven.

    Parameters
    ----------
    problem
        As for `polish`.
    options
        Numbers of parts, in the order in which they are preferred.
    found
        What the search found.
    effort
        Of finding the cheapest partition; half of it before that, of deciding whether there is one.

    Returns
    -------
    tuple
        (n,) labels, those given where nothing better is known; the certificate speaks of their number of parts alone,
        or, where no partition within the bounds is known, of all numbers.
    """
    undecided = False
    for k in options:
        labels: Ints | None = found.labels
        if not (found.holds and found.parts == k):
            answer = feasible(problem, [k], effort / 2 / len(options))
            labels, undecided = answer.labels, undecided or answer.possible is None
        if labels is not None:
            proof = polish(problem, labels, [k], effort)
            return proof.labels, proof
    nothing = Certificate(found.labels, np.inf, np.inf, 0.0, "impossible", True)
    if undecided:
        nothing = replace(nothing, bound=-np.inf, gap=np.inf, status="unknown", exact=False)
    return found.labels, nothing
