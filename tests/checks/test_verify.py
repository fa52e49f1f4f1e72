"""The verifier as a whole: what it accepts, what it refuses, what it leaves out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgis.checks import RULES as TABLE
from gridgis.checks import verify
from gridgis.errors import InvalidInput
from gridgis.geometry.crs import to_stored
from gridgis.model import Band
from tests.checks.plans import EAST_CODE, RULES, TOWN, WORK, box, broken, make, short


def two_communities() -> tuple[gpd.GeoDataFrame, list[Any]]:
    west, east = make(), make(code=EAST_CODE, shift=4)
    both = pd.concat([west.grids, east.grids], ignore_index=True)
    return gpd.GeoDataFrame(both, crs=west.grids.crs), [west.community, east.community]


def test_a_sound_plan_breaks_no_rule_and_needs_no_exception() -> None:
    report = make().verify()
    assert (report.ok, len(report.exceptions)) == (True, 0)


def test_every_rule_says_how_much_it_was_tried_on() -> None:
    assert list(make().verify().checked) == list(TABLE)


def test_a_plan_in_the_work_crs_is_judged_as_the_same_plan_in_stored_coordinates() -> None:
    plan = make()
    moved = plan.grids.to_crs(WORK)
    moved.geometry = shapely.set_precision(moved.geometry.to_numpy(), 0.001)
    assert replace(plan, grids=moved).verify().ok


def test_two_communities_that_share_a_border_are_one_coverage() -> None:
    grids, communities = two_communities()
    assert verify(grids, communities, RULES).ok


def test_rules_may_differ_by_community() -> None:
    grids, communities = two_communities()
    strict = replace(RULES, level3=Band(20, 39))
    report = verify(grids, communities, {communities[0].code: RULES, EAST_CODE: strict})
    assert {g[:12] for g in report.violations["grid"]} == {EAST_CODE}


def test_without_rules_the_profile_is_chosen_by_the_code() -> None:
    plan = make()
    report = verify(plan.grids, plan.community)
    assert "band 300-500" in report.violations.set_index("rule").loc["band-2", "why"].iloc[0]


def test_why_is_chinese_and_english_in_one_text() -> None:
    (why,) = make().change(short("a1"), name="").verify().violations["why"]
    assert why == "网格没有名称 / the grid has no name"


def test_a_shift_between_two_communities_is_found_though_each_is_sound() -> None:
    grids, communities = two_communities()
    east = grids["community"] == EAST_CODE
    moved = grids.geometry.where(~east, grids.geometry.translate(xoff=2e-8))
    assert {"coverage"} == broken(verify(grids.set_geometry(moved), communities, RULES))


def test_a_revision_is_judged_by_the_rules_of_the_ground_alone() -> None:
    plan = make(households=1000)
    assert (plan.verify().ok, plan.verify(revision_wide=True).ok) == (False, True)


def test_a_revision_with_a_hole_is_not_sound() -> None:
    assert not make().without(short("a1")).verify(revision_wide=True).ok


def test_nothing_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    make().without(short("a1")).verify()
    assert capsys.readouterr() == ("", "")


def test_the_grids_are_not_changed() -> None:
    plan = make()
    before = plan.grids.copy(deep=True)
    plan.verify()
    pd.testing.assert_frame_equal(plan.grids, before)


def test_no_community_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no community"):
        verify(make().grids, [], RULES)


def test_one_code_twice_is_refused() -> None:
    plan = make()
    with pytest.raises(InvalidInput, match="given twice"):
        verify(plan.grids, [plan.community, plan.community], RULES)


def test_grids_without_crs_are_refused() -> None:
    plan = make()
    with pytest.raises(InvalidInput, match="has no CRS"):
        verify(plan.grids.set_crs(None, allow_override=True), plan.community, RULES)


def test_a_boundary_without_crs_is_refused() -> None:
    plan = make()
    bare = plan.community.buildings.set_crs(None, allow_override=True)
    with pytest.raises(InvalidInput, match="boundary of community"):
        verify(plan.grids, replace(plan.community, buildings=bare, crs=None), RULES)


def test_barriers_without_klass_are_refused() -> None:
    plan = make(barriers=[{"geometry": box(0, 0)}])
    with pytest.raises(InvalidInput, match="klass"):
        plan.verify()


LEAVES = [f"{k}{n}" for k in "abcd" for n in "12"]


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(LEAVES), st.integers(0, 4), st.sampled_from([(2e-3, 2e-3), (-2e-3, 2e-3)]))
def test_a_vertex_moved_by_two_millimetres_is_always_found(leaf: str, vertex: int, by: tuple[float, float]) -> None:
    plan = make()
    shape = plan.shape(short(leaf))
    corner = shapely.get_coordinates(shape)[vertex]

    def nudge(xy: np.ndarray) -> np.ndarray:
        return xy + np.where((xy == corner).all(axis=1)[:, None], by, 0.0)

    found = broken(plan.change(short(leaf), geometry=shapely.transform(shape, nudge)).verify())
    assert found & {"coverage", "nesting"}


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(["", *"abcd", *LEAVES]), st.integers(-30, 30).filter(bool))
def test_any_false_count_is_found_and_measured(grid: str, by: int) -> None:
    plan = make()
    name = short(grid or "top")
    said = int(plan.grids.loc[plan.grids["local_id"] == name, "households"].iloc[0])
    found = plan.change(name, households=said + by).verify().violations
    assert found[["rule", "grid", "measure"]].to_numpy().tolist() == [["households", name, by]]


@settings(max_examples=10, deadline=None)
@given(st.permutations(range(13)))
def test_the_order_of_the_rows_does_not_matter(order: list[int]) -> None:
    plan = make()
    assert replace(plan, grids=plan.grids.iloc[order]).verify().ok


def test_a_plan_of_given_boundaries_has_level_1_alone() -> None:
    plan = make()
    top = plan.grids[plan.grids["level"] == 1].assign(flags="given")
    assert replace(plan, grids=top).verify().ok


def test_an_undivided_community_that_was_not_given_is_out_of_band() -> None:
    plan = make()
    top = plan.grids[plan.grids["level"] == 1]
    assert {"band-2", "band-3"} == broken(replace(plan, grids=top).verify())


def test_a_plan_of_another_town_is_out_of_extent() -> None:
    plan = make(TOWN)
    other = plan.grids.set_geometry(plan.grids.geometry.translate(xoff=0.01))
    assert "extent" in broken(replace(plan, grids=other).verify())


def test_a_layer_in_another_crs_is_reprojected() -> None:
    plan = make()
    there = replace(plan.community, buildings=to_stored(plan.community.buildings))
    assert verify(plan.grids, there, RULES).ok
