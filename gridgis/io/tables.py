"""Read a table as people keep it: CSV (UTF-8 or GB18030) or Excel, with Chinese or English column heads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from gridgis.errors import InvalidInput
from gridgis.io.reading.excel import check_workbook
from gridgis.io.reading.text import plain_encoding


def read_table(path: str | Path, heads: Mapping[str, str]) -> pd.DataFrame:
    """Read a CSV (UTF-8 or GB18030) or Excel table as texts; Chinese column heads are understood.

    A column that has the wanted name itself comes before one that means the same, which then keeps its own.

    Raises
    ------
    InvalidInput
        The file is not there, empty, or of another kind, or two of its columns mean the same.
    """
    path = Path(path)
    if not path.is_file():
        raise InvalidInput(f"没有文件 {path}", f"there is no file {path}", path=str(path))
    try:
        if path.suffix.lower() == ".xlsx":
            check_workbook(path, str(path))
            table = pd.read_excel(path, dtype=str)
        else:
            table = pd.read_csv(path, dtype=str, encoding=plain_encoding(path))
    except (ValueError, OSError, KeyError) as e:
        raise InvalidInput(f"无法读取表格 {path}：{e}", f"cannot read the table {path}: {e}", path=str(path)) from e
    table.columns = pd.Index(renamed([str(c).strip() for c in table.columns], heads, path))
    return table.astype(object).where(table.notna(), None)


def renamed(columns: list[str], heads: Mapping[str, str], path: Path) -> list[str]:
    """Return the columns by the names that their heads stand for (``read_table``)."""
    wanted = set(heads.values())
    own = {c.lower() for c in columns} & wanted
    names = []
    for column in columns:
        name = heads.get(column) or heads.get(column.lower()) or column.lower()
        names.append(column if name in own and column.lower() != name else name)
    if twice := sorted({n for n in names if names.count(n) > 1}):
        both = [c for c, n in zip(columns, names, strict=True) if n in twice]
        raise InvalidInput(
            f"{path} 的列 {both} 含义相同（{twice}）；请只留一列",
            f"the columns {both} of {path} mean the same ({', '.join(twice)}); keep one of them",
            path=str(path),
            columns=both,
        )
    return names
