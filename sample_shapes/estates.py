"""Walled estates: rows of walk-ups that face south, towers, the wall with its gates, the shops along the street."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from shapely import LineString, Point, Polygon, affinity
from shapely.geometry import box

from sample_shapes.network import buildable
from sample_shapes.plan import Building, Compound, Road, Town

M2_PER_HOUSEHOLD = 100.0
DEPTH_M = 12.0
STYLES = {5: {30: 5, 40: 5}, 6: {36: 6, 48: 6}, 7: {42: 7}, 8: {42: 7, 48: 8}}
"""Of an estate: the sizes of its buildings in households, each with its storeys; two homes a landing, 3 or 4 stairs."""


@dataclass(frozen=True)
class Rows:
    """How buildings stand in rows, metres."""

    length: float
    depth: float
    gap: float
    pitch: float


def rows_in(ground: Polygon, rows: Rows, angle: float) -> list[list[Polygon]]:
    """Fill a ground with rows of equal rectangles turned by ``angle`` degrees; rows run from south to north."""
    pivot = ground.centroid
    flat = affinity.rotate(ground, -angle, origin=pivot)
    x0, y0, x1, y1 = flat.bounds
    count = max(1, int((y1 - y0 - rows.depth) // rows.pitch) + 1)
    first = y0 + (y1 - y0 - rows.depth - (count - 1) * rows.pitch) / 2
    out: list[list[Polygon]] = []
    for k in range(count):
        y = first + k * rows.pitch
        row = _row(flat, box(x0 - 1, y, x1 + 1, y + rows.depth), rows)
        if row:
            out.append([affinity.rotate(b, angle, origin=pivot) for b in row])
    return out


def _row(flat: Polygon, band: Polygon, rows: Rows) -> list[Polygon]:
    """Put buildings evenly in the widest stretch of a band that lies wholly in the ground."""
    _, y, _, top = band.bounds
    free = shapely.get_parts(flat.intersection(band))
    if not len(free):
        return []
    part = max(free, key=lambda p: p.area)
    scans = [
        part.intersection(LineString([(band.bounds[0], t), (band.bounds[2], t)]))
        for t in np.linspace(y + 0.05, top - 0.05, 5)
    ]
    if any(s.is_empty for s in scans):
        return []
    xa, xb = max(s.bounds[0] for s in scans), min(s.bounds[2] for s in scans)
    n = int((xb - xa + rows.gap) // (rows.length + rows.gap))
    if n < 1:
        return []
    gap = (xb - xa - n * rows.length) / max(n - 1, 1)
    gap = min(gap, rows.gap * 2.2)
    start = (xa + xb - n * rows.length - (n - 1) * gap) / 2
    fits = (
        box(start + i * (rows.length + gap), y, start + i * (rows.length + gap) + rows.length, top) for i in range(n)
    )
    return [b for b in fits if flat.buffer(0.01).covers(b)]


def facing(ground: Polygon) -> float:
    """Return the turn of rows in a ground: along its long southern side, at most 9 degrees off due east."""
    ring = shapely.get_coordinates(ground.minimum_rotated_rectangle)
    step = np.diff(ring, axis=0)
    angles = (np.degrees(np.arctan2(step[:, 1], step[:, 0])) + 45) % 90 - 45
    return float(np.clip(angles[0], -9, 9))


def _front(town: Town, block: Polygon) -> list[Road]:
    """Return the greater streets along a block: those that have shops."""
    near = [r for r in town.roads if r.klass in ("primary", "secondary", "tertiary")]
    return [r for r in near if r.line.intersection(block.exterior).length > 30.0]


def gates_of(shape: Polygon) -> list[Point]:
    """Return two gates: the middles of the two longest sides that do not adjoin."""
    ring = shapely.get_coordinates(shape.simplify(4.0))
    sides = sorted((LineString([a, b]) for a, b in pairwise(ring)), key=lambda s: -s.length)
    first = sides[0]
    second = next((s for s in sides[1:] if s.distance(first) > 5.0), sides[1])
    return [s.interpolate(0.5, normalized=True) for s in (first, second)]


def wall_around(town: Town, shape: Polygon, gates: list[Point]) -> None:
    """Build the wall along the outline of a ground, open at its gates."""
    openings = shapely.union_all([g.buffer(6.0) for g in gates])
    wall = shapely.line_merge(shape.exterior.difference(openings))
    town.walls += [w for w in shapely.get_parts(wall) if w.length > 5.0]


def enclose(town: Town, name: str, shape: Polygon) -> Compound:
    """Add an estate: its ground, and its wall with two gates of 12 metres."""
    compound = Compound(name, shape, gates_of(shape))
    town.compounds.append(compound)
    wall_around(town, shape, compound.gates)
    return compound


def shop_fronts(town: Town, block: Polygon, ground: Polygon, gates: list[Point], homes: bool) -> None:
    """Line the greater streets around a block with shops, some with a few homes above; a way is left to each gate."""
    for road in _front(town, block):
        along = road.line.intersection(block.exterior)
        offset = road.half_width_m + 3.0
        for part in shapely.get_parts(shapely.line_merge(along)):
            _shops_along(town, part, ground, gates, offset, homes)


def _shops_along(town: Town, line: LineString, ground: Polygon, gates: list[Point], offset: float, homes: bool) -> None:
    at, depth = 4.0, 11.0
    while at < line.length - 12.0:
        length = float(town.rng.integers(20, 42))
        shape = _beside(line, at, length, offset, depth, ground)
        at += length + float(town.rng.choice([0.8, 0.8, 0.8, 4.0, 9.0]))
        if shape is None or any(g.distance(shape) < 16.0 for g in gates):
            continue
        if any(b.shape.distance(shape) < 0.5 for b in town.buildings[-80:]):
            continue
        if homes and town.rng.random() < 0.12:
            n = round(shape.area * 2 / M2_PER_HOUSEHOLD)  # two storeys of homes above the shop
            town.buildings.append(Building(shape, "residential", n, 3))
        else:
            town.buildings.append(Building(shape, "commercial", 0, int(town.rng.integers(1, 4))))


def _beside(line: LineString, at: float, length: float, offset: float, depth: float, ground: Polygon) -> Polygon | None:
    """Return a rectangle beside a line, on the side of the ground, or None where it does not fit."""
    a, b = (shapely.get_coordinates(line.interpolate(t))[0] for t in (at, min(at + length, line.length)))
    along = (b - a) / max(float(np.hypot(*(b - a))), 1e-9)
    for side in (1, -1):
        normal = np.array([-along[1], along[0]]) * side
        shape = Polygon(
            [a + normal * offset, b + normal * offset, b + normal * (offset + depth), a + normal * (offset + depth)]
        )
        if ground.covers(shape):
            return shape
    return None


def grounds(town: Town, block: Polygon) -> tuple[Polygon, Polygon]:
    """Return the ground of a block, and the part behind the shops for a compound."""
    ground = buildable(town, block)
    fronts = [r.line.buffer(r.half_width_m + 18.5) for r in _front(town, block)]
    inner = ground.difference(shapely.union_all(fronts)) if fronts else ground.buffer(-1.0)
    inner = max(shapely.get_parts(inner), key=lambda p: p.area)
    return ground, inner.simplify(0.8).buffer(-3.0, join_style="mitre").buffer(3.0, join_style="mitre").simplify(0.5)


def walk_ups(town: Town, block: Polygon, name: str, households: int, style_of: int = 6, homes: bool = False) -> None:
    """Build an estate of walk-ups with about so many households, a garden in its middle when there is room."""
    ground, inner = grounds(town, block)
    compound = enclose(town, name, inner)
    slots, style = _slots(inner.buffer(-6.5), households, STYLES[style_of])
    sizes, largest = list(style), max(n / s for n, s in style.items())
    need = -(-households // (sum(sizes) // len(sizes)))
    middle = inner.centroid
    order = sorted(range(len(slots)), key=lambda i: slots[i].centroid.distance(middle))
    garden = set(order[: max(0, len(slots) - need)])
    left, places = households, len(slots) - len(garden)
    number = 0
    for i, slot in enumerate(slots):
        if i in garden:
            continue
        number += 1
        n = min(sizes, key=lambda s: (abs(s - left / places), s))
        left, places = left - n, places - 1
        town.buildings.append(
            Building(_shorter(slot, n / style[n] / largest), "residential", n, style[n], f"{name}{number}号楼")
        )
    if garden:
        club = _shorter(slots[order[0]], 0.45)
        town.buildings.append(Building(club, "public", 0, 2, f"{name}居民活动中心"))
    shop_fronts(town, block, ground, compound.gates, homes)


def _slots(ground: Polygon, households: int, style: dict[int, int]) -> tuple[list[Polygon], dict[int, int]]:
    """Return places for walk-ups and their style: short and deep ones where long ones do not fit often enough."""
    angle = facing(ground)
    short = dict([min(style.items())])
    best: list[Polygon] = []
    best_style = style
    for some, depth in ((style, DEPTH_M), (short, DEPTH_M), (short, DEPTH_M + 2.5)):
        length = max(n / s for n, s in some.items()) * M2_PER_HOUSEHOLD / depth * 1.01
        need = -(-households // (sum(some) // len(some)))
        slots = _widest(ground, need, length, depth, angle)
        if len(slots) * max(some) > len(best) * max(best_style):
            best, best_style = slots, some
        if len(slots) >= need:
            break
    return best, best_style


def _widest(ground: Polygon, need: int, length: float, depth: float, angle: float) -> list[Polygon]:
    """Return the places in the widest-set rows that hold as many buildings as are needed."""
    slots: list[Polygon] = []
    for pitch in (42, 38, 35, 32, 30, 28, 26, 24.5):
        slots = [s for row in rows_in(ground, Rows(length, depth, 9.0, pitch), angle) for s in row]
        if len(slots) >= need:
            break
    return slots


def _shorter(slot: Polygon, factor: float) -> Polygon:
    """Shorten a building in the direction of its row."""
    ring = shapely.get_coordinates(slot.exterior)
    angle = float(np.degrees(np.arctan2(*(ring[1] - ring[2])[::-1])))
    c = slot.centroid
    return affinity.rotate(
        affinity.scale(affinity.rotate(slot, -angle, origin=c), *_axis(slot, angle, factor), origin=c), angle, origin=c
    )


def _axis(slot: Polygon, angle: float, factor: float) -> tuple[float, float]:
    x0, y0, x1, y1 = affinity.rotate(slot, -angle, origin=slot.centroid).bounds
    return (factor, 1.0) if x1 - x0 >= y1 - y0 else (1.0, factor)


def towers(town: Town, block: Polygon, name: str, households: list[int]) -> None:
    """Build an estate of towers, one for each number of households, around a garden."""
    ground, inner = grounds(town, block)
    compound = enclose(town, name, inner)
    slots = [s for row in rows_in(inner.buffer(-9.0), Rows(34.0, 17.0, 18.0, 46.0), facing(inner)) for s in row]
    middle = inner.centroid
    slots = sorted(slots, key=lambda s: -s.centroid.distance(middle))[: len(households)]
    slots.sort(key=lambda s: (-round(s.centroid.y / 45), s.centroid.x))
    for k, (slot, n) in enumerate(zip(slots, households, strict=True), 1):
        storeys = round(n / 4)
        wide = n * M2_PER_HOUSEHOLD / storeys / 17.0 / 34.0
        town.buildings.append(Building(_shorter(slot, wide), "residential", n, storeys, f"{name}{k}栋"))
    garage = affinity.scale(box(*middle.buffer(9.0).bounds), 1.4, 0.8)
    if all(b.shape.distance(garage) > 4.0 for b in town.buildings):
        town.buildings.append(Building(garage, "public", 0, 2, f"{name}会所"))
    shop_fronts(town, block, ground, compound.gates, homes=False)


def fill(
    town: Town,
    ground: Polygon,
    rows: Rows,
    use: str,
    storeys: tuple[int, int],
    limit: int,
    name: Callable[[int], str | None],
) -> None:
    """Fill a ground with rows of buildings without households, ``limit`` at most."""
    slots = [s for row in rows_in(ground, rows, facing(ground)) for s in row][:limit]
    for k, slot in enumerate(slots, 1):
        town.buildings.append(Building(slot, use, 0, int(town.rng.integers(storeys[0], storeys[1] + 1)), name(k)))
