"""A plan of boundaries drawn elsewhere: read, placed and checked as if they were divided here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from gridgis.checks import verify
from gridgis.dispatch.days import to_text
from gridgis.errors import InvalidInput
from gridgis.geometry.coverage import dissolve, node_base, report_row
from gridgis.io.notes import Notes
from gridgis.io.read import read_raw, read_stored
from gridgis.model import (
    ATOM_COLUMNS,
    BORDER_COLUMNS,
    BUILDING_COLUMNS,
    GRID_COLUMNS,
    REPORT_COLUMNS,
    Community,
    DivisionPlan,
    DivisionRules,
    PlanReport,
    need_columns,
)
from gridgis.registry import Registry
from gridgis.service.importing import split_source
from gridgis.service.mending import Mending, mend_coverage
from gridgis.service.placing import Stated, place


@dataclass(frozen=True)
class Borders:
    """A file of given boundaries with codes, which columns say what, and what the user states about its coordinates.

    ``path`` and ``reference`` may be written FILE:LAYER; crs, shifted, reference and swap are those of
    gridgis.service.placing.Stated.
    """

    path: str | Path
    code_column: str
    name_column: str
    community_name_column: str | None = None
    level: int | None = None
    crs: str | None = None
    shifted: str | None = None
    reference: str | Path | None = None
    swap: bool = False
    encoding: str | None = None
    mending: Mending = field(default_factory=Mending)


def plan_from_borders(registry: Registry, borders: Borders) -> DivisionPlan:
    """Make a plan of given boundaries and codes; its ``base`` holds the communities that they make up.

    Hand the base to ``Registry.plan_new`` as ``communities``, so that both enter together. The boundaries are noded
    once, together. Of an invalid one the polygon parts are kept and the rest is reported. The community of a grid is
    the region in its code. Level 2 gets a level-1 grid over each community. Gaps and overlaps are reported (mended
    where the user says so), and the grids are verified by the rules of the ground: what is broken is a row of the
    plan's report (severity "unmet", stage "verify"), as for a division. Bands are not judged: households are unknown.

    Raises
    ------
    InvalidInput
        A column is missing, a code does not fit the registry's scheme, the level is neither 1 nor 2, or the place of
        the boundaries is not known (``place``).
    """
    notes = Notes("import")
    frame = _read_borders(registry, borders, notes)
    scheme = registry.scheme
    codes = [scheme.parse(code) for code in frame["code"]]
    noded, rows = node_base(frame, registry.work_crs)
    regions = {code.text: code.region for code in codes}
    noded["community"] = noded["code"].map(regions)
    level = borders.level or codes[0].level or 1
    if level not in (1, 2):
        raise InvalidInput(
            f"给定边界的级别须为1或2，实为 {level}", f"given boundaries are of level 1 or 2, not {level}"
        )
    base = _communities(noded, level)
    grids = _given_rows(noded, level)
    if level == 2:
        tops = base.assign(community=base["code"], code=[scheme.build(c) for c in base["code"]])
        by_region = dict(zip(tops["community"], tops["code"], strict=True))
        grids["parent"] = grids["community"].map(by_region)
        grids = gpd.GeoDataFrame(pd.concat([_given_rows(tops, 1), grids], ignore_index=True), crs=noded.crs)
    read = [{str(k): v for k, v in row.items()} for row in notes.frame().to_dict("records")]
    return _bare_plan(grids, noded, base, [*read, *rows, *_broken(grids, base)])


def _read_borders(registry: Registry, borders: Borders, notes: Notes) -> gpd.GeoDataFrame:
    path, layer = split_source(str(borders.path))
    raw = read_raw(path, layer, notes, encoding=borders.encoding)
    reference = _reference(registry, borders)
    stated = Stated(borders.crs, borders.shifted, reference, borders.reference is not None, borders.swap)
    frame = place(raw, stated, path.name, notes)
    need_columns(frame, (borders.code_column, borders.name_column), str(borders.path))
    out = frame[["geometry"]].copy()
    out["code"] = _texts(frame[borders.code_column])
    if empty := [k + 1 for k, code in enumerate(out["code"]) if code is None]:
        raise InvalidInput(
            f"{borders.path} 的第 {empty[:5]} 行没有编码（列 {borders.code_column}）；请补全",
            f"rows {empty[:5]} of {borders.path} have no code (column {borders.code_column}); fill them in",
            rows=empty,
        )
    out["name"] = _texts(frame[borders.name_column])
    if borders.community_name_column is not None:
        need_columns(frame, (borders.community_name_column,), str(borders.path))
        out["community_name"] = _texts(frame[borders.community_name_column])
    return mend_coverage(out, path.name, borders.mending, notes)[0]


def _reference(registry: Registry, borders: Borders) -> gpd.GeoDataFrame | None:
    """Return the lines to tell a shift by: what the user gives, else the registry's base layer where it has one."""
    if borders.reference is not None:
        return read_stored(*split_source(str(borders.reference)))
    base = registry.communities()
    return None if base.empty else base


def _broken(grids: gpd.GeoDataFrame, base: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    """Verify the grids by the rules of the ground; return a row for each that is broken.

    Where the grids are of level 1 each stands for a community of its own: nothing above them is divided.
    """
    judged = grids.assign(households=0)  # unknown, and no rule of the ground asks for them
    if (grids["level"] == 1).all():
        judged["community"] = judged["local_id"]
        base = grids[["local_id", "name", "geometry"]].rename(columns={"local_id": "code"})
    nothing = gpd.GeoDataFrame({"id": [], "households": [], "klass": []}, geometry=[], crs=grids.crs)
    rows = zip(base["code"], base["name"], base.geometry, strict=True)
    communities = [Community(c, str(n), g, nothing, nothing, crs=str(grids.crs)) for c, n, g in rows]
    found = verify(judged, communities, revision_wide=True).violations
    told = []
    for v in found.to_dict("records"):
        zh, _, en = str(v["why"]).partition(" / ")
        told.append(report_row("unmet", "verify", str(v["grid"]), str(v["rule"]), float(v["measure"]), zh, en))
    return told


def _texts(cells: pd.Series[Any]) -> pd.Series[Any]:
    """Return cells as texts: None where empty, a whole number without '.0' (a null makes floats of a column)."""
    return pd.Series([to_text(cell) or None for cell in cells], index=cells.index, dtype=object)


def _communities(noded: gpd.GeoDataFrame, level: int) -> gpd.GeoDataFrame:
    """Return the communities that the noded borders make up, work CRS."""
    regions, outlines = dissolve(noded.geometry.to_numpy(), noded["community"].to_numpy())
    first = noded.drop_duplicates("community").set_index("community").loc[regions]
    alone = (noded["community"].value_counts().loc[regions].to_numpy() == 1) & (level == 1)
    names = first["name"].where(alone, regions) if "community_name" not in noded else first["community_name"]
    return gpd.GeoDataFrame({"code": regions, "name": names.to_numpy()}, geometry=outlines, crs=noded.crs)


def _given_rows(frame: gpd.GeoDataFrame, level: int) -> gpd.GeoDataFrame:
    out = frame[["community", "name", "geometry"]].copy()
    out = out.assign(local_id=frame["code"], level=level, kind="comprehensive", flags="given")
    out["households"] = pd.array([pd.NA] * len(out), dtype="Int64")  # not counted; 0 would state a false fact
    for column in ("mode", "parent", "category", "site_id", "previous"):
        out[column] = pd.Series([None] * len(out), dtype=object, index=out.index)
    return out[list(GRID_COLUMNS)].reset_index(drop=True)


def _bare_plan(
    grids: gpd.GeoDataFrame, noded: gpd.GeoDataFrame, base: gpd.GeoDataFrame, rows: list[dict[str, Any]]
) -> DivisionPlan:
    crs = grids.crs
    atoms = noded.assign(atom=range(len(noded)), local_id=noded["code"], households=0, water=False)
    buildings = gpd.GeoDataFrame({c: [] for c in BUILDING_COLUMNS if c != "geometry"}, geometry=[], crs=crs)
    borders = gpd.GeoDataFrame({c: [] for c in BORDER_COLUMNS if c != "geometry"}, geometry=[], crs=crs)
    rules: Mapping[str, DivisionRules] = {}
    report = PlanReport(pd.DataFrame(rows, columns=list(REPORT_COLUMNS)))
    return DivisionPlan(grids, buildings, borders, atoms[list(ATOM_COLUMNS)], base, report, rules, 0)
