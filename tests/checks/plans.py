"""Hand-made plans: a map of letters becomes seamless grids with one building in the middle of each cell.

A word of the map is one cell of 100 m x 100 m: ``a1`` is level-3 grid 1 of level-2 grid a, ``S`` is carved site S,
``.`` is outside. All else follows: level 2, level 1, parents, households.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import shapely
from shapely.geometry.base import BaseGeometry

from gridgis.checks import verify
from gridgis.geometry.crs import to_stored
from gridgis.model import GRID_COLUMNS, Band, Community, DivisionRules, VerifyReport

WORK = "EPSG:4545"
EAST, NORTH, CELL = 500_000.0, 3_600_000.0, 100.0
CODE, EAST_CODE = "990001001001", "990001001002"
RULES = replace(
    DivisionRules.load("urban-300-500"), level2=Band(60, 100), level3=Band(30, 50), max_area_empty_m2=25_000.0
)

TOWN = """
a1 a1 b1 b1
a2 a2 b2 b2
c1 c1 d1 d1
c2 c2 d2 d2
"""
"""Four level-2 grids of two level-3 grids of two cells: with 20 households a cell all is within RULES."""


@dataclass(frozen=True)
class Made:
    """A plan and what it was made for."""

    grids: gpd.GeoDataFrame
    community: Community
    rules: DivisionRules = RULES

    def verify(self, **options: Any) -> VerifyReport:
        return verify(self.grids, self.community, self.rules, **options)

    def change(self, local_id: str, /, **values: Any) -> Made:
        """Return the plan with some values of one grid changed."""
        grids = self.grids.copy()
        for column, value in values.items():
            if column == "geometry":
                (value,) = to_stored(gpd.GeoDataFrame(geometry=[value], crs=WORK)).geometry
            grids.loc[grids["local_id"] == local_id, column] = [value]
        return replace(self, grids=grids)

    def among(self, **values: Any) -> Made:
        """Return the plan in other surroundings: fields of the community changed."""
        return replace(self, community=replace(self.community, **values))

    def without(self, *local_ids: str) -> Made:
        return replace(self, grids=self.grids[~self.grids["local_id"].isin(local_ids)])

    def add(self, **row: Any) -> Made:
        """Return the plan with one more grid; the geometry is in the work CRS."""
        full = {**dict.fromkeys(GRID_COLUMNS), "community": CODE, "flags": "", "households": 0, **row}
        more = to_stored(gpd.GeoDataFrame([full], crs=WORK))
        records = [*self.grids.to_dict("records"), *more.to_dict("records")]
        return replace(self, grids=gpd.GeoDataFrame(records, crs=self.grids.crs))

    def shape(self, local_id: str) -> BaseGeometry:
        """Return the geometry of a grid in the work CRS, on its 1 mm grid."""
        row = self.grids[self.grids["local_id"] == local_id].to_crs(WORK)
        return shapely.set_precision(row.geometry.iloc[0], 0.001)


def box(column: float, row: float, columns: float = 1, rows: float = 1, inset: float = 0) -> BaseGeometry:
    """Return a rectangle of the map, in cells from its upper left, in the work CRS."""
    x0, y1 = EAST + column * CELL, NORTH - row * CELL
    return shapely.box(x0 + inset, y1 - rows * CELL + inset, x0 + columns * CELL - inset, y1 - inset)


def line(*points: tuple[float, float]) -> BaseGeometry:
    """Return a line through points of the map (column, row), in the work CRS."""
    return shapely.LineString([(EAST + c * CELL, NORTH - r * CELL) for c, r in points])


def layer(rows: Sequence[Mapping[str, Any]], *columns: str) -> gpd.GeoDataFrame:
    """Return a layer in the work CRS; an empty one with its columns."""
    if rows:
        return gpd.GeoDataFrame(list(rows), crs=WORK)
    return gpd.GeoDataFrame({c: [] for c in columns}, geometry=[], crs=WORK)


def make(
    text: str = TOWN,
    households: int | Mapping[tuple[int, int], int | None] = 20,
    *,
    code: str = CODE,
    shift: int = 0,
    barriers: Sequence[Mapping[str, Any]] = (),
    compounds: Sequence[Mapping[str, Any]] | None = None,
    more_buildings: Sequence[Mapping[str, Any]] = (),
    rules: DivisionRules = RULES,
) -> Made:
    """Make a plan from a map; households of a cell by (column, row), 20 where not said; no building where None."""
    cells = {
        (c + shift, r): word
        for r, words in enumerate(text.strip().splitlines())
        for c, word in enumerate(words.split())
        if word != "."
    }
    given = {at: households if isinstance(households, int) else households.get(at, 20) for at in cells}
    buildings = [
        {"id": f"{code}-{c}-{r}", "households": n, "geometry": box(c + 0.45, r + 0.45, 0.1, 0.1)}
        for (c, r), n in given.items()
        if n is not None
    ]
    sites = [
        {"id": w, "category": "school", "mode": "carve", "geometry": _union([p for p, v in cells.items() if v == w])}
        for w in sorted({w for w in cells.values() if w.isupper()})
    ]
    community = Community(
        code,
        f"社区{code[-1]}",
        _union(list(cells)),
        layer([*buildings, *more_buildings], "id", "households"),
        layer(barriers, "klass"),
        None if compounds is None else layer(compounds, "id"),
        layer(sites, "id", "category", "mode"),
        WORK,
    )
    grids = [_row(code, name, cells, given) for name in _names(cells)]
    return Made(to_stored(gpd.GeoDataFrame(grids, crs=WORK)), community, rules)


def _names(cells: Mapping[tuple[int, int], str]) -> list[str]:
    words = set(cells.values())
    return ["", *sorted({w[0] for w in words if not w.isupper()} | words)]


def _row(
    code: str, name: str, cells: Mapping[tuple[int, int], str], given: Mapping[tuple[int, int], int | None]
) -> dict[str, Any]:
    mine = [at for at, word in cells.items() if word.startswith(name)]
    carved = name.isupper()
    return {
        **dict.fromkeys(GRID_COLUMNS),
        "community": code,
        "local_id": f"{code}-{name or 'top'}",
        "level": None if carved else len(name) + 1,
        "kind": "dedicated" if carved else "comprehensive",
        "mode": "carve" if carved else None,
        "parent": None if not name else f"{code}-{name[:-1] or 'top'}",
        "category": "school" if carved else None,
        "site_id": name if carved else None,
        "name": f"网格{name}",
        "households": sum(given[at] or 0 for at in mine),
        "flags": "",
        "geometry": _union(mine),
    }


def atoms(text: str, code: str = CODE) -> gpd.GeoDataFrame:
    """Return the cells of a map as the atoms of its plan, in the work CRS, numbered as they are read."""
    rows = [
        {"community": code, "local_id": f"{code}-{word}", "households": 0, "water": False, "geometry": box(c, r)}
        for r, words in enumerate(text.strip().splitlines())
        for c, word in enumerate(words.split())
        if word != "."
    ]
    return gpd.GeoDataFrame([{**row, "atom": i} for i, row in enumerate(rows)], crs=WORK)


def _union(cells: Sequence[tuple[int, int]]) -> BaseGeometry:
    return shapely.coverage_union_all([box(c, r) for c, r in cells])


def broken(report: VerifyReport) -> set[str]:
    """Return the names of the broken rules."""
    return set(report.violations["rule"])


def short(local_id: str) -> str:
    """Return the local id of a grid of the first community by its letters."""
    return f"{CODE}-{local_id}"
