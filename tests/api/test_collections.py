from __future__ import annotations

import json

import geopandas as gpd
import pyogrio
import pytest
import shapely
from fastapi.testclient import TestClient

from api.deps import Services
from api.features import SOURCES


def walk(client: TestClient, path: str) -> list[dict[str, object]]:
    """Follow the next links to the end."""
    features: list[dict[str, object]] = []
    while path:
        body = client.get(path).json()
        features += body["features"]
        path = next((link["href"] for link in body["links"] if link["rel"] == "next"), "")
    return features


def test_all_collections_are_listed(client: TestClient) -> None:
    listed = [c["id"] for c in client.get("/collections").json()["collections"]]
    assert listed == list(SOURCES)


@pytest.mark.parametrize("name", ["grids-level-3", "roads", "buildings"])
def test_paging_covers_every_feature_once(client: TestClient, services: Services, name: str) -> None:
    ids = [f["id"] for f in walk(client, f"/collections/{name}/items?limit=97")]
    assert sorted(map(str, ids)) == sorted(services.features.collection(name).ids)


def test_paging_within_a_box_covers_what_meets_it_once(client: TestClient, services: Services) -> None:
    box = shapely.box(109.03, 32.688, 109.036, 32.694)
    buildings = services.locator.context("buildings")
    expected = buildings["id"][buildings.intersects(box)].astype(str)
    ids = [f["id"] for f in walk(client, "/collections/buildings/items?limit=50&bbox=109.03,32.688,109.036,32.694")]
    assert sorted(map(str, ids)) == sorted(expected)


def test_a_page_tells_how_many_there_are(client: TestClient, services: Services) -> None:
    body = client.get("/collections/grids-level-3/items?limit=10").json()
    assert (body["numberMatched"], body["numberReturned"]) == (len(services.locator.grids(level=3)), 10)


def test_a_page_carries_the_time_of_the_clock_it_was_given(client: TestClient) -> None:
    assert client.get("/collections/roads/items?limit=1").json()["timeStamp"] == "2026-11-20T04:00:00Z"


def test_the_middle_page_links_back_and_on(client: TestClient) -> None:
    links = client.get("/collections/roads/items?limit=10&offset=20").json()["links"]
    offsets = {link["rel"]: link["href"].rsplit("=", 1)[1] for link in links if "offset" in link["href"]}
    assert offsets == {"self": "20", "next": "30", "prev": "10"}


def test_the_last_page_has_no_next_link(client: TestClient) -> None:
    links = client.get("/collections/communities/items?limit=10").json()["links"]
    assert "next" not in {link["rel"] for link in links}


def test_an_offset_past_the_end_is_an_empty_page(client: TestClient) -> None:
    assert client.get("/collections/communities/items?offset=99").json()["features"] == []


def test_a_limit_above_the_largest_page_is_lowered(client: TestClient) -> None:
    response = client.get("/collections/communities/items?limit=99999")
    assert "limit=10000&" in next(k["href"] for k in response.json()["links"] if k["rel"] == "self")


def test_a_feature_is_found_by_its_id(client: TestClient) -> None:
    body = client.get("/collections/grids-level-1/items/990001001001000").json()
    assert (body["type"], body["properties"]["code"]) == ("Feature", "990001001001000")


def test_geojson_is_sent_as_geojson(client: TestClient) -> None:
    assert client.get("/collections/water/items").headers["content-type"] == "application/geo+json"


def test_grids_of_level_2_and_what_is_carved_out_cover_level_1(client: TestClient) -> None:
    def read(name: str) -> gpd.GeoDataFrame:
        return gpd.GeoDataFrame.from_features(walk(client, f"/collections/{name}/items?limit=1000"), crs=4490)

    dedicated = read("dedicated")
    parts = [*read("grids-level-2").geometry, *dedicated[dedicated["mode"] == "carve"].geometry]
    whole = read("grids-level-1").union_all()
    assert shapely.union_all(parts).symmetric_difference(whole).area < 1e-12


def test_neighbours_share_their_vertices_in_the_text_too(client: TestClient) -> None:
    shapes = [json.dumps(f["geometry"]) for f in walk(client, "/collections/grids-level-3/items?limit=1000")]
    carved = [f for f in walk(client, "/collections/dedicated/items") if f["properties"]["mode"] == "carve"]
    shapes += [json.dumps(f["geometry"]) for f in carved]
    assert shapely.coverage_is_valid(shapely.get_parts(shapely.from_geojson(shapes)))


def test_gdals_client_reads_every_feature(town_server: str, services: Services) -> None:
    frame = pyogrio.read_dataframe(f"OAPIF:{town_server}", layer="grids-level-3")
    assert sorted(frame["code"]) == sorted(services.locator.grids(level=3)["code"])
