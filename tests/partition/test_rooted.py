"""What each node chooses, against trying everything, the search by sets of nodes, and the verifier."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgis.checks.regroup import regroup
from gridgis.model import Band
from gridgis.partition.exact import rooted as module
from gridgis.partition.exact.feasible import feasible
from gridgis.partition.exact.rooted import hemmed_in, rooted
from gridgis.partition.problem import Problem, induced
from tests.partition.graphs import Drawn, graphs

bands = st.tuples(st.integers(1, 12), st.integers(0, 8)).map(lambda b: Band(b[0], b[0] + b[1]))
few = settings(max_examples=100, deadline=None)


def problem_of(graph: Drawn, band: Band) -> Problem:
    edges = np.array(graph.edges, dtype=np.int64).reshape(-1, 2)
    return Problem(np.array(graph.weights, dtype=np.int64), edges, np.ones(len(edges)), band.lower, band.upper)


def possible(graph: Drawn, band: Band) -> bool:
    """Try every grouping; groups of ground without weight alone may be anyhow."""
    return any(all(graph.load(g) in band or not graph.load(g) for g in groups) for groups in graph.groupings())


@few
@given(graph=graphs(7), band=bands)
def test_it_agrees_with_trying_everything(graph: Drawn, band: Band) -> None:
    assert rooted(problem_of(graph, band), 2.0).possible == possible(graph, band)


@few
@given(graph=graphs(7), band=bands)
def test_what_is_found_is_connected_and_within_the_bounds(graph: Drawn, band: Band) -> None:
    problem = problem_of(graph, band)
    labels = rooted(problem, 2.0).labels
    if labels is not None:
        groups = [set(np.flatnonzero(labels == k).tolist()) for k in range(labels.max() + 1)]
        assert labels.min() == 0
        assert problem.excess(labels) == 0 or not problem.weights.any()
        assert all(graph.connected(g) for g in groups)


@few
@given(graph=graphs(7), band=bands, seen=st.integers(1, 6))
def test_a_proof_from_a_part_holds_for_the_whole(graph: Drawn, band: Band, seen: int) -> None:
    problem = problem_of(graph, band)
    part = np.arange(min(seen, problem.n))
    leaving = problem.edges[np.isin(problem.edges, part).sum(axis=1) == 1]
    if rooted(induced(problem, part), 2.0, np.isin(part, leaving)).possible is False:
        assert not possible(graph, band)


@few
@given(graph=graphs(7), band=bands, node=st.integers(0, 6), size=st.integers(1, 4))
def test_what_is_hemmed_in_has_no_grouping(graph: Drawn, band: Band, node: int, size: int) -> None:
    problem = problem_of(graph, band)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BALLS", (size,))
        if hemmed_in(problem, np.array([node % problem.n]), 2.0):
            assert not possible(graph, band)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.one_of(st.just(0), st.integers(1, 40)), min_size=20, max_size=20))
def test_on_twenty_nodes_it_agrees_with_sets_of_nodes_and_with_the_verifier(weights: list[int]) -> None:
    edges = [(i, i + 1) for i in range(20) if i % 5 < 4] + [(i, i + 5) for i in range(15)]
    problem = Problem(np.array(weights, dtype=np.int64), np.array(edges), np.ones(len(edges)), 30, 50)
    touch = [sum(1 << (b if a == i else a) for a, b in edges if i in (a, b)) for i in range(20)]
    total = sum(weights)
    by_sets = feasible(problem, range(-(-total // 50), total // 30 + 1), 2.0) if total else None
    answers = {
        rooted(problem, 5.0).possible,
        regroup(weights, touch, Band(30, 50)) is not False,
        *({by_sets.possible} if by_sets else ()),
    }
    assert len(answers - {None}) == 1


def test_two_estates_that_want_the_one_corridor_are_hemmed_in_and_a_second_corridor_frees_them() -> None:
    weights = np.array([276, 264, 0, 0, 40, 40, 400, 400])
    edges = np.array([[0, 1], [0, 2], [1, 2], [2, 3], [3, 4], [3, 5], [4, 6], [5, 7]])
    problem = Problem(weights, edges, np.ones(len(edges)), 300, 500)
    assert hemmed_in(problem, np.array([0]), 1.0)
    free = replace(problem, edges=np.append(edges, [[1, 5]], axis=0), costs=np.ones(len(edges) + 1))
    assert not hemmed_in(free, np.array([0]), 1.0)


def test_what_must_be_apart_is() -> None:
    row = Problem(np.array([20, 20, 20]), np.array([[0, 1], [1, 2]]), np.ones(2), 20, 60)
    labels = rooted(replace(row, apart=np.array([[0, 2]])), 1.0).labels
    assert labels is not None
    assert labels[0] != labels[2]
    assert rooted(replace(row, lower=30, apart=np.array([[0, 1], [0, 2]])), 1.0).possible is False


@pytest.mark.parametrize(("limit", "value"), [("ROUNDS", 0), ("MOST_CHOICES", 3)])
def test_at_a_limit_nothing_is_known(monkeypatch: pytest.MonkeyPatch, limit: str, value: int) -> None:
    monkeypatch.setattr(module, limit, value)
    row = Problem(np.array([10] * 4), np.array([[0, 1], [1, 2], [2, 3]]), np.ones(3), 15, 19)
    assert rooted(row, 1.0).possible is None
    assert rooted(row, 0.0).possible is None
