"""An invented registry with a long history, written in bulk: what years of filings would leave behind.

Communities stand on a lattice. Each is one level-1 grid of six level-2 grids of six level-3 grids, with wiggly borders.
Each revision divides some communities anew: all borders inside them move, so all of level 2 and 3 begin anew (same
code, "continues"), and the level-3 grids of one level-2 grid get new codes ("split+merge").
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import sqlalchemy as sa
from numpy.typing import NDArray

from gridgis.geometry.crs import STORED_CRS, snap, transform_xy
from gridgis.model import (
    ATOM_COLUMNS,
    BORDER_COLUMNS,
    BUILDING_COLUMNS,
    GRID_COLUMNS,
    REPORT_COLUMNS,
    DivisionPlan,
    DivisionRules,
    PlanReport,
)  # fmt: skip
from gridgis.registry import Registry
from gridgis.registry import tables as t
from gridgis.registry.seals import row_seals, seal_revision
from gridgis.registry.store import insert

WORK = "EPSG:4545"
WEST, SOUTH = 590_000.0, 3_610_000.0
CELL_M, JITTER_M, WIGGLE_M, BENDS = 60.0, 8.0, 3.0, 6
SIDE = 6
"""A community is SIDE x SIDE level-3 grids."""
BLOCK = (2, 3)
"""A level-2 grid is so many level-3 grids wide and high."""
GRIDS = 1 + 6 + SIDE * SIDE
HOUSEHOLDS = 40
FIRST_DAY = date(2024, 1, 1)
DAYS_APART = 7

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Lines:
    """The borders of communities, work CRS: level (c, 6, 7, BENDS + 1, 2), upright (c, 7, 6, BENDS + 1, 2)."""

    level: Floats
    upright: Floats

    def take(self, chosen: NDArray[np.int64]) -> Lines:
        """Return the borders of some communities."""
        return Lines(self.level[chosen], self.upright[chosen])


class History:
    """A registry that is made in bulk.

    Parameters
    ----------
    registry
        New and empty, work CRS WORK, scheme national-15.
    communities
        How many.
    revisions
        How many.
    seed
        Of the invention.
    """

    def __init__(self, registry: Registry, communities: int, revisions: int, seed: int = 0) -> None:
        self.registry = registry
        self.count, self.revisions = communities, revisions
        self._random = np.random.default_rng(seed)
        self.lines = _lines(communities, self._random)
        self.codes = [f"99{k // 998_001 % 10}001{k // 999 % 999 + 1:03}{k % 999 + 1:03}" for k in range(communities)]
        self._next = np.full(communities, GRIDS)

    def write(self) -> None:
        """Write base layer, revisions, lineage, codes and buildings."""
        everyone = np.arange(self.count)
        base = _shapes(self.lines, 1)
        homes = shapely.centroid(_shapes(self.lines, 3))
        with self.registry._book.store.change_tables() as c:  # as a copy does
            names = {"code": self.codes, "name": [f"社区{k}" for k in everyone], "street": "示例街道"}
            insert(c, t.community, _frame(names, base))
            _grids, self.own = self._first(), np.arange(GRIDS)[None, :].repeat(self.count, axis=0)
            self._publish(c, 1, everyone, _grids)
            for number in range(2, self.revisions + 1):
                self._publish(c, number, *self._next_revision(c, number))
            self._write_codes(c)
            of = np.repeat(everyone, SIDE * SIDE)
            rows = {"community": [self.codes[k] for k in of], "id": [f"b{i}" for i in range(len(of))]}
            insert(c, t.building, _frame({**rows, "households": HOUSEHOLDS, "source": "counted"}, homes))

    def _first(self) -> gpd.GeoDataFrame:
        return self._rows(np.arange(self.count), np.arange(GRIDS)[None, :].repeat(self.count, axis=0), 0)

    def _next_revision(self, c: sa.Connection, number: int) -> tuple[NDArray[np.int64], gpd.GeoDataFrame]:
        """Divide every 20th community anew; end what was there."""
        chosen = np.arange((number - 2) % 20 % self.count, self.count, 20)
        self.lines = _moved(self.lines, chosen, self._random)
        before = self.own[chosen].copy()
        cells = np.flatnonzero(_block_of_cell() == number % 6)
        self.own[chosen[:, None], 7 + cells] = self._next[chosen, None] + np.arange(len(cells))
        self._next[chosen] += len(cells)
        g = t.grid.c
        ended = g.valid_to.is_(None) & g.community.in_([self.codes[k] for k in chosen]) & (g.level > 1)
        c.execute(sa.update(t.grid).where(ended).values(valid_to=number, state="superseded"))
        insert(c, t.lineage, self._lineage(chosen, before, self.own[chosen], number))
        return chosen, self._rows(chosen, self.own[chosen], 1)

    def _lineage(
        self, chosen: NDArray[np.int64], old: NDArray[np.int64], new: NDArray[np.int64], number: int
    ) -> pd.DataFrame:
        rows: list[tuple[Any, ...]] = []
        for k, a, b in zip(chosen, old, new, strict=True):
            words, heirs = ([f"{self.codes[k]}{n:03}" for n in some] for some in (a, b))
            changed = np.flatnonzero(a != b)
            rows += [(words[i], words[i], 1.0, 0.98, "continues") for i in np.flatnonzero(a == b)]
            for i, j in zip(changed, np.roll(changed, 1), strict=True):
                rows += [(words[i], heirs[h], 0.5, 0.5, "split+merge") for h in sorted((i, j))]
        columns = ["old", "new", "households_share", "area_share", "relation"]
        return pd.DataFrame(rows, columns=columns).assign(revision=number)

    def _rows(self, chosen: NDArray[np.int64], own: NDArray[np.int64], lowest: int) -> gpd.GeoDataFrame:
        """Return rows of the table grid, of the levels above ``lowest``."""
        lines = self.lines.take(chosen)
        tables = []
        for level, slots in ((1, [0]), (2, range(1, 7)), (3, range(7, GRIDS))):
            if level <= lowest:
                continue
            places = np.array(list(slots))
            parents = {1: None, 2: np.zeros(6, dtype=int), 3: 1 + _block_of_cell()}[level]
            words = [f"{self.codes[k]}{own[i, p]:03}" for i, k in enumerate(chosen) for p in places]
            above = (
                None
                if parents is None
                else [f"{self.codes[k]}{own[i, p]:03}" for i, k in enumerate(chosen) for p in parents]
            )
            shapes = _shapes(lines, level, stored=False)
            tables.append(
                _frame(
                    {
                        "code": words, "scheme": "national-15", "level": level, "kind": "comprehensive",
                        "community": [self.codes[k] for k in chosen for _ in places], "parent": above,
                        "name": [f"第{n[-3:]}网格" for n in words], "flags": "", "state": "in_force",
                        "households": HOUSEHOLDS * SIDE * SIDE // len(places),
                        "area_m2": shapely.area(shapes).round(3),
                    },
                    _stored(shapes),
                )
            )  # fmt: skip
        both = pd.concat(tables, ignore_index=True)
        blank = dict.fromkeys(("mode", "category", "site_id", "note"))
        return gpd.GeoDataFrame(both.assign(**blank), geometry="geometry", crs=STORED_CRS)

    def _publish(self, c: sa.Connection, number: int, chosen: NDArray[np.int64], grids: gpd.GeoDataFrame) -> None:
        day = FIRST_DAY + timedelta(days=DAYS_APART * (number - 1))
        noon = datetime(day.year, day.month, day.day, 4, tzinfo=UTC)
        plan = {
            "title": f"方案{number}", "communities": json.dumps([self.codes[k] for k in chosen]), "state": "filed",
            "made_at": noon, "changed_at": noon, "revision": number, "made_by": "示例", "report": "[]",
        }  # fmt: skip
        key = c.execute(sa.insert(t.plan).values(**plan)).inserted_primary_key
        plan_id = int(key[0]) if key else 0
        rows = grids.assign(valid_from=number, plan_id=plan_id)
        insert(c, t.grid, rows.assign(seal=row_seals(rows)))
        event = {"plan_id": plan_id, "action": "file", "state": "filed", "at": noon, "who": "示例"}
        c.execute(sa.insert(t.plan_event).values(**event))
        head = {"number": number, "plan_id": plan_id, "filed_at": noon, "in_force_from": day.isoformat()}
        c.execute(sa.insert(t.revision).values(**head, filed_by="示例"))
        seal_revision(c, number)

    def _write_codes(self, c: sa.Connection) -> None:
        words = [f"{code}{n:03}" for code, top in zip(self.codes, self._next, strict=True) for n in range(top)]
        now = {f"{code}{n:03}" for code, own in zip(self.codes, self.own, strict=True) for n in own}
        states = ["in_force" if w in now else "retired" for w in words]
        issued = pd.DataFrame({"code": words, "state": states, "plan_id": 1})
        insert(c, t.issued_code, issued.assign(issued_at=datetime(2024, 1, 1, tzinfo=UTC)))

    def plan(self, community: int, seed: int) -> DivisionPlan:
        """Return a plan that moves all borders inside one community."""
        chosen = np.array([community])
        lines = _moved(self.lines, chosen, np.random.default_rng(seed)).take(chosen)
        code = self.codes[community]
        ids = [f"{code}-{k}" for k in range(GRIDS)]
        level = [1] + [2] * 6 + [3] * SIDE * SIDE
        parents = [None, *[ids[0]] * 6, *(ids[1 + k] for k in _block_of_cell())]
        shapes = np.concatenate([_shapes(lines, n, stored=False) for n in (1, 2, 3)])
        each = {1: SIDE * SIDE, 2: 6, 3: 1}
        none = dict.fromkeys(("mode", "category", "site_id", "previous"))
        rows = {
            "community": code, "local_id": ids, "level": level, "kind": "comprehensive", "parent": parents,
            "name": [f"新{k}网格" for k in range(GRIDS)], "flags": "",
            "households": [HOUSEHOLDS * each[n] for n in level],
        }  # fmt: skip
        grids = gpd.GeoDataFrame({**rows, **none}, geometry=shapes, crs=WORK)[list(GRID_COLUMNS)]
        cells = grids[grids["level"] == 3]
        homes = _homes(code, self.lines.take(chosen))
        atoms = gpd.GeoDataFrame(
            {"community": code, "atom": np.arange(len(cells)), "local_id": cells["local_id"].to_numpy()},
            geometry=cells.geometry.to_numpy(), crs=WORK,
        ).assign(households=HOUSEHOLDS, water=False)[list(ATOM_COLUMNS)]  # fmt: skip
        borders = gpd.GeoDataFrame({c: [] for c in BORDER_COLUMNS if c != "geometry"}, geometry=[], crs=WORK)
        base = gpd.GeoDataFrame({"code": [code], "name": [code]}, geometry=shapes[:1], crs=WORK)
        report = PlanReport(pd.DataFrame(columns=list(REPORT_COLUMNS)))
        return DivisionPlan(grids, homes, borders, atoms, base, report, {code: DivisionRules.for_community(code)}, 0)


def make(address: str | Path, grids: int, revisions: int, clock: Any, seed: int = 0) -> History:
    """Make a registry with so many grids in force (to the next whole community) and so many revisions."""
    registry = Registry.create(address, work_crs=WORK, name="示例", clock=clock)
    history = History(registry, -(-grids // GRIDS), revisions, seed)
    history.write()
    return history


def _homes(code: str, lines: Lines) -> gpd.GeoDataFrame:
    points = shapely.centroid(_shapes(lines, 3, stored=False))
    rows = {"community": code, "id": [f"{code}-b{i}" for i in range(len(points))], "name": None}
    places = {"households": HOUSEHOLDS, "source": "counted", "level2": None, "level3": None, "dedicated": None}
    return gpd.GeoDataFrame({**rows, **places}, geometry=points, crs=WORK)[list(BUILDING_COLUMNS)]


def _frame(columns: dict[str, Any], shapes: Any) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=STORED_CRS)


def _block_of_cell() -> NDArray[np.int64]:
    """Return for each cell, column by column, which level-2 grid it belongs to."""
    i, j = np.divmod(np.arange(SIDE * SIDE), SIDE)
    return np.asarray(i // BLOCK[0] * (SIDE // BLOCK[1]) + j // BLOCK[1])


def _lines(count: int, random: np.random.Generator) -> Lines:
    """Draw the borders of a town and hand each community its own: neighbours have the same vertices."""
    wide = int(np.ceil(np.sqrt(count)))
    high = -(-count // wide)
    nx, ny = wide * SIDE, high * SIDE
    nodes = np.stack(np.meshgrid(np.arange(nx + 1), np.arange(ny + 1), indexing="ij"), axis=-1) * CELL_M
    nodes = nodes + random.uniform(-JITTER_M, JITTER_M, nodes.shape) + (WEST, SOUTH)
    level, upright = _bent(nodes[:-1], nodes[1:], random), _bent(nodes[:, :-1], nodes[:, 1:], random)
    k = np.arange(count)
    x, y = (k // high * SIDE)[:, None, None], (k % high * SIDE)[:, None, None]
    a, b = np.arange(SIDE)[None, :, None], np.arange(SIDE + 1)[None, None, :]
    return Lines(level[x + a, y + b], upright[x + b.transpose(0, 2, 1), y + a.transpose(0, 2, 1)])


def _bent(start: Floats, end: Floats, random: np.random.Generator) -> Floats:
    """Return lines from start to end with BENDS - 1 wiggly vertices between, on the 1 mm grid."""
    share = np.linspace(0, 1, BENDS + 1)[:, None]
    lines = start[..., None, :] * (1 - share) + end[..., None, :] * share
    lines[..., 1:-1, :] += random.uniform(-WIGGLE_M, WIGGLE_M, lines[..., 1:-1, :].shape)
    return snap(lines)


def _moved(lines: Lines, chosen: NDArray[np.int64], random: np.random.Generator) -> Lines:
    """Return the borders with those inside some communities drawn anew."""
    level, upright = lines.level.copy(), lines.upright.copy()
    nodes = np.empty((len(chosen), SIDE + 1, SIDE + 1, 2))
    nodes[:, :-1], nodes[:, -1] = level[chosen][:, :, :, 0], level[chosen][:, -1, :, -1]
    flat = np.stack(np.meshgrid(np.arange(SIDE + 1), np.arange(SIDE + 1), indexing="ij"), axis=-1) * CELL_M
    inner = flat[1:-1, 1:-1] + random.uniform(-JITTER_M, JITTER_M, (len(chosen), SIDE - 1, SIDE - 1, 2))
    corner = np.round((nodes[:, 0, 0] - (WEST, SOUTH)) / CELL_M) * CELL_M + (WEST, SOUTH)
    nodes[:, 1:-1, 1:-1] = inner + corner[:, None, None]
    new_level, new_upright = level[chosen], upright[chosen]
    new_level[:, :, 1:-1] = _bent(nodes[:, :-1, 1:-1], nodes[:, 1:, 1:-1], random)
    new_upright[:, 1:-1] = _bent(nodes[:, 1:-1, :-1], nodes[:, 1:-1, 1:], random)
    level[chosen], upright[chosen] = new_level, new_upright
    return Lines(level, upright)


def _shapes(lines: Lines, level: int, stored: bool = True) -> Any:
    """Return the polygons of a level, community by community, column by column."""
    wide, high = {1: (SIDE, SIDE), 2: BLOCK, 3: (1, 1)}[level]
    rings = [
        _rings(lines, x, y, wide, high) for x in range(0, SIDE, wide) for y in range(0, SIDE, high)
    ]  # (c, n, 2) each
    ring = np.stack(rings, axis=1)
    shapes = shapely.polygons(ring.reshape(-1, *ring.shape[2:]))
    return _stored(shapes) if stored else shapes


def _rings(lines: Lines, x: int, y: int, wide: int, high: int) -> Floats:
    south = [lines.level[:, x + i, y, :-1] for i in range(wide)]
    east = [lines.upright[:, x + wide, y + j, :-1] for j in range(high)]
    north = [lines.level[:, x + i, y + high, :0:-1] for i in reversed(range(wide))]
    west = [lines.upright[:, x, y + j, :0:-1] for j in reversed(range(high))]
    return np.concatenate([*south, *east, *north, *west], axis=1)


def _stored(shapes: Any) -> Any:
    return shapely.transform(shapes, lambda xy: transform_xy(xy, WORK, STORED_CRS))


def chosen_points(history: History, count: int, seed: int) -> list[tuple[float, float]]:
    """Return points anywhere in the town, lon and lat."""
    random = np.random.default_rng(seed)
    corners = history.lines.level[:, 0, 0, 0]
    picked = corners[random.integers(0, len(corners), count)] + random.uniform(30, SIDE * CELL_M - 30, (count, 2))
    return [(float(x), float(y)) for x, y in transform_xy(picked, WORK, STORED_CRS)]
