"""Hand-made communities and plans: rectangles, split where the test says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from gridgis.geometry.coverage import dissolve, faces, node, node_base
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

WORK = "EPSG:4545"
X0, Y0 = 596_000.0, 3_619_000.0
A, B, C = "990001001001", "990001001002", "990001001003"

Line = tuple[tuple[float, float], tuple[float, float]]


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_days(self, days: int) -> None:
        self.now += timedelta(days=days)


def box(x: float, y: float, width: float, height: float) -> BaseGeometry:
    return shapely.box(X0 + x, Y0 + y, X0 + x + width, Y0 + y + height)


def communities(shapes: dict[str, BaseGeometry] | None = None) -> gpd.GeoDataFrame:
    """Return the noded base: A and B side by side, C above both."""
    shapes = shapes or {A: box(0, 0, 1000, 800), B: box(1000, 0, 900, 800), C: box(0, 800, 1900, 500)}
    names = [f"社区{c[-1]}" for c in shapes]
    frame = gpd.GeoDataFrame(
        {"code": list(shapes), "name": names, "street": "西大街街道"}, geometry=list(shapes.values()), crs=WORK
    )
    return node_base(frame, WORK)[0]


def buildings(base: gpd.GeoDataFrame, step: float = 90.0) -> gpd.GeoDataFrame:
    """Return square buildings on a lattice, 10 households each."""
    rows = []
    for code, outline in zip(base["code"], base.geometry, strict=True):
        west, south, east, north = outline.bounds
        for x in np.arange(west + step / 2, east, step):
            for y in np.arange(south + step / 2, north, step):
                if outline.contains(shapely.Point(x, y)):
                    rows.append(
                        (code, len(rows), f"{code[-1]}-{len(rows)}号楼", 10, "counted", shapely.box(x, y, x + 8, y + 8))
                    )
    columns = ["community", "id", "name", "households", "source", "geometry"]
    frame = gpd.GeoDataFrame(pd.DataFrame(rows, columns=columns), geometry="geometry", crs=WORK)
    return frame.assign(level2=None, level3=None, dedicated=None)[list(BUILDING_COLUMNS)]


def make_plan(
    base: gpd.GeoDataFrame,
    lines2: Sequence[Line] = (),
    lines3: Sequence[Line] = (),
    overlays: Sequence[BaseGeometry] = (),
    carved: Sequence[BaseGeometry] = (),
) -> DivisionPlan:
    """Divide communities by straight lines (relative to X0, Y0): lines2 cut level 2, and both cut level 3."""
    blocks, cells = _pieces(base, lines2, carved), _pieces(base, [*lines2, *lines3], carved)
    homes = buildings(base)
    at = shapely.point_on_surface(homes.geometry.to_numpy())
    rows: list[dict[str, object]] = []
    for code, outline in zip(base["code"], base.geometry, strict=True):
        rows.append(_row(code, f"{code}-1", 1, None, f"{code[-1]}社区网格", _whole(outline, cells)))
        seconds = [g for g in blocks if outline.contains(g.representative_point()) and not _in(g, carved)]
        for i, second in enumerate(seconds, 1):
            rows.append(_row(code, f"{code}-2-{i:02}", 2, f"{code}-1", f"第{i}网格", _whole(second, cells)))
            thirds = [g for g in cells if second.contains(g.representative_point())]
            for k, third in enumerate(thirds, 1):
                rows.append(_row(code, f"{code}-3-{i:02}-{k:02}", 3, f"{code}-2-{i:02}", f"第{i}-{k}网格", third))
        for i, site in enumerate([s for s in carved if outline.contains(s)], 1):
            shape = _whole(site, cells)
            rows.append(_site(code, f"{code}-D-{i:02}", f"{code}-1", "carve", f"专属{i}", shape))
        for i, site in enumerate([s for s in overlays if outline.contains(s)], 1):
            rows.append(_site(code, f"{code}-O-{i:02}", f"{code}-1", "overlay", f"叠加{i}", site))
    grids = gpd.GeoDataFrame(pd.DataFrame(rows), geometry="geometry", crs=WORK)
    grids["households"] = [
        0 if m == "overlay" else int(homes["households"][shapely.contains(g, at)].sum())
        for m, g in zip(grids["mode"], grids.geometry, strict=True)
    ]
    return as_plan(base, grids[list(GRID_COLUMNS)], homes)


def as_plan(base: gpd.GeoDataFrame, grids: gpd.GeoDataFrame, homes: gpd.GeoDataFrame | None = None) -> DivisionPlan:
    leaf = grids[~grids["local_id"].isin(grids["parent"].dropna()) & (grids["mode"] != "overlay")]
    atoms = gpd.GeoDataFrame(
        {"community": leaf["community"], "atom": range(len(leaf)), "local_id": leaf["local_id"]},
        geometry=leaf.geometry,
        crs=WORK,
    ).assign(households=0, water=False)[list(ATOM_COLUMNS)]
    homes = buildings(base) if homes is None else homes
    borders = gpd.GeoDataFrame({c: [] for c in BORDER_COLUMNS if c != "geometry"}, geometry=[], crs=WORK)
    report = PlanReport(pd.DataFrame(columns=list(REPORT_COLUMNS)))
    rules = {c: DivisionRules.for_community(c) for c in base["code"]}
    return DivisionPlan(grids, homes, borders, atoms, base, report, rules, 0)


def _pieces(base: gpd.GeoDataFrame, lines: Sequence[Line], carved: Sequence[BaseGeometry]) -> list[BaseGeometry]:
    cuts = [shapely.LineString([(X0 + x, Y0 + y) for x, y in line]) for line in lines]
    parts, _ = faces(node([*base.geometry, *cuts, *carved]))
    return [p for p in parts if base.geometry.contains(p.representative_point()).any()]


def _in(piece: BaseGeometry, sites: Sequence[BaseGeometry]) -> bool:
    return any(s.contains(piece.representative_point()) for s in sites)


def _whole(outline: BaseGeometry, cells: Sequence[BaseGeometry]) -> BaseGeometry:
    inside = [c for c in cells if outline.contains(c.representative_point())]
    return dissolve(np.array(inside, dtype=object), np.zeros(len(inside)))[1][0]


def _row(code: str, local_id: str, level: int, parent: str | None, name: str, geom: BaseGeometry) -> dict[str, object]:
    none = dict.fromkeys(("mode", "category", "site_id", "previous"))
    return {
        "community": code, "local_id": local_id, "level": level, "kind": "comprehensive", "parent": parent,
        "name": name, "households": 0, "flags": "", "geometry": geom, **none,
    }  # fmt: skip


def _site(code: str, local_id: str, parent: str, mode: str, name: str, geom: BaseGeometry) -> dict[str, object]:
    row = _row(code, local_id, 2, parent, name, geom)
    return {**row, "level": None, "kind": "dedicated", "mode": mode, "category": "school", "site_id": local_id}


def make_registry(
    address: str | Path, clock: Callable[[], datetime] | None = None, base: gpd.GeoDataFrame | None = None
) -> Registry:
    registry = Registry.create(address, work_crs=WORK, name="测试", clock=clock or Clock())
    registry.import_communities(communities() if base is None else base)
    return registry


def file_through(registry: Registry, plan: DivisionPlan, title: str = "方案") -> int:
    """Take a plan all the way to filing; return the revision."""
    plan_id = registry.plan_new(plan, title, "张三")
    registry.plan_submit(plan_id, "张三")
    registry.plan_review(plan_id, "李四")
    return registry.plan_file(plan_id, "王五")
