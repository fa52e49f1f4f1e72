"""Ways that join members, and room for things apart, against trying everything on small graphs."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gridgis.partition.pinning.ways import Roads, join
from gridgis.partition.regions.room import needed

N = 7
EDGES = list(combinations(range(N), 2))


def connected(nodes: set[int], edges: list[tuple[int, int]]) -> bool:
    """Tell whether nodes hang together over edges among them."""
    seen = {min(nodes)}
    while grown := {b for e in edges for a, b in (e, e[::-1]) if a in seen and b in nodes} - seen:
        seen |= grown
    return seen == nodes


def lightest(weights: list[int], edges: list[tuple[int, int]], members: set[int], shut: set[int]) -> int | None:
    """Return the least weight of a connected set that holds the members: all sets are tried."""
    free = sorted(set(range(N)) - members - shut)
    sets = (members | set(more) for k in range(len(free) + 1) for more in combinations(free, k))
    found = [sum(weights[v] for v in nodes) for nodes in sets if connected(nodes, edges)]
    return min(found, default=None)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.integers(0, 9), min_size=N, max_size=N),
    st.sets(st.sampled_from(EDGES), min_size=3),
    st.sets(st.integers(0, N - 1), min_size=2, max_size=3),
    st.sets(st.integers(0, N - 1), max_size=2),
    st.integers(0, 30),
    st.sets(st.integers(0, 20)),
)
def test_a_way_is_connected_and_between_two_members_the_lightest_where_it_must_be(
    weights: list[int],
    edges: set[tuple[int, int]],
    members: set[int],
    shut: set[int],
    upper: int,
    strong: set[int],
) -> None:
    assume(not members & shut)
    ends = sorted(edges)
    roads = Roads(
        np.array(weights),
        np.array([v not in shut for v in range(N)]),
        np.array(ends),
        np.ones(len(ends)),
        np.array([i in strong for i in range(len(ends))]),
    )
    way = join(roads, np.array(sorted(members)), upper)
    best = lightest(weights, ends, members, shut)
    assert (way is None) == (best is None)
    if way is None or best is None:
        return
    nodes = set(way.nodes.tolist())
    assert members <= nodes
    assert not nodes & shut
    assert connected(nodes, [ends[e] for e in way.edges])
    load = sum(weights[v] for v in nodes)
    assert load >= best
    if len(members) == 2 and load > upper:
        assert load == best


def test_a_way_goes_round_a_strong_barrier_where_that_is_light_enough() -> None:
    ends = np.array([[0, 1], [1, 2], [2, 3], [0, 3]])
    firm = np.array([False, False, False, True])
    roads = Roads(np.array([5, 5, 5, 5]), np.ones(4, dtype=bool), ends, np.ones(4), firm)
    round_about, across = join(roads, np.array([0, 3]), 20), join(roads, np.array([0, 3]), 19)
    assert round_about is not None
    assert across is not None
    assert (round_about.nodes.tolist(), across.nodes.tolist()) == ([0, 1, 2, 3], [0, 3])


@given(st.sets(st.sampled_from(EDGES)))
def test_the_grids_needed_are_no_more_than_the_largest_clique(pairs: set[tuple[int, int]]) -> None:
    cliques = [c for k in range(1, N + 1) for c in combinations(range(N), k) if set(combinations(c, 2)) <= pairs]
    largest = max(len(c) for c in cliques)
    found = needed(np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2))
    assert min(largest, 2) <= found <= largest
