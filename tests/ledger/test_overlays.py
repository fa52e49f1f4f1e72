from __future__ import annotations

import geopandas as gpd
import pytest
import shapely
import shapely.affinity

from gridgis.errors import Rejected
from gridgis.geometry.crs import to_stored
from gridgis.ledger.overlays import fit_overlays
from tests.registry.hand import WORK, box

HOME = gpd.GeoDataFrame({"code": ["A"]}, geometry=[box(-50, -50, 200, 200)], crs=WORK)


def frame(*geoms: shapely.Geometry, community: str = "A") -> gpd.GeoDataFrame:
    ids = [f"{i}" for i in range(len(geoms))]
    return gpd.GeoDataFrame({"id": ids, "community": community}, geometry=list(geoms), crs=WORK)


def areas(*geoms: shapely.Geometry) -> list[float]:
    return [shape.area for shape in fit_overlays(frame(*geoms), HOME).values()]


def test_overlays_apart_stay_as_they_are() -> None:
    assert areas(box(0, 0, 10, 10), box(20, 0, 10, 10)) == []


def test_the_smaller_of_two_overlays_wins() -> None:
    assert areas(box(0, 0, 30, 30), box(20, 20, 20, 20)) == pytest.approx([800.0, 400.0])


def test_of_equal_overlays_the_lower_id_wins() -> None:
    assert areas(box(0, 0, 20, 20), box(10, 0, 20, 20)) == pytest.approx([400.0, 200.0])


def test_an_overlay_is_cut_at_the_border_of_its_community() -> None:
    assert areas(box(130, 0, 40, 10)) == pytest.approx([200.0])


def test_fitting_again_changes_nothing() -> None:
    given = frame(shapely.affinity.rotate(box(0, 0, 60, 60), 17), box(30, 30, 41, 37), box(130, 0, 40, 10))
    once = given.geometry.copy()
    for label, shape in fit_overlays(given, HOME).items():
        once.loc[label] = shape
    assert fit_overlays(given.set_geometry(once), HOME) == {}


def test_the_result_shares_its_borders_in_stored_coordinates() -> None:
    tilted = shapely.affinity.rotate(box(0, 0, 60, 60), 17)
    out = list(fit_overlays(frame(tilted, box(30, 30, 41, 37), box(50, 10, 30, 30)), HOME).values())
    assert len(out) == 3
    assert shapely.coverage_is_valid(to_stored(gpd.GeoDataFrame(geometry=out, crs=WORK)).geometry.to_numpy())


def test_an_overlay_that_would_vanish_is_rejected() -> None:
    with pytest.raises(Rejected, match="0"):
        areas(box(0, 0, 10, 10), box(0, 0, 10, 5), box(0, 5, 10, 5))


def test_an_overlay_outside_its_community_is_rejected() -> None:
    with pytest.raises(Rejected, match="outside"):
        areas(box(300, 0, 10, 10))
