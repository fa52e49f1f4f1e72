"""Roads, railway, river and borders as lines that share a vertex wherever they meet."""

from __future__ import annotations

import numpy as np
import shapely
from shapely import LineString, Point, Polygon

from sample_shapes.plan import (
    AVENUE,
    BOULEVARD,
    CELLS,
    EAST_EDGE,
    EAST_ROAD,
    FIELD_EDGE,
    LIBRARY_ROAD,
    MOTORWAY,
    QUAY_NORTH,
    QUAY_SOUTH,
    RAILSIDE,
    RAILWAY,
    RIVER,
    SLIP_ROAD,
    SOUTH_EDGE,
    WEST_EDGE,
    WEST_ROAD,
    XY,
    Curve,
    Points,
    Road,
    Town,
    largest,
    meet,
)

ON_LINE_M = 0.002
"""A point this near to a line lies on it: coordinates are rounded to 1 mm."""

# cell, class, name, cell coordinates
STREETS: list[tuple[str, str, str, list[tuple[float, float]]]] = [
    ("NW", "tertiary", "文澜街", [(0, 0.5), (0.5, 0.48), (1, 0.5)]),
    ("NW", "tertiary", "桂香路", [(0.34, 0), (0.35, 0.5), (0.34, 1)]),
    ("NW", "residential", "墨池巷", [(0.67, 0), (0.67, 0.485)]),
    ("NW", "residential", "砚台巷", [(0.64, 0.485), (0.66, 1)]),
    ("NW", "residential", "竹简巷", [(0.342, 0.24), (0.67, 0.24)]),
    ("NW", "residential", "学圃巷", [(0, 0.2), (0.342, 0.22)]),
    ("NW", "residential", "麦香巷", [(0, 0.76), (0.346, 0.75)]),
    ("N", "tertiary", "文澜街", [(0, 0.5), (0.5, 0.52), (1, 0.5)]),
    ("N", "tertiary", "锦书路", [(0.5, 0), (0.49, 0.515), (0.5, 1)]),
    ("N", "residential", "织锦巷", [(0, 0.25), (0.495, 0.26)]),
    ("N", "residential", "杏林巷", [(0.495, 0.28), (1, 0.28)]),
    ("NE", "tertiary", "文澜街", [(0, 0.5), (0.5, 0.47), (1, 0.48)]),
    ("NE", "tertiary", "栖霞路", [(0.5, 0), (0.52, 0.475), (0.5, 1)]),
    ("NE", "residential", "朝晖巷", [(0.51, 0.24), (0.76, 0.24), (1, 0.24)]),
    ("NE", "residential", "晚枫巷", [(0.51, 0.74), (1, 0.76)]),
    ("CORE", "tertiary", "渡口老街", [(0, 0.5), (0.3, 0.47), (0.6, 0.52), (1, 0.5)]),
    ("CORE", "tertiary", "古井路", [(0.44, 0), (0.47, 0.5), (0.46, 1)]),
    ("CORE", "residential", "油坊街", [(0.24, 0.475), (0.25, 1)]),
    ("CORE", "residential", "铁匠街", [(0.73, 0.515), (0.73, 1)]),
    ("MID", "tertiary", "府前街", [(0, 0.5), (0.5, 0.53), (1, 0.5)]),
    ("MID", "residential", "公议巷", [(0.52, 0.53), (0.52, 1)]),
    ("MID", "residential", "听潮巷", [(0.7, 0), (0.7, 0.52)]),
    ("E", "tertiary", "府前街", [(0, 0.5), (0.5, 0.48), (1, 0.5)]),
    ("E", "residential", "育英巷", [(0.52, 0), (0.53, 0.48), (0.5, 1)]),
    ("E", "residential", "停云巷", [(0.53, 0.22), (1, 0.24)]),
    ("SW", "tertiary", "荷塘路", [(0.35, 0), (0.36, 0.5), (0.34, 1)]),
    ("SW", "tertiary", "澄南街", [(0, 0.5), (0.36, 0.49), (0.68, 0.52), (1, 0.5)]),
    ("SW", "residential", "枇杷巷", [(0.68, 0), (0.68, 0.52), (0.69, 1)]),
    ("S", "tertiary", "澄南街", [(0, 0.5), (0.5, 0.48), (1, 0.5)]),
    ("S", "tertiary", "柳堤路", [(0.5, 0), (0.49, 0.48), (0.5, 1)]),
    ("SE", "residential", "创业路", [(0.74, 0), (0.75, 1)]),
]
COMMUNITIES = {
    "990001001001": ("老渡口社区", (1000, 1100)),
    "990001001002": ("文澜社区", (1000, 1600)),
    "990001001003": ("锦栖社区", (2200, 1200)),
    "990001001004": ("澄南社区", (1500, 600)),
    "990001001201": ("麦垄村", (300, 1000)),
}


def _of_x(f: Curve, x0: float, x1: float, step: float = 40.0) -> XY:
    x = np.linspace(x0, x1, int(abs(x1 - x0) / step) + 2)
    return np.round(np.column_stack([x, [f(t) for t in x]]), 3)


def _of_y(f: Curve, y0: float, y1: float, step: float = 40.0) -> XY:
    y = np.linspace(y0, y1, int(abs(y1 - y0) / step) + 2)
    return np.round(np.column_stack([[f(t) for t in y], y]), 3)


def _clip(town: Town, xy: XY) -> XY:
    """Cut a line at the border of the town."""
    part = max(shapely.get_parts(LineString(xy).intersection(town.border)), key=lambda p: p.length)
    return np.round(shapely.get_coordinates(part), 3)


def draw_border(town: Town) -> None:
    """Draw the border of the town: the motorway in the north, edges of fields elsewhere."""
    north = _of_x(MOTORWAY, -50, 2650)
    rough = Polygon([*WEST_EDGE, *SOUTH_EDGE[1:], *EAST_EDGE[1:]])
    below = Polygon([*north.tolist(), (2650, -100), (-50, -100)])
    town.border = largest(shapely.set_precision(rough.intersection(below), 0.001))


def draw_great_lines(town: Town) -> None:
    """Draw what runs from border to border, and the ring roads, quays and the road along the railway."""
    north = {k: meet(MOTORWAY, c)[1] for k, c in (("b", BOULEVARD), ("l", LIBRARY_ROAD))}
    slip = {k: meet(SLIP_ROAD, c)[1] for k, c in (("w", WEST_ROAD), ("e", EAST_ROAD))}
    rail = {k: meet(RAILSIDE, c)[1] for k, c in (("l", LIBRARY_ROAD), ("w", WEST_ROAD), ("e", EAST_ROAD))}
    quay = {k: (meet(QUAY_NORTH, c)[1], meet(QUAY_SOUTH, c)[1]) for k, c in (("w", WEST_ROAD), ("e", EAST_ROAD))}
    x_of = {f: (meet(f, WEST_ROAD)[0], meet(f, EAST_ROAD)[0]) for f in (QUAY_NORTH, QUAY_SOUTH, RAILSIDE, SLIP_ROAD)}
    motorway = shapely.get_coordinates(_north_edge(town))
    town.roads += [
        Road("motorway", "澄湾绕城高速", motorway),
        Road("primary", "澄湾大道", _clip(town, _of_x(AVENUE, -20, 2620))),
        Road("primary", "凤鸣大道", _clip(town, _of_y(BOULEVARD, -50, north["b"]))),
        Road("secondary", "藏书路", _of_y(LIBRARY_ROAD, rail["l"], north["l"])),
        Road("secondary", "环西北路", _of_y(WEST_ROAD, quay["w"][0], slip["w"])),
        Road("secondary", "环西南路", _of_y(WEST_ROAD, rail["w"], quay["w"][1])),
        Road("secondary", "环东北路", _of_y(EAST_ROAD, quay["e"][0], slip["e"])),
        Road("secondary", "环东南路", _of_y(EAST_ROAD, rail["e"], quay["e"][1])),
        Road("tertiary", "滨河北路", _of_x(QUAY_NORTH, *x_of[QUAY_NORTH])),
        Road("tertiary", "滨河南路", _of_x(QUAY_SOUTH, *x_of[QUAY_SOUTH])),
        Road("tertiary", "绕城辅路", _of_x(SLIP_ROAD, *x_of[SLIP_ROAD])),
        Road("tertiary", "铁北路", _of_x(RAILSIDE, *x_of[RAILSIDE])),
    ]
    town.rails.append(Road("railway", "澄湾铁路", _clip(town, _of_x(RAILWAY, -20, 2620))))
    town.rivers.append(Road("river", "澄水河", _clip(town, _of_x(RIVER, -20, 2620))))
    town.lines.append(Road("field", "田界", _clip_between(FIELD_EDGE)))


def _north_edge(town: Town) -> LineString:
    """Return the part of the border of the town along the motorway, from west to east."""
    ring = shapely.get_coordinates(town.border.exterior)
    north = ring[[abs(y - MOTORWAY(x)) < 2.0 for x, y in ring]]
    return LineString(np.unique(north, axis=0))


def _clip_between(edge: Points) -> XY:
    """Cut the field edge at the motorway and at the railway, exactly on their drawn lines by later snapping."""
    xy = np.array(edge, dtype=float)
    xy[0] = [xy[0][0], MOTORWAY(xy[0][0])]
    xy[-1] = [xy[-1][0], RAILWAY(xy[-1][0])]
    return np.round(xy, 3)


def draw_streets(town: Town) -> None:
    """Draw the streets of all cells."""
    for cell, klass, name, uv in STREETS:
        town.roads.append(Road(klass, name, CELLS[cell].street(*uv)))


def draw_water(town: Town) -> None:
    """Draw the river's two banks: about 60 m apart, a little more in the bends."""
    xy = town.rivers[0].xy
    width = 29.0 + 3.0 * np.sin(np.arange(len(xy)) / 4.0)
    step = np.gradient(xy, axis=0)
    normal = np.column_stack([-step[:, 1], step[:, 0]]) / np.hypot(step[:, 0], step[:, 1])[:, None]
    # beyond the border by a straight stretch, so that the cut at the border is clean
    ends = np.vstack([xy[0] - 4 * step[0], xy, xy[-1] + 4 * step[-1]])
    normal = np.vstack([normal[0], normal, normal[-1]])
    width = np.concatenate([width[:1], width, width[-1:]])[:, None]
    banks = Polygon(np.vstack([ends + normal * width, (ends - normal * width)[::-1]]))
    water = largest(shapely.set_precision(banks.intersection(town.border), 0.001))
    ring = Road("border", "", shapely.get_coordinates(town.border.exterior))
    _insert_near(ring, shapely.get_coordinates(water))
    town.border = Polygon(ring.xy)
    town.water.append(("river", "澄水河", water))


def _insert(xy: XY, points: XY) -> XY:
    """Insert points (on the line to within 1 mm) as vertices, in their order along the line."""
    line = LineString(xy)
    here = {tuple(p) for p in xy.tolist()}
    new = [p for p in np.unique(points, axis=0).tolist() if tuple(p) not in here]
    if not new:
        return xy
    at = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])
    where = shapely.line_locate_point(line, shapely.points(np.array(new)))
    order = np.argsort(np.concatenate([at, where]), kind="stable")
    out: XY = np.vstack([xy, new])[order]
    return out


def _snap_ends(lines: list[Road], ring: Road) -> None:
    """Move each end that lies near another line onto it, and give all lines there a vertex."""
    for road in lines:
        for end in (0, -1):
            point = Point(road.xy[end])
            near = [o for o in [*lines, ring] if o is not road and o.line.distance(point) < road.snap_m]
            if not near:
                continue
            other = min(near, key=lambda o: o.line.distance(point))
            at = np.round(shapely.get_coordinates(other.line.interpolate(other.line.project(point))), 3)
            road.xy = np.array(road.xy)
            road.xy[end] = at[0]
            for o in [*lines, ring]:
                _insert_near(o, at)


def _insert_near(road: Road, points: XY) -> None:
    """Insert as vertices those points that lie on a line but for rounding."""
    on = shapely.distance(road.line, shapely.points(points)) < ON_LINE_M
    if on.any():
        road.xy = _insert(road.xy, points[on])


def node(town: Town) -> None:
    """Give all lines a common vertex wherever two of them meet; the border of the town too."""
    ring = Road("border", "", shapely.get_coordinates(town.border.exterior))
    lines = [*town.roads, *town.rails, *town.rivers, *town.lines]
    _snap_ends(lines, ring)
    lines.append(ring)
    shapes = [r.line for r in lines]
    pairs = shapely.STRtree(shapes).query(shapes, predicate="intersects").T
    meets = [shapes[a].intersection(shapes[b]) for a, b in pairs[pairs[:, 0] < pairs[:, 1]].tolist()]
    points = np.unique(np.round(shapely.get_coordinates(meets), 3), axis=0)
    for road in lines:
        _insert_near(road, points)
    town.border = Polygon(ring.xy)


def draw_communities(town: Town) -> None:
    """Cut the town into its communities along avenue, boulevard, library road, river, railway and field edges."""
    by_name = {r.name: r.line for r in [*town.roads, *town.rails, *town.rivers, *town.lines]}
    cuts = [by_name[n] for n in ("澄湾大道", "凤鸣大道", "藏书路", "澄水河", "澄湾铁路", "田界")]
    faces = shapely.get_parts(shapely.polygonize([shapely.union_all([*cuts, town.border.exterior])]))
    pieces: dict[str, list[Polygon]] = {code: [] for code in COMMUNITIES}
    for face in faces:
        pieces[_community_of(face.representative_point())].append(face)
    for code, (name, _) in COMMUNITIES.items():
        town.communities.append((code, name, largest(shapely.coverage_union_all(pieces[code]))))


def _community_of(p: Point) -> str:
    x, y = p.x, p.y
    west_of_fields = x < np.interp(y, *np.array(sorted((b, a) for a, b in FIELD_EDGE)).T)
    if west_of_fields or y < RAILWAY(x):
        return "990001001201"
    if y < RIVER(x):
        return "990001001004"
    if y > AVENUE(x):
        return "990001001002" if x < BOULEVARD(y) else "990001001003"
    return "990001001001" if x < LIBRARY_ROAD(y) else "990001001003"


def blocks(town: Town) -> list[Polygon]:
    """Return the blocks between all lines drawn so far and the banks of the river."""
    lines = [r.line for r in [*town.roads, *town.rails, *town.lines]] + [town.border.exterior]
    lines += [w.exterior for _, _, w in town.water]
    return list(shapely.get_parts(shapely.polygonize([shapely.union_all(lines)])))


def buildable(town: Town, block: Polygon, margin_m: float = 2.5) -> Polygon:
    """Return what is left of a block without the land of the roads, railway and water at its edges."""
    near = [r for r in [*town.roads, *town.rails] if r.line.distance(block) < 40.0]
    land = [r.line.buffer(r.half_width_m + margin_m) for r in near]
    land += [w.buffer(6.0) for _, _, w in town.water]
    return largest(block.difference(shapely.union_all(land)))
