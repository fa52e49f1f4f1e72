"""Draw the pictures of docs/registry.md: ``python -m docs.draw_registry``. They are drawn from a real registry."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import geopandas as gpd
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import shapely
from matplotlib.patches import FancyBboxPatch
from PIL import Image
from shapely.geometry import box

from gridgis.geometry.coverage import dissolve, node_base
from gridgis.ledger.states import TRANSITIONS
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

OUT = Path(__file__).parent / "img"
COMMUNITY = "990001001001"
WORK = "EPSG:4545"
X0, Y0 = 596_000.0, 3_619_000.0
DAYS = ("2026-03-01", "2026-06-01", "2026-09-01")
"""The days on which the example's three plans are filed."""
DIVISIONS = (("PQR", "PQS"), ("PTR", "PUS"), ("PTR", "PUR"))
"""Whose each cell of 100 x 100 m is, north row first: Q is split into T and U, then R and S are merged."""
HUES = ("#cde0b9", "#f7d8ac", "#efc3bb", "#bcd7ea", "#d8cbe8", "#bde0d3", "#e9e2a8", "#d9c9b6")
PLACES: dict[str, tuple[float, float]] = {
    "draft": (0, 1), "submitted": (2, 1), "reviewed": (5, 1), "filed": (7, 1), "superseded": (9.3, 1),
    "returned": (3.5, 0), "withdrawn": (0, 0),
}  # fmt: skip


def main() -> None:
    """Draw all pictures."""
    mpl.use("Agg")
    plt.rcParams.update({"font.size": 8, "figure.dpi": 110, "savefig.dpi": 110})
    draw_states()
    with TemporaryDirectory() as folder, example(Path(folder) / "registry.gpkg") as registry:
        draw_revisions(registry)
        draw_validity(registry)


def example(path: str | Path) -> Registry:
    """Make the registry of the page: one community, three revisions, a split and then a merge."""
    now = [datetime(2026, 1, 1, tzinfo=UTC)]
    registry = Registry.create(path, work_crs=WORK, name="示例", clock=lambda: now[0])
    outline = box(X0, Y0, X0 + 300, Y0 + 200)
    base = gpd.GeoDataFrame({"code": [COMMUNITY], "name": ["西大街社区"], "street": "西大街街道"}, geometry=[outline])
    base = node_base(base.set_crs(WORK), WORK)[0]
    registry.import_communities(base)
    for day, rows in zip(DAYS, DIVISIONS, strict=True):
        now[0] = datetime.fromisoformat(f"{day}T04:00:00+00:00")
        number = registry.plan_new(_plan(base, rows), f"{day} 划分", "张三")
        registry.plan_submit(number, "张三")
        registry.plan_review(number, "李四")
        registry.plan_file(number, "王五")
    return registry


def _plan(base: gpd.GeoDataFrame, cells: tuple[str, str]) -> DivisionPlan:
    """Return a plan of level 1 and these level-2 grids; a house of 4 households on every 25 x 25 m."""
    corners = [(X0 + 100 * column, Y0 + 100 * (1 - row)) for row in (0, 1) for column in range(3)]
    squares = np.array([box(x, y, x + 100, y + 100) for x, y in corners])
    pieces, shapes = dissolve(squares, np.array(list("".join(cells)), dtype=object))
    x, y = (v.ravel() + start for v, start in zip(np.mgrid[12.5:300:25, 12.5:200:25], (X0, Y0), strict=True))
    homes = shapely.points(x, y)
    counts = [4 * int(shapely.contains(shape, homes).sum()) for shape in shapes]
    names = [f"{COMMUNITY}-2-{k}" for k in pieces]
    none = dict.fromkeys(("mode", "category", "site_id", "previous"))
    rows = {
        "community": COMMUNITY, "local_id": [f"{COMMUNITY}-1", *names], "level": [1] + [2] * len(names),
        "kind": "comprehensive", "parent": [None] + [f"{COMMUNITY}-1"] * len(names), "flags": "",
        "name": ["西大街社区网格", *(f"第{k}网格" for k in pieces)], "households": [sum(counts), *counts],
    }  # fmt: skip
    whole = dissolve(squares, np.zeros(len(squares)))[1][0]
    grids = gpd.GeoDataFrame({**rows, **none}, geometry=[whole, *shapes], crs=WORK)[list(GRID_COLUMNS)]
    places = {"community": COMMUNITY, "id": [str(k) for k in range(len(homes))], "name": None, "households": 4}
    away = {"source": "counted", "level2": None, "level3": None, "dedicated": None}
    buildings = gpd.GeoDataFrame({**places, **away}, geometry=homes, crs=WORK)[list(BUILDING_COLUMNS)]
    atoms = {"community": COMMUNITY, "atom": range(len(names)), "local_id": names, "households": counts, "water": False}
    borders = gpd.GeoDataFrame({c: [] for c in BORDER_COLUMNS if c != "geometry"}, geometry=[], crs=WORK)
    return DivisionPlan(
        grids, buildings, borders, gpd.GeoDataFrame(atoms, geometry=shapes, crs=WORK)[list(ATOM_COLUMNS)], base,
        PlanReport(pd.DataFrame(columns=list(REPORT_COLUMNS))), {COMMUNITY: DivisionRules.for_community(COMMUNITY)}, 0,
    )  # fmt: skip


def draw_states() -> None:
    """Draw the states of a plan and what leads from one to another, as ``ledger.states`` tells."""
    figure, ax = plt.subplots(figsize=(9.6, 2.6))
    for state, (x, y) in PLACES.items():
        final = state in ("filed", "superseded", "withdrawn")
        patch = FancyBboxPatch(
            (x - 0.55, y - 0.16), 1.1, 0.32, boxstyle="round,pad=0.02", facecolor="#cfe0c3" if final else "#f3ead2",
            edgecolor="#33506b",
        )  # fmt: skip
        ax.add_patch(patch)
        ax.text(x, y, state, ha="center", va="center", weight="bold")
    for (start, action), end in TRANSITIONS.items():
        _arrow(ax, action, PLACES[start], PLACES[end])
    ax.set(xlim=(-0.8, 10.1), ylim=(-0.45, 1.45))
    ax.set_axis_off()
    _save(figure, "states")


def _arrow(ax: Any, action: str, start: tuple[float, float], end: tuple[float, float]) -> None:
    level = start[1] == end[1]
    bend = 0.0 if start[1] >= end[1] else 0.25
    if level:
        way = 1 if end[0] > start[0] else -1
        a, b = (start[0] + 0.6 * way, start[1]), (end[0] - 0.6 * way, end[1])
    else:
        way = 1 if end[1] > start[1] else -1
        a, b = (start[0], start[1] + 0.2 * way), (end[0], end[1] - 0.2 * way)
    style = {"arrowstyle": "->", "color": "#33506b", "connectionstyle": f"arc3,rad={bend}"}
    ax.annotate("", xy=b, xytext=a, arrowprops=style)
    share = 0.5 if level else 0.42
    at = (a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1]))
    lift = 0.07 if level else (0.0 if way < 0 else 0.1)
    ax.text(
        at[0] + (0.5 if bend else 0), at[1] + lift, action, ha="center", va="center", color="#8c3b2a",
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
    )  # fmt: skip


def draw_revisions(registry: Registry) -> None:
    """Draw level 2 of each revision, and the lineage that each brought."""
    figure, axes = plt.subplots(1, len(DAYS), figsize=(10.4, 3.4))
    lineage = registry.lineage()
    for number, (ax, day) in enumerate(zip(axes, DAYS, strict=True), start=1):
        grids = registry.grids(level=2, at=day).to_crs(WORK)
        for code, shape, count in zip(grids["code"], grids.geometry, grids["households"], strict=True):
            x, y = (np.asarray(v) for v in shape.geoms[0].exterior.xy)
            ax.fill(x - X0, y - Y0, facecolor=_hue(code), edgecolor="#33506b", lw=1.2)
            at = shape.representative_point()
            ax.text(at.x - X0, at.y - Y0, f"{code[-3:]}\n{count}", ha="center", va="center", weight="bold")
        ax.plot(275, 20, "o", color="#d1495b", ms=4)
        ax.set_title(f"Revision {number}, in force from {day}")
        ax.text(0, -10, "\n".join(_told(lineage[lineage["revision"] == number])), va="top", size=7.5)
        ax.set(xlim=(-3, 303), ylim=(-70, 203), aspect="equal")
        ax.set_axis_off()
    _save(figure, "revisions")


def _told(lineage: pd.DataFrame) -> list[str]:
    rows = lineage[lineage["relation"] != "continues"].itertuples()
    return [
        f"{r.old[-3:]} \N{RIGHTWARDS ARROW} {r.new[-3:]}: {r.relation}, {r.households_share:.0%} of the households"
        for r in rows
    ]  # fmt: skip


def draw_validity(registry: Registry) -> None:
    """Draw when each code was in force, and what a point was told on two days."""
    first = {row.number: date.fromisoformat(row.in_force_from) for row in registry.revisions().itertuples()}
    codes = registry.issued_codes()["code"].tolist()
    end = max(first.values()) + timedelta(days=90)
    figure, ax = plt.subplots(figsize=(8.8, 2.6))
    for y, code in enumerate(reversed(codes)):
        for row in registry.history(code).itertuples():
            start = first[row.valid_from]
            stop = end if pd.isna(row.valid_to) else first[row.valid_to]
            ax.barh(y, (stop - start).days, left=mpl.dates.date2num(start), height=0.6, color=_hue(code), ec="#33506b")
    ax.set_yticks(range(len(codes)), [c[-3:] for c in reversed(codes)])
    spots = ["2026-05-15", "2026-10-15"]
    lon, lat = point(registry)
    for day in spots:
        ax.axvline(mpl.dates.date2num(date.fromisoformat(day)), color="#d1495b", ls="--", lw=1)
        code = registry.locate(lon, lat, at=day).code or ""
        ax.text(mpl.dates.date2num(date.fromisoformat(day)), len(codes) - 0.3, f"{day}: {code[-3:]}", color="#d1495b")
    ax.xaxis_date()
    ax.set_ylim(-0.6, len(codes) + 0.4)
    _save(figure, "validity")


def point(registry: Registry) -> tuple[float, float]:
    """Return lon and lat of the red point of the pictures."""
    spot = gpd.GeoSeries([shapely.Point(X0 + 275, Y0 + 20)], crs=registry.work_crs).to_crs("EPSG:4490").iloc[0]
    return round(spot.x, 6), round(spot.y, 6)


def _hue(code: str) -> str:
    return HUES[int(code[-3:]) % len(HUES)]


def _save(figure: Any, name: str) -> None:
    """Save a picture; few colours keep the file small."""
    path = OUT / f"registry-{name}.png"
    figure.savefig(path, metadata={"Software": None}, bbox_inches="tight")
    plt.close(figure)
    with Image.open(path) as image:
        small = image.convert("RGB").quantize(64)
    small.save(path, optimize=True)


if __name__ == "__main__":
    main()
