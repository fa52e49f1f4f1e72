"""What a review map shows of a plan file or of a town's GeoPackage: areas, repairs, broken rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from gridgis.errors import InvalidInput, NotFound
from gridgis.geometry.crs import STORED_CRS
from gridgis.io.read import list_layers, read_layer
from gridgis.model import Progress, VerifyReport, no_progress
from gridgis.service.divide import verify_file
from gridgis.service.showing import is_plan_file, is_registry, show_file

REPAIRS = "repairs"
"""The layer in which an import writes what it mended and found."""


@dataclass(frozen=True)
class Review:
    """All that a review map needs."""

    areas: gpd.GeoDataFrame
    repairs: gpd.GeoDataFrame | None
    broken: gpd.GeoDataFrame | None
    context: Mapping[str, gpd.GeoDataFrame]
    title: str
    subtitle: str

    def counts(self) -> dict[str, int]:
        """Return how many places were mended, only reported, break a rule, or are exceptions."""
        done = _truths(self.repairs, "done")
        confirmed = _truths(self.broken, "confirmed")
        return {
            "mended": sum(done), "reported": len(done) - sum(done),
            "broken": len(confirmed) - sum(confirmed), "exceptions": sum(confirmed),
        }  # fmt: skip


def _truths(frame: gpd.GeoDataFrame | None, column: str) -> list[bool]:
    return [] if frame is None else [bool(v) for v in frame[column]]


def review_file(path: str | Path, repairs: str | Path | None = None, progress: Progress = no_progress) -> Review:
    """Return what a review map shows of a file.

    Parameters
    ----------
    path
        A plan file: its grids, verified anew, and its repairs where it holds them. Or a GeoPackage with a layer
        ``communities``: those and its repairs.
    repairs
        A GeoPackage with a layer ``repairs``, instead of the file itself.
    progress
        Called with (stage, done, total).

    Raises
    ------
    NotFound
        There is no such file.
    InvalidInput
        It is neither, or there is no layer of repairs in the file named for them.
    """
    source = Path(path)
    for file in (source, Path(repairs or path)):
        if not file.is_file():
            raise NotFound(f"没有文件 {file}", f"there is no file {file}", path=str(file))
        if is_registry(file):
            raise InvalidInput(
                f"{file} 是注册库；--review 用于方案文件或导入的城镇数据",
                f"{file} is a registry; --review is for plan files and imported towns",
                path=str(file),
            )
    layers = set(list_layers(source))
    mended = _repairs(Path(repairs) if repairs else source, needed=repairs is not None)
    if is_plan_file(source):
        shown = show_file(source)
        report = verify_file(source, progress=progress)
        subtitle = f"违反 {len(report.violations)} 条规则 broken rules · 例外 {len(report.exceptions)} exceptions"
        return Review(shown.grids, mended, broken_places(report, shown.grids), shown.context, shown.title, subtitle)
    if "communities" not in layers:
        raise InvalidInput(
            f"{source} 既不是方案文件，也没有 communities 图层（现有：{sorted(layers)}）",
            f"{source} is no plan file and has no layer 'communities' (it has {sorted(layers)})",
            path=str(source),
        )
    return Review(read_layer(source, "communities"), mended, None, {}, f"导入复核 {source.stem} import", "")


def _repairs(path: Path, needed: bool) -> gpd.GeoDataFrame | None:
    if REPAIRS in list_layers(path):
        return read_layer(path, REPAIRS, may_be_empty=True)
    if needed:
        raise InvalidInput(
            f"{path} 中没有 {REPAIRS} 图层；它由 gridgis import --repair 写入",
            f"{path} has no layer '{REPAIRS}'; gridgis import --repair writes it",
            path=str(path),
        )
    return None


def broken_places(report: VerifyReport, grids: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the findings of a verification with their places: the grid they are about.

    Parameters
    ----------
    report
        What ``verify`` returned.
    grids
        code (as the report names grids), community, geometry.

    Returns
    -------
    GeoDataFrame
        rule, grid, confirmed, zh, en, geometry: of the grid, or of all grids of a community; null for what is about
        neither.
    """
    tables = [report.violations.assign(confirmed=False), report.exceptions.assign(confirmed=True)]
    rows = pd.concat([t for t in tables if len(t)] or tables[:1], ignore_index=True)
    why = [str(w).partition(" / ") for w in rows["why"]]
    by_code = dict(zip(grids["code"].astype(str), grids.geometry, strict=True))
    by_community = {str(c): g.geometry.union_all() for c, g in grids.groupby("community")}
    places = [by_code.get(name, by_community.get(name)) for name in rows["grid"].astype(str)]
    texts = {"zh": [zh for zh, _, _ in why], "en": [en or zh for zh, _, en in why]}
    told = rows[["rule", "grid", "confirmed"]].assign(**texts)
    return gpd.GeoDataFrame(told, geometry=_array(places), crs=STORED_CRS)


def _array(places: Sequence[object]) -> gpd.GeoSeries:
    out = np.empty(len(places), dtype=object)
    out[:] = places
    return gpd.GeoSeries(out, crs=STORED_CRS)
