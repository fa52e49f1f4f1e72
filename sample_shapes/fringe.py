"""The farmed fringe: hamlets along tracks, ponds, greenhouses."""

from __future__ import annotations

import numpy as np
import shapely
from shapely import LineString, Point, Polygon, affinity
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

from sample_shapes.plan import Building, Road, Town

# name, tracks through it (the first is its lane), households
Line = list[tuple[float, float]]
TRACKS: list[tuple[str, Line]] = [
    ("麦垄北机耕路", [(44, 1700), (160, 1690), (330, 1668), (470, 1690), (592, 1690)]),
    ("麦垄一组村道", [(170, 1688), (190, 1600), (180, 1510), (200, 1433)]),
    ("麦垄二组村道", [(420, 1680), (440, 1590), (410, 1500), (420, 1418)]),
    ("麦垄中机耕路", [(40, 1180), (190, 1190), (330, 1165), (470, 1180), (572, 1172), (684, 1168)]),
    ("麦垄三组村道", [(180, 1438), (170, 1340), (200, 1260), (190, 1190)]),
    ("麦垄四组村道", [(460, 1414), (450, 1320), (478, 1250), (470, 1180)]),
    ("河湾机耕路", [(190, 1190), (215, 1080), (330, 1010), (470, 1008), (478, 1080), (470, 1180)]),
    ("麦垄南机耕路", [(92, 640), (190, 655), (330, 630), (470, 650), (585, 640), (712, 648)]),
    ("河滩村道", [(190, 655), (200, 735), (330, 770), (460, 752), (470, 650)]),
    ("铁西村道", [(190, 655), (215, 560), (330, 520), (450, 545), (470, 650)]),
    ("铁南机耕路", [(70, 240), (300, 250), (560, 232), (800, 250), (1040, 228), (1297, 240)]),
    ("铁南村道", [(560, 232), (590, 330), (740, 352), (860, 330), (800, 250)]),
    ("东坡机耕路", [(1297, 240), (1500, 215), (1720, 240), (1950, 190), (2200, 150), (2400, 110), (2505, 90)]),
    ("东坡村道", [(1600, 225), (1630, 300), (1760, 318), (1850, 290), (1840, 215)]),
]
DEAD_ENDS: list[tuple[str, Line]] = [
    ("塘埂路", [(330, 1171), (322, 1200), (338, 1226)]),
    ("砖厂路", [(2434, 1080), (2450, 1084), (2470, 1080)]),
]
"""Two open roads: their other end meets nothing."""
HAMLETS: list[tuple[str, Line, int]] = [
    ("麦垄一组", [(190, 1600), (180, 1510)], 140),
    ("麦垄二组", [(440, 1590), (410, 1500)], 126),
    ("麦垄三组", [(170, 1340), (200, 1260)], 150),
    ("麦垄四组", [(450, 1320), (478, 1250)], 128),
    ("河湾组", [(330, 1010), (420, 1008)], 70),
    ("河滩组", [(250, 750), (400, 764)], 126),
    ("铁西组", [(270, 540), (400, 530)], 118),
    ("铁南组", [(620, 336), (800, 342)], 130),
    ("东坡组", [(1680, 308), (1800, 305)], 124),
]
PONDS = [
    (285, 1560, 26),
    (100, 1310, 22),
    (340, 1270, 30),
    (560, 1440, 18),
    (390, 1090, 24),
    (300, 905, 20),
    (520, 560, 22),
    (120, 520, 26),
    (960, 310, 28),
    (430, 160, 24),
    (1440, 320, 22),
    (2050, 260, 30),
    (2230, 90, 20),
]
GREENHOUSES = [
    (500, 1760, 5, 0),
    (100, 1760, 6, 4),
    (90, 1090, 5, 2),
    (545, 1120, 0, 0),
    (100, 600, 0, 0),
    (900, 150, 9, -2),
    (250, 165, 7, 3),
    (1480, 130, 8, -4),
    (2300, 230, 7, -8),
    (1960, 110, 6, -6),
]


def _smooth(points: Line) -> np.ndarray:
    """Round the corners of a line by cutting them twice."""
    xy = np.array(points, dtype=float)
    for _ in range(2):
        a, b = xy[:-1], xy[1:]
        cut = np.stack([0.75 * a + 0.25 * b, 0.25 * a + 0.75 * b], axis=1).reshape(-1, 2)
        xy = np.vstack([xy[:1], cut[1:-1], xy[-1:]])
    return np.round(xy, 3)


def draw_tracks(town: Town) -> None:
    """Draw the field tracks and village roads; their ends are snapped onto what they meet by noding."""
    for name, points in TRACKS:
        town.roads.append(Road("residential", name, _smooth(points), snap_m=30.0))
    for name, points in DEAD_ENDS:
        town.roads.append(Road("residential", name, _smooth(points)))


def draw_ponds(town: Town) -> None:
    """Draw ponds of an uneven round shape."""
    for k, (x, y, r) in enumerate(PONDS, 1):
        turn = np.linspace(0, 2 * np.pi, 15)[:-1]
        reach = r * (1 + 0.18 * np.sin(2 * turn + k) + 0.1 * np.sin(3 * turn + 2 * k))
        shape = Polygon(np.round(np.column_stack([x + 1.3 * reach * np.cos(turn), y + reach * np.sin(turn)]), 3))
        if all(r.line.distance(shape) > 5.0 for r in town.roads):
            town.water.append(("pond", f"{k}号塘", shape))


def build_hamlets(town: Town) -> None:
    """Build the hamlets: houses facing south in loose rows around a stretch of the village road."""
    for name, axis, households in HAMLETS:
        _hamlet(town, name, LineString(axis), households)


def _hamlet(town: Town, name: str, axis: LineString, households: int) -> None:
    spread = axis.buffer(95.0)
    roads = [r.line.buffer(r.half_width_m + 3.0) for r in [*town.roads, *town.rails] if r.line.distance(spread) < 40.0]
    kept = [w.buffer(5.0) for _, _, w in town.water] + [r.line.buffer(12.0) for r in town.lines]
    free = spread.intersection(_village(town).buffer(-4.0)).difference(shapely.union_all([*roads, *kept]))
    slots = _loose_rows(town, free, float(town.rng.uniform(-7, 7)))
    slots.sort(key=lambda s: axis.distance(s.centroid) * float(town.rng.uniform(0.85, 1.15)))
    number, left = 0, households
    for shape in slots:
        if left <= 0:
            break
        n = min(left, int(town.rng.choice([1, 1, 1, 2])))
        left, number = left - n, number + 1
        town.buildings.append(
            Building(shape, "residential", n, int(town.rng.choice([1, 2, 2, 3])), f"{name}{number}号")
        )
        _barn(town, shape, free)


def _village(town: Town) -> Polygon:
    return next(shape for code, _, shape in town.communities if code.endswith("201"))


def _loose_rows(town: Town, free: BaseGeometry, angle: float) -> list[Polygon]:
    pivot = free.centroid
    flat = affinity.rotate(free, -angle, origin=pivot)
    x0, y0, x1, y1 = flat.bounds
    out, y = [], y0
    while y < y1 - 12:
        x = x0 + town.rng.uniform(0, 9)
        while x < x1 - 10:
            width, dy = float(town.rng.uniform(9.5, 13.5)), float(town.rng.uniform(-1.6, 1.6))
            shape = box(x, y + dy, x + width, y + dy + float(town.rng.uniform(8.5, 10.5)))
            if flat.covers(shape):
                out.append(affinity.rotate(shape, angle, origin=pivot))
            x += width + float(town.rng.choice([0.8, 2.5, 5.0, 9.0]))
        y += 21.0 + town.rng.uniform(0, 2.5)
    return out


def _barn(town: Town, house: Polygon, free: BaseGeometry) -> None:
    """Put a small barn behind some houses."""
    if town.rng.random() > 0.14:
        return
    barn = affinity.translate(affinity.scale(house, 0.5, 0.36), 1.0, 8.4)
    if free.covers(barn) and all(barn.distance(b.shape) > 0.4 for b in town.buildings[-400:]):
        town.buildings.append(Building(barn, "farm", 0, 1))


def build_greenhouses(town: Town) -> None:
    """Build greenhouses in ranks on the fields."""
    for x, y, count, angle in GREENHOUSES:
        for k in range(count):
            shape = affinity.rotate(box(x + k * 11, y, x + k * 11 + 8, y + 46), angle, origin=(x, y))
            if _stands_free(town, shape):
                town.buildings.append(Building(shape, "farm", 0, 1))


def _stands_free(town: Town, shape: Polygon) -> bool:
    roads = all(r.line.distance(shape) > r.half_width_m + 2.0 for r in [*town.roads, *town.rails])
    water = all(w.distance(shape) > 4.0 for _, _, w in town.water)
    lines = all(r.line.distance(shape) > 2.0 for r in town.lines)
    return (
        roads
        and water
        and lines
        and town.border.covers(shape)
        and all(b.shape.distance(shape) > 2.0 for b in town.buildings)
    )


# along what line, how far along it (0 to 1), length and depth in metres, use, households, storeys, name
ASTRIDE: list[tuple[str, float, float, float, str, int, int, str]] = [
    ("田界", 0.30, 12, 10, "residential", 1, 2, "界上老屋"),
    ("田界", 0.52, 13, 10, "residential", 2, 2, "界上新屋"),
    ("田界", 0.87, 14, 9, "farm", 0, 1, "界上粮仓"),
    ("藏书路", 0.45, 26, 27, "commercial", 0, 3, "藏书路过街商廊"),
    ("渡口老街", 0.20, 12, 22, "residential", 2, 2, "老街东过街楼"),
    ("渡口老街", 0.66, 12, 22, "residential", 2, 2, "老街西过街楼"),
]


def build_astride(town: Town) -> None:
    """Build the few buildings that stand on a border or over a street: each at the first free place from its mark."""
    lines = {r.name: r.line for r in [*town.roads, *town.lines]}
    for along, start, length, depth, use, households, storeys, name in ASTRIDE:
        line = lines[along]
        for at in np.arange(start, 1.0, 0.002):
            a, b = line.interpolate(at, normalized=True), line.interpolate(at + 0.002, normalized=True)
            turn = float(np.degrees(np.arctan2(b.y - a.y, b.x - a.x)))
            shape = affinity.rotate(
                box(a.x - length / 2, a.y - depth / 2, a.x + length / 2, a.y + depth / 2), turn, origin=a
            )
            if all(shape.distance(o.shape) > 0.2 for o in town.buildings) and _one_line(town, shape):
                town.buildings.append(Building(shape, use, households, storeys, name))
                break
        else:
            raise RuntimeError(f"no free place along {along} for {name}")


def _one_line(town: Town, shape: Polygon) -> bool:
    return sum(r.line.intersects(shape) for r in [*town.roads, *town.rails, *town.lines]) == 1


def build_sheds(town: Town) -> None:
    """Put a few workshops on the open ground inside the ring road."""
    for x, y in (
        (665, 1560),
        (668, 1740),
        (652, 1250),
        (660, 1040),
        (668, 610),
        (2482, 1150),
        (2490, 700),
        (2478, 1560),
        (2470, 560),
        (2484, 420),
    ):
        shape = affinity.rotate(box(x - 13, y - 8, x + 13, y + 8), float(town.rng.uniform(70, 100)), origin=Point(x, y))
        if _stands_free(town, shape):
            town.buildings.append(Building(shape, "commercial", 0, 1))
