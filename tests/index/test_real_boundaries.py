"""Random points in real and in the sample's boundaries get the polygon that shapely finds."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

import sample_shapes
from gridgis.errors import InvalidInput
from gridgis.geometry.crs import to_stored
from gridgis.index import GridIndex
from gridgis.io.town import read_town
from gridgis.model import DivisionRules
from gridgis.partition import divide

real = [
    pytest.mark.realdata,
    pytest.mark.skipif("GRIDGIS_REAL_DATA" not in os.environ, reason="GRIDGIS_REAL_DATA is not set: no real data here"),
]
TAIPEI = pytest.param("tw_taipei_villages", marks=real)
ST_LOUIS = pytest.param("stl_neighborhoods_88", marks=real)


def boundaries(name: str) -> Sequence[Any]:
    frame = gpd.read_file(Path(os.environ["GRIDGIS_REAL_DATA"]) / "shapes" / f"{name}.geojson")
    return frame.geometry[frame.is_valid].to_numpy()  # one village is broken; mending it is the reader's work


def random_points(polygons: Sequence[Any]) -> np.ndarray:
    west, south, east, north = shapely.total_bounds(polygons)
    share = np.random.default_rng(4).random((20_000, 2)) * 1.1 - 0.05
    return share * (east - west, north - south) + (west, south)


def lowest_by_shapely(polygons: Sequence[Any], points: np.ndarray) -> list[int]:
    at, polygon = shapely.STRtree(polygons).query(shapely.points(points), predicate="intersects")
    lowest = np.full(len(points), len(polygons))
    np.minimum.at(lowest, at, polygon)
    return np.where(lowest < len(polygons), lowest, -1).tolist()


@pytest.mark.parametrize("name", [TAIPEI])
def test_real_villages_resolve_as_shapely_says(name: str) -> None:
    polygons = boundaries(name)
    points = random_points(polygons)
    assert GridIndex.build(polygons).locate(*points.T).tolist() == lowest_by_shapely(polygons, points)


@pytest.mark.parametrize("name", [ST_LOUIS])
def test_real_neighbourhoods_that_overlap_are_refused_by_all_their_pairs(name: str) -> None:
    polygons = boundaries(name)
    overlap = [[i, j] for i, j in combinations(range(len(polygons)), 2)
               if polygons[i].relate_pattern(polygons[j], "T********")]  # fmt: skip
    with pytest.raises(InvalidInput, match="overlap") as e:
        GridIndex.build(polygons)
    assert e.value.fields["pairs"] == overlap


@pytest.mark.parametrize("name", [ST_LOUIS, TAIPEI])
def test_the_lowest_of_real_polygons_resolves_as_shapely_says(name: str) -> None:
    polygons = boundaries(name)
    points = random_points(polygons)
    assert GridIndex.build(polygons, on_overlap="lowest").locate(*points.T).tolist() == lowest_by_shapely(
        polygons, points
    )


@pytest.mark.heavy
def test_the_grids_of_the_sample_resolve_as_shapely_says() -> None:
    community = read_town(Path(sample_shapes.__file__).parent / "town").to_communities()[0]
    grids = to_stored(divide(community, DivisionRules.for_community(community.code)).grids)
    polygons = grids.geometry[(grids["level"] == 3).fillna(False)].to_numpy()
    assert len(polygons) > 10
    points = random_points(polygons)
    assert GridIndex.build(polygons).locate(*points.T).tolist() == lowest_by_shapely(polygons, points)
