"""A planner's own files, brought together to a Town: one boundary, buildings, any number of files of barriers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgis.errors import InvalidInput
from gridgis.geometry.crs import STORED_CRS
from gridgis.io.columns import match_columns
from gridgis.io.mapping import TagMapping
from gridgis.io.notes import Notes
from gridgis.io.read import read_stored
from gridgis.io.town import Town, make_town
from gridgis.io.validate import LINE, POLYGON, check_types, check_values, refuse_rows
from gridgis.model import BARRIER_CLASSES, need_columns

BBOX = "bbox"
"""Boundary that means: the box around the buildings and barriers."""

_TARGETS = {"railway": "railways", "river": "rivers", "wall": "walls"}


@dataclass(frozen=True)
class OwnFiles:
    """Which files to divide. A file may be written ``FILE:LAYER``.

    Parameters
    ----------
    boundary
        File of polygons, or BBOX.
    buildings
        File with id, households (null = unknown), geometry; or with tags that ``mapping`` understands.
    barriers
        Files with klass and geometry; or with tags that ``mapping`` understands.
    compounds, sites
        Files as in a town folder.
    mapping
        Name or path of a TagMapping; None: the columns are ours already.
    code, name
        Of the community, for a boundary without columns code and name.
    crs
        CRS to assume for files that state none.
    """

    boundary: str
    buildings: str
    barriers: Sequence[str] = ()
    compounds: str | None = None
    sites: str | None = None
    mapping: str | None = None
    code: str | None = None
    name: str | None = None
    crs: str | None = None


def read_own(files: OwnFiles) -> Town:
    """Read a planner's own files to a Town.

    Raises
    ------
    InvalidInput
        As ``read_town``; also a boundary of several features without codes, or no code at all.
    """
    notes = Notes("read")
    mapping = TagMapping.load(files.mapping) if files.mapping else None
    buildings = _open(files.buildings, files, notes)
    if mapping:
        buildings = mapping.map_buildings(buildings, Path(files.buildings).name, notes)
    buildings = match_columns(buildings, "buildings", None, notes)
    barriers = [_barriers(name, files, mapping, notes) for name in files.barriers]
    layers = sort_barriers(barriers)
    for name, path in (("compounds", files.compounds), ("sites", files.sites)):
        layers[name] = None if path is None else match_columns(_open(path, files, notes), name, None, notes)
    communities = _boundary(files, [buildings, *barriers], notes)
    return make_town({"communities": communities, "buildings": buildings, **layers}, notes)


def _open(source: str, files: OwnFiles, notes: Notes) -> gpd.GeoDataFrame:
    path, _, layer = source.rpartition(":")
    if path and Path(path).is_file():
        return read_stored(path, layer, files.crs, notes)
    return read_stored(source, None, files.crs, notes)


def _barriers(source: str, files: OwnFiles, mapping: TagMapping | None, notes: Notes) -> gpd.GeoDataFrame:
    frame, name = _open(source, files, notes), Path(source).name
    frame = mapping.map_barriers(frame, name, notes) if mapping else match_columns(frame, "barriers", None, notes)
    need_columns(frame, ("klass",), name)
    check_types(frame, name, LINE + POLYGON)
    check_values(frame, name, "klass", BARRIER_CLASSES)
    area = frame.geom_type.isin(POLYGON)
    zh, en = "面状界线只能是 river（水面）", "a barrier that is a polygon must be a river (water)"
    refuse_rows(frame, area & (frame["klass"] != "river"), name, zh, en, frame["klass"])
    return frame if "name" in frame.columns else frame.assign(name=None)


def sort_barriers(barriers: Sequence[gpd.GeoDataFrame]) -> dict[str, gpd.GeoDataFrame | None]:
    """Sort barriers to the layers of a town, by class and shape."""
    parts: dict[str, list[pd.DataFrame]] = {n: [] for n in ("roads", "railways", "rivers", "walls", "water")}
    for frame in barriers:
        target = frame["klass"].map(_TARGETS).fillna("roads").where(~frame.geom_type.isin(POLYGON), "water")
        for name, part in frame[["klass", "name", "geometry"]].groupby(target, sort=True):
            parts[str(name)].append(part.astype({"klass": object, "name": object}))
    return {
        name: gpd.GeoDataFrame(pd.concat(found, ignore_index=True), crs=STORED_CRS) if found else None
        for name, found in parts.items()
    }


def _boundary(files: OwnFiles, extent: Sequence[gpd.GeoDataFrame], notes: Notes) -> gpd.GeoDataFrame:
    if files.boundary != BBOX:
        frame = match_columns(_open(files.boundary, files, notes), "communities", None, notes)
        return frame if {"code", "name"} <= set(frame.columns) else _named(frame, files)
    full = [f.total_bounds for f in extent if len(f)]
    x0, y0 = (float(v) for v in np.min(full, axis=0)[:2])
    x1, y1 = (float(v) for v in np.max(full, axis=0)[2:])
    text = ", ".join(f"{v:.7f}" for v in (x0, y0, x1, y1))
    zh, en = f"边界取建筑与界线的外包矩形 {text}", f"the boundary is the box around buildings and barriers: {text}"
    notes.add("info", "communities", "bbox", text, zh, en)
    return _named(gpd.GeoDataFrame(geometry=[shapely.box(x0, y0, x1, y1)], crs=STORED_CRS), files)


def _named(frame: gpd.GeoDataFrame, files: OwnFiles) -> gpd.GeoDataFrame:
    if files.code is None:
        raise InvalidInput(
            "边界没有 code、name 列；请用 --code 和 --name 给出社区代码与名称",
            "the boundary has no columns code and name; give the community's with --code and --name",
        )
    check_types(frame, "boundary", POLYGON)
    shape: Any = shapely.union_all(frame.geometry.to_numpy()) if len(frame) > 1 else frame.geometry.iloc[0]
    columns = {"code": [files.code], "name": [files.name or files.code]}
    return gpd.GeoDataFrame(columns, geometry=[shape], crs=frame.crs)
