"""Edges as integers against shapely's answers."""

from __future__ import annotations

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gridgis.checks.edges import components, edges_of, outline, shared_pairs


def cells(chosen: list[tuple[int, int]]) -> np.ndarray:
    return np.array([shapely.box(x, y, x + 1, y + 1) for x, y in chosen], dtype=object)


at = st.tuples(st.integers(0, 3), st.integers(0, 3))


@given(st.lists(at, min_size=1, max_size=12, unique=True))
def test_the_outline_is_as_long_as_that_of_the_union(chosen: list[tuple[int, int]]) -> None:
    assert len(outline(edges_of(cells(chosen)).key)) == shapely.union_all(cells(chosen)).length


@given(st.lists(at, min_size=1, max_size=12, unique=True))
def test_neighbours_share_an_edge_and_not_a_corner(chosen: list[tuple[int, int]]) -> None:
    edges = edges_of(cells(chosen))
    first, second = shared_pairs(edges)
    found = {(int(edges.owner[i]), int(edges.owner[j])) for i, j in zip(first, second, strict=True)}
    n = range(len(chosen))
    touching = {(i, j) for i in n for j in n if i < j and np.abs(np.subtract(chosen[i], chosen[j])).sum() == 1}
    assert found == touching


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=15))
def test_linked_nodes_are_in_one_component(links: list[tuple[int, int]]) -> None:
    label = components(10, links)
    assert all(label[a] == label[b] for a, b in links)


def test_unlinked_nodes_stay_apart() -> None:
    assert components(4, [(0, 1), (2, 3)]).tolist() == [0, 0, 2, 2]


def test_a_multipolygon_with_a_hole_gives_all_its_edges() -> None:
    holed = shapely.box(0, 0, 9, 9).difference(shapely.box(1, 1, 2, 2))
    both = shapely.multipolygons([holed, shapely.box(20, 0, 21, 1)])
    assert len(edges_of(np.array([both], dtype=object)).key) == 12


def test_no_polygons_have_no_edges() -> None:
    assert len(edges_of(np.array([], dtype=object)).key) == 0
