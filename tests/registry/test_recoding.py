"""A new edition of the region codes: grids get new codes in one revision, and nothing else about them changes."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from gridgis.coding.editions import Lineage, Step
from gridgis.errors import Conflict, Rejected
from gridgis.registry import Registry
from tests.registry.hand import A, B, C, Clock, communities, file_through, make_plan

HALVES = ((500.0, -5.0), (520.0, 905.0))
NEW_A = "990081001001"


def lineage(**heirs: str | None) -> Lineage:
    pairs = {A: NEW_A, B: B, **{k.lstrip("c"): v for k, v in heirs.items()}}
    return Lineage(
        tuple(Step(5, old, new, "prefix") for old, new in sorted(pairs.items())), date(2020, 6, 30), date(2023, 6, 30)
    )


@pytest.fixture
def filed_two(registry: Registry, clock: Clock) -> Registry:
    """Return a registry in which A and B are filed, and A has a leader."""
    file_through(registry, make_plan(communities()[:2], [HALVES]))
    row = {"grid": A + "001", "role": "leader", "name": "顾信浩", "phone": "13812345678", "from": "2026-01-01"}
    registry.team_import(pd.DataFrame([row]), "张三")
    clock.pass_days(10)
    return registry


def test_grids_get_the_codes_of_the_new_edition_and_keep_all_else(filed_two: Registry) -> None:
    before = filed_two.grids()
    assert filed_two.recode(lineage(), "王五", "区划调整") == 2
    after = filed_two.grids()
    expected = [c.replace(A, NEW_A) for c in before["code"]]
    assert sorted(expected) == after["code"].tolist()
    moved = after.set_index("code").loc[expected]
    assert moved.geometry.tolist() == before.geometry.tolist()
    assert moved["name"].tolist() == before["name"].tolist()
    assert filed_two.check().empty


def test_a_recoded_grid_descends_wholly_from_the_old_one(filed_two: Registry) -> None:
    filed_two.recode(lineage(), "王五")
    kin = filed_two.history(NEW_A + "001").attrs["lineage"]
    assert [(k["old"], k["area_share"], k["relation"]) for k in kin] == [(A + "001", 1.0, "recoded")]


def test_leaders_go_on_under_the_new_code(filed_two: Registry) -> None:
    filed_two.recode(lineage(), "王五")
    assert filed_two.leaders()[NEW_A + "001"][0]["name"] == "顾信浩"
    assert filed_two.leaders("2026-03-01")[A + "001"][0]["name"] == "顾信浩"


def test_the_old_codes_answer_for_past_days(filed_two: Registry) -> None:
    filed_two.recode(lineage(), "王五")
    assert A + "001" in set(filed_two.grids(at=1)["code"])
    states = filed_two.issued_codes().set_index("code")["state"]
    assert (states[A + "001"], states[NEW_A + "001"]) == ("retired", "in_force")


def test_a_community_is_divided_again_under_its_new_code(filed_two: Registry) -> None:
    filed_two.recode(lineage(), "王五")
    base = filed_two.communities().to_crs("EPSG:4545")
    renamed = communities()[:1].assign(code=NEW_A)
    assert set(base["code"]) >= {NEW_A, B}
    assert file_through(filed_two, make_plan(renamed, [HALVES], [((-5.0, 401.0), (2000.0, 433.3))])) == 3
    assert filed_two.check().empty


def test_a_grid_without_heir_stops_all(filed_two: Registry) -> None:
    with pytest.raises(Rejected, match=r"cannot be recoded.*990001001002"):
        filed_two.recode(lineage(c990001001002=None), "王五")
    assert filed_two.revision == 1


def test_an_open_plan_stands_in_the_way(filed_two: Registry) -> None:
    filed_two.plan_new(make_plan(communities()[:1]), "方案", "张三")
    with pytest.raises(Conflict, match="open"):
        filed_two.recode(lineage(), "王五")


def test_an_edition_that_changes_nothing_here_is_refused(filed_two: Registry) -> None:
    with pytest.raises(Rejected, match="no grid"):
        filed_two.recode(lineage(**{f"c{A}": A}), "王五")


def test_communities_that_exchange_their_codes_are_recoded(filed_two: Registry) -> None:
    with pytest.raises(Rejected, match="divide it anew"):  # codes that are in force are not given to others
        filed_two.recode(lineage(**{f"c{A}": B, f"c{B}": A}), "王五")


@pytest.mark.parametrize(
    ("heirs", "told"),
    [
        ({C: B}, f"{B}, {C} -> {B}"),
        ({A: C}, f"{A}, {C} -> {C}"),  # the lineage says nothing of C, which is not divided
    ],
)
def test_communities_that_would_share_a_code_stop_all(filed_two: Registry, heirs: dict[str, str], told: str) -> None:
    before = filed_two.communities()["code"].tolist()
    with pytest.raises(Rejected, match=f"{told}.*take out") as e:
        filed_two.recode(lineage(**{f"c{old}": new for old, new in heirs.items()}), "王五")
    assert "没有换任何网格" in e.value.zh
    assert list(e.value.fields["communities"]) == list(heirs.values())
    assert (filed_two.revision, filed_two.communities()["code"].tolist()) == (1, before)


def test_two_undivided_communities_that_would_share_a_code_stop_all(registry: Registry) -> None:
    file_through(registry, make_plan(communities()[2:], []))
    with pytest.raises(Rejected, match=f"{A}, {B} -> {NEW_A}"):
        registry.recode(lineage(**{f"c{B}": NEW_A, f"c{C}": "990081001003"}), "王五")
    assert registry.revision == 1


def test_a_plan_is_superseded_under_the_new_codes_of_its_communities(filed_two: Registry) -> None:
    filed_two.recode(lineage(), "王五")
    renamed = communities().replace({"code": {A: NEW_A}})
    states = []
    for code in (B, NEW_A):
        states.append(filed_two.plans()["state"].tolist())
        file_through(filed_two, make_plan(renamed[renamed["code"] == code]))
    states.append(filed_two.plans()["state"].tolist())
    assert states == [["filed"] * 2, ["filed"] * 3, ["superseded", *["filed"] * 3]]  # the second is the recoding


def test_a_plan_filed_at_once_under_old_and_new_codes_is_superseded(filed_two: Registry) -> None:
    filed_two.recode(lineage(), "王五")
    file_through(filed_two, make_plan(communities().replace({"code": {A: NEW_A}})[:2]))
    assert filed_two.plans()["state"].tolist() == ["superseded", "filed", "filed"]
