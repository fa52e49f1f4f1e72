"""What differs between two states of the grids, so that the difference, applied to the one, gives the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from gridgis.errors import Conflict

COMPARED = (
    "community", "level", "kind", "mode", "parent", "category", "site_id", "name", "households", "flags", "geometry",
)  # fmt: skip
"""Columns that are compared; the key is ``code``."""

CHANGE_COLUMNS = ("code", "change", "fields", "old_name", "new_name")
"""change: added | removed | changed; fields: the columns that differ, joined by commas."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Changes:
    """Rows by code as they were and as they are; None where there was or is none. Only codes that changed."""

    before: dict[str, Row | None]
    after: dict[str, Row | None]

    def table(self) -> pd.DataFrame:
        """List the changes: CHANGE_COLUMNS, sorted by code."""
        return pd.DataFrame([self._line(code) for code in sorted(self.before)], columns=list(CHANGE_COLUMNS))

    def _line(self, code: str) -> Row:
        old, new = self.before[code], self.after[code]
        kind = "added" if old is None else "removed" if new is None else "changed"
        fields = [] if old is None or new is None else [c for c in COMPARED if not _same(old[c], new[c])]
        names = (None if row is None else row["name"] for row in (old, new))
        return dict(zip(CHANGE_COLUMNS, (code, kind, ",".join(fields), *names), strict=True))


def diff(a: gpd.GeoDataFrame, b: gpd.GeoDataFrame) -> Changes:
    """Compare two states of grids: null-safe, geometries by their exact vertices.

    Parameters
    ----------
    a, b
        code (unique) and COMPARED; the same CRS.

    Examples
    --------
    >>> row = dict.fromkeys(COMPARED) | {"code": "1", "geometry": shapely.box(0, 0, 1, 1)}
    >>> a, b = (gpd.GeoDataFrame([row | {"name": name}], crs="EPSG:4490") for name in (None, "x"))
    >>> diff(a, b).table()[["code", "change", "fields"]].values.tolist()
    [['1', 'changed', 'name']]
    """
    old, new = _rows(a), _rows(b)
    codes = [c for c in sorted(old.keys() | new.keys()) if not _same_row(old.get(c), new.get(c))]
    return Changes({c: old.get(c) for c in codes}, {c: new.get(c) for c in codes})


def apply(changes: Changes, a: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the state ``b`` of which ``changes`` is ``diff(a, b)``: code and COMPARED, sorted by code.

    Raises
    ------
    Conflict
        ``a`` is not the state that was compared; names the codes.
    """
    rows = _rows(a)
    if wrong := [c for c, old in changes.before.items() if not _same_row(rows.get(c), old)]:
        raise Conflict(
            f"网格 {wrong[:5]} 与比较时不同，不能套用这些变化",
            f"the grids {wrong[:5]} are not as they were compared: the changes do not apply",
            codes=wrong,
        )
    rows |= {c: row for c, row in changes.after.items() if row is not None}
    kept = [rows[c] for c in sorted(rows) if changes.after.get(c, rows[c]) is not None]
    table = pd.DataFrame(kept, columns=["code", *COMPARED])
    return gpd.GeoDataFrame(table, geometry="geometry", crs=a.crs)


def _rows(grids: gpd.GeoDataFrame) -> dict[str, Row]:
    columns = ["code", *COMPARED]
    values = zip(*(grids[c].tolist() for c in columns), strict=True)
    return {row[0]: {k: _plain(v) for k, v in zip(columns, row, strict=True)} for row in values}


def _plain(value: Any) -> Any:
    return None if not isinstance(value, shapely.Geometry) and pd.isna(value) else value


def _same_row(a: Row | None, b: Row | None) -> bool:
    if a is None or b is None:
        return a is b
    return all(_same(a[c], b[c]) for c in COMPARED)


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, shapely.Geometry) and isinstance(b, shapely.Geometry):
        return bool(shapely.equals_exact(a, b, 0.0))
    return bool(a == b)
