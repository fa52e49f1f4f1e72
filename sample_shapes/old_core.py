"""The old core: lanes that grew, and small houses that their owners built along them."""

from __future__ import annotations

import numpy as np
import shapely
from shapely import LineString, Polygon, affinity
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry
from shapely.ops import split

from sample_shapes.network import buildable
from sample_shapes.plan import WORDS, Building, Road, Town, largest


def _sides(shape: Polygon) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return one corner of the smallest rectangle around a shape, its long side and its short side as vectors."""
    ring = shapely.get_coordinates(shape.minimum_rotated_rectangle)
    a, b = ring[1] - ring[0], ring[2] - ring[1]
    return (ring[0], a, b) if np.hypot(*a) >= np.hypot(*b) else (ring[1], b, ring[3] - ring[2])


def _cut(town: Town, shape: Polygon, across_long: bool) -> tuple[list[Polygon], list[LineString]]:
    """Cut a block in two by a crooked lane; return the parts and the lane."""
    corner, long, short = _sides(shape)
    if not across_long:
        long, short = short, long
    t = town.rng.uniform(0.42, 0.58)
    lean = town.rng.normal(0, 0.045, 3)
    points = [
        corner + long * (t + lean[i]) + short * s for i, s in enumerate((-0.1, town.rng.uniform(0.35, 0.65), 1.1))
    ]
    lane = LineString(np.round(points, 3))
    parts = [p for p in shapely.get_parts(split(shape, lane)) if p.area > 1.0]
    inside = shapely.get_parts(shapely.line_merge(lane.intersection(shape)))
    return parts, [s for s in inside if s.length > 3.0]


def lanes_of(town: Town, block: Polygon, long_m: float = 88.0, short_m: float = 44.0) -> list[Polygon]:
    """Cut a block by lanes until each part takes two rows of houses; add the lanes, return the parts."""
    leaves, todo = [], [block]
    while todo:
        shape = todo.pop()
        _, long, short = _sides(shape)
        a, b = np.hypot(*long), np.hypot(*short)
        if a <= long_m and b <= short_m:
            leaves.append(shape)
            continue
        parts, lanes = _cut(town, shape, across_long=bool(a > long_m or a > b * 1.6))
        for xy in (shapely.get_coordinates(s) for s in lanes):
            used = {r.name for r in town.roads}
            name = next(
                (f"{n}{e}" for e in ("巷", "里", "弄") for n in WORDS["lanes"].split() if f"{n}{e}" not in used),
                "无名巷",
            )
            town.roads.append(Road("residential", name, np.round(xy, 3), lane=True))
        todo += parts
    return leaves


def houses_in(town: Town, leaf: Polygon, share_shops: float = 0.04) -> None:
    """Put houses along the two long sides of a leaf, eave to eave, their fronts on the lanes."""
    ground = largest(buildable(town, leaf, margin_m=0.7).simplify(0.2))
    if ground.is_empty or ground.area < 120.0:
        return
    _, long, _ = _sides(ground)
    angle = float(np.degrees(np.arctan2(long[1], long[0])))
    flat = largest(affinity.rotate(ground, -angle, origin=ground.centroid))
    _, y0, _, y1 = flat.bounds
    depth = min(12.5, (y1 - y0 - 1.5) / 2) if y1 - y0 > 18.0 else min(13.0, y1 - y0)
    sides = (-1, 1) if y1 - y0 > 18.0 else (-1,)
    placed: list[Polygon] = []
    for side in sides:
        for shape in _house_row(town, flat, side, depth):
            if all(shape.disjoint(p) for p in placed):
                placed.append(shape)
    for shape in placed:
        _house(town, affinity.rotate(shape, angle, origin=ground.centroid), share_shops)


def _house_row(town: Town, flat: Polygon, side: int, depth: float) -> list[Polygon]:
    """Return houses along the southern (-1) or northern (1) side of a ground, each as near to its edge as it can."""
    x0, y0, x1, y1 = flat.bounds
    out, x = [], x0 + town.rng.uniform(0, 1)
    while x < x1 - 7.0:
        width = float(town.rng.uniform(8.2, 12.8))
        deep = depth - float(town.rng.uniform(0, 1.6))
        strip = flat.intersection(box(x, y0, x + width, y1))
        shape = _house_at(strip, x, width, deep, side)
        if shape is not None and flat.covers(shape):
            out.append(shape)
            x += width + float(town.rng.choice([0.3, 0.3, 0.6, 2.2]))
        else:
            x += 1.5
    return out


def _house_at(strip: BaseGeometry, x: float, width: float, deep: float, side: int) -> Polygon | None:
    if strip.is_empty:
        return None
    ends = [
        strip.intersection(LineString([(t, -1e5), (t, 1e5)])).bounds
        for t in (x + 0.02, x + width / 2, x + width - 0.02)
    ]
    if any(len(e) < 4 or np.isnan(e[0]) for e in ends):
        return None
    low, high = max(e[1] for e in ends) + 0.05, min(e[3] for e in ends) - 0.05
    if high - low < 8.0:
        return None
    deep = min(deep, high - low)
    return box(x, low, x + width, low + deep) if side < 0 else box(x, high - deep, x + width, high)


def _house(town: Town, shape: Polygon, share_shops: float) -> None:
    storeys = int(town.rng.choice([1, 2, 2, 2, 3, 3]))
    if town.rng.random() < share_shops:
        town.buildings.append(Building(shape, "commercial", 0, storeys))
        return
    households = int(town.rng.choice([1, 1, 2, 2]))
    town.buildings.append(Building(shape, "residential", households, storeys))


def number_houses(town: Town) -> None:
    """Name all houses so far after the road they stand at, numbered along it: 染坊巷12号."""
    tree = shapely.STRtree([r.line for r in town.roads])
    at = [int(tree.nearest(b.shape.centroid)) for b in town.buildings]
    by_road: dict[int, list[Building]] = {}
    for road, building in zip(at, town.buildings, strict=True):
        by_road.setdefault(road, []).append(building)
    for road, houses in by_road.items():
        line = town.roads[road].line
        houses.sort(key=lambda b: line.project(b.shape.centroid))
        for k, house in enumerate(houses, 1):
            house.name = f"{town.roads[road].name}{k}号"
