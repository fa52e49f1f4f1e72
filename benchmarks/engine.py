"""The engine of this project, run on a case as ``divide`` runs it: level 2, then level 3 inside each of its grids."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np

from benchmarks.area import make_area
from benchmarks.case import Case, cpu_s, prepare
from benchmarks.outside import Outside, outside
from gridgis.geometry.arrays import Ints
from gridgis.model import Community, DivisionRules
from gridgis.partition.community import cut_communities, decide_level2, pool, search_level2
from gridgis.partition.levels import gather
from gridgis.partition.regions.pieces import crossing_optimum

TIMES = 3
"""Level 2 is searched so many times, and METIS is run so many times; the shortest time of each counts."""


@dataclass(frozen=True)
class Engine:
    """Labels of all atoms: level 2 as searched, and both levels as they are in the end; CPU-s of each stage.

    ``search_s``: level 2 by search; ``exact_s``: exact decisions where the search left the band; ``both_s``: all, with
    level 3 and looking ahead to it. ``least_pairs``: the household pairs that must live on both sides of a STRONG
    barrier, by the merge model. ``outside``: the grids outside their bands, with what is proven of each.
    """

    searched: Ints
    level2: Ints
    level3: Ints
    search_s: float
    exact_s: float
    both_s: float
    least_pairs: int
    outside: list[Outside]


def divide_by_engine(case: Case, seed: int) -> Engine:
    """Divide a case in two levels; level 2 is also made alone, TIMES over, to be timed beside METIS."""
    grounds, rules = [case.ground], [case.rules]
    with pool(1) as run:
        search_s = float("inf")
        for _ in range(TIMES):
            forget()
            start = cpu_s()
            tasks = search_level2(grounds, rules, seed, run)
            search_s = min(search_s, cpu_s() - start)
        searched = gather(case.ground, [(t.region, t.labels) for t in tasks if t.labels is not None]).labels
        began = cpu_s()
        decide_level2(grounds, tasks, run)
        decided = cpu_s()
    forget()
    again = cpu_s()
    done = cut_communities(grounds, rules, seed)[0]
    both = cpu_s()
    level2 = done.level2.labels
    level3 = np.full(case.ground.n, -1, dtype=np.int64)
    for label, cut in enumerate(done.level3):
        level3[level2 == label] = cut.labels + int(level3.max()) + 1
    land = case.ground.take(np.flatnonzero(~case.ground.water))
    least = crossing_optimum(land, case.rules.level2, case.rules.max_area_empty_m2)
    return Engine(searched, level2, level3, search_s, decided - began, both - again, least, outside(case, done))


def forget() -> None:
    """Empty the engine's caches, so that no run profits from an earlier one; compiled code stays."""
    for name, module in sorted(sys.modules.items()):
        if name.startswith("gridgis.partition"):
            for value in vars(module).values():
                if callable(getattr(value, "cache_clear", None)):
                    value.cache_clear()


def warm_up(rules: DivisionRules) -> Community:
    """Divide a small area once, so that all is imported and compiled before anything is timed; return the area."""
    area = make_area(1_500, seed=0)
    divide_by_engine(prepare(area, rules), seed=0)
    return area
