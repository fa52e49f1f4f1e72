"""Exact groupings of small regions: found where there is one, refuted only where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgis.checks.regroup import regroup
from gridgis.geometry.arrays import Ints
from gridgis.model import Band
from gridgis.partition.any_graph import partition_graph
from gridgis.partition.components import components
from gridgis.partition.exact import groupings
from gridgis.partition.exact.feasible import Answer, feasible
from gridgis.partition.exact.groupings import can_group, find_grouping
from gridgis.partition.levels import part_options
from gridgis.partition.problem import Problem

BAND = Band(30, 50)

KNOT = [37, 0, 0, 32, 0, 35, 23, 21, 29, 17, 24, 0, 10, 13, 3, 0]
"""Households of a square of 4 x 4 that the search by spanning trees leaves out of band for each of four seeds."""


def square(side: int) -> Ints:
    across = [(i, i + 1) for i in range(side * side) if (i + 1) % side]
    return np.array([*across, *((i, i + side) for i in range(side * (side - 1)))], dtype=np.int64)


def masks(n: int, edges: Ints) -> list[int]:
    """Return what each node touches as bits."""
    out = [0] * n
    for a, b in edges.tolist():
        out[a] |= 1 << b
        out[b] |= 1 << a
    return out


def within(labels: Ints, weights: Ints, edges: Ints, band: Band) -> bool:
    """Tell whether labels are contiguous groups within the band."""
    inner = labels[edges[:, 0]] == labels[edges[:, 1]]
    parts = components(len(labels), edges[inner]).max() + 1
    return parts == len(np.unique(labels)) and all(int(n) in band for n in np.bincount(labels, weights))


def town(weights: Ints, edges: Ints, band: Band) -> Problem:
    return Problem(weights, edges, np.ones(len(edges)), band.lower, band.upper)


@st.composite
def regions(draw: st.DrawFn, fewest: int = 0) -> tuple[Ints, Ints]:
    """Draw a connected graph of up to six nodes with so many households or more."""
    weights = draw(st.lists(st.integers(fewest, 40), min_size=2, max_size=6))
    tree = [(draw(st.integers(0, i - 1)), i) for i in range(1, len(weights))]
    more = [pair for pair in combinations(range(len(weights)), 2) if pair not in tree and draw(st.booleans())]
    return np.array(weights, dtype=np.int64), np.array(sorted([*tree, *more]), dtype=np.int64)


def ways(n: int) -> Iterator[list[int]]:
    """Yield every way to label n things by group, each grouping once."""
    if n == 0:
        yield []
        return
    for way in ways(n - 1):
        for label in range(max(way, default=-1) + 2):
            yield [*way, label]


def by_trying_all(weights: Ints, edges: Ints, band: Band) -> bool:
    """Tell whether any grouping at all is within the band; the loads are looked at first."""
    labelled = (np.array(way, dtype=np.int64) for way in ways(len(weights)))
    return any(
        all(int(n) in band for n in np.bincount(labels, weights)) and within(labels, weights, edges, band)
        for labels in labelled
    )


@settings(max_examples=100, deadline=None)
@given(regions(1), st.integers(5, 50), st.integers(0, 20))
def test_without_empty_ground_a_grouping_is_found_where_there_is_one(
    drawn: tuple[Ints, Ints], lower: int, width: int
) -> None:
    weights, edges = drawn
    band = Band(lower, lower + width)
    found = find_grouping(weights, edges, np.ones(len(edges)), band)
    assert (found is not None) == by_trying_all(weights, edges, band)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 40), min_size=16, max_size=16))
def test_on_sixteen_units_a_grouping_is_found_unless_the_verifier_proves_that_there_is_none(drawn: list[int]) -> None:
    weights, edges = np.array(drawn, dtype=np.int64), square(4)
    found = find_grouping(weights, edges, np.ones(len(edges)), BAND)
    if found is None:
        assert regroup(drawn, masks(16, edges), BAND) is False
    else:
        assert within(found, weights, edges, BAND)


def test_with_empty_ground_too_a_grouping_is_found_or_refuted() -> None:
    towns, edges = np.random.default_rng(11).integers(0, 41, (30, 16)), square(4)
    for weights in towns:
        found = find_grouping(weights, edges, np.ones(len(edges)), BAND)
        assert can_group(town(weights, edges, BAND)) is (found is not None)
        assert found is None or within(found, weights, edges, BAND)


@settings(max_examples=60, deadline=None)
@given(regions().filter(lambda drawn: drawn[0].any()), st.integers(5, 50), st.integers(0, 20))
def test_what_can_be_grouped_is_told_exactly(drawn: tuple[Ints, Ints], lower: int, width: int) -> None:
    weights, edges = drawn
    band = Band(lower, lower + width)
    assert can_group(town(weights, edges, band)) is by_trying_all(weights, edges, band)


def test_groups_are_found_where_few_fit() -> None:
    weights, edges = np.array(KNOT), square(4)
    costs = np.ones(len(edges))
    options = part_options(sum(KNOT), BAND)
    assert partition_graph(weights, edges, costs, options, 30, 50)[1]["excess"] == 0
    found = find_grouping(weights, edges, costs, BAND)
    assert found is not None
    assert within(found, weights, edges, BAND)


def test_empty_ground_joins_over_the_dearest_border() -> None:
    """A row of 30, nothing, 30: the border on the right of the empty ground is dear, so it goes there."""
    found = find_grouping(np.array([30, 0, 30]), np.array([[0, 1], [1, 2]]), np.array([1.0, 5.0]), BAND)
    assert found is not None
    assert found[1] == found[2] != found[0]


def test_where_much_ground_is_empty_a_grouping_is_found_on_the_graph_of_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    weights, edges = np.zeros(64, dtype=np.int64), square(8)
    weights[[0, 7, 20, 27, 36, 43, 56, 63]] = 20

    def small_only(problem: Problem, options: list[int], effort: float) -> Answer:
        return Answer(None) if problem.n == len(weights) else feasible(problem, options, effort)

    monkeypatch.setattr(groupings, "feasible", small_only)
    found = find_grouping(weights, edges, np.ones(len(edges)), BAND)
    assert found is not None
    assert within(found, weights, edges, BAND)


def test_a_region_of_too_many_buildings_is_left_alone() -> None:
    weights, edges = np.full(64, 10), square(8)
    assert find_grouping(weights, edges, np.ones(len(edges)), BAND) is None
    assert can_group(town(weights, edges, BAND)) is None


def test_too_little_effort_finds_nothing_and_proves_nothing() -> None:
    weights, edges = np.array([7, 11, 13, 17] * 9), square(6)
    assert find_grouping(weights, edges, np.ones(len(edges)), Band(41, 50), 1e-6) is None
    assert can_group(town(weights, edges, Band(41, 50)), 1e-6) is None


def test_ground_without_households_has_no_grouping() -> None:
    assert find_grouping(np.zeros(3, dtype=np.int64), np.array([[0, 1], [1, 2]]), np.ones(2), Band(30, 50)) is None
