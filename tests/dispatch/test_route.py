"""From a hit to the leader who answers, and the reason."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest

from gridgis.dispatch import TEAM_COLUMNS, check_team, route
from gridgis.errors import InvalidInput
from gridgis.model import Hit

PARENTS = {"A000": None, "A001": "A000", "A003": "A001", "O1": "A000", "A002": "A000"}
AT = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)


def hit(code: str | None, rule: str = "inside", **changed: Any) -> Hit:
    values: dict[str, Any] = {
        "lon": 109.0, "lat": 32.0, "crs": "EPSG:4490", "revision": 1, "code": code, "base": code, "chain": (),
        "rule": rule, "precision": "grid", "border_m": 5.0, "neighbour": None,
    }  # fmt: skip
    return Hit(**{**values, **changed})


def team(*grids: str) -> pd.DataFrame:
    rows = [(g, "leader", f"长{g}", "13800001234", "2026-01-01", None) for g in grids]
    return check_team(pd.DataFrame(rows, columns=list(TEAM_COLUMNS), dtype=object), set(PARENTS))


def test_the_leader_of_the_grid_answers() -> None:
    found = route(hit("A003"), PARENTS, team("A003", "A000"), AT)
    assert (found.grid, found.answers_for, found.leader.name if found.leader else None) == ("A003", "A003", "长A003")


def test_the_chain_runs_up_to_level_1_with_its_leaders() -> None:
    found = route(hit("A003"), PARENTS, team("A003", "A000"), AT)
    assert [(s.code, s.vacant) for s in found.chain] == [("A003", False), ("A001", True), ("A000", False)]


def test_a_vacancy_goes_to_the_next_leader_above() -> None:
    found = route(hit("A003"), PARENTS, team("A000"), AT)
    assert (found.answers_for, found.vacant) == ("A000", True)


def test_a_vacancy_is_named_in_the_reason() -> None:
    found = route(hit("A003"), PARENTS, team("A000"), AT)
    assert "A003、A001 的网格长空缺" in found.zh


def test_a_chain_without_any_leader_is_said_to_be_so() -> None:
    found = route(hit("A003"), PARENTS, team(), AT)
    assert (found.leader, "no leader from A003 up to A000" in found.en) == (None, True)


def test_an_overlay_is_answered_by_its_own_chain() -> None:
    found = route(hit("O1", "overlay", base="A003"), PARENTS, team("O1", "A003"), AT)
    assert [s.code for s in found.chain] == ["O1", "A000"]


def test_a_point_on_a_border_names_the_grid_on_the_other_side() -> None:
    found = route(hit("A001", "shared-border", neighbour="A002"), PARENTS, team("A001"), AT)
    assert "A002 on the other side" in found.en


def test_outside_nobody_answers_and_the_nearest_grid_is_named() -> None:
    found = route(hit(None, "outside", nearest="A003", nearest_m=12.3), PARENTS, team("A003"), AT)
    assert (found.leader, found.chain, "A003, is 12 m away" in found.en) == (None, (), True)


def test_the_day_of_the_team_is_that_of_shanghai() -> None:
    found = route(hit("A001"), PARENTS, team("A001"), datetime(2025, 12, 31, 16, 0, tzinfo=UTC))
    assert found.answers_for == "A001"


def test_plain_data_masks_the_phones_of_the_whole_chain() -> None:
    assert "13800001234" not in str(route(hit("A003"), PARENTS, team(*PARENTS), AT).to_dict())


@pytest.mark.parametrize("parents", [{}, {"A003": "A001"}, {"A003": "A001", "A001": "A003"}])
def test_a_broken_chain_is_refused(parents: dict[str, str | None]) -> None:
    with pytest.raises(InvalidInput, match="chain"):
        route(hit("A003"), parents, team(), AT)


def test_an_instant_without_zone_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no time zone"):
        route(hit("A003"), PARENTS, team(), datetime(2026, 3, 1))  # noqa: DTZ001
