from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
from fastapi.testclient import TestClient

from gridgis.geometry.shift import wgs84_to_gcj02


@pytest.fixture(scope="module")
def inner(grids: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Grids of level 3, each with a point inside that lies in no overlay."""
    overlays = grids[grids["mode"] == "overlay"].union_all()
    nested = grids[grids["level"].fillna(0) == 3]
    return nested[~nested.geometry.representative_point().intersects(overlays)].head(25)


def test_a_point_inside_a_grid_is_answered_with_its_code(client: TestClient, inner: gpd.GeoDataFrame) -> None:
    found = []
    for point in inner.geometry.representative_point():
        found.append(client.get("/locate", params={"lon": point.x, "lat": point.y}).json()["hit"]["code"])
    assert found == inner["code"].tolist()


def test_the_answer_carries_the_card_of_the_grid(client: TestClient, inner: gpd.GeoDataFrame) -> None:
    point = inner.geometry.representative_point().iloc[0]
    body = client.get("/locate", params={"lon": point.x, "lat": point.y}).json()
    assert body["card"]["code"] == body["hit"]["code"]


def test_gcj02_coordinates_find_the_same_grid(client: TestClient, inner: gpd.GeoDataFrame) -> None:
    point = inner.geometry.representative_point().iloc[0]
    lon, lat = (float(v) for v in wgs84_to_gcj02(point.x, point.y))
    hit = client.get("/locate", params={"lon": lon, "lat": lat, "crs": "GCJ-02"}).json()["hit"]
    assert (hit["code"], hit["crs"]) == (inner["code"].iloc[0], "GCJ-02")


def test_a_point_outside_names_the_nearest_grid_and_has_no_card(client: TestClient) -> None:
    body = client.get("/locate", params={"lon": 109.2, "lat": 32.7}).json()
    assert body["card"] is None
    assert body["hit"]["rule"] == "outside"
    assert body["hit"]["nearest_m"] > 1000


def test_bulk_answers_as_single_lookups_do(client: TestClient, inner: gpd.GeoDataFrame) -> None:
    points = inner.geometry.representative_point()
    body = client.post("/locate", json={"lon": points.x.tolist(), "lat": points.y.tolist()}).json()
    assert body["code"] == inner["code"].tolist()


def test_bulk_answers_null_outside(client: TestClient, inner: gpd.GeoDataFrame) -> None:
    body = client.post("/locate", json={"lon": [109.2], "lat": [32.7]}).json()
    assert (body["code"], body["rule"], body["count"]) == ([None], ["outside"], 1)


def test_bulk_says_which_points_cannot_be_meant(client: TestClient, inner: gpd.GeoDataFrame) -> None:
    good = inner.geometry.representative_point().iloc[0]
    body = client.post("/locate", json={"lon": [good.x, 0, 32.68, 109.2], "lat": [good.y, 0, 109.02, 32.7]}).json()
    assert body["rule"] == ["inside", None, None, "outside"]
    assert [note is None for note in body["note"]] == [True, False, False, True]
    assert "swapped" in body["note"][2]


def test_bulk_tells_the_precision(client: TestClient, inner: gpd.GeoDataFrame) -> None:
    good = inner.geometry.representative_point().iloc[0]
    body = client.post("/locate", json={"lon": [good.x, 109.2], "lat": [good.y, 32.7]}).json()
    assert body["precision"] == ["grid", None]


def test_bulk_takes_ten_thousand_points_of_which_each_gets_a_rule(client: TestClient, grids: gpd.GeoDataFrame) -> None:
    rng = np.random.default_rng(5)
    west, south, east, north = grids.total_bounds
    lon, lat = rng.uniform(west, east, 10_000), rng.uniform(south, north, 10_000)
    body = client.post("/locate", json={"lon": lon.tolist(), "lat": lat.tolist()}).json()
    assert [(c is None) == (r == "outside") for c, r in zip(body["code"], body["rule"], strict=True)] == [True] * 10_000


def test_a_place_is_found_by_its_name(client: TestClient, services: object) -> None:
    body = client.get("/locate", params={"place": "澄水公园茶室"}).json()
    assert body["matches"][0]["name"] == "澄水公园茶室"
    assert body["matches"][0]["card"]["name"] == "澄水公园"


def test_an_unknown_place_has_no_matches(client: TestClient) -> None:
    assert client.get("/locate", params={"place": "没有这个地方"}).json()["count"] == 0


def test_the_empty_place_is_refused(client: TestClient) -> None:
    assert client.get("/locate", params={"place": " "}).status_code == 422


@pytest.mark.parametrize(("place", "truncated"), [("号", True), ("澄水公园茶室", False)])
def test_it_is_told_whether_there_are_more_places(client: TestClient, place: str, truncated: bool) -> None:
    assert client.get("/locate", params={"place": place}).json()["truncated"] is truncated
