"""The hot road answers as the route does, and leaves to it what it does not know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import geopandas as gpd
import pytest
from fastapi.testclient import TestClient

from api.app import build_app
from api.deps import Limits, Services
from api.hot import Hot
from gridgis.geometry.shift import wgs84_to_gcj02


@pytest.fixture
def asked(services: Services, monkeypatch: pytest.MonkeyPatch) -> tuple[TestClient, list[bool]]:
    """Return a client, and a list that tells of each request for /locate whether the hot road answered it."""
    hot: list[bool] = []
    real = Hot._answer

    def noted(self: Hot, scope: object) -> object:
        answer = real(self, scope)  # type: ignore[arg-type]
        hot.append(answer is not None)
        return answer

    monkeypatch.setattr(Hot, "_answer", noted)
    return TestClient(build_app(services), base_url="http://127.0.0.1", raise_server_exceptions=False), hot


def test_it_gives_the_bytes_and_headers_of_the_route(
    asked: tuple[TestClient, list[bool]], grids: gpd.GeoDataFrame
) -> None:
    client, hot = asked
    points = grids.geometry.representative_point()
    places = [*zip(points.x.round(9), points.y.round(9), strict=True), (109.2, 32.7)]  # the last one is outside
    for x, y in places:
        quick, slow = client.get(f"/locate?lon={x}&lat={y}"), client.get(f"/locate?lat={y}&lon={x}")
        assert (quick.content, dict(quick.headers)) == (slow.content, dict(slow.headers))
    assert hot == [True, False] * len(places)


def test_it_takes_shifted_coordinates(asked: tuple[TestClient, list[bool]], grids: gpd.GeoDataFrame) -> None:
    client, hot = asked
    point = grids[grids["level"].fillna(0) == 3].geometry.representative_point().iloc[0]
    x, y = (round(float(v), 9) for v in wgs84_to_gcj02(point.x, point.y))
    told = client.get(f"/locate?lon={x}&lat={y}&crs=GCJ-02").json()
    assert (told, hot) == (client.get(f"/locate?crs=GCJ-02&lon={x}&lat={y}").json(), [True, False])


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("lon=0&lat=0", 422),
        ("lon=32.69&lat=109.03", 422),
        ("lon=109.03&lat=32.69&crs=moon", 422),
        ("lon=nan&lat=32.69", 422),
        ("lon=109.03&lat=32.69&lat=32.7", 422),
        ("lon=109.03&lat=32.69&extra=1", 422),
        ("lon=109.03", 422),
        ("place=x", 200),
        ("", 422),
    ],
)
def test_what_is_no_plain_point_goes_to_the_route(
    asked: tuple[TestClient, list[bool]], query: str, status: int
) -> None:
    client, hot = asked
    assert (client.get(f"/locate?{query}").status_code, hot) == (status, [False])


def test_the_guard_stands_before_it(limited: Callable[[Limits], TestClient], grids: gpd.GeoDataFrame) -> None:
    client, point = limited(Limits(burst=1)), grids.geometry.representative_point().iloc[0]
    query = f"/locate?lon={point.x:.9f}&lat={point.y:.9f}"
    assert [client.get(query).status_code for _ in range(2)] == [200, 429]
    assert limited(Limits()).get(query, headers={"host": "elsewhere.example"}).status_code == 403


def test_cards_are_those_of_the_snapshot_that_answers(services: Services, grids: gpd.GeoDataFrame) -> None:
    hot, code = Hot(TestClient(build_app(services)).app, services.locator), str(grids["code"].iloc[0])
    now = services.locator.snapshot()
    first, again = hot._card(now, code), hot._card(now, code)
    assert (first is again, hot._card(replace(now), code) is first) == (True, False)
