"""Roughly where a point lies."""

import csv
import os
from pathlib import Path

import pytest

from gridgis.geometry.places import SEATS, describe_place


@pytest.mark.parametrize(
    ("lon", "lat", "zh"),
    [(116.41, 39.91, "北京附近"), (109.03, 32.69, "西安以南约 180 公里"), (114.05, 22.55, "香港以西北约 30 公里"),
     (75.99, 39.47, "乌鲁木齐以西南约 1110 公里"), (0.0, 51.5, "不在中国")],
)  # fmt: skip
def test_a_place_is_told_from_the_nearest_seat(lon: float, lat: float, zh: str) -> None:
    assert describe_place(lon, lat)[0] == zh


@pytest.mark.realdata
def test_the_seats_lie_where_a_published_list_has_them() -> None:
    folder = os.environ.get("GRIDGIS_REAL_DATA")
    if not folder:
        pytest.skip("GRIDGIS_REAL_DATA is not set: no real coordinates to compare with")
    with (Path(folder) / "coords" / "gcoord_china_cities_pairs.csv").open(encoding="utf-8-sig") as f:
        cities = {
            r["name"][:-1].removesuffix("城"): (float(r["wgs84_x"]), float(r["wgs84_y"])) for r in csv.DictReader(f)
        }
    known = [(zh, x, y) for zh, _, x, y in SEATS if zh in cities]
    assert len(known) == 31
    assert all(max(abs(cities[zh][0] - x), abs(cities[zh][1] - y)) <= 0.051 for zh, x, y in known)
