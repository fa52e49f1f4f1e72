"""Re-division after a change: 5 % of the households change, and it is counted who is in another grid afterwards.

Buildings drawn at random, with 5 % of the households, are pulled down or have twice the households. The engine starts
from its present grids; METIS knows no present and cuts anew. A grid continues the one with which it shares more than
half of the households of both; the households that are not in the grid that continues theirs have moved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.case import Case, cpu_s
from benchmarks.engine import Engine, forget
from benchmarks.least import least_moved as least_of_units
from benchmarks.least import units_of
from benchmarks.measures import is_single_building, measure, sums
from benchmarks.peers import divide_by_metis
from benchmarks.report import table
from gridgis.geometry.arrays import Bools, Ints
from gridgis.model import Band

SHARE = 0.05
LEAST = ("must move", "must move, whole", "must move, contiguous")
"""Bounds, the second tighter than the first, the third than the second."""
SUMMED = ("households", "changed", *LEAST, "moved", "grids", "out of band")


def redivide(case: Case, before: Engine, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Change households and divide again.

    Returns
    -------
    list of dict
        One a level: households in all, changed, that must move at least by the loads alone and with what must stay
        whole, that the engine moved, that METIS moved (level 2 only); grids, how many of them are out of band; CPU-s
        of both levels.
    """
    from gridgis.partition.redivision.redivide import recut_community

    after = changed(case, rng)
    forget()
    start = cpu_s()
    found = recut_community(after.ground, before.level2, before.level3, case.rules, seed=0)
    took = cpu_s() - start
    level2 = found.level2.labels
    level3 = np.full(case.ground.n, -1, dtype=np.int64)
    for label, cut in enumerate(found.level3):
        level3[level2 == label] = cut.labels + int(level3.max()) + 1
    rows = []
    for level, old, new in ((2, before.level2, level2), (3, before.level3, level3)):
        band = case.rules.level2 if level == 2 else case.rules.level3
        least, gone = least_moved(after, old, band), moved(old, new, after.scene.households)
        whole, contiguous = _least_whole(after, level, old, new, level2, band)
        figures = measure(after.scene, new, band)
        rows.append(
            {
                "level": level,
                "households": int(after.scene.households.sum()),
                "changed": int(np.abs(after.scene.households - case.scene.households).sum()),
                "must move": least,
                "must move, whole": whole,
                "must move, contiguous": contiguous,
                "moved": gone,
                "METIS moves": _metis_moves(case, after, old) if level == 2 else None,
                "grids": figures.judged,
                "out of band": len(figures.out_of_band),
                "cpu_s": took,
            }
        )
    return rows


def as_table(rows: Sequence[dict[str, Any]]) -> str:
    """Return the sums over all areas, a line a level."""
    head = ("level", "areas", "households", "changed", "must move by loads", "must move, estates whole",
            "must move, contiguous", "moved",
            "moved : by loads", "moved : estates whole", "moved : contiguous", "median", "most", "moved, share",
            "METIS anew moves", "in band", "CPU-s, both levels")  # fmt: skip
    lines = []
    for level in sorted({int(r["level"]) for r in rows}):
        of = [r for r in rows if r["level"] == level]
        total = {k: sum(r[k] for r in of) for k in SUMMED}
        ratios = [r["moved"] / r["must move, contiguous"] for r in of if r["must move, contiguous"]]
        metis = sum(r["METIS moves"] or 0 for r in of)
        lines.append(
            [
                level, len(of), total["households"], total["changed"], *(total[k] for k in LEAST), total["moved"],
                *(f"{total['moved'] / total[k]:.2f}x" if total[k] else "-" for k in LEAST),
                *(f"{f(ratios):.2f}x" if ratios else "-" for f in (np.median, max)),
                f"{total['moved'] / total['households']:.2%}",
                f"{metis / total['households']:.1%}" if level == 2 else "",
                f"{1 - total['out of band'] / max(1, total['grids']):.1%}",
                f"{sum(r['cpu_s'] for r in of) / len(of):.3g}",
            ]
        )  # fmt: skip
    return table(head, lines)


def changed(case: Case, rng: np.random.Generator) -> Case:
    """Return the case after 5 % of the households changed: atoms lose all of theirs, or have twice as many."""
    old = case.scene.households
    order = rng.permutation(np.flatnonzero(old > 0))
    chosen = order[: int(np.searchsorted(np.cumsum(old[order]), SHARE * old.sum()) + 1)]
    factor = np.ones(len(old), dtype=np.int64)
    factor[chosen] = rng.choice([0, 2], len(chosen))
    new, biggest = old * factor, case.scene.biggest * factor
    return replace(
        case,
        ground=replace(case.ground, households=new, biggest=biggest),
        scene=replace(case.scene, households=new, biggest=biggest),
    )


def moved(old: Ints, new: Ints, households: Ints) -> int:
    """Count the households that are not in the grid that continues theirs.

    Examples
    --------
    >>> old, new = np.array([0, 0, 0, 1, 1]), np.array([5, 5, 6, 6, 6])
    >>> moved(old, new, np.array([10, 10, 3, 10, 10]))
    3
    """
    return int(households[_left(old, new, households)].sum())


def _left(old: Ints, new: Ints, households: Ints) -> Bools:
    """Tell which atoms are not in the grid that continues theirs."""
    pairs, which = np.unique(np.column_stack([old, new]), axis=0, return_inverse=True)
    shared = sums(which.ravel(), households)
    whole_old, whole_new = sums(old, households)[pairs[:, 0]], sums(new, households)[pairs[:, 1]]
    stays = (2 * shared > whole_old) & (2 * shared > whole_new)
    return np.asarray(~stays[which.ravel()])


def least_moved(case: Case, old: Ints, band: Band) -> int:
    """Return how many households must move at least, so that no present grid is out of the band.

    What is above the limit must go; what is lacking must come, unless the whole grid goes. One household that moves
    mends one that is above and one that is lacking at most. A single building above the limit is no fault, so where
    one is, it is enough that all others go.
    """
    load = sums(old, case.scene.households)
    biggest = np.zeros(len(load), dtype=np.int64)
    np.maximum.at(biggest, old, case.scene.biggest)
    excess = np.maximum(0, load - band.upper)
    above = np.where(biggest > band.upper, np.minimum(excess, load - biggest), excess).sum()
    lacking = np.minimum(np.maximum(0, band.lower - load), load).sum()
    return int(max(above, lacking))


def _least_whole(case: Case, level: int, old: Ints, new: Ints, level2: Ints, band: Band) -> tuple[int, int]:
    """Return how many households must move at least when nothing is divided that must be whole (``least.py``).

    The second number is for contiguous grids. Level 3 is bounded inside the level-2 grids that there are now: a grid
    goes on where more than half of it is.
    """
    households = case.scene.households
    parents = np.unique(level2, return_inverse=True)[1] if level == 3 else np.zeros(len(old), dtype=np.int64)
    home = _where_most_is(old, parents, households)
    gone = np.where(_left(old, new, households), households, 0)
    whole = contiguous = 0
    for parent in range(int(parents.max()) + 1):
        inside = np.flatnonzero((parents == parent) & ~case.ground.water)
        land = case.ground.take(inside, level)
        node = land.whole(band.upper)
        units = units_of(node, home[inside], land.households, land.biggest > band.upper)
        ends = node[land.pairs]
        touching = ends[ends[:, 0] != ends[:, 1]].tolist()
        most, excess = int(gone[inside].sum()), _excess(case, new, inside, band)
        least = least_of_units(units, band, most, excess)
        whole += least
        contiguous += least if least == most else max(least, least_of_units(units, band, most, excess, touching))
    return whole, contiguous


def _where_most_is(old: Ints, parents: Ints, households: Ints) -> Ints:
    """Return the present grid of each atom; -1 where less than half of that grid's households are in this parent."""
    _, cell = np.unique(np.column_stack([old, parents]), axis=0, return_inverse=True)
    here = sums(cell.ravel(), households)[cell.ravel()]
    return np.where(2 * here > sums(old, households)[old], old, -1)


def _excess(case: Case, new: Ints, inside: Ints, band: Band) -> int:
    """Return the households outside the band that are left in some grids."""
    load = sums(new, case.scene.households)
    judged = np.zeros(len(load), dtype=np.bool_)
    judged[new[inside]] = True
    judged &= (load > 0) & ~is_single_building(case.scene, new, band.upper)
    return int(np.maximum(0, np.maximum(band.lower - load, load - band.upper))[judged].sum())


def _metis_moves(before: Case, after: Case, old: Ints) -> int:
    """Return how many households METIS, from scratch both times, puts in another part."""
    parts = len(np.unique(old))
    first, second = divide_by_metis(before, parts, seed=0), divide_by_metis(after, parts, seed=0)
    assert first.labels is not None
    assert second.labels is not None
    return moved(first.labels, second.labels, after.scene.households)
