"""What is said to be impossible around one node, against trying all connected sets."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgis.partition.problem import Problem
from gridgis.partition.search.solve import solve
from gridgis.partition.search.stuck import inevitable, shortfall, shortfall_outside
from tests.partition.graphs import Drawn, graphs


def as_problem(graph: Drawn, lower: int, upper: int) -> Problem:
    edges = np.array(graph.edges, dtype=np.int64).reshape(-1, 2)
    return Problem(np.array(graph.weights, dtype=np.int64), edges, np.ones(len(edges)), lower, upper)


@settings(max_examples=150, deadline=None)
@given(graph=graphs(7), lower=st.integers(1, 12), width=st.integers(0, 5))
def test_no_connected_set_comes_nearer_to_the_bounds(graph: Drawn, lower: int, width: int) -> None:
    problem = as_problem(graph, lower, lower + width)
    n = len(graph.weights)
    sets = [set(s) for k in range(1, n + 1) for s in combinations(range(n), k) if graph.connected(set(s))]
    for v, found in enumerate(shortfall(problem).tolist()):
        nearest = min(max(0, lower - graph.load(s), graph.load(s) - lower - width) for s in sets if v in s)
        assert found == (nearest if graph.weights[v] else 0)


@settings(max_examples=100, deadline=None)
@given(graph=graphs(6), lower=st.integers(1, 9), width=st.integers(0, 4), parts=st.integers(1, 4))
def test_no_partition_has_less_excess_than_is_inevitable(graph: Drawn, lower: int, width: int, parts: int) -> None:
    parts = min(parts, len(graph.weights))
    excess, _ = graph.best(parts, lower, lower + width)
    problem = as_problem(graph, lower, lower + width)
    labels = solve(problem, [parts], effort=2).labels
    assert inevitable(problem, shortfall(problem)) <= excess
    assert inevitable(problem, shortfall_outside(problem, labels)) <= excess
