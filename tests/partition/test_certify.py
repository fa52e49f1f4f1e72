"""Certificates of a division: what is proven of each level-2 region, in the report and as plain data."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from shapely import box

from gridgis.errors import InvalidInput
from gridgis.model import Band, Community, DivisionPlan
from gridgis.partition import certify, divide
from gridgis.partition.held import Held
from gridgis.partition.levels import contract, cut_region
from gridgis.partition.problem import pairs_across
from gridgis.partition.regions.pieces import Region, sides
from tests.partition.communities import RULES, community, houses, line, sound
from tests.partition.graphs import lattice

GROUND = box(0, 0, 300, 240)


def village() -> Community:
    """Two estates and a lane of houses on either side of a street; 160 households for grids of 60 to 100."""
    west, south, north = box(5, 5, 145, 235), box(155, 5, 295, 115), box(155, 125, 295, 235)
    homes = [*houses(west, 3), *houses(south, 2), *houses(north, 2)]
    return community(GROUND, homes, [("tertiary", line((150, 0), (150, 240)))], compounds=[south, north])


def certified(effort: float | None = 2.0, **options: Any) -> DivisionPlan:
    return divide(village(), RULES, certify=effort, **options)


def test_each_region_has_its_certificate_and_the_plan_is_sound() -> None:
    stages: set[str] = set()
    plan = certified(progress=lambda stage, done, total: stages.add(stage))
    sound(plan)
    assert "certify" in stages
    found = plan.report.figures["certificates"]
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["regions"] == len(found["list"]) == found["certified"]
    assert found["share_certified"] == 1.0
    grids = plan.grids[plan.grids["level"] == 2]
    assert sorted(i for one in found["list"] for i in one["grids"]) == sorted(grids["local_id"])
    for one in found["list"]:
        assert one["bound"] <= one["objective"] + 1e-6
        assert one["gap"] == pytest.approx((one["objective"] - one["bound"]) / one["objective"], abs=1e-6)
    rows = plan.report.rows[plan.report.rows["stage"] == "certify"]
    assert len(rows) == len(found["list"])
    assert set(rows["severity"]) == {"info"}


def test_equal_runs_have_equal_certificates_for_any_number_of_processes() -> None:
    one, two = certified(), certified(processes=2)
    assert one.report.figures == two.report.figures
    assert one.grids.equals(two.grids)


def test_without_certify_there_is_none() -> None:
    plain = certified(None)
    assert "certificates" not in plain.report.figures
    assert "certify" not in set(plain.report.rows["stage"])


def test_a_region_of_too_many_blocks_is_said_not_to_be_certified(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certify, "MOST_BLOCKS", 2)
    plan = certified()
    one = plan.report.figures["certificates"]["list"][0]
    assert (one["status"], one["bound"], one["gap"]) == ("too many blocks", None, None)
    assert plan.report.figures["certificates"]["certified"] == 0
    row = plan.report.rows[plan.report.rows["stage"] == "certify"].iloc[0]
    assert "not certified" in row["en"]
    assert str(one["blocks"]) in row["zh"]


def test_ground_that_no_number_of_grids_fits_is_proven_impossible() -> None:
    small = community(GROUND, houses(box(0, 0, 150, 240), 1))
    found = divide(small, RULES, certify=1.0).report.figures["certificates"]
    assert [one["status"] for one in found["list"]] == ["impossible"]
    assert found["impossible"] == 1


def test_what_is_drawn_anew_after_the_proof_is_judged_by_it() -> None:
    """Looking ahead to level 3 may give up the optimum: the bound still holds, and the gap tells what that costs."""
    ground = lattice([[50] * 6] * 4, (), {})
    rules = replace(RULES, level2=Band(500, 700))
    across = np.repeat([0, 1], 12)  # two grids side by side, 4 blocks of border
    region = Region(np.arange(24), 1200, "", (1200,))
    best, proof = certify.prove(ground, region, (np.arange(24) % 6 >= 3).astype(np.int64), rules, 5.0)
    assert proof.status == "optimal"
    kept, changed = certify.judged(proof, ground, best, rules), certify.judged(proof, ground, across, rules)
    assert (kept.status, kept.gap) == ("optimal", 0.0)
    assert (changed.status, changed.bound) == ("bounded", kept.bound)
    assert changed.objective is not None
    assert kept.objective is not None
    assert changed.gap == pytest.approx((changed.objective - kept.objective) / changed.objective)
    outside = certify.judged(proof, ground, (np.arange(24) >= 4).astype(np.int64), rules)
    assert (outside.status, outside.objective, outside.gap) == ("unknown", None, None)
    row = certify.certificate_rows(certify.certificates([["2-01", "2-02"]], [outside], 5.0))[0]
    assert "a grid is outside the band" in row["en"]
    assert "not certified" not in row["en"]


def test_pairs_across_a_strong_barrier_are_in_the_price_and_in_the_bound() -> None:
    """550 and 2000 on either side of a main road: of nodes of 55 and 100 one of 55 is given, to three of 100."""
    ground = lattice([[55, 55, 100, 100, 100, 100]] * 5, (1,), {})
    region = Region(np.arange(30), 2550, "", (550, 2000))
    rules = replace(RULES, level2=Band(300, 500))
    found = cut_region(ground, region, rules.level2, rules, 0)
    best, proof = certify.prove(ground, region, found, rules, 5.0)
    told = certify.judged(proof, ground, best, rules)
    pairs = pairs_across(sides(ground), best, ground.households)
    problem, node = contract(ground, rules.level2, rules)
    at = best[np.unique(node, return_index=True)[1]]
    assert (told.status, pairs) == ("optimal", 55 * 300)
    assert told.objective == pytest.approx(problem.border(at) + 0.5 * pairs + problem.balance * problem.unevenness(at))
    assert told.bound == pytest.approx(told.objective, abs=0.1)


def test_one_grid_has_no_other_price_than_its_own_however_many_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certify, "MOST_BLOCKS", 2)
    ground = lattice([[40, 60, 60, 40]] * 2, (1,), {})
    rules = replace(RULES, level2=Band(300, 500))
    labels = np.zeros(8, dtype=np.int64)
    _, proof = certify.prove(ground, Region(np.arange(8), 400, "", (200, 200)), labels, rules, 1.0)
    told = certify.judged(proof, ground, labels, rules)
    assert (told.status, told.bound, told.objective, told.gap) == ("optimal", 20_000.0, 20_000.0, 0.0)
    parted = replace(ground, held=Held(np.empty((0, 3), dtype=np.int64), np.array([[0, 7, 2]])))
    _, none = certify.prove(parted, Region(np.arange(8), 400, "", (200, 200)), labels, rules, 1.0)
    assert none.status == "impossible"


@pytest.mark.parametrize("wrong", [0, -1.0, np.nan, np.inf, True])
def test_an_effort_that_is_none_is_refused(wrong: float) -> None:
    with pytest.raises(InvalidInput, match="certify"):
        certified(wrong)


def test_a_redivision_is_not_certified() -> None:
    plain = certified(None)
    with pytest.raises(InvalidInput, match="re-division"):
        certified(2.0, previous=plain)
