"""The ground of a drawing: water, buildings, railways, rivers and roads, and how each is drawn, the legend included."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from maps.sheets.labels import Labels, Style
from maps.sheets.paper import Paper
from maps.sheets.window import Window

CASING = "#8c8377"
ROADS: dict[str, tuple[str, float, str]] = {
    "residential": ("#ffffff", 0.7, "支路、街巷"),
    "tertiary": ("#ffffff", 1.1, "支路、街巷"),
    "secondary": ("#fdf0c4", 1.5, "次干路"),
    "primary": ("#fbdc8f", 1.9, "主干路"),
    "motorway": ("#f3ab6c", 2.3, "快速路、高速公路"),
}
"""Fill, width in millimetres at 1:2500 and name of each class of road, the lowest first."""

RIVER = "#6fa8cf"
WATER = "#d3e7f3"
BUILDING = "#ddd5c8"
BUILDING_EDGE = "#9c907c"
COMPOUND_EDGE = "#b29b6e"
BORDER = "#c1121f"
"""Of the grid that is drawn, and of its parts."""
COMMUNITY = "#5b2a86"
NEIGHBOUR = "#3d3d3d"
DEDICATED = "#2f7d3b"
ROAD_NAME = Style(6.5, colour="#4a4238")
RIVER_NAME = Style(7, colour="#1f618d")


@dataclass(frozen=True)
class Symbol:
    """A line of the legend: its name, and how it is drawn into a box (x, y, width, height in millimetres)."""

    name: str
    draw: Callable[[Paper, float, float, float, float], None]


def seen(layer: gpd.GeoDataFrame, window: Window) -> tuple[pd.DataFrame, Any]:
    """Return the rows of a layer that are seen through a window, and their shapes on the page."""
    west, south, east, north = window.ground
    rows = np.sort(layer.sindex.query(shapely.box(west, south, east, north)))
    shapes = window.to_page(layer.geometry.to_numpy()[rows])
    kept = ~shapely.is_empty(shapes)
    return pd.DataFrame(layer.drop(columns="geometry").iloc[rows[kept]]), shapes[kept]


class Ground:
    """Draws the layers of the town through a window, and remembers what the legend must explain."""

    def __init__(self, paper: Paper, window: Window, context: Mapping[str, gpd.GeoDataFrame]) -> None:
        self._paper = paper
        self.fine = float(np.clip((2500 / window.scale) ** 0.5, 0.45, 1.1))
        """Widths of roads shrink with the scale, as real ones do, though less."""
        self._seen = {name: seen(layer, window) for name, layer in context.items() if len(layer)}
        self.symbols: list[Symbol] = []

    def draw(self) -> None:
        """Draw all layers, the widest on top."""
        self._water()
        self._areas("compounds", "小区范围", None, COMPOUND_EDGE, 0.2, (1.2, 0.7))
        self._areas("buildings", "建筑物", BUILDING, BUILDING_EDGE, 0.12)
        self._rivers()
        self._railways()
        self._roads()

    def names(self, labels: Labels) -> None:
        """Write the names of rivers, railways and roads, the widest first."""
        for layer, style in (("rivers", RIVER_NAME), ("railways", ROAD_NAME), ("roads", ROAD_NAME)):
            rows, shapes = self._of(layer)
            for name, where in self._named(rows, layer):
                labels.line(shapes[where], name, style, beside_mm=self._beside(layer))
        rows, shapes = self._of("water")
        for name, where in self._named(rows, "water"):
            if name not in self._river_names():
                labels.area(shapely.union_all(shapes[where]), [name], RIVER_NAME, beside=False)

    def _beside(self, layer: str) -> float:
        """Return how far beside a line its name stands, where it has no room on it."""
        return 2.7 if layer == "roads" else 2.4

    def _river_names(self) -> set[str]:
        rows, _ = self._of("rivers")
        return set(rows["name"].dropna().astype(str)) if "name" in rows else set()

    def _of(self, layer: str) -> tuple[pd.DataFrame, Any]:
        return self._seen.get(layer, (pd.DataFrame({"klass": [], "name": []}), np.array([], dtype=object)))

    def _named(self, rows: pd.DataFrame, layer: str) -> list[tuple[str, Any]]:
        """Return the names of a layer, roads of a higher class first, with the positions of their rows."""
        if "name" not in rows or not len(rows):
            return []
        order = list(ROADS)[::-1]
        names = rows["name"].astype(object).where(rows["name"].notna(), "").astype(str).to_numpy()
        klass = rows["klass"].astype(str).to_numpy() if layer == "roads" else np.full(len(rows), "")
        rank = {
            name: min(order.index(k) if k in order else 9 for k in klass[names == name]) for name in set(names) - {""}
        }
        return [(name, np.flatnonzero(names == name)) for name in sorted(rank, key=lambda n: (rank[n], n))]

    def _water(self) -> None:
        _, shapes = self._of("water")
        if len(shapes):
            self._paper.areas(shapes, WATER, RIVER, width_mm=0.15)
            self.symbols.append(Symbol("水域", lambda p, x, y, w, h: p.box(x, y, w, h, WATER, RIVER, 0.15)))

    def _areas(
        self, layer: str, name: str, face: str | None, edge: str, width_mm: float, dashes: tuple[float, ...] = ()
    ) -> None:
        _, shapes = self._of(layer)
        if not len(shapes):
            return
        points = shapely.get_dimensions(shapes) == 0
        shapes = np.where(points, shapely.buffer(shapes, 0.6 * self.fine, cap_style="square"), shapes)
        self._paper.areas(shapes, face, edge, width_mm=width_mm * self.fine, dashes=dashes)

        def symbol(p: Paper, x: float, y: float, w: float, h: float) -> None:
            p.areas([shapely.box(x + 1, y, x + w - 1, y + h)], face, edge, width_mm=width_mm, dashes=dashes)

        self.symbols.append(Symbol(name, symbol))

    def _rivers(self) -> None:
        _, shapes = self._of("rivers")
        if len(shapes):
            self._paper.lines(shapes, RIVER, 0.7 * self.fine)
            self.symbols.append(
                Symbol("河流、沟渠", lambda p, x, y, w, h: p.rule(x, y + h / 2, x + w, y + h / 2, 0.7, RIVER))
            )

    def _railways(self) -> None:
        _, shapes = self._of("railways")
        if len(shapes):
            _railway(self._paper, shapes, self.fine)
            self.symbols.append(Symbol("铁路", lambda p, x, y, w, h: _railway(p, [_line(x, y, w, h)], 1.0)))

    def _roads(self) -> None:
        rows, shapes = self._of("roads")
        classes = [k for k in ROADS if (rows["klass"] == k).any()] if len(rows) else []
        of = {k: shapes[(rows["klass"] == k).to_numpy()] for k in classes}
        for k in classes:
            self._paper.lines(of[k], CASING, ROADS[k][1] * self.fine + 0.25)
        for k in classes:
            self._paper.lines(of[k], ROADS[k][0], ROADS[k][1] * self.fine)
        told: dict[str, str] = {}
        for k in reversed(classes):
            told.setdefault(ROADS[k][2], k)
        self.symbols += [Symbol(name, _road_symbol(k)) for name, k in told.items()]


def _road_symbol(klass: str) -> Callable[[Paper, float, float, float, float], None]:
    colour, width, _ = ROADS[klass]

    def draw(p: Paper, x: float, y: float, w: float, h: float) -> None:
        p.rule(x, y + h / 2, x + w, y + h / 2, width + 0.25, CASING)
        p.rule(x, y + h / 2, x + w, y + h / 2, width, colour)

    return draw


def _railway(paper: Paper, shapes: Any, fine: float) -> None:
    paper.lines(shapes, "#333333", 0.9 * fine, cap="butt")
    paper.lines(shapes, "white", 0.55 * fine, dashes=(2.0, 2.0))


def _line(x: float, y: float, w: float, h: float) -> Any:
    return shapely.LineString([(x, y + h / 2), (x + w, y + h / 2)])
