"""The grid of a street: formed at filing as the union of its communities, renewed when one joins, never mixed."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from gridgis.checks import verify
from gridgis.coding import Scheme
from gridgis.errors import InvalidInput, Rejected
from gridgis.geometry.crs import to_stored
from gridgis.model import Community, DivisionPlan, DivisionRules
from gridgis.registry import Registry
from gridgis.service.plans import communities_on_base
from tests.registry.conftest import Address
from tests.registry.hand import (
    X0,
    Y0,
    A,
    B,
    C,
    Clock,
    Line,
    box,
    buildings,
    communities,
    file_through,
    make_plan,
    make_registry,
)

STREET = "990001001000000"
WIDE: Line = ((-5, 333), (1995, 444))
RULES = DivisionRules.load("town-level-1")


def town_plan(base: gpd.GeoDataFrame, *lines: Line, carved: tuple[shapely.Polygon, ...] = ()) -> DivisionPlan:
    """Return a hand-made plan in which the community is level 2."""
    plan = make_plan(base, (), lines, carved=carved)
    grids = plan.grids[plan.grids["level"].fillna(0) != 1].reset_index(drop=True)
    grids["parent"] = [p if "-2-" in str(p) else None for p in grids["parent"]]
    return replace(plan, grids=grids, rules=dict.fromkeys(plan.rules, RULES))


def only(*codes: str) -> gpd.GeoDataFrame:
    base = communities()
    return base[base["code"].isin(codes)].reset_index(drop=True)


def street(registry: Registry, code: str = STREET) -> pd.Series:
    grids = registry.grids()
    return grids[grids["code"] == code].iloc[0]


def outline(base: gpd.GeoDataFrame, *codes: str) -> shapely.Geometry:
    return shapely.coverage_union_all(to_stored(base[base["code"].isin(codes)]).geometry.to_numpy())


def whole(registry: Registry, code: str, *members: str) -> None:
    """Check that a street is vertex by vertex the union of the base of its communities, and the registry sound."""
    expected = shapely.normalize(outline(registry.communities(), *members))
    found = shapely.normalize(shapely.coverage_union_all(shapely.get_parts(street(registry, code)["geometry"])))
    assert shapely.equals_exact(found, expected, 0)
    assert registry.check().empty
    grids = registry.grids()
    for level in (1, 2, 3):
        cover = grids.geometry[(grids["level"].fillna(0) == level) | ((grids["mode"] == "carve") & (level > 1))]
        assert shapely.coverage_is_valid(cover.to_numpy(), gap_width=1e-8)


def test_the_first_community_is_the_street_and_a_point_answers_with_a_chain_of_three(registry: Registry) -> None:
    file_through(registry, town_plan(only(A), WIDE))
    row = street(registry)
    assert (row["level"], row["name"], row["community"], row["parent"]) == (1, "西大街街道", "990001001", None)
    assert row["households"] == buildings(only(A))["households"].sum()
    whole(registry, STREET, A)
    point = to_stored(gpd.GeoDataFrame(geometry=[shapely.Point(X0 + 100, Y0 + 100)], crs="EPSG:4545")).geometry[0]
    hit = registry.locate(point.x, point.y)
    assert hit.chain == (hit.code, A + "001", STREET)
    assert [link["level"] for link in registry.card(str(hit.code))["chain"]] == [3, 2, 1]
    assert registry.card(STREET)["street"] == "西大街街道"


def test_a_community_that_joins_renews_the_street_under_its_code(registry: Registry) -> None:
    file_through(registry, town_plan(only(A), WIDE))
    file_through(registry, town_plan(only(B, C), WIDE, ((1400, -5), (1400, 1405))))
    whole(registry, STREET, A, B, C)
    versions = registry.history(STREET)
    assert versions["valid_from"].tolist() == [1, 2]
    told = registry.lineage()
    ours = told[(told["old"] == STREET) & (told["revision"] == 2)]
    assert ours[["new", "households_share", "area_share", "relation"]].to_numpy().tolist() == [
        [STREET, 1.0, 1.0, "continues"]
    ]
    assert street(registry)["households"] == buildings(communities())["households"].sum()
    assert registry.grids(at=1)["code"].tolist().count(STREET) == 1


def test_level_2_and_carved_grids_hang_on_the_street(registry: Registry) -> None:
    file_through(registry, town_plan(only(A), WIDE, carved=(box(100, 100, 50, 50),)))
    grids = registry.grids()
    assert set(grids["parent"][(grids["level"] == 2).fillna(False) | (grids["mode"] == "carve")]) == {STREET}
    assert street(registry)["households"] == buildings(only(A))["households"].sum()
    whole(registry, STREET, A)


def test_a_community_divided_again_keeps_the_street_whole(registry: Registry) -> None:
    file_through(registry, town_plan(communities(), WIDE))
    file_through(registry, town_plan(only(B), ((-5, 300), (1995, 410))))
    whole(registry, STREET, A, B, C)
    assert registry.history(STREET)["note"].tolist() == [None, None]
    conformed = registry.grids()
    assert "conformed" in set(conformed["note"][conformed["community"] == A])


def test_the_leader_of_the_street_stays_when_a_community_joins(registry: Registry) -> None:
    file_through(registry, town_plan(only(A), WIDE))
    head = pd.DataFrame([(STREET, "leader", "顾信浩", "2026-03-01")], columns=["grid", "role", "name", "from"])
    registry.team_import(head, "张三")
    file_through(registry, town_plan(only(B), WIDE))
    assert registry.team()["grid"].tolist() == [STREET]


def test_a_street_next_to_another_takes_over_its_new_vertices(address: Address) -> None:
    other = "990001002001"
    base = communities({A: box(0, 0, 1000, 800), other: box(1000, 0, 900, 800)})
    with make_registry(address(), base=base) as registry:
        file_through(registry, town_plan(base[base["code"] == A], WIDE))
        file_through(registry, town_plan(base[base["code"] == other].reset_index(drop=True), ((-5, 100), (1995, 210))))
        whole(registry, STREET, A)
        whole(registry, "990001002000000", other)
        assert registry.history(STREET)["note"].tolist() == [None, "conformed"]


def test_streets_whose_communities_lie_apart_are_formed_too(address: Address) -> None:
    base = communities({A: box(0, 0, 1000, 800), B: box(1500, 0, 900, 800)})
    with make_registry(address(), base=base) as registry:
        file_through(registry, town_plan(base, WIDE))
        assert shapely.get_num_geometries(street(registry)["geometry"]) == 2
        assert registry.check().empty


def test_a_street_is_of_one_kind(registry: Registry) -> None:
    file_through(registry, town_plan(only(A), WIDE))
    number = registry.plan_new(make_plan(only(B), (), [WIDE]), "另一种", "张三")
    with pytest.raises(Rejected, match="in one street all are level 1, or all level 2"):
        registry.plan_submit(number, "张三")
    assert registry.plan(number)["state"] == "draft"


@pytest.mark.parametrize("first", ["town", "usual"])
def test_a_community_in_force_does_not_change_its_kind(registry: Registry, first: str) -> None:
    plans = [town_plan(only(A), WIDE), make_plan(only(A), (), [WIDE])]
    before, after = plans if first == "town" else plans[::-1]
    file_through(registry, before)
    number = registry.plan_new(after, "换一种", "张三")
    with pytest.raises(Rejected, match="this cannot change once filed"):
        registry.plan_submit(number, "张三")
    assert registry.revision == 1


def test_a_plan_of_both_kinds_is_refused_in_one_street_only(address: Address) -> None:
    other = "990001002001"
    base = communities({A: box(0, 0, 1000, 800), other: box(1000, 0, 900, 800)})
    with make_registry(address(), base=base) as registry:
        file_through(registry, town_plan(base[base["code"] == A], WIDE))
        file_through(registry, make_plan(base[base["code"] == other].reset_index(drop=True), (), [WIDE]))
        whole(registry, STREET, A)


def test_a_scheme_without_a_code_for_streets_is_refused_at_once(address: Address) -> None:
    text = Scheme.load("national-15").toml.replace('union = "street"', "")
    path = address()
    with Registry.create(path, work_crs="EPSG:4545", scheme=Scheme.from_text(text), clock=Clock()) as registry:
        registry.import_communities(communities())
        with pytest.raises(InvalidInput, match="has no code for a grid above the community"):
            registry.plan_new(town_plan(only(A), WIDE), "街道", "张三")
        assert registry.plans().empty


def test_the_street_s_code_of_a_withdrawn_plan_comes_again(registry: Registry) -> None:
    number = registry.plan_new(town_plan(only(A), WIDE), "撤回", "张三")
    registry.plan_submit(number, "张三")
    registry.plan_withdraw(number, "张三")
    codes = registry.issued_codes().set_index("code")["state"]
    assert codes[STREET] == "burned"
    file_through(registry, town_plan(only(A), WIDE))
    assert registry.issued_codes().set_index("code")["state"][STREET] == "in_force"
    assert registry.check().empty


def test_two_plans_of_one_street_may_be_on_their_way_at_once(registry: Registry) -> None:
    one = registry.plan_new(town_plan(only(A), WIDE), "甲", "张三")
    two = registry.plan_new(town_plan(only(B), WIDE), "乙", "张三")
    for number in (one, two):
        registry.plan_submit(number, "张三")
        registry.plan_review(number, "李四")
    for number in (two, one):
        registry.plan_file(number, "王五")
    whole(registry, STREET, A, B)


def test_a_whole_revision_is_verified(registry: Registry) -> None:
    base = communities()
    file_through(registry, town_plan(only(A, B), WIDE))
    bare = gpd.GeoDataFrame({"klass": []}, geometry=[], crs="EPSG:4545")
    homes = buildings(base)
    given = [
        Community(code, code, shape, homes[homes["community"] == code], bare)
        for code, shape in zip(base["code"], base.geometry, strict=True)
        if code != C
    ]
    placed = communities_on_base(registry, given)
    grids = registry.grids().assign(local_id=lambda g: g["code"], previous=None)
    found = verify(grids, placed, RULES, revision_wide=True)
    assert found.ok, found.violations.to_string()
    missing = verify(grids[grids["code"] != STREET], placed, RULES, revision_wide=True)
    assert set(missing.violations["rule"]) == {"schema"}
