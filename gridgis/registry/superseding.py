"""Superseding: a filed plan by which none of its communities is divided any more is marked so.

Corrections and recodings divide nothing: they supersede no plan and are not superseded. After a recoding a plan goes on
to hold for its communities under their new codes.
"""

from __future__ import annotations

import json
from collections import defaultdict

import sqlalchemy as sa

from gridgis.ledger.states import next_state
from gridgis.registry import tables as t
from gridgis.registry.book import Book
from gridgis.registry.joint import divided
from gridgis.registry.plans import Author, record


def supersede(book: Book, connection: sa.Connection, author: Author) -> None:
    """Mark the filed plans that divide none of the communities with grids in force."""
    p = t.plan.c
    filed = connection.execute(
        sa.select(p.fid, p.revision, p.state, p.communities).where(p.revision.is_not(None)).order_by(p.revision)
    ).all()
    renamed = _renamed(connection)
    dividing = {row.fid: row.state for row in filed if row.revision not in renamed and json.loads(row.communities)}
    holder: dict[str, int] = {}  # community, by its code after the revision: the plan that divided it last
    for row in filed:
        names = renamed.get(row.revision)
        if names is None:
            holder.update(dict.fromkeys(json.loads(row.communities), row.fid))
        else:  # all at once, since one's new code may be another's old one
            moved = {new: holder.pop(old) for old, new in names.items() if old in holder}
            holder.update(moved)
    in_force = {holder[code] for code in divided(connection, holder)}
    for fid, state in dividing.items():
        if state == "filed" and fid not in in_force:
            record(book, connection, fid, "supersede", next_state("filed", "supersede"), author)


def _renamed(connection: sa.Connection) -> dict[int, dict[str, str]]:
    """Return for each revision that is a recoding the old -> new codes of the communities with grids."""
    kin, old, new = t.lineage.c, t.grid.alias("ended"), t.grid.alias("begun")
    ended = (old.c.code == kin.old) & (old.c.valid_to == kin.revision)
    begun = (new.c.code == kin.new) & (new.c.valid_from == kin.revision)
    asked = (
        sa.select(kin.revision, old.c.community.label("old"), new.c.community.label("new"))
        .select_from(t.lineage.join(old, ended).join(new, begun))
        .where(kin.relation == "recoded")
        .distinct()
    )
    found: dict[int, dict[str, str]] = defaultdict(dict)
    for row in connection.execute(asked):
        found[row.revision][row.old] = row.new
    return dict(found)
