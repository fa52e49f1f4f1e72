"""The measures of the benchmark on divisions that can be judged by hand.

The ground is a row of unit squares, 100 m wide; a STRONG barrier runs between the second and the third.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.measures import Figures, Scene, measure, pairs_across, strong_pieces
from benchmarks.redivision import least_moved, moved
from gridgis.model import Band

BAND = Band(30, 50)


def row(*households: int, compound: tuple[int, ...] | None = None, biggest: int = 1) -> Scene:
    n = len(households)
    pairs = np.column_stack([np.arange(n - 1), np.arange(1, n)])
    return Scene(
        np.array([shapely.box(100 * k, 0, 100 * k + 100, 100) for k in range(n)]),
        np.array(households),
        np.minimum(np.array(households), biggest),
        np.array(compound if compound else [-1] * n),
        pairs,
        np.full(n - 1, 100.0),
        pairs[:, 0] == 1,
    )


def figures(scene: Scene, *labels: int) -> Figures:
    return measure(scene, np.array(labels), BAND)


def test_the_share_in_the_band_and_who_is_outside() -> None:
    f = figures(row(40, 20, 51, 30), 0, 1, 2, 3)
    assert f.in_band == 0.5
    assert f.out_of_band == [20, 51]
    assert f.households == 141


def test_a_single_building_above_the_limit_is_counted_apart() -> None:
    f = figures(row(72, 40, biggest=72), 0, 1)
    assert (f.single, f.judged, f.in_band) == (1, 1, 1.0)


def test_a_building_above_the_limit_with_others_is_a_fault() -> None:
    f = figures(row(72, 1, 40, biggest=72), 0, 0, 1)
    assert (f.single, f.judged, f.out_of_band) == (0, 2, [73])


def test_ground_without_households_is_not_judged() -> None:
    f = figures(row(40, 0), 0, 1)
    assert (f.grids, f.empty, f.judged, f.in_band) == (2, 1, 1, 1.0)


def test_a_part_in_pieces_is_not_contiguous() -> None:
    assert figures(row(20, 40, 20), 0, 1, 0).contiguous == 0.5


def test_a_part_that_touches_itself_in_a_corner_is_not_contiguous() -> None:
    boxes = [shapely.box(x, y, x + 1, y + 1) for x in (0, 1) for y in (0, 1)]
    pairs = np.array([[0, 1], [0, 2], [1, 3], [2, 3]])
    scene = replace(
        row(10, 10, 10, 10), polygons=np.array(boxes), pairs=pairs, metres=np.ones(4), strong=np.zeros(4, bool)
    )
    assert figures(scene, 0, 1, 1, 0).contiguous == 0.0


def test_compactness_of_a_square_and_a_bar() -> None:
    square, bar = np.pi / 4, 4 * np.pi * 2 / 36
    assert figures(row(40, 20, 20), 0, 1, 1).polsby_popper == pytest.approx((square + bar) / 2)


def test_inner_borders_are_measured_once_and_the_rim_is_none() -> None:
    assert figures(row(40, 40, 40), 0, 1, 1).border_km == pytest.approx(0.1)


def test_pairs_on_both_sides_of_a_strong_barrier() -> None:
    f = figures(row(10, 10, 10, 10), 0, 0, 0, 1)
    assert f.pairs == 30 * 29 // 2 + 10 * 9 // 2
    assert f.pairs_across == pytest.approx(20 * 10 / f.pairs)


def test_ground_that_hangs_together_around_the_end_of_a_barrier_is_one_piece() -> None:
    scene = row(10, 10, 10)
    around = replace(
        scene,
        pairs=np.concatenate([scene.pairs, [[0, 2]]]),
        metres=np.full(3, 100.0),
        strong=np.append(scene.strong, False),
    )
    assert strong_pieces(scene).max() == 1
    assert strong_pieces(around).max() == 0


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=8)
)  # fmt: skip
def test_pairs_across_agree_with_counting_each_pair(atoms: list[tuple[int, int, int]]) -> None:
    households, pieces, labels = (np.array(column) for column in zip(*atoms, strict=True))
    people = [(label, piece) for h, piece, label in atoms for _ in range(h)]
    pairs = [(a, b) for i, a in enumerate(people) for b in people[:i] if a[0] == b[0]]
    across = sum(a[1] != b[1] for a, b in pairs)
    assert pairs_across(pieces, households, labels) == pytest.approx(across / len(pairs) if pairs else 0.0)


def test_an_estate_in_two_parts_is_split_unless_it_is_too_large() -> None:
    f = figures(row(20, 20, 30, 30, compound=(0, 0, 1, 1)), 0, 1, 2, 3)
    assert (f.compounds_split, f.compounds_split_number) == (1.0, 1)


def test_the_largest_deviation_is_relative_to_the_mean() -> None:
    assert figures(row(30, 50), 0, 1).largest_deviation == pytest.approx(0.25)


def test_numbers_of_parts_do_not_matter() -> None:
    assert figures(row(30, 50), 7, 3) == figures(row(50, 30), 0, 1)


def test_nobody_moves_when_only_the_numbers_change() -> None:
    assert moved(np.array([0, 0, 1]), np.array([4, 4, 2]), np.array([3, 1, 2])) == 0


def test_all_of_a_grid_that_is_cut_in_equal_halves_moved() -> None:
    assert moved(np.array([0, 0]), np.array([0, 1]), np.array([5, 5])) == 10


@pytest.mark.parametrize(
    ("households", "least"),
    [((60, 25), 10), ((40, 40), 0), ((60, 5), 10), ((40, 3), 3)],
    ids=["above", "sound", "one move mends both", "a grid that goes"],
)
def test_the_least_that_must_move(households: tuple[int, int], least: int) -> None:
    class Told:
        scene = row(*households)

    assert least_moved(Told(), np.array([0, 1]), BAND) == least  # type: ignore[arg-type]
