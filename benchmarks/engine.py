"""The engine of this project, run on a case as ``divide`` runs it: level 2, then level 3 inside each of its grids."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np

from benchmarks.area import make_area
from benchmarks.case import Case, cpu_s, prepare
from gridgis.geometry.arrays import Ints
from gridgis.model import Community, DivisionRules
from gridgis.partition.community import cut_communities
from gridgis.partition.levels import cut_level
from gridgis.partition.regions.pieces import crossing_optimum


@dataclass(frozen=True)
class Engine:
    """Labels of all atoms at both levels; CPU-s of level 2 alone and of both levels.

    ``least_pairs``: the household pairs that must live on both sides of a STRONG barrier, by the merge model.
    """

    level2: Ints
    level3: Ints
    level2_s: float
    both_s: float
    least_pairs: int


def divide_by_engine(case: Case, seed: int) -> Engine:
    """Divide a case in two levels; level 2 is run once more alone, to be timed beside METIS."""
    forget()
    start = cpu_s()
    cut_level(case.ground, case.rules.level2, case.rules, seed)
    alone = cpu_s()
    forget()
    done = cut_communities([case.ground], [case.rules], seed)[0]
    both = cpu_s()
    level2 = done.level2.labels
    level3 = np.full(case.ground.n, -1, dtype=np.int64)
    for label, cut in enumerate(done.level3):
        level3[level2 == label] = cut.labels + int(level3.max()) + 1
    land = case.ground.take(np.flatnonzero(~case.ground.water))
    least = crossing_optimum(land, case.rules.level2, case.rules.max_area_empty_m2)
    return Engine(level2, level3, alone - start, both - alone, least)


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
