from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from api import errors
from api.errors import STATUS, status_of
from gridgis import errors as tree

WRONG = {
    "swapped": ("/locate?lon=32.69&lat=109.04", 422),
    "null island": ("/locate?lon=0&lat=0", 422),
    "not a number": ("/locate?lon=nan&lat=32.69", 422),
    "infinite": ("/locate?lon=109&lat=inf", 422),
    "text": ("/locate?lon=east&lat=32.69", 422),
    "half a point": ("/locate?lon=109.03", 422),
    "point and place": ("/locate?lon=109.03&lat=32.69&place=x", 422),
    "unknown crs": ("/locate?lon=109.03&lat=32.69&crs=mars", 422),
    "unknown parameter": ("/locate?lng=109.03&lat=32.69", 422),
    "parameter twice": ("/locate?lon=109.03&lon=110&lat=32.69", 422),
    "unknown grid": ("/grids/123", 404),
    "unknown chain": ("/grids/123/chain", 404),
    "never in force": ("/grids/123/history", 404),
    "unknown collection": ("/collections/rods/items", 404),
    "unknown feature": ("/collections/roads/items/none", 404),
    "bbox of three": ("/collections/roads/items?bbox=109,32,110", 422),
    "bbox of text": ("/collections/roads/items?bbox=a,b,c,d", 422),
    "bbox turned round": ("/collections/roads/items?bbox=110,33,109,32", 422),
    "bbox swapped": ("/collections/roads/items?bbox=32,109,33,110", 422),
    "bbox not finite": ("/collections/roads/items?bbox=nan,32,110,33", 422),
    "limit of zero": ("/collections/roads/items?limit=0", 422),
    "offset below zero": ("/collections/roads/items?offset=-1", 422),
    "empty search": ("/search?q=%20", 422),
    "no search": ("/search", 422),
    "search at null island": ("/search?q=0,0", 422),
    "unknown address": ("/nowhere", 404),
    "unknown asset": ("/assets/nothing.js", 404),
    "path out of the assets": ("/assets/..%2f..%2fpyproject.toml", 404),
}


@pytest.mark.parametrize("case", WRONG, ids=WRONG.keys())
def test_every_error_has_the_one_shape_and_its_status(client: TestClient, case: str) -> None:
    path, status = WRONG[case]
    response = client.get(path)
    assert (response.status_code, sorted(response.json())) == (status, ["en", "error", "fields", "zh"])


@pytest.mark.parametrize("case", WRONG, ids=WRONG.keys())
def test_every_error_speaks_chinese_and_english(client: TestClient, case: str) -> None:
    body = client.get(WRONG[case][0]).json()
    assert any("\u4e00" <= c <= "\u9fff" for c in body["zh"])
    assert any(c.isascii() and c.isalpha() for c in body["en"])


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ({"lon": [109.0]}, "missing"),
        ({"lon": 109.0, "lat": [32.0]}, "list_type"),
        ({"lon": ["x"], "lat": [32.0]}, "float_parsing"),
        ({"lon": [109.0], "lat": [32.0], "extra": 1}, "extra_forbidden"),
    ],
)
def test_a_wrong_bulk_body_names_the_field_and_the_rule(client: TestClient, body: object, rule: str) -> None:
    response = client.post("/locate", json=body)
    assert response.status_code == 422
    assert response.json()["fields"]["problems"][0]["rule"] == rule


def test_nan_in_a_bulk_body_is_refused(client: TestClient) -> None:
    headers = {"content-type": "application/json"}
    response = client.post("/locate", content='{"lon": [NaN], "lat": [32.6]}', headers=headers)
    assert (response.status_code, response.json()["error"]) == (422, "InvalidInput")


def test_broken_json_is_refused_in_the_one_shape(client: TestClient) -> None:
    response = client.post("/locate", content='{"lon": [', headers={"content-type": "application/json"})
    assert (response.status_code, response.json()["error"]) == (422, "InvalidInput")


def test_lists_of_different_length_are_refused(client: TestClient) -> None:
    response = client.post("/locate", json={"lon": [109.0, 109.1], "lat": [32.6]})
    assert response.json()["fields"] == {"lon": 2, "lat": 1}


def test_a_wrong_method_is_refused_in_the_one_shape(client: TestClient) -> None:
    response = client.delete("/locate")
    assert (response.status_code, response.json()["error"]) == (405, "MethodNotAllowed")


def test_a_fault_of_ours_tells_no_detail(
    client: TestClient, services: object, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(self: object, code: str, mask: bool = True) -> None:
        raise RuntimeError("secret path")

    monkeypatch.setattr("gridgis.service.locator.Snapshot.card", broken)
    response = client.get("/grids/990001001001000")
    assert response.status_code == 500
    assert "secret" not in response.text
    assert "secret path" in caplog.text


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("InvalidInput", 422),
        ("NotFound", 404),
        ("Rejected", 422),
        ("Conflict", 409),
        ("Forbidden", 403),
        ("Unavailable", 503),
    ],
)
def test_the_table_gives_each_class_of_the_tree_its_status(name: str, status: int) -> None:
    assert status_of(getattr(tree, name)("否", "no")) == status


def test_a_subclass_has_the_status_of_its_parent() -> None:
    class Later(tree.Conflict):
        pass

    assert status_of(Later("否", "no")) == 409


def test_every_class_of_the_tree_is_in_the_table() -> None:
    leaves = {c for c in tree.GridgisError.__subclasses__() if c.__module__ in (tree.__name__, errors.__name__)}
    assert leaves <= set(STATUS)
