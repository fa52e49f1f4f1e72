"""Use case: a table of points to the grid that each lies in, from file to file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gridgis.errors import GridgisError, InvalidInput
from gridgis.geometry.shift import canonical_crs, check_lonlat
from gridgis.index.resolver import OVERLAY
from gridgis.io.plan_file import check_output
from gridgis.model import need_columns
from gridgis.service.locator import Locator, Snapshot
from gridgis.service.plans import read_table

FOUND_COLUMNS = ("grid_code", "grid_base", "grid_rule", "grid_note")
"""What is added to a table of points; the user's own columns stay as they are."""

POINT_COLUMNS = ("code", "base", "rule", "precision", "note")
"""What is told of each point."""

POINT_HEADS = {
    "经度": "lon",
    "纬度": "lat",
    "lng": "lon",
    "longitude": "lon",
    "latitude": "lat",
    "x": "lon",
    "y": "lat",
}
"""Other column heads of a table of points."""


def locate_table(locator: Locator, path: str | Path, crs: str = "EPSG:4490", at: Any = None) -> pd.DataFrame:
    """Look up the points of a table.

    Parameters
    ----------
    path
        CSV or Excel with the columns lon and lat; a column crs says for each row what its coordinates are.
    crs
        Coordinates of the rows for which no column says it.

    Returns
    -------
    DataFrame
        The table with FOUND_COLUMNS; a point that cannot be meant (0, 0; swapped; no number; unknown coordinates)
        has no code and says why in ``grid_note``.

    Raises
    ------
    InvalidInput
        There are no columns lon and lat, there is one of FOUND_COLUMNS already, or no point can be meant.
    """
    canonical_crs(crs)
    table = read_table(path, POINT_HEADS)
    need_columns(table, ("lon", "lat"), str(path))
    if taken := [c for c in FOUND_COLUMNS if c in table.columns]:
        raise InvalidInput(
            f"{path} 中已有列 {taken}，结果会覆盖它们；请先改名或删去",
            f"{path} has the columns {taken} already, and the answers would overwrite them; rename or remove them",
            path=str(path),
            columns=taken,
        )
    lon = pd.to_numeric(table["lon"], errors="coerce").to_numpy(dtype="float64")
    lat = pd.to_numeric(table["lat"], errors="coerce").to_numpy(dtype="float64")
    labels = [c if isinstance(c, str) and c.strip() else crs for c in table.get("crs", [crs] * len(table))]
    notes = [_why_not(x, y, label) for x, y, label in zip(lon, lat, labels, strict=True)]
    good = np.array([note is None for note in notes], dtype=bool)
    if len(table) and not good.any():
        raise InvalidInput(f"{path} 中没有可用的点：{notes[0]}", f"no point of {path} can be used", path=str(path))
    out = table.assign(grid_code=None, grid_base=None, grid_rule=None)
    out["grid_note"] = pd.Series(notes, dtype=object, index=table.index)
    asked = locator.snapshot(at)
    for label in sorted(set(labels)):
        rows = good & np.array([name == label for name in labels], dtype=bool)
        if rows.any():
            found = asked.locate_many(lon[rows], lat[rows], label)
            out.loc[rows, ["grid_code", "grid_base", "grid_rule"]] = found[["code", "base", "rule"]].to_numpy()
    return out


def locate_points(asked: Snapshot, lon: Any, lat: Any, crs: str = "EPSG:4490") -> pd.DataFrame:
    """Look up (n,) points of one kind of coordinates.

    Returns
    -------
    DataFrame
        code, base, rule, precision, note: None where there is nothing to say. A point that cannot be meant has only a
        note, which says why; a point outside has the rule "outside".
    """
    x, y = np.asarray(lon, dtype="float64"), np.asarray(lat, dtype="float64")
    notes = [_why_not(float(a), float(b), crs) for a, b in zip(x, y, strict=True)]
    out = pd.DataFrame(None, index=range(len(x)), columns=list(POINT_COLUMNS), dtype=object)
    out["note"] = pd.Series(notes, dtype=object)
    good = out["note"].isna().to_numpy()
    if good.any():
        found = asked.locate_many(x[good], y[good], crs)
        base = found["base"].map(asked.view.resolver.precisions).astype(object)
        found["precision"] = base.where(found["rule"] != OVERLAY, "grid")
        columns = ["code", "base", "rule", "precision"]
        out.loc[good, columns] = found[columns].to_numpy()
    return out.where(out.notna(), None)


def _why_not(lon: float, lat: float, crs: str) -> str | None:
    try:
        canonical_crs(crs)
        check_lonlat(lon, lat)
    except GridgisError as e:
        return str(e)
    return None


def write_points(table: pd.DataFrame, path: str | Path) -> None:
    """Write a table as CSV (UTF-8 with BOM, for Excel); it is never half-written.

    Raises
    ------
    InvalidInput
        As ``check_output``.
    """
    path = Path(path)
    check_output(path, suffixes=(".csv",))
    partial = path.with_name(f".{path.stem}.{os.getpid()}.partial.csv")
    try:
        table.to_csv(partial, index=False, encoding="utf-8-sig", lineterminator="\n")
        os.replace(partial, path)
    except OSError as e:
        raise InvalidInput(f"无法写入 {path}：{e}", f"cannot write {path}: {e}", path=str(path)) from e
    finally:
        partial.unlink(missing_ok=True)
