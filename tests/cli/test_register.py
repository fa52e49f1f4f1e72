"""``gridgis export -o x.xlsx`` and ``gridgis register read``: the register goes out to Excel and comes back."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from gridgis.cli.commands import app
from gridgis.errors import Conflict, InvalidInput
from gridgis.io.register import COLUMNS
from gridgis.registry import Registry
from gridgis.registry.correcting import Corrections

GRID = "990001001001001"
Edit = Callable[[Any], None]


def run(*words: Any, stdin: str | None = None) -> Result:
    result = CliRunner().invoke(app, [*map(str, words)], input=stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def table(path: Path) -> pd.DataFrame:
    """Read a register with pandas, as people's scripts do."""
    names = {column.head: name for name, column in COLUMNS.items()}
    return pd.read_excel(path, header=2, dtype=str).rename(columns=names).astype(object)


@pytest.fixture
def registry(town_registry: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(town_registry, tmp_path / "registry.gpkg"))


@pytest.fixture
def register(registry: Path) -> Path:
    """Return a register of level 2, phones in full."""
    path = registry.with_name("r.xlsx")
    run("export", "-r", registry, "-o", path, "--level", 2, "--phones")
    return path


def edit(path: Path, column: str, value: Any, row: int = 4) -> None:
    book = openpyxl.load_workbook(path)
    book["备案表"].cell(row, list(COLUMNS).index(column) + 1).value = value
    book.save(path)


def read(path: Path, registry: Path, *words: Any) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(run("register", "read", path, "-r", registry, "--json", *words).stdout)
    return told


def state(registry: Path) -> dict[str, Any]:
    with Registry.open(registry) as opened:
        card = opened.card(GRID, mask=False)
        return {
            "name": card["name"], "leader": card["leader"], "revision": opened.revision,
            "remarks": opened.remarks().get(GRID),
        }  # fmt: skip


# --- writing ------------------------------------------------------------------------------------------------------


def test_a_register_of_what_is_in_force_says_what_the_registry_says(town_registry: Path, tmp_path: Path) -> None:
    run("export", town_registry, "-o", tmp_path / "r.xlsx")
    rows = table(tmp_path / "r.xlsx").set_index("code")
    with Registry.open(town_registry) as opened:
        grids = opened.grids().set_index("code")
        card = opened.card(GRID)
    assert rows.index.tolist() == grids.index.tolist()
    assert rows["name"].tolist() == grids["name"].tolist()
    assert [int(h) for h in rows["households"]] == grids["households"].tolist()
    row = rows.loc[GRID]
    assert (row["leader"], row["phone"]) == (card["leader"]["name"], card["leader"]["phone"])
    assert row["above"].startswith("一级网格长 ")
    assert row["extent"].startswith("东至环西北路、凤鸣大道，南至澄水河")
    assert (row["district"], row["street_code"], row["parent"]) == ("990001", "990001001", "990001001001000")
    assert row["state"] == "生效"


def test_phones_are_masked_unless_asked_for(town_registry: Path, tmp_path: Path) -> None:
    run("export", town_registry, "-o", tmp_path / "masked.xlsx", "--level", 1)
    run("export", town_registry, "-o", tmp_path / "clear.xlsx", "--level", 1, "--phones")
    assert table(tmp_path / "masked.xlsx")["phone"].str.contains("*", regex=False).all()
    assert not table(tmp_path / "clear.xlsx")["phone"].str.contains("*", regex=False).any()


def test_a_plan_has_previews_of_codes_and_no_people(town_plan: Path, tmp_path: Path) -> None:
    run("export", town_plan, "-o", tmp_path / "p.xlsx")
    rows = table(tmp_path / "p.xlsx")
    assert len(rows) == 370
    assert rows["code"].str.fullmatch(r"\d{15}").all()
    assert rows[["leader", "phone", "from", "to", "remarks"]].isna().all(axis=None)
    assert set(rows["state"]) == {"草案"}


def test_a_plan_takes_people_of_a_table(town_plan: Path, tmp_path: Path) -> None:
    (tmp_path / "team.csv").write_text(
        f"grid,role,name,phone,from\n{GRID},leader,顾信浩,13812345678,2026-01-01\n", "utf-8"
    )
    run("export", town_plan, "-o", tmp_path / "p.xlsx", "--team", tmp_path / "team.csv")
    row = table(tmp_path / "p.xlsx").set_index("code").loc[GRID]
    assert (row["leader"], row["phone"]) == ("顾信浩", "138****5678")


def test_the_same_source_gives_the_same_bytes(town_registry: Path, tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.xlsx"):
        run("export", town_registry, "-o", tmp_path / name, "--level", 1)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


@pytest.mark.parametrize(
    "words", [["--layer", "roads"], ["--encoding", "GBK"], ["--at", "2026-03-01"], ["--team", "no.csv"]]
)
def test_what_does_not_go_together_is_refused(words: list[str], town_plan: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput):
        run("export", town_plan, "-o", tmp_path / "p.xlsx", *words)
    assert not list(tmp_path.iterdir())


def test_people_are_for_registers_only(town_registry: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="go with a register"):
        run("export", town_registry, "-o", tmp_path / "p.csv", "--phones")


def test_an_unedited_register_is_replaced_and_an_edited_one_is_kept(register: Path, registry: Path) -> None:
    run("export", "-r", registry, "-o", register, "--level", 1)
    edit(register, "remarks", "x")
    before = register.read_bytes()
    with pytest.raises(InvalidInput, match="was edited since"):
        run("export", "-r", registry, "-o", register)
    assert register.read_bytes() == before


def test_another_excel_file_is_kept(town_plan: Path, tmp_path: Path) -> None:
    openpyxl.Workbook().save(tmp_path / "mine.xlsx")
    with pytest.raises(InvalidInput, match="not replaced"):
        run("export", town_plan, "-o", tmp_path / "mine.xlsx")


# --- reading back -------------------------------------------------------------------------------------------------


def test_nothing_edited_changes_nothing(register: Path, registry: Path) -> None:
    result = run("register", "read", register, "-r", registry)
    assert result.exit_code == 0
    assert "nothing was edited" in result.stdout


def test_edits_are_shown_and_only_written_when_told(register: Path, registry: Path) -> None:
    before = state(registry)
    edit(register, "name", "河边网格")
    result = run("register", "read", register, "-r", registry)
    assert result.exit_code == 1
    assert "河边网格" in result.stdout
    assert state(registry) == before


def test_names_leaders_phones_and_remarks_come_back(register: Path, registry: Path) -> None:
    for column, value in (("name", "河边网格"), ("leader", "宋禾"), ("phone", 13700001111), ("remarks", "=汛期巡查")):
        edit(register, column, value)
    book = openpyxl.load_workbook(register)
    cell = book["备案表"].cell(4, list(COLUMNS).index("remarks") + 1)
    cell.data_type = "s"
    book.save(register)
    told = read(register, registry, "--yes", "--by", "张三")
    assert (told["written"], told["revision"], len(told["edits"])) == (True, 2, 4)
    now = state(registry)
    assert (now["name"], now["remarks"], now["revision"]) == ("河边网格", "=汛期巡查", 2)
    assert (now["leader"]["name"], now["leader"]["phone"]) == ("宋禾", "13700001111")
    with Registry.open(registry) as opened:
        assert opened.check().empty


def test_what_was_written_back_is_exported_again(register: Path, registry: Path) -> None:
    edit(register, "remarks", "汛期巡查")
    read(register, registry, "--yes")
    run("export", "-r", registry, "-o", register.with_name("again.xlsx"), "--level", 2, "--phones")
    assert table(register.with_name("again.xlsx"))["remarks"].iloc[0] == "汛期巡查"


def test_a_masked_phone_that_is_not_edited_stays(registry: Path) -> None:
    path = registry.with_name("masked.xlsx")
    run("export", "-r", registry, "-o", path, "--level", 2)
    before = state(registry)["leader"]["phone"]
    edit(path, "remarks", "x")
    assert read(path, registry, "--yes")["written"]
    assert state(registry)["leader"]["phone"] == before


def test_a_new_leader_with_the_masked_phone_of_the_old_one_is_refused(registry: Path) -> None:
    path = registry.with_name("masked.xlsx")
    run("export", "-r", registry, "-o", path, "--level", 2)
    edit(path, "leader", "宋禾")
    with pytest.raises(InvalidInput, match=r"row 4: the phone .* has hidden digits"):
        read(path, registry, "--yes")


def test_a_post_is_made_vacant_by_emptying_name_and_phone(register: Path, registry: Path) -> None:
    edit(register, "leader", None)
    with pytest.raises(InvalidInput, match="a phone without a leader"):
        read(register, registry, "--yes")
    edit(register, "phone", None)
    read(register, registry, "--yes")
    assert state(registry)["leader"] is None


REFUSED: dict[str, tuple[str, Any, str]] = {
    "a changed code": ("code", "990001001001999", "row 4: code '990001001001999' was not in the register"),
    "a doubled code": ("code", "990001001001002", "is in row 4 too"),
    "another extent": ("extent", "东至天边", "row 4: '四至' cannot be changed"),
    "another area": ("area_m2", 1.0, "row 4: '面积（平方米）' cannot be changed"),
    "another level": ("level", "三级", "row 4: '级别' cannot be changed"),
    "an empty name": ("name", None, "row 4: the name is empty"),
    "no phone": ("phone", "打电话", "row 4: .* is no phone number"),
}


@pytest.mark.parametrize("case", list(REFUSED))
def test_what_cannot_be_changed_is_refused_by_row_and_nothing_is_written(
    case: str, register: Path, registry: Path
) -> None:
    column, value, message = REFUSED[case]
    before = state(registry)
    edit(register, "remarks", "x", row=6)
    edit(register, column, value)
    with pytest.raises(InvalidInput, match=message):
        read(register, registry, "--yes")
    assert state(registry) == before


def test_a_deleted_row_and_a_new_one_are_refused(register: Path, registry: Path) -> None:
    book = openpyxl.load_workbook(register)
    book["备案表"].delete_rows(4)
    book["备案表"].append(["990001001001777"])
    book.save(register)
    with pytest.raises(InvalidInput) as refused:
        read(register, registry, "--yes")
    assert len(refused.value.fields["problems"]) == 2
    assert GRID in refused.value.en
    assert "990001001001777" in refused.value.en


def test_a_register_of_an_earlier_revision_is_refused_with_the_way_out(register: Path, registry: Path) -> None:
    edit(register, "name", "河边网格")
    with Registry.open(registry) as opened:
        opened.correct(Corrections(names={GRID: "别的名"}), 1, "李四")
    with pytest.raises(Conflict, match="of revision 1, in force is 2: export it anew"):
        read(register, registry, "--yes")


def test_a_leader_changed_by_others_meanwhile_is_not_overwritten(register: Path, registry: Path) -> None:
    edit(register, "leader", "宋禾")
    with Registry.open(registry) as opened:
        opened.correct(Corrections(leaders={GRID: ("李四", "")}), 1, "李四")
    with pytest.raises(InvalidInput, match="row 4: '网格长' was changed to '李四' by somebody else"):
        read(register, registry, "--yes")


def test_an_edit_that_somebody_made_already_is_none(register: Path, registry: Path) -> None:
    edit(register, "remarks", "x")
    with Registry.open(registry) as opened:
        opened.correct(Corrections(remarks={GRID: "x"}), 1, "李四")
    assert read(register, registry)["edits"] == []


def test_the_register_of_a_plan_does_not_come_back(town_plan: Path, registry: Path) -> None:
    path = registry.with_name("p.xlsx")
    run("export", town_plan, "-o", path, "--level", 1)
    with pytest.raises(InvalidInput, match="register of a plan"):
        read(path, registry)
