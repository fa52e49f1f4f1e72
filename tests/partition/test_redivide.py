"""Dividing again from the present grids: nothing broken, nothing moved; what is broken is mended, and no more."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely

from gridgis.checks import verify
from gridgis.model import Band, Community, DivisionPlan
from gridgis.partition import divide
from gridgis.partition.redivision.moved import moved as moved_of
from gridgis.service.changes import find_changes
from tests.partition.communities import BOX, RIVER, ROADS, RULES, SCHOOL, at, divided, houses, line, neighbours, village


@pytest.fixture(scope="module")
def before() -> DivisionPlan:
    return divided(village())


def with_households(c: Community, households: dict[int, int]) -> Community:
    """Return the community with other households in some buildings, by position."""
    b = c.buildings.copy()
    b["households"] = [households.get(k, n) for k, n in enumerate(b["households"])]
    return replace(c, buildings=b)


def same_shape(a: Any, b: Any) -> bool:
    return bool(shapely.normalize(a).equals_exact(shapely.normalize(b), 0))


def moved(before: DivisionPlan, after: DivisionPlan) -> tuple[int, int]:
    figures = find_changes(before, after).figures
    return figures["level2"]["moved_households"], figures["level3"]["moved_households"]


def test_nothing_changed_gives_the_same_plan(before: DivisionPlan) -> None:
    after = divided(village(), previous=before, seed=9)
    assert after.grids["local_id"].tolist() == before.grids["local_id"].tolist()
    assert after.grids["previous"].tolist() == before.grids["local_id"].tolist()
    assert all(map(same_shape, before.grids.geometry, after.grids.geometry))
    assert moved(before, after) == (0, 0)


def test_grids_alone_are_enough_to_keep_everybody(before: DivisionPlan) -> None:
    table = before.grids[["local_id", "level", "mode", "community", "geometry"]]
    after = divided(village(), previous=table)
    assert set(after.grids["previous"]) == set(before.grids["local_id"])
    assert moved(before, after) == (0, 0)
    assert shapely.area(shapely.symmetric_difference(_union(before), _union(after))) < 0.1


def _union(plan: DivisionPlan) -> Any:
    return shapely.union_all(shapely.boundary(plan.grids.geometry.to_numpy())).buffer(0.005)


def test_other_households_within_the_band_move_nobody(before: DivisionPlan) -> None:
    grids = before.grids.set_index("local_id")["households"]
    third = before.buildings["level3"]
    roomy = next(k for k, i in enumerate(third) if isinstance(i, str) and i and 12 <= grids[i] <= 18)
    after = divided(with_households(village(), {roomy: 5}), previous=before)
    assert moved(before, after) == (0, 0)
    assert all(map(same_shape, before.grids.geometry, after.grids.geometry))


def test_changes_move_little_more_than_they_must(before: DivisionPlan) -> None:
    n = len(village().buildings)
    moved_third, carried = 0, 0
    for seed in range(8):
        rng = np.random.default_rng(seed)
        chosen = rng.choice(n, n // 20, replace=False)
        after = divided(with_households(village(), {int(k): int(rng.choice([0, 8])) for k in chosen}), previous=before)
        figures = find_changes(before, after).figures
        second, third = figures["level2"], figures["level3"]
        few = 0.1 * after.buildings["households"].sum()
        assert second["moved_households"] <= max(1.5 * second["lower_bound_whole"], few), second
        moved_third += third["moved_households"]
        # who leaves a level-2 grid leaves level 3 too
        carried += third["lower_bound_whole"] + second["moved_households"]
    assert moved_third <= 1.8 * carried


def test_of_ways_that_move_as_many_the_one_that_tears_no_finer_grid_is_better() -> None:
    old, households = np.zeros(4, dtype=np.int64), np.array([30, 10, 10, 30])
    finer = np.array([0, 1, 1, 2])
    whole, torn = np.array([0, 1, 1, 0]), np.array([0, 1, 0, 0])
    assert moved_of(finer, whole, households, inside=True) == 0
    assert moved_of(finer, torn, households, inside=True) == 20
    assert moved_of(old, whole, households) == 20


def test_a_grid_that_takes_in_as_many_as_it_has_goes_on_nowhere() -> None:
    old, households = np.array([0, 0, 1, 1]), np.array([12, 12, 24, 12])
    assert moved_of(old, np.array([0, 0, 0, 1]), households) == 60
    assert moved_of(old, np.array([0, 0, 1, 0]), households) == 12


def test_a_grid_of_too_many_is_mended_beside_it_only(before: DivisionPlan) -> None:
    full = before.buildings["level3"].iloc[0]
    mine = np.flatnonzero((before.buildings["level3"] == full).to_numpy())
    after = divided(with_households(village(), {int(mine[0]): 14}), previous=before)
    touched = after.grids[[not same_shape(g, _old(before, p)) for g, p in _grids(after)]]
    assert 0 < len(touched) < len(after.grids) / 2
    assert full in set(after.grids["previous"])


def _grids(plan: DivisionPlan) -> list[tuple[Any, Any]]:
    return list(zip(plan.grids.geometry, plan.grids["previous"], strict=True))


def _old(plan: DivisionPlan, local_id: Any) -> Any:
    found = plan.grids[plan.grids["local_id"] == local_id]
    return found.geometry.iloc[0] if len(found) else shapely.Polygon()


def test_a_new_building_leaves_all_others_where_they_are(before: DivisionPlan) -> None:
    c = village()
    new = c.buildings.iloc[[0]].assign(id=[777], households=pd.array([1], dtype="Int64"))
    new = new.set_geometry([at(shapely.box(45, 1, 49, 3))])
    after = divided(replace(c, buildings=pd.concat([c.buildings, new], ignore_index=True)), previous=before)
    assert moved(before, after)[0] == 0
    assert 777 in {int(i) for i in after.buildings["id"]}


def test_a_building_gone_moves_nobody_where_the_band_holds(before: DivisionPlan) -> None:
    c = village()
    grids = before.grids.set_index("local_id")["households"]
    b = before.buildings[["level2", "level3"]].fillna("").to_numpy().tolist()
    gone = next(k for k, (two, three) in enumerate(b) if three and grids[two] >= 64 and grids[three] >= 14)
    key = before.buildings["id"].iloc[gone]
    after = divided(replace(c, buildings=c.buildings[c.buildings["id"].astype(str) != str(key)]), previous=before)
    assert moved(before, after) == (0, 0)


def test_a_new_main_road_through_grids_is_told_and_moves_nobody(before: DivisionPlan) -> None:
    road = ("primary", line((0, 105), (360, 106)))
    after = divided(village(barriers=[*ROADS, ("river", RIVER), road]), previous=before)
    assert moved(before, after) == (0, 0)
    assert len(after.atoms) > len(before.atoms)


def test_an_estate_that_grew_is_whole_again(before: DivisionPlan) -> None:
    wider = shapely.box(190, 190, 285, 270)
    after = divided(village(compounds=[wider]), previous=before)
    assert moved(before, after)[0] <= 30


def test_a_building_above_the_limit_becomes_a_grid(before: DivisionPlan) -> None:
    after = divided(with_households(village(), {0: 25}), previous=before)
    assert "single_building" in ",".join(after.grids["flags"])


def test_new_ground_is_divided_and_the_rest_kept() -> None:
    west, east = neighbours()
    first = divided(west)
    both = divided([west, east], previous=first)
    assert moved(first, both) == (0, 0)
    assert set(first.grids["local_id"]) <= set(both.grids["previous"].dropna())


@pytest.mark.heavy
def test_any_number_of_processes_gives_the_same_plan() -> None:
    both = list(neighbours())
    first = divided(both)
    fuller = [with_households(c, {0: 14, 1: 0, 7: 9}) for c in both]
    one, two = (divided(fuller, previous=first, processes=n) for n in (1, 2))
    assert one.grids["local_id"].tolist() == two.grids["local_id"].tolist()
    assert all(map(same_shape, one.grids.geometry, two.grids.geometry))
    assert moved(first, one) == moved(first, two) != (0, 0)


def test_a_community_that_is_level_2_keeps_it_and_mends_level_3() -> None:
    rules = replace(RULES, community_level=2, level2=Band(10, 60))
    first = divide(village(), rules)
    full = first.buildings["level3"].iloc[0]
    mine = np.flatnonzero((first.buildings["level3"] == full).to_numpy())
    fuller = with_households(village(), {int(mine[0]): 14})
    after = divide(fuller, rules, previous=first)
    assert verify(after, fuller, rules).ok
    second = [g.grids[(g.grids["level"] == 2).fillna(False)] for g in (first, after)]
    assert second[0]["local_id"].tolist() == second[1]["local_id"].tolist()
    assert moved(first, after)[0] == 0, "its households are far outside the band of level 2, which judges nobody here"
    assert 0 < moved(first, after)[1] <= 12
    third = after.grids[(after.grids["level"] == 3).fillna(False)]["households"]
    assert third.isin(range(10, 21)).all()


def test_numbers_of_grids_that_are_gone_are_not_used_again(before: DivisionPlan) -> None:
    after = divided(village(buildings=houses(BOX, 2, without=[RIVER, SCHOOL])), previous=before)
    kept = after.grids[after.grids["previous"].notna()]
    old = set(before.grids["local_id"])
    new = set(after.grids["local_id"]) - set(kept["local_id"])
    second = kept[(kept["level"] == 2).fillna(False)]
    assert (second["local_id"] == second["previous"]).all()
    assert not {i for i in new if "-2-" in i} & old
