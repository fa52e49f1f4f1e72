"""The index on real boundaries."""

from __future__ import annotations

import os
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest

from gridgis.index import GridIndex
from tests.oracles import rational

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif("GRIDGIS_REAL_DATA" not in os.environ, reason="GRIDGIS_REAL_DATA is not set: no real data here"),
]


@pytest.fixture(scope="module")
def villages() -> gpd.GeoDataFrame:
    path = Path(os.environ["GRIDGIS_REAL_DATA"]) / "shapes" / "tw_taipei_villages.geojson"
    frame = gpd.read_file(path)
    return frame[frame.is_valid].reset_index(drop=True)  # one is broken; mending it is the reader's work


def test_each_village_holds_its_representative_point(villages: gpd.GeoDataFrame) -> None:
    points = villages.representative_point()
    at = GridIndex.build(villages.geometry.to_numpy()).locate(points.x, points.y)
    assert at.tolist() == list(range(len(villages)))


def test_vertices_of_villages_get_the_village_of_the_oracle(villages: gpd.GeoDataFrame) -> None:
    shapes = villages.geometry.tolist()
    xy = np.unique(villages.get_coordinates().to_numpy(), axis=0)
    xy = np.random.default_rng(5).permutation(xy)[:40]
    near = [np.flatnonzero(villages.intersects(p)) for p in gpd.points_from_xy(*(xy.T)).buffer(1e-4)]
    expected = [int(at[k]) if (k := rational.locate([shapes[i] for i in at], *p)) >= 0 else -1
                for at, p in zip(near, xy.tolist(), strict=True)]  # fmt: skip
    assert GridIndex.build(shapes).locate(*xy.T).tolist() == expected
