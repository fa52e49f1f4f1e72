"""Certificates against trying everything: the bound never above the optimum, the objective never below it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, product
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgis.geometry.arrays import Ints
from gridgis.partition.components import components
from gridgis.partition.exact import frontier as exact_frontier
from gridgis.partition.exact import race as exact
from gridgis.partition.exact import sets as exact_sets
from gridgis.partition.exact.feasible import feasible
from gridgis.partition.exact.frontier import frontier
from gridgis.partition.exact.pairs import fewest_pairs, pairs_within
from gridgis.partition.exact.polish import holds, polish
from gridgis.partition.exact.sets import Sets, as_sets
from gridgis.partition.problem import Problem
from tests.partition.graphs import set_partitions

few = settings(max_examples=60, deadline=None)


@st.composite
def problems(draw: st.DrawFn, lightest: int = 1, load: bool = False, heavy: int = 1) -> Problem:
    """Draw a connected graph of up to seven nodes with costs of both signs, bounds and sometimes a pair apart."""
    n = draw(st.integers(2, 7))
    tree = [(draw(st.integers(0, i - 1)), i) for i in range(1, n)]
    more = [p for p in combinations(range(n), 2) if p not in tree and draw(st.integers(0, 3)) == 0]
    edges = np.array(sorted(tree + more), dtype=np.int64)
    lower = draw(st.integers(1, 8))
    pairs = draw(st.lists(st.sampled_from(list(combinations(range(n), 2))), max_size=1))
    return Problem(
        heavy * np.array(draw(st.lists(st.integers(lightest, 6), min_size=n, max_size=n)), dtype=np.int64),
        edges,
        np.array(draw(st.lists(st.integers(-2, 9), min_size=len(edges), max_size=len(edges)))) / 2,
        heavy * lower,
        heavy * (lower + draw(st.integers(0, 8))),
        balance=draw(st.sampled_from([0.0, 0.0, 0.3])) / heavy,
        load=np.array(draw(st.lists(st.floats(0, 5), min_size=n, max_size=n))) if load else None,
        apart=np.array(pairs, dtype=np.int64).reshape(-1, 2),
    )


def partitions(problem: Problem) -> Iterator[Ints]:
    """Yield every contiguous partition within the bounds."""
    for groups in set_partitions(list(range(problem.n))):
        labels = np.zeros(problem.n, dtype=np.int64)
        for k, group in enumerate(groups):
            labels[sorted(group)] = k
        if holds(problem, labels, range(1, problem.n + 1)):
            yield labels


def optimum(problem: Problem, options: list[int]) -> float:
    found = (x for x in partitions(problem) if int(x.max()) + 1 in options)
    return min((problem.exact_price(x) for x in found), default=np.inf)


def check(problem: Problem, options: list[int]) -> None:
    """Compare certificate and answer with the oracle."""
    best = optimum(problem, options)
    proof = polish(problem, np.zeros(problem.n, dtype=np.int64), options, 5.0)
    answer = feasible(problem, options, 5.0)
    assert proof.exact
    assert proof.gap == 0
    assert answer.possible == np.isfinite(best)
    if np.isfinite(best):
        assert proof.status == "optimal"
        assert proof.objective == pytest.approx(best, abs=1e-3)
        assert proof.bound <= best + 1e-9
        assert holds(problem, proof.labels, options)
        assert answer.labels is not None
        assert holds(problem, answer.labels, options)
    else:
        assert (proof.status, proof.objective) == ("impossible", np.inf)


ways = st.lists(st.integers(1, 5), min_size=1, max_size=3, unique=True)


@few
@given(problem=problems(), options=ways)
def test_the_optimum_is_found_and_proven(problem: Problem, options: list[int]) -> None:
    check(problem, options)


@few
@given(problem=problems(lightest=0), options=ways)
def test_empty_ground_belongs_to_some_part(problem: Problem, options: list[int]) -> None:
    problem = replace(problem, weights=np.maximum(problem.weights - 2, 0))
    check(problem, options)


@few
@given(problem=problems(load=True), options=ways)
def test_another_load_than_the_weight_is_balanced(problem: Problem, options: list[int]) -> None:
    check(problem, options)


@few
@given(problem=problems(heavy=517), options=ways)
def test_large_weights_are_counted_in_steps_and_the_answer_is_exact(problem: Problem, options: list[int]) -> None:
    jitter = np.arange(problem.n, dtype=np.int64) * 37
    check(replace(problem, weights=problem.weights + jitter), options)


@few
@given(problem=problems(lightest=0), options=ways, heavy=st.sampled_from([1, 517]))
def test_the_optimum_is_proven_where_hardly_any_list_is_short_enough(
    problem: Problem, options: list[int], heavy: int
) -> None:
    """Then neighbours are taken together and apart until few sets are left to choose among."""
    problem = replace(
        problem, weights=heavy * problem.weights, lower=heavy * problem.lower, upper=heavy * problem.upper
    )
    with patch.object(exact, "LIST", 7):
        check(problem, options)


@few
@given(problem=problems(lightest=0), options=ways, at=st.lists(st.integers(0, 2), min_size=7, max_size=7))
def test_pairs_across_are_priced_and_no_partition_has_fewer_than_the_floor(
    problem: Problem, options: list[int], at: list[int]
) -> None:
    problem = replace(problem, side=np.array(at[: problem.n], dtype=np.int64), across=0.5)
    check(problem, options)
    with patch.object(exact, "LIST", 7):
        check(problem, options)
    least = fewest_pairs(problem)
    assert all(problem.pairs_across(x) >= least for x in partitions(problem))
    members = np.stack([*as_sets(np.arange(problem.n) // 2), *as_sets(np.zeros(problem.n, dtype=np.int64))])
    in_halves, in_one = pairs_within(problem, members)[:-1].sum(), pairs_within(problem, members)[-1]
    assert in_halves == problem.pairs_across(np.arange(problem.n) // 2)
    assert in_one == problem.pairs_across(np.zeros(problem.n, dtype=np.int64))


@few
@given(problem=problems(load=True))
def test_together_and_apart_are_all_partitions_at_the_same_price(problem: Problem) -> None:
    a, b = problem.edges[len(problem.edges) // 2].tolist()
    one = exact.together(problem, a, b)
    prices = [] if one is None else [one[0].exact_price(x) for x in partitions(one[0])]
    if one is not None:
        assert [problem.exact_price(x[one[1]]) for x in partitions(one[0])] == pytest.approx(prices)
    apart = replace(problem, apart=np.append(problem.apart, [[a, b]], axis=0))
    prices += [apart.exact_price(x) for x in partitions(apart)]
    assert sorted(prices) == pytest.approx(sorted(problem.exact_price(x) for x in partitions(problem)))


@few
@given(problem=problems(), effort=st.floats(0, 2e-6))
def test_too_little_effort_leaves_a_bound_that_holds(problem: Problem, effort: float) -> None:
    options = [1, 2, 3]
    best = optimum(problem, options)
    for start in [np.zeros(problem.n, dtype=np.int64), *list(partitions(problem))[:2]]:
        proof = polish(problem, start, options, effort)
        assert proof.bound <= best + 1e-9
        assert proof.objective >= best - 1e-9
        assert proof.exact or (proof.status in ("bounded", "unknown") and proof.gap >= 0)
    assert feasible(problem, options, effort).possible in (None, bool(np.isfinite(best)))


@few
@given(problem=problems())
def test_the_network_has_each_connected_set_once(problem: Problem) -> None:
    sets = Sets.of(replace(problem, lower=0, upper=100))
    assert sets is not None
    found, all_ = sets.below(np.zeros(problem.n), 1, 1e6, 1000)
    expected = set()
    for member in product((0, 1), repeat=problem.n):
        nodes = np.flatnonzero(member)
        ends = np.isin(problem.edges, nodes).all(axis=1)
        pieces = len(np.unique(components(problem.n, problem.edges[ends])[nodes]))
        together = any(member[a] and member[b] for a, b in problem.apart.tolist())
        if pieces == 1 and not together:
            expected.add(member)
    assert all_
    assert len(found) == len(expected)
    assert {tuple(row) for row in found.tolist()} == expected


def town(n: int, seed: int) -> Problem:
    """Make a square of blocks with streets of different prices."""
    rng = np.random.default_rng(seed)
    side = range(n)
    across = [(n * r + c, n * r + c + 1) for r in side for c in side if c + 1 < n]
    down = [(n * r + c, n * r + c + n) for r in side for c in side if r + 1 < n]
    edges = np.array(sorted(across + down), dtype=np.int64)
    return Problem(rng.integers(20, 60, n * n), edges, rng.uniform(2, 100, len(edges)), 300, 500, balance=0.15)


def test_a_region_of_36_blocks_is_proven_and_two_runs_agree() -> None:
    problem = town(6, 1)
    start = np.repeat([0, 1, 2], 12)
    assert holds(problem, start, [3, 4])
    one, two = (polish(problem, start, [3, 4], 20.0) for _ in range(2))
    assert one.exact
    assert one.objective < problem.exact_price(start)
    assert (one.labels == two.labels).all()
    assert (one.objective, one.bound) == (two.objective, two.bound)


def test_what_is_proven_best_is_kept_as_given() -> None:
    problem = town(5, 2)
    best = polish(problem, np.zeros(25, dtype=np.int64), [2], 20.0)
    swapped = 1 - best.labels
    again = polish(problem, swapped, [2], 20.0)
    assert again.exact
    assert (again.labels == swapped).all()


def test_a_graph_too_wide_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = town(5, 2)
    monkeypatch.setattr(exact_frontier, "MOST_STATES", 50)
    start = np.repeat([0, 1], [10, 15])
    proof = polish(problem, start, [2], 20.0)
    assert (proof.status, proof.exact, proof.bound) == ("unknown", False, -np.inf)
    assert (proof.labels == start).all()
    assert feasible(problem, [2], 1.0).possible is None
    monkeypatch.setattr(exact_frontier, "MOST_STATES", 60_000)
    monkeypatch.setattr(exact_sets, "MOST_BYTES", 1_000)
    assert polish(problem, start, [2], 20.0).status == "unknown"
    complete = np.array(list(combinations(range(20), 2)), dtype=np.int64)
    crowd = Problem(np.ones(20, dtype=np.int64), complete, np.ones(len(complete)), 1, 20)
    assert frontier(crowd) is None


def test_more_parts_than_nodes_are_impossible() -> None:
    problem = town(2, 1)
    assert polish(problem, np.zeros(4, dtype=np.int64), [5], 1.0).status == "impossible"
    assert feasible(problem, [5], 1.0).possible is False


def test_many_sets_are_listed_in_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = town(5, 3)
    known = polish(problem, np.zeros(25, dtype=np.int64), [2, 3], 20.0)
    monkeypatch.setattr(exact, "LIST", 4)
    rounds = polish(problem, np.zeros(25, dtype=np.int64), [2, 3], 20.0)
    assert rounds.exact
    assert rounds.objective == pytest.approx(known.objective)


def test_empty_ground_that_two_parts_want_serves_one() -> None:
    """A crossing of empty ground between four buildings: two of them opposite each other may use it, not both pairs."""
    star = np.array([[0, 4], [1, 4], [2, 4], [3, 4]], dtype=np.int64)
    cross = Problem(np.array([20, 10, 20, 30, 0]), star, np.ones(4), 40, 40)
    assert feasible(cross, [2], 1.0).possible is False
    ring = np.array([[0, 1], [0, 4], [1, 4], [2, 4], [3, 4]], dtype=np.int64)
    answer = feasible(Problem(np.array([20, 20, 30, 10, 0]), ring, np.ones(5), 40, 40), [2], 1.0)
    assert answer.labels is not None
    assert answer.labels.tolist() == [0, 0, 1, 1, 1]


def test_large_costs_that_are_not_whole_are_no_proof_of_impossibility() -> None:
    problem = Problem(np.array([1, 1]), np.array([[0, 1]]), np.array([5e6 + 0.5]), 1, 1)
    found = polish(problem, np.array([0, 0]), [2], 1.0)  # a start that is out of bounds
    assert found.status == "optimal"
