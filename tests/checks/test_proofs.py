"""What a proof looks at: all ground of the parent, and the surroundings of one grid; what it leaves alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from gridgis.checks import proofs
from gridgis.model import Band, VerifyReport
from tests.checks.plans import RULES, atoms, box, make

RULES_3 = replace(RULES, level2=Band(1, 10_000))
"""Only level 3 (30-50) is judged."""


def judged(text: str, counts: Mapping[tuple[int, int], int], **options: Any) -> VerifyReport:
    """Verify a map in which a cell without a count has no households."""
    lines = text.strip().splitlines()
    every = {(c, r): counts.get((c, r), 0) for r, words in enumerate(lines) for c, _ in enumerate(words.split())}
    return make(text, every, rules=options.pop("rules", RULES_3), **options).verify(atoms=atoms(text))


def why(report: VerifyReport, grid: str) -> tuple[bool, str]:
    """Return whether a grid is excused, and why."""
    for table, excused in ((report.violations, False), (report.exceptions, True)):
        rows = table[(table["rule"] == "band-3") & table["grid"].str.endswith(f"-{grid}")]
        if len(rows):
            return excused, str(rows["why"].iloc[0]).split(" / ")[1]
    raise AssertionError(f"nothing is said of {grid}")


AROUND_A_TOWER = "a1 a2 a3\na2 a2 a2"
"""A tower in the middle of the upper row; its grid has taken the empty ground below, which could join a1 and a3."""


def test_empty_ground_that_a_single_building_took_could_join_others() -> None:
    excused, text = why(judged(AROUND_A_TOWER, {(0, 0): 20, (1, 0): 72, (2, 0): 20}), "a1")
    assert (excused, "contiguous groups" in text) == (False, True)


def test_a_single_building_itself_joins_nobody() -> None:
    assert why(judged("a1 a2 a3", {(0, 0): 20, (1, 0): 72, (2, 0): 20}), "a1")[0]


def test_empty_ground_that_is_a_grid_by_rule_joins_nobody() -> None:
    text = "a1 a3 a3 a3 a2"
    assert why(judged(text, {(0, 0): 20, (4, 0): 20}), "a1")[0]


ESTATE = [{"id": "E", "geometry": box(0, 0, 3, 1)}]


def test_ground_outside_of_an_oversize_estate_may_join_its_buildings() -> None:
    text = "a1 a2 a3 a4\na4 a4 a4 a4"
    counts = {(0, 0): 20, (1, 0): 72, (2, 0): 20, (3, 0): 35}
    assert not why(judged(text, counts, compounds=ESTATE), "a1")[0]


def test_the_building_that_fits_nowhere_is_named() -> None:
    excused, text = why(judged("a1 a1 a2 a2", {(0, 0): 28, (1, 0): 28, (2, 0): 10, (3, 0): 10}), "a1")
    assert (excused, "building 990001001001-0-0 (28 households) fits into no group" in text) == (True, True)


def podium(size: float) -> list[dict[str, Any]]:
    """Return towers of 20 and 35 households on both sides of the middle of a cell, and a podium of some size there."""
    towers = [{"id": f"T{n}", "households": n, "geometry": box(0.2 + n / 100, 0.3, 0.1, 0.1)} for n in (20, 35)]
    return [*towers, {"id": "P", "households": 0, "geometry": box(0.6 - size, 0.2, size, 0.3)}]


@pytest.mark.parametrize(("size", "excused"), [(0.3, True), (0.02, False)])
def test_towers_on_one_podium_cannot_be_parted(size: float, excused: bool) -> None:
    report = judged("a1 a2", {(0, 0): 0, (1, 0): 20}, more_buildings=podium(size))
    found = why(report, "a1")
    assert found == (excused, found[1])
    assert ("single building" in found[1]) == excused


def long_row() -> tuple[str, dict[tuple[int, int], int]]:
    """Return a row of twenty houses of 20 behind one of 28 that its neighbour, 28 too, shuts in."""
    return "a1 a2 " + "a3 a3 " * 10, {(0, 0): 28, (1, 0): 28} | {(c, 0): 20 for c in range(2, 22)}


def test_a_grid_is_excused_by_its_surroundings_where_the_whole_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proofs, "MOST_UNITS", 10)
    monkeypatch.setattr(proofs, "BALLS", (8,))
    report = judged(*long_row())
    excused, text = why(report, "a1")
    assert (excused, "no contiguous grouping around it (proven)" in text) == (True, True)


def test_what_is_wrong_elsewhere_excuses_nothing_beyond_the_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proofs, "MOST_UNITS", 10)
    monkeypatch.setattr(proofs, "BALLS", (8,))
    assert not why(judged(*long_row()), "a3")[0]
