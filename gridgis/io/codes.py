"""Lists of codes in, tables of codes out."""

from __future__ import annotations

import csv
from pathlib import Path

import geopandas as gpd

from gridgis.errors import InvalidInput, NotFound
from gridgis.io.geopackage import write_layer
from gridgis.io.plan_file import check_output, fresh_file
from gridgis.io.steps import beside

HEADINGS = ("code", "编码", "网格编码", "网格编号")
"""Names of the column of codes in a CSV file; letter case does not matter."""


def read_codes(path: str | Path) -> list[str]:
    """Read codes from a text or CSV file: one a line, or those of the column "code" (编码, 网格编码, 网格编号).

    Empty lines, lines that begin with "#", and empty cells of the column are passed over; blanks around a code are no
    part of it. The codes themselves are not checked here. UTF-8, or GB18030 as Chinese Excel writes it.

    Raises
    ------
    NotFound
        The file does not exist.
    InvalidInput
        Nothing is in the file; several columns, and none of them is named "code"; or no text in these encodings.
    """
    if not (text := read_text(path, "编码清单", "codes")).strip():
        raise InvalidInput(
            f"编码清单 {path} 是空的；如果从未发放过编码，请不要给出清单，或只写一行“# 无”",
            f"the list of codes {path} is empty; if none was ever issued, give no list, or the one line '# none'",
            path=str(path),
        )
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    rows = [[cell.strip() for cell in row] for row in csv.reader(lines)]
    if not rows:
        return []
    names = [cell.lower() for cell in rows[0]]
    if found := [i for i, name in enumerate(names) if name in HEADINGS]:
        return [row[found[0]] for row in rows[1:] if len(row) > found[0] and row[found[0]]]
    if any(len(row) > 1 for row in rows):
        raise InvalidInput(
            f"{path} 有多列，但没有名为 code（或 {'、'.join(HEADINGS[1:])}）的列；现有：{rows[0]}",
            f"{path} has several columns, and none named code (or {', '.join(HEADINGS[1:])}); there are {rows[0]}",
            path=str(path),
        )
    return [row[0] for row in rows]


def read_text(path: str | Path, zh: str, en: str) -> str:
    """Read a text file in UTF-8 or GB18030; ``zh`` and ``en`` say what it is.

    Raises
    ------
    NotFound
        The file does not exist.
    InvalidInput
        It is in no such encoding.
    """
    path = Path(path)
    if not path.is_file():
        raise NotFound(f"没有{zh}文件 {path}", f"no file of {en} {path}", path=str(path))
    data = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InvalidInput(
        f"{path} 不是 UTF-8 或 GB18030 文本；Excel 文件请另存为 CSV",
        f"{path} is no text in UTF-8 or GB18030; save an Excel file as CSV",
        path=str(path),
    )


CODES_SUFFIXES = (".csv", ".gpkg")
"""How the name of a table of codes may end."""


def write_codes(table: gpd.GeoDataFrame, path: str | Path) -> None:
    """Write a table of codes: .csv without the geometry (UTF-8 with BOM, for Excel), .gpkg with it (layer ``grids``).

    The file is written beside its place and renamed: it is never half-written.

    Raises
    ------
    InvalidInput
        As `check_output`.
    """
    path = Path(path)
    check_output(path, suffixes=CODES_SUFFIXES)
    if path.suffix.lower() == ".gpkg":
        with fresh_file(path) as partial:
            write_layer(partial, "grids", table, "MultiPolygon")
        return
    with beside(path) as partial:
        table.drop(columns="geometry").to_csv(partial, index=False, encoding="utf-8-sig", lineterminator="\n")
