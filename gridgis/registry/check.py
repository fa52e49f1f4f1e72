"""Checking a registry: the store, the seals, the history, the codes, the base layer, and the last revision."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import sqlalchemy as sa

from gridgis.errors import InvalidInput
from gridgis.ledger.coverage import FAULT_COLUMNS, UNION_TOLERANCE_DEG2, Fault, boundary_edges, fault, faults
from gridgis.registry import tables as t
from gridgis.registry.book import Book
from gridgis.registry.index_cache import damage
from gridgis.registry.joint import ground_of, members_of
from gridgis.registry.seals import SEALED, revision_seal, row_seals
from gridgis.registry.store import frame, geoframe


def check(book: Book, connection: sa.Connection, index: Path) -> pd.DataFrame:
    """Look for faults: FAULT_COLUMNS, no row when all is well.

    Rules: store (sqlite's or PostgreSQL's own word, the R*Tree), seal (a row or revision changed behind our back),
    history (a code twice at a time, or gone in between; revisions out of order), code (not issued, not of the scheme),
    base (communities that do not fit together, a merged one that is not the union of its members), and those of
    ``ledger.coverage`` on the last revision (valid, name, parent, coverage, union, overlay); index (a damaged file of
    the lookup: it is never trusted and made anew when next asked).
    """
    base = book.base(connection)
    rows = [
        *_store(book, connection), *_row_seals(connection), *_revision_seals(connection), *_history(book, connection),
        *_revisions(connection), *_codes(book, connection), *_base(base),
        *_index(index),
    ]  # fmt: skip
    return pd.concat(
        [pd.DataFrame(rows, columns=list(FAULT_COLUMNS)), _ground(book, connection, base)], ignore_index=True
    )


def _store(book: Book, connection: sa.Connection) -> Iterator[Fault]:
    for what in book.store.faults(connection):
        yield fault("store", "", 0.0, f"存储损坏：{what}", f"the store is broken: {what}")


def _row_seals(connection: sa.Connection) -> Iterator[Fault]:
    """Name each published row that is not as filing wrote it."""
    g = t.grid.c
    chunk, last = 5000, 0
    columns = [g.fid, *(g[c] for c in SEALED), g.seal, g.geometry]
    while len(grids := geoframe(connection, sa.select(*columns).where(g.fid > last).order_by(g.fid).limit(chunk))):
        wrong = grids[[a != b for a, b in zip(grids["seal"], row_seals(grids), strict=True)]]
        for code, number in zip(wrong["code"], wrong["valid_from"], strict=True):
            yield fault(
                "seal", code, float(number), f"网格 {code}（第 {number} 版起）在备案之后被改动",
                f"grid {code} (from revision {number}) was changed after it was filed",
            )  # fmt: skip
        last = int(grids["fid"].max())


def _revision_seals(connection: sa.Connection) -> Iterator[Fault]:
    r = t.revision.c
    for number, seal in connection.execute(sa.select(r.number, r.seal).order_by(r.number)).all():
        if seal != revision_seal(connection, number):
            yield fault(
                "seal", f"r{number}", float(number), f"第 {number} 版的网格或沿革在备案之后有增删或改动",
                f"rows of revision {number}, or its lineage, were added, removed or changed after it was filed",
            )  # fmt: skip


def _history(book: Book, connection: sa.Connection) -> Iterator[Fault]:
    """Hold the versions of each code against one another: each begins where the one before ends.

    A community that is merged and divided alone again comes back under its own code.
    """
    g, members = t.grid.c, members_of(connection)
    own = {book.scheme.build(c) for c in {*members, *ground_of(members, members)}} if book.scheme.whole_level else set()
    rows = frame(connection, sa.select(g.code, g.valid_from, g.valid_to).order_by(g.code, g.valid_from))
    following = rows.shift(-1)
    same = (rows["code"] == following["code"]).fillna(False).astype(bool)
    ends = rows["valid_to"].astype("Float64").fillna(float("inf"))
    begins = following["valid_from"].astype("Float64")
    for code, end, begin in zip(rows["code"][same], ends[same], begins[same], strict=True):
        if end > begin:
            yield fault("history", code, begin, f"编码 {code} 自第 {begin:.0f} 版起同时有两条记录",
                        f"code {code} is in force twice from revision {begin:.0f}")  # fmt: skip
        elif end < begin and code not in own:
            yield fault("history", code, end, f"编码 {code} 在第 {end:.0f} 至 {begin:.0f} 版之间中断",
                        f"code {code} was out of force in revisions {end:.0f} to {begin - 1:.0f}")  # fmt: skip
    for code in rows["code"][(rows["valid_to"] <= rows["valid_from"]).fillna(False).astype(bool)]:
        yield fault("history", code, 0.0, f"编码 {code} 的一条记录在生效前终止",
                    f"a version of code {code} ends before it begins")  # fmt: skip


def _revisions(connection: sa.Connection) -> Iterator[Fault]:
    r = t.revision.c
    rows = connection.execute(sa.select(r.number, r.in_force_from, r.plan_id).order_by(r.number)).all()
    plans = set(connection.execute(sa.select(t.plan.c.fid)).scalars())
    day = ""
    for expected, (number, from_day, plan) in enumerate(rows, start=1):
        if number != expected:
            yield fault("history", f"r{number}", 0.0, f"缺少第 {expected} 版", f"revision {expected} is missing")
            return
        if from_day < day:
            yield fault("history", f"r{number}", 0.0, f"第 {number} 版早于前一版生效",
                        f"revision {number} takes force before the one before it")  # fmt: skip
        if plan not in plans:
            yield fault("history", f"r{number}", 0.0, f"第 {number} 版的方案 {plan} 不存在",
                        f"plan {plan} of revision {number} is missing")  # fmt: skip
        day = from_day


def _codes(book: Book, connection: sa.Connection) -> Iterator[Fault]:
    """Hold the codes that were ever in force against those that were issued, and against the scheme."""
    c, g = t.issued_code.c, t.grid.c
    issued = {row.code: row.state for row in connection.execute(sa.select(c.code, c.state))}
    in_force = sa.func.max(sa.case((g.valid_to.is_(None), 1), else_=0))
    for code, now in connection.execute(sa.select(g.code, in_force).group_by(g.code).order_by(g.code)):
        wanted = "in_force" if now else "retired"
        if issued.get(code) != wanted:
            zh = "在用但未登记为在用" if now else "已停用但未登记为停用"
            yield fault("code", code, 0.0, f"编码 {code} {zh}",
                        f"code {code} is {wanted} but its record says {issued.get(code) or 'nothing'}")  # fmt: skip
        try:
            book.scheme.parse(code)
        except InvalidInput as e:
            yield fault("code", code, 0.0, f"编码 {code} 不合规则：{e.zh}", f"code {code} is not of the scheme: {e.en}")


def _base(base: gpd.GeoDataFrame) -> Iterator[Fault]:
    """Hold the communities against one another, and merged ones against their members: divided ones and others."""
    geoms = base.geometry.to_numpy()
    bad = np.flatnonzero(~shapely.is_valid(geoms) | shapely.is_empty(geoms))
    for k in bad:
        code, why = str(base["code"].iloc[k]), shapely.is_valid_reason(geoms[k])
        yield fault(
            "valid", code, 0.0, f"社区 {code} 的图形无效：{why}", f"community {code} is no valid polygon: {why}"
        )
    if len(bad):
        return
    single = base[base["members"].isna()]
    edges = shapely.coverage_invalid_edges(single.geometry.to_numpy())
    for k in np.flatnonzero(~shapely.is_empty(edges)):
        code, (x, y) = str(single["code"].iloc[k]), shapely.get_coordinates(edges[k])[0]
        yield fault(
            "base", code, 0.0, f"社区 {code} 与相邻社区重叠或边界不一致（{x:.6f}, {y:.6f}）",
            f"community {code} overlaps or does not match a neighbour at ({x:.6f}, {y:.6f})",
        )  # fmt: skip
    outline = dict(zip(single["code"], single.geometry, strict=True))
    merged = base[base["members"].notna()]
    for code, members, whole in zip(merged["code"], merged["members"], merged.geometry, strict=True):
        names = json.loads(members)
        parts = [outline[name] for name in names if name in outline]
        if np.array_equal(boundary_edges(parts), boundary_edges([whole])):
            continue
        differ = float(shapely.union_all(parts).symmetric_difference(whole).area)
        if differ > UNION_TOLERANCE_DEG2:
            yield fault(
                "base", code, differ, f"合并社区 {code} 与其原社区 {names} 的合并范围不一致",
                f"merged community {code} is not the union of its members {names} (differs by {differ:.3g} square "
                "degrees)",
            )  # fmt: skip


def _index(path: Path) -> Iterator[Fault]:
    if (e := damage(path)) is not None:
        yield fault("index", path.name, 0.0, f"查询索引损坏（下次查询时重建，也可删除）：{e.zh}",
                    f"the index is damaged (it is made anew when next asked, and may be deleted): {e.en}")  # fmt: skip


def _ground(book: Book, connection: sa.Connection, base: gpd.GeoDataFrame) -> pd.DataFrame:
    """Check the ground that the last revision covers."""
    grids = book.grids(connection, book.head(connection))
    base = base[base["code"].isin(set(grids["community"])) & base.geometry.is_valid]  # invalid ones are told already
    return faults(grids.assign(id=grids["code"]), base) if len(grids) else pd.DataFrame(columns=list(FAULT_COLUMNS))
