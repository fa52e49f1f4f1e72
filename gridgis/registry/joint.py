"""Communities that were merged: which of them stand on the same ground (SEMANTICS 2, 6; docs/architecture.md).

A merged community is a row of the base layer whose border is the union of those it was made of, its *members*; these
stay in the base layer, since no registered border ever moves. Of communities that share ground only some are divided
at a time: a plan ends the grids of all that share ground with its communities, and must cover that ground wholly.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

import geopandas as gpd
import numpy as np
import shapely
import sqlalchemy as sa

from gridgis.coding import Scheme
from gridgis.errors import Conflict, InvalidInput, NotFound, Rejected
from gridgis.geometry.coverage import dissolve
from gridgis.geometry.crs import to_stored
from gridgis.registry import tables as t
from gridgis.registry.book import Book
from gridgis.registry.store import begins, insert


def members_of(connection: sa.Connection) -> dict[str, tuple[str, ...]]:
    """Return for each merged community the communities that it was made of (none of them is merged itself)."""
    c = t.community.c
    rows = connection.execute(sa.select(c.code, c.members).where(c.members.is_not(None)).order_by(c.code))
    return {row.code: tuple(json.loads(row.members)) for row in rows}


def ground_of(codes: Iterable[str], members: Mapping[str, tuple[str, ...]]) -> set[str]:
    """Return the communities, none of them merged, on whose ground some communities stand.

    Examples
    --------
    >>> sorted(ground_of(["601", "4"], {"601": ("1", "2")}))
    ['1', '2', '4']
    """
    return {ground for code in codes for ground in members.get(code, (code,))}


def sharing(connection: sa.Connection, codes: Iterable[str]) -> list[str]:
    """Return the communities that stand on the ground of some communities, these themselves among them."""
    given, members = set(codes), members_of(connection)
    ground = ground_of(given, members)
    return sorted(given | ground | {code for code, parts in members.items() if ground & set(parts)})


def refuse_parts(connection: sa.Connection, communities: Iterable[str]) -> None:
    """Refuse a plan that divides some ground twice, or that would leave ground of a merged community without grids.

    Raises
    ------
    Rejected
        Names the communities, and those that the plan lacks.
    """
    ours, members = sorted(set(communities)), members_of(connection)
    if not members:
        return
    for i, code in enumerate(ours):
        for other in ours[:i]:
            if common := sorted(ground_of([code], members) & ground_of([other], members)):
                raise Rejected(
                    f"方案中的社区 {other} 与 {code} 都含 {common} 的范围；请只保留其一",
                    f"the plan's communities {other} and {code} both stand on {common}; keep one of them",
                    communities=[other, code],
                )
    ground = ground_of(ours, members)
    for code in divided(connection, set(sharing(connection, ours)) - set(ours)):
        if left := sorted(ground_of([code], members) - ground):
            raise Rejected(
                f"社区 {left} 现与 {sorted(ground_of([code], members) - set(left))} 合并为 {code}；只划分其中一部分会使"
                f"其余部分没有网格：请把 {left} 一并划入方案",
                f"the communities {left} are merged with {sorted(ground_of([code], members) - set(left))} into {code} "
                f"now; dividing a part of it would leave the rest without grids: put {left} into the plan too",
                communities=left,
                merged=code,
            )


def divided(connection: sa.Connection, codes: Iterable[str]) -> list[str]:
    """Return those communities that have grids in force."""
    g = t.grid.c
    asked = sa.select(g.community).where(g.valid_to.is_(None) & g.community.in_(sorted(set(codes)))).distinct()
    return sorted(connection.execute(asked).scalars())


def merge_communities(book: Book, connection: sa.Connection, codes: Iterable[str], name: str, code: str | None) -> str:
    """Add a community that is made of several to the base layer, or find it (``Registry.merge_communities``)."""
    members = members_of(connection)
    ground = sorted(ground_of(codes, members))
    base = book.base(connection, ground)
    if unknown := sorted(set(ground) - set(base["code"])):
        raise NotFound(
            f"社区 {unknown} 不在注册库的基础图层中", f"the communities {unknown} are not in the base layer",
            communities=unknown,
        )  # fmt: skip
    if len(base) < 2:
        raise InvalidInput(
            "合并须有两个以上的社区", f"a merge takes two communities or more, not {ground}", codes=ground
        )
    _need_one_piece(base)
    there = [known for known, parts in members.items() if sorted(parts) == ground]
    if there and code in (None, *there):
        return code or there[0]
    chosen = _code(book, connection, ground, code)
    outline = dissolve(book.work(base).geometry.to_numpy(), np.zeros(len(base)))[1]
    street = base["street"].dropna()
    row = {"code": chosen, "name": name or chosen, "street": None if street.empty else street.iloc[0]}
    merged = gpd.GeoDataFrame([{**row, "members": json.dumps(ground)}], geometry=outline, crs=book.work_crs)
    insert(connection, t.community, to_stored(merged))
    return chosen


def _code(book: Book, connection: sa.Connection, ground: list[str], code: str | None) -> str:
    """Return the code of a new merged community: as given, or the next one that the scheme has for such."""
    scheme, c = book.scheme, t.community.c
    above = {tuple(part[:w] for w in sorted(scheme.ancestors.values()) if w < len(part)) for part in ground}
    if len(above) > 1:
        raise InvalidInput(
            f"社区 {ground} 不在同一街道；合并的社区只属于一个街道，请先变更区划代码（gridgis registry recode）",
            f"the communities {ground} are not of one street, and a merged one lies in one street only: change the "
            "region codes first (gridgis registry recode)",
            communities=ground,
        )
    if code is None:
        return _next_code(scheme, ground[0], connection)
    scheme.check_region(code)
    if connection.execute(sa.select(c.fid).where(c.code == code)).first() is not None:
        raise Conflict(
            f"社区代码 {code} 已在使用；合并后的社区须有自己的代码，原社区的代码留给其历史",
            f"community code {code} is in use; a merged community needs a code of its own: those of its members stay "
            "with their history",
            code=code,
        )
    return code


def _next_code(scheme: Scheme, part: str, connection: sa.Connection) -> str:
    c, width = t.community.c, scheme.street_width
    if width is None or scheme.whole_level is None:
        raise InvalidInput(
            f"编码规则 {scheme.name} 没有合并社区的号段；请用 --code 给出合并后社区的代码（如统计用区划代码）",
            f"scheme {scheme.name} has no numbers for merged communities: give the code of the new community (--code), "
            "as in the list of region codes",
        )
    street = part[:width]
    beside = connection.execute(sa.select(c.code).where(begins(c.code, street) & c.members.is_not(None))).scalars()
    used = [scheme.build(code) for code in beside if scheme.is_merged(code)]
    new = scheme.allocate([("new", 0.0, 0.0, scheme.whole_level, "comprehensive", street)], used)
    return scheme.parse(new["new"]).region


def _need_one_piece(base: gpd.GeoDataFrame) -> None:
    """Refuse communities that do not hang together along edges: a corner is no contact."""
    geoms, codes = base.geometry.to_numpy(), base["code"].tolist()
    reached, todo = {0}, [0]
    while todo:
        beside = np.flatnonzero(shapely.relate_pattern(geoms[todo.pop()], geoms, "****1****"))
        todo += [k for k in beside.tolist() if k not in reached]
        reached |= set(beside.tolist())
    if apart := [codes[k] for k in range(len(codes)) if k not in reached]:
        raise InvalidInput(
            f"社区 {apart} 与 {codes[0]} 不相邻，不能合并", f"the communities {apart} do not touch {codes[0]} along an "
            "edge and cannot be merged with it", communities=apart,
        )  # fmt: skip


def hidden(connection: sa.Connection) -> set[str]:
    """Return the communities that are not shown: merged ones without grids, and those that are merged now."""
    members = members_of(connection)
    in_force = set(divided(connection, members)) if members else set()
    return (set(members) - in_force) | {part for code in in_force for part in members[code]}
