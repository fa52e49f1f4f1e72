"""Use case: a table of points to the grid that each lies in, from file to file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gridgis.errors import GridgisError, InvalidInput
from gridgis.geometry.shift import canonical_crs, check_lonlat, to_stored_lonlat
from gridgis.index.point_resolver import OUTER, OVERLAY, SHARED
from gridgis.io.plan_file import check_output
from gridgis.io.tables import read_table
from gridgis.model import need_columns
from gridgis.service.events import place_hit
from gridgis.service.locator import Locator, Snapshot

FOUND_COLUMNS = (
    "grid_code", "grid_base", "grid_rule", "grid_precision", "grid_border_m", "grid_revision", "grid_answers_for",
    "grid_leader", "grid_note",
)  # fmt: skip
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
        CSV or Excel with the columns lon and lat; a column crs says for each row what its coordinates are, a column
        place names the building or estate where a row has neither lon nor lat.
    crs
        Coordinates of the rows for which no column says it.

    Returns
    -------
    DataFrame
        The table with FOUND_COLUMNS; a point that cannot be meant (0, 0; swapped; no number; unknown coordinates; a
        place that is not there, or ambiguous) has no code and says why in ``grid_note``. ``grid_border_m`` is the
        distance to the border of the base grid in metres; ``grid_leader`` answers, for ``grid_answers_for``: the grid,
        or the one above where a post is vacant.

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
    asked = locator.snapshot(at)
    found = _found(asked, table, crs)
    if len(table) and found["note"].notna().all():
        why = found["note"].iloc[0]
        raise InvalidInput(f"{path} 中没有可用的点：{why}", f"no point of {path} can be used: {why}", path=str(path))
    _add_leaders(asked, found)
    found["revision"] = asked.revision
    return table.join(found.add_prefix("grid_")[list(FOUND_COLUMNS)])


def _found(asked: Snapshot, table: pd.DataFrame, crs: str) -> pd.DataFrame:
    """Look up each row by its coordinates or, where it has none, by its place: POINT_COLUMNS and border_m."""
    lon, lat = (pd.to_numeric(table[c], errors="coerce").to_numpy(dtype="float64") for c in ("lon", "lat"))
    labels = np.array([_text(c) or crs for c in table.get("crs", [crs] * len(table))], dtype=object)
    places = [_text(p) for p in table.get("place", [None] * len(table))]
    named = np.array([bool(p) for p in places], dtype=bool) & table[["lon", "lat"]].isna().all(axis=1).to_numpy()
    out = pd.DataFrame(None, index=table.index, columns=[*POINT_COLUMNS, "border_m"], dtype=object)
    for label in sorted(set(labels[~named])):
        rows = ~named & (labels == label)
        part = locate_points(asked, lon[rows], lat[rows], label)
        part["border_m"] = _borders(asked, part, lon[rows], lat[rows], label)
        out.loc[rows] = part[out.columns].to_numpy()
    for i in np.flatnonzero(named).tolist():
        out.iloc[i, :] = _placed(asked, places[i])
    return out.where(out.notna(), None)


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _borders(asked: Snapshot, found: pd.DataFrame, lon: Any, lat: Any, crs: str) -> list[float | None]:
    """Return the distance of each point to the border of its base grid, metres; None outside."""
    resolver = asked.view.resolver
    metres: list[float | None] = []
    for x, y, base, rule in zip(lon, lat, found["base"], found["rule"], strict=True):
        if base is None or rule in (SHARED, OUTER):
            metres.append(None if base is None else 0.0)
            continue
        u, v, _ = to_stored_lonlat(x, y, crs)
        away, _ = resolver.points.borders.nearest_border(
            int(np.searchsorted(resolver.base_codes, base)), float(u), float(v)
        )
        metres.append(None if away is None else round(away, 1))
    return metres


def _placed(asked: Snapshot, name: str) -> list[Any]:
    try:
        hit = place_hit(asked, name)
    except GridgisError as e:
        return [None, None, None, None, str(e), None]
    away = None if hit.border_m is None else round(hit.border_m, 1)
    return [hit.code, hit.base, hit.rule, hit.precision, None, away]


def _add_leaders(asked: Snapshot, found: pd.DataFrame) -> None:
    who: dict[str | None, tuple[str | None, str | None]] = {None: (None, None)}
    for code in sorted(set(found["code"].dropna())):
        links = [link for link in asked.card(code)["chain"] if link["leader"]]
        who[code] = (links[0]["code"], links[0]["leader"]["name"]) if links else (None, None)
    found["answers_for"] = pd.Series([who[c][0] for c in found["code"]], index=found.index, dtype=object)
    found["leader"] = pd.Series([who[c][1] for c in found["code"]], index=found.index, dtype=object)


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
