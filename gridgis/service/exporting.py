"""What ``gridgis export`` hands out: layers of a plan file, or of what is in force in a registry."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from gridgis.errors import InvalidInput, NotFound
from gridgis.geometry.crs import to_stored
from gridgis.io.plan_file import PLAN_LAYERS, read_plan
from gridgis.model import KINDS
from gridgis.registry import Registry
from gridgis.registry.book import When
from gridgis.service.showing import is_plan_file

GRID_COLUMNS = (
    "code", "name", "level", "kind", "mode", "category", "site_id", "community", "community_name", "street", "parent",
    "households", "area_m2", "flags", "state", "in_force_from", "revision", "note", "geometry",
)  # fmt: skip
"""Columns of the grids of a registry; ``revision`` is the one that began this version, ``in_force_from`` the day on
which the code first came into force."""

PLAN_COLUMNS = (
    "local_id", "name", "level", "kind", "mode", "category", "site_id", "community", "community_name", "parent",
    "households", "area_m2", "previous", "flags", "geometry",
)  # fmt: skip
"""Columns of the grids of a plan: local ids in place of codes."""

REGISTRY_LAYERS = ("grids", "communities", "roads", "railways", "rivers", "water", "walls", "buildings", "compounds")


@dataclass(frozen=True)
class Selection:
    """Which grids are wanted: of some communities, of one level, of one kind; all where nothing is said."""

    communities: tuple[str, ...] = ()
    level: int | None = None
    kind: str | None = None

    def choose(self, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """Return the rows that are wanted.

        Raises
        ------
        InvalidInput
            A community is not in the table, the kind is none, or the table has no such column.
        NotFound
            Nothing is left.
        """
        wanted = pd.Series(data=True, index=frame.index)
        if self.communities:
            wanted &= self._of_communities(frame)
        if self.level is not None:
            wanted &= (_need(frame, "level") == self.level).fillna(value=False).astype(bool)
        if self.kind is not None:
            if self.kind not in KINDS:
                zh, en = (
                    f"未知种类 {self.kind}；可用：{list(KINDS)}",
                    f"unknown kind {self.kind}; there are {list(KINDS)}",
                )
                raise InvalidInput(zh, en, kind=self.kind)
            wanted &= _need(frame, "kind") == self.kind
        found = frame[wanted].reset_index(drop=True)
        if not len(found):
            raise NotFound("没有可导出的内容：没有符合条件的行", "nothing to export: no row is as asked for")
        return found

    def _of_communities(self, frame: gpd.GeoDataFrame) -> pd.Series[bool]:
        column = "community" if "community" in frame else "code"
        codes = _need(frame, column)
        if unknown := [c for c in self.communities if c not in set(codes)]:
            known = sorted({str(c) for c in codes if c is not None})
            raise InvalidInput(
                f"没有社区 {unknown}；有：{known[:10]}", f"there is no community {unknown}; there are {known[:10]}",
                communities=unknown,
            )  # fmt: skip
        return pd.Series(codes.isin(self.communities), dtype=bool)


def _need(frame: gpd.GeoDataFrame, column: str) -> Any:
    if column not in frame:
        raise InvalidInput(
            f"这个图层没有 {column} 列，不能按它筛选；请去掉这个选项",
            f"this layer has no column {column} to select by; leave that option out",
            column=column,
        )
    return frame[column]


def layer_of(
    source: str | Path, layer: str = "grids", at: When = None, selection: Selection | None = None
) -> gpd.GeoDataFrame:
    """Return a layer of a plan file or a registry, in stored coordinates.

    Parameters
    ----------
    source
        A plan file, a registry's file, or the URL of one.
    layer
        "grids"; of a plan also "buildings", "borders", "atoms", "base"; of a registry REGISTRY_LAYERS.
    at
        A revision number or day of a registry; default today. Of the grids only.

    Raises
    ------
    NotFound
        There is no such file, nothing is in force, or nothing is as selected.
    InvalidInput
        There is no such layer; ``at`` is given for what has no history.
    """
    frame = _plan_layer(source, layer, at) if is_plan_file(source) else _registry_layer(source, layer, at)
    return (selection or Selection()).choose(frame)


def refuse_day(at: When) -> None:
    """Refuse a day or revision for a plan file.

    Raises
    ------
    InvalidInput
        One is given.
    """
    if at is not None:
        raise InvalidInput("--at 只用于注册库：方案文件没有历史", "--at goes with a registry: a plan has no history")


def _plan_layer(source: str | Path, layer: str, at: When) -> gpd.GeoDataFrame:
    refuse_day(at)
    _need_layer(layer, tuple(PLAN_LAYERS))
    plan = read_plan(source)
    frame: gpd.GeoDataFrame = getattr(plan, layer)
    if layer == "grids":
        names = dict(zip(plan.base["code"], plan.base["name"], strict=True))
        frame = frame.assign(
            community_name=frame["community"].map(names), area_m2=frame.geometry.area.round(3)
        )[list(PLAN_COLUMNS)]  # fmt: skip
    return to_stored(frame)


def _registry_layer(source: str | Path, layer: str, at: When) -> gpd.GeoDataFrame:
    _need_layer(layer, REGISTRY_LAYERS)
    if layer != "grids" and at is not None:
        raise InvalidInput(f"--at 只用于网格：{layer} 没有历史", f"--at goes with the grids: {layer} have no history")
    with Registry.open(source) as registry:
        return registry_grids(registry, at) if layer == "grids" else registry.context(layer)


def registry_grids(registry: Registry, at: When = None) -> gpd.GeoDataFrame:
    """Return the grids in force at a revision number or day, GRID_COLUMNS, in stored coordinates.

    Raises
    ------
    NotFound
        Nothing is in force.
    """
    view = registry.view(at)
    view.need_grids()
    communities = view.communities.set_index("code")
    grids = view.grids.rename(columns={"valid_from": "revision"})
    codes = grids["community"]
    grids = grids.assign(
        community_name=codes.map(communities["name"]),
        street=codes.map(communities["street"]),
        in_force_from=grids["code"].map(view.first_days),
    )
    return grids[list(GRID_COLUMNS)]


def _need_layer(layer: str, known: tuple[str, ...]) -> None:
    if layer not in known:
        zh, en = f"没有图层“{layer}”；可用：{list(known)}", f"there is no layer '{layer}'; there are {list(known)}"
        raise InvalidInput(zh, en, layer=layer)
