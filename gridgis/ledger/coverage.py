"""Checks before filing: whole, seamless, nested, named. On stored coordinates, vertex by vertex.

These are the registry's own few gates, exact and fast. The full list of rules is ``gridgis.checks.verify``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gridgis.geometry.coverage import segments, undirected

FAULT_COLUMNS = ("rule", "subject", "measure", "zh", "en")
"""Columns of a table of faults."""

UNION_TOLERANCE_DEG2 = 1e-14
"""Area by which a union may differ from its parent: about 1e-4 m2 (a square degree is some 1e10 m2)."""

OUTSIDE_TOLERANCE_DEG = 1e-7
"""How far an overlay may reach over the border of its community: about 1 cm, more than any rounding."""

Fault = dict[str, Any]


def fault(rule: str, subject: str, measure: float, zh: str, en: str) -> Fault:
    """Make one row of a table of faults."""
    return {"rule": rule, "subject": subject, "measure": measure, "zh": zh, "en": en}


def faults(grids: gpd.GeoDataFrame, base: gpd.GeoDataFrame) -> pd.DataFrame:
    """Check grids against the base layer.

    Parameters
    ----------
    grids
        id, community, level, mode, parent (an id), name, geometry; stored coordinates. Whole communities.
    base
        code, geometry of these communities; stored coordinates.

    Returns
    -------
    DataFrame
        FAULT_COLUMNS; no row when all is well.
    """
    rows = [*_broken(grids), *_names(grids), *_parents(grids)]
    if not any(row["rule"] == "valid" for row in rows):
        rows += [*_coverages(grids), *_unions(grids, base), *_overlays(grids, base)]
    return pd.DataFrame(rows, columns=list(FAULT_COLUMNS))


def _broken(grids: gpd.GeoDataFrame) -> Iterator[Fault]:
    geoms = grids.geometry.to_numpy()
    good = shapely.is_valid(geoms) & ~shapely.is_empty(geoms) & np.isin(shapely.get_type_id(geoms), (3, 6))
    for i in np.flatnonzero(~good):
        why = shapely.is_valid_reason(geoms[i]) if geoms[i] is not None else "no geometry"
        subject = str(grids["id"].iloc[i])
        yield fault(
            "valid", subject, 0.0, f"网格 {subject} 的图形无效：{why}", f"grid {subject} is no valid polygon: {why}"
        )


def _names(grids: gpd.GeoDataFrame) -> Iterator[Fault]:
    named = grids[grids["name"].notna() & (grids["name"] != "")]
    twice = named[named.duplicated(["community", "name"])]
    for subject, community, name in zip(twice["id"], twice["community"], twice["name"], strict=True):
        yield fault(
            "name", str(subject), 0.0, f"社区 {community} 内网格名称“{name}”重复",
            f"the name '{name}' occurs twice in community {community}",
        )  # fmt: skip


def _parents(grids: gpd.GeoDataFrame) -> Iterator[Fault]:
    level = dict(zip(grids["id"], _levels(grids), strict=True))
    for subject, own, parent in zip(grids["id"], _levels(grids), grids["parent"], strict=True):
        none = pd.isna(parent)
        if none and own > 1:
            yield fault("parent", str(subject), own, f"网格 {subject} 没有上级网格", f"grid {subject} has no parent")
        elif not none and parent not in level:
            yield fault(
                "parent", str(subject), own, f"网格 {subject} 的上级 {parent} 不存在",
                f"parent {parent} of grid {subject} does not exist",
            )  # fmt: skip
        elif not none and not level[parent] < own:
            yield fault(
                "parent", str(subject), own, f"网格 {subject} 的上级 {parent} 层级不对",
                f"parent {parent} of grid {subject} is not of a larger level",
            )  # fmt: skip


def _levels(grids: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Return the levels as numbers; dedicated grids (no level) count below all, as 9."""
    return pd.to_numeric(grids["level"]).to_numpy(dtype=np.float64, na_value=9.0)


def _coverages(grids: gpd.GeoDataFrame) -> Iterator[Fault]:
    level, carved = _levels(grids), (grids["mode"] == "carve").to_numpy()
    geoms = grids.geometry.to_numpy()
    for number in (1, 2, 3):
        part = np.flatnonzero((level == number) | (carved & (number > 1)))
        if not len(part) or shapely.coverage_is_valid(geoms[part]):
            continue
        bad = shapely.coverage_invalid_edges(geoms[part])
        for i in np.flatnonzero(~shapely.is_empty(bad)):
            subject = str(grids["id"].iloc[part[i]])
            x, y = shapely.get_coordinates(bad[i])[0]
            yield fault(
                "coverage", subject, number, f"网格 {subject} 与相邻网格重叠或边界不一致（{x:.6f}, {y:.6f}）",
                f"grid {subject} overlaps or does not match a neighbour at ({x:.6f}, {y:.6f})",
            )  # fmt: skip


def _unions(grids: gpd.GeoDataFrame, base: gpd.GeoDataFrame) -> Iterator[Fault]:
    """Compare the base with level 1, and each parent with its children (level 2 and carved; level 3).

    A community without level 1 lies under a grid of several communities: it is level 2, less what is carved.
    """
    level, carved = _levels(grids), (grids["mode"] == "carve").to_numpy()
    above = {str(c): g.geometry.to_numpy() for c, g in grids[(level == 2) | carved].groupby("community")}
    by_top = above | {str(c): g.geometry.to_numpy() for c, g in grids[level == 1].groupby("community")}
    for code, whole in zip(base["code"], base.geometry, strict=True):
        yield from _same_ground(f"社区 {code}", f"community {code}", str(code), by_top.get(str(code)), whole)
    covering = grids[(grids["mode"] != "overlay") & grids["parent"].notna()]
    geom = dict(zip(grids["id"], grids.geometry, strict=True))
    for parent, children in covering.groupby("parent"):
        only_dedicated = children["level"].isna().all()
        if parent in geom and not only_dedicated:
            part = children.geometry.to_numpy()
            yield from _same_ground(f"网格 {parent}", f"grid {parent}", str(parent), part, geom[parent])


def _same_ground(zh: str, en: str, subject: str, parts: Any, whole: Any) -> Iterator[Fault]:
    if parts is None:
        yield fault("union", subject, 0.0, f"{zh} 没有一级网格", f"{en} has no level-1 grid")
        return
    if np.array_equal(boundary_edges(parts), boundary_edges([whole])):
        return
    differ = float(shapely.union_all(parts).symmetric_difference(whole).area)
    if differ > UNION_TOLERANCE_DEG2:
        yield fault(
            "union", subject, differ, f"{zh} 与其下网格的合并范围不一致",
            f"{en} is not the union of the grids below it (differs by {differ:.3g} square degrees)",
        )  # fmt: skip


def _overlays(grids: gpd.GeoDataFrame, base: gpd.GeoDataFrame) -> Iterator[Fault]:
    """Check that overlays lie in their community, and that no two overlap."""
    over = grids[grids["mode"] == "overlay"]
    if not len(over):
        return
    ids, geoms = over["id"].astype(str).to_numpy(), over.geometry.to_numpy()
    here = base[base["code"].isin(set(over["community"]))]
    wide = dict(zip(here["code"], shapely.buffer(here.geometry.to_numpy(), OUTSIDE_TOLERANCE_DEG), strict=True))
    for subject, community, geom in zip(ids, over["community"], geoms, strict=True):
        if community in wide and not wide[community].covers(geom):
            beyond = float(geom.difference(wide[community]).area)
            yield fault(
                "overlay-inside", subject, beyond, f"叠加网格 {subject} 超出社区 {community}",
                f"overlay grid {subject} reaches beyond community {community}",
            )  # fmt: skip
    i, j = shapely.STRtree(geoms).query(geoms, predicate="intersects")
    i, j = i[i < j], j[i < j]
    for a, b in zip(*(k[shapely.relate_pattern(geoms[i], geoms[j], "T********")] for k in (i, j)), strict=True):
        yield fault(
            "overlay-disjoint", ids[a], float(geoms[a].intersection(geoms[b]).area),
            f"叠加网格 {ids[a]} 与 {ids[b]} 重叠", f"overlay grids {ids[a]} and {ids[b]} overlap",
        )  # fmt: skip


def boundary_edges(geoms: Any) -> NDArray[np.float64]:
    """Return the undirected edges that occur once in a coverage: the edges of its union, sorted, (n, 4)."""
    edges, count = np.unique(undirected(segments(geoms)[0]), axis=0, return_counts=True)
    return np.asarray(edges[count == 1])
