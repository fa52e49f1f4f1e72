"""Each point gets exactly one polygon, the one that the oracle in rational numbers prescribes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Point, Polygon, box

from gridgis.errors import InvalidInput
from gridgis.index import GridIndex
from tests.oracles import rational
from tests.oracles.coverages import coverages, hard_points

SQUARES = [box(0, 0, 1, 1), box(1, 0, 2, 1), box(0, 1, 1, 2), box(1, 1, 2, 2)]
"""2 3
0 1"""
RING = box(0, 0, 4, 4).difference(box(1, 1, 3, 3))


@settings(max_examples=80, deadline=None)
@given(coverages, st.integers(0, 2**32 - 1))
def test_hard_points_get_the_polygon_of_the_oracle(polygons: list[Any], seed: int) -> None:
    points = hard_points(polygons, np.random.default_rng(seed))
    expected = [rational.locate(polygons, *p) for p in points.tolist()]
    assert GridIndex.build(polygons).locate(points[:, 0], points[:, 1]).tolist() == expected


@settings(max_examples=40, deadline=None)
@given(coverages, st.integers(0, 2**32 - 1))
def test_a_point_off_the_outer_border_is_in_exactly_one_polygon(polygons: list[Any], seed: int) -> None:
    x, y = hard_points(polygons, np.random.default_rng(seed), most=400).T
    covered = GridIndex.build(polygons).explain(x, y).shifted_in
    alone = [GridIndex.build([p]).explain(x, y).shifted_in for p in polygons]
    assert np.sum(alone, axis=0).tolist() == covered.astype(int).tolist()


@settings(max_examples=40, deadline=None)
@given(coverages, st.integers(0, 2**32 - 1))
def test_the_count_of_touching_polygons_is_that_of_the_oracle(polygons: list[Any], seed: int) -> None:
    points = hard_points(polygons, np.random.default_rng(seed))
    expected = [sum(rational.touches(p, *xy) for p in polygons) for xy in points.tolist()]
    assert GridIndex.build(polygons).explain(points[:, 0], points[:, 1]).touching.tolist() == expected


@pytest.mark.parametrize(
    ("lon", "lat", "grid"),
    [
        (1.0, 0.5, 1),  # on an upright edge: the grid east of it
        (0.5, 1.0, 2),  # on a level edge: the grid north of it
        (1.0, 1.0, 3),  # on the common corner: north-east
        (0.0, 0.5, 0),  # western outer border
        (2.0, 0.5, 1),  # eastern outer border: let in by the touching rule
        (1.0, 2.0, 2),  # northern end of an inner border: of the two that touch, the lower position
        (2.0, 2.0, 3),
        (np.nextafter(2.0, 3), 0.5, -1),
    ],
)
def test_the_edge_rule_on_four_squares(lon: float, lat: float, grid: int) -> None:
    assert GridIndex.build(SQUARES).locate_one(lon, lat) == grid


def test_a_rising_edge_belongs_to_the_grid_east_of_it() -> None:
    north_west, south_east = Polygon([(0, 0), (1, 1), (0, 1)]), Polygon([(0, 0), (1, 0), (1, 1)])
    assert GridIndex.build([north_west, south_east]).locate_one(0.5, 0.5) == 1


def test_a_hole_is_outside_and_its_rim_belongs_to_the_ring() -> None:
    at = GridIndex.build([RING]).locate([2.0, 1.0, 3.0, 2.0, 2.0], [2.0, 2.0, 2.0, 1.0, 3.0])
    assert at.tolist() == [-1, 0, 0, 0, 0]


def test_a_carved_island_takes_its_own_ground() -> None:
    assert GridIndex.build([RING, box(1, 1, 3, 3)]).locate([2.0, 0.5, 1.0], [2.0, 0.5, 1.0]).tolist() == [1, 0, 1]


def test_both_parts_of_a_multipolygon_answer() -> None:
    ix = GridIndex.build([MultiPolygon([box(0, 0, 1, 1), box(2, 0, 3, 1)]), box(1, 0, 2, 1)])
    assert ix.locate([0.5, 1.5, 2.5], [0.5, 0.5, 0.5]).tolist() == [0, 1, 0]


def test_neighbours_without_common_vertices_are_still_told_apart() -> None:
    ix = GridIndex.build([box(0, 0, 1, 2), box(1, 0, 2, 1), box(1, 1, 2, 2)])
    assert ix.locate([1.0, 1.0, 0.5], [1.0, 0.3, 1.0]).tolist() == [2, 1, 0]


def test_nan_and_infinity_are_outside() -> None:
    nowhere = [np.nan, np.inf, -np.inf, 0.5]
    assert GridIndex.build(SQUARES).locate(nowhere, [0.5, 0.5, 0.5, np.nan]).tolist() == [-1, -1, -1, -1]


def test_answers_are_the_given_ids_as_int32_in_the_shape_of_the_points() -> None:
    at = GridIndex.build(SQUARES, ids=[40, 30, 20, 10]).locate(np.full((2, 3), 0.5), np.full((2, 3), 1.5))
    assert (at.dtype, at.shape, int(at[0, 0])) == (np.int32, (2, 3), 20)


def test_no_points_give_no_answers() -> None:
    assert GridIndex.build(SQUARES).locate([], []).shape == (0,)


def test_the_third_dimension_is_ignored() -> None:
    assert GridIndex.build([shapely.force_3d(SQUARES[0], 7.0)]).locate_one(0.5, 0.5) == 0


def test_long_thin_edges_over_many_cells_are_found() -> None:
    fan = [Polygon([(0, 0), (1000, k), (1000, k + 1)]) for k in range(200)]
    points = np.random.default_rng(1).random((300, 2)) * (1000, 200)
    expected = [rational.locate(fan, *p) for p in points.tolist()]
    assert GridIndex.build(fan).locate(points[:, 0], points[:, 1]).tolist() == expected


def test_random_points_over_many_cells_agree_with_shapely() -> None:
    rng = np.random.default_rng(2)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(rng.random((2000, 2)))))
    points = rng.random((20_000, 2)) * 1.4 - 0.2
    at, cell = shapely.STRtree(cells).query(shapely.points(points), predicate="intersects")
    expected = np.full(len(points), -1)
    expected[at] = cell
    assert GridIndex.build(cells).locate(points[:, 0], points[:, 1]).tolist() == expected.tolist()


@pytest.mark.parametrize(
    "polygons",
    [
        [box(0, 0, 1, 1), box(0, 0, 1, 1)],  # twice the same
        [Polygon([(0, 0), (2, 0), (0, 1)]), Polygon([(0, 0), (2, 0), (2, 1)])],  # on the same side of an edge
        [*SQUARES[:2], Polygon([(1, 0), (1, 1), (0, 0.5)])],  # an edge of three
    ],
)
def test_an_edge_used_twice_on_one_side_is_refused(polygons: list[Any]) -> None:
    with pytest.raises(InvalidInput, match="same side"):
        GridIndex.build(polygons)


@pytest.mark.parametrize("bad", [Point(0, 0), Polygon(), shapely.LineString([(0, 0), (1, 1)])])
def test_what_is_no_polygon_is_refused(bad: Any) -> None:
    with pytest.raises(InvalidInput, match="Polygons"):
        GridIndex.build([box(0, 0, 1, 1), bad])


@pytest.mark.parametrize(
    ("ids", "word"), [([1, 1], "unique"), ([-1, 2], "outside"), ([1], "integers"), ([0.5, 1], "int")]
)
def test_ids_that_cannot_name_the_polygons_are_refused(ids: list[Any], word: str) -> None:
    with pytest.raises(InvalidInput, match=word):
        GridIndex.build(SQUARES[:2], ids=ids)


def test_an_index_of_nothing_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no polygons"):
        GridIndex.build([])


def test_points_of_unequal_shape_are_refused() -> None:
    with pytest.raises(InvalidInput, match="differ in shape"):
        GridIndex.build(SQUARES).locate([1.0, 2.0], [1.0])


def test_points_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(InvalidInput, match="numbers"):
        GridIndex.build(SQUARES).locate(["east"], [1.0])


def test_saving_leaves_no_other_file(tmp_path: Path) -> None:
    GridIndex.build(SQUARES).save(tmp_path / "a.idx")
    assert [p.name for p in tmp_path.iterdir()] == ["a.idx"]


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot read"):
        GridIndex.open(tmp_path / "none.idx")
