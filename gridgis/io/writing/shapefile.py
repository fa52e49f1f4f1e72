"""Shapefile (ESRI, 1998; dBASE III): a folder of five files, or a zip of them.

What it cannot hold is said: names of columns longer than 10 characters, texts longer than 254 bytes; characters that
the chosen encoding lacks are refused.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio

from gridgis.errors import InvalidInput
from gridgis.io.notes import Notes
from gridgis.io.steps import FIXED_DAY
from gridgis.io.writing.geometry import common_type

ENCODINGS = ("UTF-8", "GBK")
"""Of the texts; written into the .cpg file."""

NAME_BYTES, TEXT_BYTES = 10, 254
"""What a dBASE III file holds of a column's name, and of a text."""

DBF_DAY = "2000-01-01"
"""The day of change in the head of the .dbf, so that the same content gives the same bytes."""


def write_shapefile(frame: gpd.GeoDataFrame, folder: Path, layer: str, notes: Notes, encoding: str = "UTF-8") -> None:
    """Write a layer as the files ``layer``.shp, .shx, .dbf, .prj and .cpg into a folder, which is made.

    Raises
    ------
    InvalidInput
        The geometries are of several types, or a text has characters that the encoding lacks.
    """
    kind = common_type(frame)
    if kind is None:
        raise InvalidInput(
            f"图层“{layer}”含多种图形类型，Shapefile 只能保存一种；请改用 .gpkg 或 .geojson",
            f"layer '{layer}' has geometries of several types, a shapefile holds one; use .gpkg or .geojson",
            layer=layer,
        )
    names = _short_names([str(c) for c in frame.columns if c != "geometry"], notes)
    texts = {n: _fitting(frame[n], n, encoding, notes) for n in names if not _is_number(frame[n])}
    fitted = frame.assign(**texts).rename(columns=names)
    folder.mkdir()
    pyogrio.write_dataframe(
        fitted, folder / f"{layer}.shp", driver="ESRI Shapefile", geometry_type=_written(kind, frame),
        promote_to_multi=False, encoding=encoding, layer_options={"DBF_DATE_LAST_UPDATE": DBF_DAY},
    )  # fmt: skip


def is_zipped_export(path: Path) -> bool:
    """Tell whether a zip holds the five files of one layer and nothing else, all of the fixed day."""
    with zipfile.ZipFile(path) as archive:
        files = archive.infolist()
    names = [Path(f.filename) for f in files]
    return (
        sorted(n.suffix for n in names) == [".cpg", ".dbf", ".prj", ".shp", ".shx"]
        and len({n.with_suffix("") for n in names}) == 1
        and all(f.date_time == FIXED_DAY for f in files)
    )


def _written(kind: str, frame: gpd.GeoDataFrame) -> str:
    """Return the type to declare: a shapefile tells single from multi for points only."""
    return f"Multi{kind}" if frame.geom_type.str.startswith("Multi").any() else kind


def _is_number(column: Any) -> bool:
    return bool(pd.api.types.is_numeric_dtype(column.dtype))


def _short_names(names: list[str], notes: Notes) -> dict[str, str]:
    """Return each name with the one it gets: its first 10 characters, or 8 and a number where these are taken."""
    taken = {n.lower() for n in names if len(n.encode()) <= NAME_BYTES}
    out = {}
    for name in names:
        short = name
        if len(name.encode()) > NAME_BYTES:
            short = _free(_cut(name, NAME_BYTES, "utf-8"), taken)
            taken.add(short.lower())
            notes.add(
                "warning", name, "short-name", short, f"列名 {name} 超过 10 个字符，写成 {short}",
                f"the column name {name} is longer than 10 characters: it becomes {short}",
            )  # fmt: skip
        out[name] = short
    return out


def _free(short: str, taken: set[str]) -> str:
    number = 0
    found = short
    while found.lower() in taken:
        number += 1
        found = _cut(short, NAME_BYTES - 1 - len(str(number)), "utf-8") + f"_{number}"
    return found


def _cut(text: str, size: int, encoding: str) -> str:
    """Return as many whole characters of a text as fit into so many bytes.

    Examples
    --------
    >>> _cut("东西大街", 7, "utf-8"), _cut("东西大街", 7, "gbk")
    ('东西', '东西大')
    """
    return text.encode(encoding)[:size].decode(encoding, errors="ignore")


def _fitting(column: Any, name: str, encoding: str, notes: Notes) -> pd.Series[Any]:
    values = [None if pd.isna(v) else str(v) for v in column]
    _need_encodable(values, name, encoding)
    out = [None if v is None else _cut(v, TEXT_BYTES, encoding) for v in values]
    cut = [i for i, (a, b) in enumerate(zip(values, out, strict=True)) if a != b]
    if cut:
        notes.add(
            "warning", name, "truncated", len(cut),
            f"列 {name} 有 {len(cut)} 处文字超过 {TEXT_BYTES} 字节，已截短；第一处在第 {cut[0] + 1} 行：{out[cut[0]]}…",
            f"{len(cut)} texts of column {name} are longer than {TEXT_BYTES} bytes and were cut; the first is row "
            f"{cut[0] + 1}: {out[cut[0]]}...",
        )  # fmt: skip
    return pd.Series(out, index=column.index, dtype=object)


def _need_encodable(values: list[str | None], name: str, encoding: str) -> None:
    lost = [(i, c) for i, v in enumerate(values) if v for c in v if not _holds(c, encoding)]
    if lost:
        shown = "".join(dict.fromkeys(c for _, c in lost))[:20]
        rows = list(dict.fromkeys(i + 1 for i, _ in lost))[:5]
        raise InvalidInput(
            f"{encoding} 无法表示列 {name} 中的字符“{shown}”（第 {rows} 行）；请用 --encoding UTF-8，或改这些字",
            f"{encoding} lacks the characters '{shown}' of column {name} (rows {rows}); use --encoding UTF-8, or "
            "change these characters",
            column=name,
            characters=shown,
            rows=rows,
        )


def _holds(character: str, encoding: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return character != "\x00"
