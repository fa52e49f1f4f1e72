"""While a filing has happened that the server has not taken in yet, all answers are of the one revision it serves."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import build_app
from api.deps import Services
from api.features import FeatureStore
from gridgis.geometry.crs import to_stored
from gridgis.registry import Registry
from gridgis.service.locator import Locator
from tests.registry.hand import A, buildings, communities, file_through, make_plan, make_registry


@pytest.fixture
def stale(tmp_path: Path, services: Services) -> TestClient:
    """Return a client of a server on revision 1 whose registry has come to revision 2, with other grids."""
    base = communities()
    registry: Registry = make_registry(tmp_path / "registry.gpkg")
    registry.import_context("buildings", to_stored(buildings(base)))
    file_through(registry, make_plan(base[:1]))
    locator = Locator(registry)
    file_through(registry, make_plan(base[:1], [((300, -10), (410, 900))], [((-5, 333), (1995, 444))]))
    assert (locator.revision, registry.revision) == (1, 2)
    own = Services(locator, FeatureStore(locator), services.clock, services.ticks, services.assets)
    return TestClient(build_app(own), base_url="http://127.0.0.1")


def test_a_place_is_found_in_the_revision_that_is_served(stale: TestClient) -> None:
    body = stale.get("/locate", params={"place": "1-0号楼"}).json()
    [match] = body["matches"]
    assert (body["revision"], match["hit"]["revision"], match["card"]["revision"]) == (1, 1, 1)


def test_a_search_finds_no_grid_that_is_not_served(stale: TestClient) -> None:
    found = stale.get("/search", params={"q": A}).json()
    codes = [r["code"] for r in found["results"]]
    assert codes
    assert [stale.get(f"/grids/{code}").status_code for code in codes] == [200] * len(codes)


def test_a_shape_is_that_of_the_revision_of_its_card(stale: TestClient) -> None:
    body = stale.get(f"/grids/{A}001", params={"geometry": True}).json()
    assert (body["revision"], body["geometry"]["type"]) == (1, "MultiPolygon")
