"""Write the register as an Excel file: for print, and for edits in its yellow cells."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import datetime
from typing import TYPE_CHECKING

from gridgis.errors import InvalidInput
from gridgis.io.register.columns import COLUMNS, HEAD_ROW, HIDDEN, SHEET, TITLE, Register, cell_text

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.styles import NamedStyle, PatternFill
    from openpyxl.worksheet.worksheet import Worksheet

FONT = "宋体"
FIXED = datetime(2000, 1, 1)  # noqa: DTZ001  an Excel file's own times have no zone
LONGEST = 32_767
"""Characters that a cell holds."""

_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def register_bytes(register: Register) -> bytes:
    """Return the register as the bytes of an .xlsx file.

    Raises
    ------
    InvalidInput
        A text has control characters, or is longer than a cell holds.
    """
    from openpyxl import Workbook

    book = Workbook()
    form = book.active
    assert form is not None
    form.title = SHEET
    _fill_form(form, register)
    _style_form(form, len(register.rows))
    _set_up_print(form)
    hidden = book.create_sheet(HIDDEN)
    hidden.sheet_state = "veryHidden"
    for number, row in enumerate(_kept(register), start=1):
        for at, text in enumerate(row, start=1):
            _put_text(hidden, number, at, text)
    return _same_bytes(book)


def _fill_form(form: Worksheet, register: Register) -> None:
    _put_text(form, 1, 1, TITLE)
    _put_text(form, 2, 1, "　".join(f"{key}：{value}" for key, value in register.about.items() if value))
    for at, column in enumerate(COLUMNS.values(), start=1):
        _put_text(form, HEAD_ROW, at, column.head)
    for number, row in enumerate(register.rows, start=HEAD_ROW + 1):
        for at, (name, column) in enumerate(COLUMNS.items(), start=1):
            value = row.get(name)
            if value is None or value == "":
                continue
            if column.number:
                form.cell(number, at).value = value
            else:
                _put_text(form, number, at, str(value))


def _put_text(sheet: Worksheet, row: int, column: int, text: str) -> None:
    """Write a text that is never taken for a formula, a number or a date."""
    if found := _NO_XML.search(text):
        raise InvalidInput(
            f"文字 {text!r} 含控制字符 {found.group()!r}，Excel 无法保存；请先在数据中去掉",
            f"the text {text!r} has the control character {found.group()!r}, which Excel cannot hold; remove it first",
            row=row,
        )
    if len(text) > LONGEST:
        zh, en = (
            f"第 {row} 行的文字有 {len(text)} 字，单元格最多 {LONGEST} 字",
            f"row {row}: a text of {len(text)} characters",
        )
        raise InvalidInput(zh, f"{en}; a cell holds {LONGEST}", row=row)
    cell = sheet.cell(row, column)
    cell.value, cell.data_type = text, "s"


def _style_form(form: Worksheet, rows: int) -> None:
    """Style the heads and the cells; a column has one named style, handed on from the first cell down."""
    from openpyxl.styles import Font, PatternFill
    from openpyxl.utils import get_column_letter

    form["A1"].font, form["A2"].font = Font(name=FONT, size=16, bold=True), Font(name=FONT, size=10)
    form.row_dimensions[1].height, form.row_dimensions[HEAD_ROW].height = 26, 30
    grey, yellow = PatternFill("solid", fgColor="E8EDF3"), PatternFill("solid", fgColor="FFF9DB")
    head = _style("head", "@", grey, locked=True, across="center", bold=True)
    for at, column in enumerate(COLUMNS.values(), start=1):
        form.column_dimensions[get_column_letter(at)].width = column.width
        form.cell(HEAD_ROW, at).style = head
        fill, across = yellow if column.editable else None, "right" if column.number else "left"
        style = _style(f"column {at}", column.number or "@", fill, locked=not column.editable, across=across)
        first = form.cell(HEAD_ROW + 1, at)
        first.style = style
        for number in range(HEAD_ROW + 2, HEAD_ROW + 1 + rows):
            form.cell(number, at)._style = first._style  # as openpyxl copies sheets; a style set anew takes 0.4 ms


def _style(
    name: str, number: str, fill: PatternFill | None, *, locked: bool, across: str, bold: bool = False
) -> NamedStyle:  # fmt: skip
    from openpyxl.styles import Alignment, Border, Font, NamedStyle, PatternFill, Protection, Side

    thin = Side(style="thin", color="999999")
    return NamedStyle(
        name=name, number_format=number, font=Font(name=FONT, size=10, bold=bold), fill=fill or PatternFill(),
        border=Border(thin, thin, thin, thin), protection=Protection(locked=locked),
        alignment=Alignment(horizontal=across, vertical="center", wrap_text=True),
    )  # fmt: skip


def _set_up_print(form: Worksheet) -> None:
    """Freeze the heads, lock what is not edited (without a password), and print on A4 landscape, two pages wide."""
    from openpyxl.utils import get_column_letter

    form.freeze_panes = f"C{HEAD_ROW + 1}"
    form.auto_filter.ref = f"A{HEAD_ROW}:{get_column_letter(len(COLUMNS))}{form.max_row}"
    form.protection.sheet = True
    form.protection.formatColumns = form.protection.formatRows = form.protection.autoFilter = False
    form.page_setup.orientation, form.page_setup.paperSize = "landscape", form.PAPERSIZE_A4
    form.page_setup.fitToWidth, form.page_setup.fitToHeight = 2, 0
    form.sheet_properties.pageSetUpPr.fitToPage = True
    form.print_title_rows, form.print_title_cols = f"{HEAD_ROW}:{HEAD_ROW}", "A:B"
    form.page_margins.left = form.page_margins.right = 0.4
    form.page_margins.top = form.page_margins.bottom = 0.6
    form.oddFooter.center.text = "第 &P 页 共 &N 页"


def _kept(register: Register) -> list[list[str]]:
    """Return the rows of the hidden sheet: what the register is of, then all cells as they were written."""
    about = [["#", key, value] for key, value in register.about.items()]
    return [*about, list(COLUMNS), *([cell_text(row.get(name)) for name in COLUMNS] for row in register.rows)]


def _same_bytes(book: Workbook) -> bytes:
    """Save a workbook without the present time in it: neither in its papers nor in the zip."""
    first, out = io.BytesIO(), io.BytesIO()
    book.properties.creator = "gridgis"
    book.properties.created = book.properties.modified = FIXED
    book.save(first)
    with zipfile.ZipFile(first) as saved, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as again:
        for entry in saved.infolist():
            data = saved.read(entry)
            if entry.filename == "docProps/core.xml":  # openpyxl writes the present time there in any case
                data = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>2000-01-01T00:00:00Z", data)
            again.writestr(zipfile.ZipInfo(entry.filename, FIXED.timetuple()[:6]), data, zipfile.ZIP_DEFLATED, 6)
    return out.getvalue()
