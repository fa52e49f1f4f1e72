"""A past day is answered from the store as an index of the whole revision would."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely

from gridgis.geometry.crs import transform_xy
from gridgis.registry import Registry, past
from tests.registry.hand import WORK, X0, Y0


def ask(registry: Registry, number: int, lon: float, lat: float) -> object:
    with registry._book.store.read() as c:
        return past.locate(registry._book, c, number, lon, lat, "EPSG:4490")


def points(registry: Registry, number: int) -> list[tuple[float, float]]:
    """Return vertices, points on and around borders, and points anywhere, also some kilometres outside."""
    grids = registry.view(number).grids
    vertices = shapely.get_coordinates(grids.geometry.to_numpy())[::7]
    lines = shapely.boundary(grids.geometry.to_numpy())
    on = shapely.get_coordinates(shapely.line_interpolate_point(lines, 0.37, normalized=True))
    random = np.random.default_rng(7)
    around = on + random.choice([-1e-7, 1e-7, 3e-5], on.shape)
    anywhere = random.uniform((X0 - 3000, Y0 - 3000), (X0 + 5000, Y0 + 4500), (60, 2))
    every = np.concatenate([vertices, on, around, transform_xy(anywhere, WORK, "EPSG:4490")])
    return [(float(x), float(y)) for x, y in every]


@pytest.mark.parametrize("number", [1, 2])
def test_the_store_answers_as_the_index_of_the_revision(filed: Registry, number: int) -> None:
    resolver = filed.view(number).resolver
    for lon, lat in points(filed, number):
        assert ask(filed, number, lon, lat) == resolver.resolve(lon, lat), (lon, lat)


def test_overlays_and_carved_grids_are_among_the_answers(filed: Registry) -> None:
    where = {name: (X0 + x, Y0 + y) for name, x, y in (("overlay", 120.0, 120.0), ("carve", 540.0, 540.0))}
    for mode, xy in where.items():
        ((lon, lat),) = transform_xy(np.array([xy]), WORK, "EPSG:4490").tolist()
        hit = filed.locate(lon, lat, at=1)
        grids = filed.grids(at=1).set_index("code")
        assert grids["mode"][hit.code] == mode


def test_a_point_far_outside_is_left_to_the_whole_revision(filed: Registry) -> None:
    assert ask(filed, 1, 109.9, 32.7) is None
    hit = filed.locate(109.9, 32.7, at=1)
    assert (hit.rule, hit.code) == ("outside", None)
    assert hit.nearest is not None


def test_a_past_revision_is_not_read_as_a_whole(filed: Registry) -> None:
    (x, y), *_ = points(filed, 1)
    filed._views.clear()
    assert filed.locate(x, y, at=1).revision == 1
    assert 1 not in filed._views


def test_a_past_day_and_its_revision_get_one_answer(filed: Registry) -> None:
    filed._views.clear()
    (x, y), *_ = points(filed, 2)
    assert replace(filed.locate(x, y, crs="EPSG:4326", at=1), crs="") == replace(filed.locate(x, y, at=1), crs="")
