"""Use cases around a registry: make one of a town, take plans in, take teams in, look points up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from gridgis.checks import verify
from gridgis.coding import Scheme
from gridgis.errors import InvalidInput, NotFound
from gridgis.geometry.coverage import node_base, report_row
from gridgis.geometry.crs import STORED_CRS, choose_work_crs, to_stored
from gridgis.io.plan_file import check_output, read_communities, read_plan
from gridgis.io.read import list_layers, read_stored
from gridgis.io.tables import read_table
from gridgis.io.town import Town, read_town
from gridgis.ledger.states import STATES
from gridgis.model import (
    REPORT_COLUMNS,
    Community,
    DivisionPlan,
    PlanReport,
)
from gridgis.partition import plan_from_atoms
from gridgis.registry import Registry
from gridgis.registry.book import Clock
from gridgis.registry.files import need_metric, whole_or_nothing
from gridgis.registry.registry import utc_now
from gridgis.registry.store import plain_rows
from gridgis.registry.team import TeamChange
from gridgis.service.in_force import in_force_from, to_come

CONTEXT_LAYERS = ("roads", "railways", "rivers", "water", "walls", "buildings", "compounds")
"""Layers of a town that a registry keeps under its grids."""

TEAM_HEADS = {
    "网格编码": "grid", "网格编号": "grid", "编码": "grid", "角色": "role", "职务": "role", "姓名": "name",
    "电话": "phone", "联系电话": "phone", "起始": "from", "起始日期": "from", "截止": "to", "截止日期": "to",
}  # fmt: skip
"""Chinese column heads of a team table."""

CERTIFICATE_HEADS = {
    "姓名": "name", "电话": "phone", "证书": "kind", "证书种类": "kind", "证书编号": "number", "发证日期": "issued",
    "到期": "expires", "到期日期": "expires",
}  # fmt: skip
"""Chinese column heads of a table of certificates."""


@dataclass(frozen=True)
class NewRegistry:
    """Where a registry is to be made, and how."""

    path: str | Path
    scheme: str = "national-15"
    name: str = ""
    work_crs: str | None = None


def create_registry(new: NewRegistry, town: str | Path | None = None, clock: Clock = utc_now) -> dict[str, Any]:
    """Make a registry; with a town: import its communities, noded together, and its context.

    Returns
    -------
    dict
        path, work_crs, scheme, communities, layers (rows by layer), notes (report rows).

    Raises
    ------
    InvalidInput
        Neither a town nor a work CRS is given, the CRS is unknown or not metric, or the name does not end in .gpkg.
    Conflict
        The file is there already.
    """
    if "://" not in str(new.path) and not Path(new.path).exists():  # what is there already is refused as a conflict
        check_output(new.path)
    if new.work_crs is not None:
        need_metric(new.work_crs)
    source = None if town is None else read_town(town)
    work_crs = new.work_crs or (None if source is None else work_crs_of(source.communities))
    if work_crs is None:
        raise InvalidInput(
            "没有城镇数据时须指明工作坐标系，例如 --work-crs EPSG:4545",
            "without a town state the metric work CRS, e.g. --work-crs EPSG:4545",
        )
    scheme = Scheme.load(new.scheme)
    base, rows = (None, []) if source is None else _noded_base(source, scheme, work_crs)
    known = 0 if base is None else len(base)
    with (
        whole_or_nothing(new.path) as path,
        Registry.create(path, work_crs=work_crs, scheme=scheme, name=new.name, clock=clock) as registry,
    ):
        layers = {} if source is None else _import_town(registry, source, base)
    notes = rows if source is None else [*source.notes.to_dict("records"), *rows]
    return {
        "path": str(new.path), "work_crs": work_crs, "scheme": scheme.name, "communities": known, "layers": layers,
        "notes": notes,
    }  # fmt: skip


def _noded_base(town: Town, scheme: Scheme, work_crs: str) -> tuple[gpd.GeoDataFrame, list[dict[str, Any]]]:
    for code in town.communities["code"]:
        scheme.check_region(code)
    return node_base(town.communities, work_crs)


def work_crs_of(frame: gpd.GeoDataFrame) -> str:
    """Name the metric CRS for a layer by the middle of its extent."""
    west, south, east, north = to_stored(frame).total_bounds
    return choose_work_crs((west + east) / 2, (south + north) / 2)


def _import_town(registry: Registry, town: Town, base: gpd.GeoDataFrame | None) -> dict[str, int]:
    counts: dict[str, int] = {}
    if base is not None:
        counts["communities"] = registry.import_communities(base)
    for name in CONTEXT_LAYERS:
        rows = getattr(town, name)
        if rows is not None:
            counts[name] = registry.import_context(name, rows)
    return counts


def communities_on_base(registry: Registry, communities: Iterable[Community]) -> list[Community]:
    """Return the communities with the boundaries of the registry's base layer, ready to be divided again.

    Divide them in the registry's work CRS: ``divide(..., previous=registry.grids(), work_crs=registry.work_crs)``.

    Raises
    ------
    NotFound
        A community is not in the base layer.
    """
    base = registry.communities().set_index("code")
    given = list(communities)
    if unknown := [c.code for c in given if c.code not in base.index]:
        raise NotFound(
            f"社区 {unknown} 不在注册库的基础图层中",
            f"the communities {unknown} are not in the base layer",
            codes=unknown,
        )
    return [replace(c, boundary=base.geometry.loc[c.code], crs=STORED_CRS) for c in given]


def read_plan_with_atoms(plan: str | Path | None, edited: str | Path) -> DivisionPlan:
    """Make a plan anew from atoms whose ``local_id`` a planner edited.

    Parameters
    ----------
    plan
        The plan file that the atoms come from; None: the edited file is that plan file.
    edited
        A file with the layer atoms (or one layer only).
    """
    source = read_plan(edited if plan is None else plan)
    if plan is None:
        return plan_from_atoms(source, source.atoms)
    layers = list_layers(edited)
    return plan_from_atoms(source, read_stored(edited, "atoms" if "atoms" in layers else None))


def with_findings(plan: DivisionPlan, source: str | Path) -> tuple[DivisionPlan, bool]:
    """Verify a plan against the input that its file holds, and put what is broken into its report.

    Parameters
    ----------
    plan
        The plan, perhaps corrected by hand.
    source
        The plan file that holds the communities it was made of.

    Returns
    -------
    tuple
        The plan with a row (severity "unmet", stage "verify") for each broken rule, so that those who review it see
        them; and whether it could be verified: a file written without its input cannot, which is a row too.
    """
    try:
        found = verify(plan.grids, read_communities(source), plan.rules, atoms=plan.atoms).violations
    except InvalidInput as e:
        row = report_row("warning", "verify", "", "not verified", 0, f"未核查：{e.zh}", f"not verified: {e.en}")
        return _with_rows(plan, [row]), False
    rows = []
    for v in found.to_dict("records"):
        zh, _, en = str(v["why"]).partition(" / ")
        rows.append(report_row("unmet", "verify", str(v["grid"]), str(v["rule"]), float(v["measure"]), zh, en))
    return _with_rows(plan, rows), True


def _with_rows(plan: DivisionPlan, rows: list[dict[str, Any]]) -> DivisionPlan:
    before = plan.report.rows[plan.report.rows["stage"] != "verify"].to_dict("records")
    table = pd.DataFrame([*before, *rows], columns=list(REPORT_COLUMNS))
    return replace(plan, report=PlanReport(table, plan.report.figures))


def import_team(registry: Registry, path: str | Path, by: str) -> TeamChange:
    """Add the appointments of a table file; those that are there already get its last days."""
    return registry.team_import(read_table(path, TEAM_HEADS), by)


def import_certificates(registry: Registry, path: str | Path) -> int:
    """Write the certificates of a table file; return how many rows it had."""
    return registry.certificates_import(read_table(path, CERTIFICATE_HEADS))


def open_registry(path_or_url: str | Path) -> Registry:
    """Open a registry for use cases; errors as ``Registry.open``."""
    return Registry.open(path_or_url)


def summarise(registry: Registry) -> dict[str, Any]:
    """Count what is in a registry."""
    plans, codes = registry.plans(), registry.issued_codes()
    grids = registry.grids()
    return {
        "path": registry.path,
        "name": registry.name,
        "work_crs": registry.work_crs,
        "scheme": registry.scheme.name,
        "communities": int(registry.communities()["members"].isna().sum()),
        "revision": registry.revision,
        "in_force_from": in_force_from(registry, registry.revision),
        "revisions": len(registry.revisions()),
        "to_come": to_come(registry),
        "grids": {str(k): int(v) for k, v in grids["level"].astype(object).fillna("dedicated").value_counts().items()},
        "plans": {str(k): int(v) for k, v in plans["state"].value_counts().items()},
        "codes": {str(k): int(v) for k, v in codes["state"].value_counts().items()},
        "team": len(registry.team()),
    }


def state_words(state: str) -> str:
    """Return the Chinese name of a plan's state."""
    return STATES.get(state, state)


def plain_records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as plain values, None for what is missing."""
    return plain_rows(table)
