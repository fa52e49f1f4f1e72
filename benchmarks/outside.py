"""The grids outside their band, by cause: proven impossible, or not; single buildings and empty ground are by rule."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from benchmarks.case import Case
from benchmarks.report import table
from gridgis.partition.causes import BY_RULE, Causes
from gridgis.partition.community import CommunityCut

Outside = tuple[int, bool, str]
"""Level, whether it is proven impossible to be in the band, and the cause with N for each number."""


def outside(case: Case, done: CommunityCut) -> list[Outside]:
    """Return each grid that is outside the band of its level, but not by rule."""
    rules, inner = case.rules, case.ground.split(done.level2.labels, 3)
    parents = [(2, case.ground, done.level2), *((3, c, cut) for c, cut in zip(inner, done.level3, strict=True))]
    out = []
    for level, c, cut in parents:
        band = rules.level2 if level == 2 else rules.level3
        load = np.bincount(cut.labels, c.households, len(cut.region_of)).astype(np.int64)
        causes = Causes(c, cut, band, rules, level == rules.first_level)
        for label in np.flatnonzero((load < band.lower) | (load > band.upper)).tolist():
            cause = causes.of(label)
            if cause.flag not in BY_RULE:
                out.append((level, cause.certified, re.sub(r"\d+", "N", cause.en)))
    return out


def summary(found: Sequence[Outside]) -> str:
    """Return how many grids of each level are outside the band, and how many of each cause.

    Examples
    --------
    >>> print(summary([(3, True, "shut in"), (3, False, "not found"), (3, True, "shut in")]))
    Level 2 outside the band (but by rule): 0, proven impossible: 0
    Level 3 outside the band (but by rule): 3, proven impossible: 2
    <BLANKLINE>
    | level | proven | grids | cause |
    |---|---|---|---|
    | 3 | yes | 2 | shut in |
    | 3 | no | 1 | not found |
    """
    lines = []
    for level in (2, 3):
        proven = [sure for of, sure, _ in found if of == level]
        lines.append(f"Level {level} outside the band (but by rule): {len(proven)}, proven impossible: {sum(proven)}")
    rows = [(level, "yes" if sure else "no", n, why) for (level, sure, why), n in Counter(found).most_common()]
    return "\n".join([*lines, "", table(["level", "proven", "grids", "cause"], rows)] if rows else lines)
