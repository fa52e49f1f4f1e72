"""What goes into a filing package: of a plan file, of a registry."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from gridgis.errors import InvalidInput, NotFound
from gridgis.registry import Registry
from gridgis.service.package import CONTEXT, GRID_COLUMNS, Package, Stated, package_of

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
