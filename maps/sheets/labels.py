"""Names on a drawing: none on another, none beyond the frame, each where it belongs.

A name of an area stands inside it; where it has no room, it stands beside it with a fine line to the place. A name of a
road runs along it, as often as the drawing needs; Chinese names of steep roads are written upright, from above down.
What is asked for first has the first choice, so one asks for the weightiest first.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely

from maps.sheets.fonts import MM_PER_POINT
from maps.sheets.paper import Paper, turned_box
from maps.sheets.writing import CENTRE

HALO_MM = 0.45
APART_MM = 75.0
"""The names of one road stand at least so far apart."""
STRAIGHT = 0.985
"""Chord over arc: below this a name along the chord would leave its road."""
STEEP_DEG = 50.0
"""A Chinese name along a steeper line is written upright, one character below the other."""
_GAP_MM = 0.5
_LEADING = 1.25
_REACHES_MM = (5.0, 8.0, 11.0, 15.0, 20.0, 26.0, 33.0, 41.0)
_LOOKS = 24


@dataclass(frozen=True)
class Style:
    """How a name is written."""

    points: float
    bold: bool = False
    colour: str = "black"


class Labels:
    """Writes names on a page, each where there is room."""

    def __init__(self, paper: Paper, frame: Any) -> None:
        self._paper = paper
        self._frame = frame
        self.taken: list[Any] = []
        """What is written or kept free, as polygons in millimetres."""

    def keep_free(self, *shapes: Any) -> None:
        """Let no name come upon these shapes."""
        self.taken.extend(shapes)

    def area(
        self, shape: Any, texts: Sequence[str], style: Style, least_points: float = 5.5, beside: bool = True
    ) -> bool:
        """Name an area: by the first of ``texts`` (a newline parts its lines) that fits inside, else beside it.

        Returns whether the area is named.
        """
        part = _largest(shape)
        if part is None:
            return False
        spots = _inner_spots(part)
        for text in texts:
            for points in (style.points, (style.points + least_points) / 2, least_points):
                if self._inside(part, spots, text, replace(style, points=points)):
                    return True
        return beside and self._beside(spots[0], texts[0], replace(style, points=least_points))

    def line(self, shapes: Iterable[Any], text: str, style: Style, beside_mm: float = 2.0, most: int = 4) -> int:
        """Write a name along a road, river or railway, at most so often; return how often there was room.

        It stands on the line, or beside it where something is on the line that must be seen, such as a border.
        """
        text = self._paper.font.plain(text)
        wide = self._paper.font.width_mm(text, style.points, style.bold)
        high = style.points * MM_PER_POINT
        upright_high = len(text) * high * 1.1
        written: list[tuple[float, float]] = []
        for line in _merged(shapes):
            for at in _along(line):
                if len(written) == most:
                    return most
                found = self._on_line(line, at, text, wide, upright_high)
                if found is None:
                    continue
                x, y, angle, upright = found
                if any(math.hypot(x - a, y - b) < APART_MM for a, b in written):
                    continue
                size = (high, upright_high) if upright else (wide, high)
                turn = math.radians(angle)
                for off in (0.0, beside_mm, -beside_mm):
                    spot = (x - off * math.sin(turn), y + off * math.cos(turn))
                    box = turned_box(*spot, size[0] + 2 * _GAP_MM, size[1] + _GAP_MM, 0.0 if upright else angle)
                    if self._free(np.array([box]))[0]:
                        self.taken.append(box)
                        self._write_line(*spot, angle, upright, text, style)
                        written.append((x, y))
                        break
        return len(written)

    def _inside(self, part: Any, spots: Any, text: str, style: Style) -> bool:
        wide, high = self._size(text, style)
        boxes = _boxes(spots, wide, high)
        room = part.buffer(0.2)
        shapely.prepare(room)
        ok = np.flatnonzero(shapely.contains(room, boxes))
        ok = ok[self._free(boxes[ok])]
        if not len(ok):
            return False
        self._write(spots[ok[0]], text, style, boxes[ok[0]])
        return True

    def _beside(self, spot: Any, text: str, style: Style) -> bool:
        """Write a name near a place, with a line to it: as near as there is room."""
        wide, high = self._size(text, style)
        turn = np.arange(_LOOKS) * (2 * np.pi / _LOOKS)
        for reach in _REACHES_MM:
            away = np.column_stack([(reach + wide / 2) * np.cos(turn), (reach + high / 2) * np.sin(turn)])
            boxes = _boxes(spot + away, wide, high)
            lines = shapely.shortest_line(boxes, shapely.Point(spot))
            ok = np.flatnonzero(self._free(boxes) & self._free(lines))
            if len(ok):
                at = ok[0]
                self._paper.lines([lines[at]], style.colour, 0.15)
                self._paper.areas([shapely.Point(spot).buffer(0.45)], style.colour)
                self.taken.append(lines[at].buffer(0.2))
                self._write(spot + away[at], text, style, boxes[at])
                return True
        return False

    def _size(self, text: str, style: Style) -> tuple[float, float]:
        lines = text.split("\n")
        wide = max(self._paper.font.width_mm(self._paper.font.plain(line), style.points, style.bold) for line in lines)
        return wide + 2 * _GAP_MM, (1 + _LEADING * (len(lines) - 1)) * style.points * MM_PER_POINT + _GAP_MM

    def _write(self, spot: Any, text: str, style: Style, box: Any) -> None:
        self.taken.append(box)
        lines = text.split("\n")
        step = _LEADING * style.points * MM_PER_POINT
        for k, line in enumerate(lines):
            self._paper.text(
                spot[0], spot[1] + step * ((len(lines) - 1) / 2 - k) - CENTRE * style.points * MM_PER_POINT, line,
                style.points, bold=style.bold, colour=style.colour, across="center", halo_mm=HALO_MM,
            )  # fmt: skip

    def _write_line(self, x: float, y: float, angle: float, upright: bool, text: str, style: Style) -> None:
        size = style.points * MM_PER_POINT
        if not upright:
            turn = math.radians(angle)
            down = CENTRE * size
            self._paper.text(
                x + down * math.sin(turn), y - down * math.cos(turn), text, style.points, bold=style.bold,
                colour=style.colour, across="center", angle=angle, halo_mm=HALO_MM,
            )  # fmt: skip
            return
        step = 1.1 * size
        slope = _lean(angle)
        for k, c in enumerate(text):
            up = step * ((len(text) - 1) / 2 - k)
            self._paper.text(
                x + slope * up, y + up - CENTRE * size, c, style.points, bold=style.bold, colour=style.colour,
                across="center", halo_mm=HALO_MM,
            )  # fmt: skip

    def _on_line(
        self, line: Any, at: float, text: str, wide: float, upright_high: float
    ) -> tuple[float, float, float, bool] | None:
        """Return where and how a name would run along a line round a place on it; None where the line bends."""
        half = max(wide, upright_high if all(c > "⺀" for c in text) else 0.0) / 2 + 1
        if at < half or at > line.length - half:
            return None
        ends = shapely.get_coordinates(shapely.line_interpolate_point(line, [at - half, at, at + half]))
        chord = ends[2] - ends[0]
        if math.hypot(*chord) < STRAIGHT * 2 * half:
            return None
        angle = (math.degrees(math.atan2(chord[1], chord[0])) + 90) % 180 - 90
        upright = abs(angle) > STEEP_DEG and all(c > "⺀" for c in text)
        x, y = (ends[0] + ends[2]) / 4 + ends[1] / 2
        return float(x), float(y), angle, upright

    def _free(self, shapes: Any) -> Any:
        """Tell which shapes lie inside the frame and on nothing that is taken."""
        inside = shapely.contains(self._frame, shapes)
        if not self.taken or not len(shapes):
            return inside
        return inside & ~shapely.intersects(shapes[:, None], np.array(self.taken)[None, :]).any(axis=1)


def _lean(angle: float) -> float:
    """Return how far an upright name moves sideways for each step up along a line of this angle."""
    return 1 / math.tan(math.radians(angle)) if abs(angle) < 89.9 else 0.0


def _largest(shape: Any) -> Any:
    """Return the largest polygon of a shape; None where there is none that one could see."""
    parts = [p for p in shapely.get_parts(shape) if p.geom_type == "Polygon"] if shape is not None else []
    part = max(parts, key=lambda p: p.area, default=None)
    return part if part is not None and part.area > 0.05 else None


def _inner_spots(part: Any) -> Any:
    """Return (n, 2) places inside a polygon, the roomiest first, then others by their distance from it."""
    circle = shapely.maximum_inscribed_circle(part, tolerance=max(0.05, math.sqrt(part.area) / 50))
    middle = shapely.get_coordinates(circle)[0]
    west, south, east, north = part.bounds
    x, y = (np.linspace(a, b, 15)[1:-1] for a, b in ((west, east), (south, north)))
    cells = np.column_stack([m.ravel() for m in np.meshgrid(x, y)])
    shapely.prepare(part)
    cells = cells[shapely.contains_xy(part, cells[:, 0], cells[:, 1])]
    order = np.argsort(np.hypot(*(cells - middle).T), kind="stable")
    return np.vstack([middle[None, :], cells[order]])


def _boxes(spots: Any, wide: float, high: float) -> Any:
    x, y = spots[:, 0], spots[:, 1]
    return shapely.box(x - wide / 2, y - high / 2, x + wide / 2, y + high / 2)


def _merged(shapes: Iterable[Any]) -> list[Any]:
    """Return lines joined end to end, the longest first."""
    lines = [s for s in shapes if s is not None and not shapely.is_empty(s)]
    if not lines:
        return []
    joined = shapely.line_merge(shapely.union_all(np.array(lines)))
    parts = [p for p in shapely.get_parts(joined) if p.geom_type == "LineString"]
    return sorted(parts, key=lambda p: (-round(p.length, 3), p.bounds))


def _along(line: Any) -> list[float]:
    """Return places along a line at which a name could stand: the middle first, then to both sides."""
    middle, step = line.length / 2, 4.0
    count = int(middle // step)
    return [middle + sign * k * step for k in range(count + 1) for sign in ((1, -1) if k else (1,))]
