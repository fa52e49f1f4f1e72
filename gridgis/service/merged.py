"""A town seen through a registry in which communities are merged: these are divided as one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import geopandas as gpd
import shapely

from gridgis.errors import NotFound
from gridgis.io.town import Town
from gridgis.registry import Registry


def with_merged(town: Town, registry: Registry, only: Sequence[str]) -> Town:
    """Return the town with merged communities in the place of their members.

    Parameters
    ----------
    only
        Codes of the communities that are wanted: of merged ones those named here; none: those divided as one now.

    Raises
    ------
    NotFound
        The town lacks a member of a merged community that is wanted.
    """
    base = registry.communities()
    merged = base[base["members"].notna()]
    if merged.empty:
        return town
    wanted = set(only) or set(registry.context("communities")["code"])
    members = {
        code: json.loads(parts)
        for code, parts in zip(merged["code"], merged["members"], strict=True)
        if code in wanted
    }  # fmt: skip
    there = set(town.communities["code"])
    for code in only:
        if lost := sorted(set(members.get(code, ())) - there):
            raise NotFound(
                f"社区 {code} 由 {members[code]} 合并而成，城镇数据缺少 {lost}",
                f"community {code} is made of {members[code]}, and the town has no {lost}",
                missing=lost,
            )
    into = {part: code for code, parts in members.items() if set(parts) <= there for part in parts}
    called = dict(zip(merged["code"], merged["name"], strict=True))
    return _replaced(town, into, called)


def _replaced(town: Town, into: dict[str, str], called: dict[str, str]) -> Town:
    rows = town.communities.assign(into=[into.get(code, code) for code in town.communities["code"]])
    outlines = {code: shapely.union_all(part.geometry.to_numpy()) for code, part in rows.groupby("into", sort=False)}
    first = rows.drop_duplicates("into").set_index("into", drop=False)
    communities = first.assign(
        code=first["into"],
        name=[called.get(code, name) for code, name in zip(first["into"], first["name"], strict=True)],
    ).set_geometry(gpd.GeoSeries([outlines[code] for code in first["into"]], index=first.index, crs=rows.crs))
    buildings = town.buildings.assign(community=[into.get(code, code) for code in town.buildings["community"]])
    return replace(town, communities=communities.drop(columns="into").reset_index(drop=True), buildings=buildings)
