"""Annealing from home against brute force on small graphs: bands hold, grids stay connected, little is moved."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgis.geometry.arrays import Ints
from gridgis.partition.problem import Problem
from gridgis.partition.redivision.resettle import Resettling
from gridgis.partition.search.solve import anneal
from tests.partition.test_repair import BAND, PAIRS, START, connected, least, moved, sound

HOME = np.array(START, dtype=np.int64)
FREE = np.zeros(9, dtype=np.bool_)


def problem(weights: list[int]) -> Problem:
    ends = np.array(PAIRS, dtype=np.int64)
    return Problem(
        np.array(weights, dtype=np.int64), ends, np.ones(len(ends)), BAND.lower, BAND.upper, home=HOME, moving=10.0
    )


def resettled(weights: list[int], group: Ints | None = None, still: Ints | None = None, seed: int = 0) -> list[int]:
    p = problem(weights)

    def worth(labels: Ints) -> tuple[float, ...]:
        return p.excess(labels), moved(weights, START, labels.tolist())

    search = Resettling(p, np.zeros(9, dtype=np.int64) if group is None else group, lambda _: None, worth, seed)
    load = np.bincount(HOME, weights)
    broken = [k for k in range(3) if int(load[k]) not in BAND]
    return search.mend(HOME, broken, FREE if still is None else np.isin(HOME, still)).tolist()


def test_little_more_is_moved_than_brute_force_finds() -> None:
    rng = np.random.default_rng(7)
    ours = best = mended = possible = 0
    for _ in range(60):
        weights = rng.integers(1, 10, 9).tolist()
        fewest, found = least(weights), resettled(weights)
        possible += fewest is not None
        if sound(weights, found):
            assert fewest is not None
            mended += 1
            best, ours = best + fewest, ours + moved(weights, START, found)
    assert mended > 0.9 * possible
    assert best <= ours <= 1.2 * best


@given(st.lists(st.integers(0, 9), min_size=9, max_size=9), st.integers(0, 3))
@settings(deadline=None, max_examples=15)
def test_grids_stay_connected_and_the_seed_decides(weights: list[int], seed: int) -> None:
    found = resettled(weights, seed=seed)
    assert all(connected([v for v, k in enumerate(found) if k == label]) for label in set(found))
    assert found == resettled(weights, seed=seed)


def test_closed_ground_is_not_flipped_into() -> None:
    weights = [8, 8, 8, 4, 4, 4, 4, 4, 4]
    assert resettled(weights, group=HOME) == START
    assert resettled(weights) != START


def test_what_must_stay_stays() -> None:
    weights = [8, 8, 8, 4, 4, 4, 4, 4, 4]
    assert resettled(weights, still=HOME[[3]]) == START


def test_annealing_by_the_strict_price_brings_everybody_home() -> None:
    away = HOME.copy()
    away[3] = 0
    found = anneal(problem([5] * 9), away, [(1e5, 0.0, 0.0)], 500, seed=1)
    assert found.tolist() == START
