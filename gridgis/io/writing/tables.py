"""GeoParquet, and CSV with the geometry as WKT."""

from __future__ import annotations

import json
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from gridgis.io.geopackage import EXPORT
from gridgis.io.notes import Notes
from gridgis.io.writing.earlier import first_line
from gridgis.io.writing.geometry import DECIMALS, rounded

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell of CSV that begins so is run by a spreadsheet program."""

_MARK: dict[Hashable | None, Any] = {"description": EXPORT}
"""Attributes of each GeoParquet, which pandas keeps in the file's metadata."""


def write_parquet(frame: gpd.GeoDataFrame, path: Path, layer: str, notes: Notes) -> None:
    """Write a layer as GeoParquet 1.1 (WKB): all as it is, the CRS too."""
    marked = frame.copy(deep=False)
    marked.attrs = dict(_MARK)
    marked.to_parquet(path, index=False, compression="zstd", schema_version="1.1.0", write_covering_bbox=False)


def is_parquet_export(path: Path) -> bool:
    """Tell by its metadata whether a file was written by ``write_parquet``."""
    import pyarrow.parquet

    said = pyarrow.parquet.read_schema(path).metadata or {}
    return bool(json.loads(said.get(b"PANDAS_ATTRS", b"{}")) == _MARK)


def write_csv(frame: gpd.GeoDataFrame, path: Path, layer: str, notes: Notes) -> None:
    """Write a layer as CSV (UTF-8 with BOM, for Excel), geometry in the column ``wkt``; say what CSV cannot tell."""
    notes.add(
        "info", layer, "crs", "EPSG:4490", "CSV 不含坐标系：读入时请指明 EPSG:4490；编码列请按文本读入",
        "CSV states no CRS: give EPSG:4490 when reading it; read codes as text",
    )  # fmt: skip
    table = pd.DataFrame(frame.drop(columns="geometry"))
    for name in table.columns:
        _tell_formulas(table[name], str(name), notes)
    wkt = shapely.to_wkt(rounded(frame, notes), rounding_precision=DECIMALS, trim=True)
    table.assign(wkt=wkt).to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\n")


def is_csv_export(path: Path, frame: gpd.GeoDataFrame) -> bool:
    """Tell whether a file begins as ``write_csv`` would begin for this layer: CSV has no room for another mark."""
    columns = [str(c) for c in frame.columns if c != "geometry"]
    head = pd.DataFrame(columns=[*columns, "wkt"]).to_csv(index=False, lineterminator="\n")
    return first_line(path) == head.encode("utf-8-sig")


def _tell_formulas(column: Any, name: str, notes: Notes) -> None:
    """Say where Excel would take a text for a formula; the text itself stays as it is."""
    risky = [(row, v[0]) for row, v in enumerate(column, start=2) if isinstance(v, str) and v.startswith(FORMULA)]
    if risky:
        row, first = risky[0]
        notes.add(
            "warning", name, "formula", len(risky),
            f"列 {name} 第 {row} 行以“{first}”开头（共 {len(risky)} 处），Excel 会当作公式；请用 .xlsx，或按文本导入",
            f"column {name}, row {row} begins with '{first}' ({len(risky)} in all): Excel would run it as a formula; "
            "use .xlsx, or import it as text",
        )  # fmt: skip
