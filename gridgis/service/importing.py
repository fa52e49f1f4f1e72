"""Bring one file of a planner's into a town: read, find the columns, place, mend if asked, check, and report it all."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from gridgis.errors import InvalidInput
from gridgis.io.columns import match_columns
from gridgis.io.mapping import TagMapping
from gridgis.io.notes import Notes
from gridgis.io.own import sort_barriers
from gridgis.io.read import read_raw, read_stored
from gridgis.io.town import LAYERS, assign_communities, check_layer
from gridgis.io.town_file import check_town_file, read_town_layer, town_layers, write_town_layer
from gridgis.service.columns_given import parse_columns
from gridgis.service.mending import REPAIR_COLUMNS, Mending, mend_coverage
from gridgis.service.placing import Stated, place

OPTIONAL: Mapping[str, tuple[str, ...]] = {
    "buildings": ("residents",),
    "sites": ("parts",),
}
"""Columns that a layer may have beside those of its LayerSpec."""

BORDERS = ("communities", "compounds", "roads", "railways", "rivers", "water", "walls")
"""Layers whose lines are looked at for a shift where the town's communities are known already."""

MUCH = 0.05
"""Share of a layer outside all communities above which its place is in doubt."""


@dataclass(frozen=True)
class ImportJob:
    """What to bring in, as what, and what the user states about it.

    Parameters
    ----------
    source
        ``FILE`` or ``FILE:LAYER``.
    layer
        Which layer of a town it is to be (gridgis.io.town.LAYERS).
    out
        The town's GeoPackage, new or filled by earlier imports.
    columns
        "ours=theirs", "ours=text {theirs}" (a text made of columns), "ours=" (unknown).
    crs, shifted, reference, swap
        See gridgis.service.placing.Stated; ``reference`` is a file, FILE or FILE:LAYER.
    mapping
        Tag mapping (osm or a .toml) for roads, railways, rivers, water, walls, buildings.
    encoding
        Of the attributes, where the reader is not to find it by itself.
    mending
        Whether to mend the coverage of the communities.
    """

    source: str
    layer: str
    out: Path
    columns: tuple[str, ...] = ()
    crs: str | None = None
    shifted: str | None = None
    reference: str | None = None
    swap: bool = False
    mapping: str | None = None
    encoding: str | None = None
    mending: Mending = field(default_factory=Mending)


@dataclass(frozen=True)
class Imported:
    """A layer as it goes into the town, and what was found out on the way."""

    job: ImportJob
    frame: gpd.GeoDataFrame
    rows: pd.DataFrame
    """Report rows (REPORT_COLUMNS)."""
    repairs: gpd.GeoDataFrame
    """Places of the coverage that were mended, or only reported (column ``done``); stored coordinates."""
    figures: dict[str, Any] = field(default_factory=dict)
    """source, layer, read (features in the file), kept, columns (ours), missing (layers a division still needs)."""


def import_file(job: ImportJob, dry_run: bool = False) -> Imported:
    """Bring one file into a town.

    Parameters
    ----------
    job
        What to bring in.
    dry_run
        Do everything but write.

    Raises
    ------
    InvalidInput
        The file cannot be read, its place is not known, a column is missing, a value or a geometry cannot be used, or
        the town's file holds something else. Nothing is written then.
    """
    if job.layer not in LAYERS:
        raise InvalidInput(
            f"没有图层“{job.layer}”；可为：{'、'.join(LAYERS)}",
            f"there is no layer '{job.layer}'; there are: {', '.join(LAYERS)}",
            layer=job.layer,
        )
    path, within = split_source(job.source)
    check_town_file(job.out, (path, job.reference, job.mapping, job.crs))
    notes = Notes("import")
    given = parse_columns(job.columns)
    raw = read_raw(path, within, notes, encoding=job.encoding, columns=given.places)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    zh, en = f"{path.name}：{len(raw)} 个要素，SHA-256 {digest}", f"{path.name}: {len(raw)} features, SHA-256 {digest}"
    notes.add("info", job.layer, "source", len(raw), zh, en)
    stated = Stated(job.crs, job.shifted, _reference(job), job.reference is not None, job.swap)
    placed = place(raw, stated, path.name, notes)
    frame = _with_columns(placed, job, path.name, notes)
    _need_ours(frame, job.layer, path.name)
    frame = _only_needed(frame, job.layer, notes)
    frame, repairs = _mended(frame, job, notes)
    checked = check_layer(job.layer, frame, notes)
    assert checked is not None  # a layer without features was refused when it was read
    _note_place(checked, job, notes)
    there = {*town_layers(job.out), job.layer}
    figures = {
        "source": job.source, "layer": job.layer, "read": len(raw), "kept": len(checked),
        "columns": [c for c in checked.columns if c != "geometry"],
        "missing": [n for n, spec in LAYERS.items() if spec.needed and n not in there],
    }  # fmt: skip
    imported = Imported(job, checked, notes.frame(), repairs, figures)
    if not dry_run:
        write_town_layer(job.out, job.layer, checked, imported.rows, repairs)
    return imported


def split_source(source: str) -> tuple[Path, str | None]:
    """Split ``FILE:LAYER``; a file whose name holds a colon is itself.

    Examples
    --------
    >>> split_source("no-such.gpkg")
    (PosixPath('no-such.gpkg'), None)
    """
    head, _, layer = source.rpartition(":")
    if head and not Path(source).exists() and Path(head).is_file():
        return Path(head), layer
    return Path(source), None


def _reference(job: ImportJob) -> gpd.GeoDataFrame | None:
    """Return the reference that the user gives, else the town's communities for layers that have lines."""
    if job.reference is not None:
        path, layer = split_source(job.reference)
        return read_stored(path, layer)
    if job.layer in BORDERS and job.layer != "communities" and "communities" in town_layers(job.out):
        return read_town_layer(job.out, "communities")
    return None


def _with_columns(frame: gpd.GeoDataFrame, job: ImportJob, what: str, notes: Notes) -> gpd.GeoDataFrame:
    """Return the layer with our columns: by a tag mapping, or by names and what the user states."""
    if job.mapping is None:
        given = parse_columns(job.columns)
        matched: gpd.GeoDataFrame = match_columns(given.made(frame, what, notes), job.layer, given.pairs, notes)
        return matched
    if job.columns:
        raise InvalidInput("--mapping 与 --columns 只能给一个", "give --mapping or --columns, not both")
    mapping = TagMapping.load(job.mapping)
    if job.layer == "buildings":
        return mapping.map_buildings(frame, what, notes)
    if job.layer not in ("roads", "railways", "rivers", "water", "walls"):
        raise InvalidInput(
            f"--mapping 只用于建筑与界线，不用于 {job.layer}",
            f"--mapping is for buildings and barriers, not for {job.layer}",
            layer=job.layer,
        )
    sorted_ = sort_barriers([mapping.map_barriers(frame, what, notes)])
    for name, other in sorted_.items():
        if name != job.layer and other is not None:
            zh = f"{len(other)} 个要素属于图层 {name}，未导入；请再以 --as {name} 导入"
            en = f"{len(other)} features are {name} and are not taken: import the file again with --as {name}"
            notes.add("info", job.layer, "other-layer", len(other), zh, en)
    found = sorted_[job.layer]
    if found is None:
        raise InvalidInput(
            f"{what} 中按映射 {job.mapping} 没有 {job.layer} 的要素",
            f"{what} holds no {job.layer} by the mapping {job.mapping}",
            layer=job.layer,
        )
    return found


def _need_ours(frame: gpd.GeoDataFrame, layer: str, what: str) -> None:
    """Refuse a layer that lacks a column, with those of the file and how to say which one it is."""
    missing = [c for c in LAYERS[layer].columns if c not in frame.columns]
    if not missing:
        return
    there = [str(c) for c in frame.columns if c != "geometry"]
    hint = " ".join(f"--columns {c}=..." for c in missing)
    zh = f"{what} 作为{LAYERS[layer].zh}缺少列 {'、'.join(missing)}；文件的列：{'、'.join(there) or '无'}。"
    zh += f"请指明：{hint}"
    en = f"{what} as {layer} lacks {', '.join(missing)}; it has the columns {', '.join(there) or 'none'}. State: {hint}"
    if "households" in missing:
        zh, en = f"{zh}（户数未知则写 --columns households=）", f"{en} (--columns households= where they are unknown)"
    raise InvalidInput(
        f"{zh}（文件的列名，或如 code=990001001{{NUM:03}} 由列拼成）",
        f"{en} (a column of the file, or a text made of columns, such as code=990001001{{NUM:03}})",
        layer=layer,
        missing=missing,
        columns=there,
    )


def _mended(frame: gpd.GeoDataFrame, job: ImportJob, notes: Notes) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Mend the communities, or report their gaps and overlaps; no other layer is meant to cover its ground once."""
    if job.layer == "communities":
        return mend_coverage(frame, job.layer, job.mending, notes)
    if job.mending.repair:
        raise InvalidInput(
            f"--repair 只用于社区图层：{job.layer} 本来就可以不相连（损坏的面无需它也会修复并报告）",
            f"--repair is for communities: {job.layer} need not join (broken polygons are mended and told anyway)",
            layer=job.layer,
        )
    return frame, gpd.GeoDataFrame({c: [] for c in REPAIR_COLUMNS if c != "geometry"}, geometry=[], crs=frame.crs)


def _only_needed(frame: gpd.GeoDataFrame, layer: str, notes: Notes) -> gpd.GeoDataFrame:
    """Return the layer with the columns that a town knows; a row names the others: phone numbers stay outside."""
    spec = LAYERS[layer]
    known = [*spec.columns, *spec.fill, *OPTIONAL.get(layer, ())]
    left = [str(c) for c in frame.columns if c not in known and c != "geometry"]
    if left:
        zh, en = f"未导入的列：{'、'.join(left)}", f"columns not taken over: {', '.join(left)}"
        notes.add("info", layer, "columns-left", len(left), zh, en)
    return frame[[*(c for c in known if c in frame.columns), "geometry"]]


def _note_place(frame: gpd.GeoDataFrame, job: ImportJob, notes: Notes) -> None:
    """Note what lies outside the town's communities, where these are known; much of it may mean a shift."""
    if job.layer == "communities" or "communities" not in town_layers(job.out):
        return
    communities = read_town_layer(job.out, "communities")
    geoms = frame.geometry.to_numpy()
    if job.layer == "buildings":
        assign_communities(frame, communities, notes)
        geoms = shapely.point_on_surface(geoms)
    tree = shapely.STRtree(communities.geometry.to_numpy())
    outside = len(frame) - len(set(tree.query(geoms, predicate="intersects")[0].tolist()))
    if not outside:
        return
    much = outside > MUCH * len(frame)
    zh, en = (
        f"{outside} 个要素（共 {len(frame)}）不在任何社区内",
        f"{outside} of {len(frame)} features meet no community",
    )
    if much:
        zh = f"{zh}；若不该如此，坐标可能有偏移（--shifted）或坐标系不对（--crs）"
        en = f"{en}; if that is wrong, they may be shifted (--shifted) or in another CRS (--crs)"
    notes.add("warning" if much else "info", job.layer, "outside-all", outside, zh, en)
