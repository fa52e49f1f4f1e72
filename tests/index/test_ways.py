"""Compiled or plain, one or many, built or opened, spread or compact: every way says what the oracle says."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgis.index import GridIndex
from gridgis.index.plain import Plain
from tests.oracles import rational
from tests.oracles.awkward import CATALOGUE, near_points, split_along_a_strip, triangles_along_strips
from tests.oracles.coverages import coverages, hard_points
from tests.oracles.ways import answers

seeds = st.integers(0, 2**32 - 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ways")


def need_the_same(polygons: list[Any], points: np.ndarray, folder: Path) -> None:
    """Compare all ways with the oracle, and with one another in what the oracle of positions does not tell."""
    said, oracle = answers(polygons, points, folder), rational.Prepared(polygons)
    expected = [oracle.locate(*p) for p in points.tolist()]
    touching = [oracle.touching(*p) for p in points.tolist()]
    wanted: dict[str, list[Any]] = {
        "let in": [k >= 0 and not oracle.holders(*p) for k, p in zip(expected, points.tolist(), strict=True)],
        "touching": [min(len(t), 63) for t in touching],
    }
    for way, got in said.items():
        want = wanted.get(way.split(",")[0], expected)
        wrong = [(p, g, k) for p, g, k in zip(points.tolist(), got, want, strict=True) if g != k]
        assert not wrong, (way, len(wrong), *wrong[:3])


@settings(max_examples=40, deadline=None)
@given(coverages, seeds)
def test_hard_points_of_random_coverages(folder: Path, polygons: list[Any], seed: int) -> None:
    rng = np.random.default_rng(seed)
    near = rng.permutation(near_points(GridIndex.build(polygons), rng))[:40]
    need_the_same(polygons, np.concatenate([hard_points(polygons, rng, most=60), near]), folder)


@pytest.mark.parametrize("name", CATALOGUE)
def test_hard_points_of_awkward_coverages(folder: Path, name: str) -> None:
    polygons, rng = CATALOGUE[name], np.random.default_rng(7)
    near = rng.permutation(near_points(GridIndex.build(polygons), rng))[:60]
    need_the_same(polygons, np.concatenate([hard_points(polygons, rng, most=120), near]), folder)


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_lines_between_the_corner_of_a_cell_and_its_border(folder: Path, seed: int) -> None:
    """An almost upright edge there was lost once, with all points of the cell behind it."""
    need_the_same(*split_along_a_strip(np.random.default_rng(seed)), folder)


@settings(max_examples=10, deadline=None)
@given(seeds)
def test_triangles_with_vertices_between_the_corners_of_cells_and_their_borders(folder: Path, seed: int) -> None:
    need_the_same(*triangles_along_strips(np.random.default_rng(seed)), folder)


@pytest.mark.heavy
@pytest.mark.parametrize(("make", "seeds"), [(split_along_a_strip, 80), (triangles_along_strips, 40)])
def test_many_coverages_between_the_corners_of_cells_and_their_borders(make: Any, seeds: int) -> None:
    for seed in range(seeds):
        polygons, points = make(np.random.default_rng(seed))
        index, oracle = GridIndex.build(polygons), rational.Prepared(polygons)
        expected = [oracle.locate(*p) for p in points.tolist()]
        index.load()
        plain = Plain(index.tables)
        assert index.locate(*points.T).tolist() == expected, seed
        assert [plain.id_at(*p) for p in points.tolist()] == expected, seed


@settings(max_examples=60, deadline=None)
@given(seeds)
def test_an_end_on_the_border_between_two_codes_is_rounded_alike_in_all_its_edges(seed: int) -> None:
    """Edges from afar reach a vertex with another rounding of their own length; its code must not come of that."""
    rng = np.random.default_rng(seed)
    centre = rng.random(2) * 1e-3 + (109, 32)
    far = centre + rng.normal(size=(5, 2)) * 10.0 ** rng.integers(-3, 2, (5, 1))
    rim = shapely.MultiPoint(far).convex_hull
    if rim.geom_type != "Polygon" or not rim.contains_properly(shapely.Point(centre)):
        return
    ring = np.array(rim.exterior.coords)
    polygons = [shapely.Polygon([centre, a, b]) for a, b in pairwise(ring)]
    index, oracle = GridIndex.build(polygons), rational.Prepared(polygons)
    index.load()
    cell = 1 / (index.tables.per_y * (1 << int(index.tables.coarse[0] & 15)))
    rows = centre[1] + rng.uniform(-1, 1, 40) * cell * 3e-5  # a row as high as one code
    points = np.column_stack([rng.uniform(ring[:, 0].min(), ring[:, 0].max(), 40), rows])
    assert index.locate(*points.T).tolist() == [oracle.locate(*p) for p in points.tolist()]


def test_two_threads_say_what_one_says() -> None:
    x, y = np.random.default_rng(1).integers(-4, 60, (2, 150_001)) / 4
    index = GridIndex.build(CATALOGUE["bricks"])
    one, two = index.explain(x, y), index.explain(x, y, threads=2)
    assert index.locate(x, y, threads=3).tolist() == index.locate(x, y).tolist() == one.position.tolist()
    assert (one.touching == two.touching).all()
    assert (one.shifted_in == two.shifted_in).all()


@pytest.mark.parametrize("far", [np.nan, np.inf, -np.inf, 1e300, -1e300, 5e-324])
@pytest.mark.parametrize("name", ["one box", "bricks", "one triangle", "comb", "around zero"])
def test_points_out_of_bounds_are_outside_in_compiled_code_too(name: str, far: float) -> None:
    polygons = CATALOGUE[name]
    index = GridIndex.build(polygons)
    index.load()
    oracle = rational.Prepared(polygons)
    points = [(a, b) for a in (far, 0.0, 109.1) for b in (far, 0.0, 32.7)]
    expected = [oracle.locate(*p) if np.isfinite(p).all() else -1 for p in points]
    assert index.locate(*np.array(points).T).tolist() == expected
    assert [index.locate_one(*p) for p in points] == expected
    assert [Plain(index.tables).id_at(*p) for p in points] == expected
