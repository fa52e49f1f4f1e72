"""Communities that were merged: which of them stand on the same ground (SEMANTICS 2, 6; docs/architecture.md).

A merged community is a row of the base layer whose border is the union of those it was made of, its *members*; these
stay in the base layer, since no registered border ever moves. Of communities that share ground only some are divided
at a time: a plan ends the grids of all that share ground with its communities, and must cover that ground wholly.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from gridgis.errors import Rejected
from gridgis.registry import tables as t


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


def hidden(connection: sa.Connection) -> set[str]:
    """Return the communities that are not shown: merged ones without grids, and those that are merged now."""
    members = members_of(connection)
    in_force = set(divided(connection, members)) if members else set()
    return (set(members) - in_force) | {part for code in in_force for part in members[code]}
