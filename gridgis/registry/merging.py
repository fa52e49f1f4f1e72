"""Entering a community that is made of several in the base layer: its code, its name, its border."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable

import geopandas as gpd
import numpy as np
import shapely
import sqlalchemy as sa

from gridgis.coding import Scheme
from gridgis.errors import Conflict, InvalidInput, NotFound
from gridgis.geometry.coverage import dissolve
from gridgis.geometry.crs import to_stored
from gridgis.registry import tables as t
from gridgis.registry.book import Book
from gridgis.registry.joint import ground_of, members_of
from gridgis.registry.plans import OPEN_STATES, powers_of
from gridgis.registry.store import begins, insert

_log = logging.getLogger("gridgis.registry")


def merge_communities(
    book: Book, connection: sa.Connection, codes: Iterable[str], name: str, code: str | None, office: str
) -> str:
    """Add a community that is made of several to the base layer, or find it (``Registry.merge_communities``)."""
    powers_of(connection).need("new", office)
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
        _take_name(connection, code or there[0], name)
        return code or there[0]
    chosen = _code(book, connection, ground, code)
    outline = dissolve(book.work(base).geometry.to_numpy(), np.zeros(len(base)))[1]
    street = base["street"].dropna()
    row = {"code": chosen, "name": name or chosen, "street": None if street.empty else street.iloc[0]}
    merged = gpd.GeoDataFrame([{**row, "members": json.dumps(ground)}], geometry=outline, crs=book.work_crs)
    insert(connection, t.community, to_stored(merged))
    return chosen


def _take_name(connection: sa.Connection, code: str, name: str) -> None:
    """Give a merged community that is there already the name asked for, while nothing bears the one that it has."""
    c, g, p = t.community.c, t.grid.c, t.plan.c
    known = connection.execute(sa.select(c.name).where(c.code == code)).scalar()
    if name in ("", known):
        return
    rows = connection.execute(sa.select(p.fid, p.communities).where(p.state.in_(OPEN_STATES)).order_by(p.fid))
    plans = [row.fid for row in rows if code in json.loads(row.communities)]
    if plans or connection.execute(sa.select(g.fid).where(g.community == code).limit(1)).first() is not None:
        zh, en = (f"方案 {plans} 尚未办结", f"plans {plans} are open") if plans else ("已曾生效", "it was in force")
        raise Conflict(
            f"这些社区合并成的 {code} 已登记为“{known}”（{zh}），不能改称“{name}”；请不给名称或用“{known}”"
            + ("，或先撤回这些方案" if plans else ""),
            f"{code}, merged from these communities, is registered as '{known}' ({en}) and cannot become '{name}': "
            f"give no name, or '{known}'" + (", or withdraw these plans first" if plans else ""),
            code=code,
            name=known,
            plans=plans,
        )
    connection.execute(sa.update(t.community).where(c.code == code).values(name=name))
    _log.warning(
        "合并社区 %s 由“%s”改称“%s” / merged community %s: '%s' is now '%s'", code, known, name, code, known, name
    )


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
