"""Recoding: after a change of edition of the region codes all grids concerned get new codes, in one revision.

Borders, names and leaders stay; each new code descends wholly from the old one (relation "recoded"). What the lineage
of the regions cannot map stops all of it: nothing is recoded by halves.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import pandas as pd
import sqlalchemy as sa

from gridgis.coding.editions import Lineage
from gridgis.coding.recode import recode
from gridgis.errors import Conflict, Rejected
from gridgis.registry import tables as t
from gridgis.registry.book import Book
from gridgis.registry.filing import begin_rows, end_rows, first_day, settle_codes
from gridgis.registry.joint import members_of
from gridgis.registry.plans import OPEN_STATES, Author, issued, powers_of, record
from gridgis.registry.remarks import carry_remarks
from gridgis.registry.seals import seal_revision
from gridgis.registry.store import insert
from gridgis.registry.team import carry_over
from gridgis.registry.team_filing import file_team


def recode_all(book: Book, connection: sa.Connection, lineage: Lineage, author: Author, in_force_from: Any) -> int:
    """Publish the recoded grids as one revision; errors as ``Registry.recode``."""
    powers_of(connection).need("file", author.office)
    grids = book.grids(connection, book.head(connection))
    codes = _new_codes(book, connection, grids["code"].tolist(), lineage)
    regions = _new_regions(connection, grids, lineage)
    _refuse_shared_codes(connection, regions)
    _refuse_open_plans(connection, set(regions))
    day = first_day(book, connection, in_force_from)
    number = book.head(connection) + 1
    plan_id = _plan(book, connection, sorted(set(regions.values())), number, author)
    _publish(connection, grids, codes, regions, number, plan_id)
    _rename(connection, codes, regions)
    values = {"number": number, "plan_id": plan_id, "filed_at": book.clock(), "in_force_from": day}
    connection.execute(sa.insert(t.revision).values(**values, filed_by=author.by))
    seal_revision(connection, number)
    carry_over(book, connection, codes, day, author.by)
    carry_remarks(book, connection, codes, day, author.by)
    file_team(book, connection, author, day, sorted(codes.values()))
    record(book, connection, plan_id, "recode", "filed", author)
    return number


def _new_codes(book: Book, connection: sa.Connection, codes: list[str], lineage: Lineage) -> dict[str, str]:
    """Return old code -> new code of the grids that change theirs."""
    rows = recode(book.scheme, codes, lineage, issued(book, connection))
    if lost := [row for row in rows if row.new is None]:
        first = lost[0]
        raise Rejected(
            f"有 {len(lost)} 个网格无法换码，没有换任何一个：{first.old}，{first.why_zh}",
            f"{len(lost)} grids cannot be recoded, so none was: {first.old}: {first.why_en}",
            unmapped=[row.old for row in lost],
        )
    changed = {row.old: row.new for row in rows if row.new is not None and row.new != row.old}
    if not changed:
        raise Rejected("没有网格需要换码", "no grid changes its code")
    return changed


def _new_regions(connection: sa.Connection, grids: pd.DataFrame, lineage: Lineage) -> dict[str, str]:
    """Return old -> new code of the communities and streets that change theirs."""
    base = connection.execute(sa.select(t.community.c.code)).scalars().all()
    found = {}
    for code in sorted({*base, *grids["community"]}):
        heirs = [step.new for step in lineage.heirs(code) if step.new is not None]
        if len(heirs) == 1 and heirs[0] != code:
            found[code] = heirs[0]
    return found


def _refuse_shared_codes(connection: sa.Connection, regions: Mapping[str, str]) -> None:
    """Refuse a lineage after which several communities of the base layer would have one code."""
    sharers: dict[str, list[str]] = defaultdict(list)
    for code in sorted(connection.execute(sa.select(t.community.c.code)).scalars()):
        sharers[regions.get(code, code)].append(code)
    if shared := {new: old for new, old in sharers.items() if len(old) > 1}:
        told = "; ".join(f"{', '.join(old)} -> {new}" for new, old in list(shared.items())[:5])
        raise Rejected(
            f"换码后有 {len(shared)} 个代码各为多个社区所有（{told}），没有换任何网格；基础图层中每个社区须有"
            "自己的代码：请在沿革表中给它们各自的新代码，或删去其中尚无网格的社区的行（它保留原代码），再换码",
            f"{len(shared)} codes would each be of several communities ({told}), so nothing was recoded; each "
            "community of the base layer has a code of its own: in the lineage table give them different new "
            "codes, or take out the row of one that has no grids (it keeps its code), and recode again",
            communities=shared,
        )


def _refuse_open_plans(connection: sa.Connection, regions: set[str]) -> None:
    p = t.plan.c
    rows = connection.execute(sa.select(p.fid, p.communities).where(p.state.in_(OPEN_STATES)).order_by(p.fid))
    if ids := [row.fid for row in rows if regions & set(json.loads(row.communities))]:
        raise Conflict(
            f"方案 {ids} 尚未办结，涉及要换码的社区；请先备案或撤回",
            f"the plans {ids} are open and of communities that would be recoded: file or withdraw them first",
            plans=ids,
        )


def _plan(book: Book, connection: sa.Connection, communities: list[str], number: int, author: Author) -> int:
    """Write down the recoding as a plan of its own, without grids of its own."""
    now = book.clock()
    values = {
        "title": "换码 recoding", "communities": json.dumps(communities), "state": "filed", "made_by": author.by,
        "made_at": now, "changed_at": now, "based_on": number - 1, "revision": number,
    }  # fmt: skip
    key = connection.execute(sa.insert(t.plan).values(**values)).inserted_primary_key
    return int(key[0]) if key else 0


def _publish(
    connection: sa.Connection,
    grids: gpd.GeoDataFrame,
    codes: Mapping[str, str],
    regions: Mapping[str, str],
    number: int,
    plan_id: int,
) -> None:
    """End the versions of grids whose code, parent or community changes, and begin the same grids with the new ones."""
    new = grids.assign(
        code=[codes.get(c, c) for c in grids["code"]],
        parent=[codes.get(p, p) for p in grids["parent"]],
        community=[regions.get(c, c) for c in grids["community"]],
        valid_from=number, plan_id=plan_id, note="recoded",
    )  # fmt: skip
    same = (new["code"] == grids["code"]) & (new["community"] == grids["community"])
    same &= new["parent"].fillna("") == grids["parent"].fillna("")
    end_rows(connection, grids["fid"][~same].tolist(), number)
    begin_rows(connection, new[~same])
    kin = [{"old": a, "new": b, "households_share": 1.0, "area_share": 1.0} for a, b in codes.items()]
    insert(connection, t.lineage, pd.DataFrame(kin).assign(relation="recoded", revision=number))
    c = t.issued_code.c
    known = set(connection.execute(sa.select(c.code)).scalars())
    now = connection.execute(sa.select(t.plan.c.made_at).where(t.plan.c.fid == plan_id)).scalar()
    fresh = [code for code in codes.values() if code not in known]
    insert(
        connection,
        t.issued_code,
        pd.DataFrame({"code": fresh}).assign(plan_id=plan_id, issued_at=now, state="in_force").astype(object),
    )
    settle_codes(connection, set(codes.values()), set(codes))


def _rename(connection: sa.Connection, codes: Mapping[str, str], regions: Mapping[str, str]) -> None:
    """Rename the communities of the base layer, and what the buildings say of theirs and of their grids."""
    _replace(connection, t.community.c.code, regions)
    _replace(connection, t.building.c.community, regions)
    c = t.community.c
    for code, parts in members_of(connection).items():
        told = json.dumps([regions.get(part, part) for part in parts])
        connection.execute(sa.update(t.community).where(c.code == code).values(members=told))
    for column in (t.building.c.level2, t.building.c.level3, t.building.c.dedicated):
        _replace(connection, column, codes)


def _replace(connection: sa.Connection, column: sa.Column[str], names: Mapping[str, str]) -> None:
    """Replace values by others, also where one's new value is another's old one."""
    rows = [{"old": a, "marked": f"~{b}"} for a, b in names.items()]
    if not rows:
        return
    table = column.table
    connection.execute(
        sa.update(table).where(column == sa.bindparam("old")).values({column: sa.bindparam("marked")}), rows
    )
    plain = sa.func.substr(column, 2)
    connection.execute(sa.update(table).where(column.startswith("~")).values({column: plain}))
