"""Small graphs are settled exactly: against every partition there is, and against themselves with other seeds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgis.geometry.arrays import Floats, Ints
from gridgis.model import Band
from gridgis.partition import partition_graph
from tests.partition.test_groupings import regions, square, ways, within


def cheapest(weights: Ints, edges: Ints, costs: Floats, parts: int, band: Band) -> float | None:
    """Return the least cost of a partition, by trying all; None: there is none."""
    best: float | None = None
    for way in ways(len(weights)):
        labels = np.array(way, dtype=np.int64)
        if labels.max() + 1 == parts and within(labels, weights, edges, band):
            cost = float(costs[labels[edges[:, 0]] != labels[edges[:, 1]]].sum())
            best = cost if best is None else min(best, cost)
    return best


@settings(max_examples=40, deadline=None)
@given(regions(), st.integers(5, 60), st.integers(0, 40), st.integers(1, 3), st.randoms(use_true_random=False))
def test_small_graphs_are_settled(drawn: tuple[Ints, Ints], lower: int, width: int, parts: int, random: object) -> None:
    weights, edges = drawn
    parts = min(parts, len(weights))
    costs = np.random.default_rng(random.randrange(1 << 30)).integers(0, 9, len(edges)) * 1.0  # type: ignore[attr-defined]
    band = Band(lower, lower + width)
    labels, report = partition_graph(weights, edges, costs, parts, band.lower, band.upper, effort=1, certify=True)
    least = cheapest(weights, edges, costs, parts, band)
    if least is None:
        assert (report["status"], report["bound"]) == ("impossible", None)
        assert report["excess"] > 0 or report["parts"] != parts
        return
    assert within(labels, weights, edges, band)
    assert report["parts"] == parts
    assert report["cut"] == pytest.approx(least, abs=1e-4)
    assert (report["status"], report["gap"]) == ("optimal", 0.0)
    assert report["bound"] <= report["cut"] + 1e-9


def test_what_the_search_hardly_finds_is_found_with_every_seed_and_with_no_effort_to_speak_of() -> None:
    """Two halves of the very same weight: few partitions of a square of 4 x 4 do it."""
    weights = np.array([37, 0, 0, 32, 0, 35, 23, 21, 29, 17, 24, 0, 10, 13, 3, 0])
    edges = square(4)
    cuts = set()
    for seed in range(4):
        labels, report = partition_graph(weights, edges, np.ones(len(edges)), 2, 122, 122, seed, effort=1)
        assert within(labels, weights, edges, Band(122, 122))
        assert set(report) == {"parts", "cut", "excess", "timed_out"}
        cuts.add(report["cut"])
    assert len(cuts) == 1


def test_the_first_number_of_parts_that_can_be_is_taken() -> None:
    row = [(i, i + 1) for i in range(5)]
    labels, report = partition_graph([1] * 6, row, [1.0] * 5, [4, 3, 2], 2, 3, certify=True)
    assert (report["parts"], report["excess"], report["status"]) == (3, 0, "optimal")
    assert np.bincount(labels).tolist() == [2, 2, 2]


def test_a_graph_too_wide_to_be_certified_says_so() -> None:
    """Thirty nodes that all touch: the network of their connected sets is too wide."""
    edges = np.array([(a, b) for a in range(30) for b in range(a + 1, 30)])
    labels, report = partition_graph(
        np.ones(30, dtype=int), edges, np.ones(len(edges)), 3, 10, 10, effort=5, certify=True
    )
    assert np.bincount(labels).tolist() == [10, 10, 10]
    assert (report["status"], report["bound"], report["gap"]) == ("unknown", None, None)
