"""Finding by name, code or coordinates; and the light check of a registry."""

from __future__ import annotations

import re
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
import sqlalchemy as sa

from gridgis.ledger.coverage import FAULT_COLUMNS, fault, faults
from gridgis.registry import tables as t
from gridgis.registry.book import Book

_COORDINATES = re.compile(r"^\s*(-?\d+(?:\.\d+)?)\s*[,，\s]\s*(-?\d+(?:\.\d+)?)\s*$")


def named_places(connection: sa.Connection, text: str, limit: int) -> list[dict[str, Any]]:
    """Find buildings and compounds by name: exact matches first, then names that contain the text.

    Returns
    -------
    list
        kind (building | compound), label, lon, lat of a point inside.
    """
    out: list[dict[str, Any]] = []
    for kind, table in (("compound", t.compound), ("building", t.building)):
        c = table.c
        query = sa.select(c.name, c.geometry).where(c.name.contains(text, autoescape=True)).order_by(c.name, c.fid)
        for name, geom in connection.execute(query.limit(limit)):
            point = shapely.point_on_surface(geom)
            out.append({"kind": kind, "label": name, "lon": point.x, "lat": point.y})
    out.sort(key=lambda p: (p["label"] != text, len(p["label"])))
    return out[:limit]


def parse_coordinates(text: str) -> tuple[float, float] | None:
    """Read "lon, lat"; None where the text is something else.

    Examples
    --------
    >>> parse_coordinates("109.03, 32.69"), parse_coordinates("西大街")
    ((109.03, 32.69), None)
    """
    match = _COORDINATES.match(text)
    return (float(match[1]), float(match[2])) if match else None


def named_grids(rows: dict[str, dict[str, Any]], text: str, limit: int) -> list[str]:
    """Return the codes of grids whose code begins with the text, or whose name contains it; best first."""
    hits = [c for c, row in rows.items() if c.startswith(text) or text in (row["name"] or "")]
    hits.sort(key=lambda c: (c != text, rows[c]["name"] != text, rows[c]["level"] or 9, c))
    return hits[:limit]


def check(book: Book, connection: sa.Connection) -> pd.DataFrame:
    """Look for faults of the last revision: coverage, codes, parents, and that what is in force was issued."""
    grids = book.grids(connection, book.head(connection))
    base = book.base(connection)
    base = base[base["code"].isin(set(grids["community"]))]
    found = [faults(grids.assign(id=grids["code"]), base)] if len(grids) else []
    return pd.concat([*found, pd.DataFrame(_code_faults(connection, grids), columns=list(FAULT_COLUMNS))])


def _code_faults(connection: sa.Connection, grids: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    c = t.issued_code.c
    issued = {row.code: row.state for row in connection.execute(sa.select(c.code, c.state))}
    rows = []
    for code in grids["code"][grids["code"].duplicated()]:
        rows.append(fault("code", code, 0.0, f"编码 {code} 同时用于两个网格", f"code {code} is in force twice"))
    for code in grids["code"][[issued.get(c) != "in_force" for c in grids["code"]]]:
        rows.append(
            fault(
                "code",
                code,
                0.0,
                f"编码 {code} 在用但未登记",
                f"code {code} is in force but not among the issued codes",
            )
        )
    return rows
