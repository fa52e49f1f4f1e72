"""Reading plans out of a registry: their rows, their grids and buildings, their papers."""

from __future__ import annotations

import json
from typing import Any

import geopandas as gpd
import pandas as pd
import sqlalchemy as sa

from gridgis.errors import NotFound
from gridgis.ledger.states import actions
from gridgis.registry import tables as t
from gridgis.registry.store import frame, geoframe


def plan_row(connection: sa.Connection, plan_id: int) -> sa.Row[Any]:
    """Return a plan's row.

    Raises
    ------
    NotFound
        There is no such plan.
    """
    row = connection.execute(sa.select(t.plan).where(t.plan.c.fid == plan_id)).first()
    if row is None:
        raise NotFound(f"没有第 {plan_id} 号方案", f"there is no plan {plan_id}", plan=plan_id)
    return row


def drafts(connection: sa.Connection, plan_id: int) -> gpd.GeoDataFrame:
    """Return the grids of a plan in stored coordinates, in the order they came."""
    c = t.plan_grid.c
    return geoframe(connection, sa.select(t.plan_grid).where(c.plan_id == plan_id).order_by(c.fid))


def plan_buildings(connection: sa.Connection, plan_id: int) -> gpd.GeoDataFrame:
    """Return the buildings of a plan in stored coordinates."""
    c = t.plan_building.c
    return geoframe(connection, sa.select(t.plan_building).where(c.plan_id == plan_id).order_by(c.fid))


def list_plans(connection: sa.Connection) -> pd.DataFrame:
    """Return all plans: id, title, communities, state, made_by, made_at, changed_at, revision, grids."""
    p, g = t.plan.c, t.plan_grid.c
    count = sa.select(sa.func.count()).where(g.plan_id == p.fid).scalar_subquery().label("grids")
    columns = (p.fid.label("id"), p.title, p.communities, p.state, p.made_by, p.made_at, p.changed_at, p.revision)
    table = frame(connection, sa.select(*columns, count).order_by(p.fid))
    return table.assign(communities=[json.loads(c) for c in table["communities"]])


def describe_plan(connection: sa.Connection, plan_id: int) -> dict[str, Any]:
    """Return a plan's papers: title, state, possible actions, rules, report, events."""
    row = plan_row(connection, plan_id)
    e = t.plan_event.c
    events = connection.execute(
        sa.select(e.action, e.state, e.who, e.at, e.why, e.office).where(e.plan_id == plan_id).order_by(e.fid)
    )
    out = dict(row._mapping)
    return {
        "id": out.pop("fid"),
        **out,
        "communities": json.loads(row.communities),
        "rules": json.loads(row.rules or "{}"),
        "report": json.loads(row.report or "[]"),
        "actions": actions(row.state),
        "events": [dict(event._mapping) for event in events],
    }
