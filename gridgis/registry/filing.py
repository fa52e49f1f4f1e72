"""Submitting, checking and filing a plan: one filing is one revision in one transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import sqlalchemy as sa
from shapely.geometry.base import BaseGeometry

from gridgis.coding import Scheme
from gridgis.errors import InvalidInput, Rejected
from gridgis.geometry.crs import STORED_CRS, to_stored
from gridgis.index import Resolver
from gridgis.ledger.conform import conform
from gridgis.ledger.coverage import faults
from gridgis.ledger.overlays import fit_overlays
from gridgis.ledger.states import next_state
from gridgis.registry import tables as t
from gridgis.registry.around import communities_around, kinds, published_around
from gridgis.registry.book import Book, day_of
from gridgis.registry.joint import refuse_parts, sharing
from gridgis.registry.plan_rows import plan_buildings, plan_row
from gridgis.registry.plans import (
    Author,
    Coded,
    burn_codes,
    code_plan,
    issue_codes,
    record,
)
from gridgis.registry.regions import not_listed
from gridgis.registry.remarks import carry_remarks
from gridgis.registry.seals import row_seals, seal_revision
from gridgis.registry.stale import refuse_stale
from gridgis.registry.store import frame, insert, plain_rows, promoted
from gridgis.registry.streets import Streets, families, form_streets, hanging, refuse_mixed
from gridgis.registry.superseding import supersede
from gridgis.registry.team import carry_over
from gridgis.registry.team_filing import file_team

_SAME = ["community", "level", "kind", "mode", "parent", "category", "site_id", "name", "households", "flags"]
"""What must be equal, with the geometry, for a grid's row to go on unchanged."""

CUT_M2 = 1.0
"""An overlay that loses less ground in fitting has lost no more than roundings, and this is not reported."""


@dataclass(frozen=True)
class _Ready:
    """A plan as it would be published."""

    grids: gpd.GeoDataFrame
    """Columns of the table grid; stored coordinates, conformed; with the level-1 grids of streets."""
    neighbours: gpd.GeoDataFrame
    """Rows in force of other communities that get vertices: with fid of the row they replace."""
    base: dict[str, Any]
    """Community code -> new geometry, stored coordinates."""
    coded: Coded
    streets: Streets
    cut: list[dict[str, Any]]
    """Report rows on overlays that lost ground."""

    @property
    def old(self) -> gpd.GeoDataFrame:
        """The rows in force that these replace, stored coordinates."""
        both = pd.concat([to_stored(self.coded.old), self.streets.old], ignore_index=True)
        return gpd.GeoDataFrame(both, crs=self.grids.crs)


def submit(book: Book, connection: sa.Connection, plan_id: int, author: Author) -> None:
    """Check a plan and issue its codes."""
    row = plan_row(connection, plan_id)
    state = next_state(row.state, "submit", plan_id)
    if row.state == "draft":
        refuse_stale(connection, row, "drafted")
    ready = _prepare(book, connection, plan_id)
    issue_codes(book, connection, plan_id, ready.coded.grids, list(ready.streets.rows["code"]))
    based_on = book.head(connection)
    connection.execute(sa.update(t.plan).where(t.plan.c.fid == plan_id).values(based_on=based_on))
    unlisted = not_listed(book, connection, ready.coded.grids["community"])
    _report(connection, row, "submit", [*ready.cut, *unlisted])
    record(book, connection, plan_id, "submit", state, author)


def move(book: Book, connection: sa.Connection, plan_id: int, action: str, author: Author) -> None:
    """Do an action that only changes the state: review, return, withdraw."""
    state = next_state(plan_row(connection, plan_id).state, action, plan_id)
    if action == "withdraw":
        burn_codes(connection, plan_id)
    record(book, connection, plan_id, action, state, author)


def file_plan(book: Book, connection: sa.Connection, plan_id: int, author: Author, in_force_from: Any) -> int:
    """Publish a reviewed plan as the next revision; return its number.

    Raises
    ------
    Conflict
        Wrong state, or another plan of these communities was filed since this one was submitted.
    InvalidInput
        ``in_force_from`` lies in the past or before the last revision.
    Rejected
        The result would not be one whole, seamless coverage.
    """
    row = plan_row(connection, plan_id)
    state = next_state(row.state, "file", plan_id)
    communities = json.loads(row.communities)
    refuse_stale(connection, row, "submitted")
    number = book.head(connection) + 1
    day = first_day(book, connection, in_force_from)
    ready = _prepare(book, connection, plan_id, issued_only=True)
    _publish(book, connection, plan_id, number, ready)
    _refuse_unfindable(book, connection, communities, number)
    values = {"number": number, "plan_id": plan_id, "filed_at": book.clock(), "in_force_from": day}
    connection.execute(sa.insert(t.revision).values(**values, filed_by=author.by))
    seal_revision(connection, number)
    connection.execute(sa.update(t.plan).where(t.plan.c.fid == plan_id).values(revision=number))
    _report(connection, row, "file", carry_over(book, connection, _heirs(ready), day, author.by))
    carry_remarks(book, connection, _heirs(ready), day, author.by)
    file_team(book, connection, author, day, ready.grids["code"])
    record(book, connection, plan_id, "file", state, author)
    supersede(book, connection, author)
    return number


def _report(connection: sa.Connection, row: sa.Row[Any], stage: str, found: list[dict[str, Any]]) -> None:
    """Put rows into a plan's report, in the place of those of the same stage before."""
    earlier = [r for r in json.loads(row.report or "[]") if r.get("stage") != stage]
    report = json.dumps([*earlier, *found], ensure_ascii=False)
    connection.execute(sa.update(t.plan).where(t.plan.c.fid == row.fid).values(report=report))


def _heirs(ready: _Ready) -> dict[str, str | None]:
    """Return the codes that go out of force, with the code of the grid that continues each; None for none."""
    gone = set(ready.old["code"]) - set(ready.grids["code"])
    carried = ready.coded.lineage[ready.coded.lineage["relation"] == "continues"]
    heir = dict(zip(carried["old"], carried["new"], strict=True))
    return {code: heir.get(code) for code in gone}


def first_day(book: Book, connection: sa.Connection, wanted: Any) -> str:
    """Return the day from which a new revision is in force: as wanted, never in the past (SEMANTICS 5)."""
    today = book.today()
    day = today if wanted is None else day_of(wanted)
    last = connection.execute(sa.select(sa.func.max(t.revision.c.in_force_from))).scalar() or ""
    if wanted is None and last > today:
        day = str(last)
    if day < today or day < last:
        raise InvalidInput(
            f"生效日期 {day} 不能早于今天 {today} 或上一版的生效日期 {last or '（无）'}",
            f"in force from {day}: it cannot be before today, {today}, nor before the last revision's day, "
            f"{last or '(none)'}",
            day=day,
        )
    return day


def _prepare(book: Book, connection: sa.Connection, plan_id: int, issued_only: bool = False) -> _Ready:
    """Code, conform and check a plan against what is published now."""
    coded = code_plan(book, connection, plan_id, issued_only)
    plan = coded.grids.assign(parent=coded.grids["parent_code"])
    refuse_mixed(book.scheme, kinds(book, connection, set(plan["community"])), plan)
    streets_of_plan = set(hanging(plan, book.scheme).values())
    refuse_parts(connection, plan["community"])
    here = sharing(connection, plan["community"])
    around = communities_around(book, connection, here, bool(streets_of_plan))
    base = book.base(connection, around)
    base_work = book.work(base)
    published = published_around(book, connection, around, book.head(connection))
    ours = published["code"].isin(streets_of_plan)
    others = published[~ours & ~published["community"].isin(here)]
    others_work = book.work(others)
    over, others_over = (f["mode"].fillna("") == "overlay" for f in (coded.grids, others_work))
    fitted = conform(base_work, coded.grids[~over], others_work[~others_over])
    overlays = pd.concat([coded.grids[over], others_work[others_over]]).assign(label=lambda f: f["code"])
    shapes = fit_overlays(overlays.assign(id=overlays["code"]).set_index("label"), _with(base_work, fitted.base))
    grids = _with(coded.grids, {**fitted.plan, **_labelled(coded.grids, shapes)})
    cut = coded.grids.geometry.area - grids.geometry.area
    outlines = _stored_with(base, base_work, fitted.base)
    later = _stored_with(others, others_work, {**fitted.in_force, **_labelled(others_work, shapes)})
    changed = [*fitted.in_force, *_labelled(others_work, shapes)]
    rows = _published(book, grids)
    streets = form_streets(book, rows, later, published, outlines)
    rows = gpd.GeoDataFrame(pd.concat([rows, streets.rows], ignore_index=True), crs=rows.crs)
    _refuse_faults(book.scheme, rows, later, changed, outlines)
    moved = outlines.loc[list(fitted.base)]
    new_base = dict(zip(moved["code"], moved.geometry, strict=True))
    return _Ready(rows, later.loc[changed], new_base, coded, streets, _cut_rows(coded.grids[over], cut[over]))


def _labelled(frame: gpd.GeoDataFrame, by_code: dict[Any, BaseGeometry]) -> dict[Any, BaseGeometry]:
    """Return geometries by label of the row in place of by code."""
    return {label: by_code[code] for label, code in frame["code"].items() if code in by_code}


def _with(frame: gpd.GeoDataFrame, changed: Any) -> gpd.GeoDataFrame:
    """Return the frame with some geometries replaced."""
    geoms = frame.geometry.copy()
    for label, geom in changed.items():
        geoms.loc[label] = geom
    return frame.set_geometry(geoms)


def _stored_with(stored: gpd.GeoDataFrame, work: gpd.GeoDataFrame, changed: Any) -> gpd.GeoDataFrame:
    """Replace geometries given in the work CRS; the others stay as they are stored, and are checked as such."""
    new = to_stored(_with(work.loc[list(changed)], changed))
    return _with(stored, dict(new.geometry.items()))


def _cut_rows(overlays: gpd.GeoDataFrame, lost_m2: pd.Series[float]) -> list[dict[str, Any]]:
    """Say in the plan's report which overlays lost ground to a border or to a smaller one."""
    return [
        {
            "severity": "warning", "stage": "submit", "subject": code, "rule": "overlay", "measure": round(lost, 1),
            "zh": f"叠加网格 {code} 与更小的叠加网格重叠或超出社区，去掉 {lost:.0f} 平方米",
            "en": f"overlay grid {code} lost {lost:.0f} m2 to a smaller overlay or beyond its community's border",
        }
        for code, lost in zip(overlays["code"], lost_m2, strict=True)
        if lost >= CUT_M2
    ]  # fmt: skip


def _published(book: Book, grids: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Turn the plan's grids into rows of the table grid, in stored coordinates."""
    done = grids.assign(area_m2=grids.geometry.area.round(3), parent=grids["parent_code"])
    return to_stored(done.assign(scheme=book.scheme.name, state="in_force"))


def _refuse_faults(
    scheme: Scheme, grids: gpd.GeoDataFrame, others: gpd.GeoDataFrame, changed: list[Any], base: gpd.GeoDataFrame
) -> None:
    """Check the plan's communities, and that they and all others, as they will be, still form one coverage.

    The communities of a street whose level-1 grid is renewed are checked with the plan's.
    """
    both = pd.concat([grids, others], ignore_index=True)
    both = gpd.GeoDataFrame(both.assign(id=both["code"]), crs=grids.crs)
    family = families(both, scheme)
    wanted = set(family[: len(grids)])
    touched = wanted | set(family[len(grids) :][others.index.isin(changed)])
    found = pd.DataFrame()
    for chosen in (wanted, touched):
        part = both[family.isin(chosen)].reset_index(drop=True)
        if not len(found):
            found = faults(part, base[base["code"].isin(set(part["community"]))])
    if len(found):
        shown = found.head(3)
        raise Rejected(
            f"方案不能上报或备案，共 {len(found)} 处问题：{'；'.join(shown['zh'])}",
            f"the plan cannot be submitted or filed, {len(found)} faults: {'; '.join(shown['en'])}",
            faults=found.to_dict("records"),
        )


def _refuse_unfindable(book: Book, connection: sa.Connection, communities: Iterable[str], number: int) -> None:
    """Build the lookup of what was just written, and around it: what no reader could open is never published."""
    around = communities_around(book, connection, communities, hung=False)
    try:
        Resolver.build(published_around(book, connection, around, number), book.work_crs, number)
    except InvalidInput as e:
        raise Rejected(
            f"方案不能备案，查询索引无法建立：{e.zh}", f"the plan cannot be filed, no lookup can be built: {e.en}",
            **e.fields,
        ) from e  # fmt: skip


def load_engine() -> None:
    """Load what builds lookups, before a filing takes its turn: compiling it for the first time takes half a minute."""
    row = {"code": "1", "parent": None, "level": 1, "kind": "comprehensive", "mode": None, "community": "1"}
    square = gpd.GeoDataFrame([row], geometry=[shapely.box(109.0, 32.0, 109.01, 32.01)], crs=STORED_CRS)
    Resolver.build(square, "EPSG:4545", 0)


def _publish(book: Book, connection: sa.Connection, plan_id: int, number: int, ready: _Ready) -> None:
    """End the rows that change, and start the new ones."""
    old = ready.old
    same = _unchanged(old, ready.grids)
    end_rows(connection, old["fid"][~old["code"].isin(same)].tolist(), number)
    end_rows(connection, ready.neighbours["fid"].tolist(), number)
    new = ready.grids[~ready.grids["code"].isin(same)]
    begin_rows(connection, new.assign(valid_from=number, plan_id=plan_id, note=None))
    written = {"valid_from": number, "valid_to": None, "plan_id": plan_id, "note": "conformed", "state": "in_force"}
    begin_rows(connection, ready.neighbours.assign(**written))
    for code, geom in ready.base.items():
        connection.execute(sa.update(t.community).where(t.community.c.code == code).values(geometry=geom))
    for lineage in (ready.coded.lineage, ready.streets.lineage):
        insert(connection, t.lineage, lineage.assign(revision=number))
    settle_codes(connection, set(ready.grids["code"]), set(old["code"]))
    _replace_buildings(connection, plan_id, ready.grids)


def _unchanged(old: gpd.GeoDataFrame, new: gpd.GeoDataFrame) -> set[str]:
    """Return the codes of grids that stay exactly as they are; their rows go on."""
    a, b = old.set_index("code"), new.set_index("code")
    both = a.index.intersection(b.index)
    if not len(both):
        return set()
    left, right = (plain_rows(f.loc[both, _SAME]) for f in (a, b))
    equal = np.array([x == y for x, y in zip(left, right, strict=True)])
    shapes = np.array([_same_shape(x, y) for x, y in zip(a.geometry.loc[both], b.geometry.loc[both], strict=True)])
    return set(both[equal & shapes])


def _same_shape(a: BaseGeometry, b: BaseGeometry) -> bool:
    """Tell whether two shapes have the same vertices, wherever their rings begin."""
    one, other = (shapely.normalize(promoted(g, "MULTIPOLYGON")) for g in (a, b))
    return bool(shapely.equals_exact(one, other, 0.0))


def end_rows(connection: sa.Connection, fids: list[int], number: int) -> None:
    """End versions of grids with a revision."""
    if fids:
        rows = [{"row": int(f)} for f in fids]
        statement = sa.update(t.grid).where(t.grid.c.fid == sa.bindparam("row"))
        connection.execute(statement.values(valid_to=number, state="superseded"), rows)


def begin_rows(connection: sa.Connection, rows: gpd.GeoDataFrame) -> None:
    """Insert rows of the table grid, sealed."""
    if len(rows):
        insert(connection, t.grid, rows.assign(seal=row_seals(rows)))


def settle_codes(connection: sa.Connection, now: set[str], before: set[str]) -> None:
    """Write down which issued codes are in force now, and which were before and are not any more."""
    c = t.issued_code.c
    for codes, state in ((now, "in_force"), (before - now, "retired")):
        if codes:
            rows = [{"text": code} for code in sorted(codes)]
            connection.execute(sa.update(t.issued_code).where(c.code == sa.bindparam("text")).values(state=state), rows)


def _replace_buildings(connection: sa.Connection, plan_id: int, grids: gpd.GeoDataFrame) -> None:
    """Put the plan's buildings in the place of those of its communities, with codes in the place of local ids."""
    new = plan_buildings(connection, plan_id)
    if not len(new):
        return
    codes = dict(zip(grids["local_id"], grids["code"], strict=True))
    for column in ("level2", "level3", "dedicated"):
        new[column] = new[column].map(lambda i: codes.get(i))
    new = _with_use(connection, plan_id, new)
    b = t.building.c
    ours = b.community.in_(sharing(connection, grids["community"]))
    x = t.plan_building.c
    again = b.community.is_(None) & b.id.in_(sa.select(x.id).where(x.plan_id == plan_id))  # too many for a list
    connection.execute(sa.delete(t.building).where(ours | again))
    insert(connection, t.building, new)


def _with_use(connection: sa.Connection, plan_id: int, new: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give a plan's buildings the use and storeys that the registry knows by id; a plan does not hold these."""
    b = t.building.c
    x = t.plan_building.c
    asked = sa.select(b.id, b.use, b.storeys).where(b.id.in_(sa.select(x.id).where(x.plan_id == plan_id)))
    known = frame(connection, asked).drop_duplicates("id", keep=False).set_index("id")
    return new.assign(use=new["id"].map(known["use"]), storeys=new["id"].map(known["storeys"]))
