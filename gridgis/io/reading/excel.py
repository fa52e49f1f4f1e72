"""Excel sheets as tables of texts. A formula is never run: the value that Excel stored counts, else its text."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa

from gridgis.io.reading.source import Source, check_size, damage_told
from gridgis.io.reading.xml import file_blocks, parse_xml
from gridgis.io.reading.zipped import open_zip

HEAD_ROWS = 10
"""The row of column heads is looked for among so many: registers bear titles above it."""
Cells = list[Any]


def check_workbook(path: Path, shown: str) -> bool:
    """Check the parts of an .xlsx file, and tell whether it holds formulas.

    Raises
    ------
    InvalidInput
        Damaged, a bomb (of zip or XML).
    """
    formulas = False

    def seen(name: str, attributes: dict[str, str]) -> None:
        nonlocal formulas
        formulas = formulas or name.rpartition(":")[2] == "f"

    with open_zip(path, shown) as archive:
        for info in archive.infolist():
            if info.filename.endswith((".xml", ".rels")):
                sheet = info.filename.startswith("xl/worksheets/")
                with archive.open(info) as file:
                    parse_xml(file_blocks(file), shown, seen if sheet and not formulas else None)
    return formulas


def excel_sheets(source: Source) -> list[str]:
    """List the sheets that hold cells."""
    check_workbook(source.path, source.shown)
    with damage_told(source.shown), _workbook(source.path, True) as book:
        return [ws.title for ws in book.worksheets if any(any(map(_full, row)) for row in _rows(ws))]


def excel_table(source: Source, sheet: str, heads: frozenset[str]) -> pa.Table:
    """Read a sheet as a table of texts.

    Parameters
    ----------
    source, sheet
        The file and the name of the sheet.
    heads
        Column heads (lower case) by which the head row is known; without any of them it is the first row that is not
        empty.
    """
    check_size(source.path.stat().st_size, source.shown)
    formulas = check_workbook(source.path, source.shown)
    with damage_told(source.shown):
        rows = [r for r in _sheet(source, sheet, formulas) if any(map(_full, r))]
        known = [k for k, row in enumerate(rows[:HEAD_ROWS]) if {_text(c).lower() for c in row if _full(c)} & heads]
        top = known[0] if known else 0
        if top:
            zh, en = f"列名取自非空行的第 {top + 1} 行", f"column names are those of row {top + 1} that is not empty"
            source.notes.add("info", source.label, "head-row", top + 1, zh, en)
        return _table(rows[top:])


def _table(rows: list[Cells]) -> pa.Table:
    if not rows:
        return pa.table({})
    width = max(len(row) for row in rows)
    padded = [row + [None] * (width - len(row)) for row in rows]
    names = [_text(c).strip() if _full(c) else "" for c in padded[0]]
    columns = [[_text(c) if _full(c) else None for c in column] for column in zip(*padded[1:], strict=True)]
    columns = columns or [[] for _ in names]
    used = [k for k, name in enumerate(names) if name or any(c is not None for c in columns[k])]
    arrays = [pa.array(columns[k], pa.string()) for k in used]
    return pa.table(arrays, names=[names[k] or f"column {k + 1}" for k in used])


def _workbook(path: Path, values: bool) -> Any:
    """Open a workbook, in a ``with``: values as Excel stored them, or formulas."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # styles that openpyxl does not keep are of no matter here
        return closing(openpyxl.load_workbook(path, read_only=True, data_only=values))


def _rows(sheet: Any) -> Iterator[tuple[Any, ...]]:
    sheet.reset_dimensions()  # what a file says about its extent may be wrong
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield from sheet.iter_rows(values_only=True)


def _sheet(source: Source, name: str, formulas: bool) -> Iterator[Cells]:
    with _workbook(source.path, True) as book:
        if not formulas:
            yield from (list(row) for row in _rows(book[name]))
            return
        taken, bare = 0, 0
        with _workbook(source.path, False) as written:
            for values, texts in zip(_rows(book[name]), _rows(written[name]), strict=True):
                row = list(values)
                for k, text in enumerate(texts):
                    if isinstance(text, str) and text.startswith("=") and text != values[k]:
                        taken, bare = taken + (values[k] is not None), bare + (values[k] is None)
                        row[k] = values[k] if values[k] is not None else text
                yield row
    _note_formulas(source, taken, bare)


def _note_formulas(source: Source, taken: int, bare: int) -> None:
    if taken:
        zh, en = (
            f"{taken} 个单元格是公式，取 Excel 已存的值",
            f"{taken} cells hold formulas: the stored values are taken",
        )
        source.notes.add("info", source.label, "formula", taken, zh, en)
    if bare:
        zh = f"{bare} 个公式没有已存的值，按文字读取（不会执行）；请在 Excel 中打开并保存一次"
        en = f"{bare} formulas have no stored value and are read as texts (never run): open and save the file in Excel"
        source.notes.add("warning", source.label, "formula", bare, zh, en)


def _full(cell: Any) -> bool:
    return cell is not None and cell != ""


def _text(cell: Any) -> str:
    """Write a cell as text; whole numbers without a decimal point, dates as ISO 8601."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, datetime | date | time) else str(cell)
