"""The plan of the town: its curves, its cells between them, and the things it is made of. Plane metres throughout.

The great lines (motorway, avenues, river, railway) are smooth functions of x or of y. Between four of them lies a
*cell*, in which streets are drawn in cell coordinates (u, v) from 0 to 1; so every street begins and ends on a
street, however the great lines bend.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import resources
from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from shapely import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

Curve = Callable[[float], float]
XY = NDArray[np.float64]
Points = Sequence[tuple[float, float]]

STREET = "澄湾街道"
WORDS: dict[str, Any] = tomllib.loads((resources.files("sample_shapes") / "words.toml").read_text(encoding="utf-8"))
"""What callers say, how lanes and people are called."""
HALF_WIDTH_M = {
    "motorway": 17.0,
    "primary": 17.0,
    "secondary": 12.0,
    "tertiary": 8.0,
    "residential": 4.0,
    "lane": 2.2,
    "railway": 15.0,
}
"""From the centre line of a road to the edge of its land, metres; a lane is a residential road of the old core."""


@dataclass
class Road:
    """A road (or railway, or border line): its centre line."""

    klass: str
    name: str
    xy: XY
    lane: bool = False
    snap_m: float = 9.0
    """An end of it this near to another line is meant to lie on that."""

    @property
    def line(self) -> LineString:
        """The centre line."""
        return LineString(self.xy)

    @property
    def half_width_m(self) -> float:
        """Metres from the centre line to the edge of its land."""
        return HALF_WIDTH_M["lane" if self.lane else self.klass]


@dataclass
class Building:
    """A building; ``households`` is the truth, ``counted`` tells whether the file says it."""

    shape: Polygon
    use: str
    households: int
    storeys: int
    name: str | None = None
    counted: bool = True
    storeys_known: bool = True


@dataclass
class Compound:
    """A walled estate."""

    name: str
    shape: Polygon
    gates: list[Point] = field(default_factory=list)


@dataclass
class Site:
    """A place for a dedicated grid."""

    name: str
    category: str
    mode: str
    shape: Polygon


@dataclass
class Town:
    """All that is drawn, in the order in which it was drawn."""

    rng: np.random.Generator
    border: Polygon = field(default_factory=Polygon)
    roads: list[Road] = field(default_factory=list)
    rails: list[Road] = field(default_factory=list)
    rivers: list[Road] = field(default_factory=list)
    lines: list[Road] = field(default_factory=list)
    """Community borders that are no road."""
    water: list[tuple[str, str, Polygon]] = field(default_factory=list)
    walls: list[LineString] = field(default_factory=list)
    compounds: list[Compound] = field(default_factory=list)
    sites: list[Site] = field(default_factory=list)
    buildings: list[Building] = field(default_factory=list)
    communities: list[tuple[str, str, Polygon]] = field(default_factory=list)


def largest(shape: BaseGeometry) -> Polygon:
    """Return the largest polygon of a shape; an empty one where there is none."""
    parts = [p for p in shapely.get_parts(shape) if isinstance(p, Polygon)]
    return max(parts, key=lambda p: p.area, default=Polygon())


def spline(*knots: tuple[float, float]) -> Curve:
    """Return the smooth function through (argument, value) knots."""
    a = np.array(knots)
    f = CubicSpline(a[:, 0], a[:, 1])
    return lambda t: float(f(t))


# functions of x: y = f(x), from north to south
MOTORWAY = spline((0, 1830), (900, 1885), (1700, 1905), (2600, 1850))
AVENUE = spline((0, 1440), (700, 1395), (1330, 1380), (1850, 1405), (2600, 1475))
RIVER = spline((0, 830), (450, 925), (1000, 885), (1500, 815), (2000, 870), (2600, 985))
RAILWAY = spline((0, 320), (600, 430), (1300, 450), (1900, 380), (2600, 225))
QUAY_NORTH = spline(*((x, RIVER(x) + 56) for x in range(0, 2601, 200)))
QUAY_SOUTH = spline(*((x, RIVER(x) - 56) for x in range(0, 2601, 200)))
SLIP_ROAD = spline(*((x, MOTORWAY(x) - 33) for x in range(0, 2601, 200)))
RAILSIDE = spline(*((x, RAILWAY(x) + 42) for x in range(0, 2601, 200)))
# functions of y: x = f(y), from west to east
WEST_ROAD = spline((300, 690), (700, 725), (1100, 690), (1500, 715), (1950, 690))
BOULEVARD = spline((0, 1290), (455, 1325), (840, 1350), (1380, 1330), (1950, 1295))
LIBRARY_ROAD = spline((300, 1890), (860, 1855), (1405, 1852), (1950, 1905))
EAST_ROAD = spline((200, 2395), (800, 2440), (1450, 2425), (1950, 2390))

WEST_EDGE: Points = [
    (62, 1900),
    (70, 1790),
    (38, 1680),
    (55, 1560),
    (90, 1490),
    (64, 1380),
    (28, 1250),
    (60, 1120),
    (35, 1000),
    (70, 870),
    (52, 760),
    (96, 650),
    (60, 520),
    (84, 400),
    (50, 260),
    (120, 120),
]
SOUTH_EDGE: Points = [
    (120, 120),
    (300, 70),
    (470, 96),
    (640, 40),
    (830, 66),
    (1020, 30),
    (1200, 78),
    (1420, 52),
    (1600, 20),
    (1790, 60),
    (1960, 28),
    (2140, 74),
    (2330, 36),
    (2500, 66),
]
EAST_EDGE: Points = [
    (2500, 66),
    (2532, 190),
    (2492, 330),
    (2530, 470),
    (2556, 600),
    (2518, 720),
    (2540, 850),
    (2574, 990),
    (2535, 1100),
    (2560, 1240),
    (2522, 1350),
    (2548, 1470),
    (2500, 1590),
    (2530, 1700),
    (2496, 1790),
    (2510, 1900),
]
FIELD_EDGE: Points = [
    (628, 1900),
    (640, 1800),
    (588, 1772),
    (596, 1700),
    (548, 1684),
    (556, 1596),
    (604, 1580),
    (612, 1500),
    (646, 1484),
    (640, 1330),
    (600, 1318),
    (608, 1230),
    (566, 1222),
    (574, 1130),
    (622, 1120),
    (628, 1010),
    (600, 890),
    (612, 790),
    (648, 770),
    (640, 690),
    (582, 676),
    (590, 590),
    (630, 570),
    (622, 400),
]
"""The border between town and village, along the edges of fields."""


def meet(of_x: Curve, of_y: Curve) -> tuple[float, float]:
    """Return the point where y = of_x(x) and x = of_y(y) meet."""
    x, y = 1300.0, 900.0
    for _ in range(60):
        x, y = of_y(y), of_x(x)
    return x, of_x(x)


@dataclass(frozen=True)
class Cell:
    """The ground between four curves; u runs from west to east, v from south to north."""

    south: Curve
    north: Curve
    west: Curve
    east: Curve

    def at(self, u: float, v: float) -> tuple[float, float]:
        """Return the point of cell coordinates u, v (a Coons patch)."""
        sw, se = np.array(meet(self.south, self.west)), np.array(meet(self.south, self.east))
        nw, ne = np.array(meet(self.north, self.west)), np.array(meet(self.north, self.east))
        xs, xn = sw[0] + u * (se - sw)[0], nw[0] + u * (ne - nw)[0]
        yw, ye = sw[1] + v * (nw - sw)[1], se[1] + v * (ne - se)[1]
        south, north = np.array([xs, self.south(xs)]), np.array([xn, self.north(xn)])
        west, east = np.array([self.west(yw), yw]), np.array([self.east(ye), ye])
        p = (1 - v) * south + v * north + (1 - u) * west + u * east
        p -= (1 - u) * (1 - v) * sw + u * (1 - v) * se + (1 - u) * v * nw + u * v * ne
        return float(p[0]), float(p[1])

    def street(self, *uv: tuple[float, float]) -> XY:
        """Return a line of points through cell coordinates, each stretch in four steps."""
        points = [self.at(*uv[0])]
        for (u0, v0), (u1, v1) in pairwise(uv):
            points += [self.at(u0 + (u1 - u0) * t, v0 + (v1 - v0) * t) for t in (0.25, 0.5, 0.75, 1.0)]
        return np.round(np.array(points), 3)


CELLS = {
    "NW": Cell(AVENUE, SLIP_ROAD, WEST_ROAD, BOULEVARD),
    "N": Cell(AVENUE, SLIP_ROAD, BOULEVARD, LIBRARY_ROAD),
    "NE": Cell(AVENUE, SLIP_ROAD, LIBRARY_ROAD, EAST_ROAD),
    "CORE": Cell(QUAY_NORTH, AVENUE, WEST_ROAD, BOULEVARD),
    "MID": Cell(QUAY_NORTH, AVENUE, BOULEVARD, LIBRARY_ROAD),
    "E": Cell(QUAY_NORTH, AVENUE, LIBRARY_ROAD, EAST_ROAD),
    "SW": Cell(RAILSIDE, QUAY_SOUTH, WEST_ROAD, BOULEVARD),
    "S": Cell(RAILSIDE, QUAY_SOUTH, BOULEVARD, LIBRARY_ROAD),
    "SE": Cell(RAILSIDE, QUAY_SOUTH, LIBRARY_ROAD, EAST_ROAD),
}
