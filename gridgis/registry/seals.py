"""Seals: a digest of each published row and of each revision, so that a change behind our back is noticed and named.

A row's seal covers all that filing wrote of it, not what a later filing changes (``valid_to``, ``state``). A revision's
seal covers the rows it began and ended, its lineage, and the seal of the revision before. No secret is in it: it
finds accidents and edits in QGIS, not a forger who computes seals too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

import pandas as pd
import shapely
import sqlalchemy as sa

from gridgis.registry import tables as t
from gridgis.registry.store import frame, plain_rows, promoted

SEALED = (
    "code", "scheme", "community", "level", "kind", "mode", "parent", "category", "site_id", "name", "households",
    "area_m2", "flags", "valid_from", "note", "plan_id",
)  # fmt: skip
"""Columns of a grid that its seal covers, beside the geometry."""


def row_seals(grids: pd.DataFrame) -> list[str]:
    """Return the seals of rows of the table grid (SEALED and geometry, stored coordinates).

    Examples
    --------
    >>> row = dict.fromkeys(SEALED) | {"code": "1", "geometry": shapely.box(0, 0, 1, 1)}
    >>> one = row_seals(pd.DataFrame([row]))
    >>> one == row_seals(pd.DataFrame([row | {"name": "x"}])), len(one[0])
    (False, 32)
    """
    values = plain_rows(pd.DataFrame(grids[list(SEALED)]))
    return [
        _digest([json.dumps([row[c] for c in SEALED], ensure_ascii=False).encode(), _bytes(shape)])
        for row, shape in zip(values, grids["geometry"], strict=True)
    ]


def _bytes(shape: Any) -> bytes:
    return b"" if shape is None else bytes(shapely.to_wkb(promoted(shape, "MULTIPOLYGON"), byte_order=1))


def _digest(parts: Iterable[bytes]) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:32]


def revision_seal(connection: sa.Connection, number: int) -> str:
    """Return the seal of a revision, of what the tables hold now."""
    g, x, r = t.grid.c, t.lineage.c, t.revision.c
    before = connection.execute(sa.select(r.seal).where(r.number == number - 1)).scalar()
    started = sa.select(g.code, g.seal).where(g.valid_from == number).order_by(g.code)
    ended = sa.select(g.code, g.valid_from).where(g.valid_to == number).order_by(g.code, g.valid_from)
    kin = (
        sa.select(x.old, x.new, x.households_share, x.area_share, x.relation)
        .where(x.revision == number)
        .order_by(x.old, x.new)
    )
    own = sa.select(r.plan_id, r.in_force_from, r.filed_by).where(r.number == number)
    rows = [[list(row) for row in connection.execute(query)] for query in (started, ended, kin, own)]
    return _digest([str(before).encode(), json.dumps(rows, ensure_ascii=False).encode()])


def seal_revision(connection: sa.Connection, number: int) -> None:
    """Seal a revision whose rows are written."""
    r = t.revision
    connection.execute(sa.update(r).where(r.c.number == number).values(seal=revision_seal(connection, number)))


def seal_all(connection: sa.Connection) -> None:
    """Seal all rows and revisions of a registry that had no seals."""
    g, r = t.grid.c, t.revision.c
    grids = frame(connection, sa.select(g.fid, *(g[c] for c in SEALED), g.geometry).order_by(g.fid))
    rows = [{"row": int(f), "mark": seal} for f, seal in zip(grids["fid"], row_seals(grids), strict=True)]
    if rows:
        sealed = sa.update(t.grid).where(g.fid == sa.bindparam("row")).values(seal=sa.bindparam("mark"))
        connection.execute(sealed, rows)
    for number in connection.execute(sa.select(r.number).order_by(r.number)).scalars().all():
        seal_revision(connection, number)
