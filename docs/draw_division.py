"""Draw the pictures of docs/division.md, and measure its table: ``python -m docs.draw_division [--table]``.

The pictures show one community of the sample street; the histogram shows all five. The same code draws the same
pictures. ``--table`` divides invented communities at several balance prices and prints Markdown instead.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import shapely
from matplotlib.collections import LineCollection

from benchmarks.area import make_area
from gridgis.io.town import read_town
from gridgis.model import BARRIER_CLASSES, Community, DivisionPlan, DivisionRules, no_progress
from gridgis.partition import divide
from gridgis.partition.graph import Contacts, contacts
from gridgis.partition.ground import Ground, take_in
from gridgis.partition.load import building_load
from gridgis.partition.noding.atoms import Atoms, make_atoms
from gridgis.partition.regions.pieces import regions, sides
from gridgis.service.changes import find_changes
from gridgis.service.summary import summarise

HERE = Path(__file__).parent
OUT = HERE / "img"
CODE = "990001001001"
"""The community that is drawn: its two parts beside the main road cannot stand alone."""
HUES = ["#cde0b9", "#f7d8ac", "#efc3bb", "#bcd7ea", "#d8cbe8", "#bde0d3", "#e9e2a8", "#d9c9b6"]
CLASS_COLOURS = {
    "motorway": "#b5651d", "railway": "#4a4a4a", "river": "#2b7bba", "primary": "#d1495b", "secondary": "#e08e2b",
    "tertiary": "#a0a12b", "residential": "#7aa874", "wall": "#8a6fae", "open": "#c8c8c8",
}  # fmt: skip
PRICES = ((0.0, 300.0), (0.15, 300.0), (1.0, 300.0), (5.0, 300.0), (0.15, 0.0), (0.15, 100.0))
"""Prices of balance and compactness that the table compares; the second row is the profile's."""
AREAS = range(10)
MORE = 60
"""So many buildings of one grid have a household more when the picture divides again."""


def main(argv: Sequence[str]) -> None:
    """Draw all pictures, or print the table."""
    if "--table" in argv:
        print(table())
        return
    mpl.use("Agg")
    plt.rcParams.update({"font.size": 8, "figure.dpi": 110, "savefig.dpi": 110})
    town = read_town(HERE.parent / "sample_shapes" / "town")
    communities = town.to_communities()
    community = next(c for c in communities if c.code == CODE)
    rules = DivisionRules.for_community(CODE)
    ground = take_in([community], {CODE: rules}, None)
    atoms = make_atoms(ground, no_progress)
    graph = contacts(ground, atoms, np.arange(len(atoms.polygons)), building_load(ground, {CODE: rules}))
    draw_atoms(ground, atoms)
    draw_contacts(atoms)
    draw_pieces(atoms, graph, rules)
    plan = divide(community, rules)
    draw_level(plan, 2)
    draw_level(plan, 3)
    draw_redivision(community, rules, plan)
    draw_histogram(divide(communities))


def picture(name: str, columns: int, draw: Callable[[Any], None], size: tuple[float, float] = (4.6, 2.6)) -> None:
    """Draw on ``columns`` axes side by side and save; few colours keep the file small."""
    figure, axes = plt.subplots(1, columns, figsize=(size[0] * columns, size[1]), squeeze=False)
    for ax in axes[0]:
        ax.set_aspect("equal")
        ax.set_axis_off()
    draw(axes[0])
    figure.tight_layout()
    path = OUT / f"division-{name}.png"
    figure.savefig(path, metadata={"Software": None})
    plt.close(figure)
    _fewer_colours(path)


def _fewer_colours(path: Path) -> None:
    from PIL import Image

    with Image.open(path) as image:
        small = image.convert("RGB").quantize(64)
    small.save(path, optimize=True)


def fill(ax: Any, shapes: Any, colours: Any, edge: str = "none", width: float = 0.4) -> None:
    """Fill polygons, in the order given."""
    if len(shapes):
        gpd.GeoSeries(shapes).plot(ax=ax, color=colours, edgecolor=edge, linewidth=width, aspect=None)


def draw_atoms(ground: Ground, atoms: Atoms) -> None:
    """Draw the input on the left and the atoms on the right."""

    def draw(axes: Any) -> None:
        houses = ground.buildings.geometry.to_numpy()
        for ax in axes:
            fill(ax, ground.base.geometry.to_numpy(), "#fbf9f4", "#444444", 1.0)
        if len(ground.compounds):
            fill(axes[0], ground.compounds.geometry.to_numpy(), "#efe6d2", "#8a6fae", 0.8)
        inside = ground.barriers.clip(ground.base.geometry.iloc[0], keep_geom_type=False)
        inside = inside[~inside.geometry.is_empty]
        inside.plot(ax=axes[0], color=[CLASS_COLOURS[k] for k in inside["klass"]], linewidth=0.8, aspect=None)
        colour = np.where(atoms.water, "#cfe3ee", np.where(atoms.site >= 0, "#d9ead3", "#ffffff"))
        fill(axes[1], atoms.polygons, colour, "#6d6d6d", 0.35)
        for ax in axes:
            fill(ax, houses[shapely.area(houses) > 0], "#b9ad9b")
        axes[0].set_title(f"Input: {len(houses)} buildings, estates, barriers")
        axes[1].set_title(f"{len(atoms.polygons)} atoms: no border cuts a building")

    picture("atoms", 2, draw)


def draw_contacts(atoms: Atoms) -> None:
    """Draw the shared edges of the atoms by what they run along."""
    names = [*BARRIER_CLASSES, "open"]

    def draw(axes: Any) -> None:
        inner = atoms.left >= 0
        for k, name in reversed(list(enumerate(names))):
            here = inner & (atoms.klass == k)
            if here.any():
                width = 0.5 if name == "open" else 1.4
                lines = LineCollection(atoms.seg[here].reshape(-1, 2, 2), colors=CLASS_COLOURS[name], linewidths=width)
                axes[0].add_collection(lines)
                axes[0].plot([], [], color=CLASS_COLOURS[name], label=name)
        axes[0].autoscale()
        axes[0].legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
        axes[0].set_title("Contacts: shared edges by class")

    picture("contacts", 1, draw, (6.4, 3.0))


def draw_pieces(atoms: Atoms, graph: Contacts, rules: DivisionRules) -> None:
    """Draw the pieces between STRONG barriers with their households, and how they are joined."""
    land = graph.take(np.flatnonzero(~graph.water & (atoms.site[graph.atom] < 0)))
    piece = sides(land)
    joined = np.full(land.n, -1, dtype=np.int64)
    why = {}
    for k, region in enumerate(regions(land, rules.level2, rules.max_area_empty_m2)):
        joined[region.members] = k
        why[k] = " + ".join(map(str, region.merged)) if len(region.merged) > 1 else str(region.households)

    def draw(axes: Any) -> None:
        for ax, label in zip(axes, (piece, joined), strict=True):
            fill(ax, atoms.polygons, "#e8eef1")
            fill(ax, atoms.polygons[land.atom], [HUES[k % len(HUES)] for k in label])
            for k in np.unique(label).tolist():
                shape = shapely.union_all(atoms.polygons[land.atom[label == k]])
                fill(ax, [shape], "none", "#333333", 0.8)
                households = int(land.households[label == k].sum())
                if households:
                    at = shape.representative_point()
                    text = str(households) if label is piece else why[k]
                    ax.annotate(text, (at.x, at.y), ha="center", weight="bold")
        axes[0].set_title("Pieces between STRONG barriers: households")
        axes[1].set_title("Joined as cheaply as the band allows")

    picture("pieces", 2, draw)


def draw_level(plan: DivisionPlan, level: int) -> None:
    """Draw the grids of a level with their households."""
    grids = plan.grids[(plan.grids["level"] == level).fillna(False)]
    carved = plan.grids[(plan.grids["mode"] == "carve").fillna(False)]
    band = {2: plan.rules[CODE].level2, 3: plan.rules[CODE].level3}[level]

    def draw(axes: Any) -> None:
        fill(axes[0], grids.geometry.to_numpy(), [HUES[(7 * k) % len(HUES)] for k in range(len(grids))], "#33506b", 0.9)
        if len(carved):
            fill(axes[0], carved.geometry.to_numpy(), "#d9ead3", "#4d8a4f", 0.8)
        houses = plan.buildings.geometry.to_numpy()
        fill(axes[0], houses[shapely.area(houses) > 0], "#a89c89")
        for shape, households in zip(grids.geometry, grids["households"], strict=True):
            at = shape.representative_point()
            text = axes[0].annotate(str(households), (at.x, at.y), ha="center", size=10 if level == 2 else 6)
            text.set_weight("bold")
        axes[0].set_title(f"Level {level}: {len(grids)} grids, band {band.lower}-{band.upper}")

    picture(f"level{level}", 1, draw, (7.2, 3.9))


def draw_redivision(community: Community, rules: DivisionRules, plan: DivisionPlan) -> None:
    """Let one level-2 grid grow out of its band, divide again, and draw what moved."""
    grown = plan.grids[(plan.grids["level"] == 2).fillna(False)].sort_values("households").iloc[-1]
    inside = shapely.within(shapely.point_on_surface(plan.buildings.geometry.to_numpy()), grown.geometry)
    ids = set(plan.buildings["id"].astype(str)[inside])
    buildings = community.buildings.copy()
    more = buildings.index[
        (buildings["id"].astype(str).isin(ids) & (buildings["households"].fillna(0) > 0)).to_numpy(bool)
    ][:MORE]
    buildings.loc[more, "households"] += 1
    after = divide(replace(community, buildings=buildings), rules, previous=plan)
    changes = find_changes(plan, after)
    moved = set(changes.moved.loc[changes.moved["new_level2"].fillna("") != "", "id"].astype(str))
    figures = changes.figures["level2"]

    def draw(axes: Any) -> None:
        held = int(after.buildings["households"].to_numpy()[inside].sum())
        for ax, state in zip(axes, (plan, after), strict=True):
            grids = state.grids[(state.grids["level"] == 2).fillna(False)]
            fill(ax, grids.geometry.to_numpy(), [HUES[(7 * k) % len(HUES)] for k in range(len(grids))], "#33506b", 1.0)
            houses = state.buildings[state.buildings["id"].astype(str).isin(moved)].geometry.to_numpy()
            fill(ax, houses, "#d0021b")
            for shape, name, households in zip(grids.geometry, grids["local_id"], grids["households"], strict=True):
                at = shape.representative_point()
                now = f"{households} -> {held}" if ax is axes[0] and name == grown["local_id"] else str(households)
                ax.annotate(now, (at.x, at.y), ha="center", weight="bold")
        axes[0].set_title(f"Before: one grid has grown to {held}")
        axes[1].set_title(f"After: {figures['moved_households']} households moved, {figures['lower_bound']} had to")

    picture("redivision", 2, draw)


def draw_histogram(plan: DivisionPlan) -> None:
    """Draw the bars that ``gridgis divide`` prints."""
    levels = [s for s in summarise(plan) if s.communities > 1]

    def draw(axes: Any) -> None:
        for ax, s in zip(axes, levels, strict=True):
            ax.set_aspect("auto")
            ax.set_axis_on()
            names = [f"> {b.first - 1}" if b.last is None else f"{b.first}-{b.last}" for b in s.histogram]
            colours = ["#7fa96b" if b.in_band else "#c9c9c9" for b in s.histogram]
            bars = ax.bar(names, [b.grids for b in s.histogram], color=colours)
            ax.bar_label(bars)
            ax.tick_params(axis="x", rotation=40)
            ax.spines[["top", "right"]].set_visible(False)
            single = f", {s.single_building} single buildings" if s.single_building else ""
            ax.set_title(f"Level {s.level}, band {s.band[0]}-{s.band[1]}: {s.in_band} of {s.grids} in band{single}")

    picture("histogram", len(levels), draw, (4.8, 2.8))


def table() -> str:
    """Divide invented communities at several balance prices; the means over the areas as a Markdown table."""
    rules = DivisionRules.load("urban-300-500")
    lines = [
        "| `balance_price` | `compactness_price` | border km | Polsby-Popper "
        "| mean deviation | largest deviation | in band |",
        "|---|---|---|---|---|---|---|",
    ]
    for balance, compactness in PRICES:
        found = []
        for seed in AREAS:
            priced = replace(rules, balance_price=balance, compactness_price=compactness)
            plan = divide(make_area(3000, seed), priced)
            second = next(s for s in summarise(plan) if s.level == 2)
            held = plan.grids.loc[(plan.grids["level"] == 2).fillna(False), "households"].to_numpy(dtype=float)
            held = held[held > 0]
            away = 100 * np.abs(held / held.mean() - 1)
            sizes = (second.border_m / 1000, second.polsby_popper, float(away.mean()), float(away.max()))
            found.append((*sizes, second.in_band, second.grids - second.no_households))
        km, roundness, mean, largest, inside, grids = np.array(found).T
        lines.append(
            f"| {balance:g} | {compactness:g} | {km.mean():.2f} | {roundness.mean():.3f} "
            f"| {mean.mean():.1f} % | {largest.mean():.0f} % | {inside.sum():.0f} of {grids.sum():.0f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main(sys.argv[1:])
