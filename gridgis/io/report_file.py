"""Report rows as a file for people: CSV (opens in Excel as it is), Excel or JSON; a formula in a text is never run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pandas as pd

from gridgis.io.plan_file import check_output
from gridgis.io.steps import beside
from gridgis.io.writing.earlier import first_line, need_earlier

SUFFIXES = (".csv", ".xlsx", ".json")
HEADS = {
    "layer": "图层", "severity": "程度", "stage": "阶段", "subject": "对象", "rule": "规则", "measure": "数值",
    "zh": "说明", "en": "in English",
}  # fmt: skip
"""Chinese heads of the columns, in CSV and Excel."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def check_report_target(path: str | Path, inputs: Sequence[object] = ()) -> None:
    """Refuse a file that cannot be written, or that would replace something else than an earlier report.

    Raises
    ------
    InvalidInput
        A file is there whose columns are not those of a report (``HEADS``); or as ``check_output``.
    """
    check_output(path, inputs, SUFFIXES)
    need_earlier(Path(path), _is_report)


def _is_report(path: Path) -> bool:
    if path.suffix.lower() == ".csv":
        return first_line(path) == (",".join(HEADS.values()) + "\n").encode("utf-8-sig")
    if path.suffix.lower() == ".json":
        return _first_columns(path) == list(HEADS)
    book = openpyxl.load_workbook(path, read_only=True)
    try:
        head = next(book.worksheets[0].iter_rows(max_row=1, values_only=True))
        return len(book.worksheets) == 1 and list(head) == list(HEADS.values())
    finally:
        book.close()


def _first_columns(path: Path) -> list[str]:
    """Return the names in the first row of a JSON report; those of a report where it has no rows."""
    with path.open(encoding="utf-8") as file:
        head = file.read(2**16)
    if head == "[]":
        return list(HEADS)
    return list(json.JSONDecoder().raw_decode(head.removeprefix("[\n "))[0])


def write_report(rows: pd.DataFrame, path: str | Path) -> None:
    """Write report rows to a .csv, .xlsx or .json file, in one step.

    Raises
    ------
    InvalidInput
        The file cannot be written.
    """
    path = Path(path)
    rows = rows[[c for c in HEADS if c in rows.columns]]
    with beside(path) as partial:
        if path.suffix.lower() == ".json":
            text = json.dumps(rows.to_dict("records"), ensure_ascii=False, indent=1, default=str)
            partial.write_text(text, "utf-8")
        elif path.suffix.lower() == ".csv":
            plain = rows.map(_harmless).rename(columns=HEADS)
            plain.to_csv(partial, index=False, encoding="utf-8-sig", lineterminator="\n")
        else:
            _write_excel(rows.rename(columns=HEADS), partial)


def _harmless(value: object) -> object:
    """Return a cell that no spreadsheet takes for a formula: a text that begins like one gets a quote before it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) and not _is_number(value) else value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _write_excel(rows: pd.DataFrame, path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(rows.columns))
    for number, row in enumerate(rows.itertuples(index=False), 2):
        for column, value in enumerate(row, 1):
            cell = sheet.cell(number, column)
            cell.value = value
            if isinstance(value, str):
                cell.data_type = "s"  # a text stays a text, also when it begins with "="
    sheet.freeze_panes = "A2"
    for letter, width in zip("ABCDEFGH", (12, 9, 9, 28, 18, 12, 70, 70), strict=True):
        sheet.column_dimensions[letter].width = width
    book.save(path)
