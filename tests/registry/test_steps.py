"""The steps of a filing: who may take them, what is written down, what stands in their way; and what they change."""

from __future__ import annotations

import geopandas as gpd
import pytest

from gridgis.errors import Conflict, Forbidden, InvalidInput, NotFound
from gridgis.ledger.changes import apply, diff
from gridgis.ledger.powers import OPEN, Powers
from gridgis.registry import Registry
from maps.changes import changes_svg
from tests.registry.hand import A, B, C, Clock, communities, file_through, make_plan

HALVES = ((500.0, -5.0), (520.0, 905.0))
ACROSS = ((-5.0, 401.0), (2000.0, 433.3))
THIRDS = [((333.0, -5.0), (333.0, 905.0)), ((666.0, -5.0), (666.0, 905.0))]


def only(*codes: str) -> gpd.GeoDataFrame:
    base = communities()
    return base[base["code"].isin(codes)].reset_index(drop=True)


# --- who, when, why ------------------------------------------------------------------------------------------------


def test_each_step_is_written_down_with_who_when_why_and_for_which_office(registry: Registry, clock: Clock) -> None:
    number = registry.plan_new(make_plan(only(A)), "方案", "张三", office="township")
    clock.pass_days(1)
    registry.plan_submit(number, "张三", "初稿", office="township")
    clock.pass_days(1)
    registry.plan_return(number, "李四", "西界待定", office="county")
    clock.pass_days(1)
    registry.plan_withdraw(number, "张三", "重做", office="township")
    keys = ("action", "state", "who", "why", "office")
    events = registry.plan(number)["events"]
    assert [tuple(e[k] for k in keys) for e in events] == [
        ("new", "draft", "张三", "", "township"), ("submit", "submitted", "张三", "初稿", "township"),
        ("return", "returned", "李四", "西界待定", "county"), ("withdraw", "withdrawn", "张三", "重做", "township"),
    ]  # fmt: skip
    assert [e["at"].day for e in events] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("powers", "divides", "reviews"),
    [("township-divides", "township", "county"), ("county-divides", "county", "township")],
)
def test_who_divides_and_who_reviews_is_configuration(
    registry: Registry, powers: str, divides: str, reviews: str
) -> None:
    registry.set_powers(Powers.load(powers))
    number = registry.plan_new(make_plan(only(A)), "方案", "张三", office=divides)
    registry.plan_submit(number, "张三", office=divides)
    with pytest.raises(Forbidden, match=reviews):
        registry.plan_review(number, "张三", office=divides)
    registry.plan_review(number, "李四", office=reviews)
    assert registry.plan(number)["state"] == "reviewed"


def test_a_step_that_is_forbidden_changes_nothing(registry: Registry) -> None:
    registry.set_powers(Powers.load("township-divides"))
    with pytest.raises(Forbidden):
        registry.plan_new(make_plan(only(A)), "方案", "张三")
    assert registry.plans().empty


def test_powers_can_be_taken_back(registry: Registry) -> None:
    registry.set_powers(Powers.load("township-divides"))
    registry.set_powers(OPEN)
    assert registry.powers == OPEN


# --- what stands in the way ----------------------------------------------------------------------------------------


def test_a_clock_that_goes_backward_is_noticed_and_nothing_is_lost(registry: Registry, clock: Clock) -> None:
    number = registry.plan_new(make_plan(only(A)), "方案", "张三")
    clock.pass_days(-1)
    with pytest.raises(Conflict, match="2026-02-28"):
        registry.plan_submit(number, "张三")
    clock.pass_days(1)
    registry.plan_submit(number, "张三")
    assert registry.plan(number)["state"] == "submitted"


def test_a_draft_of_a_community_that_was_filed_since_names_the_winner(registry: Registry) -> None:
    draft = registry.plan_new(make_plan(only(A), [HALVES]), "方案", "张三")
    file_through(registry, make_plan(only(A), [ACROSS]))
    with pytest.raises(Conflict, match="plan 2 was filed as revision 1 by 王五 for") as caught:
        registry.plan_submit(draft, "张三")
    assert caught.value.fields["winner"] == 2
    registry.plan_revise(draft, make_plan(only(A), [HALVES]), "张三")
    registry.plan_submit(draft, "张三")


def test_a_winner_without_a_name_is_told_by_the_number_of_its_plan(registry: Registry) -> None:
    draft = registry.plan_new(make_plan(only(A), [HALVES]), "方案", "")
    winner = registry.plan_new(make_plan(only(A), [ACROSS]), "方案", "")
    registry.plan_submit(winner, "")
    registry.plan_review(winner, "")
    registry.plan_file(winner, "")
    with pytest.raises(Conflict) as caught:
        registry.plan_submit(draft, "")
    assert f"drafted, plan {winner} was filed as revision 1 for ['{A}']" in caught.value.en
    assert f"之后，方案 {winner} 已备案为第 1 版，涉及社区" in caught.value.zh


def test_a_filing_next_door_does_not_stand_in_the_way(registry: Registry) -> None:
    draft = registry.plan_new(make_plan(only(A), [HALVES]), "方案", "张三")
    file_through(registry, make_plan(only(B), [ACROSS]))
    registry.plan_submit(draft, "张三")
    assert registry.plan(draft)["state"] == "submitted"


# --- what changed --------------------------------------------------------------------------------------------------


@pytest.fixture
def two_revisions(registry: Registry, clock: Clock) -> Registry:
    """Return a registry in which A was halved, then cut in three, and B filed meanwhile."""
    file_through(registry, make_plan(only(A), [HALVES]))
    clock.pass_days(10)
    file_through(registry, make_plan(only(B)))
    clock.pass_days(10)
    file_through(registry, make_plan(only(A), THIRDS))
    return registry


def test_a_split_tells_each_share_of_households_and_area(registry: Registry) -> None:
    file_through(registry, make_plan(only(A)))
    file_through(registry, make_plan(only(A), THIRDS))
    split = registry.lineage().query(f"old == '{A}001' and revision == 2")
    assert split["relation"].tolist() == ["split"] * 3
    assert split["households_share"].sum() == pytest.approx(1)
    assert split["area_share"].tolist() == pytest.approx([0.333, 0.333, 0.334], abs=0.001)


def test_a_merge_tells_all_that_went_into_the_new_grid(registry: Registry) -> None:
    file_through(registry, make_plan(only(A), [HALVES]))
    file_through(registry, make_plan(only(A)))
    merged = registry.grids(level=2)["code"].iloc[0]
    rows = registry.lineage().query(f"new == '{merged}' and revision == 2")
    assert (rows["old"].tolist(), rows["area_share"].tolist()) == ([A + "001", A + "002"], [1.0, 1.0])


def test_a_plan_over_several_communities_is_one_revision(registry: Registry) -> None:
    file_through(registry, make_plan(communities(), [HALVES], [ACROSS]))
    assert (registry.revision, set(registry.grids()["community"])) == (1, {A, B, C})
    assert registry.check().empty


def test_two_revisions_compared_and_applied_give_the_later(two_revisions: Registry) -> None:
    changes = two_revisions.changes("r1", "r3")
    after = apply(changes, two_revisions.grids(at=1))
    assert diff(after, two_revisions.grids(at=3)).table().empty


def test_days_are_compared_as_revisions_are(two_revisions: Registry) -> None:
    by_day = two_revisions.changes("2026-03-01", "2026-03-21").table()
    assert by_day.equals(two_revisions.changes("r1", "r3").table())


def test_a_plan_is_compared_in_its_own_communities_only(two_revisions: Registry) -> None:
    table = two_revisions.changes("r2", "3").table()
    assert set(table["code"].str[:12]) == {A}


def test_two_plans_are_compared(two_revisions: Registry) -> None:
    table = two_revisions.changes(1, 3).table()  # the outer thirds continue the halves, the middle one is new
    assert table["change"].value_counts().to_dict() == {"changed": 5, "added": 2}  # and level 1 has other vertices


def test_the_day_before_and_the_day_of_a_filing_differ_by_it(two_revisions: Registry) -> None:
    assert two_revisions.changes("2026-03-20", "2026-03-21").table()["code"].str[:12].unique().tolist() == [A]
    assert two_revisions.changes("2026-03-11", "2026-03-20").table().empty


@pytest.mark.parametrize(("which", "error"), [("99", NotFound), ("r99", NotFound), ("soon", InvalidInput)])
def test_a_state_that_is_none_is_refused(two_revisions: Registry, which: str, error: type[Exception]) -> None:
    with pytest.raises(error, match=which.strip("r")):
        two_revisions.changes("r1", which)


def test_the_drawing_shows_what_came_and_what_was_there_before(two_revisions: Registry) -> None:
    svg = changes_svg(two_revisions.changes("r2", "r3"))
    assert [svg.count(f'class="{kind}"') for kind in ("added", "changed", "before")] == [1, 2, 2]


def test_the_drawing_of_no_change_says_so(two_revisions: Registry) -> None:
    assert "no change" in changes_svg(two_revisions.changes("r2", "r2"))
