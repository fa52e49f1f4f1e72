"""What a map shows, of a registry or of a plan file: grids, the town under them, cards."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from gridgis.geometry.crs import STORED_CRS, to_stored
from gridgis.io.plan_file import read_communities, read_plan
from gridgis.io.read import list_layers
from gridgis.model import Community, DivisionPlan
from gridgis.service.locator import Locator, need_revision
from gridgis.service.summary import Fault, by_grid, faults

CONTEXT = ("roads", "railways", "rivers", "water", "buildings", "compounds", "communities")
"""Layers drawn under the grids."""
ROADS = ("motorway", "primary", "secondary", "tertiary", "residential")
PLAN_LAYERS = {"grids", "atoms", "borders"}


@dataclass(frozen=True)
class Shown:
    """All that a map needs; frames in stored coordinates (lon/lat)."""

    grids: gpd.GeoDataFrame
    context: Mapping[str, gpd.GeoDataFrame]
    cards: Mapping[str, Mapping[str, Any]]
    title: str
    subtitle: str


def show_file(path: str | Path) -> Shown:
    """Return what a map shows of a registry or a plan file, whichever it is.

    Raises
    ------
    NotFound
        There is no such file, or nothing is in force in the registry yet.
    InvalidInput
        It is neither.
    """
    source = Path(path)
    if is_plan_file(source):
        return show_plan(read_plan(source), read_communities(source), source.stem)
    with Locator.open(path) as locator:
        return show_registry(locator)


def is_plan_file(source: str | Path) -> bool:
    """Tell whether it is a plan file; the address of a registry in a database is none."""
    path = Path(source)
    return path.is_file() and not is_registry(path) and set(list_layers(path)) >= PLAN_LAYERS


def is_registry(path: Path) -> bool:
    """Tell by sqlite alone: a registry in use must not be opened by another library in this process (``Store``)."""
    try:
        with contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as c:
            return bool(c.execute("SELECT count(*) FROM sqlite_master WHERE name = 'registry_meta'").fetchone()[0])
    except sqlite3.DatabaseError:
        return False


def show_registry(locator: Locator) -> Shown:
    """Return what a map shows of the revision in force; phone numbers are masked."""
    revision = need_revision(locator)
    grids = locator.grids()
    cards = {str(code): locator.card(str(code), mask=True) for code in grids["code"]}
    days = [str(card["valid_from"]) for card in cards.values() if card.get("valid_from")]
    title = f"{locator.name}社区网格图" if locator.name else "社区网格图"
    subtitle = f"修订版 revision {revision} · {max(days)[:10]}" if days else f"修订版 revision {revision}"
    return Shown(grids, {name: locator.context(name) for name in CONTEXT}, cards, title, subtitle)


def show_plan(plan: DivisionPlan, communities: Sequence[Community], name: str) -> Shown:
    """Return what a map shows of a plan that is not filed: local ids in place of codes, no people."""
    stored = to_stored(plan.grids)
    grids = stored.assign(code=stored["local_id"], area_m2=plan.grids.area.round(1).to_numpy())
    names = dict(zip(plan.base["code"], plan.base["name"], strict=True))
    rows = pd.DataFrame(grids.drop(columns="geometry")).astype(object)
    found = by_grid(faults(plan))
    cards = {
        str(row["code"]): _plan_card({str(k): v for k, v in row.items()}, names, found.get(str(row["code"])))
        for row in rows.where(rows.notna(), None).to_dict("records")
    }
    return Shown(
        grids, plan_context(plan, communities), cards, f"网格划分方案 {name}", "未备案 not filed · 编号为方案内编号"
    )


def _plan_card(row: Mapping[str, Any], names: Mapping[str, str], fault: Fault | None) -> dict[str, Any]:
    """Return the card of a grid; a grid at fault says why in ``reasons``."""
    keep = ("code", "name", "level", "kind", "mode", "category", "households", "area_m2", "flags")
    return {
        **{key: row[key] for key in keep},
        "community": {"code": row["community"], "name": names.get(row["community"])},
        **({"reasons": [{"zh": zh, "en": en} for zh, en in fault.reasons]} if fault else {}),
    }


def plan_context(plan: DivisionPlan, communities: Sequence[Community]) -> dict[str, gpd.GeoDataFrame]:
    """Return CONTEXT, as far as a plan file holds the town: barriers sorted by class, buildings, compounds."""
    barriers = _gather([c.barriers for c in communities])
    area = shapely.get_dimensions(barriers.geometry.to_numpy()) == 2
    klass = barriers["klass"]
    return {
        "roads": barriers[~area & klass.isin(ROADS)],
        "railways": barriers[~area & (klass == "railway")],
        "rivers": barriers[~area & (klass == "river")],
        "water": barriers[area],
        "buildings": _with_use(to_stored(plan.buildings), communities),
        "compounds": _gather([c.compounds for c in communities if c.compounds is not None]),
        "communities": to_stored(plan.base),
    }


def _with_use(buildings: gpd.GeoDataFrame, communities: Sequence[Community]) -> gpd.GeoDataFrame:
    """Give a plan's buildings their use, where the input of the plan tells it: it decides their colour."""
    given = [c.buildings.assign(community=c.code) for c in communities if "use" in c.buildings.columns]
    if not given:
        return buildings
    keys = ["community", "id"]
    uses = pd.concat([pd.DataFrame(g[[*keys, "use"]]).astype(object) for g in given], ignore_index=True)
    uses["id"] = uses["id"].astype(str)
    found = uses.drop_duplicates(keys, keep=False).set_index(keys)["use"]
    own = pd.MultiIndex.from_arrays([buildings["community"], buildings["id"].astype(str)])
    return buildings.assign(use=found.reindex(own).to_numpy())


def _gather(frames: Sequence[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    """Put layers of several communities together in stored coordinates, each shape once."""
    parts = [to_stored(f) for f in frames if len(f)]
    if not parts:
        return gpd.GeoDataFrame({"klass": [], "name": []}, geometry=[], crs=STORED_CRS)
    whole = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=STORED_CRS)
    if "name" not in whole.columns:
        whole["name"] = None
    return whole[~whole.geometry.to_wkb().duplicated()]
