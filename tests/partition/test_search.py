"""The graph engine against trying everything."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gridgis.errors import InvalidInput
from gridgis.partition import partition_graph
from gridgis.partition.components import components
from gridgis.partition.exact.polish import holds
from gridgis.partition.problem import Problem
from gridgis.partition.search.annealed import solve_annealed
from tests.partition.graphs import Drawn, graphs, random_graph

few = settings(max_examples=60, deadline=None)
RING = ([3] * 8, [(i, (i + 1) % 8) for i in range(8)], [1.0] * 8)


def groups_of(labels: Any) -> list[set[int]]:
    return [set(np.flatnonzero(labels == k).tolist()) for k in range(int(labels.max()) + 1)]


@few
@given(graph=graphs(), parts=st.integers(1, 4), lower=st.integers(0, 8), width=st.integers(0, 8))
def test_parts_are_contiguous_and_as_reported(graph: Drawn, parts: int, lower: int, width: int) -> None:
    assume(parts <= len(graph.weights))
    labels, report = partition_graph(
        graph.weights, graph.edges, graph.costs, parts, lower, lower + width, effort=6, balance=0.1
    )
    groups = groups_of(labels)
    assert len(groups) == report["parts"] == parts
    assert all(g and graph.connected(g) for g in groups)
    assert graph.price(groups, lower, lower + width) == (report["excess"], pytest.approx(report["cut"]))


@few
@given(graph=graphs(), parts=st.integers(1, 4), lower=st.integers(0, 8), width=st.integers(0, 8))
def test_the_optimum_found_by_trying_everything_is_never_beaten(
    graph: Drawn, parts: int, lower: int, width: int
) -> None:
    assume(parts <= len(graph.weights))
    _, report = partition_graph(graph.weights, graph.edges, graph.costs, parts, lower, lower + width, effort=6)
    assert (report["excess"], report["cut"] + 1e-9) >= graph.best(parts, lower, lower + width)


def test_what_is_possible_is_always_found() -> None:
    possible, missed = 0, 0
    for number in range(120):
        graph, parts = random_graph(number), number % 3 + 1
        if parts <= len(graph.weights) and graph.best(parts, 3, 9)[0] == 0:
            possible += 1
            missed += partition_graph(graph.weights, graph.edges, graph.costs, parts, 3, 9)[1]["excess"] > 0
    assert possible > 35
    assert missed == 0


def test_the_cheapest_cut_is_found_on_small_graphs() -> None:
    dear = 0
    for number in range(60):
        graph = random_graph(number)
        best = graph.best(2, 3, 12)
        _, report = partition_graph(graph.weights, graph.edges, graph.costs, 2, 3, 12)
        dear += (report["excess"], report["cut"]) > best
    assert dear == 0


@few
@given(graph=graphs(), seed=st.integers(0, 5))
def test_the_same_seed_gives_the_same_labels(graph: Drawn, seed: int) -> None:
    parts = (len(graph.weights) + 1) // 2
    once, again = (
        partition_graph(graph.weights, graph.edges, graph.costs, parts, 2, 9, seed=seed, effort=6)[0] for _ in "12"
    )
    assert once.tolist() == again.tolist()


def test_of_several_numbers_of_parts_the_first_that_fits_is_taken() -> None:
    assert partition_graph(*RING, [3, 4, 2], 6, 6)[1]["parts"] == 4


def test_where_nothing_fits_the_least_excess_is_reported() -> None:
    _, report = partition_graph(*RING, [2, 3], 100, 200)
    assert (report["parts"], report["excess"]) == (2, 200 - 24)


def test_a_time_limit_that_was_used_is_reported() -> None:
    assert partition_graph(*RING, 3, 6, 9, time_limit=0.0)[1]["timed_out"]


def test_without_a_time_limit_none_is_used() -> None:
    assert not partition_graph(*RING, 3, 6, 9)[1]["timed_out"]


@pytest.mark.parametrize(
    ("weights", "edges", "costs", "parts", "word"),
    [
        ([], [], [], 1, "at least one"),
        ([1, -1], [(0, 1)], [1], 1, "non-negative"),
        ([1, 1.5], [(0, 1)], [1], 1, "integers"),
        ([1, 1], [(0, 1)], [-1], 1, "cost"),
        ([1, 1], [(0, 1)], [np.nan], 1, "cost"),
        ([1, 1], [(0, 1)], [1, 2], 1, "cost"),
        ([1, 1], [(0, 2)], [1], 1, "nodes that exist"),
        ([1, 1], [(1, 1)], [1], 1, "different nodes"),
        ([1, 1, 1], [(0, 1)], [1], 1, "2 components"),
        ([1, 1], [(0, 1)], [1], 3, r"\[3\]"),
        ([1, 1], [(0, 1)], [1], 0, r"\[0\]"),
        ([1, 1], [(0, 1)], [1], [], "parts"),
    ],
)
def test_bad_input_is_refused(weights: Any, edges: Any, costs: Any, parts: Any, word: str) -> None:
    with pytest.raises(InvalidInput, match=word):
        partition_graph(weights, edges, costs, parts, 1, 2)


@few
@given(n=st.integers(1, 8), pairs=st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=8))
def test_components_are_numbered_by_their_first_node(n: int, pairs: list[tuple[int, int]]) -> None:
    edges = [(a, b) for a, b in pairs if a < n and b < n]
    labels = list(range(n))
    for _ in range(n):
        for a, b in edges:
            labels[a] = labels[b] = min(labels[a], labels[b])
    rank = {first: i for i, first in enumerate(sorted(set(labels)))}
    found = components(n, np.array(edges, dtype=np.int64).reshape(-1, 2))
    assert found.tolist() == [rank[x] for x in labels]


def cube(dimensions: int) -> tuple[list[int], list[tuple[int, int]], list[float]]:
    nodes = range(2**dimensions)
    edges = [(v, v | 1 << i) for v in nodes for i in range(dimensions) if not v >> i & 1]
    return [1] * len(nodes), edges, [1.0] * len(edges)


@pytest.mark.parametrize("seed", [0, 1])
def test_a_hypercube_is_halved_at_the_least_cost(seed: int) -> None:
    """2^6 edges are the least (Harper 1964); tree cuts alone find 96 to 102."""
    _, report = partition_graph(*cube(7), 2, 64, 64, seed)
    assert (report["cut"], report["excess"]) == (64.0, 0)


@pytest.mark.parametrize("seed", [0, 1])
def test_queens_moves_on_a_chessboard_are_cut_in_halves(seed: int) -> None:
    """A dense graph of 64 nodes and 728 edges, of which halves side by side cut 256; tree cuts find 280 to 290."""
    at = [(i, j) for i in range(8) for j in range(8)]
    edges = [
        (b, a)
        for a, (i, j) in enumerate(at)
        for b, (k, m) in enumerate(at[:a])
        if i == k or j == m or abs(i - k) == abs(j - m)
    ]
    _, report = partition_graph([1] * 64, edges, [1.0] * len(edges), 2, 32, 32, seed)
    assert report["cut"] <= 256


def test_coolings_keep_parts_contiguous_and_to_the_bounds_where_they_can() -> None:
    weights, edges, costs = cube(5)
    problem = Problem(np.array(weights), np.array(edges), np.array(costs), 8, 8)
    found = solve_annealed(problem, 4, 0)
    assert (found.price, found.holds) == (32.0, True)
    assert holds(problem, found.labels, [4])
    assert found.labels.tolist() == solve_annealed(problem, 4, 0).labels.tolist()
