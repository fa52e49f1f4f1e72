"""The team table: what is refused, and who acts on a day."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
import pytest

from gridgis.dispatch import TEAM_COLUMNS, acting, check_team, day_of, leader_of, mask_phone, team_problems
from gridgis.errors import InvalidInput

GRIDS = {"A000", "A001", "A002"}


def table(*rows: tuple[Any, ...]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(TEAM_COLUMNS), dtype=object)


def leader(grid: str = "A001", name: str = "甲", start: Any = "2026-01-01", end: Any = None) -> tuple[Any, ...]:
    return (grid, "网格长", name, "13800001234", start, end)


TEAM = check_team(
    table(
        leader("A001", "甲", "2026-01-01", "2026-03-31"),
        leader("A001", "乙", "2026-04-01"),
        ("A001", "网格员", "丙", "13900005678", "2026-01-01", None),
        ("A001", "part_time", "丁", None, date(2026, 2, 1), datetime(2026, 2, 10, tzinfo=UTC)),
        leader("A000", "戊"),
    ),
    GRIDS,
)


@pytest.mark.parametrize(
    ("day", "names"),
    [
        (date(2025, 12, 31), []),
        (date(2026, 1, 1), ["甲", "丙"]),
        (date(2026, 2, 10), ["甲", "丙", "丁"]),
        (date(2026, 2, 11), ["甲", "丙"]),
        (date(2026, 3, 31), ["甲", "丙"]),
        (date(2026, 4, 1), ["乙", "丙"]),
    ],
)
def test_who_acts_is_decided_by_days_with_both_ends_included(day: date, names: list[str]) -> None:
    assert [p.name for p in acting(TEAM, "A001", day)] == names


def test_a_grid_without_people_has_no_leader() -> None:
    assert leader_of(TEAM, "A002", date(2026, 5, 1)) is None


def test_an_empty_table_is_a_team_without_people() -> None:
    assert acting(check_team(table(), GRIDS), "A001", date(2026, 1, 1)) == []


def test_a_phone_read_as_a_number_becomes_text() -> None:
    team = check_team(table(("A001", "leader", "甲", 13800001234.0, "2026-01-01", None)), GRIDS)
    assert team["phone"].tolist() == ["13800001234"]


def test_a_person_is_shown_with_a_masked_phone() -> None:
    found = leader_of(TEAM, "A001", date(2026, 1, 1))
    assert found is not None
    assert found.to_dict()["phone"] == "138****1234"


def test_masking_never_shows_more_than_seven_digits() -> None:
    for n in range(1, 20):
        assert sum(c.isdigit() for c in mask_phone("1234567890123456789"[:n])) <= min(7, max(2, n - 2))


def test_the_evening_in_utc_is_the_next_day_in_shanghai() -> None:
    assert day_of(datetime(2026, 3, 31, 16, 0, tzinfo=UTC)) == date(2026, 4, 1)


def test_an_instant_without_zone_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no time zone"):
        day_of(datetime(2026, 3, 31))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("row", "rule", "word"),
    [
        (("A009", "leader", "甲", "13800001234", "2026-01-01", None), "grid", "A009"),
        ((None, "leader", "甲", "13800001234", "2026-01-01", None), "grid", "''"),
        (("A001", "mayor", "甲", "13800001234", "2026-01-01", None), "role", "mayor"),
        (("A001", "leader", " ", "13800001234", "2026-01-01", None), "name", "empty"),
        (("A001", "leader", "甲", "call me", "2026-01-01", None), "phone", "call me"),
        (("A001", "leader", "甲", "13800001234", None, None), "day", "from"),
        (("A001", "leader", "甲", "13800001234", "1 March", None), "day", "1 March"),
        (("A001", "leader", "甲", "13800001234", "2026-03-02", "2026-03-01"), "from-to", "2026-03-02"),
    ],
)
def test_a_wrong_row_is_reported_with_its_number_and_rule(row: tuple[Any, ...], rule: str, word: str) -> None:
    found = team_problems(table(leader("A000"), row), GRIDS).iloc[0]
    assert (found["subject"], found["rule"], word in found["en"]) == (
        "row 3",
        rule,
        True,
    )  # as a spreadsheet numbers them


def test_a_wrong_phone_is_not_repeated_in_clear() -> None:
    found = team_problems(table(("A001", "leader", "甲", "13800001234x", "2026-01-01", None)), GRIDS).iloc[0]
    assert "13800001234" not in found["zh"] + found["en"]


def test_a_wrong_table_is_refused_with_all_its_problems() -> None:
    with pytest.raises(InvalidInput, match="and 2 more") as e:
        check_team(table(*[leader(f"X{k}") for k in range(7)]), GRIDS)
    assert len(e.value.fields["problems"]) == 7


def test_a_table_without_a_column_is_refused() -> None:
    with pytest.raises(InvalidInput, match="phone"):
        check_team(table().drop(columns="phone"), GRIDS)


@pytest.mark.parametrize(
    "rows",
    [
        [leader(name="甲"), leader(name="乙", start="2026-05-01")],  # the first never ends
        [leader(end="2026-05-01"), leader(name="乙", start="2026-05-01")],  # one day in common
        [leader(name="乙", start="2026-05-01"), leader(end="2026-05-01")],  # in any order
        [
            leader(end="2026-12-31"),
            leader(start="2026-02-01", end="2026-03-01"),
            leader("A002"),
        ],  # one within the other
    ],
)
def test_two_leaders_at_one_time_are_refused(rows: list[tuple[Any, ...]]) -> None:
    with pytest.raises(InvalidInput, match="one leader at a time"):
        check_team(table(*rows), GRIDS)


def test_a_leader_inside_an_older_long_term_is_found_past_a_short_one() -> None:
    long, short, late = (
        leader(end="2026-12-31"),
        leader(start="2026-02-01", end="2026-03-01"),
        leader(start="2026-06-01"),
    )
    assert len(team_problems(table(long, short, late), GRIDS)) == 2


@pytest.mark.parametrize(
    "rows",
    [
        [leader(end="2026-04-30"), leader(name="乙", start="2026-05-01")],
        [leader("A001"), leader("A002")],
        [leader(), ("A001", "administrator", "乙", None, "2026-01-01", None)],
    ],
)
def test_leaders_one_after_the_other_or_of_other_grids_are_fine(rows: list[tuple[Any, ...]]) -> None:
    assert team_problems(table(*rows), GRIDS).empty
