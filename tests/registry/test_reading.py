"""What readers ask a registry: lookups, cards, teams, places, search."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from gridgis.errors import Conflict, InvalidInput, NotFound
from gridgis.geometry.shift import wgs84_to_gcj02
from gridgis.registry import Registry
from gridgis.registry.team import TeamChange
from gridgis.service.locator import Locator, need_revision
from tests.registry.conftest import team
from tests.registry.hand import A, C, communities, file_through, make_plan


@pytest.fixture(scope="module")
def locator(filed: Registry) -> Locator:
    return Locator(filed)


def middle(registry: Registry, code: str) -> tuple[float, float]:
    lon, lat = registry.card(code)["centre"]
    return lon, lat


# --- locate --------------------------------------------------------------------------------------------------------


def test_the_middle_of_each_base_grid_is_in_it(filed: Registry) -> None:
    base = filed.grids(level=3)
    points = shapely.point_on_surface(base.geometry.to_numpy())
    found = filed.locate_many(shapely.get_x(points), shapely.get_y(points))
    assert found["base"].tolist() == base["code"].tolist()


def test_a_hit_names_its_chain_up_to_level_1(filed: Registry) -> None:
    assert filed.locate(*middle(filed, A + "003")).chain == (A + "003", A + "001", A + "000")


def test_a_hit_names_the_revision_in_force(filed: Registry) -> None:
    assert filed.locate(*middle(filed, A + "003")).revision == 2


def test_an_overlay_answers_before_the_ground_under_it(filed: Registry) -> None:
    dedicated = filed.grids(kind="dedicated")
    overlay = dedicated["code"][dedicated["mode"] == "overlay"].iloc[0]
    hit = filed.locate(*middle(filed, overlay))
    assert (hit.code, hit.rule) == (overlay, "overlay")
    assert hit.base != overlay


def test_a_point_in_gcj02_is_shifted_back(filed: Registry) -> None:
    lon, lat = wgs84_to_gcj02(*middle(filed, A + "003"))
    hit = filed.locate(float(lon), float(lat), crs="GCJ-02")
    assert (hit.code, hit.crs) == (A + "003", "GCJ-02")


def test_outside_names_the_nearest_grid(filed: Registry) -> None:
    west, south, _, _ = filed.communities().total_bounds
    hit = filed.locate(west - 0.01, south)
    assert (hit.code, hit.nearest is not None) == (None, True)


def test_a_past_revision_is_asked_for_by_number(filed: Registry) -> None:
    point = middle(filed, C + "001")
    assert filed.locate(*point, at=1).code is None
    assert filed.locate(*point, at=2).code is not None


@pytest.mark.parametrize(("lon", "lat"), [(0, 0), (32.69, 109.03), (float("nan"), 30), (200, 10)])
def test_a_point_that_cannot_be_meant_is_refused(filed: Registry, lon: float, lat: float) -> None:
    with pytest.raises(InvalidInput):
        filed.locate(lon, lat)


@pytest.mark.parametrize(("lon", "lat"), [("109.0", 32.0), (109.0, None), (10**400, 32.0)])
def test_a_coordinate_that_is_no_number_is_refused(filed: Registry, lon: Any, lat: Any) -> None:
    with pytest.raises(InvalidInput, match="is no number"):
        filed.locate(lon, lat)


def test_an_unknown_revision_is_not_found_and_the_last_is_told(filed: Registry) -> None:
    with pytest.raises(NotFound, match="no revision 99; the last is 2"):
        filed.locate(109, 32, at=99)


def test_a_revision_of_a_registry_without_filing_is_not_found(registry: Registry) -> None:
    with pytest.raises(NotFound, match="no revision 1; none is filed"):
        registry.locate(109, 32, at=1)


@pytest.mark.parametrize("at", [True, False])
def test_truth_is_no_revision(filed: Registry, locator: Locator, at: bool) -> None:
    for ask in (lambda: filed.locate(109, 32, at=at), lambda: locator.locate(109, 32, at=at), lambda: filed.team(at)):
        with pytest.raises(InvalidInput, match=str(at)):
            ask()


def test_on_a_day_before_the_first_revision_its_day_is_told(filed: Registry, locator: Locator) -> None:
    first = filed.revisions()["in_force_from"].iloc[0]
    for ask in (filed.locate, locator.locate):
        with pytest.raises(NotFound, match=f"on that day; the first revision is in force from {first}"):
            ask(109, 32, at="2020-01-01")


def test_what_a_day_long_past_tells_is_not_kept_beyond_the_first_filing(registry: Registry) -> None:
    with pytest.raises(NotFound, match="plan file"):
        registry.locate(109, 32, at="2020-01-01")
    file_through(registry, make_plan(communities()[:1]))
    with pytest.raises(NotFound, match="the first revision is in force from"):
        registry.locate(109, 32, at="2020-01-01")


def test_an_impossible_day_is_refused(filed: Registry) -> None:
    with pytest.raises(InvalidInput, match="2026-13-01"):
        filed.locate(109, 32, at="2026-13-01")


def test_a_registry_without_filing_says_so(registry: Registry) -> None:
    with pytest.raises(NotFound, match="plan file"):
        registry.locate(109, 32)


# --- cards and team ------------------------------------------------------------------------------------------------


def test_a_card_masks_phones(filed: Registry) -> None:
    assert filed.card(A + "001")["leader"]["phone"] == "139****5678"


def test_a_card_shows_phones_where_asked(filed: Registry) -> None:
    assert filed.card(A + "001", mask=False)["leader"]["phone"] == "13912345678"


def test_the_chain_of_a_card_tells_vacancies(filed: Registry) -> None:
    chain = filed.card(A + "003")["chain"]
    assert [(link["code"], link["vacant"]) for link in chain] == [
        (A + "003", True),
        (A + "001", False),
        (A + "000", False),
    ]


def test_a_card_names_the_community_and_the_street(filed: Registry) -> None:
    card = filed.card(A + "003")
    assert (card["community"], card["street"]) == ({"code": A, "name": "社区1"}, "西大街街道")


def test_a_card_has_only_plain_values(filed: Registry) -> None:
    import json

    assert json.loads(json.dumps(filed.card(A + "007")))["level"] is None


def test_a_card_of_an_unknown_code_is_not_found(filed: Registry) -> None:
    with pytest.raises(NotFound, match="123"):
        filed.card("123")


def test_the_team_of_a_day_leaves_out_who_has_left(filed: Registry) -> None:
    assert filed.team("2026-06-30")["name"].tolist() == ["顾信浩", "叶娟", "宋禾"]
    assert filed.team("2026-07-01")["name"].tolist() == ["顾信浩", "叶娟"]


def test_importing_a_team_again_adds_nobody(filed: Registry) -> None:
    assert filed.team_import(team(), "张三") == TeamChange(new=0, ended=0)


def row(**changes: object) -> pd.DataFrame:
    values = {
        "grid": A + "002",
        "role": "leader",
        "name": "新人",
        "phone": "13812340000",
        "from": "2026-02-01",
        "to": None,
    }
    return pd.DataFrame([{**values, **changes}])


@pytest.mark.parametrize(
    "changes",
    [{"role": "king"}, {"name": ""}, {"grid": "no such"}, {"from": "someday"}, {"to": "2026-01-01"}],
    ids=lambda c: next(iter(c)),
)
def test_a_wrong_row_of_a_team_is_refused(filed: Registry, changes: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        filed.team_import(row(**changes), "张三")


def test_a_team_without_roles_is_refused(filed: Registry) -> None:
    with pytest.raises(InvalidInput, match="role"):
        filed.team_import(row().drop(columns="role"), "张三")


def test_a_second_leader_at_a_time_is_a_conflict(filed: Registry) -> None:
    with pytest.raises(Conflict, match="顾信浩"):
        filed.team_import(row(grid=A + "000"), "张三")


def test_a_leader_follows_one_who_has_ended(registry: Registry) -> None:
    file_through(registry, make_plan(communities()[:1]))
    registry.team_import(row(grid=A + "000", name="前任"), "张三")
    registry.team_end(A + "000", "leader", "前任", "2026-02-28")
    registry.team_import(row(grid=A + "000", name="后任", **{"from": "2026-03-01"}), "张三")
    assert registry.card(A + "000")["leader"]["name"] == "后任"


def test_a_table_with_a_last_day_makes_room_for_the_next_leader(registry: Registry) -> None:
    file_through(registry, make_plan(communities()[:1]))
    registry.team_import(row(grid=A + "000", name="前任"), "张三")
    ended = row(grid=A + "000", name="前任", to="2026-02-28")
    both = pd.concat([ended, row(grid=A + "000", name="后任", **{"from": "2026-03-01"})])
    assert registry.team_import(both, "张三") == TeamChange(new=1, ended=1)
    assert registry.card(A + "000")["leader"]["name"] == "后任"


@pytest.mark.parametrize("day", ["31.12.2026", "", "2026-01-31"])
def test_a_last_day_that_is_none_or_too_early_is_refused(registry: Registry, day: str) -> None:
    file_through(registry, make_plan(communities()[:1]))
    registry.team_import(row(grid=A + "000", name="前任"), "张三")
    with pytest.raises(InvalidInput, match=day or "day"):
        registry.team_end(A + "000", "leader", "前任", day)
    assert registry.team()["to"].tolist() == [None]


def test_ending_one_of_two_people_of_a_name_is_a_conflict(registry: Registry) -> None:
    file_through(registry, make_plan(communities()[:1]))
    namesakes = [row(grid=A + "000", role="administrator", phone=p) for p in ("13812340001", "13812340002")]
    registry.team_import(pd.concat(namesakes), "张三")
    with pytest.raises(Conflict, match="2 people"):
        registry.team_end(A + "000", "网格员", "新人", "2026-12-31")


def test_who_ended_an_appointment_is_written_down(registry: Registry) -> None:
    file_through(registry, make_plan(communities()[:1]))
    registry.team_import(row(grid=A + "000", name="前任"), "张三")
    registry.team_end(A + "000", "leader", "前任", "2026-12-31", by="李四")
    with registry._book.store.read() as c:
        assert c.exec_driver_sql("SELECT ended_by FROM appointment").scalars().all() == ["李四"]


def test_ending_what_never_began_is_not_found(filed: Registry) -> None:
    with pytest.raises(NotFound, match="nobody"):
        filed.team_end(A + "000", "leader", "nobody", "2026-02-28")


def test_a_community_that_is_renamed_has_its_new_name_at_once(registry: Registry) -> None:
    file_through(registry, make_plan(communities()[:1]))
    assert registry.card(A + "000")["community"]["name"] == "社区1"
    registry.import_communities(communities().assign(name="新名"))
    assert registry.card(A + "000")["community"]["name"] == "新名"


def test_threads_that_ask_for_other_revisions_do_not_disturb_one_another(registry: Registry) -> None:
    base = communities()
    for i in range(5):
        file_through(registry, make_plan(base[:1], [((300 + 40 * i, -10), (410, 900))]))
    wanted = [1 + k % 5 for k in range(60)]
    with ThreadPoolExecutor(8) as pool:
        assert [view.revision for view in pool.map(registry.view, wanted)] == wanted


# --- places and search ---------------------------------------------------------------------------------------------


def test_a_building_is_found_by_its_name(filed: Registry) -> None:
    name, kind, hit = filed.places("1-5号楼")[0]
    assert (name, kind, hit.code is not None) == ("1-5号楼", "building", True)


def test_an_exact_name_comes_before_longer_ones(filed: Registry) -> None:
    assert filed.places("1-1号楼")[0][0] == "1-1号楼"


def test_an_exact_name_is_found_though_many_names_that_contain_it_sort_before(registry: Registry) -> None:
    file_through(registry, make_plan(communities()[:1]))
    names = [f"A{i}号楼" for i in range(30)] + ["号楼"]
    lon, lat = middle(registry, A + "000")
    spots = gpd.GeoDataFrame({"id": range(31), "name": names}, geometry=[shapely.Point(lon, lat)] * 31, crs="EPSG:4490")
    registry.import_context("buildings", spots)
    assert registry.places("号楼", limit=3)[0][0] == "号楼"


def test_the_empty_name_is_refused(filed: Registry) -> None:
    with pytest.raises(InvalidInput, match="name"):
        filed.places("  ")


def test_an_unknown_place_has_no_hit(filed: Registry) -> None:
    assert filed.places("不存在的地方") == []


def test_a_search_finds_a_code_first(filed: Registry) -> None:
    assert filed.search(A + "003")[0]["code"] == A + "003"


def test_a_search_reads_coordinates_and_tells_their_grid(filed: Registry) -> None:
    lon, lat = (round(v, 6) for v in middle(filed, A + "003"))
    assert filed.search(f"{lon}，{lat}") == [
        {"kind": "coordinate", "label": f"{lon}, {lat}", "code": A + "003", "lon": lon, "lat": lat}
    ]


def test_a_percent_sign_is_no_wildcard(filed: Registry) -> None:
    assert filed.search("%") == []


def test_a_search_keeps_to_its_limit(filed: Registry) -> None:
    assert len(filed.search("网格", limit=3)) == 3


def test_an_unknown_layer_is_not_found(filed: Registry) -> None:
    with pytest.raises(NotFound, match="volcanoes"):
        filed.context("volcanoes")


# --- the locator ---------------------------------------------------------------------------------------------------


def test_the_locator_answers_as_the_registry(filed: Registry, locator: Locator) -> None:
    point = middle(filed, A + "003")
    assert locator.locate(*point) == filed.locate(*point)


def test_the_locator_masks_phones_by_default(locator: Locator) -> None:
    assert set(locator.team()["phone"].str.contains("*", regex=False) | (locator.team()["phone"] == "")) == {True}


def test_the_locator_filters_by_level(locator: Locator) -> None:
    assert set(locator.grids(level=2)["level"]) == {2}


def test_a_locator_stays_on_its_revision_until_refreshed(registry: Registry) -> None:
    base = communities()
    file_through(registry, make_plan(base[:1]))
    locator = Locator(registry)
    file_through(registry, make_plan(base[1:2]))
    assert locator.revision == 1
    assert locator.refresh()
    assert locator.revision == 2


def test_refreshing_without_news_says_so(locator: Locator) -> None:
    assert not locator.refresh()


def test_an_empty_registry_opens_but_has_nothing_to_answer(registry: Registry) -> None:
    with pytest.raises(NotFound, match="plan file"):
        need_revision(Locator(registry))


def test_a_context_layer_comes_in_stored_coordinates(registry: Registry) -> None:
    line = gpd.GeoDataFrame(
        {"id": [7], "klass": ["primary"], "name": ["西大街"]},
        geometry=[shapely.LineString([(109, 32), (109.1, 32)])],
        crs="EPSG:4326",
    )
    registry.import_context("roads", line)
    roads = Locator(registry).context("roads")
    assert (roads.crs.to_epsg(), roads["name"].tolist(), roads.geom_type.tolist()) == (
        4490,
        ["西大街"],
        ["MultiLineString"],
    )


def test_many_points_give_as_many_answers(locator: Locator) -> None:
    rng = np.random.default_rng(1)
    west, south, east, north = locator.grids().total_bounds
    table = locator.locate_many(rng.uniform(west, east, 500), rng.uniform(south, north, 500))
    assert len(table) == 500
