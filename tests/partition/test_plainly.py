"""A search for the bounds alone: its parts are contiguous, its price is the real one, and no price leads it astray."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgis.partition.levels import cut_few
from gridgis.partition.problem import Problem
from gridgis.partition.search.plainly import solve_plainly
from gridgis.partition.search.solve import appraised, solve
from tests.partition.graphs import Drawn, graphs


@settings(max_examples=60, deadline=None)
@given(graph=graphs(), parts=st.integers(1, 4), lower=st.integers(0, 8), width=st.integers(0, 8))
def test_what_is_found_is_contiguous_and_priced_as_it_is(graph: Drawn, parts: int, lower: int, width: int) -> None:
    parts = min(parts, len(graph.weights))
    problem = Problem(
        np.array(graph.weights, dtype=np.int64),
        np.array(graph.edges, dtype=np.int64).reshape(-1, 2),
        np.array(graph.costs),
        lower,
        lower + width,
        balance=0.1,
    )
    found = solve_plainly(problem, [parts], seed=1, effort=6)
    groups = [set(np.flatnonzero(found.labels == k).tolist()) for k in range(found.parts)]
    assert len(groups) == parts
    assert all(g and graph.connected(g) for g in groups)
    assert found.wrong == graph.price(groups, lower, lower + width)[0]
    assert found.price == pytest.approx(appraised(problem, found.labels).price)


def test_dear_borders_do_not_lead_astray() -> None:
    """A row of heavy and light nodes: only borders that are dear let each part hold 10."""
    weights = np.array([7, 3, 7, 3, 7, 3, 7, 3], dtype=np.int64)
    edges = np.array([(i, i + 1) for i in range(7)], dtype=np.int64)
    costs = np.array([0.01 if i % 2 == 0 else 1e4 for i in range(7)])
    found = solve_plainly(Problem(weights, edges, costs, 10, 10), [4], seed=0, effort=6)
    assert found.holds
    assert np.bincount(found.labels, weights).tolist() == [10, 10, 10, 10]


def test_a_few_parts_are_searched_plainly_where_prices_hide_the_band() -> None:
    row = np.array([(i, i + 1) for i in range(15)], dtype=np.int64)
    costs = np.array([0.0 if i % 2 == 0 else 1e6 for i in range(15)])
    problem = Problem(np.array([7, 3] * 8, dtype=np.int64), row, costs, 10, 10)
    assert not solve(problem, [8], 0, 6).holds
    assert cut_few(problem, [8], 0, 6).holds


def test_a_few_parts_are_searched_again_for_fewer_pairs_across_a_barrier() -> None:
    """A square of 8 x 8, three columns of it beyond a barrier, in four parts."""
    at = np.arange(64).reshape(8, 8)
    rows, columns = (at[:, :-1], at[:, 1:]), (at[:-1], at[1:])
    ends = np.concatenate([np.column_stack([a.ravel(), b.ravel()]) for a, b in (rows, columns)])
    side = (at.ravel() % 8 >= 5).astype(np.int64)
    problem = Problem(np.full(64, 10), ends, np.ones(len(ends)), 150, 170, side=side, across=0.5)
    once = [problem.pairs_across(solve(problem, [4], seed, 6).labels) for seed in range(5)]
    again = [problem.pairs_across(cut_few(problem, [4], seed, 6).labels) for seed in range(5)]
    assert sum(again) < 0.9 * sum(once)
