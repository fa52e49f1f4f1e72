from __future__ import annotations

import json
import re
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely
from fastapi.testclient import TestClient


def test_no_answer_shows_a_phone_number_in_the_clear(client: TestClient, grids: gpd.GeoDataFrame) -> None:
    texts = [client.get(f"/grids/{code}{tail}").text for code in grids["code"][::9] for tail in ("", "/chain")]
    people = pd.read_csv(Path(__file__).parents[2] / "sample_shapes" / "town" / "people.csv", dtype=str)
    clear = set(people["phone"])
    assert not [t for t in texts if any(phone in t for phone in clear)]


def test_a_card_shows_the_masked_phone_of_the_leader(client: TestClient, grids: gpd.GeoDataFrame) -> None:
    leader = client.get("/grids/990001001001000").json()["leader"]
    assert re.fullmatch(r"\d{3}\*{4}\d{4}", leader["phone"])


def test_the_chain_goes_up_to_level_1(client: TestClient, grids: gpd.GeoDataFrame) -> None:
    code = grids["code"][grids["level"].fillna(0) == 3].iloc[0]
    chain = client.get(f"/grids/{code}/chain").json()["chain"]
    assert [step["level"] for step in chain] == [3, 2, 1]


def test_a_vacancy_is_told(client: TestClient, grids: gpd.GeoDataFrame) -> None:
    cards = [client.get(f"/grids/{code}").json() for code in grids["code"][grids["level"].fillna(0) == 3][:20]]
    assert any(card["leader"] is None and card["chain"][0]["vacant"] for card in cards)


def test_the_boundary_comes_only_when_asked_for(client: TestClient) -> None:
    assert "geometry" not in client.get("/grids/990001001001000").json()


def test_the_boundary_is_that_of_the_registry_to_nine_decimals(client: TestClient, grids: gpd.GeoDataFrame) -> None:
    body = client.get("/grids/990001001001000", params={"geometry": True}).json()
    stored = grids.geometry[grids["code"] == "990001001001000"].iloc[0]
    got = shapely.from_geojson(json.dumps(body["geometry"]))
    assert abs(shapely.get_coordinates(got) - shapely.get_coordinates(stored)).max() <= 0.51e-9


def test_the_history_of_a_code_begins_with_its_first_revision(client: TestClient) -> None:
    body = client.get("/grids/990001001001000/history").json()
    assert [v["valid_from"] for v in body["versions"]] == [1]


def test_the_revision_is_in_the_header_and_in_the_body(client: TestClient) -> None:
    response = client.get("/grids/990001001001000")
    assert (response.headers["x-gridgis-revision"], response.json()["revision"]) == ("1", 1)
