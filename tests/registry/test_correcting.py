"""Names, leaders, phones and remarks of what is in force are corrected without a plan, on both stores."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pandas as pd
import pytest

from gridgis.coding.editions import Lineage, Step
from gridgis.errors import Conflict, Forbidden, InvalidInput, NotFound, Rejected
from gridgis.ledger.powers import Powers
from gridgis.registry import Registry
from gridgis.registry.correcting import Corrections
from gridgis.registry.remarks import carry_remarks
from tests.registry.conftest import Address
from tests.registry.hand import A, B, Clock, communities, file_through, make_plan, make_registry

TOP, ONE, TWO = A + "000", A + "001", A + "002"
CUT = [((300, -10), (410, 900))]


@pytest.fixture
def town(address: Address, clock: Clock) -> Iterator[Registry]:
    """Return a registry with one community of two grids, and leaders."""
    base = communities()
    with make_registry(address(), clock) as made:
        file_through(made, make_plan(base[base["code"] == A], CUT))
        day = clock.now.date() - timedelta(days=30)
        rows = [(TOP, "leader", "顾信浩", "13812345678", str(day)), (ONE, "leader", "叶娟", "13912345678", str(day))]
        made.team_import(pd.DataFrame(rows, columns=["grid", "role", "name", "phone", "from"]), "张三")
        yield made


def leader(registry: Registry, code: str) -> tuple[str, str] | None:
    people = [p for p in registry.leaders().get(code, []) if p["role"] == "leader"]
    return (people[0]["name"], people[0]["phone"]) if people else None


def name(registry: Registry, code: str, at: int | None = None) -> str:
    grids = registry.grids(at=at)
    return str(grids[grids["code"] == code]["name"].iloc[0])


def test_a_new_name_is_a_new_revision_and_the_old_one_stays_in_the_past(town: Registry) -> None:
    before = name(town, ONE)
    assert town.correct(Corrections(names={ONE: "河边网格"}), 1, "李四") == 2
    assert (name(town, ONE), name(town, ONE, at=1)) == ("河边网格", before)
    assert name(town, TWO) == name(town, TWO, at=1)
    assert town.check().empty


def test_a_corrected_grid_keeps_code_border_and_row_of_lineage(town: Registry) -> None:
    town.correct(Corrections(names={ONE: "河边网格"}), 1, "李四")
    versions = town.history(ONE)
    assert versions["valid_from"].tolist() == [1, 2]
    assert versions["note"].tolist()[1] == "corrected"
    assert versions.attrs["lineage"] == []
    old, new = (town.grids(at=n).set_index("code").geometry[ONE] for n in (1, 2))
    assert old.equals_exact(new, 0)


def test_the_correction_says_who_did_it_and_why(town: Registry) -> None:
    town.correct(Corrections(names={ONE: "河边网格"}), 1, "李四", "写错了字")
    papers = town.plan(int(town.revisions()["plan_id"].iloc[-1]))
    assert [(e["action"], e["who"], e["why"]) for e in papers["events"]] == [("correct", "李四", "写错了字")]


def test_without_a_new_name_there_is_no_revision(town: Registry) -> None:
    assert town.correct(Corrections(remarks={ONE: "临河"}, leaders={ONE: ("宋禾", "")}), 1, "李四") is None
    assert town.revision == 1


def test_a_new_leader_begins_today_and_the_old_one_ended_yesterday(town: Registry, clock: Clock) -> None:
    town.correct(Corrections(leaders={ONE: ("宋禾", "13700001111")}), 1, "李四")
    assert leader(town, ONE) == ("宋禾", "13700001111")
    people = town.appointments()
    old = people[(people["grid"] == ONE) & (people["name"] == "叶娟")].iloc[0]
    assert str(old["to"]) == str(clock.now.date() - timedelta(days=1))


def test_a_leader_who_began_today_is_replaced(town: Registry) -> None:
    town.correct(Corrections(leaders={ONE: ("宋禾", "")}), 1, "李四")
    town.correct(Corrections(leaders={ONE: ("宋和", "")}), 1, "李四")
    people = town.appointments()
    assert people[people["grid"] == ONE]["name"].tolist() == ["叶娟", "宋和"]


def test_a_post_becomes_vacant_and_is_filled(town: Registry) -> None:
    town.correct(Corrections(leaders={ONE: None, TWO: ("宋禾", "")}), 1, "李四")
    assert leader(town, ONE) is None
    assert leader(town, TWO) == ("宋禾", "")


def test_a_phone_changes_wherever_the_person_acts_and_the_appointment_stays(town: Registry) -> None:
    rows = pd.DataFrame([(TWO, "leader", "叶娟", "13912345678")], columns=["grid", "role", "name", "phone"])
    town.team_import(rows, "张三")
    before = len(town.appointments())
    town.correct(Corrections(phones={ONE: "0915-3212345"}), 1, "李四")
    assert leader(town, ONE) == leader(town, TWO) == ("叶娟", "0915-3212345")
    assert len(town.appointments()) == before


def test_changed_leaders_are_put_on_record(town: Registry) -> None:
    before = len(town.team_filings())
    town.correct(Corrections(leaders={ONE: ("宋禾", "")}), 1, "李四")
    filed = town.team_filings()
    assert len(filed) == before + 1
    assert town.team_filed(int(filed["number"].iloc[-1]))["name"].tolist() == ["宋禾"]


def test_remarks_hold_from_today_and_past_days_keep_theirs(town: Registry, clock: Clock) -> None:
    first = str(clock.now.date())
    town.correct(Corrections(remarks={ONE: "临河", TWO: "x"}), 1, "李四")
    clock.now += timedelta(days=5)
    town.correct(Corrections(remarks={ONE: "临河，汛期巡查", TWO: ""}), 1, "李四")
    assert town.remarks() == {ONE: "临河，汛期巡查"}
    assert town.remarks(first) == {ONE: "临河", TWO: "x"}


def test_a_remark_of_today_is_replaced_by_another_of_today(town: Registry) -> None:
    for text in ("一", "二", "三"):
        town.correct(Corrections(remarks={ONE: text}), 1, "李四")
    assert town.remarks() == {ONE: "三"}


def test_an_open_plan_is_not_stale_after_a_corrected_name_and_takes_it_over(town: Registry) -> None:
    base = communities()
    plan = make_plan(base[base["code"] == A], CUT)
    number = town.plan_new(plan, "再划", "张三")
    town.correct(Corrections(names={ONE: "河边网格"}), 1, "李四")
    town.plan_submit(number, "张三")
    town.plan_review(number, "李四")
    town.plan_file(number, "李四")
    assert name(town, ONE) == "河边网格"


def test_plans_filed_before_stay_filed(town: Registry) -> None:
    town.correct(Corrections(names={ONE: "河边网格"}), 1, "李四")
    base = communities()
    file_through(town, make_plan(base[base["code"] == B], [((1400, -5), (1400, 805))]))
    assert town.plan(1)["state"] == "filed"


def test_a_correction_stays_filed_whatever_is_filed_after_it(town: Registry) -> None:
    town.correct(Corrections(names={ONE: "河边网格"}), 1, "李四")
    base = communities()
    for code in (B, A):
        file_through(town, make_plan(base[base["code"] == code], [((1400, -5), (1400, 805))]))
    assert town.plans()["state"].tolist() == ["superseded", "filed", "filed", "filed"]


WRONG = {
    "another revision": (Corrections(names={ONE: "x"}), 0, Conflict),
    "an unknown code": (Corrections(remarks={A + "999": "x"}), 1, NotFound),
    "an empty name": (Corrections(names={ONE: " "}), 1, InvalidInput),
    "no phone": (Corrections(phones={ONE: "电话"}), 1, InvalidInput),
    "a phone without leader": (Corrections(phones={TWO: "13700001111"}), 1, InvalidInput),
    "no phone of a new leader": (Corrections(leaders={ONE: ("宋禾", "138****1234")}), 1, InvalidInput),
}


@pytest.mark.parametrize("case", list(WRONG))
def test_what_is_wrong_is_refused_and_nothing_is_written(case: str, town: Registry) -> None:
    wanted, based_on, error = WRONG[case]
    both = Corrections(
        names={TWO: "新名"} | dict(wanted.names), leaders=wanted.leaders, phones=wanted.phones,
        remarks={TOP: "x"} | dict(wanted.remarks),
    )  # fmt: skip
    with pytest.raises(error):
        town.correct(both, based_on, "李四")
    assert (town.revision, town.remarks(), leader(town, ONE)) == (1, {}, ("叶娟", "13912345678"))


def test_two_grids_of_one_name_are_refused(town: Registry) -> None:
    with pytest.raises(Rejected, match="unique"):
        town.correct(Corrections(names={ONE: name(town, TWO)}), 1, "李四")


def test_two_grids_may_exchange_their_names(town: Registry) -> None:
    one, two = name(town, ONE), name(town, TWO)
    town.correct(Corrections(names={ONE: two, TWO: one}), 1, "李四")
    assert (name(town, ONE), name(town, TWO)) == (two, one)


def test_two_numbers_for_one_person_are_refused(town: Registry) -> None:
    rows = pd.DataFrame([(TWO, "leader", "叶娟", "13912345678")], columns=["grid", "role", "name", "phone"])
    town.team_import(rows, "张三")
    with pytest.raises(InvalidInput, match="a person has one phone"):
        town.correct(Corrections(phones={ONE: "13700001111", TWO: "13700002222"}), 1, "李四")


def test_a_revision_of_a_later_day_is_corrected_when_it_is_in_force(town: Registry, clock: Clock) -> None:
    base = communities()
    plan = make_plan(base[base["code"] == B], [((1400, -5), (1400, 805))])
    number = town.plan_new(plan, "B", "张三")
    town.plan_submit(number, "张三")
    town.plan_review(number, "李四")
    town.plan_file(number, "李四", in_force_from=str(clock.now.date() + timedelta(days=10)))
    with pytest.raises(Conflict, match="not in force yet"):
        town.correct(Corrections(names={ONE: "x"}), 2, "李四")


def test_an_office_that_may_not_file_may_not_rename(town: Registry) -> None:
    town.set_powers(Powers.load("township-divides"))
    with pytest.raises(Forbidden, match="not for"):
        town.correct(Corrections(names={ONE: "x"}), 1, "李四", office="村")
    assert town.revision == 1


def test_a_remark_goes_with_its_grid_to_another_code(town: Registry, clock: Clock) -> None:
    town.correct(Corrections(remarks={ONE: "临河"}), 1, "李四")
    first = str(clock.now.date())
    clock.pass_days(10)
    new = "990081001001"
    steps = (Step(5, A, new, "prefix"),)
    town.recode(Lineage(steps, date(2020, 6, 30), date(2023, 6, 30)), "王五")
    assert town.remarks() == {new + "001": "临河"}
    assert town.remarks(first) == {ONE: "临河"}


def test_grids_that_exchange_their_codes_exchange_their_remarks(town: Registry) -> None:
    town.correct(Corrections(remarks={ONE: "一", TWO: "二"}), 1, "李四")
    with town._book.store.write() as c:
        carry_remarks(town._book, c, {ONE: TWO, TWO: ONE}, town._book.today(), "李四")
    assert town.remarks() == {ONE: "二", TWO: "一"}


def test_a_remark_of_a_grid_without_heir_ends(town: Registry) -> None:
    town.correct(Corrections(remarks={ONE: "一"}), 1, "李四")
    with town._book.store.write() as c:
        carry_remarks(town._book, c, {ONE: None}, town._book.today(), "李四")
    assert town.remarks() == {}
