"""Ground that crosses a STRONG barrier is cut with the fewest household pairs across it that the band allows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgis.geometry.arrays import Ints
from gridgis.model import Band, DivisionRules
from gridgis.partition.graph import Contacts
from gridgis.partition.last_resort import join_leftovers
from gridgis.partition.levels import contract, cut_level, cut_region
from gridgis.partition.problem import Problem, pairs_across, pairs_by_part
from gridgis.partition.regions.pieces import Region, crossing_optimum, sides
from gridgis.partition.search.across import cross_less, search_across
from gridgis.partition.search.solve import appraised, solve
from tests.partition.graphs import Drawn, fits, lattice

URBAN = Band(300, 500)
RULES = DivisionRules.load("urban-300-500")


def across(ground: Contacts, labels: Ints) -> int:
    return pairs_across(sides(ground), labels, ground.households)


def test_what_is_too_much_crosses_and_no_more() -> None:
    ground = lattice([[11] * 5 + [20] * 8] * 10, (4,), {})  # 550 and 1600
    labels = cut_level(ground, URBAN, RULES, 1).labels
    assert all(n in URBAN for n in np.bincount(labels, ground.households).tolist())
    assert crossing_optimum(ground, URBAN, 1e9) == 12_500
    assert across(ground, labels) == 55 * 260  # blocks of 11 and 20 cannot give 50 and 250


def test_pieces_that_stand_alone_do_not_cross() -> None:
    ground = lattice([[10] * 4 + [20] * 4] * 10, (3,), {})
    assert across(ground, cut_level(ground, URBAN, RULES, 1).labels) == 0


@settings(max_examples=60, deadline=None, derandomize=True)
@given(cells=st.lists(st.integers(20, 250), min_size=6, max_size=6), road=st.integers(0, 1), seed=st.integers(0, 3))
def test_no_way_into_the_band_has_fewer_pairs_across(cells: list[int], road: int, seed: int) -> None:
    """Against all partitions of two rows of three blocks."""
    ground = lattice([cells[:3], cells[3:]], (road,), {})
    graph = Drawn(cells, [(int(a), int(b)) for a, b in ground.pairs], [0.0] * len(ground.pairs))
    best = None
    for groups in graph.groupings():
        if all(graph.load(g) in URBAN for g in groups):
            labels = np.array([next(k for k, g in enumerate(groups) if v in g) for v in range(6)])
            best = min(across(ground, labels), 10**9 if best is None else best)
    whole = Region(np.arange(6), sum(cells), "joined", (sum(cells),))
    labels = cut_region(ground, whole, URBAN, RULES, seed)
    if best is not None:
        assert all(n in URBAN for n in np.bincount(labels, ground.households).tolist())
        assert across(ground, labels) == best


def test_leftovers_are_joined_where_that_costs_the_fewest_pairs() -> None:
    """Ground of 200 between 440 and 400, beyond a main road each: one gives 110, the other 100."""
    ground = lattice([[110] * 4 + [50] * 4 + [100] * 4], (3, 7), {})
    whole = np.zeros(4, dtype=np.int64)
    pieces = [(Region(np.arange(4 * k, 4 * k + 4), h, "", (h,), whole), whole) for k, h in enumerate((440, 200, 400))]

    def cut(region: Region, labels: Ints, seed: int) -> Ints:
        return np.asarray(np.arange(8) >= (3 if region.members[0] == 0 else 5), dtype=np.int64)

    joined = join_leftovers(ground, pieces, URBAN, cut)
    assert [(r.households, np.bincount(labels).tolist()) for r, labels in joined] == [(440, [4]), (600, [5, 3])]


def fewest(problem: Problem) -> int | None:
    """Return the fewest pairs across of all partitions in the band, of which there may be none."""
    band = Band(problem.lower, problem.upper)
    graph = Drawn(problem.weights.tolist(), [(int(a), int(b)) for a, b in problem.edges], [])
    found = None
    for groups in graph.groupings():
        if fits(groups, graph, band):
            labels = np.array([next(k for k, g in enumerate(groups) if v in g) for v in range(problem.n)])
            found = min(problem.pairs_across(labels), 10**9 if found is None else found)
    return found


DEAR_BORDER = Problem(
    np.array([100, 200, 100, 200, 200]),
    np.array([[0, 1], [1, 2], [2, 3], [3, 4]]),
    np.array([0.0, 30_000.0, 0.0, 0.0]),
    300,
    500,
    side=np.array([0, 1, 1, 1, 1]),
    across=1.0,
)
"""100 households beyond a road: with 200 of the others behind a dear border, or with 300 behind a cheap one."""


def test_pairs_that_need_not_be_go_before_borders() -> None:
    found = search_across(DEAR_BORDER, [2], 0, 30, enough=20_000)
    assert DEAR_BORDER.pairs_across(found.labels) == fewest(DEAR_BORDER) == 20_000


def test_where_pairs_are_few_enough_borders_decide() -> None:
    found = search_across(DEAR_BORDER, [2], 0, 30, enough=30_000)
    assert DEAR_BORDER.pairs_across(found.labels) == 30_000
    assert found.price == 30_000  # what it is worth at the real prices


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 5, 6, 7])  # 4 has no way into the band
def test_a_search_across_finds_the_fewest_pairs(seed: int) -> None:
    """Two rows of four blocks with a road in the middle, borders at 0-200 m."""
    rng = np.random.default_rng(seed)
    cells = rng.integers(60, 200, 8).tolist()
    ground = lattice([cells[:4], cells[4:]], (1,), {})
    costs = rng.uniform(0, 200, len(ground.pairs))
    problem = Problem(np.array(cells), np.sort(ground.pairs), costs, 300, 500, side=sides(ground), across=0.5)
    options = [k for k in range(1, 6) if 300 * k <= sum(cells) <= 500 * k]
    least = fewest(problem)
    assert least is not None
    found = search_across(problem, options, seed, 375, enough=0)
    assert found.holds
    assert problem.pairs_across(found.labels) == least


def test_large_ground_is_searched_once_where_nothing_need_be_better() -> None:
    ground = lattice([[20] * 12 + [40] * 12] * 24, (11,), {})
    problem, _ = contract(ground, URBAN, RULES)
    first = solve(problem, [43], 1, 5)
    assert first.holds
    found = search_across(problem, [43, 42, 44], 1, 5, enough=problem.pairs_across(first.labels))
    assert found.labels.tolist() == first.labels.tolist()


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_parts_that_cross_more_than_need_be_are_cut_anew(seed: int) -> None:
    """Four columns of 500 with a road in the middle; rows across it, as a mend might leave them, need not be."""
    ground = lattice([[50] * 8] * 10, (3,), {})
    problem, _ = contract(ground, URBAN, RULES)
    rows = np.repeat(np.arange(10), 8)  # 400 in each, 200 on each side
    broken = appraised(problem, np.asarray(rows, dtype=np.int64))
    assert problem.pairs_across(broken.labels) == 10 * 200 * 200
    found = cross_less(problem, broken, seed, 30, enough=0)
    assert found.holds
    assert problem.pairs_across(found.labels) == 0


def test_crossing_that_is_few_enough_stays_as_it_is() -> None:
    ground = lattice([[50] * 8] * 10, (3,), {})
    problem, _ = contract(ground, URBAN, RULES)
    found = appraised(problem, np.repeat(np.arange(10), 8).astype(np.int64))
    assert cross_less(problem, found, 0, 30, enough=400_000) is found


def test_ground_on_one_side_has_nothing_to_cross() -> None:
    ground = lattice([[50] * 8] * 10, (), {})
    problem, _ = contract(ground, URBAN, RULES)
    found = appraised(problem, np.repeat(np.arange(10), 8).astype(np.int64))
    assert cross_less(problem, found, 0, 30, enough=0) is found


@settings(max_examples=50, deadline=None, derandomize=True)
@given(nodes=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, 9)), min_size=1, max_size=9))
def test_pairs_by_part_are_those_that_one_counts(nodes: list[tuple[int, int, int]]) -> None:
    side, labels, weights = (np.array(column) for column in zip(*nodes, strict=True))
    units = [(s, k) for s, k, w in nodes for _ in range(w)]
    counted = [
        sum(a[1] == b[1] == k and a[0] != b[0] for i, a in enumerate(units) for b in units[:i])
        for k in range(int(labels.max()) + 1)
    ]
    assert pairs_by_part(side, labels, weights).tolist() == counted
