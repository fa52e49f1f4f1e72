from __future__ import annotations

import geopandas as gpd
import pytest
import shapely
import shapely.affinity

from gridgis.errors import Rejected
from gridgis.geometry.crs import to_stored
from gridgis.ledger.overlays import disjoint
from tests.registry.hand import WORK, box


def frame(*geoms: shapely.Geometry) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"id": [f"{i}" for i in range(len(geoms))]}, geometry=list(geoms), crs=WORK)


def test_overlays_apart_stay_as_they_are() -> None:
    given = frame(box(0, 0, 10, 10), box(20, 0, 10, 10))
    assert disjoint(given).equals(given.geometry)


def test_the_smaller_of_two_overlays_wins() -> None:
    out = disjoint(frame(box(0, 0, 30, 30), box(20, 20, 20, 20)))
    assert out.area.tolist() == pytest.approx([800.0, 400.0])


def test_of_equal_overlays_the_lower_id_wins() -> None:
    out = disjoint(frame(box(0, 0, 20, 20), box(10, 0, 20, 20)))
    assert out.area.tolist() == pytest.approx([400.0, 200.0])


def test_the_result_shares_its_borders_in_stored_coordinates() -> None:
    tilted = shapely.affinity.rotate(box(0, 0, 60, 60), 17)
    out = disjoint(frame(tilted, box(30, 30, 41, 37), box(50, 10, 30, 30)))
    assert shapely.coverage_is_valid(to_stored(gpd.GeoDataFrame(geometry=out)).geometry.to_numpy())


def test_an_overlay_that_would_vanish_is_rejected() -> None:
    with pytest.raises(Rejected, match="0"):
        disjoint(frame(box(0, 0, 10, 10), box(0, 0, 10, 5), box(0, 5, 10, 5)))
