"""A plan that merges grids in force, made without dividing anew: in one community, or whole communities into one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from gridgis.errors import InvalidInput, NotFound
from gridgis.geometry.coverage import dissolve
from gridgis.geometry.crs import to_work
from gridgis.model import (
    ATOM_COLUMNS,
    BORDER_COLUMNS,
    BUILDING_COLUMNS,
    GRID_COLUMNS,
    REPORT_COLUMNS,
    DivisionPlan,
    PlanReport,
)
from gridgis.registry import Registry

NEW = "merged"
"""Local id of the merged grid; all others keep their codes as local ids."""


@dataclass(frozen=True)
class Merge:
    """Which grids are to be merged: their codes, the name of the new one; for communities its code, and who asks."""

    codes: tuple[str, ...]
    name: str = ""
    community_code: str | None = None
    office: str = ""


def plan_of_merge(registry: Registry, merge: Merge) -> DivisionPlan:
    """Return a plan that merges some grids of the last revision and leaves all others as they are.

    Grids of level 2 or 3 are merged where they lie in one community (of level 3: in one level-2 grid) and touch. The
    largest grids of several communities are merged into that of one community, which is added to the base layer
    (``Registry.merge_communities``); the grids below stay, under new codes, and may be merged or divided from then on.

    Raises
    ------
    Forbidden
        The registry's powers do not let this office take in plans; no community is added then.
    NotFound
        A grid is not in force.
    InvalidInput
        Fewer than two grids; dedicated ones, of several levels, of several parents, in several communities but not
        all of these, or not side by side. Each says the way out.
    """
    grids = registry.grids(at=registry.head) if registry.head else registry.grids()
    chosen = _chosen(grids, merge.codes)
    communities = sorted(set(chosen["community"]))
    ours = grids[grids["community"].isin(communities)].reset_index(drop=True)
    if len(communities) > 1:
        _need_whole(ours, chosen, communities)
        community = registry.merge_communities(communities, merge.name, merge.community_code, merge.office)
    else:
        _need_sisters(chosen)
        community = communities[0]
    work = to_work(ours, registry.work_crs).rename(columns={"code": "local_id"})
    return _plan(registry, work, merge, community, len(communities) > 1)


def _chosen(grids: gpd.GeoDataFrame, codes: Sequence[str]) -> gpd.GeoDataFrame:
    wanted = list(dict.fromkeys(codes))
    if lost := sorted(set(wanted) - set(grids["code"])):
        raise NotFound(f"网格 {lost} 不在生效的网格中", f"the grids {lost} are not in force", codes=lost)
    if len(wanted) < 2:
        raise InvalidInput("请给出两个以上的网格编码", f"give the codes of two grids or more, not {wanted}")
    chosen = grids[grids["code"].isin(wanted)]
    if dedicated := sorted(chosen["code"][chosen["kind"] == "dedicated"]):
        raise InvalidInput(
            f"专属网格 {dedicated} 不能这样合并；请修改专属场所图层后重新划分（gridgis divide --registry）",
            f"the dedicated grids {dedicated} are not merged so: change the layer of sites and divide anew (gridgis "
            "divide --registry)",
            codes=dedicated,
        )
    if len(levels := sorted({int(level) for level in chosen["level"]})) > 1:
        raise InvalidInput(
            f"所给网格的级别不同：{levels}；只能合并同级网格",
            f"the grids are of levels {levels}; only grids of one level are merged",
        )
    return chosen


def _need_whole(ours: gpd.GeoDataFrame, chosen: gpd.GeoDataFrame, communities: list[str]) -> None:
    """Refuse a grid across communities that stay two: a grid lies in one community."""
    inside = ours["parent"].isin(set(ours["code"]))
    tops = set(ours["code"][~inside & (ours["kind"] == "comprehensive")])
    if tops != set(chosen["code"]):
        raise InvalidInput(
            f"网格分属社区 {communities}，而一个网格只在一个社区内；请先合并这些社区的最大网格 {sorted(tops)}（gridgis "
            "plan merge），备案后再合并其下的网格",
            f"the grids are of the communities {communities}, and a grid lies in one community: merge these first by "
            f"their largest grids {sorted(tops)} (gridgis plan merge), file that, then merge the grids below",
            communities=communities,
            whole=sorted(tops),
        )


def _need_sisters(chosen: gpd.GeoDataFrame) -> None:
    parents = sorted({"-" if pd.isna(p) else str(p) for p in chosen["parent"]})
    if len(parents) > 1:
        raise InvalidInput(
            f"网格分属上级网格 {parents}；请先合并这些上级网格，备案后再合并",
            f"the grids lie in {parents}: merge these first, file that, then merge the grids",
            parents=parents,
        )
    parts = dissolve(chosen.geometry.to_numpy(), np.zeros(len(chosen)))[1][0]
    if parts.geom_type != "Polygon" and (chosen.geometry.count_geometries() == 1).all():
        raise InvalidInput(
            f"网格 {sorted(chosen['code'])} 不相邻，不能合并",
            f"the grids {sorted(chosen['code'])} do not touch along an edge and cannot be merged",
            codes=sorted(chosen["code"]),
        )


def _plan(registry: Registry, ours: gpd.GeoDataFrame, merge: Merge, community: str, whole: bool) -> DivisionPlan:
    """Return the plan: the merged grid in the place of the chosen ones, the others under it as they were."""
    new_id = dict.fromkeys(merge.codes, NEW)
    chosen = ours[ours["local_id"].isin(merge.codes)].sort_values("local_id")
    merged = gpd.GeoDataFrame(chosen.iloc[:1], crs=ours.crs).assign(
        local_id=NEW,
        name=merge.name or chosen["name"].iloc[0],
        households=pd.array([_sum(chosen["households"])], dtype="Int64"),
        geometry=dissolve(chosen.geometry.to_numpy(), np.zeros(len(chosen)))[1],
    )
    rest = ours[~ours["local_id"].isin(merge.codes)]
    rest = rest.assign(parent=[new_id.get(p, p) for p in rest["parent"]])
    if whole:
        rest["name"] = _apart(rest, registry)
    grids = gpd.GeoDataFrame(pd.concat([merged, rest], ignore_index=True), crs=ours.crs)
    grids = grids.assign(community=community, previous=None, flags=[_not_given(f) for f in grids["flags"]])
    if whole:  # what lies above communities, their streets, is formed by filing
        there = set(grids["local_id"])
        grids["parent"] = [p if p in there else None for p in grids["parent"]]
    return _as_plan(registry, grids[list(GRID_COLUMNS)], _homes(registry, ours, new_id, community))


def _not_given(flags: str | None) -> str:
    return ",".join(f for f in (flags or "").split(",") if f and f != "given")


def _sum(households: pd.Series[int]) -> int | None:
    return None if households.isna().any() else int(households.sum())


def _apart(rest: gpd.GeoDataFrame, registry: Registry) -> list[str | None]:
    """Return the names below merged communities: one that both have gets the name of its community in front."""
    called = registry.communities().set_index("code")["name"]
    twice = set(rest["name"][rest["name"].notna() & rest["name"].duplicated(keep=False)])
    return [
        f"{called.get(community) or community}{name}" if name in twice else name
        for name, community in zip(rest["name"], rest["community"], strict=True)
    ]


def _homes(registry: Registry, ours: gpd.GeoDataFrame, new_id: dict[str, str], community: str) -> gpd.GeoDataFrame:
    """Return the buildings of these communities, naming the plan's grids by local id."""
    homes = registry.context("buildings")
    homes = homes[homes["community"].isin(set(ours["community"]))].reset_index(drop=True)
    for column in ("level2", "level3", "dedicated"):
        homes[column] = pd.Series([new_id.get(c, c) for c in homes[column]], index=homes.index, dtype=object)
    return to_work(homes, registry.work_crs).assign(community=community)[list(BUILDING_COLUMNS)]


def _as_plan(registry: Registry, grids: gpd.GeoDataFrame, homes: gpd.GeoDataFrame) -> DivisionPlan:
    above = set(grids["parent"].dropna())
    leaf = grids[~grids["local_id"].isin(above) & (grids["mode"].fillna("") != "overlay")].reset_index(drop=True)
    atoms = leaf.assign(atom=leaf.index, households=leaf["households"].fillna(0), water=False)[list(ATOM_COLUMNS)]
    borders = gpd.GeoDataFrame({c: [] for c in BORDER_COLUMNS if c != "geometry"}, geometry=[], crs=grids.crs)
    base = registry.communities()
    base = to_work(base[base["code"].isin(set(grids["community"]))], registry.work_crs)[["code", "name", "geometry"]]
    report = PlanReport(pd.DataFrame(columns=list(REPORT_COLUMNS)))
    return DivisionPlan(grids, homes, borders, atoms, base, report, {}, 0)
