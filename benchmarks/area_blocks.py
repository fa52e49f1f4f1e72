"""What stands on the blocks of an invented area: walled estates, old houses, walk-ups and shops, sites, hamlets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from benchmarks.area_streets import Line, Rect
from gridgis.geometry.arrays import Floats, Ints

THEMES = {"estates": 0.55, "old": 0.22, "mixed": 0.23}
"""What most blocks between four main roads are, and the share of such ground."""
USE_SHARE = {"estates": (0.76, 0.06, 0.18), "old": (0.12, 0.74, 0.14), "mixed": (0.40, 0.20, 0.40)}
"""Share of estates, old houses and walk-ups among their blocks."""
HOUSES = np.array([1, 2, 3, 4, 5, 6])
HOUSES_SHARE = np.array([0.20, 0.30, 0.22, 0.16, 0.07, 0.05])
"""Households of an old house."""
STYLES = ((30, 40), (36, 48), (24, 36), (42,), (42, 48))
"""Households of an estate's slabs, as in the sample town: two homes a landing, two to four stairs, 5 to 8 floors."""
TOWER_FLOORS, HOMES_A_LANDING = (11, 11, 18, 26, 33), 4
"""The towers of an estate are of one kind."""
WALK_UPS = np.array([10, 12, 18, 20, 24, 30, 36])
"""Households of a walk-up outside of estates: two homes a landing, one to three stairs, 5 or 6 floors."""
LARGE_SHARE = 0.06
"""Share of the estates that are too large for one grid."""
GATE = 40
"""Half the width of a gate, decimetres."""
SITE_KINDS = (
    ("school", "carve", 0.30), ("park", "carve", 0.15), ("hospital", "carve", 0.08), ("industrial", "carve", 0.12),
    ("market", "overlay", 0.15), ("government", "overlay", 0.12), ("school", "overlay", 0.08),
)  # fmt: skip
"""Category, mode and share of the sites."""


@dataclass
class Filling:
    """All that stands on the plan. A row of ``buildings``: x, y of the centre, width, height, households, storeys."""

    buildings: list[Floats] = field(default_factory=list)
    compounds: list[Rect] = field(default_factory=list)
    sites: list[tuple[Rect, str, str]] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    gates: list[Line] = field(default_factory=list)
    """Not drawn: the edges of gates, where an estate's outline has a vertex."""

    def add(self, centre: Floats, size: tuple[float, float], households: Ints, storeys: Ints) -> None:
        """Add buildings of one size around (n, 2) centres."""
        rows = np.empty((len(centre), 6))
        rows[:, :2], rows[:, 2:4] = centre, size
        rows[:, 4], rows[:, 5] = households, storeys
        self.buildings.append(rows)


def spots(r: Rect, pitch: tuple[float, float]) -> Floats:
    """Return the centres of the cells of a rectangle of about the given pitch, row by row, (n, 2)."""
    n = [max(0, int(size // p)) for size, p in zip(r.size, pitch, strict=True)]
    if not n[0] * n[1]:
        return np.empty((0, 2))
    x = r.x0 + (np.arange(n[0]) + 0.5) * r.size[0] / n[0]
    y = r.y0 + (np.arange(n[1]) + 0.5) * r.size[1] / n[1]
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)


def deal_themes(n: int, rng: np.random.Generator) -> list[str]:
    """Deal a theme to each of n pieces of ground, so that the shares of THEMES are kept, in random order."""
    names, share = list(THEMES), np.array(list(THEMES.values()))
    at = np.searchsorted(np.cumsum(share)[:-1], (np.arange(n) + rng.random()) / n, side="right")
    return [names[k] for k in rng.permutation(at)]


def fill_core(out: Filling, blocks: list[Rect], theme: str, rng: np.random.Generator) -> None:
    """Build on the blocks between four main roads; one of them may be a site."""
    share = USE_SHARE[theme]
    uses: list[Callable[[Filling, Rect, np.random.Generator], None]] = [estates, old_houses, walk_ups]
    site = rng.integers(len(blocks)) if len(blocks) > 2 and rng.random() < 0.75 else -1
    for b, block in enumerate(blocks):
        if b == site:
            public(out, block, rng)
        else:
            uses[rng.choice(3, p=share)](out, block, rng)


def estates(out: Filling, block: Rect, rng: np.random.Generator) -> None:
    """Put one walled estate, or two with a common wall, on a block; often with shops towards the streets."""
    margin = rng.integers(90, 150, 4)
    side = rng.integers(4) if rng.random() < 0.5 else -1
    if side >= 0:
        margin[side] += 150
        shops(out, block, int(side), rng)
    ground = block.inset(*(int(m) for m in margin))
    width, height = ground.size
    if max(width, height) < 1.9 * min(width, height) or min(width, height) < 800:
        estate(out, ground, height > width, rng)
        return
    share = rng.uniform(0.4, 0.6)
    x, y = ground.x0 + round(width * share), ground.y0 + round(height * share)
    tall = height > width
    for half in (
        Rect(ground.x0, ground.y0, ground.x1 if tall else x, y if tall else ground.y1),
        Rect(ground.x0 if tall else x, y if tall else ground.y0, ground.x1, ground.y1),
    ):
        estate(out, half, tall, rng)


def estate(out: Filling, r: Rect, gates_east: bool, rng: np.random.Generator) -> None:
    """Build an estate: slabs or towers until it is full, a wall with two gates (to the east and west, or otherwise)."""
    out.compounds.append(r)
    wall_with_gates(out, r, gates_east)
    wanted = rng.integers(510, 700) if rng.random() < LARGE_SHARE else rng.integers(150, 480)
    inner = r.inset(80, 80, 80, 80)
    if rng.random() < 0.4:
        at, size = spots(inner, (450, 400)), (float(rng.integers(220, 300)), float(rng.integers(180, 230)))
        floors = np.full(len(at), rng.choice(TOWER_FLOORS))
        each, storeys = floors * HOMES_A_LANDING, floors
    else:
        long = float(rng.integers(380, 600))
        at, size = spots(inner, (long + 60, 250)), (long, 120.0)
        style = STYLES[int(rng.integers(len(STYLES)))]
        each, storeys = rng.choice(style, len(at)), np.full(len(at), 6)
    order = rng.permutation(len(at))
    full = np.cumsum(each[order]) <= wanted
    full[:1] = True
    kept = np.sort(order[full])
    out.add(at[kept], size, each[kept], storeys[kept])


def wall_with_gates(out: Filling, r: Rect, gates_east: bool) -> None:
    """Draw the wall along an outline, open at a gate in the middle of two opposite sides."""
    lo, hi = (r.y0, r.y1) if gates_east else (r.x0, r.x1)
    side = (r.x0, r.x1) if gates_east else (r.y0, r.y1)
    middle = (lo + hi) // 2
    for at in side:
        out.lines.append(Line("wall", "", gates_east, at, lo, middle - GATE))
        out.lines.append(Line("wall", "", gates_east, at, middle + GATE, hi))
    for at in (lo, hi):
        out.lines.append(Line("wall", "", not gates_east, at, *side))
    for at in (middle - GATE, middle + GATE):
        out.gates.append(Line("gate", "", not gates_east, at, *side))


def shops(out: Filling, block: Rect, side: int, rng: np.random.Generator) -> None:
    """Put a row of shop houses along one side of a block: west, south, east, north."""
    w, h = block.size
    strips = (
        block.inset(60, 120, w - 200, 120), block.inset(120, 60, 120, h - 200),
        block.inset(w - 200, 120, 60, 120), block.inset(120, h - 200, 120, 60),
    )  # fmt: skip
    upright = side % 2 == 0
    at = spots(strips[side], (140, 130) if upright else (130, 140))
    at = at[rng.random(len(at)) < 0.85]
    out.add(
        at, (100, 120) if upright else (120, 100), rng.choice(3, len(at), p=[0.3, 0.4, 0.3]), np.full(len(at), 2)
    )  # fmt: skip


def old_houses(out: Filling, block: Rect, rng: np.random.Generator) -> None:
    """Cut a block by lanes and fill it with rows of old houses, some of them wall to wall."""
    xs = _cuts(block.x0, block.x1, rng)
    for x in xs[1:-1]:
        out.lines.append(Line("residential", "", True, x, block.y0, block.y1))
    for x0, x1 in pairwise(xs):
        ys = _cuts(block.y0, block.y1, rng)
        for y in ys[1:-1]:
            out.lines.append(Line("residential", "", False, y, x0, x1))
        for y0, y1 in pairwise(ys):
            _rows_of_houses(out, Rect(x0, y0, x1, y1).inset(40, 40, 40, 40), rng)


def _cuts(lo: int, hi: int, rng: np.random.Generator) -> list[int]:
    n = max(1, round((hi - lo) / rng.integers(600, 950)))
    inner = lo + (np.arange(1, n) + rng.uniform(-0.12, 0.12, n - 1)) * (hi - lo) / n
    return [lo, *(int(v) for v in inner), hi]


def _rows_of_houses(out: Filling, r: Rect, rng: np.random.Generator) -> None:
    wide, deep = float(rng.integers(80, 115)), float(rng.integers(85, 115))
    gap = float(rng.choice([0, 8, 20]))
    at = spots(r, (wide + gap, deep + 30))
    if not len(at):
        return
    kept = at[rng.random(len(at)) < 0.88]
    room = r.size[0] / len(np.unique(at[:, 0]))
    count = rng.choice(HOUSES, len(kept), p=HOUSES_SHARE)
    out.add(kept, (room if gap == 0 else wide, deep), count, np.minimum(count, 3))


def walk_ups(out: Filling, block: Rect, rng: np.random.Generator) -> None:
    """Put walk-ups, a few works and shops on a block; now and then a small walled yard of a work unit."""
    shops(out, block, int(rng.integers(4)), rng)
    inner = block.inset(280, 280, 280, 280)
    at = spots(inner, (520, 330))
    kept = at[rng.random(len(at)) < 0.8]
    lived_in = rng.random(len(kept)) < 0.85
    homes = np.where(lived_in, rng.choice(WALK_UPS, len(kept)), 0)
    out.add(kept, (400, 125), homes, np.full(len(kept), 5))
    w, h = inner.size
    yard = inner.inset(-60, -60, w // 2 - 60, h // 2 - 60)
    held = (kept[:, 0] < inner.x0 + w / 2) & (kept[:, 1] < inner.y0 + h / 2)
    across = (np.abs(kept - [yard.x1, yard.y1]) <= [210, 70]).any(axis=1) & ~(kept > [yard.x1 + 210, yard.y1 + 70]).any(
        axis=1
    )
    if rng.random() < 0.3 and homes[held].sum() >= 40 and not across.any():
        out.compounds.append(yard)


def public(out: Filling, block: Rect, rng: np.random.Generator) -> None:
    """Make a site of a block, with its own houses where nobody lives; an overlay site has some homes too."""
    kind = rng.choice(len(SITE_KINDS), p=[share for _, _, share in SITE_KINDS])
    category, mode, _ = SITE_KINDS[kind]
    inset = 0 if category == "park" else 100
    r = block.inset(inset, inset, inset, inset)
    out.sites.append((r, category, mode))
    if category == "park":
        out.lines.append(Line("residential", "", True, (r.x0 + r.x1) // 2, r.y0, r.y0 + r.size[1] // 3))
        return
    if category in ("school", "government"):
        wall_with_gates(out, r, bool(rng.integers(2)))
    at = spots(r.inset(100, 100, 100, 100), (700, 600))
    count = rng.integers(0, 20, len(at)) * (rng.random(len(at)) < 0.2) if mode == "overlay" else np.zeros(len(at))
    out.add(at, (420, 180), count.astype(np.int64), np.full(len(at), 3))


def fill_fringe(out: Filling, ground: Rect, rng: np.random.Generator) -> None:
    """Cut open land by farm tracks into fields, some with a hamlet; some tracks end in the open."""
    nx, ny = (max(1, round(size / 4200)) for size in ground.size)
    xs, ys = (np.linspace(lo, hi, n + 1).astype(int).tolist() for lo, hi, n in (
        (ground.x0, ground.x1, nx), (ground.y0, ground.y1, ny)
    ))  # fmt: skip
    for x in xs[1:-1]:
        out.lines.append(Line("residential", "", True, x, ground.y0, ground.y1))
    for x0, x1 in pairwise(xs):
        for y in ys[1:-1]:
            if rng.random() < 0.7:
                out.lines.append(Line("residential", "", False, y, x0, x1))
        for y0, y1 in pairwise(ys):
            _field(out, Rect(x0, y0, x1, y1), rng)


def _field(out: Filling, r: Rect, rng: np.random.Generator) -> None:
    w, h = r.size
    if rng.random() < 0.25:
        out.lines.append(Line("residential", "", True, r.x0 + w // 3, r.y0, r.y0 + h // 3))
    if rng.random() < 0.45:
        size = rng.uniform(0.25, 0.5)
        hamlet = r.inset(int(w * 0.4), int(h * 0.4), int(w * (0.6 - size)), int(h * (0.6 - size)))
        at = spots(hamlet, (210, 230))
        at = at[rng.random(len(at)) < 0.8]
        at = at + rng.uniform(-40, 40, at.shape)
        out.add(at, (110, 95), rng.integers(1, 3, len(at)), np.full(len(at), 2))
    elif rng.random() < 0.3:
        out.add(
            np.array([[r.x0 + w * 0.7, r.y0 + h * 0.7]]),
            (250, 150),
            np.zeros(1, dtype=np.int64),
            np.ones(1, dtype=np.int64),
        )
