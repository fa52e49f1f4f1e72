from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import pytest
from fastapi.testclient import TestClient

from api.app import build_app
from api.deps import Limits, Services
from api.features import FeatureStore
from api.main import find_assets
from gridgis.service.locator import Locator

CLOCK = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def services(town_registry: Path) -> Iterator[Services]:
    with Locator.open(town_registry) as locator:
        yield Services(locator, FeatureStore(locator), lambda: CLOCK, lambda: 0.0, find_assets(), Limits(burst=10**6))


@pytest.fixture(scope="session")
def client(services: Services) -> TestClient:
    return TestClient(build_app(services), base_url="http://127.0.0.1", raise_server_exceptions=False)


@pytest.fixture(scope="session")
def grids(services: Services) -> gpd.GeoDataFrame:
    return services.locator.grids()


@pytest.fixture
def limited(services: Services) -> Callable[[Limits], TestClient]:
    """Return a maker of clients of a server with other limits."""

    def make(limits: Limits) -> TestClient:
        own = Services(
            services.locator, services.features, services.clock, services.ticks, services.assets, limits, services.hosts
        )
        return TestClient(build_app(own), base_url="http://127.0.0.1")

    return make
