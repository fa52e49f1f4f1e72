"""The commands registry, plan, team, locate, on a small town."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from gridgis.cli import main
from gridgis.coding import Scheme
from gridgis.errors import InvalidInput, NotFound
from gridgis.geometry.crs import to_stored
from gridgis.geometry.shift import wgs84_to_gcj02
from gridgis.io.plan_file import read_plan, write_plan
from gridgis.io.town import read_town
from gridgis.partition import divide
from gridgis.registry import Registry
from gridgis.service.borders import Borders, plan_from_borders
from gridgis.service.divide import divide_town
from gridgis.service.locator import Locator
from gridgis.service.plans import (
    NewRegistry,
    communities_on_base,
    create_registry,
    read_plan_with_atoms,
)
from gridgis.service.points import locate_table
from tests.registry.hand import WORK, A, B, box, communities, file_through, make_plan, make_registry

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs gridgis in a fresh folder: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["gridgis", *words])
        with pytest.raises(SystemExit) as done:
            main()
        out = capsys.readouterr()
        return int(done.value.code or 0), out.out, out.err

    return call


@pytest.fixture
def town(tmp_path: Path) -> Path:
    folder = tmp_path / "town"
    folder.mkdir()
    base = to_stored(communities())
    base.to_file(folder / "communities.geojson", COORDINATE_PRECISION=9)
    homes = [box(50 + 90 * i, 50, 10, 10) for i in range(9)]
    frame = gpd.GeoDataFrame(
        {"id": range(9), "name": "楼", "households": 10, "storeys": 6, "use": "residential"}, geometry=homes, crs=WORK
    )
    to_stored(frame).to_file(folder / "buildings.geojson", COORDINATE_PRECISION=9)
    return folder


def test_a_registry_is_made_of_a_town(run: Run, town: Path) -> None:
    code, out, _ = run("registry", "create", "r.gpkg", "--town", str(town), "--json")
    made = json.loads(out)
    assert (code, made["work_crs"], made["layers"]["communities"], made["layers"]["buildings"]) == (0, WORK, 3, 9)


def test_a_plan_walks_from_draft_to_filed(run: Run, tmp_path: Path) -> None:
    make_registry(tmp_path / "registry.gpkg").close()
    write_plan(make_plan(communities()), tmp_path / "p.gpkg")
    for words in (["new", "p.gpkg"], ["submit", "1"], ["review", "1"], ["file", "1"]):
        code, out, err = run("plan", *words, "-r", "registry.gpkg", "--by", "张三")
        assert code == 0, err
    assert "第 1 版" in out


def test_filing_a_draft_exits_with_1(run: Run, tmp_path: Path) -> None:
    with make_registry(tmp_path / "registry.gpkg") as registry:
        registry.plan_new(make_plan(communities()), "方案", "张三")
    code, _, err = run("plan", "file", "1", "-r", "registry.gpkg")
    assert (code, "draft" in err) == (1, True)


@pytest.fixture
def ready(tmp_path: Path) -> Registry:
    with make_registry(tmp_path / "registry.gpkg") as registry:
        file_through(registry, make_plan(communities()))
    return Registry.open(tmp_path / "registry.gpkg")


def test_show_list_and_diff_print_json(run: Run, ready: Registry) -> None:
    listed = json.loads(run("plan", "list", "-r", "registry.gpkg", "--json")[1])
    shown = json.loads(run("plan", "show", "1", "-r", "registry.gpkg", "--json")[1])
    changed = json.loads(run("plan", "diff", "1", "-r", "registry.gpkg", "--json")[1])
    assert (listed[0]["state"], len(shown["grids"]), {row["relation"] for row in changed}) == (
        "filed",
        9,
        {"continues"},
    )


def test_a_registry_is_copied(run: Run, ready: Registry, tmp_path: Path) -> None:
    code, _, err = run("registry", "copy", "registry.gpkg", "copy.gpkg")
    with Registry.open(tmp_path / "copy.gpkg") as copy:
        assert (code, copy.grids().equals(ready.grids())) == (0, True), err


def test_two_revisions_are_compared_and_drawn(run: Run, ready: Registry, tmp_path: Path) -> None:
    code, out, _ = run("plan", "diff", "r1", "1", "-r", "registry.gpkg", "-o", "d.svg", "--json")
    assert (code, json.loads(out)) == (0, [])
    assert (tmp_path / "d.svg").read_text(encoding="utf-8").startswith("<svg")


def test_an_appointment_is_ended(run: Run, ready: Registry, tmp_path: Path) -> None:
    (tmp_path / "team.csv").write_text(f"grid,role,name,from\n{A}000,leader,前任,2026-01-01\n", encoding="utf-8")
    assert run("team", "import", "team.csv", "-r", "registry.gpkg")[0] == 0
    code, _, err = run("team", "end", A + "000", "网格长", "前任", "--day", "2026-12-31", "-r", "registry.gpkg")
    assert (code, ready.team("2026-12-31")["name"].tolist(), ready.team("2027-01-01").empty) == (0, ["前任"], True), err


def test_a_point_is_located(run: Run, ready: Registry) -> None:
    lon, lat = ready.card(A + "002")["centre"]
    code, out, _ = run("locate", str(lon), str(lat), "-r", "registry.gpkg", "--json")
    assert (code, json.loads(out)["hit"]["code"]) == (0, A + "002")


def test_outside_exits_with_1(run: Run, ready: Registry) -> None:
    code, out, _ = run("locate", "100", "30", "-r", "registry.gpkg")
    assert (code, "outside" in out) == (1, True)


@pytest.mark.parametrize(
    "words",
    [
        ["0", "0"], ["32.69", "109.03"], ["109.03"], [], ["109", "32", "--place", "x"], ["109", "32", "--crs", "moon"],
        ["109", "32", "--layer", "x"],
        ["--points", "none.csv"], ["109", "32", "--at", "99"], ["109", "32", "--at", "²"], ["--place", " "],
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_bad_question_exits_with_2(run: Run, ready: Registry, words: list[str]) -> None:
    code, _, err = run("locate", *words, "-r", "registry.gpkg")
    assert (code, "error:" in err) == (2, True)


def test_what_is_no_registry_exits_with_2(run: Run, tmp_path: Path) -> None:
    write_plan(make_plan(communities()), tmp_path / "p.gpkg")
    code, _, err = run("locate", "109", "32", "-r", "p.gpkg")
    assert (code, "no gridgis registry" in err) == (2, True)


def test_a_table_of_points_is_located_and_the_bad_one_explained(run: Run, ready: Registry, tmp_path: Path) -> None:
    lon, lat = ready.card(A + "002")["centre"]
    (tmp_path / "points.csv").write_text(f"编号,经度,纬度\n1,{lon},{lat}\n2,0,0\n3,abc,32\n", encoding="gb18030")
    table = locate_table(Locator(ready), tmp_path / "points.csv")
    assert table["grid_code"].tolist()[0] == A + "002"
    assert table["grid_note"].notna().tolist() == [False, True, True]


def test_each_row_of_a_table_may_name_its_coordinates(ready: Registry, tmp_path: Path) -> None:
    lon, lat = ready.card(A + "002")["centre"]
    x, y = wgs84_to_gcj02(lon, lat)
    rows = f"lon,lat,crs\n{lon},{lat},\n{x},{y},GCJ-02\n{lon},{lat},moon\n"
    (tmp_path / "points.csv").write_text(rows, encoding="utf-8")
    table = locate_table(Locator(ready), tmp_path / "points.csv")
    assert table["grid_code"].tolist() == [A + "002", A + "002", None]
    assert "moon" in table["grid_note"].tolist()[2]


def test_a_column_lon_comes_before_a_column_x_of_metres(ready: Registry, tmp_path: Path) -> None:
    lon, lat = ready.card(A + "002")["centre"]
    (tmp_path / "points.csv").write_text(f"x,y,lon,lat\n596000,3619000,{lon},{lat}\n", encoding="utf-8")
    table = locate_table(Locator(ready), tmp_path / "points.csv")
    assert (table["grid_code"].tolist(), table["x"].tolist()) == ([A + "002"], ["596000"])


def test_two_columns_that_may_both_be_the_longitude_are_refused(ready: Registry, tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text("经度,lng,纬度\n109,109,32\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match="mean the same"):
        locate_table(Locator(ready), tmp_path / "points.csv")


def test_a_users_own_columns_stay_as_they_are(ready: Registry, tmp_path: Path) -> None:
    lon, lat = ready.card(A + "002")["centre"]
    (tmp_path / "points.csv").write_text(f"lon,lat,code,note\n{lon},{lat},77,mine\n", encoding="utf-8")
    table = locate_table(Locator(ready), tmp_path / "points.csv")
    assert table[["code", "note", "grid_code"]].to_numpy().tolist() == [["77", "mine", A + "002"]]


def test_columns_that_the_answers_would_overwrite_are_refused(ready: Registry, tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text("lon,lat,grid_code\n109,32,77\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match="grid_code"):
        locate_table(Locator(ready), tmp_path / "points.csv")


def test_located_points_are_written(run: Run, ready: Registry, tmp_path: Path) -> None:
    lon, lat = ready.card(A + "002")["centre"]
    (tmp_path / "points.csv").write_text(f"lon,lat\n{lon},{lat}\n", encoding="utf-8")
    assert run("locate", "--points", "points.csv", "-o", "out.csv", "-r", "registry.gpkg")[0] == 0
    assert A + "002" in (tmp_path / "out.csv").read_text(encoding="utf-8-sig")


def test_one_of_several_layers_of_points_is_located(run: Run, ready: Registry, tmp_path: Path) -> None:
    points = gpd.GeoSeries(gpd.points_from_xy(*([v] for v in ready.card(A + "002")["centre"])), crs=4490)
    for name in ("one", "two"):
        points.to_file(tmp_path / "points.gpkg", layer=name)
    words = ("locate", "--points", "points.gpkg", "-o", "out.csv", "-r", "registry.gpkg")
    assert [run(*words)[0], run(*words, "--layer", "two")[0]] == [2, 0]
    assert A + "002" in (tmp_path / "out.csv").read_text(encoding="utf-8-sig")


@pytest.mark.parametrize("out", ["nowhere/out.csv", "out.xlsx"])
def test_an_output_that_cannot_be_written_exits_with_2(run: Run, ready: Registry, tmp_path: Path, out: str) -> None:
    (tmp_path / "points.csv").write_text("lon,lat\n109,32\n", encoding="utf-8")
    code, _, err = run("locate", "--points", "points.csv", "-o", out, "-r", "registry.gpkg")
    assert (code, "error:" in err) == (2, True)


def test_a_file_that_may_not_be_read_exits_with_2(run: Run, ready: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied", "registry.gpkg")

    monkeypatch.setattr(Locator, "open", refuse)
    code, _, err = run("locate", "109", "32", "-r", "registry.gpkg")
    assert (code, "error: cannot read or write registry.gpkg" in err) == (2, True)


def test_a_place_is_asked_for_on_a_past_revision(run: Run, ready: Registry) -> None:
    code, out, _ = run("locate", "--place", "1-5号楼", "-r", "registry.gpkg", "--at", "1", "--json")
    assert (code, json.loads(out)[0]["hit"]["revision"]) == (0, 1)


def test_a_row_without_coordinates_is_located_by_its_place(ready: Registry, tmp_path: Path) -> None:
    lon, lat = ready.card(A + "002")["centre"]
    rows = f"lon,lat,place\n{lon},{lat},无此楼\n,,1-5号楼\n,,无此楼\n,,\n"
    (tmp_path / "points.csv").write_text(rows, encoding="utf-8")
    table = locate_table(Locator(ready), tmp_path / "points.csv")
    (_, _, hit) = Locator(ready).place("1-5号楼")[0]
    assert table["grid_code"].tolist() == [A + "002", hit.code, None, None]
    assert "no building or estate named '无此楼'" in table["grid_note"].tolist()[2]


def test_a_table_of_points_is_told_what_one_point_is_told(ready: Registry, tmp_path: Path) -> None:
    ready.team_import(pd.DataFrame([{"grid": A + "000", "role": "leader", "name": "叶娟", "from": "2026-01-01"}]), "甲")
    lon, lat = ready.card(A + "002")["centre"]
    (tmp_path / "points.csv").write_text(f"lon,lat\n{lon},{lat}\n", encoding="utf-8")
    row = locate_table(Locator(ready), tmp_path / "points.csv").iloc[0]
    hit = ready.locate(lon, lat)
    assert hit.border_m is not None
    assert (row["grid_precision"], row["grid_border_m"], row["grid_revision"]) == ("grid", round(hit.border_m, 1), 1)
    assert (row["grid_answers_for"], row["grid_leader"]) == (A + "000", "叶娟")


def test_a_point_in_the_west_needs_no_trick(run: Run, ready: Registry) -> None:
    code, out, _ = run("locate", "-120.5", "32", "-r", "registry.gpkg", "--json")
    assert (code, json.loads(out)["hit"]["lon"]) == (1, -120.5)


@pytest.mark.parametrize(
    "words", [["--place", "1-5号楼", "--crs", "GCJ-02"], ["109", "32", "-o", "x.csv"]], ids=" ".join
)
def test_an_option_that_would_be_passed_over_is_refused(run: Run, ready: Registry, words: list[str]) -> None:
    code, _, err = run("locate", *words, "-r", "registry.gpkg")
    assert (code, "goes with" in err or "does not go with" in err) == (2, True)


def test_a_table_without_one_good_point_exits_with_2(run: Run, ready: Registry, tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text("lon,lat\n0,0\n", encoding="utf-8")
    assert run("locate", "--points", "points.csv", "-r", "registry.gpkg")[0] == 2


def test_a_place_is_located(run: Run, ready: Registry) -> None:
    code, out, _ = run("locate", "--place", "1-5号楼", "-r", "registry.gpkg", "--json")
    assert (code, json.loads(out)[0]["kind"]) == (0, "building")


def test_an_unknown_place_exits_with_1(run: Run, ready: Registry) -> None:
    assert run("locate", "--place", "无此楼", "-r", "registry.gpkg")[0] == 1


def test_a_team_is_imported_and_shown(run: Run, ready: Registry, tmp_path: Path) -> None:
    (tmp_path / "team.csv").write_text(
        f"网格编码,角色,姓名,电话\n{A}000,网格长,叶娟,13912345678\n", encoding="utf-8-sig"
    )
    run("team", "import", "team.csv", "-r", "registry.gpkg")
    rows = json.loads(run("team", "show", "-r", "registry.gpkg", "--at", "2100-01-01", "--json")[1])
    assert [(r["name"], r["role"], r["phone"]) for r in rows] == [("叶娟", "leader", "13912345678")]


def test_a_last_day_that_is_rewritten_is_told(run: Run, ready: Registry, tmp_path: Path) -> None:
    for day in ("", "2026-02-15", "2026-02-20"):
        table = f"grid,role,name,from,to\n{A}000,leader,叶娟,2026-01-01,{day}\n"
        (tmp_path / "team.csv").write_text(table, encoding="utf-8")
        out = run("team", "import", "team.csv", "-r", "registry.gpkg")[1]
    assert f"rewritten: {A}000 leader 叶娟: 2026-02-15 -> 2026-02-20" in out


def test_the_team_of_an_unknown_grid_exits_with_2(run: Run, ready: Registry) -> None:
    code, _, err = run("team", "show", "--grid", "99", "-r", "registry.gpkg")
    assert (code, "code 99 was never in force" in err) == (2, True)


def test_a_plan_of_unknown_communities_is_told_a_way_that_exists(run: Run, tmp_path: Path) -> None:
    Registry.create(tmp_path / "registry.gpkg", work_crs=WORK).close()
    write_plan(make_plan(communities()), tmp_path / "p.gpkg")
    code, _, err = run("plan", "new", "p.gpkg", "-r", "registry.gpkg")
    assert (code, "gridgis registry create --town" in err) == (2, True)


def test_a_revised_plan_is_told_as_json(run: Run, tmp_path: Path) -> None:
    make_registry(tmp_path / "registry.gpkg").close()
    write_plan(make_plan(communities()), tmp_path / "p.gpkg")
    run("plan", "new", "p.gpkg", "-r", "registry.gpkg")
    code, out, _ = run("plan", "revise", "1", "p.gpkg", "-r", "registry.gpkg", "--json")
    told = json.loads(out)
    assert (code, told["plan"], told["state"], told["grids"]) == (0, 1, "draft", 9)


def test_a_missing_team_file_exits_with_2(run: Run, ready: Registry) -> None:
    assert run("team", "import", "none.csv", "-r", "registry.gpkg")[0] == 2


def test_a_sound_registry_exits_with_0(run: Run, ready: Registry) -> None:
    assert json.loads(run("registry", "check", "registry.gpkg", "--json")[1]) == {"ok": True, "faults": []}


def test_a_faulty_registry_exits_with_1(run: Run, ready: Registry) -> None:
    with ready._book.store.write() as c:
        c.exec_driver_sql("UPDATE issued_code SET state = 'burned'")
    assert run("registry", "check", "registry.gpkg")[0] == 1


def test_a_town_that_is_refused_leaves_no_registry(run: Run, town: Path) -> None:
    frame = gpd.read_file(town / "communities.geojson")
    frame.assign(code="9900010010").to_file(town / "communities.geojson")
    code, _, _ = run("registry", "create", "r.gpkg", "--town", str(town))
    assert (code, os.path.exists("r.gpkg")) == (2, False)


def test_a_registry_without_town_needs_a_work_crs(run: Run) -> None:
    code, _, err = run("registry", "create", "r.gpkg")
    assert (code, "--work-crs" in err, os.path.exists("r.gpkg")) == (2, True, False)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["r.gpkg", "--work-crs", "foo"], "unknown CRS 'foo'"),
        (["r.gpkg", "--work-crs", "EPSG:4490"], "must be metric"),
        (["r.txt", "--work-crs", WORK], "must be a .gpkg file"),
    ],
)
def test_a_registry_that_cannot_be_made_is_refused_before_the_town_is_read(
    run: Run, town: Path, words: list[str], said: str
) -> None:
    code, _, err = run("registry", "create", *words, "--town", str(town))
    assert (code, said in err, os.path.exists(words[0])) == (2, True, False)


# --- given boundaries ----------------------------------------------------------------------------------------------


def borders_file(folder: Path, codes: list[str]) -> Path:
    shapes = [box(300 * i, 0, 300, 400) for i in range(len(codes))]
    frame = gpd.GeoDataFrame({"ID": codes, "NAME": [f"片区{c[-1]}" for c in codes]}, geometry=shapes, crs=WORK)
    path = folder / "given.geojson"
    to_stored(frame).to_file(path)
    return path


def test_given_boundaries_are_filed_with_their_codes(run: Run, tmp_path: Path) -> None:
    codes = [A + "011", A + "012", B + "007"]
    borders_file(tmp_path, codes)
    Registry.create(tmp_path / "registry.gpkg", work_crs=WORK).close()
    new = ["new", "--from", "given.geojson", "--code-column", "ID", "--name-column", "NAME", "--level", "2"]
    for words in (new, ["submit", "1"], ["review", "1"], ["file", "1"]):
        code, _, err = run("plan", *words, "-r", "registry.gpkg")
        assert code == 0, err
    with Registry.open(tmp_path / "registry.gpkg") as registry:
        assert set(registry.grids(level=2)["code"]) == set(codes)


def test_given_boundaries_that_are_refused_leave_the_base_empty(run: Run, tmp_path: Path) -> None:
    file = borders_file(tmp_path, [A + "011", A + "012"])
    registry = Registry.create(tmp_path / "registry.gpkg", work_crs=WORK)
    first = plan_from_borders(registry, Borders(file, "ID", "NAME", level=2))
    number = registry.plan_new(first, "先", "张三", communities=first.base)
    registry.plan_submit(number, "张三")
    borders_file(tmp_path, [B + "011", A + "012"])
    new = ["plan", "new", "--from", "given.geojson", "--code-column", "ID", "--name-column", "NAME", "--level", "2"]
    assert run(*new, "-r", "registry.gpkg")[0] == 1
    assert registry.communities()["code"].tolist() == [A]


@pytest.mark.parametrize("name", [None, "东片"])
def test_an_empty_name_stays_empty(tmp_path: Path, name: str | None) -> None:
    file = borders_file(tmp_path, [A + "011", A + "012"])
    gpd.read_file(file).assign(NAME=["西片", name]).to_file(file)
    with Registry.create(tmp_path / "registry.gpkg", work_crs=WORK) as registry:
        plan = plan_from_borders(registry, Borders(file, "ID", "NAME", level=2))
        registry.plan_new(plan, "给定", "张三", communities=plan.base)
        grids = registry.plan_grids(1).set_index("local_id")
    assert [grids["name"].loc[A + end] for end in ("011", "012")] == ["西片", name]


def test_households_of_given_boundaries_are_unknown_and_not_none(tmp_path: Path) -> None:
    file = borders_file(tmp_path, [A + "011", A + "012"])
    with Registry.create(tmp_path / "registry.gpkg", work_crs=WORK) as registry:
        plan = plan_from_borders(registry, Borders(file, "ID", "NAME", level=2))
        registry.import_communities(plan.base)
        file_through(registry, plan)
        assert registry.card(A + "011")["households"] is None


def test_a_row_without_a_code_is_refused_by_its_number(tmp_path: Path) -> None:
    file = borders_file(tmp_path, [A + "011", A + "012"])
    frame = gpd.read_file(file)
    frame.assign(ID=[float(A + "011"), float("nan")]).to_file(file)
    with (
        Registry.create(tmp_path / "registry.gpkg", work_crs=WORK) as registry,
        pytest.raises(InvalidInput, match=r"rows \[2\]"),
    ):
        plan_from_borders(registry, Borders(file, "ID", "NAME", level=2))


def test_codes_that_are_numbers_are_read_as_whole_numbers(tmp_path: Path) -> None:
    file = borders_file(tmp_path, [A + "011", A + "012"])
    frame = gpd.read_file(file)
    frame.assign(ID=[float(A + "011"), float(A + "012")]).to_file(file)
    with Registry.create(tmp_path / "registry.gpkg", work_crs=WORK) as registry:
        plan = plan_from_borders(registry, Borders(file, "ID", "NAME", level=2))
    assert {A + "011", A + "012"} < set(plan.grids["local_id"])


def test_a_missing_code_column_exits_with_2(run: Run, tmp_path: Path) -> None:
    borders_file(tmp_path, [A + "011"])
    Registry.create(tmp_path / "registry.gpkg", work_crs=WORK).close()
    code, _, err = run("plan", "new", "--from", "given.geojson", "-r", "registry.gpkg")
    assert (code, "code" in err) == (2, True)


def test_given_boundaries_of_level_3_are_refused(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="level 1 or 2"):
        plan_from_borders(registry, Borders(borders_file(tmp_path, [A + "011"]), "ID", "NAME", level=3))


def test_a_plan_and_borders_do_not_go_together(run: Run, ready: Registry, tmp_path: Path) -> None:
    assert run("plan", "new", "p.gpkg", "--from", "b.geojson", "-r", "registry.gpkg")[0] == 2


def test_the_scheme_in_the_documentation_makes_a_registry(run: Run, tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "registry.md").read_text(encoding="utf-8")
    (tmp_path / "villages.toml").write_text(text.split("```toml\n")[1].split("```")[0], encoding="utf-8")
    code, out, _ = run("registry", "create", "v.gpkg", "--work-crs", WORK, "--scheme", "villages.toml", "--json")
    assert (code, json.loads(out)["scheme"]) == (0, "villages-5-3-3")


# --- real ----------------------------------------------------------------------------------------------------------


@pytest.mark.realdata
@pytest.mark.heavy
def test_each_of_456_real_villages_is_found_at_its_own_point(tmp_path: Path) -> None:
    if not (data := os.environ.get("GRIDGIS_REAL_DATA")):
        pytest.skip("GRIDGIS_REAL_DATA is not set: no real data here")
    toml = (Path(__file__).parent / "villages-5-3-3.toml").read_text(encoding="utf-8")
    path = Path(data) / "shapes" / "tw_taipei_villages.geojson"
    villages = gpd.read_file(path)
    points = villages.representative_point()
    with Registry.create(tmp_path / "t.gpkg", work_crs="EPSG:32651", scheme=Scheme.from_text(toml)) as registry:
        plan = plan_from_borders(registry, Borders(path, "VILLCODE", "VILLNAME", "TOWNNAME"))
        rows = plan.report.rows
        assert (list(rows["rule"]).count("valid"), "verify" in set(rows["stage"])) == (1, False)
        registry.import_communities(plan.base)
        file_through(registry, plan)
        assert registry.locate_many(points.x, points.y)["code"].tolist() == villages["VILLCODE"].tolist()
        assert registry.check().empty
        assert shapely.coverage_is_valid(registry.grids().geometry.to_numpy())


def test_a_community_divided_again_on_the_base_layer_is_filed(tmp_path: Path) -> None:
    folder = Path(__file__).parents[2] / "sample_shapes" / "town"
    code = "990001001201"
    create_registry(NewRegistry(tmp_path / "r.gpkg"), folder)
    with Registry.open(tmp_path / "r.gpkg") as registry:
        own = [c for c in read_town(folder).to_communities() if c.code == code]
        plan = divide(communities_on_base(registry, own), work_crs=registry.work_crs)
        file_through(registry, plan)
        assert set(registry.grids()["community"]) == {code}
        assert registry.check().empty


def test_a_community_that_is_not_in_the_base_layer_is_not_found(registry: Registry) -> None:
    folder = Path(__file__).parents[2] / "sample_shapes" / "town"
    with pytest.raises(NotFound, match="990001001201"):
        communities_on_base(registry, read_town(folder).to_communities())


def test_edited_atoms_make_the_plan_anew(tmp_path: Path) -> None:
    town = Path(__file__).parents[2] / "sample_shapes" / "town"
    plan = divide_town(read_town(town), only=["990001001201"]).plan
    write_plan(plan, tmp_path / "p.gpkg")
    again = read_plan_with_atoms(None, tmp_path / "p.gpkg")
    assert set(again.grids["local_id"]) == set(read_plan(tmp_path / "p.gpkg").grids["local_id"])
