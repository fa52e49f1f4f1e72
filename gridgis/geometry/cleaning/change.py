"""One change, made or proposed, and how it is told in a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
from shapely.geometry.base import BaseGeometry

COLUMNS = ("feature", "kind", "area_m2", "width_m", "done", "zh", "en")
"""Columns of the table of changes, beside geometry."""

KINDS = {
    "heights": "高程",
    "duplicate-vertex": "重复顶点",
    "invalid-ring": "无效的环",
    "no-area": "没有面积",
    "near-vertex": "顶点几乎重合",
    "missing-vertex": "缺少顶点",
    "overlap": "重叠",
    "gap": "缝隙",
    "sliver": "碎片",
}
"""The kinds of changes, in the order in which they are looked for, with their Chinese names."""


@dataclass(frozen=True)
class Change:
    """What is wrong at a place, and what was done about it.

    Parameters
    ----------
    kind
        One of `KINDS`.
    features
        Positions of the features concerned.
    place
        Where, in the CRS of the input.
    area_m2, width_m
        How much ground; how wide, as the largest circle in it.
    taker
        The feature that has the ground now, None where nothing was done or no ground went to another.
    done
        Mended, or only reported.
    more
        Of vertices their number; of a ring what is wrong; of a sliver or an overlap why nothing was done.
    also
        Other features, that got a vertex by it.
    """

    kind: str
    features: tuple[int, ...]
    place: BaseGeometry
    area_m2: float = 0.0
    width_m: float = 0.0
    taker: int | None = None
    done: bool = True
    more: str = ""
    also: tuple[int, ...] = ()


def table(changes: Sequence[Change], names: Sequence[str], tolerance_m: float, crs: Any) -> gpd.GeoDataFrame:
    """Return changes as a table: `COLUMNS` and geometry."""
    rows = [
        (
            "; ".join(names[f] for f in (*c.features, *c.also)), c.kind, round(c.area_m2, 6), round(c.width_m, 6),
            c.done, *words(c, names, tolerance_m),
        )
        for c in changes
    ]  # fmt: skip
    cells = {name: np.array([r[k] for r in rows], dtype=object) for k, name in enumerate(COLUMNS)}
    frame = gpd.GeoDataFrame(cells, geometry=[c.place for c in changes], crs=crs)
    return frame.astype({"area_m2": float, "width_m": float, "done": bool})


def words(change: Change, names: Sequence[str], tolerance_m: float) -> tuple[str, str]:
    """Return what a change is in Chinese and English."""
    who, size = "、".join(names[f] for f in change.features), _size(change)
    also = ", ".join(names[f] for f in change.features)
    if change.kind in _SIMPLE:
        zh, en = _SIMPLE[change.kind]
        return zh.format(who=who, more=change.more, **size), en.format(who=also, more=change.more, **size)
    zh, en = _PLACES[change.kind]
    zh_end, en_end = _end(change, names, tolerance_m)
    return zh.format(who=who, **size) + zh_end, en.format(who=also, **size) + en_end


def _size(change: Change) -> dict[str, str]:
    return {"area": f"{change.area_m2:.4g}", "width": f"{change.width_m:.3g}"}


def _end(change: Change, names: Sequence[str], tolerance_m: float) -> tuple[str, str]:
    if change.done and change.taker is not None:
        name = names[change.taker]
        others = [names[f] for f in change.also]
        zh, en = (
            ("；添加顶点：" + "、".join(others), "; a vertex put into " + ", ".join(others)) if others else ("", "")
        )
        return f"：已归 {name}{zh}", f": given to {name}{en}"
    zh, en = _REASONS[change.more or "wide"]
    return "：仅报告，" + zh.format(tolerance_m), ": only reported, " + en.format(tolerance_m)


_SIMPLE = {
    "heights": ("{who} 带有高程，已略去（只用平面坐标）", "{who}: heights left out; only plane coordinates are used"),
    "duplicate-vertex": (
        "{who} 有 {more} 个连续重复的顶点，已删去",
        "{who}: {more} vertices equal to the one before, left out",
    ),
    "invalid-ring": (
        "{who} 的边界无效（{more}），已修复，保留面的部分；面积变化 {area} 平方米",
        "{who}: invalid ring ({more}) made valid, polygon parts kept; its area changed by {area} m2",
    ),
    "no-area": (
        "{who} 没有面积：仅报告，请重画或删去",
        "{who} has no area: only reported, draw it again or delete it",
    ),
    "near-vertex": (
        "{who} 有 {more} 个顶点与相邻面的顶点相差不到 1 微米，已取为相同",
        "{who}: {more} vertices less than a micrometre from those of neighbours, made the same",
    ),
    "missing-vertex": (
        "{who} 的边上缺少相邻面已有的 {more} 个顶点，已补上",
        "{who}: {more} vertices that neighbours have on its edges were missing, put in",
    ),
}  # fmt: skip

_PLACES = {
    "overlap": ("{who} 重叠 {area} 平方米，宽 {width} 米", "{who} overlap by {area} m2, {width} m wide"),
    "gap": ("{who} 之间有缝隙 {area} 平方米，宽 {width} 米", "a gap of {area} m2, {width} m wide, at {who}"),
    "sliver": ("{who} 有碎片 {area} 平方米，宽 {width} 米", "{who}: a sliver of {area} m2, {width} m wide"),
}

_REASONS = {
    "wide": (
        "宽度超过容差 {:g} 米；请在原图中改正，或放宽容差",
        "wider than the tolerance of {:g} m; correct it where it was drawn, or allow more",
    ),
    "last": (
        "并入后该要素将不复存在；请合并或删去该要素",
        "merging would leave nothing of the feature; merge or delete it yourself",
    ),
    "alone": (
        "它与其他面没有共同边；请改画或删去",
        "it shares no border with another feature; draw it again or delete it",
    ),
    "broken": (
        "修复会使该处的面无效；请在原图中改正",
        "mending would make a polygon invalid there; correct it where it was drawn",
    ),
}
