"""The streets of an invented area: unevenly spaced main roads, a river, a railway and a motorway, streets between them.

All is drawn on a plan with axis-parallel lines in whole decimetres and then bent by one smooth map. Every line gets
a vertex where another begins or ends on it, so lines that meet share a vertex however the map bends them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from gridgis.geometry.arrays import Floats, Ints

STEP = 400
"""Lines are bent at least every so many decimetres."""
STRIP = {"river": 1300, "railway": 400, "motorway": 500}
"""Width of the ground that a great line takes, decimetres."""
BEYOND = 1500
"""How far lines run on beyond the boundary of the area, decimetres."""
BRIDGE, CROSSING = 0.6, 0.7
"""Share of the main roads that cross a river, a railway or motorway."""


@dataclass(frozen=True)
class Line:
    """An axis-parallel line of the plan: x = ``at`` from ``lo`` to ``hi`` if ``upright``, else y = ``at``."""

    klass: str
    name: str
    upright: bool
    at: int
    lo: int
    hi: int


@dataclass(frozen=True)
class Rect:
    """A rectangle of the plan, decimetres."""

    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.x1 - self.x0, self.y1 - self.y0

    def inset(self, west: int, south: int, east: int, north: int) -> Rect:
        """Return the rectangle without a margin on each side."""
        return Rect(self.x0 + west, self.y0 + south, self.x1 - east, self.y1 - north)


@dataclass(frozen=True)
class Axis:
    """One direction of the plan: ``spans`` of ground, a break between each two; ``fringe`` tells which are open land.

    A break is ("primary", c, c), or (klass, lo, hi) for the strip of a great line.
    """

    spans: list[tuple[int, int]]
    fringe: list[bool]
    breaks: list[tuple[str, int, int]]

    @property
    def ends(self) -> tuple[int, int]:
        """Where the area begins and ends."""
        return self.spans[0][0], self.spans[-1][1]


@dataclass
class Plan:
    """The drawn plan: lines, the rectangles between the main roads, and the river."""

    x: Axis
    y: Axis
    lines: list[Line] = field(default_factory=list)
    core: list[Rect] = field(default_factory=list)
    fringe: list[Rect] = field(default_factory=list)
    rivers: list[Line] = field(default_factory=list)


def make_axis(sizes: Sequence[int], fringe: tuple[int, int], great: dict[int, str]) -> Axis:
    """Lay spans of the given sizes one after the other.

    Parameters
    ----------
    sizes
        Sizes of the built-up spans, decimetres.
    fringe
        Sizes of the open land before and after them; 0 for none.
    great
        Klass of the great line in a break, by the position of the break.
    """
    rural = [True] * bool(fringe[0]) + [False] * len(sizes) + [True] * bool(fringe[1])
    widths = [fringe[0]] * bool(fringe[0]) + list(sizes) + [fringe[1]] * bool(fringe[1])
    spans: list[tuple[int, int]] = []
    breaks: list[tuple[str, int, int]] = []
    at = 0
    for k, width in enumerate(widths):
        spans.append((at, at + width))
        at += width
        if k < len(widths) - 1:
            klass = great.get(k, "primary")
            breaks.append((klass, at, at + STRIP.get(klass, 0)))
            at += STRIP.get(klass, 0)
    return Axis(spans, rural, breaks)


def draw_main_lines(plan: Plan, rng: np.random.Generator) -> None:
    """Draw the main roads and great lines, and list the ground between them."""
    for upright, axis, across in ((True, plan.x, plan.y), (False, plan.y, plan.x)):
        for k, (klass, lo, hi) in enumerate(axis.breaks):
            sign = "纵横"[not upright]
            if klass == "primary":
                _draw_road(plan, "primary", f"{sign}{k + 1}大道", upright, lo, across, rng)
                continue
            _draw_great(plan, klass, f"{sign}{k + 1}", upright, (lo + hi) // 2, across)
            for side, at in (("一", lo), ("二", hi)):
                _draw_road(plan, "tertiary", f"{sign}{k + 1}沿线{side}路", upright, at, across, rng)
        for at, rural, name in ((axis.ends[0], axis.fringe[0], "起"), (axis.ends[1], axis.fringe[-1], "终")):
            if not rural:
                _draw_road(plan, "primary", f"{'纵横'[not upright]}{name}大道", upright, at, across, rng)
    for i, (x0, x1) in enumerate(plan.x.spans):
        for j, (y0, y1) in enumerate(plan.y.spans):
            ground = plan.fringe if plan.x.fringe[i] or plan.y.fringe[j] else plan.core
            ground.append(Rect(x0, y0, x1, y1))


def _draw_great(plan: Plan, klass: str, name: str, upright: bool, at: int, across: Axis) -> None:
    line = Line(klass, f"{name}{'河' if klass == 'river' else '线'}", upright, at, across.ends[0] - BEYOND, 0)
    line = Line(klass, line.name, upright, at, line.lo, across.ends[1] + BEYOND)
    (plan.rivers if klass == "river" else plan.lines).append(line)


def _draw_road(
    plan: Plan, klass: str, name: str, upright: bool, at: int, across: Axis, rng: np.random.Generator
) -> None:
    """Draw a road along the whole axis; a strip is crossed by main roads with luck only; in open land it is smaller."""
    for k, (lo, hi) in enumerate(across.spans):
        first, last = k == 0, k == len(across.spans) - 1
        if across.fringe[k] and klass != "primary":
            continue
        lower = across.fringe[k] and rng.random() < 0.6
        lo -= BEYOND if first and across.fringe[0] else 0
        hi += BEYOND if last and across.fringe[-1] else 0
        plan.lines.append(Line("tertiary" if lower else klass, name, upright, at, lo, hi))
        if not last:
            kind, begin, end = across.breaks[k]
            share = BRIDGE if kind == "river" else CROSSING
            if end > begin and klass == "primary" and rng.random() < share:
                plan.lines.append(Line(klass, name, upright, at, begin, end))


def draw_streets(plan: Plan, ground: Rect, block: int, rng: np.random.Generator) -> list[Rect]:
    """Cut the ground between main roads into blocks of about the given size by smaller streets.

    Returns
    -------
    list of Rect
        The blocks; here and there two adjoining ones have no street between them and are one.
    """
    xs, ys = (_cuts(lo, hi, block, rng) for lo, hi in ((ground.x0, ground.x1), (ground.y0, ground.y1)))
    number = len(plan.lines)
    for k, x in enumerate(xs[1:-1]):
        plan.lines.append(Line(_street_class(k, len(xs) - 2), f"{number + k}街", True, x, ys[0], ys[-1]))
    joined = rng.random((len(xs) - 1, len(ys) - 1)) < 0.12
    blocks = []
    for i in range(len(xs) - 1):
        j = 0
        while j < len(ys) - 1:
            end = j + 2 if joined[i, j] and j + 2 < len(ys) else j + 1
            blocks.append(Rect(xs[i], ys[j], xs[i + 1], ys[end]))
            if end < len(ys) - 1:
                klass = _street_class(end, len(ys) - 2)
                plan.lines.append(Line(klass, f"{number + end}巷", False, ys[end], xs[i], xs[i + 1]))
            j = end
    return blocks


def _cuts(lo: int, hi: int, size: int, rng: np.random.Generator) -> list[int]:
    n = max(1, round((hi - lo) / size))
    inner = lo + (np.arange(1, n) + rng.uniform(-0.18, 0.18, n - 1)) * (hi - lo) / n
    return [lo, *(int(v) for v in np.round(inner)), hi]


def _street_class(k: int, n: int) -> str:
    """Return the class of the k-th of n streets: the middle one of many is secondary, each other one residential."""
    if n >= 3 and k == n // 2:
        return "secondary"
    return "tertiary" if k % 2 == 0 else "residential"


class Bend:
    """A smooth map of the plan (decimetres) to the ground (metres): a sum of waves in both directions."""

    def __init__(self, rng: np.random.Generator, east: float, north: float) -> None:
        length = np.array([350.0, 800.0, 1500.0, 2600.0, 5200.0])
        slope = np.array([0.05, 0.07, 0.08, 0.08, 0.08])
        angle = rng.uniform(0, 2 * np.pi, (2, len(length)))
        self._k = 2 * np.pi / length * np.stack([np.cos(angle), np.sin(angle)])
        self._phase = rng.uniform(0, 2 * np.pi, (2, len(length)))
        self._reach = slope * length / (2 * np.pi)
        turn = rng.uniform(-0.2, 0.2)
        self._turn = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        self._origin = np.array([east, north])

    def __call__(self, xy: Floats | Ints) -> Floats:
        """Map (n, 2) points; rounded to a millimetre."""
        p = np.asarray(xy, dtype=np.float64) / 10.0
        out = p.copy()
        for axis in (0, 1):
            wave = p[:, 0, None] * self._k[0, axis] + p[:, 1, None] * self._k[1, axis]
            out[:, axis] += (np.sin(wave + self._phase[axis]) * self._reach).sum(axis=1)
        return np.asarray(np.round(out @ self._turn.T + self._origin, 3))


class Vertices:
    """Where lines of the plan have vertices: at their ends, where others begin or end on them, and every STEP."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._at = {}
        for upright in (True, False):
            ends = [(end, other.at) for other in lines if other.upright != upright for end in (other.lo, other.hi)]
            self._at[upright] = np.unique(np.array(ends or [(0, 0)], dtype=np.int64), axis=0)

    def of(self, upright: bool, at: int, lo: int, hi: int) -> Ints:
        """Return the (n, 2) vertices of a line, from ``lo`` to ``hi``."""
        table = self._at[upright]
        first, last = np.searchsorted(table[:, 0], [at, at + 1])
        met = table[first:last, 1]
        steps = np.arange(-(-lo // STEP) * STEP, hi, STEP)
        along = np.unique(np.concatenate([[lo, hi], met[(met > lo) & (met < hi)], steps[steps > lo]]))
        still = np.full(len(along), at)
        return np.column_stack([still, along] if upright else [along, still]).astype(np.int64)

    def ring(self, r: Rect) -> Ints:
        """Return the (n, 2) vertices of a rectangle's outline, closed, counter-clockwise."""
        south, north = self.of(False, r.y0, r.x0, r.x1), self.of(False, r.y1, r.x0, r.x1)
        west, east = self.of(True, r.x0, r.y0, r.y1), self.of(True, r.x1, r.y0, r.y1)
        return np.concatenate([south[:-1], east[:-1], north[:0:-1], west[::-1]])
