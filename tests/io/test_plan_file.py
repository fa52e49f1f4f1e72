"""The plan file: comes back as it was, byte for byte the same, never half-written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from shapely.geometry import LineString, Point, box

from gridgis.errors import InvalidInput
from gridgis.geometry.crs import to_stored, to_work
from gridgis.io.plan_file import read_communities, read_plan, read_stored_grids, write_plan
from gridgis.model import REPORT_COLUMNS, Community, DivisionPlan, DivisionRules, PlanReport

WORK = "EPSG:4545"
CODE = "990001001001"
X, Y = 500123.457, 3619000.013


def layer(geometry: list[Any], **columns: list[Any]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=geometry, crs=WORK)


@pytest.fixture
def plan() -> DivisionPlan:
    whole, west, east = box(X, Y, X + 200, Y + 100), box(X, Y, X + 100, Y + 100), box(X + 100, Y, X + 200, Y + 100)
    grids = layer(
        [whole, west, east],
        community=[CODE] * 3,
        local_id=[f"{CODE}-1", f"{CODE}-2-01", f"{CODE}-D-01"],
        level=pd.array([1, 2, None], dtype="Int64"),
        kind=["comprehensive", "comprehensive", "dedicated"],
        mode=[None, None, "carve"],
        parent=[None, f"{CODE}-1", f"{CODE}-1"],
        category=[None, None, "school"],
        site_id=[None, None, "7"],
        name=["西大街社区", "西大街社区第1网格", "西大街小学"],
        households=[30, 30, 0],
        previous=[None] * 3,
        flags=["", "below_band", ""],
    )
    buildings = layer(
        [Point(X + 1, Y + 1), box(X + 2, Y + 2, X + 9, Y + 9)],
        community=[CODE] * 2,
        id=[1, 2],
        name=[None, "2号楼"],
        households=[10, 20],
        source=["counted", "estimated"],
        level2=[f"{CODE}-2-01"] * 2,
        level3=[None] * 2,
        dedicated=[None] * 2,
    )
    border = [LineString([(X + 100, Y), (X + 100, Y + 100)])]
    columns = {"left": [f"{CODE}-2-01"], "right": [f"{CODE}-D-01"], "level": [2], "klass": [""], "name": [""]}
    atoms = {"community": [CODE] * 2, "atom": [0, 1], "local_id": [f"{CODE}-2-01", f"{CODE}-D-01"]}
    row = dict(zip(REPORT_COLUMNS, ("info", "search", CODE, "band", "30", "低于下限", "below"), strict=True))
    return DivisionPlan(
        grids=grids,
        buildings=buildings,
        borders=layer(border, **columns, length_m=[100.0]),
        atoms=layer([west, east], **atoms, households=[30, 0], water=[False, True]),
        base=layer([whole], code=[CODE], name=["西大街社区"]),
        report=PlanReport(pd.DataFrame([row]), {"grids": {"2": np.int64(1)}}),
        rules={CODE: DivisionRules.load("urban-300-500")},
        seed=7,
    )


@pytest.fixture
def community(plan: DivisionPlan) -> Community:
    buildings = plan.buildings[["id", "name", "geometry"]].assign(households=pd.array([10, None], dtype="Int64"))
    barriers = layer([LineString([(X, Y), (X + 300, Y)])], klass=["primary"], name=["西大街"])
    return Community(CODE, "西大街社区", plan.base.geometry[0], to_stored(buildings), to_stored(barriers))


@pytest.mark.parametrize("name", ["grids", "buildings", "borders", "atoms", "base"])
def test_each_layer_comes_back_as_it_was(tmp_path: Path, plan: DivisionPlan, name: str) -> None:
    write_plan(plan, tmp_path / "p.gpkg")
    before, after = getattr(plan, name), getattr(read_plan(tmp_path / "p.gpkg"), name)
    pd.testing.assert_frame_equal(
        pd.DataFrame(after.drop(columns="geometry")).astype(object).where(lambda f: f.notna(), None),
        pd.DataFrame(before[after.columns].drop(columns="geometry")).astype(object).where(lambda f: f.notna(), None),
    )


@pytest.mark.parametrize("name", ["grids", "buildings", "borders", "atoms", "base"])
def test_each_geometry_comes_back_number_for_number(tmp_path: Path, plan: DivisionPlan, name: str) -> None:
    write_plan(plan, tmp_path / "p.gpkg")
    before, after = getattr(plan, name).geometry, getattr(read_plan(tmp_path / "p.gpkg"), name).geometry
    assert shapely.to_wkb(after.to_numpy()).tolist() == shapely.to_wkb(before.to_numpy()).tolist()


def test_rules_seed_and_figures_come_back(tmp_path: Path, plan: DivisionPlan) -> None:
    write_plan(plan, tmp_path / "p.gpkg")
    after = read_plan(tmp_path / "p.gpkg")
    assert (after.rules, after.seed, after.report.figures) == (plan.rules, 7, {"grids": {"2": 1}})


def test_the_report_comes_back(tmp_path: Path, plan: DivisionPlan) -> None:
    write_plan(plan, tmp_path / "p.gpkg")
    assert read_plan(tmp_path / "p.gpkg").report.rows.to_numpy().tolist() == plan.report.rows.to_numpy().tolist()


def test_two_writings_are_the_same_bytes(tmp_path: Path, plan: DivisionPlan, community: Community) -> None:
    for name in ("a.gpkg", "b.gpkg"):
        write_plan(plan, tmp_path / name, [community])
    assert (tmp_path / "a.gpkg").read_bytes() == (tmp_path / "b.gpkg").read_bytes()


def test_a_plan_that_was_read_is_written_as_the_same_bytes(
    tmp_path: Path, plan: DivisionPlan, community: Community
) -> None:
    write_plan(plan, tmp_path / "a.gpkg", [community])
    write_plan(read_plan(tmp_path / "a.gpkg"), tmp_path / "b.gpkg", read_communities(tmp_path / "a.gpkg"))
    assert (tmp_path / "a.gpkg").read_bytes() == (tmp_path / "b.gpkg").read_bytes()


def test_the_file_is_in_stored_coordinates(tmp_path: Path, plan: DivisionPlan) -> None:
    write_plan(plan, tmp_path / "p.gpkg")
    stored = read_stored_grids(tmp_path / "p.gpkg")
    assert stored.crs.to_epsg() == 4490
    assert stored.geometry[0].equals_exact(to_stored(plan.grids).geometry[0], 0)


def test_other_programs_see_the_layers(tmp_path: Path, plan: DivisionPlan, community: Community) -> None:
    write_plan(plan, tmp_path / "p.gpkg", [community])
    seen = {str(name): kind for name, kind in pyogrio.list_layers(tmp_path / "p.gpkg")}
    expected = {"grids", "buildings", "borders", "atoms", "base", "input_buildings", "barriers", "report", "meta"}
    assert (set(seen), seen["grids"]) == (expected, "MultiPolygon")


def test_a_community_is_rebuilt_from_the_file(tmp_path: Path, plan: DivisionPlan, community: Community) -> None:
    write_plan(plan, tmp_path / "p.gpkg", [community])
    (found,) = read_communities(tmp_path / "p.gpkg")
    assert (found.code, found.name, found.sites) == (CODE, "西大街社区", None)
    assert found.buildings["households"].isna().tolist() == [False, True]
    assert found.barriers[["klass", "name"]].to_numpy().tolist() == [["primary", "西大街"]]


def test_a_rebuilt_boundary_is_the_base_layer(tmp_path: Path, plan: DivisionPlan, community: Community) -> None:
    write_plan(plan, tmp_path / "p.gpkg", [community])
    (found,) = read_communities(tmp_path / "p.gpkg")
    back = to_work(gpd.GeoDataFrame(geometry=[found.boundary], crs=found.crs), WORK)
    assert back.geometry[0].equals_exact(plan.base.geometry[0], 0)


def test_a_barrier_of_two_communities_is_stored_once(tmp_path: Path, plan: DivisionPlan, community: Community) -> None:
    other = replace(community, code="990001001002")
    write_plan(plan, tmp_path / "p.gpkg", [community, other])
    stored = pyogrio.read_dataframe(tmp_path / "p.gpkg", layer="barriers")
    assert stored["communities"].tolist() == [f"{CODE},990001001002"]


def test_a_plan_without_input_says_so_when_asked_for_it(tmp_path: Path, plan: DivisionPlan) -> None:
    write_plan(plan, tmp_path / "p.gpkg")
    with pytest.raises(InvalidInput, match="--town"):
        read_communities(tmp_path / "p.gpkg")


def test_a_failed_writing_leaves_the_old_file_and_nothing_else(tmp_path: Path, plan: DivisionPlan) -> None:
    write_plan(plan, tmp_path / "p.gpkg")
    old = (tmp_path / "p.gpkg").read_bytes()
    broken = replace(plan, atoms=plan.atoms.drop(columns="local_id"))
    with pytest.raises(InvalidInput, match="'atoms' lacks the columns"):
        write_plan(broken, tmp_path / "p.gpkg")
    assert [f.name for f in tmp_path.iterdir()] == ["p.gpkg"]
    assert (tmp_path / "p.gpkg").read_bytes() == old


def test_an_output_of_another_format_is_refused(tmp_path: Path, plan: DivisionPlan) -> None:
    with pytest.raises(InvalidInput, match=r"must be a \.gpkg file"):
        write_plan(plan, tmp_path / "p.geojson")


def test_an_output_folder_that_is_not_there_is_refused(tmp_path: Path, plan: DivisionPlan) -> None:
    with pytest.raises(InvalidInput, match="目录不存在"):
        write_plan(plan, tmp_path / "no" / "p.gpkg")


def test_another_geopackage_is_no_plan_file(tmp_path: Path, plan: DivisionPlan) -> None:
    plan.base.to_file(tmp_path / "p.gpkg", layer="base")
    with pytest.raises(InvalidInput, match="it lacks atoms, borders, buildings, grids, meta, report"):
        read_plan(tmp_path / "p.gpkg")


def test_a_plan_file_of_another_version_is_refused(tmp_path: Path, plan: DivisionPlan) -> None:
    write_plan(plan, tmp_path / "p.gpkg")
    meta = pd.DataFrame({"key": ["version"], "value": ["99"]})
    pyogrio.write_dataframe(meta, tmp_path / "p.gpkg", layer="meta")
    with pytest.raises(InvalidInput, match="version 99"):
        read_plan(tmp_path / "p.gpkg")


def test_a_community_without_buildings_comes_back(tmp_path: Path, plan: DivisionPlan, community: Community) -> None:
    empty = replace(community, buildings=community.buildings.iloc[:0])
    write_plan(plan, tmp_path / "p.gpkg", [empty])
    (found,) = read_communities(tmp_path / "p.gpkg")
    assert (len(found.buildings), "households" in found.buildings) == (0, True)
