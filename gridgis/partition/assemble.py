"""From a layout of atoms to the tables of a plan: grids, buildings, borders, atoms, figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgis.errors import InvalidInput
from gridgis.geometry.arrays import lines
from gridgis.geometry.coverage import Row, dissolve
from gridgis.model import (
    ATOM_COLUMNS,
    BORDER_COLUMNS,
    BUILDING_COLUMNS,
    GRID_COLUMNS,
    REPORT_COLUMNS,
    STRONG,
    DivisionPlan,
    DivisionRules,
    PlanReport,
)
from gridgis.partition.layout import Layout, Pieces
from gridgis.partition.sites.dedicated import dedicated_row

Rows = list[dict[str, Any]]


def assemble(
    pieces: Pieces,
    layout: Layout,
    sites: Mapping[str, pd.Series],
    overlays: Rows,
    flags: Mapping[str, set[str]],
    rules: Mapping[str, DivisionRules],
    rows: list[Row],
    seed: int,
) -> DivisionPlan:
    """Dissolve the atoms into grids and describe them.

    Parameters
    ----------
    pieces, layout
        The atoms and the finest grid of each.
    sites
        For each carved local id its site (id, name, category).
    overlays
        Ready rows of the overlay grids.
    flags
        Flags by local id.
    rules, rows, seed
        Kept in the plan and its report.
    """
    crs = pieces.base.crs
    community = pieces.base["code"].astype(str).to_numpy()[pieces.community]
    level1 = np.array([_top(c, rules) or "" for c in community], dtype=object)
    households = pieces.households()
    base = _base(pieces, community)
    _need_whole(pieces, layout, rules)
    found = [
        *_comprehensive(1, pieces, level1, households, None, flags, rules),
        *_comprehensive(2, pieces, layout.level2, households, level1, flags, rules),
        *_comprehensive(3, pieces, _third(layout), households, layout.level2, flags, rules),
        *_carved(pieces, layout, households, sites),
        *overlays,
    ]
    grids = gpd.GeoDataFrame(found, columns=list(GRID_COLUMNS), crs=crs)
    grids["level"] = grids["level"].astype("Int64")
    grids["parent"] = _parents(grids, rules)
    grids["name"] = _unique(grids)
    grids = grids.sort_values(["community", "level", "local_id"], na_position="last", kind="stable")
    grids = grids.reset_index(drop=True)
    buildings = _buildings(pieces, layout)
    borders = _borders(pieces, layout)
    return DivisionPlan(
        grids,
        buildings,
        borders,
        _atoms(pieces, layout, households),
        base,
        PlanReport(
            pd.DataFrame(rows, columns=list(REPORT_COLUMNS)), figures(grids, borders, rules, int(households.sum()))
        ),
        dict(rules),
        seed,
    )


def _top(code: str, rules: Mapping[str, DivisionRules]) -> str | None:
    """Return the local id of the level-1 grid of a community; None where a registry forms level 1 of several."""
    return f"{code}-1" if rules[code].community_level == 1 else None


def _parents(grids: gpd.GeoDataFrame, rules: Mapping[str, DivisionRules]) -> list[str | None]:
    """Return the parent of each grid, None for none; a dedicated one hangs on level 1."""
    rows = zip(grids["kind"], grids["community"], grids["parent"], strict=True)
    return [_top(str(code), rules) if kind == "dedicated" else parent or None for kind, code, parent in rows]


def _need_whole(pieces: Pieces, layout: Layout, rules: Mapping[str, DivisionRules]) -> None:
    """Refuse a community that is level 2 and yet divided at level 2, as an edit by hand may do."""
    left, right = pieces.left[pieces.left >= 0], pieces.right[pieces.left >= 0]
    one, two = layout.level2[left], layout.level2[right]
    same = (pieces.community[left] == pieces.community[right]) & (one != "") & (two != "") & (one != two)
    codes = pieces.base["code"].astype(str).to_numpy()[pieces.community[left]]
    for code in sorted(set(codes[same])):
        if rules[code].community_level == 2:
            at = int(np.flatnonzero(same & (codes == code))[0])
            raise InvalidInput(
                f"社区 {code} 本身是二级网格，不能再分成 {one[at]} 和 {two[at]}；相连的原子面应归同一个二级网格",
                f"community {code} is a level-2 grid itself and cannot be divided into {one[at]} and {two[at]}: atoms "
                "that touch belong to one level-2 grid",
                community=code,
            )


def _base(pieces: Pieces, community: Any) -> gpd.GeoDataFrame:
    """Return the communities with the vertices that borders have added to their boundaries."""
    names, polygons = dissolve(pieces.polygons, community)
    by_code = dict(zip(names.tolist(), polygons, strict=True))
    geometry = [by_code[str(code)] for code in pieces.base["code"]]
    return pieces.base.set_geometry(gpd.GeoSeries(geometry, index=pieces.base.index, crs=pieces.base.crs))


def _third(layout: Layout) -> Any:
    """Return the level-3 ids; '' where an atom belongs to a grid without level 3."""
    return np.where([("-3-" in str(i)) for i in layout.leaf], layout.leaf, "")


def _comprehensive(
    level: int,
    pieces: Pieces,
    ids: Any,
    households: Any,
    parents: Any,
    flags: Mapping[str, set[str]],
    rules: Mapping[str, DivisionRules],
) -> Rows:
    used = np.flatnonzero(ids != "")
    if not len(used):
        return []
    names, polygons = dissolve(pieces.polygons[used], ids[used])
    load = pd.Series(households[used]).groupby(ids[used]).sum()
    first = {str(i): int(a) for i, a in zip(ids[used][::-1], used[::-1], strict=True)}
    codes, called = (pieces.base[c].astype(str).to_numpy() for c in ("code", "name"))
    out = []
    for local_id, geometry in zip(names.tolist(), polygons, strict=True):
        atom = first[local_id]
        if level > 1 and geometry.geom_type != "Polygon":
            raise InvalidInput(
                f"网格 {local_id} 不连续，分为 {len(geometry.geoms)} 块；请把其中的块改归相邻网格",
                f"grid {local_id} falls into {len(geometry.geoms)} parts; give the loose ones to their neighbours",
                local_id=local_id,
            )
        code, name = str(codes[pieces.community[atom]]), str(called[pieces.community[atom]])
        below = level - rules[code].community_level
        out.append({
            "community": code, "local_id": local_id, "level": level, "kind": "comprehensive",
            "mode": None, "parent": None if parents is None else parents[atom], "category": None, "site_id": None,
            "name": _name(name, local_id, below), "households": int(load[local_id]), "previous": None,
            "flags": ",".join(sorted(flags.get(local_id, ()))), "geometry": geometry,
        })  # fmt: skip
    return out


def _name(community: str, local_id: str, below: int) -> str:
    """Make a name for a grid so many levels below its community: 西大街社区第3网格, 西大街社区第3网格第7微网格."""
    numbers = [p.lstrip("0") or p for p in local_id.split("-")[2:]]
    if below == 0:
        return community
    return f"{community}第{numbers[-below]}网格" + (f"第{numbers[-1]}微网格" if below == 2 else "")


def _carved(pieces: Pieces, layout: Layout, households: Any, sites: Mapping[str, pd.Series]) -> Rows:
    used = np.flatnonzero([("-D-" in str(i)) for i in layout.leaf])
    if not len(used):
        return []
    names, polygons = dissolve(pieces.polygons[used], layout.leaf[used])
    load = pd.Series(households[used]).groupby(layout.leaf[used]).sum()
    out = []
    for local_id, geometry in zip(names.tolist(), polygons, strict=True):
        if local_id not in sites:
            raise InvalidInput(
                f"没有专属网格 {local_id}：只能改归已有的专属网格",
                f"there is no dedicated grid {local_id}: an atom can only join one that exists",
                local_id=local_id,
            )
        code = local_id.rsplit("-", 2)[0]
        out.append(dedicated_row(code, local_id, sites[local_id], "carve", int(load[local_id]), geometry))
    return out


def _unique(grids: gpd.GeoDataFrame) -> pd.Series:
    """Add a number to names that occur twice in a community."""
    count = grids.groupby(["community", "name"]).cumcount()
    return grids["name"].where(count == 0, grids["name"] + "（" + (count + 1).astype(str) + "）")


def _buildings(pieces: Pieces, layout: Layout) -> gpd.GeoDataFrame:
    b = pieces.buildings.copy()
    leaf = layout.leaf[b["atom"]]
    b["community"] = pieces.base["code"].astype(str).to_numpy()[b["community"].to_numpy()]
    b["level2"] = _null(layout.level2[b["atom"]])
    b["level3"] = _null(_third(layout)[b["atom"]])
    b["dedicated"] = _null(np.where([("-D-" in str(i)) for i in leaf], leaf, ""))
    return b[list(BUILDING_COLUMNS)].sort_values(["community", "id"], kind="stable").reset_index(drop=True)


def _null(ids: Any) -> list[str | None]:
    return [str(i) if i else None for i in ids]


def _borders(pieces: Pieces, layout: Layout) -> gpd.GeoDataFrame:
    """Merge the segments between two finest grids, by the barrier along which they run."""
    ids = np.append(layout.leaf, "")
    a, b = ids[pieces.left].astype(str), ids[pieces.right].astype(str)
    cut = a != b
    frame = pd.DataFrame({
        "left": np.where(a < b, a, b)[cut], "right": np.where(a < b, b, a)[cut],
        "level": _border_level(pieces, layout)[cut], "klass": pieces.klass[cut], "name": pieces.name[cut],
    })  # fmt: skip
    keys = np.column_stack([pd.factorize(frame[k], sort=True)[0] for k in frame.columns])
    order = np.lexsort(keys.T[::-1])
    new = np.ones(len(order), dtype=bool)
    new[1:] = (keys[order][1:] != keys[order][:-1]).any(axis=1)
    drawn = lines(pieces.seg[cut][order])
    merged = shapely.line_merge(shapely.multilinestrings(drawn, indices=np.cumsum(new) - 1))
    out = frame.iloc[order[new]].reset_index(drop=True)
    out["length_m"] = np.round(shapely.length(merged), 3)
    borders = gpd.GeoDataFrame(out, geometry=shapely.normalize(merged), crs=pieces.base.crs)
    return borders[list(BORDER_COLUMNS)]


def _border_level(pieces: Pieces, layout: Layout) -> Any:
    """Return for each segment the largest level at which its sides differ: 1, 2 or 3."""
    outside = pieces.left < 0
    other = outside | (pieces.community[pieces.left] != pieces.community[pieces.right])
    a, b = layout.level2[pieces.left], layout.level2[pieces.right]
    second = (a != b) | (a == "")  # two carved grids are neighbours at level 2
    return np.where(other, 1, np.where(second, 2, 3))


def _atoms(pieces: Pieces, layout: Layout, households: Any) -> gpd.GeoDataFrame:
    code = pieces.base["code"].astype(str).to_numpy()[pieces.community]
    frame = gpd.GeoDataFrame(
        {
            "community": code,
            "atom": np.arange(len(code)),
            "local_id": layout.leaf,
            "households": households,
            "water": pieces.water,
        },
        geometry=pieces.polygons,
        crs=pieces.base.crs,
    )
    return frame[list(ATOM_COLUMNS)]


def figures(
    grids: gpd.GeoDataFrame, borders: gpd.GeoDataFrame, rules: Mapping[str, DivisionRules], households: int
) -> dict[str, Any]:
    """Return the figures of a plan by level: grids, in band, loads, compactness, length along STRONG barriers."""
    out: dict[str, Any] = {}
    for level in (1, 2, 3):
        g = grids[(grids["level"] == level).fillna(False).to_numpy(dtype=bool)]
        if g.empty:
            continue
        load = g["households"].to_numpy()
        compact = 4 * np.pi * g.area / g.length**2
        out[f"level{level}"] = {
            "grids": len(g),
            "households": {"min": int(load.min()), "median": float(np.median(load)), "max": int(load.max())},
            "polsby_popper": round(float(compact.mean()), 3),
        }
        judged = [level >= rules[c].first_level for c in g["community"]]
        if any(judged):
            bands = [getattr(rules[c], f"level{level}") for c in g["community"][judged]]
            inside = [int(h) in band for h, band in zip(load[judged], bands, strict=True)]
            out[f"level{level}"]["in_band"] = sum(inside)
    second = borders[borders["level"] <= 2]
    out["borders"] = {
        "level2_m": round(float(second["length_m"].sum()), 1),
        "level2_along_strong_m": round(float(second["length_m"][second["klass"].isin(list(STRONG))].sum()), 1),
    }
    out["dedicated"] = int((grids["kind"] == "dedicated").sum())
    out["households"] = households
    return out
