"""The window of a drawing through which the ground is seen: true scale, north up, nothing drawn beyond its frame."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

STEPS = (1, 1.2, 1.4, 1.6, 1.8, 2, 2.2, 2.5, 2.8, 3, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7, 8, 9)
"""Scales are one of these times a power of ten: 1:500, 1:550, 1:600... 1:1000, 1:1200...: the sheet is well filled."""

LARGEST = 500
"""No drawing is at a larger scale than 1:500: the borders are not surveyed more finely than it would show."""

MARGIN_MM = 9.0
"""Room left round what is drawn, for the neighbours and their names."""


@dataclass(frozen=True)
class Window:
    """A frame on the page, in millimetres, and the ground that it shows at 1:``scale``."""

    x: float
    y: float
    width: float
    height: float
    scale: float
    east_m: float
    """Of the middle of the frame, in the work CRS."""
    north_m: float

    @property
    def frame(self) -> Any:
        """The frame as a polygon, in millimetres."""
        return shapely.box(self.x, self.y, self.x + self.width, self.y + self.height)

    @property
    def ground(self) -> tuple[float, float, float, float]:
        """West, south, east, north of the ground that is seen, in metres of the work CRS."""
        half_m = np.array([self.width, self.height]) * self.scale / 2000
        return (
            self.east_m - half_m[0], self.north_m - half_m[1], self.east_m + half_m[0], self.north_m + half_m[1],
        )  # fmt: skip

    def to_page(self, shapes: Iterable[Any]) -> Any:
        """Return shapes of the work CRS as they lie on the page, cut to the frame; what is not seen is empty."""
        middle = np.array([self.east_m, self.north_m])
        on_page = np.array([self.x + self.width / 2, self.y + self.height / 2])
        seen = shapely.clip_by_rect(_sound(np.asarray(list(shapes), dtype=object)), *self.ground)
        return shapely.transform(seen, lambda xy: (xy - middle) * 1000 / self.scale + on_page)


def open_window(x: float, y: float, width: float, height: float, shape: Any) -> Window:
    """Return the window in which a shape is seen whole, at the largest round scale at which it has a margin.

    Examples
    --------
    >>> open_window(0, 0, 200, 160, shapely.box(0, 0, 300, 100)).scale
    1800
    >>> open_window(0, 0, 200, 160, shapely.box(0, 0, 1, 1)).scale
    500
    """
    west, south, east, north = (float(v) for v in shapely.total_bounds(np.asarray([shape], dtype=object)))
    needed = 1000 * max((east - west) / (width - 2 * MARGIN_MM), (north - south) / (height - 2 * MARGIN_MM))
    return Window(x, y, width, height, round_scale(needed), (west + east) / 2, (south + north) / 2)


def round_scale(needed: float) -> int:
    """Return the smallest round number N, at least LARGEST, that is not below what is needed.

    Examples
    --------
    >>> round_scale(1640), round_scale(30), round_scale(100001)
    (1800, 500, 120000)
    """
    needed = max(needed, LARGEST)
    ten = 10 ** math.floor(math.log10(needed))
    return int(next(n for step in (*STEPS, 10) if (n := step * ten) >= needed * (1 - 1e-9)))


def scale_bar_m(scale: float, longest_mm: float) -> tuple[float, int]:
    """Return the length of a scale bar in metres, round and no longer on the page than asked, and its parts.

    Examples
    --------
    >>> scale_bar_m(2000, 50), scale_bar_m(500, 50)
    ((100.0, 4), (20.0, 4))
    """
    most = longest_mm * scale / 1000
    ten = 10.0 ** math.floor(math.log10(most))
    step = max(s for s in (1, 2, 5) if s * ten <= most)
    return step * ten, {1: 4, 2: 4, 5: 5}[step]


def _sound(shapes: Any) -> Any:
    """Mend invalid polygons for the drawing alone: cutting would fail on a bow-tie in somebody's buildings."""
    wrong = ~shapely.is_valid(shapes) & ~shapely.is_missing(shapes)
    if wrong.any():
        shapes = shapes.copy()
        shapes[wrong] = shapely.make_valid(shapes[wrong])
    return shapes
