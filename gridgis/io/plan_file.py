"""The plan file: one GeoPackage with a division and the input it was made from.

Layers ``grids``, ``buildings``, ``borders``, ``atoms``, ``base`` hold the plan, ``input_buildings``, ``barriers``,
``compounds``, ``sites`` the input (so that the plan can be verified from this file alone); all in stored coordinates
(EPSG:4490), float64 as they are. Layer ``pins`` holds what the planner pinned, where there is anything. Tables
``report`` and ``meta`` hold the report rows, and rules, seed and work CRS.

A file is written beside its place and renamed: it is never half-written. One plan gives one sequence of bytes: the
time stamps of the format are set to a fixed day.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyogrio.errors import DataSourceError

from gridgis.errors import InvalidInput
from gridgis.geometry.crs import STORED_CRS, to_stored, to_work
from gridgis.io.geopackage import is_export, plain_texts, read_one_layer, write_layer, write_table
from gridgis.io.pins import pins_of, pins_table
from gridgis.io.read import list_layers
from gridgis.io.steps import beside
from gridgis.model import (
    ATOM_COLUMNS,
    BORDER_COLUMNS,
    BUILDING_COLUMNS,
    GRID_COLUMNS,
    REPORT_COLUMNS,
    Community,
    DivisionPlan,
    DivisionRules,
    Pin,
    PlanReport,
    need_columns,
)

VERSION = 1
"""Version of the plan file's layout; a file of another one is refused."""

PLAN_LAYERS: dict[str, tuple[tuple[str, ...], str]] = {
    "grids": (tuple(GRID_COLUMNS), "MultiPolygon"),
    "buildings": (BUILDING_COLUMNS, "Unknown"),
    "borders": (BORDER_COLUMNS, "MultiLineString"),
    "atoms": (ATOM_COLUMNS, "MultiPolygon"),
    "base": (("code", "name", "geometry"), "MultiPolygon"),
}
"""Layers of the plan: columns and geometry type."""

INPUT_LAYERS = ("input_buildings", "barriers", "compounds", "sites")


def write_plan(plan: DivisionPlan, path: str | Path, communities: Sequence[Community] = ()) -> None:
    """Write a plan, and the input of its communities, to a GeoPackage.

    Parameters
    ----------
    plan
        The plan, in its work CRS.
    path
        A .gpkg file; a plan file that is there is replaced, anything else is kept (``check_output``).
    communities
        The communities that were divided: their buildings, barriers, compounds and sites are stored too.

    Raises
    ------
    InvalidInput
        The path cannot be written, or something else is there.
    """
    with fresh_file(path) as partial:
        for name, (columns, kind) in PLAN_LAYERS.items():
            frame = getattr(plan, name)
            need_columns(frame, columns, name)
            write_layer(partial, name, to_stored(frame)[[*columns]], kind)
        for name, frame in _input_layers(communities).items():
            write_layer(partial, name, frame, "Unknown")
        if plan.pins:
            write_layer(partial, "pins", pins_table(plan.pins), "Unknown")
        write_table(partial, "report", plan.report.rows[list(REPORT_COLUMNS)])
        write_table(partial, "meta", _meta(plan))


@contextmanager
def fresh_file(path: str | Path) -> Iterator[Path]:
    """Hand out a file beside ``path``, and rename it to ``path`` once all went well; else nothing is left.

    Raises
    ------
    InvalidInput
        As ``check_output``.
    """
    path = Path(path)
    check_output(path)
    try:
        with beside(path) as partial:
            yield partial
    except DataSourceError as e:
        raise InvalidInput(f"无法写入 {path}：{e}", f"cannot write {path}: {e}", path=str(path)) from e


def check_output(path: str | Path, inputs: Sequence[object] = (), suffixes: Sequence[str] = (".gpkg",)) -> None:
    """Refuse an output file that cannot be written, or whose writing would destroy something, before long work begins.

    Parameters
    ----------
    path
        The file to write.
    inputs
        What is read: files, ``FILE:LAYER``, URLs, None; none of these files may be the output.
    suffixes
        How the name may end, in small letters.

    Raises
    ------
    InvalidInput
        The name ends otherwise, the folder is not there or not writable, the output is an input, or a database
        (GeoPackage) is there that is no plan file, no table of codes and no export: a registry, someone's own layers.
    """
    path = Path(path)
    if path.suffix.lower() not in suffixes:
        zh, en = (
            f"输出文件应以 {' 或 '.join(suffixes)} 结尾：{path}",
            f"the output must be a {' or '.join(suffixes)} file: {path}",
        )
        raise InvalidInput(zh, en, path=str(path))
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK) or path.is_dir():
        zh, en = f"无法写入 {path}：目录不存在或不可写", f"cannot write {path}: no such folder, or it is not writable"
        raise InvalidInput(zh, en, path=str(path))
    if found := [str(i) for i in inputs if i is not None and _same_file(path, str(i))]:
        raise InvalidInput(
            f"输出 {path} 会覆盖输入文件 {found[0]}；请另起文件名",
            f"the output {path} would replace the input {found[0]}; choose another name",
            path=str(path),
        )
    if path.exists() and (held := _kept_layers(path)):
        shown = ", ".join(held[:5]) + (" ..." if len(held) > 5 else "")
        raise InvalidInput(
            f"{path} 已存在，且不只是方案或编码文件（其中有 {shown}），不予覆盖；请另起文件名",
            f"{path} is there already and holds more than a plan or codes ({shown}): it is not replaced; choose "
            "another name",
            path=str(path),
            layers=held,
        )


def _same_file(path: Path, source: str) -> bool:
    """Tell whether an input, which may be written FILE:LAYER, is the file ``path``."""
    names = [Path(source)] if Path(source).exists() else [Path(source), Path(source.rpartition(":")[0] or source)]
    return any(
        name.resolve() == path.resolve() or (name.exists() and path.exists() and name.samefile(path)) for name in names
    )


def _kept_layers(path: Path) -> list[str]:
    """List what a database at ``path`` holds beside a plan, codes or an export; nothing for files that are none.

    A GeoPackage that cannot be looked into is kept too: it holds "?".
    """
    with path.open("rb") as file:
        head = file.read(16)
    if not head.startswith(b"SQLite format 3"):
        return ["?"] if head and path.suffix.lower() == ".gpkg" else []
    try:
        if is_export(path):
            return []
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as base:
            layers = {str(row[0]) for row in base.execute("SELECT table_name FROM gpkg_contents")}
            columns = {str(row[1]) for row in base.execute("PRAGMA table_info(grids)")}
    except sqlite3.Error:
        return ["?"]
    if layers == {"grids"} and {"local_id", "code", "parent_code"} <= columns:
        return []
    plan = {*PLAN_LAYERS, "report", "meta"}
    return sorted(layers - plan - {*INPUT_LAYERS, "pins"}) if layers >= plan else sorted(layers) or ["?"]


def read_plan(path: str | Path) -> DivisionPlan:
    """Read a plan file; the plan is in its work CRS again, number for number.

    Raises
    ------
    InvalidInput
        No plan file, or one of another version.
    """
    path = Path(path)
    meta = _read_meta(path)
    layers: dict[str, Any] = {}
    for name, (columns, _) in PLAN_LAYERS.items():
        frame = read_one_layer(path, name)
        need_columns(frame, columns, name)
        layers[name] = to_work(frame, meta["work_crs"], name)
    rows = plain_texts(pyogrio.read_dataframe(path, layer="report"))[list(REPORT_COLUMNS)]
    rules = {code: DivisionRules.from_dict(data, f"{path} {code}") for code, data in meta["rules"].items()}
    report = PlanReport(rows, meta["figures"])
    return DivisionPlan(**layers, report=report, rules=rules, seed=meta["seed"], pins=read_plan_pins(path))


def read_plan_pins(path: Path) -> tuple[Pin, ...]:
    """Read the pins that a plan obeys; none where its file has no layer ``pins``."""
    return pins_of(read_one_layer(path, "pins")) if "pins" in list_layers(path) else ()


def read_stored_grids(path: str | Path) -> gpd.GeoDataFrame:
    """Read the grids of a plan file in stored coordinates, as they lie in the file.

    Raises
    ------
    InvalidInput
        No plan file, or one of another version.
    """
    _read_meta(Path(path))
    return read_one_layer(Path(path), "grids")


def read_stored_atoms(path: str | Path) -> gpd.GeoDataFrame:
    """Read the atoms of a plan file in stored coordinates; errors as ``read_stored_grids``."""
    _read_meta(Path(path))
    return read_one_layer(Path(path), "atoms")


def read_stored_borders(path: str | Path) -> gpd.GeoDataFrame:
    """Read the borders of a plan file in stored coordinates; errors as ``read_stored_grids``."""
    _read_meta(Path(path))
    return read_one_layer(Path(path), "borders")


def read_communities(path: str | Path) -> list[Community]:
    """Rebuild the communities of a plan file: base boundaries, and the input that was stored with the plan.

    Raises
    ------
    InvalidInput
        No plan file, or one that was written without its input.
    """
    path = Path(path)
    _read_meta(path)
    if "input_buildings" not in list_layers(path):
        raise InvalidInput(
            f"{path} 没有保存划分所用的数据；请用 --town 指明",
            f"{path} was written without the input of the division; state it with --town",
            path=str(path),
        )
    base = read_one_layer(path, "base")
    found = {name: read_one_layer(path, name) for name in INPUT_LAYERS if name in list_layers(path)}

    codes = {name: frame["communities"].astype(object).str.split(",").explode() for name, frame in found.items()}
    rows = {name: column.groupby(column).groups for name, column in codes.items()}

    def of(name: str, code: str) -> gpd.GeoDataFrame | None:
        if name not in found:
            return None
        mine = found[name].loc[rows[name].get(code, [])]
        return mine.drop(columns="communities").reset_index(drop=True)

    communities = []
    for code, name, boundary in zip(base["code"], base["name"], base.geometry, strict=True):
        buildings, barriers = of("input_buildings", code), of("barriers", code)
        assert buildings is not None  # checked above
        if barriers is None:
            barriers = gpd.GeoDataFrame({"klass": [], "name": []}, geometry=[], crs=STORED_CRS)
        inner = {"compounds": of("compounds", code), "sites": of("sites", code)}
        communities.append(Community(code, name, boundary, buildings, barriers, **inner, crs=STORED_CRS))
    return communities


def _input_layers(communities: Sequence[Community]) -> dict[str, gpd.GeoDataFrame]:
    """Gather the input of the communities; a feature that several share is stored once (column ``communities``)."""
    pick: dict[str, Callable[[Community], gpd.GeoDataFrame | None]] = {
        "input_buildings": lambda c: c.buildings,
        "barriers": lambda c: c.barriers,
        "compounds": lambda c: c.compounds,
        "sites": lambda c: c.sites,
    }
    layers = {}
    for name, get in pick.items():
        frames = [
            to_stored(frame).drop(columns="community", errors="ignore").assign(communities=c.code)
            for c in communities
            if (frame := get(c)) is not None and (len(frame) or name == "input_buildings")
        ]
        if frames:
            layers[name] = _share(gpd.GeoDataFrame(pd.concat(frames, ignore_index=True), crs=STORED_CRS), name)
    return layers


def _share(frame: gpd.GeoDataFrame, layer: str) -> gpd.GeoDataFrame:
    """Merge equal rows of several communities into one, their codes joined by commas; buildings are never shared."""
    if layer == "input_buildings" or frame.empty:
        return frame
    same = [n for n in ("id", "klass", "name") if n in frame.columns]
    texts = [[str(v) for v in frame[n]] for n in same]
    rows = zip(shapely.to_wkb(frame.geometry.to_numpy(), hex=True), *texts, strict=True)
    key = pd.Series(["|".join(row) for row in rows], index=frame.index)
    codes = frame["communities"].groupby(key, sort=False).transform(lambda c: ",".join(dict.fromkeys(c)))
    return frame.assign(communities=codes)[~key.duplicated()].reset_index(drop=True)


def _meta(plan: DivisionPlan) -> pd.DataFrame:
    crs = plan.grids.crs
    assert crs is not None  # to_stored refused a plan without CRS
    values = {
        "version": VERSION,
        "seed": plan.seed,
        "work_crs": f"EPSG:{crs.to_epsg()}" if crs.to_epsg() else crs.to_wkt(),
        "rules": {code: rules.to_dict() for code, rules in sorted(plan.rules.items())},
        "figures": plan.report.figures,
    }
    text = [json.dumps(v, ensure_ascii=False, default=_number) for v in values.values()]
    return pd.DataFrame({"key": list(values), "value": text})


def _number(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} is no JSON")


def _read_meta(path: Path) -> dict[str, Any]:
    layers = set(list_layers(path))
    if missing := sorted({*PLAN_LAYERS, "report", "meta"} - layers):
        raise InvalidInput(
            f"{path} 不是划分方案文件：缺少 {'、'.join(missing)}",
            f"{path} is no plan file: it lacks {', '.join(missing)}",
            path=str(path),
            missing=missing,
        )
    table = pyogrio.read_dataframe(path, layer="meta")
    meta = {key: json.loads(value) for key, value in zip(table["key"], table["value"], strict=True)}
    if meta.get("version") != VERSION:
        raise InvalidInput(
            f"{path} 是第 {meta.get('version')} 版方案文件；本程序读第 {VERSION} 版",
            f"{path} is a plan file of version {meta.get('version')}; this program reads version {VERSION}",
            path=str(path),
        )
    return meta
