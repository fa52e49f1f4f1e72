"""Which coordinate systems fit a layer's numbers."""

from __future__ import annotations

import math

import numpy as np
import pyproj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgis.errors import InvalidInput
from gridgis.geometry.candidates import Bounds, crs_candidates, listed, missing_crs, need_plausible
from gridgis.geometry.crs import STORED_CRS, transform_xy
from gridgis.geometry.places import SEATS

HERE = (109.03, 32.69)
NEAR = (108.9, 32.5, 109.2, 32.8)


def extent(crs: str, lon: float = HERE[0], lat: float = HERE[1], size: float = 0.02) -> Bounds:
    """Return the extent of a town of about 2 km in a CRS."""
    corners = np.array([(lon + dx, lat + dy) for dx in (0, size) for dy in (0, size)])
    xy = transform_xy(corners, STORED_CRS, crs)
    return (xy[:, 0].min(), xy[:, 1].min(), xy[:, 0].max(), xy[:, 1].max())


@settings(deadline=None)  # the first call of a transformation opens the database of PROJ
@given(
    seat=st.sampled_from(SEATS),
    east=st.floats(-2, 2),
    north=st.floats(-1, 2),
    wide=st.sampled_from([3, 6]),
    prefix=st.booleans(),
)
def test_the_true_zone_is_among_the_candidates_of_every_place(
    seat: tuple[str, str, float, float], east: float, north: float, wide: int, prefix: bool
) -> None:
    lon, lat = seat[2] + east, seat[3] + north
    zone = round(lon / 3) if wide == 3 else int(lon // 6) + 1
    zero = {(3, True): 4488, (3, False): 4509, (6, True): 4478, (6, False): 4489}[wide, prefix]
    crs = f"EPSG:{zero + zone}"
    assert _meridian(crs) == (3 * zone if wide == 3 else 6 * zone - 3)
    found = {c.crs: c for c in crs_candidates(extent(crs, lon, lat, 0.001))}
    assert (found[crs].lon, found[crs].lat) == pytest.approx((lon, lat), abs=0.01)


def _meridian(crs: str) -> float:
    operation = pyproj.CRS(crs).coordinate_operation
    assert operation is not None
    return next(p.value for p in operation.params if p.name == "Longitude of natural origin")


@pytest.mark.parametrize("crs", ["EPSG:4524", "EPSG:4496", "EPSG:4525"])
def test_a_zone_prefix_leaves_one_candidate(crs: str) -> None:
    lon = _meridian(crs) + 0.4
    assert [c.crs for c in crs_candidates(extent(crs, lon))] == [crs]


def test_without_a_prefix_every_zone_is_named_with_its_place() -> None:
    found = {c.crs: c.lon for c in crs_candidates(extent("EPSG:4545"))}
    assert found["EPSG:4545"] == pytest.approx(109.04, abs=0.01)
    assert found["EPSG:4546"] == pytest.approx(112.04, abs=0.01)
    assert {"EPSG:4507", "EPSG:4508"} <= set(found)


def test_a_border_known_to_be_there_narrows_the_zones() -> None:
    assert [c.crs for c in crs_candidates(extent("EPSG:4545"), NEAR)] == ["EPSG:4545"]


def test_lon_lat_in_china_is_cgcs2000_and_elsewhere_wgs84() -> None:
    assert [c.crs for c in crs_candidates((109.0, 32.6, 109.1, 32.7))] == ["EPSG:4490"]
    assert [c.crs for c in crs_candidates((24.9, 60.1, 25.0, 60.2))] == ["EPSG:4326"]


@pytest.mark.parametrize("crs", ["EPSG:4490", "EPSG:4524", "EPSG:4545"])
def test_a_northing_written_first_is_seen(crs: str) -> None:
    x0, y0, x1, y1 = extent(crs)
    found = [c for c in crs_candidates((y0, x0, y1, x1), NEAR) if c.crs == crs]
    assert [c.swapped for c in found] == [True]
    assert "--swap" in found[0].text()[0]


def test_web_mercator_is_known_by_its_numbers() -> None:
    assert "EPSG:3857" in [c.crs for c in crs_candidates(extent("EPSG:3857"))]


@pytest.mark.parametrize("bounds", [(1000.0, 2000.0, 5000.0, 6000.0), (math.nan, 0.0, 1.0, 1.0), (5e7, 1e7, 6e7, 2e7)])
def test_numbers_that_fit_nothing_have_no_candidates(bounds: Bounds) -> None:
    assert crs_candidates(bounds) == []


def test_without_candidates_a_local_system_is_supposed() -> None:
    zh, en = listed([])
    assert "独立坐标系" in zh
    assert "local one" in en


def test_a_missing_crs_is_asked_for_with_candidates() -> None:
    error = missing_crs(extent("EPSG:4524"), "roads.shp")
    assert "EPSG:4524" in error.zh
    assert "Xi'an" in error.en
    assert [c["crs"] for c in error.fields["candidates"]] == ["EPSG:4524"]


@pytest.mark.parametrize(
    ("stated", "true"),
    [("EPSG:4524", "EPSG:4545"), ("EPSG:4545", "EPSG:4524"), ("EPSG:4524", "EPSG:4525"), ("EPSG:4326", "EPSG:4545"),
     ("EPSG:4490", "EPSG:4524"), ("EPSG:4547", "EPSG:4524"), ("EPSG:4502", "EPSG:4496")],
)  # fmt: skip
def test_a_label_that_the_eastings_deny_is_refused_and_the_right_one_named(stated: str, true: str) -> None:
    lon = 111.2 if true == "EPSG:4525" else 106.0 if true == "EPSG:4496" else HERE[0]
    with pytest.raises(InvalidInput, match=f"{true}[（ ]"):
        need_plausible(stated, extent(true, lon), "roads.shp")


@pytest.mark.parametrize(
    "crs", ["EPSG:4490", "EPSG:4326", "EPSG:4524", "EPSG:4545", "EPSG:4496", "EPSG:3857", "EPSG:32649"]
)
def test_a_true_label_passes(crs: str) -> None:
    lon = 106.0 if crs == "EPSG:4496" else HERE[0]
    need_plausible(crs, extent(crs, lon), "roads.shp")


def test_an_empty_extent_is_judged_elsewhere() -> None:
    need_plausible("EPSG:4545", (math.nan,) * 4, "roads.shp")
