"""GCJ-02 and BD-09 against an independent implementation, real places, and round trips."""

import csv
import math
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import prcoords
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridgis.errors import InvalidInput
from gridgis.geometry import shift

# A degree inside the box of the public rule, so that no point leaves it by its shift.
LON = st.floats(73.1, 136.8)
LAT = st.floats(1.9, 54.8)


@given(LON, LAT)
def test_gcj02_agrees_with_an_independent_implementation(lon: float, lat: float) -> None:
    want = prcoords.wgs_gcj((lat, lon))
    x, y = shift.wgs84_to_gcj02(lon, lat)
    assert abs(x - want.lon) < 1e-10
    assert abs(y - want.lat) < 1e-10


@given(LON, LAT)
def test_bd09_agrees_with_an_independent_implementation(lon: float, lat: float) -> None:
    want = prcoords.gcj_bd(prcoords.wgs_gcj((lat, lon)))
    x, y = shift.wgs84_to_bd09(lon, lat)
    assert abs(x - want.lon) < 1e-10
    assert abs(y - want.lat) < 1e-10


@given(LON, LAT)
def test_the_inverses_agree_with_the_exact_ones_of_an_independent_implementation(lon: float, lat: float) -> None:
    for ours, theirs in (
        (shift.gcj02_to_wgs84, prcoords.gcj_wgs_bored),
        (shift.bd09_to_wgs84, prcoords.bd_wgs_bored),
    ):
        want = theirs((lat, lon))
        x, y = ours(lon, lat)
        assert max(abs(x - want.lon), abs(y - want.lat)) < 1e-6


@given(LON, LAT)
def test_gcj02_and_back_returns(lon: float, lat: float) -> None:
    x, y = shift.gcj02_to_wgs84(*shift.wgs84_to_gcj02(lon, lat))
    assert max(abs(x - lon), abs(y - lat)) < 1e-9


@given(LON, LAT)
def test_bd09_and_back_returns(lon: float, lat: float) -> None:
    x, y = shift.bd09_to_wgs84(*shift.wgs84_to_bd09(lon, lat))
    assert max(abs(x - lon), abs(y - lat)) < 1e-9


@given(LON, LAT)
def test_back_from_gcj02_and_forth_returns(lon: float, lat: float) -> None:
    x, y = shift.wgs84_to_gcj02(*shift.gcj02_to_wgs84(lon, lat))
    assert max(abs(x - lon), abs(y - lat)) < 1e-9


def test_the_round_trip_holds_on_the_meridian_where_the_formula_is_not_smooth() -> None:
    lon = 105.0 + np.array([-1e-6, -1e-10, -1e-14, 0.0, 1e-14, 1e-10, 1e-6])
    x, _ = shift.gcj02_to_wgs84(*shift.wgs84_to_gcj02(lon, 33.0))
    assert np.abs(x - lon).max() < 1e-9


@pytest.mark.parametrize(
    "point", [(0.0, 51.5), (72.003, 30.0), (137.84, 30.0), (100.0, 0.82), (100.0, 55.83), (-75, 40)]
)
@pytest.mark.parametrize(
    "move",
    [shift.wgs84_to_gcj02, shift.gcj02_to_wgs84, shift.wgs84_to_bd09, shift.bd09_to_wgs84],
    ids=lambda f: f.__name__,
)
def test_outside_the_box_nothing_moves(
    move: Callable[[float, float], tuple[float, float]], point: tuple[float, float]
) -> None:
    assert move(*point) == point


def test_the_sides_of_the_box_belong_to_it() -> None:
    lon, _ = shift.wgs84_to_gcj02(shift.BOX[0], 30.0)
    assert lon != shift.BOX[0]


def test_arrays_are_shifted_as_their_points_are() -> None:
    lon, lat = np.array([[109.03, 0.5], [120.1, 24.9]]), np.array([[32.7, 10.0], [30.2, 60.2]])
    got = np.stack(shift.bd09_to_wgs84(lon, lat), axis=-1).reshape(-1, 2)
    one = [shift.bd09_to_wgs84(x, y) for x, y in zip(lon.ravel(), lat.ravel(), strict=True)]
    assert np.abs(got - np.array(one)).max() < 1e-12


def test_the_input_arrays_are_left_alone() -> None:
    lon, lat = np.array([109.03]), np.array([32.7])
    shift.wgs84_to_gcj02(lon, lat)
    assert (lon[0], lat[0]) == (109.03, 32.7)


def test_nan_stays_nan_and_does_not_disturb_its_neighbours() -> None:
    lon, _ = shift.gcj02_to_wgs84([math.nan, 109.03], [32.7, 32.7])
    assert math.isnan(lon[0])
    assert lon[1] == shift.gcj02_to_wgs84(109.03, 32.7)[0]


def test_nothing_in_gives_nothing_out() -> None:
    assert [len(a) for a in shift.gcj02_to_wgs84([], [])] == [0, 0]


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("move", "source", "target"),
    [
        (shift.wgs84_to_gcj02, "wgs84", "gcj02"),
        (shift.gcj02_to_wgs84, "gcj02", "wgs84"),
        (shift.wgs84_to_bd09, "wgs84", "bd09"),
        (shift.bd09_to_wgs84, "bd09", "wgs84"),
    ],
    ids=lambda v: getattr(v, "__name__", ""),
)
def test_332_cities_agree_with_a_published_converter(move, source: str, target: str) -> None:  # type: ignore[no-untyped-def]
    folder = os.environ.get("GRIDGIS_REAL_DATA")
    if not folder:
        pytest.skip("GRIDGIS_REAL_DATA is not set: no real coordinates to compare with")
    with (Path(folder) / "coords" / "gcoord_china_cities_pairs.csv").open(encoding="utf-8-sig") as f:
        rows = list(csv.DictReader(f))
    x, y = move([float(r[f"{source}_x"]) for r in rows], [float(r[f"{source}_y"]) for r in rows])
    off = np.hypot(x - [float(r[f"{target}_x"]) for r in rows], y - [float(r[f"{target}_y"]) for r in rows])
    assert off.max() < 1e-5


@pytest.mark.parametrize(
    ("label", "canonical"),
    [
        ("EPSG:4490", "EPSG:4490"),
        ("CGCS2000", "EPSG:4490"),
        ("epsg:4326", "EPSG:4326"),
        ("wgs84", "EPSG:4326"),
        ("GCJ-02", "GCJ-02"),
        ("gcj02", "GCJ-02"),
        ("BD_09", "BD-09"),
        ("bd09", "BD-09"),
    ],
)
def test_a_label_is_known_by_its_aliases(label: str, canonical: str) -> None:
    assert shift.to_stored_lonlat(109.03, 32.7, label)[2] == canonical


@pytest.mark.parametrize("label", ["EPSG:4490", "WGS84"])
def test_stored_coordinates_pass_unchanged(label: str) -> None:
    assert shift.to_stored_lonlat(109.03, 32.7, label)[:2] == (109.03, 32.7)


def test_gcj02_labelled_coordinates_are_shifted_back() -> None:
    assert shift.to_stored_lonlat(109.03, 32.7, "GCJ-02")[:2] == shift.gcj02_to_wgs84(109.03, 32.7)


@pytest.mark.parametrize("label", ["", "EPSG:3857", "GCJ", "百度"])
def test_an_unknown_label_is_refused_with_the_known_ones(label: str) -> None:
    with pytest.raises(InvalidInput, match=r"GCJ-02.*BD-09"):
        shift.to_stored_lonlat(109.03, 32.7, label)


@pytest.mark.parametrize(
    ("lon", "lat", "why"),
    [
        (math.nan, 32.7, "不是数字"),
        (109.0, math.inf, "is no number"),
        (0.0, 0.0, "missing value"),
        (32.7, 109.03, "look swapped"),
        (181.0, 32.7, "out of range"),
        (109.03, -90.5, "超出范围"),
    ],
)
def test_a_point_that_cannot_be_meant_is_refused(lon: float, lat: float, why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        shift.check_lonlat(lon, lat)


@pytest.mark.parametrize(("lon", "lat"), [(109.03, 32.69), (0.0, 51.48), (-180.0, 90.0), (24.9, 60.2)])
def test_a_real_point_passes(lon: float, lat: float) -> None:
    shift.check_lonlat(lon, lat)
