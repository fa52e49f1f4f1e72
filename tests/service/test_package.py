"""What goes into a filing package: of a plan file, of a registry."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pypdfium2
import pytest

from gridgis.errors import InvalidInput, NotFound
from gridgis.io.register import Register
from gridgis.registry import Registry
from gridgis.service.package import CONTEXT, GRID_COLUMNS, Package, Stated, package_of
from gridgis.service.register import register_of
from maps.sheets import find_font
from maps.sheets.content import sheets
from maps.sheets.grids import VACANT
from maps.sheets.notice import draw_notice

SECOND = "990001001001001"


@pytest.fixture(scope="module")
def of_plan(town_plan: Path) -> Package:
    return package_of(town_plan)


@pytest.fixture(scope="module")
def of_registry(town_registry: Path) -> Package:
    return package_of(town_registry)


def row(package: Package, code: str) -> dict[str, object]:
    return {str(k): v for k, v in package.grids.set_index("code").loc[code].items()}


def test_both_sources_give_the_same_grids_in_the_order_of_codes(of_plan: Package, of_registry: Package) -> None:
    same = ["community", "code", "parent", "level", "kind", "mode", "category", "name", "households"]
    a, b = (
        pd.DataFrame(p.grids[same]).astype(object).where(p.grids[same].notna(), None) for p in (of_plan, of_registry)
    )
    pd.testing.assert_frame_equal(a, b, check_dtype=False)
    assert list(of_plan.grids.columns) == list(GRID_COLUMNS)
    assert of_plan.grids["code"].is_monotonic_increasing


def test_all_geometry_is_in_the_work_crs(of_plan: Package, of_registry: Package) -> None:
    for package in (of_plan, of_registry):
        frames = [package.grids, package.communities, *(package.context[name] for name in CONTEXT)]
        assert {f.crs.to_epsg() for f in frames} == {4545}


def test_areas_of_both_sources_agree(of_plan: Package, of_registry: Package) -> None:
    assert (of_plan.grids["area_m2"] - of_registry.grids["area_m2"]).abs().max() < 0.01


def test_a_registry_knows_leaders_and_hides_their_phones(of_registry: Package) -> None:
    found = row(of_registry, SECOND)
    assert found["leader"]
    assert "****" in str(found["phone"])
    assert "****" in str(found["workers"])


def test_phones_are_printed_in_full_where_the_user_says_so(town_registry: Path) -> None:
    found = row(package_of(town_registry, Stated(clear_phones=True)), SECOND)
    assert "*" not in str(found["workers"])
    assert "****" in str(found["phone"])


def test_a_plan_without_a_team_names_nobody(of_plan: Package) -> None:
    assert set(of_plan.grids["leader"]) == set(of_plan.grids["workers"]) == {""}


def test_a_plan_takes_a_table_of_its_team(town_plan: Path, tmp_path: Path) -> None:
    path = tmp_path / "team.csv"
    path.write_text(f"网格编码,角色,姓名,电话,起始\n{SECOND},网格长,张三,13800001234,2026-01-01\n", encoding="utf-8")
    found = row(package_of(town_plan, team=path), SECOND)
    assert (found["leader"], found["phone"]) == ("张三", "138****1234")


def test_a_team_of_unknown_grids_is_refused(town_plan: Path, tmp_path: Path) -> None:
    path = tmp_path / "team.csv"
    path.write_text("grid,role,name,from\n123,leader,张三,2026-01-01\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match="队伍表有误"):
        package_of(town_plan, team=path)


def test_the_extent_is_told_of_every_level_2_grid(of_plan: Package, of_registry: Package) -> None:
    for package in (of_plan, of_registry):
        second = package.grids[(package.grids["level"] == 2).fillna(False)]
        assert second["extent"].str.startswith("东至").all()


def test_the_report_calls_grids_by_their_codes(of_plan: Package) -> None:
    assert of_plan.checks.ok
    assert of_plan.checks.exceptions["grid"].str.fullmatch(r"\d{15}(,\d{15})*").all()


def test_a_registry_is_verified_by_the_rules_of_the_ground(of_registry: Package) -> None:
    assert of_registry.checks.ok
    assert of_registry.checks.checked["coverage"] > 0


def test_papers_of_one_community_keep_the_neighbours_on_the_drawing(town_registry: Path) -> None:
    package = package_of(town_registry, communities=["990001001002"])
    assert list(package.communities["code"]) == ["990001001002"]
    assert package.grids["community"].nunique() == 5


def test_an_unknown_community_is_named_with_those_that_are_there(town_registry: Path) -> None:
    with pytest.raises(NotFound, match=r"没有社区 123.*there are 990001001001"):
        package_of(town_registry, communities=["123"])


def test_a_registry_in_which_nothing_is_in_force_has_no_package(tmp_path: Path) -> None:
    path = tmp_path / "new.gpkg"
    Registry.create(path, work_crs="EPSG:4545").close()
    with pytest.raises(NotFound, match=r"还没有生效的网格.*file a plan first"):
        package_of(path)


def test_what_is_neither_plan_nor_registry_is_refused(tmp_path: Path) -> None:
    with pytest.raises((InvalidInput, NotFound)):
        package_of(tmp_path / "nothing.gpkg")


def test_a_title_is_taken_as_given(town_plan: Path) -> None:
    assert package_of(town_plan, Stated(title="示范街道")).title == "示范街道"


# --- the same people in all papers --------------------------------------------------------------------------------

DAY = "2026-11-23"
LATE = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
"""The first moment of DAY in Asia/Shanghai."""
TEAM = f"""grid,role,name,phone,from,to
{SECOND},leader,前任,13800001001,2025-01-01,2026-11-22
{SECOND},leader,现任,13800001002,2026-11-23,2027-12-31
{SECOND},leader,后任,13800001003,2028-01-01,
{SECOND},administrator,旧员,13800001004,2025-01-01,2025-12-31
{SECOND},administrator,新员,13800001005,2030-01-01,
{SECOND},administrator,在员,13800001006,2025-01-01,2027-12-31
990001001001002,leader,过期,13800001007,2025-01-01,2025-12-31
990001001001003,leader,末日,13800001008,2025-01-01,2026-11-23
990001001001004,leader,将来,13800001009,2030-01-01,
990001001001005,leader,长期,13800001010,2025-01-01,
"""
LED = {
    SECOND: "现任", "990001001001002": "", "990001001001003": "末日", "990001001001004": "", "990001001001005": "长期",
}  # fmt: skip


@pytest.fixture
def team(tmp_path: Path) -> Path:
    path = tmp_path / "team.csv"
    path.write_text(TEAM, encoding="utf-8")
    return path


def led(package: Package) -> dict[str, str]:
    """Return the leaders by code as the drawings of the grids name them."""
    named = {s.code: dict(s.fields)["网 格 长"].split("　")[0] for s in sheets(package) if s.code in LED}
    return {code: name.replace(VACANT, "") for code, name in named.items()}


def led_on_notice(package: Package) -> dict[str, str]:
    """Return the leaders by code as the public notice names them: after code, hectares and households."""
    try:
        font = find_font()
    except InvalidInput as e:
        pytest.skip(e.en)
    with pypdfium2.PdfDocument(draw_notice(package, SECOND[:12], "老渡口社区", font)) as book:
        text = "".join(page.get_textpage().get_text_range() for page in book)
    named = {code: re.findall(rf"{code}\s+[\d.]+\s+\d+\s+(\S+)", text) for code in LED}
    return {code: "".join(names).replace(VACANT, "") for code, names in named.items()}


def led_in_register(register: Register) -> dict[str, str]:
    """Return the leaders by code as the register names them."""
    return {str(r["code"]): str(r["leader"] or "") for r in register.rows if r["code"] in LED}


def test_drawings_notice_and_register_name_who_is_in_office(town_plan: Path, team: Path) -> None:
    package = package_of(town_plan, team=team, clock=lambda: LATE)
    register = register_of(town_plan, team=team, clock=lambda: LATE)
    assert led(package) == led_on_notice(package) == led_in_register(register) == LED
    assert row(package, SECOND)["workers"] == "在员（138****1006）"
    assert next(r for r in register.rows if r["code"] == SECOND)["administrators"] == "在员 138****1006"


def test_people_change_at_midnight_in_china(town_plan: Path, team: Path) -> None:
    before = LATE - timedelta(seconds=1)
    found = led(package_of(town_plan, team=team, clock=lambda: before))
    assert found == led_in_register(register_of(town_plan, team=team, clock=lambda: before))
    assert (found[SECOND], found["990001001001003"]) == ("前任", "末日")


@pytest.mark.parametrize(("day", "leader"), [("2028-01-01", "后任"), ("2026-11-22", "前任"), ("2028年1月1日", "现任")])
def test_an_iso_day_on_the_papers_says_whose_people_they_name(
    day: str, leader: str, town_plan: Path, team: Path
) -> None:
    found = led(package_of(town_plan, Stated(day=day), team=team, clock=lambda: LATE))
    assert found == led_in_register(register_of(town_plan, team=team, day=day, clock=lambda: LATE))
    assert found[SECOND] == leader


def test_a_registry_names_a_leader_to_the_last_day_and_not_beyond(town_registry: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(town_registry, tmp_path / "registry.gpkg"))
    ends = dict(zip(LED, ("2026-11-22", "2026-11-23", "2027-12-31"), strict=False))
    with Registry.open(path) as registry:
        names = {code: str(registry.card(code)["leader"]["name"]) for code in LED}
        for code, end in ends.items():
            registry.team_end(code, "leader", names[code], end, "测试员")
    found = led(package_of(path, clock=lambda: LATE))
    assert found == led_in_register(register_of(path, clock=lambda: LATE)) == names | {SECOND: ""}
