from __future__ import annotations

import numpy as np
import pytest
import shapely

from gridgis.geometry.colouring import colour_indices, neighbour_lists


@pytest.fixture(scope="module")
def cells() -> np.ndarray:
    rng = np.random.default_rng(7)
    points = shapely.multipoints(rng.uniform(0, 100, (200, 2)))
    return shapely.get_parts(shapely.voronoi_polygons(points))


def test_neighbours_never_share_a_colour(cells: np.ndarray) -> None:
    colours = colour_indices(cells)
    assert all(colours[i] != colours[j] for i, others in enumerate(neighbour_lists(cells)) for j in others)


def test_all_colours_are_used_about_equally(cells: np.ndarray) -> None:
    counts = np.bincount(colour_indices(cells), minlength=6)
    assert counts.min() > 200 / 6 * 0.6


def test_the_same_polygons_get_the_same_colours(cells: np.ndarray) -> None:
    assert colour_indices(cells).tolist() == colour_indices(cells).tolist()


def test_with_too_few_colours_each_polygon_still_gets_one(cells: np.ndarray) -> None:
    assert set(colour_indices(cells, count=2).tolist()) == {0, 1}


def test_no_polygon_gives_no_colour() -> None:
    assert colour_indices([]).tolist() == []
