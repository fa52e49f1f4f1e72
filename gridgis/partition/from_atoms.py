"""A planner's correction: dissolve edited atoms again, so that topology cannot break."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from gridgis.errors import InvalidInput
from gridgis.geometry.coverage import segments, undirected
from gridgis.geometry.crs import to_work
from gridgis.geometry.measure import representative_points
from gridgis.model import DivisionPlan, need_columns
from gridgis.partition.assemble import assemble
from gridgis.partition.atoms import atoms_of_buildings, shared_segments
from gridgis.partition.continuity import continued
from gridgis.partition.layout import Layout, Pieces


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
    rows = [{str(k): v for k, v in r.items()} for r in plan.report.rows.to_dict("records")]
    flags = _kept_flags(plan, leaf)
    made = assemble(pieces, layout, sites, overlays, flags, plan.rules, rows, plan.seed)
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


def _kept_flags(plan: DivisionPlan, leaf: Any) -> dict[str, set[str]]:
    """Keep the flags of grids whose atoms did not change."""
    before = plan.atoms["local_id"].astype(str).to_numpy()
    changed = {str(i) for pair in zip(before[before != leaf], leaf[before != leaf], strict=True) for i in pair}
    changed |= {f"{i.rsplit('-', 3)[0]}-2-{i.split('-')[2]}" for i in changed if "-3-" in i}
    return {
        str(i): set(str(f).split(","))
        for i, f in zip(plan.grids["local_id"], plan.grids["flags"], strict=True)
        if f and str(i) not in changed
    }
