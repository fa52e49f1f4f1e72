"""A planner's correction: dissolve edited atoms again, so that topology cannot break."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgis.errors import InvalidInput
from gridgis.geometry.coverage import report_row, segments, undirected
from gridgis.geometry.crs import to_work
from gridgis.geometry.measure import representative_points
from gridgis.model import REPORT_COLUMNS, DivisionPlan, PlanReport, need_columns
from gridgis.partition.assemble import assemble
from gridgis.partition.continuity import continued
from gridgis.partition.layout import Layout, Pieces
from gridgis.partition.noding.atoms import atoms_of_buildings, shared_segments


def plan_from_atoms(plan: DivisionPlan, edited: gpd.GeoDataFrame) -> DivisionPlan:
    """Make a plan anew from its atoms, some of which have been given another ``local_id``.

    Parameters
    ----------
    plan
        The plan that the atoms come from.
    edited
        The atoms layer (model.ATOM_COLUMNS) as edited; in any CRS. Shapes are not looked at: an atom is known by its
        number, so a vertex moved by accident changes nothing.

    Raises
    ------
    InvalidInput
        An atom is missing, unknown or twice; a local id that follows no pattern; a grid that falls into parts.
    """
    need_columns(edited, ("atom", "local_id"), "atoms")
    leaf = _leaf(plan.atoms, edited)
    codes = plan.base["code"].astype(str).to_numpy()
    position = {code: i for i, code in enumerate(codes)}
    community = np.array([position[c] for c in plan.atoms["community"].astype(str)], dtype=np.int64)
    layout = Layout.from_leaf(leaf, codes[community])
    pieces = _pieces(plan, leaf, community)
    dedicated = plan.grids[plan.grids["mode"] == "carve"]
    sites = {
        str(g["local_id"]): pd.Series({"id": g["site_id"], "name": g["name"], "category": g["category"]})
        for _, g in dedicated.iterrows()
    }
    overlays: list[dict[str, Any]] = [
        {str(k): v for k, v in row.items()} for row in plan.grids[plan.grids["mode"] == "overlay"].to_dict("records")
    ]
    made = assemble(pieces, layout, sites, overlays, {}, plan.rules, [], plan.seed)
    same = _unchanged(plan, made)
    earlier_names = dict(zip(plan.grids["local_id"], plan.grids["name"], strict=True))
    made.grids["name"] = [
        earlier_names.get(i, n) for i, n in zip(made.grids["local_id"], made.grids["name"], strict=True)
    ]
    kept_flags = dict(zip(plan.grids["local_id"], plan.grids["flags"], strict=True))
    made.grids["flags"] = [kept_flags[i] if i in same else "" for i in made.grids["local_id"]]
    made = replace(made, report=PlanReport(_rows(plan, made, same), made.report.figures), pins=plan.pins)
    if plan.grids["previous"].notna().any():
        earlier = dict(zip(plan.grids["local_id"], plan.grids["previous"], strict=True))
        made.grids["previous"] = [None if i is None else earlier[i] for i in continued(made, plan.grids)]
    return made


def _leaf(atoms: gpd.GeoDataFrame, edited: gpd.GeoDataFrame) -> Any:
    numbers = edited["atom"].to_numpy()
    if sorted(numbers.tolist()) != sorted(atoms["atom"].tolist()):
        missing = sorted(set(atoms["atom"]) - set(numbers.tolist()))[:10]
        extra = sorted(set(numbers.tolist()) - set(atoms["atom"]))[:10]
        raise InvalidInput(
            f"原子面与方案不符：缺 {missing}，多 {extra}，或有重复；只改 local_id，不要增删",
            f"the atoms are not those of the plan: missing {missing}, unknown {extra}, or some twice; "
            "edit local_id only",
        )
    by_number = dict(zip(numbers.tolist(), edited["local_id"].astype(str), strict=True))
    return np.array([by_number[n] for n in atoms["atom"]], dtype=object)


def _pieces(plan: DivisionPlan, leaf: Any, community: Any) -> Pieces:
    atoms = to_work(plan.atoms, str(plan.grids.crs), "atoms")
    polygons = atoms.geometry.to_numpy()
    seg, left, right = shared_segments(polygons)
    klass, name = _along(plan, seg)
    buildings = plan.buildings.copy()
    buildings["atom"] = _atom_of_building(plan, polygons, community)
    position = {str(c): i for i, c in enumerate(plan.base["code"])}
    buildings["community"] = [position[str(c)] for c in buildings["community"]]
    return Pieces(
        plan.base, polygons, community, plan.atoms["water"].to_numpy(dtype=bool), buildings,
        left, right, seg, klass, name,
    )  # fmt: skip


def _along(plan: DivisionPlan, seg: Any) -> tuple[Any, Any]:
    """Return the class and name of each segment as the plan's borders tell; '' where no border ran before."""
    found, owner = segments(plan.borders.geometry.to_numpy())
    known = {tuple(s): int(o) for s, o in zip(undirected(found).tolist(), owner, strict=True)}
    klass, name = np.full(len(seg), "", dtype=object), np.full(len(seg), "", dtype=object)
    for i, s in enumerate(seg.tolist()):
        if (row := known.get(tuple(s))) is not None:
            klass[i], name[i] = plan.borders["klass"].iloc[row], plan.borders["name"].iloc[row]
    return klass, name


def _atom_of_building(plan: DivisionPlan, polygons: Any, community: Any) -> Any:
    work = str(plan.grids.crs)
    lonlat = representative_points(plan.buildings, work)
    codes = {str(c): i for i, c in enumerate(plan.base["code"])}
    of = np.array([codes[str(c)] for c in plan.buildings["community"]], dtype=np.int64)
    return atoms_of_buildings(lonlat, of, polygons, community, work)


def _unchanged(plan: DivisionPlan, made: DivisionPlan) -> set[str]:
    """Return the local ids of grids that have the very shape they had."""
    before = dict(zip(plan.grids["local_id"], plan.grids.geometry, strict=True))
    return {
        str(i)
        for i, shape in zip(made.grids["local_id"], made.grids.geometry, strict=True)
        if i in before and shapely.normalize(before[i]).equals_exact(shapely.normalize(shape), 0)
    }


def _rows(plan: DivisionPlan, made: DivisionPlan, same: set[str]) -> pd.DataFrame:
    """Keep the report rows that still speak of what is there, and say which grids were changed by hand."""
    ids = set(plan.grids["local_id"].astype(str))
    rows = plan.report.rows
    kept = rows[[s not in ids or s in same for s in rows["subject"].astype(str)]]
    changed = sorted((ids | set(made.grids["local_id"].astype(str))) - same)
    if not changed:
        return kept.reset_index(drop=True)
    listed = "、".join(changed[:10]) + ("…" if len(changed) > 10 else "")
    said = report_row(
        "info", "atoms", changed[0], "corrected", len(changed),
        f"手工调整后有 {len(changed)} 个网格改变：{listed}",
        f"{len(changed)} grids were changed by hand: {listed.replace('、', ', ')}",
    )  # fmt: skip
    return pd.DataFrame([*kept.to_dict("records"), said], columns=list(REPORT_COLUMNS))


__all__ = ["plan_from_atoms"]
