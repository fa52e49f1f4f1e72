"""Plans in a registry: taking one in, its state, its codes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import geopandas as gpd
import pandas as pd
import pyproj
import sqlalchemy as sa

from gridgis.errors import Conflict, InvalidInput, NotFound
from gridgis.geometry.crs import to_stored
from gridgis.ledger.encode import encode_plan, streets_above
from gridgis.ledger.identity import identify
from gridgis.ledger.names import carried_names, is_made
from gridgis.ledger.powers import OPEN, STEPS, Powers
from gridgis.ledger.states import next_state
from gridgis.model import ATOM_COLUMNS, BUILDING_COLUMNS, GRID_COLUMNS, DivisionPlan, need_columns
from gridgis.registry import tables as t
from gridgis.registry.book import Book
from gridgis.registry.joint import refuse_parts, sharing
from gridgis.registry.plan_rows import drafts, plan_buildings, plan_row
from gridgis.registry.store import Instant, begins, chunks, insert

OPEN_STATES = ("draft", "submitted", "reviewed", "returned")
"""A plan in one of these may still be filed."""


@dataclass(frozen=True)
class Author:
    """Who does something to a plan, why, and for which office (not verified until there are users)."""

    by: str
    why: str = ""
    office: str = ""


def new_plan(book: Book, connection: sa.Connection, plan: DivisionPlan, title: str, author: Author) -> int:
    """Take in a division as a draft with preview codes; return its number.

    Raises
    ------
    InvalidInput
        A column is missing, the plan is empty, or in another work CRS.
    NotFound
        A community is not in the base layer.
    Forbidden
        The registry's powers give this to another office; nothing is done then.
    """
    powers_of(connection).need("new", author.office)
    grids = _checked(book, connection, plan)
    now = book.clock()
    values = {
        "title": title, "communities": json.dumps(sorted(set(grids["community"]))), "state": "draft",
        "seed": int(plan.seed), "made_by": author.by, "made_at": now, "changed_at": now,
        "based_on": book.head(connection), **_papers(plan),
    }  # fmt: skip
    key = connection.execute(sa.insert(t.plan).values(**values)).inserted_primary_key
    plan_id = int(key[0]) if key else 0
    _store(book, connection, plan_id, plan, grids)
    record(book, connection, plan_id, "new", "draft", author)
    preview(book, connection, plan_id)
    return plan_id


def revise_plan(book: Book, connection: sa.Connection, plan_id: int, plan: DivisionPlan, author: Author) -> None:
    """Replace the content of a draft or returned plan; grids that continue those of the plan keep their codes.

    Raises
    ------
    Conflict
        The plan is in a state in which it cannot be submitted.
    Forbidden
        The registry's powers give this to another office; nothing is done then.
    """
    powers_of(connection).need("revise", author.office)
    row = plan_row(connection, plan_id)
    next_state(row.state, "submit", plan_id)
    grids = _checked(book, connection, plan)
    before = drafts(connection, plan_id).rename(columns={"local_id": "id"})
    new = grids.rename(columns={"local_id": "id"})
    same = identify(book.work(before), new, plan.buildings).continues
    codes = dict(zip(before["id"], before["code"], strict=True))
    for table in (t.plan_grid, t.plan_building, t.plan_atom):
        connection.execute(sa.delete(table).where(table.c.plan_id == plan_id))
    grids["code"] = [codes.get(same.get(i, "")) for i in grids["local_id"]]
    _store(book, connection, plan_id, plan, grids)
    values: dict[str, Any] = {
        "communities": json.dumps(sorted(set(grids["community"]))),
        "seed": int(plan.seed),
        **_papers(plan),
    }
    values["based_on"] = book.head(connection)
    connection.execute(sa.update(t.plan).where(t.plan.c.fid == plan_id).values(**values))
    record(book, connection, plan_id, "revise", row.state, author)
    preview(book, connection, plan_id)


def _papers(plan: DivisionPlan) -> dict[str, str]:
    rules = {code: rules.to_dict() for code, rules in plan.rules.items()}
    report = json.loads(plan.report.rows.to_json(orient="records", force_ascii=False))
    return {"rules": json.dumps(rules, ensure_ascii=False), "report": json.dumps(report, ensure_ascii=False)}


def _checked(book: Book, connection: sa.Connection, plan: DivisionPlan) -> gpd.GeoDataFrame:
    need_columns(plan.grids, tuple(GRID_COLUMNS), "plan.grids")
    need_columns(plan.buildings, BUILDING_COLUMNS, "plan.buildings")
    need_columns(plan.atoms, ATOM_COLUMNS, "plan.atoms")
    _need_same_crs(book, plan)
    if not len(plan.grids):
        raise InvalidInput("方案中没有网格", "the plan has no grids")
    known = set(connection.execute(sa.select(t.community.c.code)).scalars())
    if unknown := sorted(set(plan.grids["community"].astype(str)) - known):
        raise NotFound(
            f"社区 {unknown[:5]} 不在注册库的基础图层中；请用含这些社区的城镇数据新建注册库（gridgis registry create "
            "--town），或在 Python 中用 Registry.import_communities 导入",
            f"the communities {unknown[:5]} are not in the registry's base layer; make the registry of a town that has "
            "them (gridgis registry create --town), or add them in Python with Registry.import_communities",
            communities=unknown,
        )
    grids = _given_codes(book.work(plan.grids).reset_index(drop=True))
    if twice := sorted(set(grids["local_id"][grids["local_id"].duplicated()])):
        raise InvalidInput(f"local_id 重复：{twice[:5]}", f"local ids occur twice: {twice[:5]}", ids=twice)
    for code in sorted(set(grids["community"])):
        book.scheme.check_region(code)
    _check_given(book, connection, grids)
    refuse_parts(connection, grids["community"])
    return grids


def _need_same_crs(book: Book, plan: DivisionPlan) -> None:
    """Refuse a plan on another 1 mm grid: its vertices would not be those of the base layer."""
    if plan.grids.crs is None or pyproj.CRS.from_user_input(book.work_crs) != plan.grids.crs:
        name = None if plan.grids.crs is None else plan.grids.crs.to_string()
        raise InvalidInput(
            f"方案的坐标系是 {name}，注册库的工作坐标系是 {book.work_crs}；请用注册库的坐标系重新划分",
            f"the plan is in {name}, the registry works in {book.work_crs}; divide again in the registry's work CRS",
            crs=name,
        )


def _given_codes(grids: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Let grids that come with codes (flagged "given") be known by them; other codes were previews and are dropped."""
    if "code" not in grids:
        return grids
    given = grids["code"].notna() & _is_given(grids)
    names = dict(zip(grids["local_id"][given], grids["code"][given], strict=True))
    for column in ("local_id", "parent"):
        grids[column] = grids[column].map(lambda i: names.get(i, i))
    return grids.drop(columns="code")


def _is_given(grids: gpd.GeoDataFrame) -> pd.Series[bool]:
    return grids["flags"].fillna("").str.split(",").map(lambda f: "given" in f).astype(bool)


def _check_given(book: Book, connection: sa.Connection, grids: gpd.GeoDataFrame) -> None:
    """Refuse given codes that the scheme does not know."""
    for code in grids["local_id"][_is_given(grids)]:
        book.scheme.parse(str(code))


def _store(book: Book, connection: sa.Connection, plan_id: int, plan: DivisionPlan, grids: gpd.GeoDataFrame) -> None:
    rows = to_stored(grids).assign(plan_id=plan_id, area_m2=grids.geometry.area.round(3))
    insert(connection, t.plan_grid, rows)
    buildings = to_stored(book.work(plan.buildings)).assign(plan_id=plan_id)
    insert(connection, t.plan_building, buildings.astype({"id": str}))
    atoms = to_stored(book.work(plan.atoms)).assign(plan_id=plan_id)
    atoms["atom"] = atoms["atom"].astype(str)
    atoms["water"] = atoms["water"].astype("Int64")
    insert(connection, t.plan_atom, atoms)


CLOCK_BEHIND_S = 120.0
"""How far a clock may be behind the last step written down: what clocks of several machines differ by."""


def record(book: Book, connection: sa.Connection, plan_id: int, action: str, state: str, author: Author) -> None:
    """Set the state of a plan, and write down what happened, who did it, when and why.

    Raises
    ------
    Forbidden
        The registry's powers give this step to another office.
    Conflict
        The clock is behind the last step.
    """
    if action in STEPS:
        powers_of(connection).need(action, author.office)
    now = _checked_now(book, connection)
    connection.execute(sa.update(t.plan).where(t.plan.c.fid == plan_id).values(state=state, changed_at=now))
    who = {"who": author.by, "why": author.why, "office": author.office}
    values = {"plan_id": plan_id, "action": action, "state": state, "at": now, **who}
    connection.execute(sa.insert(t.plan_event).values(**values))


def powers_of(connection: sa.Connection) -> Powers:
    """Return who may do what in this registry; anybody may do anything where nothing was chosen."""
    text = connection.execute(sa.select(t.registry_meta.c.powers)).scalar()
    return Powers.from_text(text) if text else OPEN


def _checked_now(book: Book, connection: sa.Connection) -> datetime:
    now, last = book.clock(), connection.execute(sa.select(sa.func.max(t.plan_event.c.at, type_=Instant))).scalar()
    if last is not None and (last - now).total_seconds() > CLOCK_BEHIND_S:
        raise Conflict(
            f"时钟是 {now:%Y-%m-%d %H:%M:%S}Z，早于已记录的最近一步 {last:%Y-%m-%d %H:%M:%S}Z；请校准本机时间",
            f"the clock says {now:%Y-%m-%d %H:%M:%S}Z, before the last step written down, {last:%Y-%m-%d %H:%M:%S}Z: "
            "set this machine's clock",
            now=now.isoformat(),
            last=last.isoformat(),
        )
    return now


def issued(book: Book, connection: sa.Connection, communities: Iterable[str] | None = None) -> list[str]:
    """Return all codes ever issued, or those with the region of some communities in them."""
    c, scheme = t.issued_code.c, book.scheme
    every = sa.select(c.code).order_by(c.code)
    if communities is None or scheme.region_start is None:
        return list(connection.execute(every).scalars())
    found: list[str] = []
    for region in sorted({scheme.region_of(code) for code in communities}):
        place = sa.func.substr(c.code, scheme.region_start + 1, len(region))
        there = place == region if scheme.region_start else begins(c.code, region)
        found += connection.execute(every.where(there)).scalars()
    return found


@dataclass(frozen=True)
class Coded:
    """A plan with its codes, against what is published."""

    grids: gpd.GeoDataFrame
    """plan_grid rows, work CRS, with code and parent_code as they would be."""
    old: gpd.GeoDataFrame
    """Grids on this ground in the last revision, work CRS: of these communities, or of those they are merged from."""
    lineage: pd.DataFrame
    """LINEAGE_COLUMNS, with codes."""


def code_plan(book: Book, connection: sa.Connection, plan_id: int, issued_only: bool = False) -> Coded:
    """Find the code of each grid of a plan: kept by identity, kept from an earlier submission, given, or new.

    With ``issued_only`` the codes are those that were issued at submission.
    """
    grids = book.work(drafts(connection, plan_id))
    old = book.work(book.grids(connection, book.head(connection), sharing(connection, grids["community"])))
    identity = identify(
        old.assign(id=old["code"]), grids.assign(id=grids["local_id"]), book.work(plan_buildings(connection, plan_id))
    )
    in_force = set(old["code"])
    grids["previous"] = [identity.continues.get(i, i if i in in_force else None) for i in grids["local_id"]]
    grids["name"] = _names(connection, grids, old)
    if not issued_only:
        kept = _reserved(connection, plan_id, grids) | _given_again(connection, grids)
        grids["code"] = encode_plan(grids.drop(columns="code"), book.scheme, _numbered(book, connection, grids), kept)[
            "code"
        ]
    by_id = dict(zip(grids["local_id"], grids["code"], strict=True))
    streets = streets_above(grids, book.scheme)
    above = zip(grids["parent"], grids["community"], strict=True)
    grids["parent_code"] = [by_id.get(p) if isinstance(p, str) else streets.get(community) for p, community in above]
    lineage = identity.lineage.assign(new=identity.lineage["new"].map(by_id))
    lineage = lineage.astype({"relation": object})
    lineage.loc[lineage["old"] == lineage["new"], "relation"] = "continues"
    return Coded(grids, old, lineage)


def _names(connection: sa.Connection, grids: gpd.GeoDataFrame, old: gpd.GeoDataFrame) -> list[str | None]:
    """Return the names of a plan's grids, inherited from those that they continue.

    Out of a community that is merged into another only names that somebody chose for its parts are inherited.
    """
    c, ours = t.community.c, set(grids["community"])
    asked = sa.select(c.code, c.name).where(c.code.in_(sorted(ours | set(old["community"]))))
    called = {row.code: row.name or "" for row in connection.execute(asked)}
    parts = old["parent"].isin(set(old["code"]))
    inherited = {
        code: name if community in ours or (part and not is_made(name, called.get(community, ""))) else None
        for code, name, community, part in zip(old["code"], old["name"], old["community"], parts, strict=True)
    }
    rows = zip(grids["community"], grids["name"], grids["previous"], strict=True)
    return carried_names(rows, inherited, called)


def _reserved(connection: sa.Connection, plan_id: int, grids: gpd.GeoDataFrame) -> dict[str, str]:
    """Return by local id the codes that were issued to this plan when it was submitted before."""
    c = t.issued_code.c
    own = set(connection.scalars(sa.select(c.code).where((c.plan_id == plan_id) & (c.state == "issued"))))
    return {i: code for i, code in zip(grids["local_id"], grids["code"], strict=True) if code in own}


def _given_again(connection: sa.Connection, grids: gpd.GeoDataFrame) -> dict[str, str]:
    """Return given codes that were issued to a plan since withdrawn: never in force, they may come again."""
    c = t.issued_code.c
    given = grids["local_id"][_is_given(grids)].tolist()
    asked = (sa.select(c.code).where(c.code.in_(some) & (c.state == "burned")) for some in chunks(given))
    return {code: code for query in asked for code in connection.scalars(query)}


def _regions(book: Book, grids: gpd.GeoDataFrame) -> set[str]:
    """Return the regions of a plan's codes: those of its communities, and those in given codes."""
    given = {book.scheme.parse(str(code)).region for code in grids["local_id"][_is_given(grids)]}
    return given | {book.scheme.region_of(code) for code in set(grids["community"])}


def _numbered(book: Book, connection: sa.Connection, grids: gpd.GeoDataFrame) -> list[str]:
    """Return all numbers ever issued: the code of a whole community is its own, not a number that is used up."""
    scheme = book.scheme
    codes = issued(book, connection, _regions(book, grids))
    if scheme.whole_level is None:
        return codes
    whole = {scheme.build(scheme.region_of(code)) for code in set(grids["community"])}
    return [code for code in codes if code not in whole]


def preview(book: Book, connection: sa.Connection, plan_id: int) -> None:
    """Write the preview codes of a draft; nothing is issued."""
    coded = code_plan(book, connection, plan_id).grids
    _write_codes(connection, coded, "preview_code")


def _write_codes(connection: sa.Connection, coded: gpd.GeoDataFrame, column: str) -> None:
    """Write the codes of a plan's grids, what they continue, and the names that they inherit."""
    g = t.plan_grid.c
    rows = [
        {"row": int(fid), "text": code, "before": None if pd.isna(before) else str(before), "called": name}
        for fid, code, before, name in zip(coded["fid"], coded["code"], coded["previous"], coded["name"], strict=True)
    ]
    values: dict[str, Any] = {
        column: sa.bindparam("text"),
        "previous": sa.bindparam("before"),
        "name": sa.bindparam("called"),
    }
    connection.execute(sa.update(t.plan_grid).where(g.fid == sa.bindparam("row")).values(**values), rows)


def issue_codes(
    book: Book, connection: sa.Connection, plan_id: int, coded: gpd.GeoDataFrame, streets: Sequence[str] = ()
) -> None:
    """Issue the codes of a plan, and of its streets; burn those that it was given before and no longer needs."""
    c = t.issued_code.c
    now = book.clock()
    wanted = [*coded["code"], *streets]
    known = {code for some in chunks(wanted) for code in connection.scalars(sa.select(c.code).where(c.code.in_(some)))}
    fresh = [code for code in wanted if code not in known]
    if fresh:
        rows = [{"code": code, "plan_id": plan_id, "issued_at": now, "state": "issued"} for code in fresh]
        connection.execute(sa.insert(t.issued_code), rows)
    ours = sa.select(c.code).where((c.plan_id == plan_id) & (c.state == "issued"))
    needless = set(connection.execute(ours).scalars()) - set(wanted)
    burned = (sa.select(c.code).where(c.code.in_(some) & (c.state == "burned")) for some in chunks(wanted))
    again = {code for query in burned for code in connection.scalars(query)}
    anew = {"state": "issued", "plan_id": plan_id, "issued_at": now}
    for codes, values in ((needless, {"state": "burned"}), (again, anew)):
        if codes:
            changed = sa.update(t.issued_code).where(c.code == sa.bindparam("text")).values(**values)
            connection.execute(changed, [{"text": code} for code in sorted(codes)])
    _write_codes(connection, coded, "code")


def burn_codes(connection: sa.Connection, plan_id: int) -> None:
    """Burn the codes that were issued to a plan which will never be filed."""
    c = t.issued_code.c
    never = (c.plan_id == plan_id) & (c.state == "issued")
    connection.execute(sa.update(t.issued_code).where(never).values(state="burned"))


def diff(coded: Coded) -> pd.DataFrame:
    """Return the lineage of a plan, with a row for each grid that is wholly new or that goes without heir."""
    codes, old = set(coded.grids["code"]), set(coded.old["code"])
    new = sorted(codes - set(coded.lineage["new"]))
    gone = sorted(old - set(coded.lineage["old"]))
    rows = [{"old": None, "new": c, "relation": "new"} for c in new]
    rows += [{"old": c, "new": None, "relation": "gone"} for c in gone]
    extra = pd.DataFrame(rows, columns=list(coded.lineage.columns))
    return pd.concat([f for f in (coded.lineage, extra) if len(f)] or [extra], ignore_index=True)
