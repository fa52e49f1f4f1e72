"""CSV as texts, some rows at a time."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv

from gridgis.errors import InvalidInput

_BYTES = 4 * 2**20
"""So many bytes are read at a time."""


def csv_heads(path: Path, codec: str, shown: str | Path) -> list[str]:
    """Return the column heads of a CSV file.

    Raises
    ------
    InvalidInput
        The separator is no comma.
    ValueError
        The file is empty.
    """
    with path.open(encoding=codec, newline="") as text:
        names = [name.strip() for name in next(csv.reader(text), [])]
    if not names:
        raise ValueError("the file is empty")
    if len(names) == 1 and (mark := next((m for m in (";", "\t") if m in names[0]), None)):
        zh, en = ("分号", "a semicolon") if mark == ";" else ("制表符", "a tab")
        raise InvalidInput(
            f"{shown} 的分隔符是{zh}；CSV 的分隔符应为逗号，请另存为逗号分隔的 CSV",
            f"the separator of {shown} is {en}; it must be a comma: save the table as CSV with commas",
            path=str(shown),
        )
    return names


def csv_batches(path: Path, codec: str, names: list[str]) -> Iterator[tuple[pa.Table, int]]:
    """Read the rows of a CSV file, all cells as texts (null where empty), and how many bytes of it are read so far.

    There is at least one part, maybe without rows.
    """
    total = path.stat().st_size
    if not _has_rows(path, codec):
        yield pa.table([pa.array([], pa.string())] * len(names), names=names), total
        return
    columns = [str(k) for k in range(len(names))]  # two heads may be the same
    options = {
        "read_options": pa_csv.ReadOptions(block_size=_BYTES, encoding=codec, column_names=columns, skip_rows=1),
        "parse_options": pa_csv.ParseOptions(newlines_in_values=True),
        "convert_options": pa_csv.ConvertOptions(
            column_types=dict.fromkeys(columns, pa.string()), null_values=[""], strings_can_be_null=True,
        ),
    }  # fmt: skip
    with path.open("rb") as file:
        for batch in pa_csv.open_csv(pa.PythonFile(file), **options):
            yield pa.Table.from_batches([batch]).rename_columns(names), min(file.tell(), total)


def _has_rows(path: Path, codec: str) -> bool:
    with path.open(encoding=codec, newline="") as text:
        rows = csv.reader(text)
        next(rows)
        return next(rows, None) is not None
