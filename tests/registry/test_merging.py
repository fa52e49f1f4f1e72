"""Merges: of grids in one community, and of whole communities into one; and the way back. On both stores."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest
import shapely

from gridgis.coding import Scheme
from gridgis.errors import Conflict, Forbidden, InvalidInput, NotFound, Rejected
from gridgis.ledger.powers import Powers
from gridgis.registry import Registry
from gridgis.service.merging import Merge, plan_of_merge
from tests.registry.conftest import Address
from tests.registry.hand import WORK, A, B, C, Clock, box, communities, file_through, make_plan, make_registry

AB = "990001001009"
CUTS = [((500.0, -5.0), (520.0, 905.0)), ((1500.0, -5.0), (1480.0, 905.0))]


def divided(registry: Registry, codes: tuple[str, ...] = (A, B, C)) -> Registry:
    base = communities()
    file_through(registry, make_plan(base[base["code"].isin(codes)], CUTS, [((-5.0, 400.0), (2000.0, 420.0))]))
    return registry


@pytest.fixture
def two(registry: Registry) -> Registry:
    return divided(registry)


def file_merge(registry: Registry, *codes: str, **more: Any) -> int:
    return file_through(registry, plan_of_merge(registry, Merge(codes, **more)))


def whole(registry: Registry, *members: str) -> tuple[str, ...]:
    return tuple(f"{code}000" for code in members)


def point(registry: Registry, code: str) -> tuple[float, float]:
    grids = registry.grids().set_index("code")
    spot = grids.geometry.loc[code].representative_point()
    return spot.x, spot.y


def test_two_communities_become_one(two: Registry, clock: Clock) -> None:
    before = two.grids()
    lon, lat = point(two, f"{B}003")
    clock.pass_days(30)
    assert file_merge(two, *whole(two, A, B), name="联合社区", community_code=AB) == 2
    after = two.grids()
    assert sorted(set(after["community"])) == [C, AB]
    top = after[after["code"] == f"{AB}000"].iloc[0]
    assert (top["name"], top["level"]) == ("联合社区", 1)
    old = before[before["code"].isin(whole(two, A, B))]
    assert top["households"] == old["households"].sum()
    assert top.geometry.symmetric_difference(shapely.coverage_union_all(old.geometry.to_numpy())).area == 0.0
    assert two.check().empty, two.check().to_dict("records")
    hit = two.locate(lon, lat)
    assert hit.chain[-1] == f"{AB}000"
    assert str(hit.code).startswith(AB)
    assert two.locate(lon, lat, at=1).chain[-1] == f"{B}000"
    assert two.locate(lon, lat, at="2026-03-30").chain[-1] == f"{B}000"
    assert two.locate(lon, lat, at="2026-03-31").chain[-1] == f"{AB}000"


def test_the_lineage_of_two_communities_that_become_one(two: Registry) -> None:
    file_merge(two, *whole(two, A, B), community_code=AB)
    kin = two.history(f"{AB}000").attrs["lineage"]
    assert [(k["old"], k["relation"], k["households_share"]) for k in kin] == [
        (f"{A}000", "continues", 1.0),  # more than half of both, as its leader
        (f"{B}000", "merge", 1.0),
    ]
    lineage = two.lineage()
    below = lineage[(lineage["revision"] == 2) & (lineage["new"] != f"{AB}000")]
    assert set(below["relation"]) == {"continues"}
    assert set(below["old"].str[:12]) == {A, B}
    assert set(below["new"].str[:12]) == {AB}
    assert set(two.issued_codes().set_index("code")["state"].loc[list(whole(two, A, B))]) == {"retired"}


def test_a_merge_is_compared_with_all_that_stood_on_its_ground(two: Registry) -> None:
    number = two.plan_new(plan_of_merge(two, Merge(whole(two, A, B), community_code=AB)), "合并", "李四")
    table = two.changes("r1", str(number)).table()
    removed = table["code"][table["change"] == "removed"]
    assert {code[:12] for code in removed} == {A, B}
    assert {code[:12] for code in table["code"][table["change"] == "added"]} == {AB}
    assert "changed" not in set(table["change"])


def test_leaders_follow_the_grids_that_go_on_under_new_codes(two: Registry) -> None:
    team = pd.DataFrame(
        [(f"{A}001", "leader", "叶娟", "2026-01-01"), (f"{B}000", "leader", "顾信浩", "2026-01-01")],
        columns=["grid", "role", "name", "from"],
    )
    two.team_import(team, "张三")
    file_merge(two, *whole(two, A, B), community_code=AB)
    heir = two.history(f"{A}001").attrs["lineage"][-1]["new"]
    assert two.leaders()[heir][0]["name"] == "叶娟"
    left = [row["subject"] for row in two.plan(2)["report"] if row["rule"] == "vacancy"]
    assert left == [f"{B}000"]


def test_the_neighbour_of_merged_communities_goes_on_untouched(two: Registry) -> None:
    before = two.grids()
    file_merge(two, *whole(two, A, B), community_code=AB)
    after = two.grids()
    ours = [f[f["community"] == C].drop(columns="geometry").to_dict("records") for f in (before, after)]
    assert ours[0] == ours[1]


def test_after_the_merge_grids_of_both_sides_may_be_merged(two: Registry) -> None:
    file_merge(two, *whole(two, A, B), community_code=AB)
    grids = two.grids(level=2)
    grids = grids[grids["community"] == AB]
    beside = [
        (a, b)
        for a, x in zip(grids["code"], grids.geometry, strict=True)
        for b, y in zip(grids["code"], grids.geometry, strict=True)
        if a < b and shapely.relate_pattern(x, y, "****1****")
    ]
    origin = {row["new"]: row["old"][:12] for row in two.lineage().to_dict("records")}
    a, b = next((a, b) for a, b in beside if origin[a] != origin[b])
    file_merge(two, a, b, name="跨界网格")
    merged = two.grids(level=2).set_index("name").loc["跨界网格"]
    assert [k["old"] for k in two.history(merged["code"]).attrs["lineage"]] == [a, b]
    assert two.check().empty


def test_merged_communities_divided_alone_again(two: Registry) -> None:
    before = two.grids()
    file_merge(two, *whole(two, A, B), community_code=AB)
    base = communities()
    with pytest.raises(Rejected, match=rf"put \['{B}'\] into the plan too"):
        two.plan_new(make_plan(base[base["code"] == A], CUTS), "方案", "张三")
    file_through(two, make_plan(base[base["code"].isin([A, B])], CUTS, [((-5.0, 400.0), (2000.0, 420.0))]))
    after = two.grids()
    assert sorted(set(after["community"])) == [A, B, C]
    again = after.set_index("code").loc[list(whole(two, A, B))]
    assert list(again["valid_from"]) == [3, 3]
    ours = after[after["community"].isin([A, B]) & (after["level"] > 1)]
    assert not set(ours["code"]) & set(before["code"])
    assert two.check().empty, two.check().to_dict("records")
    assert file_merge(two, *whole(two, A, B)) == 4
    assert two.check().empty, two.check().to_dict("records")
    assert set(two.grids(at=4)["community"]) == {AB, C}


def test_a_plan_of_a_part_is_stale_once_the_whole_was_merged(two: Registry) -> None:
    base = communities()
    part = two.plan_new(make_plan(base[base["code"] == A], CUTS[:1]), "方案", "张三")
    merged = two.plan_new(plan_of_merge(two, Merge(whole(two, A, B), community_code=AB)), "合并", "李四")
    two.plan_submit(merged, "李四")
    two.plan_review(merged, "李四")
    two.plan_file(merged, "李四")
    with pytest.raises(Conflict, match=f"plan {merged} was filed as revision 2 by 李四"):
        two.plan_submit(part, "张三")


def test_a_merge_is_stale_once_a_part_was_divided(two: Registry) -> None:
    base = communities()
    merged = two.plan_new(plan_of_merge(two, Merge(whole(two, A, B), community_code=AB)), "合并", "李四")
    two.plan_submit(merged, "李四")
    two.plan_review(merged, "李四")
    file_through(two, make_plan(base[base["code"] == A], [((300.0, -5.0), (320.0, 905.0))]))
    with pytest.raises(Conflict, match="return it and submit it again"):
        two.plan_file(merged, "李四")


def test_the_plans_of_both_communities_are_superseded(registry: Registry) -> None:
    base = communities()
    for code in (A, B, C):
        file_through(registry, make_plan(base[base["code"] == code], CUTS))
    file_merge(registry, *whole(registry, A, B), community_code=AB)
    assert registry.plans()["state"].tolist() == ["superseded", "superseded", "filed", "filed"]


def test_a_returned_merge_keeps_its_codes(two: Registry) -> None:
    number = two.plan_new(plan_of_merge(two, Merge(whole(two, A, B), community_code=AB)), "合并", "李四")
    two.plan_submit(number, "李四")
    first = two.plan_grids(number)["code"].tolist()
    two.plan_return(number, "王五")
    two.plan_submit(number, "李四")
    assert two.plan_grids(number)["code"].tolist() == first
    assert "burned" not in set(two.issued_codes()["state"])


def test_cjt349_numbers_merged_communities_from_601(address: Address, clock: Clock) -> None:
    base = communities()
    with Registry.create(address(), work_crs=WORK, scheme="cjt349-20", clock=clock) as registry:
        registry.import_communities(base)
        divided(registry)
        plan = plan_of_merge(registry, Merge(tuple(f"000000{c}00" for c in (A, B))))
        assert set(plan.grids["community"]) == {"990001001601"}
        file_through(registry, plan)
        codes = registry.grids()["code"]
        assert "00000099000100160100" in set(codes)
        assert {c[:18] for c in codes} == {"000000990001001601", f"000000{C}"}
        assert registry.check().empty
        file_through(registry, plan_of_merge(registry, Merge(("00000099000100160100", f"000000{C}00"))))
        assert set(registry.grids()["community"]) == {"990001001602"}
        assert registry.check().empty


def test_the_community_is_level_2_and_merged(address: Address) -> None:
    from tests.registry.test_streets import town_plan

    with make_registry(address()) as registry:
        file_through(registry, town_plan(communities()))
        grids = registry.grids(level=2)
        ours = grids["code"][grids["community"].isin([A, B])].tolist()
        file_through(registry, plan_of_merge(registry, Merge(tuple(ours), community_code=AB)))
        assert registry.check().empty, registry.check().to_dict("records")
        assert sorted(registry.grids(level=2)["community"]) == [C, AB]
        assert len(registry.grids(level=1)) == 1


@pytest.mark.parametrize("level", [2, 3])
def test_a_grid_across_two_communities_is_refused_with_the_way_out(two: Registry, level: int) -> None:
    grids = two.grids(level=level)
    a, b = (grids["code"][grids["community"] == c].iloc[0] for c in (A, B))
    with pytest.raises(InvalidInput, match=rf"merge these first by their largest grids \['{A}000', '{B}000'\]"):
        plan_of_merge(two, Merge((a, b)))


def test_a_scheme_without_numbers_for_it_asks_for_a_code(two: Registry) -> None:
    with pytest.raises(InvalidInput, match="--code"):
        plan_of_merge(two, Merge(whole(two, A, B)))


def test_what_cannot_be_merged_is_refused(two: Registry) -> None:
    with pytest.raises(NotFound, match="not in force"):
        plan_of_merge(two, Merge((f"{A}000", "990001001001999")))
    with pytest.raises(InvalidInput, match="two grids or more"):
        plan_of_merge(two, Merge((f"{A}000", f"{A}000")))
    with pytest.raises(InvalidInput, match=r"levels \[1, 2\]"):
        plan_of_merge(two, Merge((f"{A}000", f"{A}001")))
    with pytest.raises(Conflict, match=f"{C} is in use"):
        plan_of_merge(two, Merge(whole(two, A, B), community_code=C))
    with pytest.raises(InvalidInput, match="社区代码"):
        plan_of_merge(two, Merge(whole(two, A, B), community_code="12"))
    with pytest.raises(NotFound, match="base layer"):
        two.merge_communities([A, "990001001077"], "联合", AB)
    with pytest.raises(InvalidInput, match="two communities"):
        two.merge_communities([A, A], "联合", AB)


def test_level_3_grids_of_two_level_2_grids_are_refused_with_the_way_out(two: Registry) -> None:
    grids = two.grids(level=3)
    grids = grids[grids["community"] == A]
    a, b = grids.drop_duplicates("parent")["code"]
    with pytest.raises(InvalidInput, match="merge these first"):
        plan_of_merge(two, Merge((a, b)))


def test_grids_that_do_not_touch_are_refused(registry: Registry) -> None:
    base = communities()
    cuts = [((300.0, -5.0), (300.0, 905.0)), ((600.0, -5.0), (600.0, 905.0))]
    file_through(registry, make_plan(base[base["code"] == A], cuts))
    grids = registry.grids(level=2)
    x = grids.representative_point().x.to_numpy()
    east, west = (grids["code"].iloc[k] for k in (x.argmax(), x.argmin()))
    with pytest.raises(InvalidInput, match="do not touch"):
        plan_of_merge(registry, Merge((east, west)))


@pytest.fixture
def apart(address: Address) -> Iterator[Registry]:
    """Return a registry in which two communities touch in a corner only, and one is of another street."""
    shapes = {A: box(0, 0, 500, 500), B: box(500, 500, 500, 500), "990001002001": box(0, 500, 500, 500)}
    with make_registry(address(), base=communities(shapes)) as made:
        yield made


def test_communities_in_a_corner_or_of_two_streets_are_refused(apart: Registry) -> None:
    with pytest.raises(InvalidInput, match="do not touch"):
        apart.merge_communities([A, B], "联合", AB)
    with pytest.raises(InvalidInput, match="not of one street"):
        apart.merge_communities([A, "990001002001"], "联合", AB)


def test_a_merged_community_is_shown_in_the_place_of_its_members(two: Registry) -> None:
    assert two.merge_communities([A, B], "联合社区", AB) == AB
    assert two.merge_communities([B, A]) == AB
    assert sorted(two.context("communities")["code"]) == [A, B, C]
    file_merge(two, *whole(two, A, B))
    assert sorted(two.context("communities")["code"]) == [C, AB]
    assert sorted(two.communities()["code"]) == [A, B, C, AB]


def test_who_may_not_take_in_plans_adds_no_community(two: Registry) -> None:
    two.set_powers(Powers.load("township-divides"))
    with pytest.raises(Forbidden, match="township"):
        plan_of_merge(two, Merge(whole(two, A, B), "错名社区", AB))
    with pytest.raises(Forbidden, match="township"):
        two.merge_communities([A, B], "错名社区", AB, "county")
    assert sorted(two.communities()["code"]) == [A, B, C]
    plan_of_merge(two, Merge(whole(two, A, B), "联合社区", AB, "township"))
    assert two.communities().set_index("code")["name"].loc[AB] == "联合社区"


def test_a_refused_plan_uses_no_number(two: Registry) -> None:
    two.set_powers(Powers.load("township-divides"))
    plan = plan_of_merge(two, Merge(tuple(two.grids(level=2).query("community == @A")["code"])))
    with pytest.raises(Forbidden):
        two.plan_new(plan, "合并", "张三")
    assert two.plan_new(plan, "合并", "张三", office="township") == 2
    with pytest.raises(Forbidden):
        two.plan_revise(2, plan, "张三", office="county")


def test_a_merged_community_that_nothing_bears_yet_takes_another_name(
    two: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    def name() -> str:
        return str(two.communities().set_index("code")["name"].loc[AB])

    two.merge_communities([A, B], "错名社区", AB)
    two.merge_communities([A, B])
    assert (name(), caplog.messages) == ("错名社区", [])
    two.merge_communities([A, B], "联合社区")
    assert name() == "联合社区"
    assert [("错名社区" in told, "联合社区" in told) for told in caplog.messages] == [(True, True)]
    number = two.plan_new(plan_of_merge(two, Merge(whole(two, A, B), "联合社区", AB)), "合并", "李四")
    with pytest.raises(Conflict, match=rf"plans \[{number}\] are open"):
        two.merge_communities([A, B], "新名社区")
    two.plan_withdraw(number, "李四")
    two.merge_communities([A, B], "新名社区")  # the community stays when its plan is withdrawn
    file_merge(two, *whole(two, A, B))
    with pytest.raises(Conflict, match="was in force"):
        two.merge_communities([A, B], "联合社区")
    assert (two.merge_communities([A, B], "新名社区"), name()) == (AB, "新名社区")


def test_a_plan_may_not_hold_a_merged_community_and_its_member(two: Registry) -> None:
    two.merge_communities([A, B], "联合社区", AB)
    base = communities()
    both = pd.concat([base[base["code"] == A], two.communities().to_crs(WORK).query("code == @AB")])
    with pytest.raises(Rejected, match="both stand on"):
        two.plan_new(make_plan(both), "方案", "张三")


def test_an_ordinary_merge_in_one_community(two: Registry, clock: Clock) -> None:
    a, b = two.grids(level=2).query("community == @A").sort_values("households")["code"]
    clock.pass_days(1)
    file_merge(two, a, b, name="幸福里网格")
    merged = two.grids(level=2).set_index("name").loc["幸福里网格"]
    assert merged["code"] == b  # the larger one goes on
    kin = two.history(b).attrs["lineage"]
    assert {(k["old"], k["relation"]) for k in kin} == {(a, "merge"), (b, "continues")}
    assert set(two.grids(level=3).query("community == @A")["parent"]) == {merged["code"]}
    assert two.check().empty


def test_nested_18_gives_the_grids_of_merged_communities_codes_of_their_own(address: Address) -> None:
    scheme = Scheme.load("nested-18")
    with Registry.create(address(), work_crs=WORK, scheme="nested-18", clock=Clock()) as registry:
        registry.import_communities(communities())
        divided(registry)
        file_merge(registry, *(scheme.build(c) for c in (A, B)), community_code=AB)
        grids = registry.grids()
        ours = grids[grids["community"] == AB]
        assert {scheme.parse(code).region for code in ours["code"]} == {AB}
        assert all(
            scheme.grids_above(scheme.parse(code)) == (parent,)
            for code, parent, level in zip(ours["code"], ours["parent"], ours["level"], strict=True)
            if level == 3
        )
        assert registry.check().empty
