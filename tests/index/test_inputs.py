"""Many points as callers hold them."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import shapely

from gridgis.errors import InvalidInput
from gridgis.geometry.shift import wgs84_to_gcj02
from gridgis.index.inputs import stored_points

LON, LAT = [109.0, 109.5], [32.0, 32.5]
SERIES = gpd.GeoSeries(gpd.points_from_xy(LON, LAT), crs="EPSG:4490")


@pytest.mark.parametrize(
    "given",
    [
        (LON, LAT),
        (np.array(LON), np.array(LAT)),
        (pd.Series(LON), pd.Series(LAT)),
        (pa.array(LON), pa.chunked_array([LAT])),
        (SERIES,),
        (gpd.GeoDataFrame(geometry=SERIES),),
        (pa.table({"lon": LON, "lat": LAT}),),
        (pd.DataFrame({"lon": LON, "lat": LAT}),),
        ({"lon": LON, "lat": LAT},),
    ],
    ids=["lists", "numpy", "pandas", "arrow", "GeoSeries", "GeoDataFrame", "arrow table", "frame", "dict"],
)
def test_points_may_come_as(given: tuple[Any, ...]) -> None:
    lon, lat = stored_points(*given)
    assert (lon.tolist(), lat.tolist()) == (LON, LAT)


def test_points_of_another_crs_are_brought_to_stored_coordinates() -> None:
    lon, lat = stored_points(SERIES.to_crs("EPSG:4545"))
    assert (lon.tolist(), lat.tolist()) == (pytest.approx(LON), pytest.approx(LAT))


def test_shifted_coordinates_are_shifted_back() -> None:
    lon, lat = stored_points(*wgs84_to_gcj02(LON, LAT), crs="GCJ-02")
    assert (lon.tolist(), lat.tolist()) == (pytest.approx(LON), pytest.approx(LAT))


def test_missing_and_empty_points_are_nowhere() -> None:
    series = gpd.GeoSeries([None, shapely.Point(), shapely.Point(109, 32)], crs=4490)
    assert np.isnan(stored_points(series)[0]).tolist() == [True, True, False]


def test_masked_numbers_are_nowhere() -> None:
    assert np.isnan(stored_points(np.ma.masked_array([109, 110], [True, False]), LAT)[0]).tolist() == [True, False]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"points": ["a"], "lat": [32.0]}, "must be numbers"),
        ({"points": SERIES.set_crs(None, allow_override=True)}, "has no CRS"),
        ({"points": gpd.GeoSeries([shapely.box(0, 0, 1, 1)], crs=4490)}, "are no points"),
        ({"points": SERIES, "crs": "GCJ-02"}, "leave crs out"),
        ({"points": pa.table({"lon": LON})}, "columns lon and lat"),
        ({"points": 109.0}, "columns lon and lat"),
        ({"points": LON, "lat": LAT, "crs": "moon"}, "unknown coordinates"),
        ({"points": LON, "lat": LAT[:1]}, r"of one length; they are of shape \(2,\) and \(1,\)"),
        ({"points": [LON], "lat": [LAT]}, "two columns"),
        ({"points": 109.0, "lat": 32.0}, "two columns"),
    ],
)
def test_what_cannot_be_meant_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        stored_points(**given)
