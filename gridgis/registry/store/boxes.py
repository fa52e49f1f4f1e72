"""Asking by extent: through the R*Tree of a file, or the GiST index of PostGIS."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from gridgis.registry.store.gpkg import SRS_ID

Box = tuple[Any, Any, Any, Any]
"""West, south, east, north, in degrees: numbers, or the bound parameters of a statement that is made once."""


def in_box(table: sa.Table, box: Box, is_file: bool) -> sa.ColumnElement[Any]:
    """Return the condition that a row's extent touches a box (in a file: nearly, to single floats)."""
    west, south, east, north = (v if isinstance(v, sa.BindParameter) else float(v) for v in box)
    if is_file:
        corners = [sa.column(name, sa.Double) for name in ("minx", "maxx", "miny", "maxy")]
        r = sa.table(f"rtree_{table.name}_geometry", sa.column("id", sa.Integer), *corners).c
        touching = (r.minx <= east) & (r.maxx >= west) & (r.miny <= north) & (r.maxy >= south)
        return table.c.fid.in_(sa.select(r.id).where(touching))
    return table.c.geometry.op("&&")(sa.func.ST_MakeEnvelope(west, south, east, north, SRS_ID))
