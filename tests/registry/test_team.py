"""Posts, vacancies, certificates and team filings; and that the database itself allows one leader at a time."""

from __future__ import annotations

import pandas as pd
import pytest
import sqlalchemy as sa

from gridgis.errors import Conflict, InvalidInput
from gridgis.registry import Registry, tables
from tests.registry.hand import A, Clock, communities, file_through, make_plan

PEOPLE = [
    (A + "000", "一级网格长", "顾信浩", "13812345678"),
    (A + "001", "网格长", "叶娟", "13912345678"),
    (A + "001", "兼职网格员", "宋禾", "13712345678"),
]


def team(*rows: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows or PEOPLE, columns=["grid", "role", "name", "phone"]).assign(**{"from": "2026-01-01"})


@pytest.fixture
def staffed(registry: Registry) -> Registry:
    """Return a registry with one community filed and its team appointed."""
    file_through(registry, make_plan(communities()[:1]))
    registry.team_import(team(), "张三")
    return registry


def appoint(registry: Registry, **values: object) -> None:
    """Write an appointment past all checks but those of the database."""
    row = {
        "person": 1,
        "grid": A + "000",
        "role": "leader",
        "from_day": "2026-02-01",
        "made_at": registry._book.clock(),
    }
    with registry._book.store.write() as c:
        c.execute(sa.insert(tables.appointment).values({**row, **values}))


# --- one leader at a time, by the database -------------------------------------------------------------------------


@pytest.mark.parametrize("days", [{}, {"to_day": "2026-02-01"}, {"from_day": "2025-01-01", "to_day": "2026-01-01"}])
def test_the_database_refuses_a_second_leader_whose_days_overlap(staffed: Registry, days: dict[str, str]) -> None:
    with pytest.raises(Conflict, match="one acting leader"):
        appoint(staffed, **days)


@pytest.mark.parametrize(
    "values",
    [{"from_day": "2025-01-01", "to_day": "2025-12-31"}, {"role": "administrator"}, {"grid": A + "002"}],
    ids=["earlier", "other role", "other grid"],
)
def test_the_database_allows_all_others(staffed: Registry, values: dict[str, str]) -> None:
    appoint(staffed, **values)


def test_the_database_refuses_a_leader_moved_onto_another(staffed: Registry) -> None:
    appoint(staffed, grid=A + "002")
    a = tables.appointment
    with pytest.raises(Conflict, match="one acting leader"), staffed._book.store.write() as c:
        c.execute(sa.update(a).where(a.c.grid == A + "002").values(grid=A + "000"))


# --- posts ---------------------------------------------------------------------------------------------------------


def test_a_title_of_another_level_is_refused_with_the_right_one(staffed: Registry) -> None:
    with pytest.raises(InvalidInput, match=r"三级网格长.*row 2"):
        staffed.team_import(team((A + "002", "二级网格长", "新人", "13612345678")), "张三")


def test_a_vacancy_names_the_post_and_who_answers(staffed: Registry) -> None:
    assert staffed.vacancies()[["code", "title", "answers"]].to_numpy().tolist() == [[A + "002", "三级网格长", "叶娟"]]


def test_without_a_team_nobody_answers(registry: Registry) -> None:
    file_through(registry, make_plan(communities()[:1]))
    assert registry.vacancies()["answers"].tolist() == [None] * 3


def test_phones_are_kept_apart_from_names(staffed: Registry) -> None:
    assert "phone" not in tables.person.c
    assert staffed.team(mask=True)["phone"].tolist() == ["138****5678", "137****5678", "139****5678"]


# --- importing again ------------------------------------------------------------------------------------------------


def test_a_leader_with_another_phone_is_told_apart_from_two_leaders(staffed: Registry) -> None:
    with pytest.raises(
        Conflict, match=r"138\*\*\*\*5678, and the table has 138\*\*\*\*0000.*gridgis register read"
    ) as caught:
        staffed.team_import(team((A + "000", "网格长", "顾信浩", "13812340000")), "张三")
    assert "two leaders" not in caught.value.en


def test_a_leader_with_another_first_day_is_told_the_registered_one(staffed: Registry) -> None:
    again = team(PEOPLE[0]).assign(**{"from": "2026-02-01"})
    with pytest.raises(Conflict, match="from 2026-01-01, and the table says from 2026-02-01"):
        staffed.team_import(again, "张三")


def test_a_part_time_administrator_may_be_written_with_a_hyphen(staffed: Registry) -> None:
    staffed.team_import(team((A + "002", "part-time", "新人", "13612345678")), "张三")
    assert "新人" in staffed.team().query("role == 'part_time'")["name"].tolist()


def test_a_last_day_that_is_rewritten_is_reported_as_it_was_and_is(staffed: Registry) -> None:
    first = staffed.team_import(team(PEOPLE[0]).assign(to="2026-02-15"), "张三")
    assert (first.ended, first.moved) == (1, ())
    second = staffed.team_import(team(PEOPLE[0]).assign(to="2026-02-20"), "张三")
    row = {"grid": A + "000", "role": "leader", "name": "顾信浩", "was": "2026-02-15", "now": "2026-02-20"}
    assert (second.ended, second.moved) == (1, (row,))


# --- certificates --------------------------------------------------------------------------------------------------


def certificate(**values: object) -> pd.DataFrame:
    row = {"name": "叶娟", "phone": "13912345678", "kind": "上岗证", "expires": "2026-12-31"}
    return pd.DataFrame([{**row, **values}])


@pytest.mark.parametrize(
    ("expires", "state"),
    [
        ("2026-02-28", "expired"),
        ("2026-03-01", "soon"),
        ("2026-04-30", "soon"),
        ("2026-05-01", "valid"),
        (None, "valid"),
    ],
)
def test_a_certificate_tells_whether_it_runs_out(staffed: Registry, expires: str | None, state: str) -> None:
    staffed.certificates_import(certificate(expires=expires))  # today is 2026-03-01
    assert staffed.certificates()["state"].tolist() == [state]


def test_a_renewed_certificate_takes_the_place_of_the_old(staffed: Registry) -> None:
    for day in ("2026-03-31", "2029-03-31"):
        staffed.certificates_import(certificate(expires=day))
    assert staffed.certificates()["expires"].tolist() == ["2029-03-31"]


@pytest.mark.parametrize(
    ("values", "word"),
    [({"name": "无此人"}, "row 2"), ({"kind": ""}, "kind"), ({"expires": "soon"}, "soon"),
     ({"issued": "2027-01-01"}, "before")],
    ids=["nobody", "no kind", "no day", "backward"],
)  # fmt: skip
def test_a_wrong_certificate_is_refused(staffed: Registry, values: dict[str, str], word: str) -> None:
    with pytest.raises(InvalidInput, match=word):
        staffed.certificates_import(certificate(**values))
    assert staffed.certificates().empty


# --- filing --------------------------------------------------------------------------------------------------------


def test_filing_grids_puts_their_team_on_record(staffed: Registry, clock: Clock) -> None:
    clock.pass_days(5)
    file_through(staffed, make_plan(communities()[:1], [], [((-5.0, 401.0), (2000.0, 433.3))]))
    filings = staffed.team_filings()
    assert filings[["revision", "filed_by", "people"]].to_numpy().tolist() == [[1, "王五", 0], [2, "王五", 3]]


def test_what_is_on_record_stays_when_people_leave(staffed: Registry, clock: Clock) -> None:
    number = staffed.team_file("张三", "季度备案")
    clock.pass_days(5)
    staffed.team_end(A + "001", "网格长", "叶娟", "2026-03-05")
    assert staffed.team_filed(number)["name"].tolist() == ["顾信浩", "宋禾", "叶娟"]
