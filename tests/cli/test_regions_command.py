"""``gridgis regions diff`` and ``gridgis regions recode``, as a user runs them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from gridgis.cli.commands import app
from gridgis.errors import InvalidInput

OLD = "code,name\n610928,旬阳县\n610928100,城关镇\n610928100004,老城社区\n610928100227,庙河村委会\n610902,汉滨区\n"
NEW = "code,name\n610981,旬阳市\n610981100,城关镇\n610981100004,老城社区\n610981100227,庙岭河村委会\n610902,汉滨区\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "old.csv").write_text(OLD, encoding="utf-8")
    (tmp_path / "new.csv").write_text(NEW, encoding="gb18030")
    (tmp_path / "codes.csv").write_text("编码\n610928100004000\n610928100227001\n", encoding="utf-8")
    return tmp_path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["regions", *map(str, arguments)], catch_exceptions=False)


def diff(folder: Path, *more: object) -> Result:
    days = ("--old-day", "2020-06-30", "--new-day", "2023-06-30")
    return run("diff", folder / "old.csv", folder / "new.csv", *days, *more)


def test_a_list_is_counted_and_what_is_odd_in_it_is_told(folder: Path) -> None:
    (folder / "list.csv").write_text("code,level,name\n350527,3,金门县\n350527000000,5,金门县\n", encoding="utf-8")
    said = run("check", folder / "list.csv", "--day", "2023-06-30").stdout
    assert "1 县级 / county" in said
    assert "! 350527000000 金门县：用的是上级代码补零" in said
    told = json.loads(run("check", folder / "list.csv", "--day", "2023-06-30", "--json").stdout)
    assert [(row["level"], row["code"]) for row in told["odd"]] == [(5, "350527000000")]


def test_what_to_look_at_is_printed_what_is_unknown_first(folder: Path) -> None:
    lines = diff(folder).stdout.splitlines()
    marked = [line for line in lines if line[:1] in "✗!"]
    assert marked[0].startswith("✗ 610928100227 庙河村委会 → ?  本级代码相同但名称不同：610981100227 庙岭河村委会")
    assert marked[1].startswith("! 610928 旬阳县 → 610981 旬阳市")


def test_json_counts_the_steps_and_leaves_out_what_is_the_same(folder: Path) -> None:
    told = json.loads(diff(folder, "--json").stdout)
    assert told["counts"] == {"same": 1, "prefix": 2, "stem": 1, "gone": 1, "new": 1}
    assert "same" not in {s["how"] for s in told["steps"]}


def test_codes_that_cannot_be_recoded_are_told_and_the_answer_is_no(folder: Path) -> None:
    diff(folder, "-o", folder / "lineage.csv")
    result = run("recode", folder / "codes.csv", folder / "lineage.csv")
    assert result.exit_code == 1
    assert "✗ 610928100227 庙河村委会：本级代码相同但名称不同" in result.stdout
    written = (folder / "codes-recoded.csv").read_text(encoding="utf-8-sig").splitlines()
    assert written[1:2] == ["610928100004000,610981100004000,recoded,,"]
    assert written[2].startswith("610928100227001,,unmapped,")


def test_with_the_users_table_all_codes_are_recoded(folder: Path) -> None:
    (folder / "pairs.csv").write_text("old,new\n610928100227,610981100227\n", encoding="utf-8")
    diff(folder, "-o", folder / "lineage.csv", "--pairs", folder / "pairs.csv")
    result = run("recode", folder / "codes.csv", folder / "lineage.csv", "--json")
    assert result.exit_code == 0
    assert [r["new"] for r in json.loads(result.stdout)["codes"]] == ["610981100004000", "610981100227001"]


def test_issued_codes_are_not_given_again(folder: Path) -> None:
    diff(folder, "-o", folder / "lineage.csv")
    (folder / "codes.csv").write_text("610928100004003\n", encoding="utf-8")
    (folder / "issued.txt").write_text("610981100004003\n", encoding="utf-8")
    result = run("recode", folder / "codes.csv", folder / "lineage.csv", "--issued", folder / "issued.txt", "--json")
    assert [r["new"] for r in json.loads(result.stdout)["codes"]] == ["610981100004006"]


def test_no_input_is_replaced(folder: Path) -> None:
    with pytest.raises(InvalidInput, match="would replace the input"):
        diff(folder, "-o", folder / "old.csv")


def test_a_day_that_is_none_is_refused(folder: Path) -> None:
    result = run("diff", folder / "old.csv", folder / "new.csv", "--old-day", "2020", "--new-day", "2023-06-30")
    assert result.exit_code == 2


def test_of_many_rows_to_look_at_the_first_are_shown_and_the_rest_counted(folder: Path) -> None:
    many = "".join(f"610928100{n:03},村{n}村委会\n" for n in range(201, 251))
    (folder / "old.csv").write_text("code,name\n" + many, encoding="utf-8")
    said = diff(folder).stdout
    assert said.count("✗") == 40
    assert "另有 10 条" in said
    (folder / "list.csv").write_text("code,name\n610928,旬阳县\n" + many, encoding="utf-8")
    said = run("check", folder / "list.csv", "--day", "2023-06-30").stdout
    assert said.count("! 610928100") == 40
    assert "另有 10 条（--json 列出全部）" in said
