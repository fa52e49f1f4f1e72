"""Draw the pictures of docs/lookup.md: ``python -m docs.draw_lookup``. All cells and edges come out of real indexes."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import geopandas as gpd
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import shapely
from matplotlib.collections import LineCollection, PatchCollection
from matplotlib.patches import Polygon as Patch
from matplotlib.patches import Rectangle
from PIL import Image
from shapely import box

from gridgis.geometry.crs import to_stored
from gridgis.index import GridIndex
from gridgis.index.mapped import SECTION, START
from gridgis.index.tables import HEAD, LOW, NEAR, STEP, Tables
from gridgis.io.town import read_town
from gridgis.model import DivisionRules
from gridgis.partition import divide

HERE = Path(__file__).parent
OUT = HERE / "img"
CODE = "990001001001"
HUES = ["#cde0b9", "#f7d8ac", "#efc3bb", "#bcd7ea", "#d8cbe8", "#bde0d3", "#e9e2a8", "#d9c9b6"]
EDGE, CELL, WAY, STRIP, IN = "#33506b", "#b08a5b", "#c0392b", "#f2a65a", "#2e7d4f"
SQUARES = [box(0, 1, 1, 2), box(1, 1, 2, 2), box(0, 0, 1, 1), box(1, 0, 2, 1)]


def main() -> None:
    """Draw all pictures."""
    mpl.use("Agg")
    plt.rcParams.update({"font.size": 8, "figure.dpi": 110, "savefig.dpi": 110})
    grids = sample_grids()
    index = GridIndex.build(grids)
    draw_rule()
    draw_outer_border()
    draw_directory(index.tables, grids)
    leaf = a_telling_leaf(index.tables)
    draw_leaf(index.tables, leaf)
    draw_way(index.tables, leaf)
    draw_file(index)


def sample_grids() -> Any:
    """Return the level-3 grids of the sample's first community, as they are stored."""
    communities = read_town(HERE.parent / "sample_shapes" / "town").to_communities()
    community = next(c for c in communities if c.code == CODE)
    grids = to_stored(divide(community, DivisionRules.for_community(CODE)).grids)
    return grids.geometry[(grids["level"] == 3).fillna(False)].to_numpy()


def save(figure: Any, name: str) -> None:
    """Save a picture; few colours keep the file small."""
    path = OUT / f"lookup-{name}.png"
    figure.savefig(path, metadata={"Software": None}, bbox_inches="tight")
    plt.close(figure)
    with Image.open(path) as image:
        small = image.convert("RGB").quantize(64)
    small.save(path, optimize=True)


def bare(width: float, height: float, columns: int = 1) -> Any:
    """Return a figure and its axes without frames, of equal scales."""
    figure, axes = plt.subplots(1, columns, figsize=(width, height), squeeze=False)
    for ax in axes[0]:
        ax.set_aspect("equal")
        ax.set_axis_off()
    return figure, axes[0]


def four_squares(ax: Any) -> None:
    """Draw the squares A to D."""
    for k, square in enumerate(SQUARES):
        gpd.GeoSeries([square]).plot(ax=ax, color=HUES[k], edgecolor=EDGE, linewidth=1.2, aspect=None)
        ax.text(square.centroid.x, square.centroid.y, "ABCD"[k], ha="center", va="center", fontsize=13, color=EDGE)


def draw_rule() -> None:
    """Draw points on inner borders, and the grid that the index gives each of them."""
    index = GridIndex.build(SQUARES)
    figure, axes = bare(6.4, 3.0, 2)
    four_squares(axes[0])
    for x, y in ((1, 1.5), (0.5, 1), (1, 1), (1, 0.4), (1.6, 1)):
        arrow(axes[0], x, y, "ABCD"[index.locate_one(x, y)])
    axes[0].set_title("A border is the grid's to the east;\na level one the grid's to the north")
    halves = [shapely.Polygon([(0, 0), (2, 2), (0, 2)]), shapely.Polygon([(0, 0), (2, 0), (2, 2)])]
    falling = [shapely.Polygon([(0, 2), (0, 0), (2, 0)]), shapely.Polygon([(0, 2), (2, 0), (2, 2)])]
    for pair, move in ((halves, 0.0), (falling, 2.6)):
        for k, half in enumerate(pair):
            moved = shapely.transform(half, lambda xy, by=move: xy + np.array([by, 0]))
            gpd.GeoSeries([moved]).plot(ax=axes[1], color=HUES[k], edgecolor=EDGE, linewidth=1.2, aspect=None)
            x, y = 1.5 * moved.centroid.x - 0.5 * (1 + move), 1.5 * moved.centroid.y - 0.5
            axes[1].text(x, y, "EF"[k], ha="center", va="center", fontsize=13, color=EDGE)
        arrow(axes[1], 1.0 + move, 1.0, "EF"[GridIndex.build(pair).locate_one(1.0, 1.0)])
    axes[1].set_title("Sloping borders: the grid to the east,\nwhichever way they slope")
    save(figure, "rule")


def arrow(ax: Any, x: float, y: float, owner: str) -> None:
    """Draw a point, where it is moved to, and whose it is."""
    ax.annotate("", (x + 0.22, y + 0.05), (x, y), arrowprops={"arrowstyle": "->", "color": WAY, "linewidth": 1.2})
    ax.plot([x], [y], "o", color=WAY, markersize=4)
    ax.text(x + 0.25, y + 0.08, owner, color=WAY, fontsize=9, weight="bold")


def draw_outer_border() -> None:
    """Draw points on the outer border and on the rim of a hole, and who answers there."""
    ring = box(0, 0, 3, 3).difference(box(1, 1, 2, 2))
    left, right = ring.intersection(box(0, 0, 1.5, 3)), ring.intersection(box(1.5, 0, 3, 3))
    index = GridIndex.build([left, right])
    explained = None
    points = [(0, 2.3), (3, 0.7), (0.8, 3), (1.5, 3), (2.2, 0), (1, 1.6), (2, 1.3), (1.7, 1), (3, 3)]
    explained = index.explain(*np.array(points, dtype=float).T)
    figure, (ax,) = bare(4.4, 3.2)
    for k, shape in enumerate((left, right)):
        gpd.GeoSeries([shape]).plot(ax=ax, color=HUES[k], edgecolor=EDGE, linewidth=1.2, aspect=None)
        ax.text((0.5, 2.5)[k], 0.4, "AB"[k], fontsize=13, color=EDGE, ha="center")
    ax.text(1.5, 1.5, "hole", ha="center", va="center", color="#777777")
    for (x, y), position, held in zip(points, explained.position, explained.shifted_in, strict=True):
        colour = IN if held else WAY
        ax.plot([x], [y], "o", color=colour, markersize=5, zorder=5)
        ax.text(x + 0.07, y + 0.07, "AB"[position], color=colour, fontsize=9, weight="bold")
    for colour, text in ((IN, "holds the moved point"), (WAY, "only touches the point: let in")):
        ax.plot([], [], "o", color=colour, markersize=5, label=text)
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    save(figure, "outer-border")


def cells_of(t: Tables) -> tuple[list[Any], list[Any]]:
    """Return (west, south, width, height) of the coarse cells, and (those, entry in fine) of the cells."""
    coarse, cells = [], []
    for c, entry in enumerate(t.coarse.tolist()):
        row, column = divmod(c, t.columns)
        k = 1 << (entry & 15)
        w, h = 1 / (t.per_x * k), 1 / (t.per_y * k)
        coarse.append((t.west + column * w * k, t.south + row * h * k, w * k, h * k))
        for f in range(k * k):
            j, i = divmod(f, k)
            place = (t.west + (column * k + i) * w, t.south + (row * k + j) * h, w, h)
            cells.append((place, int(t.fine[(entry >> 4) + f])))
    return coarse, cells


def draw_directory(t: Tables, grids: Any) -> None:
    """Draw coarse cells, their cells, and which of these are leaves."""
    coarse, cells = cells_of(t)
    share = {"no edge: one look-up": 0, "leaf": 0}
    figure, (ax,) = bare(6.6, 5.2)
    for (x, y, w, h), found in cells:
        share["leaf" if found < 0 else "no edge: one look-up"] += 1
        colour = "#fdf3dc" if found < 0 else ("#ffffff" if found == 0 else HUES[(7 * found) % len(HUES)])
        ax.add_patch(Rectangle((x, y), w, h, facecolor=colour, edgecolor="#dccfb8", linewidth=0.25))
    for x, y, w, h in coarse:
        ax.add_patch(Rectangle((x, y), w, h, fill=False, edgecolor=CELL, linewidth=1.1))
    ax.add_collection(LineCollection(t.vertices[t.ends], colors=EDGE, linewidths=0.8))
    ax.autoscale()
    ax.set_aspect(1 / np.cos(np.radians(t.south)))
    leaves = share["leaf"] / len(cells)
    ax.set_title(
        f"{len(grids)} grids, {len(t.ends)} edges: {t.columns} x {t.rows} coarse cells (brown), {len(cells)} cells.\n"
        f"Coloured: no edge comes near, the cell names the grid. Pale yellow ({leaves:.0%}): a leaf"
    )
    save(figure, "directory")


def leaf_edges(t: Tables, leaf: int) -> np.ndarray:
    """Return (n, 5) the rounded ends of a leaf's edges, in cells, and whether they come from the west."""
    count = int(t.leaves[leaf + 1])
    codes = t.leaves.view(np.uint16)
    rows = []
    for s in range(count):
        o = leaf + HEAD * (s + 1)
        c = codes[2 * o : 2 * o + 4].astype(float)
        rows.append([0.0 if c[0] == 0 else (c[0] - 1) * STEP + LOW, *((c[1:] - 1) * STEP + LOW), float(c[0] == 0)])
    return np.array(rows)


def a_telling_leaf(t: Tables) -> tuple[tuple[float, float, float, float], int]:
    """Return a cell and its leaf: with an edge from the west, a vertex, and 3 to 6 edges of three polygons."""
    best, found = -1, None
    for place, entry in cells_of(t)[1]:
        if entry >= 0:
            continue
        edges = leaf_edges(t, ~entry)
        inside = ((edges[:, 2:4] > 0.2) & (edges[:, 2:4] < 0.8)).all(axis=1).sum()
        words = {int(w) for w in t.leaves[~entry + 2 * HEAD - 1 :: HEAD][: len(edges)]}
        score = int(3 <= len(edges) <= 6) * 8 + min(inside, 2) * 2 + int(edges[:, 4].any()) * 4 + min(len(words), 3)
        if score > best:
            best, found = score, (place, ~entry)
    assert found is not None
    return found


def exact_edges(t: Tables, place: Any, leaf: int) -> np.ndarray:
    """Return (n, 2, 2) a leaf's edges as they are, in cells."""
    first, count = int(t.leaves[leaf + 2]), int(t.leaves[leaf + 1])
    x, y, w, h = place
    return (t.vertices[t.ends[t.slots[first : first + count]]] - (x, y)) / (w, h)


def cell_frame(ax: Any, title: str) -> None:
    """Draw a cell as large as the picture."""
    ax.add_patch(Rectangle((0, 0), 1, 1, fill=False, edgecolor=CELL, linewidth=1.6))
    ax.set_xlim(-0.2, 1.22)
    ax.set_ylim(-0.2, 1.22)
    ax.set_title(title)


def draw_leaf(t: Tables, found: Any) -> None:
    """Draw one leaf as it is, and its rounded edges with coarser codes and wider strips, that they can be seen."""
    place, leaf = found
    exact, rounded = exact_edges(t, place, leaf), leaf_edges(t, leaf)
    figure, axes = bare(7.6, 3.9, 2)
    cell_frame(axes[0], f"A leaf: the {len(exact)} edges that come near its cell")
    axes[0].add_collection(LineCollection(exact, colors=EDGE, linewidths=1.4))
    reach = Rectangle((-0.1, -0.1), 1.2, 1.2, fill=False, edgecolor=CELL, linewidth=0.7, linestyle=":")
    axes[0].add_patch(reach)
    axes[0].text(1.1, -0.16, "reach: 0.1 cells", ha="right", color=CELL)
    cell_frame(
        axes[1], "What is stored, roundings enlarged 1,500 times:\nonly points in the strips ask the exact edges"
    )
    step = STEP * 1500
    coarse = np.round((rounded[:, :4] - LOW) / step) * step + LOW
    width = NEAR * 1500
    strips = [shapely.LineString(e.reshape(2, 2)).buffer(width, cap_style="square") for e in coarse]
    patches = PatchCollection([Patch(s.exterior.coords) for s in strips], facecolor=STRIP, alpha=0.45, linewidth=0)
    ticks = np.arange(LOW, 1.13, step)
    axes[1].plot(*np.meshgrid(ticks, ticks), ".", color="#c9c3b8", markersize=1.2)
    axes[1].add_collection(patches)
    axes[1].add_collection(LineCollection(coarse.reshape(-1, 2, 2), colors=EDGE, linewidths=1.2))
    save(figure, "leaf")


def draw_way(t: Tables, found: Any) -> None:
    """Draw the ways from the corner to some points, and the edges that they cross."""
    place, leaf = found
    exact, word = exact_edges(t, place, leaf), int(t.leaves[leaf])
    change = t.leaves[leaf + 2 * HEAD - 1 :: HEAD][: len(exact)]
    figure, axes = bare(7.6, 3.9, 2)
    for ax, (x, y) in zip(axes, telling_points(exact), strict=True):
        at, crossed = word, []
        ways = [shapely.LineString([(0, 0), (0, y)]), shapely.LineString([(0, y), (x, y)])]
        for edge, by in zip(exact, change.tolist(), strict=True):
            spots = [w.intersection(shapely.LineString(edge)) for w in ways]
            for spot in (s for s in spots if not s.is_empty):
                crossed.append((spot.x, spot.y))
                at ^= by
        cell_frame(ax, f"corner: {name(word)};  {len(crossed)} crossed;  point: {name(at)}")
        ax.add_collection(LineCollection(exact, colors=EDGE, linewidths=1.4))
        ax.plot([0, 0, x], [0, y, y], color=WAY, linewidth=1.6)
        ax.plot(*np.array(crossed).reshape(-1, 2).T, "x", color=WAY, markersize=8, markeredgewidth=2)
        ax.plot([0, x], [0, y], "o", color=WAY, markersize=5)
        ax.text(-0.03, -0.08, "corner", color=WAY, ha="center")
        lon, lat = place[0] + x * place[2], place[1] + y * place[3]
        assert at == word_at(t, lon, lat), "the picture shows what the index does"
    save(figure, "way")


def telling_points(edges: np.ndarray) -> list[tuple[float, float]]:
    """Return a point whose way north crosses an edge, and one whose way east does."""
    north, east = [], []
    for x in np.linspace(0.1, 0.93, 18):
        for y in np.linspace(0.1, 0.93, 18):
            ways = (shapely.LineString([(0, 0), (0, y)]), shapely.LineString([(0, y), (x, y)]))
            up, along = (sum(w.crosses(shapely.LineString(e)) for e in edges) for w in ways)
            clear = min(shapely.LineString(e).distance(shapely.Point(x, y)) for e in edges)
            if clear > 0.05 and up:
                north.append((up + along, clear, float(x), float(y)))
            elif clear > 0.05 and along:
                east.append((along, clear, float(x), float(y)))
    return [max(found)[2:] for found in (east, north)]


def word_at(t: Tables, lon: float, lat: float) -> int:
    """Return the word that the index finds."""
    from gridgis.index.plain import Plain

    return Plain(t).word_at(lon, lat)[0]


def name(word: int) -> str:
    """Name a word as in the text."""
    return "outside" if word == 0 else f"grid {word - 1}"


def draw_file(index: GridIndex) -> None:
    """Draw the sections of a file to scale."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "index"
        index.save(path)
        data = path.read_bytes()
    count = START.unpack(data[: START.size])[2]
    table = data[START.size : START.size + SECTION.size * count]
    parts = [("head and table", 0, START.size + len(table))]
    parts += [(n.rstrip(b"\0").decode(), place, size) for n, _, place, size in SECTION.iter_unpack(table)]
    figure, ax = plt.subplots(figsize=(7.6, 1.9))
    for k, (label, place, size) in enumerate(parts):
        ax.add_patch(Rectangle((place, 0), size, 1, facecolor=HUES[k % len(HUES)], edgecolor=EDGE, linewidth=0.6))
        if size > len(data) * 0.03:
            ax.text(place + size / 2, 0.5, label.removeprefix("0."), ha="center", va="center", fontsize=7)
        else:
            high = 1.2 + 0.28 * (3 - k % 4)
            ax.annotate(label.removeprefix("0."), (place + size / 2, 1), (place + size / 2, high), fontsize=6.5,
                        ha="left", arrowprops={"arrowstyle": "-", "linewidth": 0.4, "color": "#999999"})  # fmt: skip
    ax.set_xlim(-len(data) * 0.02, len(data) * 1.02)
    ax.set_ylim(-0.1, 2.3)
    ax.set_yticks([])
    ax.set_xlabel(f"bytes (all {len(data):,} of the index above)")
    for side in ("left", "right", "top"):
        ax.spines[side].set_visible(False)
    save(figure, "file")


if __name__ == "__main__":
    main()
