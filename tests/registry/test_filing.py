from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import sqlalchemy as sa
from shapely.geometry.base import BaseGeometry

from gridgis.coding import Scheme
from gridgis.errors import Conflict, InvalidInput, NotFound, Rejected
from gridgis.geometry.crs import to_stored
from gridgis.model import DivisionPlan
from gridgis.registry import Registry, filing, tables
from tests.registry.conftest import Address
from tests.registry.hand import A, B, C, Clock, box, communities, file_through, make_plan, make_registry

CUT = ((500.0, -5.0), (520.0, 905.0))
ACROSS = ((-5.0, 401.0), (2000.0, 433.3))


@pytest.fixture
def base() -> gpd.GeoDataFrame:
    return communities()


def one(base: gpd.GeoDataFrame, code: str = A, *lines: tuple[tuple[float, float], tuple[float, float]]) -> DivisionPlan:
    return make_plan(base[base["code"] == code], list(lines) or [CUT])


def submitted(registry: Registry, plan: DivisionPlan) -> int:
    number = registry.plan_new(plan, "方案", "张三")
    registry.plan_submit(number, "张三")
    return number


# --- codes ---------------------------------------------------------------------------------------------------------


def test_a_draft_shows_preview_codes_and_issues_none(registry: Registry, base: gpd.GeoDataFrame) -> None:
    number = registry.plan_new(one(base), "方案", "张三")
    assert registry.plan_grids(number)["preview_code"].notna().all()
    assert registry.issued_codes().empty


def test_submitting_issues_the_codes_that_the_draft_previewed(registry: Registry, base: gpd.GeoDataFrame) -> None:
    number = registry.plan_new(one(base), "方案", "张三")
    previews = registry.plan_grids(number)["preview_code"].tolist()
    registry.plan_submit(number, "张三")
    assert registry.plan_grids(number)["code"].tolist() == previews


def test_a_returned_plan_keeps_its_codes_when_it_comes_again(registry: Registry, base: gpd.GeoDataFrame) -> None:
    number = submitted(registry, one(base))
    before = registry.plan_grids(number)["code"].tolist()
    registry.plan_return(number, "李四", "再看")
    registry.plan_submit(number, "张三")
    assert registry.plan_grids(number)["code"].tolist() == before


def test_a_withdrawn_plan_burns_its_codes(registry: Registry, base: gpd.GeoDataFrame) -> None:
    number = submitted(registry, one(base))
    registry.plan_withdraw(number, "张三")
    assert set(registry.issued_codes()["state"]) == {"burned"}


def test_a_burned_number_is_never_issued_again(registry: Registry, base: gpd.GeoDataFrame) -> None:
    first = submitted(registry, one(base))
    burned = set(registry.plan_grids(first)["code"]) - {A + "000"}
    registry.plan_withdraw(first, "张三")
    second = submitted(registry, one(base))
    assert not burned & set(registry.plan_grids(second)["code"])


def test_filing_puts_the_codes_in_force(registry: Registry, base: gpd.GeoDataFrame) -> None:
    file_through(registry, one(base))
    assert set(registry.issued_codes()["state"]) == {"in_force"}


def test_a_revised_plan_keeps_the_codes_of_grids_that_stay(registry: Registry, base: gpd.GeoDataFrame) -> None:
    number = submitted(registry, one(base))
    before = set(registry.plan_grids(number)["code"])
    registry.plan_return(number, "李四")
    registry.plan_revise(number, one(base, A, CUT, ((-5, 395), (530, 401))), "张三", "西半再分")
    registry.plan_submit(number, "张三")
    after = set(registry.plan_grids(number)["code"])
    assert (before <= after, len(after)) == (True, len(before) + 2)


def test_given_codes_are_kept(registry: Registry, base: gpd.GeoDataFrame) -> None:
    file_through(registry, given_plan(base, A + "077"))
    assert set(registry.grids()["code"]) == {A + "000", A + "077"}


def test_given_codes_of_a_withdrawn_plan_may_come_again(registry: Registry, base: gpd.GeoDataFrame) -> None:
    registry.plan_withdraw(submitted(registry, given_plan(base, A + "077")), "张三")
    second = submitted(registry, given_plan(base, A + "077"))
    codes = registry.issued_codes()
    assert set(zip(codes["state"], codes["plan_id"], strict=True)) == {("issued", second)}


def test_a_given_code_that_was_in_force_never_comes_again(registry: Registry, base: gpd.GeoDataFrame) -> None:
    file_through(registry, given_plan(base, A + "077"))
    file_through(registry, one(base, A, ((333.0, -5.0), (333.0, 905.0)), ((666.0, -5.0), (666.0, 905.0))))
    with pytest.raises(Conflict, match=A + "077"):
        registry.plan_new(given_plan(base, A + "077"), "方案", "张三")


def test_a_given_code_that_another_plan_holds_is_refused(registry: Registry, base: gpd.GeoDataFrame) -> None:
    submitted(registry, given_plan(base, A + "077"))
    with pytest.raises(Conflict, match=A + "077"):
        registry.plan_new(given_plan(base, A + "077"), "方案", "张三")


def test_a_given_code_that_the_scheme_does_not_know_is_refused(registry: Registry, base: gpd.GeoDataFrame) -> None:
    with pytest.raises(InvalidInput, match="ABC"):
        registry.plan_new(given_plan(base, "ABC"), "方案", "张三")


def given_plan(base: gpd.GeoDataFrame, code: str) -> DivisionPlan:
    plan = make_plan(base[base["code"] == A])
    grids = plan.grids[plan.grids["level"] < 3].assign(flags="given")
    grids["code"] = [A + "000", code]
    return replace(plan, grids=grids)


# --- history -------------------------------------------------------------------------------------------------------


def test_a_grid_that_continues_keeps_its_code(registry: Registry, base: gpd.GeoDataFrame) -> None:
    file_through(registry, one(base))
    file_through(registry, one(base, A, ((505.0, -5.0), (525.0, 905.0))))
    assert registry.lineage()["relation"].value_counts()["continues"] == 5


def test_a_grid_that_continues_keeps_the_name_that_somebody_gave_it(registry: Registry, base: gpd.GeoDataFrame) -> None:
    first, again = one(base), one(base, A, ((505.0, -5.0), (525.0, 905.0)))
    chosen, made = first.grids["level"] == 2, again.grids["level"] == 2
    file_through(registry, replace(first, grids=first.grids.assign(name=_named(first, chosen, "幸福里"))))
    file_through(registry, replace(again, grids=again.grids.assign(name=_named(again, made, "社区1第1网格（0）"))))
    assert registry.grids(level=2)["name"].tolist() == ["幸福里0", "幸福里1"]


def _named(plan: DivisionPlan, which: pd.Series[bool], name: str) -> list[str]:
    """Return the plan's names, and the given one, numbered (in its 0), for those chosen."""
    numbers = iter(range(9))
    form = name if "0" in name else name + "0"
    return [form.replace("0", str(next(numbers))) if w else n for n, w in zip(plan.grids["name"], which, strict=True)]


def test_an_unchanged_grid_has_no_new_version(registry: Registry, base: gpd.GeoDataFrame) -> None:
    file_through(registry, one(base))
    file_through(registry, one(base))
    assert set(registry.grids()["valid_from"]) == {1}


def test_a_split_grid_retires_its_code(registry: Registry, base: gpd.GeoDataFrame) -> None:
    file_through(registry, make_plan(base[base["code"] == A]))
    file_through(registry, one(base, A, ((333.0, -5.0), (333.0, 905.0)), ((666.0, -5.0), (666.0, 905.0))))
    states = registry.issued_codes().set_index("code")["state"]
    assert states[A + "001"] == "retired"


def test_a_past_revision_answers_as_it_was(registry: Registry, base: gpd.GeoDataFrame) -> None:
    file_through(registry, one(base))
    before = registry.grids()
    file_through(registry, one(base, A, ACROSS))
    assert registry.grids(at=1)["code"].tolist() == before["code"].tolist()


def test_other_communities_are_not_touched_but_for_conforming(registry: Registry, base: gpd.GeoDataFrame) -> None:
    file_through(registry, one(base, B))
    before = registry.grids()
    file_through(registry, one(base, A, CUT))
    after = registry.grids()
    assert after[after["community"] == B].reset_index(drop=True).equals(before)


def test_a_conformed_neighbour_keeps_code_and_says_so(registry: Registry, base: gpd.GeoDataFrame) -> None:
    file_through(registry, one(base, B))
    file_through(registry, one(base, A, ACROSS))
    history = registry.history(B + "000")
    assert history["note"].tolist() == [None, "conformed"]


def test_conforming_makes_no_lineage_for_the_neighbour(registry: Registry, base: gpd.GeoDataFrame) -> None:
    file_through(registry, one(base, B))
    file_through(registry, one(base, A, ACROSS))
    assert registry.history(B + "000").attrs["lineage"] == []


@pytest.mark.parametrize("level", [1, 2, 3])
def test_the_whole_registry_is_one_coverage_after_filings_years_apart(
    registry: Registry, clock: Clock, base: gpd.GeoDataFrame, level: int
) -> None:
    for code, lines in ((B, [ACROSS]), (C, [((650.5, 700), (660, 1400))]), (A, [CUT, ACROSS])):
        clock.pass_days(400)
        file_through(registry, one(base, code, *lines))
    parts = registry.grids(level).geometry.to_numpy()
    assert shapely.coverage_is_valid(parts)
    assert shapely.union_all(parts).equals(shapely.union_all(registry.communities().geometry.to_numpy()))


def test_the_light_check_finds_no_fault_after_that(registry: Registry, base: gpd.GeoDataFrame) -> None:
    file_through(registry, one(base, B, ACROSS))
    file_through(registry, one(base, A, CUT, ACROSS))
    assert registry.check().empty


def test_the_light_check_sees_a_grid_that_was_changed_behind_its_back(
    registry: Registry, base: gpd.GeoDataFrame
) -> None:
    file_through(registry, make_plan(base[base["code"] == A], [CUT], [ACROSS]))
    with registry._book.store.write() as c:
        c.exec_driver_sql("DELETE FROM grid WHERE level = 3 AND fid = (SELECT max(fid) FROM grid)")
    assert "union" in set(registry.check()["rule"])


def test_overlays_are_made_disjoint_at_filing(registry: Registry, base: gpd.GeoDataFrame) -> None:
    file_through(registry, make_plan(base[base["code"] == A], overlays=[box(100, 100, 50, 50), box(120, 120, 60, 60)]))
    overlays = registry.grids(kind="dedicated").geometry
    assert overlays.iloc[0].intersection(overlays.iloc[1]).area == 0


def test_a_plan_is_superseded_when_all_its_communities_were_filed_again(
    registry: Registry, base: gpd.GeoDataFrame
) -> None:
    file_through(registry, make_plan(base[base["code"].isin([A, B])]))
    file_through(registry, one(base, A, ACROSS))
    file_through(registry, one(base, B, ACROSS))
    assert registry.plans()["state"].tolist() == ["superseded", "filed", "filed"]


def test_the_buildings_name_the_codes_after_filing(registry: Registry, base: gpd.GeoDataFrame) -> None:
    plan = one(base)
    plan = replace(plan, buildings=plan.buildings.assign(level2=f"{A}-2-01"))
    file_through(registry, plan)
    assert set(registry.context("buildings")["level2"]) == {A + "001"}


# --- time ----------------------------------------------------------------------------------------------------------


def test_a_filing_for_a_later_day_is_not_yet_in_force(registry: Registry, base: gpd.GeoDataFrame) -> None:
    number = submitted(registry, one(base))
    registry.plan_review(number, "李四")
    registry.plan_file(number, "王五", in_force_from="2026-03-15")
    assert registry.revision == 0


def test_on_that_day_it_is(registry: Registry, clock: Clock, base: gpd.GeoDataFrame) -> None:
    number = submitted(registry, one(base))
    registry.plan_review(number, "李四")
    registry.plan_file(number, "王五", in_force_from="2026-03-15")
    clock.pass_days(14)
    assert registry.revision == 1


def test_a_day_asked_for_gives_the_revision_of_that_day(
    registry: Registry, clock: Clock, base: gpd.GeoDataFrame
) -> None:
    file_through(registry, one(base))
    clock.pass_days(10)
    file_through(registry, one(base, A, ACROSS))
    assert registry.view("2026-03-10").revision == 1


def test_buildings_stay_in_their_grids_until_the_first_day(
    registry: Registry, clock: Clock, base: gpd.GeoDataFrame
) -> None:
    columns = ["level2", "level3", "dedicated"]
    file_through(registry, settled_in(one(base)))
    before = registry.context("buildings")[columns]
    later = make_plan(base[base["code"] == A], [ACROSS], [], [], [box(600, 500, 90, 90)])
    number = submitted(registry, settled_in(later))
    registry.plan_review(number, "李四")
    registry.plan_file(number, "王五", in_force_from="2026-03-09")
    pd.testing.assert_frame_equal(registry.context("buildings")[columns], before)
    clock.pass_days(10)
    after = registry.context("buildings")
    assert after[columns].notna().any().all()
    pd.testing.assert_frame_equal(registry.view().place_buildings(after)[columns], after[columns])


def settled_in(plan: DivisionPlan) -> DivisionPlan:
    """Return the plan with the grids of its buildings filled in."""
    homes, grids = plan.buildings.copy(), plan.grids
    at = shapely.point_on_surface(homes.geometry.to_numpy())
    wanted = {"level2": grids["level"] == 2, "level3": grids["level"] == 3, "dedicated": grids["mode"] == "carve"}
    for column, rows in wanted.items():
        holds = {i: shapely.contains(g, at) for i, g in zip(grids["local_id"][rows], grids.geometry[rows], strict=True)}
        found = [next((i for i, inside in holds.items() if inside[k]), None) for k in range(len(at))]
        homes[column] = pd.Series(found, dtype=object)
    return replace(plan, buildings=homes)


def test_nothing_is_backdated(registry: Registry, base: gpd.GeoDataFrame) -> None:
    number = submitted(registry, one(base))
    registry.plan_review(number, "李四")
    with pytest.raises(InvalidInput, match="2026-02-28"):
        registry.plan_file(number, "王五", in_force_from="2026-02-28")


def test_a_plan_may_have_more_buildings_than_sqlite_takes_values(registry: Registry, base: gpd.GeoDataFrame) -> None:
    plan = one(base)
    many = gpd.GeoDataFrame(pd.concat([plan.buildings] * 400, ignore_index=True), crs=plan.buildings.crs)
    many["id"] = [str(i) for i in range(len(many))]
    assert len(many) > 32_766
    file_through(registry, replace(plan, buildings=many))
    assert len(registry.context("buildings")) == len(many)


# --- refusals ------------------------------------------------------------------------------------------------------


def test_a_draft_cannot_be_filed(registry: Registry, base: gpd.GeoDataFrame) -> None:
    number = registry.plan_new(one(base), "方案", "张三")
    with pytest.raises(Conflict, match="draft"):
        registry.plan_file(number, "王五")


def test_a_plan_is_refused_when_another_was_filed_meanwhile(registry: Registry, base: gpd.GeoDataFrame) -> None:
    first, second = submitted(registry, one(base)), submitted(registry, one(base, A, ACROSS))
    for number in (first, second):
        registry.plan_review(number, "李四")
    registry.plan_file(first, "王五")
    with pytest.raises(Conflict, match="submit it again"):
        registry.plan_file(second, "王五")


def test_a_plan_with_a_gap_is_rejected_at_submission(registry: Registry, base: gpd.GeoDataFrame) -> None:
    plan = make_plan(base[base["code"] == A], [CUT], [ACROSS])
    number = registry.plan_new(replace(plan, grids=plan.grids.drop(index=plan.grids.index[-1])), "方案", "张三")
    with pytest.raises(Rejected) as caught:
        registry.plan_submit(number, "张三")
    assert caught.value.fields["faults"][0]["rule"] == "union"  # type: ignore[index]


def test_a_rejected_submission_leaves_a_draft_and_no_codes(registry: Registry, base: gpd.GeoDataFrame) -> None:
    plan = make_plan(base[base["code"] == A], [CUT], [ACROSS])
    number = registry.plan_new(replace(plan, grids=plan.grids.drop(index=plan.grids.index[-1])), "方案", "张三")
    with pytest.raises(Rejected):
        registry.plan_submit(number, "张三")
    assert (registry.plan(number)["state"], len(registry.issued_codes())) == ("draft", 0)


def test_a_plan_for_an_unknown_community_is_refused(address: Address, base: gpd.GeoDataFrame) -> None:
    with make_registry(address(), base=base[base["code"] == A]) as registry, pytest.raises(NotFound, match=B):
        registry.plan_new(one(base, B), "方案", "张三")


def test_a_plan_in_another_crs_is_refused(registry: Registry, base: gpd.GeoDataFrame) -> None:
    plan = one(base)
    with pytest.raises(InvalidInput, match="EPSG:4490"):
        registry.plan_new(replace(plan, grids=to_stored(plan.grids)), "方案", "张三")


def test_an_empty_plan_is_refused(registry: Registry, base: gpd.GeoDataFrame) -> None:
    plan = one(base)
    with pytest.raises(InvalidInput, match="no grids"):
        registry.plan_new(replace(plan, grids=plan.grids[:0]), "方案", "张三")


def test_an_unknown_plan_is_not_found(registry: Registry) -> None:
    with pytest.raises(NotFound, match="42"):
        registry.plan_submit(42, "张三")


def test_a_neighbours_row_is_checked_as_it_is_stored(registry: Registry, base: gpd.GeoDataFrame) -> None:
    file_through(registry, make_plan(base[base["code"] == B], [((1400, -5), (1400, 905))], [ACROSS]))
    cells = registry.grids(level=3).geometry.to_numpy()
    cell = cells[shapely.distance(cells, shapely.Point(shapely.total_bounds(cells)[2:])).argmin()]
    _store_shape(registry, cell, shapely.transform(cell, lambda xy: np.where(xy == xy.max(axis=0), xy - 1e-9, xy)))
    number = registry.plan_new(one(base, A, ((-5.0, 222.2), (1005.0, 233.3))), "方案", "张三")
    with pytest.raises(Rejected, match=r"not match|not the union"):
        registry.plan_submit(number, "张三")


def _store_shape(registry: Registry, before: BaseGeometry, after: BaseGeometry) -> None:
    g = tables.grid
    with registry._book.store.write() as c:
        for fid, geom in list(c.execute(sa.select(g.c.fid, g.c.geometry))):
            if geom.equals(before):
                c.execute(sa.update(g).where(g.c.fid == fid).values(geometry=after))


# --- all or nothing ------------------------------------------------------------------------------------------------


@pytest.fixture
def half_way(registry: Registry, base: gpd.GeoDataFrame, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """Return a registry in which a second filing broke off after its rows were written."""
    file_through(registry, one(base))
    number = submitted(registry, one(base, A, ACROSS))
    registry.plan_review(number, "李四")

    def break_off(*_: object) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(filing, "_replace_buildings", break_off)
        with pytest.raises(RuntimeError, match="power cut"):
            registry.plan_file(number, "王五")
    return registry


def test_a_filing_that_breaks_off_leaves_the_plan_reviewed(half_way: Registry) -> None:
    assert half_way.plan(2)["state"] == "reviewed"


def test_a_filing_that_breaks_off_leaves_the_grids_in_force(half_way: Registry) -> None:
    assert set(half_way.grids()["valid_from"]) == {1}
    assert half_way.check().empty


def test_a_filing_that_broke_off_can_be_done_again(half_way: Registry) -> None:
    assert half_way.plan_file(2, "王五") == 2


KILLED = """
import os, sys
from gridgis.registry import Registry, filing, tables
filing._replace_buildings = lambda *_: os.kill(os.getpid(), 9)
Registry.open(sys.argv[1]).plan_file(1, "x")
"""


def test_a_process_that_is_killed_while_filing_leaves_nothing_behind(
    registry: Registry, base: gpd.GeoDataFrame
) -> None:
    number = submitted(registry, one(base))
    registry.plan_review(number, "李四")
    killed = subprocess.run([sys.executable, "-c", KILLED, registry.path], check=False)
    assert killed.returncode == -9
    assert (registry.plan(number)["state"], len(registry.revisions())) == ("reviewed", 0)
    assert registry.plan_file(number, "王五") == 1


WRITER = f"""
import sys
import pandas as pd
from gridgis.registry import Registry
with Registry.open(sys.argv[1]) as r:
    for i in range(20):
        row = {{"grid": ["{B}000"], "role": ["administrator"], "name": [sys.argv[2] + "-" + str(i)]}}
        r.team_import(pd.DataFrame(row), "x")
"""


def test_two_processes_that_write_wait_for_each_other(registry: Registry, base: gpd.GeoDataFrame) -> None:
    file_through(registry, one(base, B))
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, registry.path, name]) for name in ("p", "q")]
    assert [w.wait(timeout=120) for w in writers] == [0, 0]
    assert len(registry.team("2100-01-01")) == 40


def test_of_two_threads_that_file_one_plan_one_wins(registry: Registry, base: gpd.GeoDataFrame) -> None:
    number = submitted(registry, one(base))
    registry.plan_review(number, "李四")
    outcomes: list[str] = []

    def go() -> None:
        try:
            registry.plan_file(number, "王五")
            outcomes.append("filed")
        except Conflict:
            outcomes.append("conflict")

    threads = [threading.Thread(target=go) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["conflict", "filed"]


def test_a_reopened_registry_says_the_same(registry: Registry, base: gpd.GeoDataFrame) -> None:
    file_through(registry, one(base))
    with Registry.open(registry.path) as again:
        assert again.grids().equals(registry.grids())
        assert again.scheme == registry.scheme


def test_a_users_scheme_travels_in_the_registry(address: Address) -> None:
    toml = Scheme.load("nested-18").toml.replace('name = "nested-18"', 'name = "ours"', 1)
    path = address()
    Registry.create(path, work_crs="EPSG:4545", scheme=Scheme.from_text(toml)).close()
    with Registry.open(path) as again:
        assert again.scheme.name == "ours"


def test_a_nested_scheme_files_too(address: Address, base: gpd.GeoDataFrame) -> None:
    with Registry.create(address(), work_crs="EPSG:4545", scheme="nested-18", clock=Clock()) as registry:
        registry.import_communities(base)
        file_through(registry, one(base, A, CUT, ACROSS))
        file_through(registry, one(base, A, CUT))
        assert registry.check().empty
