"""Coordinate systems: known transformations are used, unknown ones refused, and nothing moves on the same datum."""

from __future__ import annotations

import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely

from gridgis.errors import InvalidInput
from gridgis.geometry.crs import choose_work_crs, to_stored, to_work, transform_xy

HERE = np.array([[109.03, 32.69]])
IN_ZONE = np.array([[596_000.0, 3_618_000.0]])
ORDOS = np.array([[108.5, 37.5]])

LOCAL = (
    'PROJCS["local",GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",SPHEROID["CGCS2000",'
    '6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Gauss_Kruger"],'
    'PARAMETER["False_Easting",500000.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",109.0],'
    'PARAMETER["Scale_Factor",1.0],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]'
)
"""A zone of a town's own on CGCS2000, as a .prj file states it."""


def metres(a: np.ndarray, b: np.ndarray) -> float:
    return float(pyproj.Geod(ellps="GRS80").inv(*a[0], *b[0])[2])


@pytest.mark.parametrize("crs", ["EPSG:4610", "EPSG:4214", "EPSG:4555"])
def test_an_older_chinese_datum_is_refused_where_no_parameters_are_known(crs: str) -> None:
    with pytest.raises(InvalidInput, match=r"已知转换参数.*no known transformation from .* to CGCS2000"):
        transform_xy(HERE, crs, "EPSG:4490")


@pytest.mark.parametrize("crs", ["EPSG:2383", "EPSG:2433"])
def test_zones_of_an_older_datum_are_refused_too(crs: str) -> None:
    with pytest.raises(InvalidInput, match="no known transformation"):
        transform_xy(IN_ZONE, crs, "EPSG:4545")


def test_a_layer_on_an_older_datum_is_refused() -> None:
    with pytest.raises(InvalidInput, match="survey office"):
        to_stored(gpd.GeoDataFrame(geometry=[shapely.Point(109.03, 32.69)], crs="EPSG:4610"))


def test_nothing_is_brought_to_an_older_datum() -> None:
    with pytest.raises(InvalidInput, match="Xian 1980"):
        transform_xy(HERE, "EPSG:4490", "EPSG:4610")


def test_parameters_known_for_a_basin_are_used_there() -> None:
    assert 30 < metres(ORDOS, transform_xy(ORDOS, "EPSG:4214", "EPSG:4490")) < 150


def test_parameters_that_the_data_carry_are_used() -> None:
    crs = "+proj=longlat +ellps=krass +towgs84=15.8,-154.4,-82.3,0,0,0,0"
    assert 30 < metres(HERE, transform_xy(HERE, crs, "EPSG:4490")) < 150


def test_a_datum_with_known_parameters_is_moved_by_them() -> None:
    tokyo = np.array([[138.0, 35.0]])
    assert metres(tokyo, transform_xy(tokyo, "EPSG:4301", "EPSG:4490")) == pytest.approx(457.6, abs=10)


def test_european_coordinates_stay_where_they_are() -> None:
    helsinki = np.array([[24.94, 60.17]])
    there = transform_xy(helsinki, "EPSG:4490", "EPSG:3067")
    assert metres(helsinki, transform_xy(there, "EPSG:3067", "EPSG:4490")) < 1e-3


@pytest.mark.parametrize("crs", ["EPSG:4326", "OGC:CRS84", "EPSG:32649", "EPSG:4545", "EPSG:3857", LOCAL])
def test_on_cgcs2000_and_wgs_84_the_place_stays(crs: str) -> None:
    there = transform_xy(HERE, "EPSG:4490", crs)
    assert metres(HERE, transform_xy(there, crs, "EPSG:4490")) < 1e-6


def test_a_utm_zone_may_be_left_a_little() -> None:
    beyond = np.array([[114.5, 32.69]])
    assert metres(beyond, transform_xy(transform_xy(beyond, "EPSG:4490", "EPSG:32649"), "EPSG:32649", 4490)) < 1e-6


@pytest.mark.parametrize(("lon", "lat"), [(109.03, 32.69), (24.94, 60.17), (-70.6, -33.4)])
def test_the_way_from_work_to_stored_and_back_returns_the_same_numbers(lon: float, lat: float) -> None:
    work = choose_work_crs(lon, lat)
    rng = np.random.default_rng(5)
    xy = np.array([lon, lat]) + rng.uniform(-0.1, 0.1, (500, 2))
    spots = gpd.GeoDataFrame(geometry=shapely.points(xy), crs="EPSG:4490")
    there = to_work(spots, work)
    assert (to_work(to_stored(there), work).geometry == there.geometry).all()


@pytest.mark.parametrize("package", ["gridgis", "api", "maps"])
def test_coordinates_change_in_the_package_geometry_alone(package: str) -> None:
    """Another way would not refuse an unknown datum."""
    root = Path(__file__).parents[2]
    files = [f for f in sorted((root / package).rglob("*.py")) if f.parent.name != "geometry"]
    assert [f.name for f in files if re.search(r"\.to_crs\(|Transformer", f.read_text(encoding="utf-8"))] == []
