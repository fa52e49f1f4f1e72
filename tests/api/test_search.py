from __future__ import annotations

from fastapi.testclient import TestClient

from api.deps import Services


def test_a_code_finds_its_grid_first(client: TestClient) -> None:
    body = client.get("/search", params={"q": "990001001001005"}).json()
    assert body["results"][0]["code"] == "990001001001005"


def test_a_name_finds_the_grid_and_its_buildings(client: TestClient) -> None:
    kinds = [r["kind"] for r in client.get("/search", params={"q": "澄水公园"}).json()["results"]]
    assert kinds[0] == "grid"
    assert "building" in kinds


def test_a_coordinate_finds_the_grid_there(client: TestClient) -> None:
    [found] = client.get("/search", params={"q": "109.0326，32.6903"}).json()["results"]
    card = client.get(f"/grids/{found['code']}").json()
    assert (found["kind"], card["name"]) == ("coordinate", "澄水公园")


def test_the_limit_holds(client: TestClient) -> None:
    assert client.get("/search", params={"q": "社区", "limit": 3}).json()["count"] == 3


def test_what_is_not_there_gives_no_result(client: TestClient) -> None:
    assert client.get("/search", params={"q": "子虚乌有"}).json()["results"] == []


def test_a_coordinate_is_told_to_the_centimetre(client: TestClient) -> None:
    [found] = client.get("/search", params={"q": "109.0269915,32.6903"}).json()["results"]
    assert found["label"] == "109.0269915, 32.6903"


def test_a_road_is_found_once_by_its_name(client: TestClient, services: Services) -> None:
    name = services.locator.context("roads")["name"].value_counts().index[0]
    found = client.get("/search", params={"q": name, "limit": 100}).json()["results"]
    assert [r["label"] for r in found if r["kind"] == "road"].count(name) == 1


def test_a_cut_list_says_so(client: TestClient) -> None:
    assert client.get("/search", params={"q": "社区", "limit": 3}).json()["truncated"]
