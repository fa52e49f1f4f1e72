from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import follow
from api.deps import Limits, Services
from api.main import create_app
from gridgis.errors import InvalidInput, NotFound
from gridgis.registry import Registry
from gridgis.service.locator import Locator

Maker = Callable[[Limits], TestClient]


def test_a_caller_that_asks_too_often_is_told_to_wait(limited: Maker) -> None:
    client = limited(Limits(burst=3))
    statuses = [client.get("/health").status_code for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]


def test_the_refusal_names_the_rate(limited: Maker) -> None:
    body = limited(Limits(burst=0, requests_per_s=5)).get("/health").json()
    assert (body["error"], body["fields"]) == ("TooManyRequests", {"per_second": 5})


def test_too_many_points_are_refused_with_the_limit(limited: Maker) -> None:
    response = limited(Limits(points=2)).post("/locate", json={"lon": [109.0] * 3, "lat": [32.0] * 3})
    assert (response.status_code, response.json()["fields"]) == (413, {"limit": 2, "points": 3})


def test_too_large_a_body_is_refused_before_it_is_read(limited: Maker) -> None:
    response = limited(Limits(body_bytes=50)).post("/locate", json={"lon": [109.0] * 30, "lat": [32.0] * 30})
    assert (response.status_code, response.json()["error"]) == (413, "TooLarge")


def test_a_body_without_length_is_refused(client: TestClient) -> None:
    def chunks() -> Iterator[bytes]:
        yield b'{"lon": [], "lat": []}'

    assert client.post("/locate", content=chunks()).json()["error"] == "InvalidInput"


def test_another_host_name_is_refused(client: TestClient) -> None:
    response = client.get("/health", headers={"host": "evil.example"})
    assert (response.status_code, response.json()["error"]) == (403, "Forbidden")


def test_errors_name_the_revision_too(client: TestClient) -> None:
    assert client.get("/grids/123").headers["x-gridgis-revision"] == "1"


def test_no_page_may_load_from_elsewhere(client: TestClient) -> None:
    policy = client.get("/", headers={"accept": "text/html"}).headers["content-security-policy"]
    assert policy.startswith("default-src 'self';")


def test_a_leader_who_goes_is_gone_from_the_answers_soon(
    town_registry: Path, tmp_path: Path, services: Services
) -> None:
    own = Path(shutil.copy(town_registry, tmp_path / "own.gpkg"))
    with Locator.open(own) as locator, Registry.open(own) as registry:
        name = locator.card("990001001001000")["leader"]["name"]
        registry.team_end("990001001001000", "leader", name, "2026-11-20")
        with ThreadPoolExecutor(1) as pool:  # a browser test of this process may have left its loop in this thread
            pool.submit(asyncio.run, _follow_a_little(replace(services, locator=locator))).result()
        assert locator.card("990001001001000")["leader"] is None


async def _follow_a_little(services: Services) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(follow(services, every_s=0.01), timeout=3)


def test_without_a_registry_the_app_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GRIDGIS_REGISTRY", raising=False)
    with pytest.raises(InvalidInput, match="name a registry"):
        create_app()


def test_a_registry_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        create_app(tmp_path / "none.gpkg")


@pytest.mark.parametrize("length", [b"\xb2", b"-1", b"many"])
def test_a_length_that_is_no_number_is_refused(client: TestClient, length: bytes) -> None:
    assert client.get("/health", headers={b"content-length": length}).status_code == 413
