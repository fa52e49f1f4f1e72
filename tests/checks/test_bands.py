"""Households by level: what is out of band, and which exceptions are confirmed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gridgis.model import Band, VerifyReport
from tests.checks.plans import RULES, box, broken, line, make, short

LEVEL_3_ONLY = replace(RULES, level2=Band(1, 10_000))


def reasons(report: VerifyReport, rule: str = "band-3") -> dict[str, str]:
    """Return the confirmed exceptions of a rule: grid by its letters -> why."""
    rows = report.exceptions[report.exceptions["rule"] == rule]
    return {g.rsplit("-", 1)[1]: w for g, w in zip(rows["grid"], rows["why"], strict=True)}


def failing(report: VerifyReport, rule: str = "band-3") -> list[str]:
    rows = report.violations[report.violations["rule"] == rule]
    return [g.rsplit("-", 1)[1] for g in rows["grid"]]


def test_a_grid_above_the_band_that_could_be_cut_is_broken() -> None:
    report = make("a1 a1 a1 a1 a2 a2").verify()
    assert failing(report) == ["a1"]


def test_a_single_building_above_the_limit_is_a_grid_by_rule() -> None:
    report = make("a1 a2 a2", {(0, 0): 72}, rules=LEVEL_3_ONLY).verify()
    assert (report.ok, list(reasons(report))) == (True, ["a1"])


def test_two_large_buildings_in_one_grid_are_no_single_building() -> None:
    report = make("a1 a1 a2 a2", {(0, 0): 72, (1, 0): 60}, rules=LEVEL_3_ONLY).verify()
    assert failing(report) == ["a1"]


def test_a_large_building_that_shares_its_grid_is_not_excused() -> None:
    report = make("a1 a1 a1 a2", {(0, 0): 72, (3, 0): 30}, rules=LEVEL_3_ONLY).verify()
    assert failing(report) == ["a1"]


def test_an_empty_building_beside_it_leaves_a_building_single() -> None:
    report = make("a1 a1 a2 a2", {(0, 0): 72, (1, 0): 0}, rules=LEVEL_3_ONLY).verify()
    assert list(reasons(report)) == ["a1"]


def test_what_a_single_building_leaves_over_is_excused() -> None:
    report = make("a1 a2", {(0, 0): 72, (1, 0): 8}, rules=LEVEL_3_ONLY).verify()
    assert "holds 8 households" in reasons(report)["a2"]


def test_a_small_rest_that_could_be_merged_is_not_excused() -> None:
    report = make("a1 a2 a3", {(0, 0): 72, (1, 0): 8, (2, 0): 9}, rules=LEVEL_3_ONLY).verify()
    assert failing(report) == ["a2", "a3"]


def test_empty_ground_above_the_limit_is_a_grid_of_its_own() -> None:
    report = make("a1 a1 a2 a2 a2", {(2, 0): 0, (3, 0): 0, (4, 0): 0}, rules=LEVEL_3_ONLY).verify()
    assert "30000 m2" in reasons(report)["a2"]


def test_small_empty_ground_must_join_a_neighbour() -> None:
    report = make("a1 a1 a2", {(2, 0): 0}, rules=LEVEL_3_ONLY).verify()
    assert failing(report) == ["a2"]


def test_a_flag_does_not_excuse_small_empty_ground() -> None:
    plan = make("a1 a1 a2", {(2, 0): 0}, rules=LEVEL_3_ONLY)
    assert failing(plan.change(short("a2"), flags="no_households").verify()) == ["a2"]


def test_a_community_without_households_is_one_grid() -> None:
    report = make("a1", 0).verify()
    assert (report.ok, "no neighbour" in reasons(report, "band-2")["a"]) == (True, True)


def test_a_community_below_the_band_is_one_grid() -> None:
    report = make("a1 a1").verify()
    assert "the whole of" in reasons(report, "band-2")["a"]


def test_a_community_below_the_band_is_not_two_grids() -> None:
    assert failing(make("a1 b1").verify(), "band-2") == ["a", "b"]


@pytest.mark.parametrize(("households", "excused"), [(24, False), (29, True)])
def test_only_households_that_no_number_of_grids_holds_are_excused(households: int, excused: bool) -> None:
    """Band 60-100: 4 x 29 = 116 fits no number of grids, 6 x 24 = 144 fits two."""
    cells = "a1 a1 a1 a1" if excused else "a1 a1 a1 a1 a1 a1"
    report = make(cells, {(c, 0): households for c in range(6)}, rules=replace(RULES, level3=Band(1, 500))).verify()
    assert ("a" in reasons(report, "band-2")) == excused


def test_ground_that_cannot_be_packed_is_excused() -> None:
    """Three buildings of 28: 84 households would fit two grids of 30-50, but 28 and 56 do not."""
    report = make("a1 a2 a3", 28, rules=LEVEL_3_ONLY).verify()
    assert (report.ok, "cannot be grouped" in reasons(report)["a1"]) == (True, True)


def test_an_enclave_below_the_band_is_excused_and_called_so() -> None:
    report = make("""
    a1 a1 . b1
    a2 a2 . .
    """).verify()
    assert "the enclave" in reasons(report, "band-2")["b"]


def test_an_enclave_that_could_be_cut_is_not_excused() -> None:
    report = make("""
    a1 a1 a1 . b1 b1 b2 b2
    a2 a2 a2 . b3 b3 b4 b4
    """).verify()
    assert failing(report, "band-2") == ["a", "b"]


ESTATE = [{"id": "E", "geometry": box(0, 0, 3, 1)}]


def test_the_walls_of_an_oversize_compound_excuse_nothing() -> None:
    """57 inside and 20 outside: 38 and 39 would do, across the wall."""
    report = make("a1 a1 a1 a2", {(0, 0): 19, (1, 0): 19, (2, 0): 19, (3, 0): 20}, compounds=ESTATE, rules=LEVEL_3_ONLY)
    assert failing(report.verify()) == ["a1", "a2"]


def test_an_oversize_compound_that_could_be_cut_is_not_excused() -> None:
    report = make("a1 a1 a1 a2 a2", {(0, 0): 30, (1, 0): 15, (2, 0): 15}, compounds=ESTATE, rules=LEVEL_3_ONLY).verify()
    assert failing(report) == ["a1"]


def test_a_compound_without_the_same_households_excuses_nothing() -> None:
    """57 households can be cut with the 30 beside them: without the compound there is a grouping."""
    plan = make("a1 a1 a1 a2 a2", {(0, 0): 19, (1, 0): 19, (2, 0): 19, (3, 0): 14, (4, 0): 16}, rules=LEVEL_3_ONLY)
    assert "a1" in failing(plan.verify())


def test_a_whole_compound_is_one_thing_to_pack() -> None:
    """Two estates of 56 (7 x 8) at level 2, band 60-100: 112 fits no grid; with 14 more, 126 fits two, 70 + 56 not."""
    two = [{"id": "E", "geometry": box(0, 0, 7, 1)}, {"id": "F", "geometry": box(7, 0, 7, 1)}]
    cells = "a1 " * 7 + "b1 " * 8
    count = {(c, 0): 8 for c in range(14)} | {(14, 0): 14}
    rules = replace(RULES, level3=Band(1, 500), level2=Band(60, 69))
    report = make(cells, count, compounds=two, rules=rules).verify()
    assert "cannot be grouped" in reasons(report, "band-2")["a"]


RIVER = {"klass": "river", "geometry": box(2, -1, 1, 3)}
BANKS = "a1 a1 a1 b1"


def test_a_river_without_a_bridge_parts_the_ground() -> None:
    """20 households beyond the water cannot be held; with the rest of the community they could."""
    report = make(BANKS, {(2, 0): 0, (0, 0): 35, (1, 0): 35}, barriers=[RIVER]).verify()
    assert "b" in reasons(report, "band-2")


def test_a_bridge_joins_the_ground_again() -> None:
    road = {"klass": "tertiary", "geometry": line((0, 0.3), (4, 0.3))}
    report = make(BANKS, {(2, 0): 0, (0, 0): 35, (1, 0): 35}, barriers=[RIVER, road]).verify()
    assert failing(report, "band-2") == ["b"]


def test_an_undivided_level_2_grid_above_the_level_3_band_is_broken() -> None:
    plan = make("a1 a1 a1 a1").without(short("a1"))
    assert broken(plan.verify()) == {"band-3"}
