"""What several parts must agree on: coordinates that survive storing, points that count, matches."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgis.errors import InvalidInput
from gridgis.geometry.crs import choose_work_crs, snap, to_stored, to_work, transform_xy
from gridgis.geometry.match import mutual_majority
from gridgis.geometry.measure import footprint_areas_m2, holders, representative_points

WORK = "EPSG:4545"
few = settings(max_examples=60, deadline=None)
metres = st.tuples(st.integers(-80_000_000, 80_000_000), st.integers(-900_000_000, 900_000_000)).map(
    lambda mm: (500_000 + mm[0] / 1000, 3_600_000 + mm[1] / 1000)
)
sizes = st.integers(1, 60_000).map(lambda mm: mm / 1000)


def frame(*geoms: object, crs: str = WORK) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(geometry=list(geoms), crs=crs)


def house(at: tuple[float, float], width: float, depth: float) -> shapely.Polygon:
    x, y = at
    return shapely.Polygon([(x, y), (x + width, y), (x + width, y + depth), (x, y + depth / 3)])


# -------------------------------------------------------------------------------------------------------------- crs


@few
@given(xy=st.lists(metres, min_size=1, max_size=20))
def test_work_to_stored_to_work_is_exact(xy: list[tuple[float, float]]) -> None:
    given_ = snap(np.array(xy))
    points = frame(*shapely.points(given_))
    back = to_work(to_stored(points), WORK)
    assert np.array_equal(shapely.get_coordinates(back.geometry), given_)


def test_wgs_84_counts_as_the_stored_system() -> None:
    here = np.array([[109.03, 32.69]])
    assert np.array_equal(transform_xy(here, "EPSG:4326", "EPSG:4490"), here)


def test_a_third_dimension_is_dropped() -> None:
    assert not to_work(frame(shapely.Point(500_000, 3_600_000, 9)), WORK).geometry.iloc[0].has_z


@pytest.mark.parametrize(
    ("lon", "lat", "crs"),
    [(109.4, 32.7, "EPSG:4545"), (109.6, 32.7, "EPSG:4546"), (24.9, 60.2, "EPSG:32635"), (-58.4, -34.6, "EPSG:32721")],
)
def test_the_work_crs_is_the_zone_of_the_place(lon: float, lat: float, crs: str) -> None:
    assert choose_work_crs(lon, lat) == crs


def test_a_layer_without_crs_is_refused_by_name() -> None:
    with pytest.raises(InvalidInput, match="roads"):
        to_work(gpd.GeoDataFrame(geometry=[shapely.Point(0, 0)]), WORK, "roads")


# ---------------------------------------------------------------------------------------------------------- measure


@few
@given(at=metres, width=sizes, depth=sizes)
def test_a_building_is_counted_at_one_point_before_and_after_storing(
    at: tuple[float, float], width: float, depth: float
) -> None:
    drawn = frame(house(at, width + 0.0004, depth))
    stored = to_stored(to_work(drawn, WORK))
    assert np.array_equal(representative_points(drawn, WORK), representative_points(stored, WORK))


@few
@given(at=metres, width=sizes, depth=sizes)
def test_the_counting_point_lies_in_the_building(at: tuple[float, float], width: float, depth: float) -> None:
    drawn = frame(house(at, width + 1, depth + 1))
    ((lon, lat),) = representative_points(drawn, WORK)
    assert to_stored(to_work(drawn, WORK)).geometry.iloc[0].contains(shapely.Point(lon, lat))


def test_a_footprint_is_measured_in_square_metres_and_a_point_has_none() -> None:
    square = shapely.box(500_000, 3_600_000, 500_010, 3_600_010)
    assert footprint_areas_m2(frame(square, square.centroid), WORK).tolist() == [100.0, 0.0]


def test_a_point_on_a_shared_border_is_held_by_the_polygon_that_holds_it_when_stored() -> None:
    x, y = 500_000.0, 3_600_000.0
    cells = np.array([shapely.box(x, y + 10 * i, x + 7, y + 10 * i + 10) for i in range(40)], dtype=object)
    lonlat = transform_xy(np.array([[x + 3.3, y + 10 * i] for i in range(1, 40)]), WORK, "EPSG:4490")
    stored = to_stored(frame(*cells)).geometry.to_numpy()
    held = holders(lonlat, cells, WORK)
    assert shapely.intersects(stored[held], shapely.points(lonlat)).all()


def test_a_point_away_from_all_polygons_is_held_by_none() -> None:
    cells = np.array([shapely.box(500_000, 3_600_000, 500_010, 3_600_010)], dtype=object)
    lonlat = transform_xy(np.array([[500_020.0, 3_600_005.0], [500_005.0, 3_600_005.0]]), WORK, "EPSG:4490")
    assert holders(lonlat, cells, WORK).tolist() == [-1, 0]


# ------------------------------------------------------------------------------------------------------------ match


@few
@given(
    units=st.lists(
        st.tuples(st.sampled_from([None, "a", "b", "c"]), st.sampled_from([None, "x", "y", "z"]), st.integers(0, 5)),
        max_size=15,
    )
)
def test_a_match_holds_more_than_half_both_ways(units: list[tuple[str | None, str | None, int]]) -> None:
    def load(old: str | None, new: str | None) -> int:
        return sum(w for o, n, w in units if old in (o, "*") and new in (n, "*"))

    expected = {n: o for o in "abc" for n in "xyz" if 2 * load(o, n) > load(o, "*") and 2 * load(o, n) > load("*", n)}
    assert mutual_majority([u[0] for u in units], [u[1] for u in units], [u[2] for u in units]) == expected
