from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient

from api.deps import Services

HTML = {"accept": "text/html"}


def test_the_viewer_page_is_served_to_a_browser(client: TestClient) -> None:
    assert '<div id="map">' in client.get("/", headers=HTML).text


def test_a_client_for_json_gets_the_landing_page(client: TestClient) -> None:
    rels = {link["rel"] for link in client.get("/").json()["links"]}
    assert {"service-desc", "conformance", "data"} <= rels


def test_the_landing_page_links_only_to_what_is_there(client: TestClient) -> None:
    links = client.get("/?f=json").json()["links"]
    assert [client.get(link["href"]).status_code for link in links] == [200] * len(links)


@pytest.mark.parametrize("page", ["/", "/docs"])
def test_the_files_of_the_pages_come_from_this_server(client: TestClient, page: str) -> None:
    files = re.findall(r'(?:src|href)="([^"]+)"', client.get(page, headers=HTML).text)
    asked = [client.get(f).status_code for f in files if not f.startswith("#")]
    assert all(f.startswith(("/", "#")) and not f.startswith("//") for f in files)
    assert asked == [200] * len(asked)


def test_health_may_be_asked_for_its_head_alone(client: TestClient) -> None:
    assert client.head("/health").status_code == 200


def test_health_tells_version_revision_and_grids(client: TestClient, services: Services) -> None:
    body = client.get("/health").json()
    assert body == {"status": "ok", "version": "0.1.0", "revision": 1, "grids": len(services.locator.grids())}


def test_every_route_of_the_api_is_documented_in_chinese_too(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    plain = [o["summary"] for path in paths.values() for o in path.values() if o["summary"].isascii()]
    assert plain == []
    assert {"/locate", "/grids/{code}", "/collections/{name}/items", "/search", "/health"} <= set(paths)
