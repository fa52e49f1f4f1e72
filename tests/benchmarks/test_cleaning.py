from __future__ import annotations

from typing import Any

import pytest

from benchmarks.cleaning import markdown, measure

pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    return measure("small", 90, seed=0)


def test_every_planted_fault_is_reported_and_nothing_else(told: dict[str, Any]) -> None:
    assert (told["faults"], told["ours"]["reported"], told["ours"]["rows_beyond"]) == (90, 90, 0)


def test_areas_are_those_that_were_planted(told: dict[str, Any]) -> None:
    assert told["ours"]["largest_area_off_m2"] < 1e-5


def test_no_vertex_changes_away_from_a_fault(told: dict[str, Any]) -> None:
    assert told["ours"]["vertices_changed_elsewhere"] == 0


def test_the_coverage_is_valid_afterwards_and_clean(told: dict[str, Any]) -> None:
    assert (told["ours"]["valid_after"], told["ours"]["again_same_bytes"]) == (True, True)


def test_the_figures_are_printed_beside_those_of_the_peer(told: dict[str, Any]) -> None:
    assert "| planted faults reported | 90 of 90 |" in markdown(told)
