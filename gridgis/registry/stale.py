"""A plan is stale where another one of its communities was filed since: it was made of grids that are gone."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa

from gridgis.errors import Conflict
from gridgis.registry import tables as t
from gridgis.registry.joint import sharing

_AGAIN = {
    "drafted": ("登记", "请重新划分后替换（gridgis plan revise）", "divide anew and replace it (gridgis plan revise)"),
    "submitted": ("上报", "请退回后重新上报", "return it and submit it again"),
}


def refuse_stale(connection: sa.Connection, row: sa.Row[Any], since: str) -> None:
    """Refuse a plan whose communities were filed by another since it was drafted or submitted; names who and when."""
    g, r = t.grid.c, t.revision.c
    communities, based_on = sharing(connection, json.loads(row.communities)), row.based_on or 0
    harmless = sa.func.coalesce(g.note, "").in_(["conformed", "corrected"])
    changed = (g.valid_from > based_on) & g.community.in_(communities) & ~harmless
    found = connection.execute(
        sa.select(g.community, r.number, r.plan_id, r.filed_by)
        .join(t.revision, r.number == g.valid_from)
        .where(changed)
        .order_by(g.community, r.number.desc())
    ).all()
    if not found:
        return
    codes, last = sorted({f.community for f in found}), max(found, key=lambda f: f.number)
    zh, do_zh, do_en = _AGAIN[since]
    by_zh, by_en = (f"（经办：{last.filed_by}）", f" by {last.filed_by}") if last.filed_by else ("", "")
    raise Conflict(
        f"方案 {row.fid} {zh}之后，方案 {last.plan_id} 已备案为第 {last.number} 版{by_zh}，涉及社区 {codes}；{do_zh}",
        f"since plan {row.fid} was {since}, plan {last.plan_id} was filed as revision {last.number}{by_en} for "
        f"{codes}: {do_en}",
        plan=row.fid,
        communities=codes,
        winner=last.plan_id,
        revision=last.number,
    )
