"""Read a planner's pins (docs/pins.md) from a table or a layer, and keep them in a plan file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from gridgis.errors import InvalidInput
from gridgis.geometry.arrays import geometries
from gridgis.geometry.crs import STORED_CRS, to_stored
from gridgis.io.notes import Notes
from gridgis.io.read import read_layer
from gridgis.io.tables import read_table
from gridgis.io.validate import LINE, check_coordinates
from gridgis.model import PIN_KINDS, Pin, need_columns

HEADS = {
    "类型": "kind", "级别": "level", "层级": "level", "成员": "members", "网格": "grid", "几何": "geometry",
    "边界线": "geometry", "wkt": "geometry", "备注": "note", "说明": "note",
}  # fmt: skip
"""Other column heads of a table of pins."""

COLUMNS = ("kind", "level", "members", "grid", "geometry", "note")
"""The columns that are understood; ``note`` is the planner's own."""

KINDS = {**{zh: kind for kind, zh in PIN_KINDS.items()}, **{kind: kind for kind in PIN_KINDS}}
LEVELS = {"2": 2, "3": 3, "二级": 2, "三级": 3, "2级": 2, "3级": 3, "": 2}
SORTS = {"楼": "building", "楼栋": "building", "建筑": "building", "小区": "compound"}
TABLES = (".csv", ".xlsx")


def read_pins(path: str | Path, crs: Any = None, notes: Notes | None = None) -> tuple[Pin, ...]:
    """Read pins from CSV or Excel (a border as WKT), or from a layer that can be drawn in a GIS.

    Parameters
    ----------
    path
        A table with the columns kind, level, members, grid, geometry (or their Chinese heads), or a vector file; one
        layer of several as ``FILE:LAYER``.
    crs
        CRS of WKT, and of a file that states none; default: longitude and latitude (EPSG:4490).
    notes
        Takes a row on columns that are not understood.

    Returns
    -------
    tuple of Pin
        In the order of the file, numbered from 1; borders in stored coordinates.

    Raises
    ------
    InvalidInput
        No such file, no pins in it, no column kind, an unknown kind or level, WKT or coordinates that cannot be read.
        What a pin asks for is judged when it is settled on the ground.
    """
    frame = _table(Path(path), crs) if Path(path).suffix.lower() in TABLES else _layer(str(path), crs)
    name = Path(path).name
    need_columns(frame, ("kind",), name)
    if frame.empty:
        raise InvalidInput(f"{path} 中没有任何要求", f"{path} holds no pins", path=str(path))
    if notes is not None and (more := [str(c) for c in frame.columns if c not in COLUMNS]):
        zh, en = f"不认识的列，未使用：{more}", f"columns that are not understood are left out: {more}"
        notes.add("info", name, "columns", len(more), zh, en)
    lines = frame.geometry if isinstance(frame, gpd.GeoDataFrame) else [None] * len(frame)
    texts = [_texts(frame, c) for c in ("kind", "level", "members", "grid")]
    rows = zip(*texts, lines, strict=True)
    return tuple(_pin(n, *row) for n, row in enumerate(rows, 1))


def _table(path: Path, crs: Any) -> pd.DataFrame:
    """Return a table with its WKT read as geometry; rows that are all empty are left out."""
    table = read_table(path, HEADS).dropna(how="all").reset_index(drop=True)
    if "geometry" not in table or table["geometry"].isna().all():
        return table.drop(columns="geometry", errors="ignore")
    shapes = geometries([_from_wkt(n, text) for n, text in enumerate(table["geometry"], 1)])
    frame = gpd.GeoDataFrame(table.drop(columns="geometry"), geometry=shapes, crs=crs or STORED_CRS)
    return _stored(frame, path.name)


def _from_wkt(row: int, text: str | None) -> BaseGeometry | None:
    try:
        return None if text is None else shapely.from_wkt(text)
    except shapely.errors.ShapelyError as e:
        raise InvalidInput(
            f"第{row}条要求的边界不是有效的 WKT：{e}", f"pin {row}: the border is no valid WKT: {e}", row=row
        ) from e


def _layer(source: str, crs: Any) -> gpd.GeoDataFrame:
    path, _, layer = source.rpartition(":")
    frame = read_layer(path, layer, crs) if path and Path(path).is_file() else read_layer(source, None, crs)
    heads = {c: HEADS.get(str(c), str(c).lower()) for c in frame.columns if c != "geometry"}
    return _stored(frame.rename(columns=heads).drop(columns=["id", "fid"], errors="ignore"), Path(source).name)


def _stored(frame: gpd.GeoDataFrame, name: str) -> gpd.GeoDataFrame:
    drawn = frame[frame.geometry.notna() & ~frame.geometry.is_empty]
    check_coordinates(drawn, name)
    moved = to_stored(drawn).geometry.reindex(frame.index)
    return frame.set_geometry(gpd.GeoSeries(moved, index=frame.index, crs=STORED_CRS))


def _texts(frame: pd.DataFrame, column: str) -> list[str]:
    if column not in frame:
        return [""] * len(frame)
    return ["" if pd.isna(v) else f"{v:g}" if isinstance(v, float) else str(v).strip() for v in frame[column]]


def _pin(row: int, kind: str, level: str, members: str, grid: str, line: BaseGeometry | None) -> Pin:
    for value, known, zh in ((kind.lower(), KINDS, "类型"), (level, LEVELS, "级别")):
        if value not in known:
            there = "、".join(str(k) for k in known if k)
            raise InvalidInput(
                f"第{row}条要求的{zh}“{value}”不认识；可用：{there}",
                f"pin {row}: '{value}' is not known; there are {there.replace('、', ', ')}",
                row=row,
                value=value,
            )
    if line is not None and line.geom_type not in LINE:
        raise InvalidInput(
            f"第{row}条要求的图形是 {line.geom_type}，应为线；只有“保留边界”需要图形",
            f"pin {row}: its geometry is a {line.geom_type}; a line is wanted, and for kind border only",
            row=row,
        )
    return Pin(row, KINDS[kind.lower()], LEVELS[level], tuple(_members(members)), grid or None, line)


def _members(text: str) -> list[str]:
    """Split ids, and write their sort the one way: 楼:7 and 小区：3 are building:7 and compound:3."""
    found = []
    for part in re.split("[;；、]", text):
        sort, colon, rest = part.strip().replace("：", ":").partition(":")
        known = SORTS.get(sort.strip(), sort.strip()) if colon else ""
        found.append(f"{known}:{rest.strip()}" if known in SORTS.values() else part.strip())
    return list(dict.fromkeys(m for m in found if m))


def pins_table(pins: Sequence[Pin]) -> gpd.GeoDataFrame:
    """Return pins as a table for a plan file: row, kind, level, members, grid, geometry."""
    rows = [(p.row, p.kind, p.level, ";".join(p.members), p.grid) for p in pins]
    frame = pd.DataFrame(rows, columns=["row", "kind", "level", "members", "grid"])
    return gpd.GeoDataFrame(frame, geometry=geometries([p.line for p in pins]), crs=STORED_CRS)


def pins_of(table: gpd.GeoDataFrame) -> tuple[Pin, ...]:
    """Return the pins of such a table."""
    texts = [_texts(table, c) for c in ("kind", "level", "members", "grid")]
    rows = zip(table["row"], *texts, table.geometry, strict=True)
    return tuple(_pin(int(n), *row) for n, *row in rows)
