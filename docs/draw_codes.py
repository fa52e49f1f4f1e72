"""Draw the pictures of docs/codes.md: ``python -m docs.draw_codes``. All codes in them are computed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import shapely
from matplotlib.patches import Rectangle
from PIL import Image
from shapely.geometry import Polygon, box

from gridgis.coding import Scheme, spatial_order
from gridgis.ledger.encode import encode_plan
from gridgis.ledger.identity import identify

HERE = Path(__file__).parent
OUT = HERE / "img"
COMMUNITY = "990001001001"
COLOURS = {
    "region": "#cfe0c3", "sequence": "#f7d8ac", "fixed": "#dddddd", "free": "#e6dcef", "kind": "#efc3bb",
    "check": "#bcd7ea", "level": "#e9e2a8",
}  # fmt: skip
EXAMPLES = (
    ("national-15", "610902001003012"), ("nested-18", "610902001003020512"),
    ("cjt349-20", "00000061090200100312"), (str(HERE / "zh-13.toml"), "ZH61090200112"),
)  # fmt: skip
HUES = [
    "#cde0b9",
    "#f7d8ac",
    "#efc3bb",
    "#bcd7ea",
    "#d8cbe8",
    "#bde0d3",
    "#e9e2a8",
    "#d9c9b6",
    "#c7d3f0",
    "#f0d9e8",
    "#d5e8d4",
]


def main() -> None:
    """Draw all pictures."""
    mpl.use("Agg")
    plt.rcParams.update({"font.size": 8, "figure.dpi": 110, "savefig.dpi": 110})
    draw_schemes()
    draw_order()
    draw_changes()


def save(figure: Any, name: str) -> None:
    """Save a picture; few colours keep the file small."""
    path = OUT / f"codes-{name}.png"
    figure.savefig(path, metadata={"Software": None}, bbox_inches="tight")
    plt.close(figure)
    with Image.open(path) as image:
        small = image.convert("RGB").quantize(64)
    small.save(path, optimize=True)


def draw_schemes() -> None:
    """Draw one code of each scheme, cut into its segments."""
    figure, ax = plt.subplots(figsize=(9.2, 3.6))
    for row, (name, text) in enumerate(EXAMPLES):
        scheme = Scheme.load(name)
        scheme.parse(text)
        y, start, low = -1.5 * row, 0, False
        ax.text(-0.4, y + 0.3, scheme.name, ha="right", va="center", weight="bold", size=9)
        for i, s in enumerate(scheme.segments):
            ax.add_patch(Rectangle((start, y), s.width, 0.6, facecolor=COLOURS[s.role], edgecolor="#555555"))
            for k, character in enumerate(text[start : start + s.width]):
                ax.text(start + k + 0.5, y + 0.3, character, ha="center", va="center", family="monospace", size=11)
            narrow = s.width < 3 and i > 0 and scheme.segments[i - 1].width < 3
            low = not low if narrow else False
            ax.text(start + s.width / 2, y - (0.44 if low else 0.16), s.name, ha="center", va="center", size=7)
            start += s.width
    for k, (role, colour) in enumerate(list(COLOURS.items())[:-1]):
        ax.add_patch(Rectangle((3.2 * k, -5.75), 0.5, 0.3, facecolor=colour, edgecolor="#555555"))
        ax.text(3.2 * k + 0.7, -5.6, role, va="center")
    ax.set(xlim=(-3, 20.2), ylim=(-5.9, 0.8))
    ax.set_axis_off()
    save(figure, "schemes")


def draw_order() -> None:
    """Draw grids of uneven shape, the rows that are laid through them, and their numbers."""
    cuts = [(0, 95), (95, 210), (210, 300)], [(0, 130), (130, 300)], [(0, 80), (80, 190), (190, 300)]
    floors, slope = (200, 105, 0), {200: 12, 105: -8}
    shapes = []
    for row, columns in enumerate(cuts):
        top, low = 300 if row == 0 else floors[row - 1], floors[row]
        for west, east in columns:
            corners = [(west, low), (east, low), (east, top), (west, top)]
            tilt = [(x, y + slope.get(y, 0) * (x / 150 - 1)) for x, y in corners]
            shapes.append(Polygon(tilt))
    points = [(i, s.representative_point().x, s.representative_point().y) for i, s in enumerate(shapes)]
    height = float(np.median([s.bounds[3] - s.bounds[1] for s in shapes]))
    order = spatial_order(points, height)
    figure, ax = plt.subplots(figsize=(5.6, 4.4))
    left = sorted(points, key=lambda p: -p[2])
    for row in range(len(cuts)):
        top = left[0][2]
        inside = [p for p in left if top - p[2] <= height / 2]
        left = [p for p in left if p not in inside]
        ax.axhspan(top - height / 2, top + height / 2, color=HUES[row], alpha=0.45, zorder=0)
        ax.axhline(top, color="#777777", lw=0.7, ls=":")
        ax.text(306, top, f"row {row + 1}", va="center")
    for shape in shapes:
        ax.plot(*shape.exterior.xy, color="#33506b", lw=1.2)
    for number, i in enumerate(order, start=1):
        _, x, y = points[i]
        ax.plot(x, y, "o", color="#d1495b", ms=3)
        ax.text(x, y + 6, f"{number:03}", ha="center", weight="bold", size=10)
    ax.set(xlim=(-4, 345), ylim=(-20, 320), aspect="equal")
    ax.set_axis_off()
    save(figure, "order")


def draw_changes() -> None:
    """Draw three revisions: a border moves, one grid is split, two are merged; then the split is taken back."""
    cell = {
        f"{r}{c}": box(100 * c, 100 * (1 - r), 100 * c + 100, 100 * (1 - r) + 100) for r in (0, 1) for c in range(3)
    }
    first = list(cell.values())
    moved = [box(0, 85, 100, 200), box(0, 0, 100, 85)]
    merged = shapely.union_all([cell["11"], cell["12"]])
    second = [moved[0], moved[1], box(100, 100, 150, 200), box(150, 100, 200, 200), cell["02"], merged]
    third = [moved[0], moved[1], cell["01"], cell["02"], merged]
    x, y = np.meshgrid(np.arange(12.5, 300, 25), np.arange(12.5, 200, 25))
    homes = gpd.GeoDataFrame({"households": 4}, index=range(x.size), geometry=shapely.points(x.ravel(), y.ravel()))
    homes = homes.set_crs("EPSG:4545")
    figure, axes = plt.subplots(1, 3, figsize=(10.4, 3.4))
    before, ever = None, []
    for ax, shapes, title in zip(axes, (first, second, third), ("Revision 1", "Revision 2", "Revision 3"), strict=True):
        grids = _plan(shapes)
        lines: list[str] = []
        if before is not None:
            found = identify(before, grids.assign(id=grids["local_id"]), homes)
            grids["previous"] = grids["local_id"].map(found.continues)
        codes = encode_plan(grids, Scheme.load("national-15"), ever)["code"]
        if before is not None:
            lines = _lineage(
                found.lineage.assign(new=found.lineage["new"].map(dict(zip(grids["local_id"], codes, strict=True))))
            )
        ever = sorted({*ever, *codes})
        before = grids.assign(code=codes, id=codes)
        _draw_revision(ax, before, title, lines, ever)
    save(figure, "changes")


def _plan(shapes: Sequence[Any]) -> gpd.GeoDataFrame:
    names = [f"{COMMUNITY}-2-{i:02}" for i in range(1, len(shapes) + 1)]
    columns = {"community": COMMUNITY, "local_id": names, "level": 2, "kind": "comprehensive", "mode": None}
    return gpd.GeoDataFrame({**columns, "parent": None, "previous": None}, geometry=list(shapes), crs="EPSG:4545")


def _lineage(table: pd.DataFrame) -> list[str]:
    out = []
    for row in table[table["relation"] != "continues"].itertuples():
        out.append(f"{row.old[-3:]} \N{RIGHTWARDS ARROW} {row.new[-3:]}: {row.households_share:.0%} of its households")
    return out


def _draw_revision(ax: Any, grids: gpd.GeoDataFrame, title: str, lines: Sequence[str], ever: Sequence[str]) -> None:
    for code, shape in zip(grids["code"], grids.geometry, strict=True):
        x, y = shape.exterior.xy
        ax.fill(x, y, facecolor=HUES[int(code[-3:]) % len(HUES)], edgecolor="#33506b", lw=1.2)
        at = shape.representative_point()
        ax.text(at.x, at.y, code[-3:], ha="center", va="center", weight="bold", size=11)
    ax.set_title(title)
    ax.text(0, -12, "\n".join([*lines, f"next number: {int(ever[-1][-3:]) + 1:03}"]), va="top", size=7.5)
    ax.set(xlim=(-3, 303), ylim=(-85, 203), aspect="equal")
    ax.set_axis_off()


if __name__ == "__main__":
    main()
