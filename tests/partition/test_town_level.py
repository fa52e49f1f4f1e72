"""Rules in which the community is level 2: no level 1 in the plan, level 3 from the search, refusals."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridgis.checks import verify
from gridgis.errors import InvalidInput
from gridgis.geometry.crs import to_stored
from gridgis.model import Community, DivisionPlan, DivisionRules, Pin
from gridgis.partition import divide, plan_from_atoms
from gridgis.service.divide import plan_figures
from tests.partition.communities import (
    BOX,
    CODE,
    NEXT,
    RIVER,
    RULES,
    SCHOOL,
    community,
    fingerprint,
    flags,
    houses,
    neighbours,
    nested,
    told,
    village,
)

TOWN = replace(RULES, community_level=2, level3=RULES.level2)


def levels(plan: DivisionPlan, level: int) -> Any:
    return plan.grids[(plan.grids["level"] == level).fillna(False).to_numpy(dtype=bool)]


def divided(ground: Community | list[Community], **options: Any) -> DivisionPlan:
    """Divide, and check with shapely alone, then with the verifier, what must hold for every plan."""
    plan = divide(ground, TOWN, **options)
    stored = to_stored(plan.grids)
    base = shapely.coverage_union_all(to_stored(plan.base).geometry.to_numpy())
    level = stored["level"].astype("Float64").fillna(0).to_numpy()
    carved = (stored["mode"] == "carve").to_numpy()
    assert set(level) <= {0.0, 2.0, 3.0}
    for number in (2, 3):
        cover = stored.geometry.to_numpy()[(level == number) | carved]
        assert shapely.coverage_is_valid(cover, gap_width=1e-8)
        assert shapely.coverage_union_all(cover).equals(base)
        assert plan.grids["households"][(level == number) | carved].sum() == plan.buildings["households"].sum()
    assert set(shapely.get_type_id(stored.geometry.to_numpy()[level >= 2])) == {3}
    assert levels(plan, 2)["parent"].isna().all()
    assert plan.grids["parent"][plan.grids["kind"] == "dedicated"].isna().all()
    nested(stored)
    report = verify(plan, ground, TOWN)
    assert report.ok, report.violations.to_string()
    return plan


def test_each_community_is_one_level_2_grid_named_after_it_and_level_3_is_cut_into_the_band() -> None:
    plan = divided(neighbours())
    assert levels(plan, 2)["local_id"].tolist() == [f"{CODE}-2-01", f"{NEXT}-2-01"]
    assert levels(plan, 2)["name"].tolist() == ["柳荫社区", "梧桐社区"]
    third = levels(plan, 3)
    mine = third[third["community"] == CODE]
    assert mine["name"].tolist() == [f"柳荫社区第{i}网格" for i in range(1, len(mine) + 1)]
    assert len(third) > 3
    assert "level 2 is the community" in told(plan, "profile")


def test_the_figures_judge_level_3_only_and_count_every_household() -> None:
    plan = divided(village())
    rows = {row["level"]: row for row in plan_figures(plan)}
    assert (rows[2]["in_band"], rows[2]["strong_percent"]) == (None, None)
    assert rows[3]["in_band"] == sum(int(h) in TOWN.level3 for h in levels(plan, 3)["households"])
    assert "in_band" not in plan.report.figures["level2"]
    assert plan.report.figures["households"] == plan.buildings["households"].sum()


def test_a_part_that_lies_apart_is_a_level_2_grid_of_its_own_flagged_enclave() -> None:
    far = shapely.box(500, 0, 620, 60)
    plan = divided(community(shapely.MultiPolygon([BOX, far]), [*houses(BOX), *houses(far)]))
    second = levels(plan, 2).set_index("local_id")
    assert second["flags"].tolist() == ["", "enclave"]
    assert second["name"].tolist() == ["柳荫社区", "柳荫社区（2）"]
    assert second["households"].iloc[0] > second["households"].iloc[1] > 0


def test_a_carved_site_that_splits_the_community_makes_two_level_2_grids() -> None:
    across = shapely.box(-10, 140, 370, 160)
    plan = divided(community(BOX, houses(BOX, without=[across]), sites=[("carve", across)]))
    assert len(levels(plan, 2)) == 2
    assert "enclave" in flags(plan)


def test_a_river_without_a_bridge_parts_level_3_but_not_the_community() -> None:
    plan = divided(community(BOX, houses(BOX, without=[RIVER]), [("river", RIVER)]))
    assert len(levels(plan, 2)) == 1
    assert len(levels(plan, 3)) > 1


def test_a_community_below_the_band_is_one_grid_and_no_fault() -> None:
    plan = divided(community(BOX, houses(BOX, 4, step=110)))
    assert len(levels(plan, 3)) == 1
    assert "below_band" in flags(plan)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    counts=st.lists(st.integers(0, 9), min_size=80, max_size=80),
    site=st.sampled_from([None, SCHOOL, shapely.box(150, -10, 200, 310)]),
    far=st.booleans(),
    seed=st.integers(0, 3),
)
def test_every_plan_covers_the_ground_once_and_nests(counts: list[int], site: Any, far: bool, seed: int) -> None:
    where = shapely.MultiPolygon([BOX, shapely.box(500, 0, 620, 60)]) if far else BOX
    drawn = houses(where, step=40, without=[] if site is None else [site])
    homes = [(shape, counts[i % len(counts)]) for i, (shape, _) in enumerate(drawn)]
    divided(community(where, homes, sites=None if site is None else [("carve", site)]), seed=seed)


@pytest.mark.heavy
def test_the_plan_is_the_same_for_any_number_of_processes() -> None:
    assert fingerprint(divide(neighbours(), TOWN)) == fingerprint(divide(neighbours(), TOWN, processes=2))


def test_communities_of_both_kinds_can_be_divided_together() -> None:
    plan = divide(neighbours(), {CODE: TOWN, NEXT: RULES})
    report = verify(plan, neighbours(), {CODE: TOWN, NEXT: RULES})
    assert report.ok, report.violations.to_string()
    assert levels(plan, 1)["local_id"].tolist() == [f"{NEXT}-1"]


def test_dividing_again_changes_nothing_where_nothing_is_broken() -> None:
    plan = divided(village())
    again = divided(village(), previous=plan)
    assert levels(again, 3)["previous"].tolist() == levels(plan, 3)["local_id"].tolist()
    assert levels(again, 2)["previous"].tolist() == levels(plan, 2)["local_id"].tolist()


def test_an_edit_by_hand_moves_an_atom_between_level_3_grids() -> None:
    plan = divided(village())
    edited = plan.atoms.copy()
    same = plan_from_atoms(plan, edited)
    assert same.grids["parent"].isna().tolist() == plan.grids["parent"].isna().tolist()
    assert verify(same, village(), TOWN).ok


def test_an_edit_by_hand_that_divides_the_community_at_level_2_is_refused() -> None:
    plan = divided(village())
    edited = plan.atoms.copy()
    ids = sorted({i for i in edited["local_id"] if "-3-" in i})
    edited.loc[edited["local_id"] == ids[0], "local_id"] = f"{CODE}-3-09-01"
    with pytest.raises(InvalidInput, match="is a level-2 grid itself and cannot be divided"):
        plan_from_atoms(plan, edited)


def test_the_verifier_refuses_a_community_that_is_divided_at_level_2() -> None:
    plan = divide(village(), RULES)
    grids = plan.grids[~(plan.grids["level"] == 1).fillna(False).to_numpy(dtype=bool)].copy()
    grids["parent"] = [None if str(p).endswith("-1") and "-2-" not in str(p) else p for p in grids["parent"]]
    found = verify(grids, village(), TOWN).violations
    assert "is level 2 by its rules, and not divided" in "\n".join(found.loc[found["rule"] == "contiguity", "why"])


def test_the_verifier_refuses_level_1_in_a_plan_of_such_rules() -> None:
    found = verify(divide(village(), RULES), village(), TOWN).violations
    assert set(found["rule"]) == {"schema"}
    assert "is level 2 by its rules" in "\n".join(found["why"])


def test_the_verifier_wants_level_1_under_other_rules() -> None:
    assert not verify(divide(village(), TOWN), village(), RULES).ok


def test_a_pin_at_level_3_is_obeyed_and_one_at_level_2_is_refused() -> None:
    two = ("1", "2")
    plan = divided(village(), pins=[Pin(1, "together", 3, two)])
    found = plan.buildings.set_index(plan.buildings["id"].astype(str))["level3"]
    assert found["1"] == found["2"]
    with pytest.raises(InvalidInput, match=r"pin 1: .* divided at level 3 only: write level 3"):
        divide(village(), TOWN, pins=[Pin(1, "together", 2, two)])


def test_the_profile_says_what_it_is_and_a_wrong_level_is_refused() -> None:
    rules = DivisionRules.load("town-level-1")
    assert (rules.community_level, rules.first_level, str(rules.level3)) == (2, 3, "Band(lower=300, upper=500)")
    assert DivisionRules.from_dict(rules.to_dict()) == rules
    for wrong in (0, 3, 1.5, True, "2"):
        with pytest.raises(InvalidInput, match="community_level must be 1"):
            DivisionRules.from_dict({**rules.to_dict(), "community_level": wrong})


def test_the_search_of_level_3_is_as_good_as_that_of_level_2_elsewhere() -> None:
    ground = community(BOX, houses(BOX))
    town, usual = levels(divided(ground), 3), levels(divide(ground, RULES), 2)
    assert np.isin(town["households"], np.arange(TOWN.level3.lower, TOWN.level3.upper + 1)).all()
    assert len(town) == len(usual)
