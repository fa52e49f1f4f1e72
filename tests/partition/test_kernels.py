"""The compiled search against slow sums: what it keeps by increments is what the labels give."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgis.partition.kernels.flips import settle
from gridgis.partition.kernels.net import Prices, appraise, empty_parts, tally
from gridgis.partition.kernels.recom import recombine
from gridgis.partition.kernels.trees import HELD, LENGTH, RIM, WEIGHT, collect, grow, mark_half, room
from gridgis.partition.problem import CLASH, Problem, Shape, induced
from gridgis.partition.search.solve import _net, solve
from tests.partition.graphs import Drawn, graphs

few = settings(max_examples=60, deadline=None)


def problem_on(graph: Drawn, draw: int, parts: int, **more: Any) -> Problem:
    rng = np.random.default_rng(draw)
    n, m = len(graph.weights), len(graph.edges)
    return Problem(
        np.array(graph.weights, dtype=np.int64),
        np.array(graph.edges, dtype=np.int64).reshape(-1, 2),
        np.array(graph.costs) * np.where(rng.random(m) < 0.2, -0.3, 1.0),
        3,
        9,
        balance=0.3,
        load=rng.integers(0, 9, n).astype(np.float64),
        shape=Shape(rng.uniform(1, 5, m), rng.uniform(0, 5, n), rng.uniform(1, 9, n)),
        compactness=2.0,
        home=rng.integers(-1, parts, n),
        moving=0.7,
        apart=np.array(sorted({(0, n - 1)} - {(0, 0)}), dtype=np.int64).reshape(-1, 2),
        side=np.arange(n) % 3,
        across=0.1,
        **more,
    )


def slow_price(problem: Problem, labels: Any) -> float:
    """Work out the price as `Problem` states it, part by part."""
    assert problem.shape is not None
    assert problem.load is not None
    assert problem.home is not None
    assert problem.side is not None
    total = 0.0
    for (a, b), cost in zip(problem.edges.tolist(), problem.costs.tolist(), strict=True):
        total += cost * (labels[a] != labels[b])
    k = int(labels.max()) + 1
    for part in range(k):
        mine = labels == part
        total += problem.balance * abs(problem.load[mine].sum() - problem.load.sum() / k)
        outline = problem.shape.rim[mine].sum()
        for (a, b), metres in zip(problem.edges.tolist(), problem.shape.lengths.tolist(), strict=True):
            outline += metres * (mine[a] != mine[b])
        total += problem.compactness * max(0.0, np.log(outline**2 / (4 * np.pi * problem.shape.areas[mine].sum())))
        for u, v in combinations(np.flatnonzero(mine).tolist(), 2):
            if problem.side[u] != problem.side[v]:
                total += problem.across * problem.weights[u] * problem.weights[v]
    moved = (problem.home >= 0) & (problem.home != labels)
    return float(total + problem.moving * problem.weights[moved].sum())


@few
@given(graph=graphs(8), draw=st.integers(0, 99), parts=st.integers(1, 4), seed=st.integers(0, 3))
def test_the_price_found_is_that_of_the_labels(graph: Drawn, draw: int, parts: int, seed: int) -> None:
    parts = min(parts, len(graph.weights))
    problem = problem_on(graph, draw, parts)
    found = solve(problem, [parts], seed, effort=8)
    assert len(np.unique(found.labels)) == parts
    assert all(graph.connected(set(np.flatnonzero(found.labels == k).tolist())) for k in range(parts))
    assert found.price == pytest.approx(slow_price(problem, found.labels))
    assert found.wrong == problem.excess(found.labels) + CLASH * problem.clashes(found.labels)


@few
@given(graph=graphs(8), draw=st.integers(0, 99), parts=st.integers(2, 4), seed=st.integers(1, 99))
def test_sums_kept_by_increments_are_the_sums_of_the_labels(graph: Drawn, draw: int, parts: int, seed: int) -> None:
    parts = min(parts, len(graph.weights))
    problem = problem_on(graph, draw, parts)
    net, rng = _net(problem), np.array([seed], dtype=np.uint64)
    labels = solve(problem, [parts], seed, effort=1).labels
    state = empty_parts(problem.n, parts, 3)
    state.labels[:] = labels
    tally(net, state)
    p = Prices(3.0, 9.0, float(problem.weights.sum()) / parts, 0.3, 2.0, 0.7, 10.0, 10.0, 0.1)
    best, found = labels.copy(), np.array(appraise(net, p, state))
    recombine(net, p, state, room(problem.n, len(problem.edges), 3), 20, 5.0, 0.1, 1.0, rng, best, found)
    again = empty_parts(problem.n, parts, 3)
    again.labels[:] = state.labels
    tally(net, again)
    for kept, fresh in zip(state, again, strict=True):
        assert kept == pytest.approx(fresh)


@few
@given(graph=graphs(8), draw=st.integers(0, 99), parts=st.integers(2, 4), seed=st.integers(1, 99))
def test_smoothing_is_never_dearer_and_tears_nothing(graph: Drawn, draw: int, parts: int, seed: int) -> None:
    parts = min(parts, len(graph.weights))
    problem = replace(problem_on(graph, draw, parts), apart=np.empty((0, 2), dtype=np.int64))
    net, state = _net(problem), empty_parts(problem.n, parts, 3)
    state.labels[:] = solve(replace(problem, costs=problem.costs[::-1].copy()), [parts], seed, effort=1).labels
    tally(net, state)
    p = Prices(3.0, 9.0, float(problem.load.sum()) / parts, 0.3, 2.0, 0.7, 10.0, 10.0, 0.1)  # type: ignore[union-attr]
    price, wrong = appraise(net, p, state)
    settle(net, p, state)
    after, still = appraise(net, p, state)
    assert after + 10.0 * still <= price + 10.0 * wrong + 1e-6
    again = empty_parts(problem.n, parts, 3)
    again.labels[:] = state.labels
    tally(net, again)
    for kept, fresh in zip(state, again, strict=True):
        assert kept == pytest.approx(fresh)
    assert all(graph.connected(set(np.flatnonzero(state.labels == k).tolist())) for k in range(parts))


@few
@given(graph=graphs(8), draw=st.integers(0, 99), seed=st.integers(1, 99))
def test_sums_of_subtrees_are_those_of_their_nodes(graph: Drawn, draw: int, seed: int) -> None:
    problem = problem_on(graph, draw, 1)
    n, net, tree = problem.n, _net(problem), room(problem.n, len(problem.edges), 3)
    assert collect(net, np.zeros(n, dtype=np.int64), 0, 0, 0, tree) == n
    p = Prices(3.0, 9.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0)
    grow(net, p, tree, n, -2, -2, 1.0, np.array([seed], dtype=np.uint64))
    assert problem.shape is not None
    for i in range(1, n):
        top = int(tree.order[i])
        mark_half(tree, n, top)
        inside = np.zeros(n, dtype=bool)
        inside[tree.nodes[:n][tree.depth[:n] == 1]] = True
        assert graph.connected(set(np.flatnonzero(inside).tolist()))
        assert tree.sums[top, WEIGHT] == problem.weights[inside].sum()
        assert tree.sums[top, HELD:].tolist() == np.bincount(net.side[inside], problem.weights[inside], 3).tolist()
        leaving = inside[problem.edges[:, 0]] != inside[problem.edges[:, 1]]
        assert tree.sums[top, LENGTH] == pytest.approx(problem.shape.lengths[leaving].sum())
        assert tree.sums[top, RIM] == pytest.approx(problem.shape.rim[inside].sum())


@few
@given(graph=graphs(8), draw=st.integers(0, 99), keep=st.integers(1, 255))
def test_what_is_left_out_of_a_problem_is_rim(graph: Drawn, draw: int, keep: int) -> None:
    problem = problem_on(graph, draw, 1)
    nodes = np.array([v for v in range(problem.n) if keep >> v & 1 or v == 0], dtype=np.int64)
    part = induced(problem, nodes)
    assert part.shape is not None
    assert problem.shape is not None
    outline = part.shape.rim.sum() + 2 * part.shape.lengths.sum()
    around = sum(
        problem.shape.rim[v]
        + sum(m for e, m in zip(problem.edges.tolist(), problem.shape.lengths.tolist(), strict=True) if v in e)
        for v in nodes.tolist()
    )
    assert outline == pytest.approx(around)
    assert part.weights.tolist() == problem.weights[nodes].tolist()
