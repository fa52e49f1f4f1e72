"""The register as an Excel file: read back by openpyxl, the same bytes for the same input, texts never formulas."""

from __future__ import annotations

import contextlib
import io
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgis.errors import InvalidInput
from gridgis.io.register import COLUMNS, EDITABLE, Register, read_register, register_bytes
from gridgis.io.register.columns import HEAD_ROW, HIDDEN, SHEET
from gridgis.io.register.read import LARGEST

ROW: dict[str, Any] = {
    "code": "000123456789012", "name": "西大街社区第3网格", "kind": "综合网格", "level": "二级",
    "lon": 109.123456789, "lat": 32.5, "area_m2": 12345.678, "households": 320, "residents": None,
    "leader": "顾信浩", "phone": "0915-3212345", "remarks": "",
}  # fmt: skip


def register(*changes: dict[str, Any]) -> Register:
    rows = [ROW | {"code": f"{k:015d}"} | change for k, change in enumerate(changes or ({},), start=1)]
    return Register({"注册库": "某街道", "版本": "3"}, rows)


def sheet(data: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(data))[SHEET]


def cell(form: Any, name: str, row: int = HEAD_ROW + 1) -> Any:
    return form.cell(row, list(COLUMNS).index(name) + 1)


def test_texts_and_numbers_come_back_and_unknown_stays_empty() -> None:
    form = sheet(register_bytes(register()))
    assert [cell(form, n).value for n in ("code", "name", "phone")] == [
        "0" * 14 + "1",
        "西大街社区第3网格",
        "0915-3212345",
    ]
    assert [cell(form, n).value for n in ("lon", "area_m2", "households")] == [109.123456789, 12345.678, 320]
    assert [cell(form, n).value for n in ("residents", "remarks", "to")] == [None, None, None]


def test_the_heads_are_those_of_the_form() -> None:
    form = sheet(register_bytes(register()))
    assert [c.value for c in form[HEAD_ROW]] == [column.head for column in COLUMNS.values()]
    assert form["A1"].value == "城乡社区网格备案表"
    assert "版本：3" in form["A2"].value


@pytest.mark.parametrize("text", ["=1+1", "+86", "-1", "@x", '=HYPERLINK("http://x")', "#N/A", "007", "1e5", "TRUE"])
def test_a_text_is_never_a_formula_or_a_number(text: str) -> None:
    found = cell(sheet(register_bytes(register({"remarks": text}))), "remarks")
    assert (found.data_type, found.value, found.number_format) == ("s", text, "@")


def test_the_same_register_gives_the_same_bytes() -> None:
    assert register_bytes(register()) == register_bytes(register())


def test_no_time_of_writing_is_in_the_file() -> None:
    with zipfile.ZipFile(io.BytesIO(register_bytes(register()))) as packed:
        assert {entry.date_time for entry in packed.infolist()} == {(2000, 1, 1, 0, 0, 0)}
        core = packed.read("docProps/core.xml").decode()
    assert core.count("2000-01-01T00:00:00Z") == 2


def test_only_what_may_be_edited_is_unlocked() -> None:
    form = sheet(register_bytes(register()))
    assert form.protection.sheet
    assert (
        {n for n in COLUMNS if not cell(form, n).protection.locked}
        == set(EDITABLE)
        == {"name", "leader", "phone", "remarks"}
    )


def test_it_is_set_up_for_print_on_a4_landscape_with_frozen_heads() -> None:
    form = sheet(register_bytes(register()))
    assert (form.page_setup.orientation, int(form.page_setup.paperSize)) == ("landscape", 9)
    assert (form.freeze_panes, form.print_title_rows) == ("C4", "$3:$3")
    assert (form.page_setup.fitToWidth, form.page_setup.fitToHeight) == (2, 0)
    assert cell(form, "extent").font.name == "宋体"


@pytest.mark.parametrize("text", ["a\x0bb", "长" * 32768])
def test_what_a_cell_cannot_hold_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        register_bytes(register({"remarks": text}))


# --- reading back -------------------------------------------------------------------------------------------------


def saved(path: Path, given: Register, edit: Any = None) -> Path:
    """Save a register, edited the way openpyxl, as any other program, does it."""
    path.write_bytes(register_bytes(given))
    if edit is not None:
        book = openpyxl.load_workbook(path)
        edit(book[SHEET])
        book.save(path)
    return path


def test_an_unedited_register_reads_as_it_was_written(tmp_path: Path) -> None:
    read = read_register(saved(tmp_path / "r.xlsx", register({}, {"name": "乙"}), lambda form: None))
    assert [row for _, row in read.rows] == read.written
    assert [number for number, _ in read.rows] == [4, 5]
    assert read.about == {"注册库": "某街道", "版本": "3"}


def test_an_edited_cell_differs_from_what_was_written(tmp_path: Path) -> None:
    def edit(form: Any) -> None:
        cell(form, "phone").value = 13800001234

    read = read_register(saved(tmp_path / "r.xlsx", register(), edit))
    assert (read.written[0]["phone"], read.rows[0][1]["phone"]) == ("0915-3212345", "13800001234")


def test_rows_may_be_sorted_and_columns_moved(tmp_path: Path) -> None:
    def edit(form: Any) -> None:
        form.move_range("A4:Z4", rows=3)
        form.move_range("A3:A7", cols=30)

    read = read_register(saved(tmp_path / "r.xlsx", register({}, {"name": "乙"}), edit))
    assert {row["code"] for _, row in read.rows} == {row["code"] for row in read.written}


def test_a_formula_is_refused_by_cell(tmp_path: Path) -> None:
    def edit(form: Any) -> None:
        cell(form, "name").value = "=A1"

    with pytest.raises(InvalidInput, match="cell B4 holds a formula"):
        read_register(saved(tmp_path / "r.xlsx", register(), edit))


def test_a_changed_head_is_refused(tmp_path: Path) -> None:
    def edit(form: Any) -> None:
        cell(form, "phone", HEAD_ROW).value = "手机"

    with pytest.raises(InvalidInput, match="网格长电话"):
        read_register(saved(tmp_path / "r.xlsx", register(), edit))


def test_another_excel_file_is_no_register(tmp_path: Path) -> None:
    openpyxl.Workbook().save(tmp_path / "x.xlsx")
    with pytest.raises(InvalidInput, match="no register"):
        read_register(tmp_path / "x.xlsx")


def test_a_register_without_its_hidden_sheet_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "r.xlsx", register())
    book = openpyxl.load_workbook(path)
    del book[HIDDEN]
    book.save(path)
    with pytest.raises(InvalidInput, match="no register"):
        read_register(path)


@pytest.mark.parametrize("data", [b"", b"text", b"PK\x03\x04 broken"])
def test_what_is_no_excel_file_is_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.xlsx").write_bytes(data)
    with pytest.raises(InvalidInput, match="no register"):
        read_register(tmp_path / "x.xlsx")


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="there is no file"):
        read_register(tmp_path / "x.xlsx")


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.xlsx", "w", zipfile.ZIP_DEFLATED) as packed, packed.open("a", "w") as entry:
        for _ in range(LARGEST // 2**20 + 1):
            entry.write(bytes(2**20))
    with pytest.raises(InvalidInput, match="unpacks to"):
        read_register(tmp_path / "x.xlsx")


@settings(max_examples=40, deadline=None)
@given(cut=st.integers(0, 9000), at=st.integers(0, 9000), byte=st.integers(0, 255))
def test_a_damaged_file_is_refused_or_read_but_never_crashes(
    cut: int, at: int, byte: int, tmp_path_factory: Any
) -> None:
    data = bytearray(register_bytes(register()))
    data[min(at, len(data) - 1)] = byte
    path = tmp_path_factory.mktemp("damaged") / "r.xlsx"
    path.write_bytes(bytes(data[: len(data) - cut] if cut < 100 else data))
    with contextlib.suppress(InvalidInput):
        read_register(path)


TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn")), max_size=40).map(str.strip)


@settings(max_examples=40, deadline=None)
@given(name=TEXTS, remarks=TEXTS)
def test_any_text_comes_back(name: str, remarks: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = saved(tmp_path_factory.mktemp("any") / "r.xlsx", register({"name": name, "remarks": remarks}))
    row = read_register(path).rows[0][1]
    assert (row["name"], row["remarks"]) == (name, remarks)
