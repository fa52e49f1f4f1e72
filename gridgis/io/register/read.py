"""Read a register back that was edited in Excel."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gridgis.errors import InvalidInput
from gridgis.io.register.columns import COLUMNS, HEAD_ROW, HIDDEN, SHEET, cell_text

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

LARGEST = 256 * 2**20
"""Bytes that a register may unpack to: a bomb is refused."""

BROKEN = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, SyntaxError, ValueError,
    LookupError, TypeError, AttributeError,
)  # fmt: skip
"""What openpyxl, zipfile and the XML parser raise on a damaged file (found by damaging files at random)."""


@dataclass(frozen=True)
class ReadRegister:
    """A register as it came back: ``about`` and ``written`` as gridgis wrote it, ``rows`` as they are now.

    ``rows`` holds the number of each row in the file, and its cells as texts.
    """

    about: dict[str, str]
    written: list[dict[str, str]]
    rows: list[tuple[int, dict[str, str]]]


def read_register(path: str | Path) -> ReadRegister:
    """Read a register that was edited in Excel.

    Raises
    ------
    InvalidInput
        There is no such file, it is no Excel file, not a register of gridgis, too large, a head is missing, or a cell
        holds a formula.
    """
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    path = Path(path)
    if not path.is_file():
        raise InvalidInput(f"没有文件 {path}", f"there is no file {path}", path=str(path))
    _refuse_bomb(path)
    try:
        book = load_workbook(path)
    except (InvalidFileException, *BROKEN) as e:
        raise _no_register(path) from e
    if SHEET not in book.sheetnames or HIDDEN not in book.sheetnames:
        raise _no_register(path)
    about, written = _read_kept(book[HIDDEN], path)
    return ReadRegister(about, written, list(_read_form(book[SHEET], path)))


def keep_edits(path: str | Path) -> None:
    """Refuse to replace a register that people edited, or an Excel file that is no register.

    Raises
    ------
    InvalidInput
        Such a file is there.
    """
    if not Path(path).exists():
        return
    try:
        there = read_register(path)
        edited = [row for _, row in there.rows] != there.written
    except InvalidInput as e:
        raise InvalidInput(
            f"{path} 已存在，不是未改动的备案表，不予覆盖；请另起文件名",
            f"{path} is there and is no unedited register: it is not replaced; choose another name",
            path=str(path),
        ) from e
    if edited:
        raise InvalidInput(
            f"{path} 在导出之后改动过，不予覆盖；请移走它，或另起文件名",
            f"{path} was edited since it was written: it is not replaced; move it away, or choose another name",
            path=str(path),
        )


def _no_register(path: Path) -> InvalidInput:
    return InvalidInput(
        f"{path} 不是 gridgis 导出的备案表（.xlsx）；请用 gridgis export -r 注册库 -o 备案表.xlsx 导出后再改",
        f"{path} is no register as gridgis writes it (.xlsx); export one with gridgis export -r REGISTRY -o "
        "register.xlsx, and edit that",
        path=str(path),
    )


def _refuse_bomb(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as packed:
            size = sum(entry.file_size for entry in packed.infolist())
    except BROKEN as e:
        raise _no_register(path) from e
    if size > LARGEST:
        zh, en = f"{path} 解开后有 {size} 字节，不予读取", f"{path} unpacks to {size} bytes and is not read"
        raise InvalidInput(zh, en, path=str(path), size=size)


def _read_kept(sheet: Worksheet, path: Path) -> tuple[dict[str, str], list[dict[str, str]]]:
    cells = [["" if v is None else str(v) for v in row] for row in sheet.iter_rows(values_only=True)]
    about = {row[1]: row[2] for row in cells if row[0] == "#" and len(row) > 2}
    table = [row for row in cells if row[0] != "#"]
    if not table or table[0] != list(COLUMNS):
        raise _no_register(path)
    return about, [dict(zip(table[0], row, strict=False)) for row in table[1:]]


def _read_form(sheet: Worksheet, path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    heads = [cell_text(cell.value) for cell in sheet[HEAD_ROW]]
    names = {column.head: name for name, column in COLUMNS.items()}
    if missing := [head for head in names if heads.count(head) != 1]:
        raise InvalidInput(
            f"{path} 第 {HEAD_ROW} 行的列名被改动：{missing} 缺少或重复；请恢复，或重新导出",
            f"the heads in row {HEAD_ROW} of {path} were changed: {missing} are missing or twice; restore them, or "
            "export anew",
            heads=missing,
        )
    for row in sheet.iter_rows(min_row=HEAD_ROW + 1):
        told: dict[str, str] = {}
        for head, cell in zip(heads, row, strict=True):
            if cell.data_type == "f":
                raise InvalidInput(
                    f"单元格 {cell.coordinate} 是公式；请改成它的值",
                    f"cell {cell.coordinate} holds a formula; write its value",
                    cell=cell.coordinate,
                )  # fmt: skip
            if head in names:
                told[names[head]] = cell_text(cell.value)
        if any(told.values()):
            yield int(row[0].row), told
