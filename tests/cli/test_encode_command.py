"""``gridgis encode`` and the files around it."""

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
from shapely.geometry import LineString, box
from typer.testing import CliRunner

from gridgis.cli.commands import app
from gridgis.cli.encode import encode_command
from gridgis.coding import Scheme
from gridgis.errors import InvalidInput, NotFound
from gridgis.io.codes import read_codes, write_codes
from gridgis.io.plan_file import read_stored_grids, write_plan
from gridgis.model import REPORT_COLUMNS, DivisionPlan, DivisionRules, PlanReport

CODE = "990001001001"
X, Y = 500123.457, 3619000.013


def layer(geometry: list[Any], **columns: Any) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=geometry, crs="EPSG:4545")


@pytest.fixture
def plan_file(tmp_path: Path) -> Path:
    """Write a plan of one community: level 1, two level-2 grids side by side, and a school in the eastern one."""
    whole, west, east = box(X, Y, X + 200, Y + 100), box(X, Y, X + 100, Y + 100), box(X + 100, Y, X + 200, Y + 100)
    grids = layer(
        [whole, east, west, box(X + 110, Y + 10, X + 120, Y + 20)],
        community=[CODE] * 4,
        local_id=[f"{CODE}-1", f"{CODE}-2-01", f"{CODE}-2-02", f"{CODE}-D-01"],
        level=pd.array([1, 2, 2, None], dtype="Int64"),
        kind=["comprehensive"] * 3 + ["dedicated"],
        mode=[None, None, None, "overlay"],
        parent=[None, f"{CODE}-1", f"{CODE}-1", f"{CODE}-1"],
        category=[None, None, None, "school"],
        site_id=[None, None, None, "7"],
        name=["西大街社区", "东网格", "西网格", "西大街小学"],
        households=[30, 20, 10, 0],
        previous=[None] * 4,
        flags=[""] * 4,
    )
    building = {"community": [CODE], "id": [1], "name": [None], "households": [30], "source": ["counted"]}
    border = {"left": [""], "right": [""], "level": [2], "klass": [""], "name": [""], "length_m": [100.0]}
    atom = {"community": [CODE], "atom": [0], "local_id": [f"{CODE}-2-01"], "households": [30], "water": [False]}
    plan = DivisionPlan(
        grids=grids,
        buildings=layer([west.centroid], **building, level2=[f"{CODE}-2-02"], level3=[None], dedicated=[None]),
        borders=layer([LineString([(X + 100, Y), (X + 100, Y + 100)])], **border),
        atoms=layer([whole], **atom),
        base=layer([whole], code=[CODE], name=["西大街社区"]),
        report=PlanReport(pd.DataFrame(columns=list(REPORT_COLUMNS))),
        rules={CODE: DivisionRules.load("urban-300-500")},
        seed=0,
    )
    write_plan(plan, tmp_path / "plan.gpkg")
    return tmp_path / "plan.gpkg"


def run(*arguments: object) -> str:
    """Run the command as the shell would, and return what it printed."""
    result = CliRunner().invoke(app, ["encode", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_the_csv_holds_every_grid_in_the_order_of_its_code(plan_file: Path) -> None:
    run(plan_file)
    table = pd.read_csv(plan_file.with_name("plan-codes.csv"), dtype=str)
    assert dict(zip(table["name"], table["code"], strict=True)) == {
        "西大街社区": f"{CODE}000",
        "西网格": f"{CODE}001",
        "东网格": f"{CODE}002",
        "西大街小学": f"{CODE}003",
    }


def test_the_csv_has_the_columns_promised(plan_file: Path) -> None:
    run(plan_file)
    columns = pd.read_csv(plan_file.with_name("plan-codes.csv")).columns
    assert {"local_id", "code", "name", "level", "kind", "parent_code", "households"} <= set(columns)


def test_excel_is_told_that_the_csv_is_utf_8(plan_file: Path) -> None:
    run(plan_file)
    assert plan_file.with_name("plan-codes.csv").read_bytes()[:3] == b"\xef\xbb\xbf"


def test_the_geopackage_holds_the_stored_geometry_of_the_plan(plan_file: Path) -> None:
    out = plan_file.with_name("codes.gpkg")
    run(plan_file, "-o", out)
    table, stored = pyogrio.read_dataframe(out, layer="grids"), read_stored_grids(plan_file)
    merged = table.merge(stored, on="local_id")
    assert len(merged) == 4
    assert all(a.equals(b) for a, b in zip(merged["geometry_x"], merged["geometry_y"], strict=True))


def test_json_holds_the_codes_with_null_for_null(plan_file: Path) -> None:
    grids = json.loads(run(plan_file, "--json"))["grids"]
    school = next(g for g in grids if g["name"] == "西大街小学")
    assert (school["code"], school["level"], school["parent_code"]) == (f"{CODE}003", None, f"{CODE}000")


def test_issued_codes_are_not_given_again(plan_file: Path) -> None:
    issued = plan_file.with_name("issued.txt")
    issued.write_text(f"# 历来编码\n{CODE}000\n{CODE}017\n", encoding="utf-8")
    grids = json.loads(run(plan_file, "--issued", issued, "--json"))["grids"]
    assert [g["code"][12:] for g in grids] == ["000", "018", "019", "020"]


def test_what_encode_wrote_can_be_given_back_as_issued(plan_file: Path) -> None:
    run(plan_file)
    before, out = plan_file.with_name("plan-codes.csv"), plan_file.with_name("second.csv")
    again = json.loads(run(plan_file, "--issued", before, "-o", out, "--json"))
    assert [g["code"][12:] for g in again["grids"]] == ["000", "004", "005", "006"]


def test_another_scheme_is_used_when_named(plan_file: Path) -> None:
    grids = json.loads(run(plan_file, "--scheme", "nested-18", "--json"))["grids"]
    assert all(Scheme.load("nested-18").is_valid(g["code"]) for g in grids)


def test_two_runs_write_the_same_bytes(plan_file: Path) -> None:
    outs = [plan_file.with_name(n) for n in ("a.gpkg", "b.gpkg")]
    for out in outs:
        run(plan_file, "-o", out)
    assert outs[0].read_bytes() == outs[1].read_bytes()


def test_the_plan_file_is_never_replaced(plan_file: Path) -> None:
    before = plan_file.read_bytes()
    with pytest.raises(InvalidInput, match="would replace the input"):
        encode_command(plan_file, out=plan_file)
    assert plan_file.read_bytes() == before


def test_garbage_among_the_issued_codes_leaves_no_file(plan_file: Path) -> None:
    issued = plan_file.with_name("issued.txt")
    issued.write_text(f"{CODE}001\n61090200100\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"issued\.txt 的第2个编码.*issued\.txt, code 2"):
        encode_command(plan_file, issued=issued)
    assert sorted(p.name for p in plan_file.parent.iterdir()) == ["issued.txt", "plan.gpkg"]


@pytest.mark.parametrize("name", ["codes.xlsx", "nowhere/codes.csv"])
def test_an_output_that_cannot_be_written_is_refused(plan_file: Path, name: str) -> None:
    with pytest.raises(InvalidInput):
        encode_command(plan_file, out=plan_file.parent / name)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("# none\n", []),
        ("a1\n\n a2 \r\n", ["a1", "a2"]),
        ("code\na1\na2", ["a1", "a2"]),
        ("name,CODE\n甲,a1\n乙,\n丙,a3\n", ["a1", "a3"]),
        ("\ufeff网格编码,名称\na1,甲\n", ["a1"]),
        ("# 说明, 有逗号\na1\n", ["a1"]),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_codes_are_read_from_lists_and_tables(tmp_path: Path, text: str, codes: list[str], encoding: str) -> None:
    if encoding == "gb18030":
        text = text.lstrip("\ufeff")
    (tmp_path / "codes.csv").write_bytes(text.encode(encoding))
    assert read_codes(tmp_path / "codes.csv") == codes


def test_a_table_without_a_column_of_codes_is_refused_with_its_columns(tmp_path: Path) -> None:
    (tmp_path / "codes.csv").write_text("名称,编号\n甲,a1\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"none named code.*编号"):
        read_codes(tmp_path / "codes.csv")


@pytest.mark.parametrize("text", ["", " \n\n"])
def test_an_empty_list_is_not_taken_for_nothing_issued(plan_file: Path, text: str) -> None:
    issued = plan_file.with_name("issued.csv")
    issued.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput, match="is empty"):
        encode_command(plan_file, issued=issued)


def test_a_binary_file_is_no_list_of_codes(tmp_path: Path) -> None:
    (tmp_path / "codes.xlsx").write_bytes(b"PK\x03\x04\xff\xff\x80")
    with pytest.raises(InvalidInput, match="save an Excel file as CSV"):
        read_codes(tmp_path / "codes.xlsx")


def test_a_list_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"issued\.txt"):
        read_codes(tmp_path / "issued.txt")


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "codes.csv").mkdir()
    with pytest.raises(InvalidInput):
        write_codes(layer([box(0, 0, 1, 1)], code=["1"]), tmp_path / "codes.csv")
    assert [p.name for p in tmp_path.iterdir()] == ["codes.csv"]


SCHEMES = Path(__file__).parents[1] / "coding" / "schemes"


@pytest.mark.parametrize("scheme", ["national-15", "nested-18", "cjt349-20", SCHEMES / "taipei-11.toml"])
def test_a_scheme_without_faults_is_told_with_its_codes(scheme: object) -> None:
    said = run("--scheme", scheme, "--check")
    assert "没有错误 / no fault" in said
    assert "来源 / source" in said
    assert "sequence" in said


def test_levels_without_code_are_told() -> None:
    told = json.loads(run("--scheme", SCHEMES / "levelled-17.toml", "--check", "--json"))
    assert [(c["level"], c["first"], c["last"]) for c in told["codes"]] == [
        (1, "6109020010031000G", "6109020010031000G"),
        (2, "6109020010032001G", "6109020010032999G"),
        (3, "6109020010033001G", "6109020010033999G"),
        (None, "6109020010030001G", "6109020010030999G"),
    ]
    villages = SCHEMES.parents[1] / "registry" / "villages-5-3-3.toml"
    assert "不编码 / has no code" in run("--scheme", villages, "--check")


@pytest.mark.parametrize("json_too", [True, False])
def test_all_faults_of_a_scheme_are_told_and_the_answer_is_no(tmp_path: Path, json_too: bool) -> None:
    (tmp_path / "my.toml").write_text(
        'nam = "my"\n[[segment]]\nname = "a"\nrole = "regiom"\nwidth = 3\n[[segment]]\nname = "n"\nwidth = "2"\n',
        encoding="utf-8",
    )
    more = ["--json"] if json_too else []
    result = CliRunner().invoke(app, ["encode", "--scheme", str(tmp_path / "my.toml"), "--check", *more])
    assert result.exit_code == 1
    if json_too:
        assert len(json.loads(result.stdout)["faults"]) == 7
    else:
        assert result.stdout.count("✗") == 7
        assert "是否为 region？" in result.stdout
        assert "is it region?" in result.stdout


def test_a_shipped_scheme_can_be_printed_changed_and_used(plan_file: Path) -> None:
    text = run("--scheme", "cjt349-20", "--print").replace('value = "000000"', 'value = "010200"')
    (plan_file.parent / "my.toml").write_text(text, encoding="utf-8")
    grids = json.loads(run(plan_file, "--scheme", plan_file.parent / "my.toml", "--json"))["grids"]
    assert [g["code"] for g in grids] == [f"010200{CODE}0{n}" for n in range(4)]


def test_without_a_plan_the_way_out_is_told() -> None:
    with pytest.raises(InvalidInput, match="--check"):
        encode_command(None)


def test_a_scheme_that_names_only_the_street_codes_a_plan(plan_file: Path) -> None:
    scheme = Path(__file__).parents[2] / "docs" / "zh-13.toml"
    grids = json.loads(run(plan_file, "--scheme", scheme, "--json"))["grids"]
    assert [g["code"] for g in grids] == [f"ZH{CODE[:9]}0{n}" for n in range(1, 5)]
