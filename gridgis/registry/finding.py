"""Finding by name, code or coordinates."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import shapely
import sqlalchemy as sa

from gridgis.errors import InvalidInput
from gridgis.registry import tables as t
from gridgis.registry.cards import View

_NUMBER = r"([+-]?\d+(?:\.\d+)?)"
_COORDINATES = re.compile(rf"\s*{_NUMBER}\s*[,，;；\s]\s*{_NUMBER}\s*")

Named = Callable[[str, int], list[dict[str, Any]]]
"""(text, limit) -> what bears the name, as ``named_places`` returns it."""


def named_places(connection: sa.Connection, text: str, limit: int, roads: bool = False) -> list[dict[str, Any]]:
    """Find buildings and compounds (and roads) by name: exact matches first, then names that contain the text.

    Returns
    -------
    list
        kind (building | compound | road), label, lon, lat of a point inside. A road in pieces comes once.

    Raises
    ------
    InvalidInput
        The text is empty.
    """
    if not (text := text.strip()):
        raise InvalidInput("请给出建筑或小区的名称", "give the name of a building or estate")
    out: list[dict[str, Any]] = []
    kinds = {"compound": t.compound, "building": t.building, **({"road": t.road} if roads else {})}
    for kind, table in kinds.items():
        c = table.c
        first = sa.select(sa.func.min(c.fid)).group_by(c.name) if kind == "road" else sa.select(c.fid)
        query = sa.select(c.name, c.geometry).where(c.name.icontains(text, autoescape=True) & c.fid.in_(first))
        best = (sa.case((c.name == text, 0), else_=1), sa.func.length(c.name), c.name, c.fid)
        for name, geom in connection.execute(query.order_by(*best).limit(limit)):
            point = shapely.point_on_surface(geom)
            out.append({"kind": kind, "label": name, "lon": point.x, "lat": point.y})
    out.sort(key=lambda p: (p["label"] != text, len(p["label"])))
    return out[:limit]


def search(view: View, named: Named, text: str, limit: int) -> list[dict[str, Any]]:
    """Find by code, name or "lon, lat" in one revision: dicts of kind, label, code (grids, coordinates), lon, lat."""
    if not (text := text.strip()):
        return []
    if point := parse_coordinates(text):
        return [_at(view, *point)]
    out = []
    for code in named_grids(view.rows, text, limit):
        lon, lat = view.centres[code]
        label = f"{view.rows[code]['name'] or ''} {code}".strip()
        out.append({"kind": "grid", "label": label, "code": code, "lon": lon, "lat": lat})
    return [*out, *named(text, limit)][:limit]


def _at(view: View, lon: float, lat: float) -> dict[str, Any]:
    code = view.resolver.resolve(lon, lat).code
    return {"kind": "coordinate", "label": f"{degrees(lon)}, {degrees(lat)}", "code": code, "lon": lon, "lat": lat}


def degrees(value: float) -> str:
    """Write a coordinate with up to 7 decimals: a centimetre.

    Examples
    --------
    >>> degrees(109.0269915), degrees(32.5), degrees(-110.0)
    ('109.0269915', '32.5', '-110')
    """
    return f"{value:.7f}".rstrip("0").rstrip(".")


def parse_coordinates(text: str) -> tuple[float, float] | None:
    """Read "lon, lat"; None where the text is something else.

    Examples
    --------
    >>> parse_coordinates("109.03, 32.69"), parse_coordinates("109.03；+32.69"), parse_coordinates("西大街 3")
    ((109.03, 32.69), (109.03, 32.69), None)
    """
    match = _COORDINATES.fullmatch(text)
    return (float(match[1]), float(match[2])) if match else None


def named_grids(rows: dict[str, dict[str, Any]], text: str, limit: int) -> list[str]:
    """Return the codes of grids whose code begins with the text, or whose name contains it; best first."""
    hits = [c for c, row in rows.items() if c.startswith(text) or text in (row["name"] or "")]
    hits.sort(key=lambda c: (c != text, rows[c]["name"] != text, rows[c]["level"] or 9, c))
    return hits[:limit]
