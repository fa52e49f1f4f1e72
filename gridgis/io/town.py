"""A town's files: the layers that a division needs, read, checked and brought to stored coordinates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gridgis.errors import InvalidInput
from gridgis.geometry.crs import STORED_CRS, choose_work_crs, to_work
from gridgis.io.columns import match_columns
from gridgis.io.notes import Notes
from gridgis.io.read import TOWN_EXTENSIONS, list_layers, read_stored
from gridgis.io.validate import (
    LINE,
    POINT,
    POLYGON,
    check_codes,
    check_households,
    check_ids,
    check_types,
    check_values,
    repair_polygons,
)
from gridgis.model import BARRIER_CLASSES, MODES, SITE_CATEGORIES, Community, need_columns

Layer = gpd.GeoDataFrame | None


@dataclass(frozen=True)
class LayerSpec:
    """What a layer of a town must hold: geometry types, columns, and columns that are filled in when not there."""

    types: tuple[str, ...]
    columns: tuple[str, ...]
    zh: str
    needed: bool = False
    fill: dict[str, str | None] = field(default_factory=dict)
    values: dict[str, tuple[str, ...]] = field(default_factory=dict)


LAYERS = {
    "communities": LayerSpec(POLYGON, ("code", "name"), "社区", needed=True, fill={"street": None}),
    "buildings": LayerSpec(
        POLYGON + POINT, ("id", "households"), "建筑", needed=True, fill={"name": None, "storeys": None, "use": None}
    ),
    "roads": LayerSpec(LINE, ("klass",), "道路", fill={"name": None}, values={"klass": BARRIER_CLASSES}),
    "railways": LayerSpec(LINE, (), "铁路", fill={"klass": "railway", "name": None}, values={"klass": ("railway",)}),
    "rivers": LayerSpec(LINE, (), "河流（线）", fill={"klass": "river", "name": None}, values={"klass": ("river",)}),
    "water": LayerSpec(POLYGON, ("klass",), "水面", fill={"name": None}, values={"klass": ("river", "pond")}),
    "walls": LayerSpec(LINE, (), "围墙", fill={"klass": "wall", "name": None}, values={"klass": ("wall",)}),
    "compounds": LayerSpec(POLYGON, ("id",), "小区", fill={"name": None}),
    "sites": LayerSpec(
        POLYGON,
        ("id", "category", "mode"),
        "专属场所",
        fill={"name": None},
        values={"category": tuple(SITE_CATEGORIES), "mode": MODES},
    ),
}
"""The layers of a town, by the name of their file."""

IMPORT_TABLES = ("report", "repairs")
"""What gridgis import keeps beside them in a town's GeoPackage."""


@dataclass(frozen=True)
class Town:
    """The checked layers of a town, all in stored coordinates (lon/lat, EPSG:4490); a missing layer is None.

    ``buildings`` has one column more than the file: ``community``, the code of the community it belongs to.
    ``notes`` holds report rows (REPORT_COLUMNS): what was missing or mended.
    """

    communities: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    roads: Layer
    railways: Layer
    rivers: Layer
    water: Layer
    walls: Layer
    compounds: Layer
    sites: Layer
    notes: pd.DataFrame

    def barriers(self) -> gpd.GeoDataFrame:
        """Return all barriers: lines, and polygons of river water, with klass and name."""
        water = None if self.water is None else self.water[self.water["klass"] == "river"]
        layers = [self.roads, self.railways, self.rivers, water, self.walls]
        frames = [f[["klass", "name", "geometry"]] for f in layers if f is not None and len(f)]
        if not frames:
            return gpd.GeoDataFrame({"klass": [], "name": []}, geometry=[], crs=STORED_CRS)
        both = pd.concat([f.astype({"klass": object, "name": object}) for f in frames], ignore_index=True)
        return gpd.GeoDataFrame(both, crs=STORED_CRS)

    def to_communities(self) -> list[Community]:
        """Return the communities, each with its buildings and with the barriers, compounds and sites that meet it."""
        barriers = self.barriers()
        base = self.communities
        rows = zip(base["code"], base["name"], base.geometry, strict=True)
        return [self._community(str(code), str(name), boundary, barriers) for code, name, boundary in rows]

    def _community(self, code: str, name: str, boundary: BaseGeometry, barriers: gpd.GeoDataFrame) -> Community:
        return Community(
            code=code,
            name=name,
            boundary=boundary,
            buildings=self.buildings[self.buildings["community"] == code].reset_index(drop=True),
            barriers=_meeting(barriers, boundary),
            compounds=None if self.compounds is None else _meeting(self.compounds, boundary),
            sites=None if self.sites is None else _meeting(self.sites, boundary),
            crs=STORED_CRS,
        )


def _meeting(frame: gpd.GeoDataFrame, boundary: BaseGeometry) -> gpd.GeoDataFrame:
    return frame[shapely.intersects(frame.geometry.to_numpy(), boundary)].reset_index(drop=True)


def read_town(path: str | Path) -> Town:
    """Read a town: a folder of files named by layer (LAYERS), or one GeoPackage with layers of these names.

    Parameters
    ----------
    path
        Folder with files of gridgis.io.read.TOWN_EXTENSIONS, or a .gpkg file.

    Returns
    -------
    Town
        Checked layers and notes.

    Raises
    ------
    InvalidInput
        A needed layer or column is missing, or something in a layer cannot be used.

    Examples
    --------
    >>> read_town("no-such-town")
    Traceback (most recent call last):
    gridgis.errors.InvalidInput: 找不到城镇数据 no-such-town / there is no town at no-such-town
    """
    path, notes = Path(path), Notes("read")
    sources = _find_layers(path)
    if missing := [n for n, spec in LAYERS.items() if spec.needed and n not in sources]:
        names = "、".join(f"{LAYERS[n].zh}（{n}）" for n in missing)
        raise InvalidInput(
            f"{path} 缺少图层：{names}；现有：{'、'.join(sources) or '无'}",
            f"{path} lacks the layers {', '.join(missing)}; it has {', '.join(sources) or 'none'}",
            path=str(path),
            missing=missing,
        )
    for name in sorted(_there(path) - {*LAYERS, *IMPORT_TABLES}):
        zh = f"图层“{name}”不是城镇的图层，未读取；城镇的图层：{'、'.join(LAYERS)}"
        en = f"layer '{name}' is none of a town's and is not read; a town's layers: {', '.join(LAYERS)}"
        notes.add("warning", name, "layer-unknown", None, zh, en)
    layers = {name: _read(name, sources.get(name), notes) for name in LAYERS}
    return make_town(layers, notes)


def make_town(layers: dict[str, Layer], notes: Notes) -> Town:
    """Put raw layers in stored coordinates (as from ``read_stored``, a missing one None) together: checks each.

    Raises
    ------
    InvalidInput
        As ``read_town``.
    """
    checked = {name: check_layer(name, layers.get(name), notes) for name in LAYERS}
    communities, buildings = checked.pop("communities"), checked.pop("buildings")
    assert communities is not None  # a needed layer: check_layer refused None
    assert buildings is not None
    buildings = assign_communities(buildings, communities, notes)
    return Town(communities=communities, buildings=buildings, notes=notes.frame(), **checked)


def check_layer(name: str, frame: Layer, notes: Notes) -> Layer:
    """Check one layer of a town against its LayerSpec, mend and note what may be mended.

    Raises
    ------
    InvalidInput
        A needed layer is missing or empty, a column is not there, or a value or geometry cannot be used.
    """
    spec = LAYERS[name]
    if frame is None or frame.empty:
        if spec.needed:
            raise InvalidInput(f"缺少{spec.zh}图层（{name}）", f"the layer of {name} is missing or empty", layer=name)
        zh, en = f"没有{spec.zh}图层（{name}），划分时不考虑", f"no layer of {name}: the division does without it"
        notes.add("info", name, "layer-missing", None, zh, en)
        return None
    need_columns(frame, spec.columns, name)
    frame = frame.assign(**{k: v for k, v in spec.fill.items() if k not in frame.columns})
    check_types(frame, name, spec.types)
    for column, allowed in spec.values.items():
        check_values(frame, name, column, allowed)
    return _CHECKS.get(name, repair_polygons)(frame, name, notes)


def _check_communities(frame: gpd.GeoDataFrame, name: str, notes: Notes) -> gpd.GeoDataFrame:
    frame = check_codes(frame, name)
    names = frame["name"].astype(object)
    nameless = (names.isna() | (names.astype(str).str.strip() == "")).to_numpy(dtype=bool)
    for code in frame["code"][nameless]:
        zh = f"社区 {code} 没有名称，以代码为名；网格名称随之"
        en = f"community {code} has no name: its code is used, also in the names of its grids"
        notes.add("warning", name, "no-name", code, zh, en)
    return repair_polygons(frame.assign(name=names.mask(nameless, frame["code"])), name, notes)


def _check_with_ids(frame: gpd.GeoDataFrame, name: str, notes: Notes) -> gpd.GeoDataFrame:
    return check_ids(repair_polygons(frame, name, notes), name, notes)


def _check_buildings(frame: gpd.GeoDataFrame, name: str, notes: Notes) -> gpd.GeoDataFrame:
    frame = check_households(frame, name)
    uncounted = (frame["households"].fillna(0) == 0).to_numpy(dtype=bool)
    frame = check_ids(repair_polygons(frame, name, notes, uncounted), name, notes)
    if unknown := int(frame["households"].isna().sum()):
        zh = f"{unknown} 栋建筑没有户数（共 {len(frame)} 栋），将按建筑面积估计"
        en = f"{unknown} of {len(frame)} buildings have no household count: they are estimated from floor area"
        notes.add("info", name, "households-unknown", unknown, zh, en)
    return frame


_CHECKS: dict[str, Callable[[gpd.GeoDataFrame, str, Notes], gpd.GeoDataFrame]] = {
    "communities": _check_communities,
    "buildings": _check_buildings,
    "compounds": _check_with_ids,
    "sites": _check_with_ids,
}


def assign_communities(buildings: gpd.GeoDataFrame, communities: gpd.GeoDataFrame, notes: Notes) -> gpd.GeoDataFrame:
    """Give each building the community in which its representative point lies; in none: the nearest, and noted.

    On a common border the first community of the layer takes it.
    """
    points = shapely.point_on_surface(buildings.geometry.to_numpy())
    areas = communities.geometry.to_numpy()
    point_at, area_at = shapely.STRtree(areas).query(points, predicate="intersects")
    home = np.full(len(points), len(areas))
    np.minimum.at(home, point_at, area_at)
    stray = np.flatnonzero(home == len(areas))
    if len(stray):
        home[stray] = _nearest(buildings.iloc[stray], points[stray], communities, notes)
    return buildings.assign(community=communities["code"].to_numpy()[home])


def _nearest(
    buildings: gpd.GeoDataFrame, points: NDArray[np.object_], communities: gpd.GeoDataFrame, notes: Notes
) -> NDArray[np.int64]:
    x0, y0, x1, y1 = communities.total_bounds
    work = choose_work_crs((x0 + x1) / 2, (y0 + y1) / 2)
    areas = to_work(communities, work).geometry
    spots = to_work(gpd.GeoDataFrame(geometry=points, crs=buildings.crs), work).geometry
    found = np.empty(len(points), dtype=np.int64)
    for n, (spot, ident) in enumerate(zip(spots, buildings["id"], strict=True)):
        away = areas.distance(spot).to_numpy()
        found[n] = int(away.argmin())
        code, metres = communities["code"].iloc[found[n]], round(float(away.min()), 2)
        zh = f"建筑 {ident} 不在任何社区内，归入最近的 {code}，相距 {metres} 米"
        en = f"building {ident} lies in no community; given to the nearest, {code}, {metres} m away"
        notes.add("warning", f"building {ident}", "outside", metres, zh, en)
    return found


def _find_layers(path: Path) -> dict[str, Path]:
    """Map the layers that are there to their files (a .gpkg file stands for all its layers)."""
    if path.is_file() and path.suffix.lower() == ".gpkg":
        there = set(list_layers(path))
        return {name: path for name in LAYERS if name in there}
    if not path.is_dir():
        raise InvalidInput(f"找不到城镇数据 {path}", f"there is no town at {path}", path=str(path))
    found: dict[str, Path] = {}
    for name in LAYERS:
        files = [path / f"{name}{ext}" for ext in TOWN_EXTENSIONS if (path / f"{name}{ext}").is_file()]
        if len(files) > 1:
            names = [f.name for f in files]
            raise InvalidInput(
                f"图层“{name}”有多个文件：{names}；请只留一个",
                f"layer '{name}' has several files: {names}; leave one",
                layer=name,
                files=names,
            )
        if files:
            found[name] = files[0]
    return found


def _there(path: Path) -> set[str]:
    """Return the names of all layers of a town, its own and others."""
    if path.is_file():
        return set(list_layers(path))
    return {file.stem for file in path.iterdir() if file.suffix.lower() in TOWN_EXTENSIONS}


def _read(name: str, source: Path | None, notes: Notes) -> Layer:
    if source is None:
        return None
    layer = name if source.suffix.lower() == ".gpkg" and name in list_layers(source) else None
    return match_columns(
        read_stored(source, layer, notes=notes, may_be_empty=not LAYERS[name].needed), name, None, notes
    )
