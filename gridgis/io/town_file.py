"""A town as one GeoPackage that is filled layer by layer: each layer is replaced as a whole, the others stay.

Beside the layers of a town (gridgis.io.town.LAYERS) it holds the table ``report``, the report rows of the last import
of each layer, and the layer ``repairs``, the places that were mended or could not be. A file is written beside its
place and renamed: it is never half-written.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio

from gridgis.errors import InvalidInput
from gridgis.io.geopackage import plain_texts, write_layer, write_table
from gridgis.io.plan_file import check_output
from gridgis.io.steps import beside
from gridgis.io.town import IMPORT_TABLES, LAYERS
from gridgis.io.validate import LINE, POLYGON
from gridgis.model import REPORT_COLUMNS

REPORT, REPAIRS = IMPORT_TABLES
REPORT_HEADS = ("layer", *REPORT_COLUMNS)
"""Columns of the table ``report``."""


def check_town_file(path: str | Path, inputs: tuple[object, ...] = ()) -> None:
    """Refuse an output that is neither new nor a town's file of this kind, before long work begins.

    Raises
    ------
    InvalidInput
        As ``check_output``; also a GeoPackage that holds something else, which is left alone.
    """
    path = Path(path)
    if not path.exists():
        check_output(path, inputs)
        return
    check_output(path.with_name(f"{path.stem}.new.gpkg"))
    held = _tables(path)
    if held is None or REPORT not in held or not held <= {*LAYERS, REPORT, REPAIRS}:
        listed = "、".join(sorted(held or ())) or "?"
        raise InvalidInput(
            f"{path} 已存在，但不是由 gridgis import 建立的城镇文件（其中有 {listed}），不予改动；请另起文件名",
            f"{path} is there already, but is no town's file made by gridgis import (it holds {listed}): it is not "
            "touched; choose another name",
            path=str(path),
        )
    if any(i is not None and Path(str(i)).exists() and Path(str(i)).samefile(path) for i in inputs):
        raise InvalidInput(
            f"输入与输出是同一文件 {path}", f"input and output are the same file, {path}", path=str(path)
        )


def _tables(path: Path) -> set[str] | None:
    """Return the tables of a GeoPackage, None for another file; a table ``report`` counts only with our columns."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as base:
            held = {str(row[0]) for row in base.execute("SELECT table_name FROM gpkg_contents")}
            heads = {str(row[1]) for row in base.execute(f"PRAGMA table_info({REPORT})")}
    except sqlite3.Error:
        return None
    return held if heads >= set(REPORT_HEADS) else held - {REPORT}


def town_layers(path: str | Path) -> list[str]:
    """List the layers of a town that a file holds, in the order of LAYERS; none where there is no such file."""
    held = _tables(Path(path)) or set() if Path(path).exists() else set()
    return [name for name in LAYERS if name in held]


def read_town_layer(path: str | Path, name: str) -> gpd.GeoDataFrame:
    """Read one layer of a town's file, each column of the type in which it was written."""
    return gpd.GeoDataFrame(_typed(Path(path), name))


def _typed(path: Path, name: str) -> pd.DataFrame:
    """Read a layer or table; whole numbers stay whole where some are null, texts are plain."""
    frame: pd.DataFrame = pyogrio.read_dataframe(path, layer=name)
    info = pyogrio.read_info(path, layer=name)
    whole = [c for c, kind in zip(info["fields"], info["dtypes"], strict=True) if str(kind).startswith("int")]
    return plain_texts(frame.astype(dict.fromkeys(whole, "Int64")))  # type: ignore[no-any-return]


def write_town_layer(
    path: str | Path, name: str, frame: gpd.GeoDataFrame, rows: pd.DataFrame, repairs: gpd.GeoDataFrame | None = None
) -> None:
    """Write one layer into a town's file, new or there already, with the report rows of its import.

    Parameters
    ----------
    path
        The file, as ``check_town_file`` lets through.
    name
        Name of the layer, of LAYERS.
    frame
        The checked layer, stored coordinates.
    rows
        Its report rows (REPORT_COLUMNS).
    repairs
        Places of repairs, stored coordinates, with a column ``layer``.

    Raises
    ------
    InvalidInput
        As ``check_town_file``.
    """
    path = Path(path)
    check_town_file(path)
    layers: dict[str, gpd.GeoDataFrame] = {other: read_town_layer(path, other) for other in town_layers(path)}
    whole = [c for c in frame.columns if pd.api.types.is_integer_dtype(frame[c])]
    layers[name] = gpd.GeoDataFrame(frame.astype(dict.fromkeys(whole, "Int64")))  # as layers are that are read back
    report = _in_order([_others(path, REPORT, name), rows.assign(layer=name)])
    mended = [f for f in (_others(path, REPAIRS, name), repairs) if f is not None and len(f)]
    with beside(path) as partial:
        for each in LAYERS:
            if each in layers:
                write_layer(partial, each, layers[each], _kind(each))
        if mended:
            write_layer(partial, REPAIRS, gpd.GeoDataFrame(_in_order(mended)), "Unknown")
        write_table(partial, REPORT, report[list(REPORT_HEADS)])


def _in_order(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Join tables, sorted by layer: the file does not depend on the order of imports."""
    joined = pd.concat([t for t in tables if len(t)], ignore_index=True)
    return joined.sort_values("layer", key=lambda c: c.map(list(LAYERS).index), kind="stable", ignore_index=True)


def _others(path: Path, table: str, layer: str) -> pd.DataFrame:
    """Return the rows of a table that belong to other layers."""
    held = (_tables(path) or set()) if path.exists() else set()
    if table not in held:
        return pd.DataFrame(columns=list(REPORT_HEADS))
    frame = _typed(path, table)
    return frame[frame["layer"] != layer]


def _kind(name: str) -> str:
    """Return the geometry type of a layer as a GeoPackage states it; buildings are polygons and points."""
    kinds = {POLYGON: "MultiPolygon", LINE: "MultiLineString"}
    return kinds.get(LAYERS[name].types, "Unknown")
