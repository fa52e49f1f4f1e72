"""A catalogue of coverages that are hard for an index of cells, and of the points that are hard in them."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from shapely import Polygon, box

from gridgis.errors import InvalidInput
from gridgis.index import GridIndex
from gridgis.index.kernels.cells import corner

Line = list[tuple[float, float]]


def bricks(rows: int = 6, step: float = 1.0, west: float = 0.0, south: float = 0.0) -> list[Any]:
    """Rows of boxes, each row with another length of box: neighbours without common vertices."""
    return [
        box(west + i * w, south + j * step, west + (i + 1) * w, south + (j + 1) * step)
        for j in range(rows)
        for w in [12 * step / (j % 4 + 1)]
        for i in range(j % 4 + 1)
    ]


def star(points: int = 300, x: float = 109.1, y: float = 32.7, size: float = 0.01) -> list[Any]:
    """Triangles around one vertex."""
    angle = 2 * np.pi * np.arange(points) / points
    rim = np.column_stack([x + size * np.cos(angle), y + size * np.sin(angle)])
    return [Polygon([(x, y), rim[k], rim[(k + 1) % points]]) for k in range(points)]


def uneven(seed: int = 0) -> list[Any]:
    """One huge polygon around a corner with thousands of vertices."""
    seeds = np.random.default_rng(seed).random((900, 2)) * 1e-4 + 5.0
    cells = shapely.voronoi_polygons(shapely.MultiPoint(seeds), extend_to=box(4.9999, 4.9999, 5.0002, 5.0002))
    parts = list(shapely.get_parts(cells))
    rim = shapely.coverage_union_all(parts)
    return [*parts, box(-100, -50, 100, 80).difference(rim)]


def fan(blades: int = 120, reach: float = 1000.0) -> list[Any]:
    """Triangles from one vertex, longer than anything else is wide."""
    return [Polygon([(0, 0), (reach, k), (reach, k + 1)]) for k in range(blades)]


def comb(teeth: int = 160, height: float = 1e-3) -> list[Any]:
    """Split a very long and low band by a zigzag."""
    zigzag = [(250.0 * k, height * (k % 2 + 1) / 3) for k in range(teeth + 1)]
    east = zigzag[-1][0]
    return [Polygon([(0, 0), (east, 0), *zigzag[::-1]]), Polygon([(0, height), *zigzag, (east, height)])]


def moved(polygons: list[Any], scale: float, west: float, south: float) -> list[Any]:
    """Scale and move; equal numbers stay equal."""
    return list(shapely.transform(np.array(polygons), lambda xy: xy * scale + (west, south)))


CATALOGUE: dict[str, list[Any]] = {
    "one triangle": [Polygon([(109.1, 32.7), (109.2, 32.71), (109.13, 32.8)])],
    "one box": [box(0, 0, 1, 1)],
    "bricks": bricks(),
    "bricks in metres": bricks(8, 250.0, 4e5, 3e6),
    "bricks of 1e-7 degrees": bricks(5, 2.0**-23, 109.0, 32.0),
    "the world": bricks(9, 20.0, -120.0, -90.0),
    "around zero": moved(bricks(), 2.0**-300, -6 * 2.0**-300, -3 * 2.0**-300),
    "huge": moved(bricks(), 2.0**45, -(2.0**48), -(2.0**47)),
    "star": star(),
    "star at zero": star(64, 0.0, 0.0, 1.0),
    "uneven": uneven(),
    "fan": fan(),
    "comb": comb(),
}


def ulps(value: float, steps: int) -> float:
    """Return the float so many steps above or below."""
    for _ in range(abs(steps)):
        value = float(np.nextafter(value, np.inf if steps > 0 else -np.inf))
    return value


def along_borders(index: GridIndex, rng: np.random.Generator, most: int = 4) -> tuple[Line, Line]:
    """Return (corner, border) of some columns and of some rows of cells: where the cells are said to begin, and do."""
    t = index.tables
    k = 1 << int(t.coarse[0] & 15)
    columns, rows = (
        [(corner(start, per, n, i, k), start + i / (per * k)) for i in range(1, n * k)]
        for start, per, n in ((t.west, t.per_x, t.columns), (t.south, t.per_y, t.rows))
    )
    return _some(columns, rng, most), _some(rows, rng, most)


def _some(pairs: Line, rng: np.random.Generator, most: int) -> Line:
    return [pairs[k] for k in rng.permutation(len(pairs))[:most]]


def near_points(index: GridIndex, rng: np.random.Generator) -> np.ndarray:
    """Return (n, 2) points between the corners and the borders of cells, and a few floats beside both."""
    columns, rows = along_borders(index, rng)
    xs, ys = ([ulps(v, d) for pair in some for v in pair for d in (-1, 0, 1)] for some in (columns, rows))
    west, south, east, north = index.bounds
    xs, ys = [*xs, *rng.uniform(west, east, 3)], [*ys, *rng.uniform(south, north, 3)]
    return np.array([(x, y) for x in xs for y in ys])


BOXES = [(0, 0, 1, 1), (109, 32, 109.001, 32.001), (-180, -90, 180, 90), (-1e-3, -1e-3, 1e-3, 1e-3),
         (4e5, 3e6, 4.1e5, 3.1e6), (109, 32, 109.000004, 32.000004)]  # fmt: skip


def split_along_a_strip(rng: np.random.Generator) -> tuple[list[Any], np.ndarray]:
    """Return two halves of a box, split by an almost upright line of 2 to 8 vertices, and hard points.

    The vertices lie in the strip between the corner of a cell and its border (`gridgis.index.kernels.cells.corner`), or
    a few floats beside it, some at the heights of corners. Two lines of as many vertices have the same cells, by which
    these are known beforehand.
    """
    w, s, e, n = BOXES[rng.integers(len(BOXES))]
    count = int(rng.integers(0, 7))
    upright = GridIndex.build(
        _halves([(w / 2 + e / 2, y) for y in np.linspace(s, n, count + 2).tolist()], (w, s, e, n))
    )
    columns, rows = along_borders(upright, rng)
    if not columns or not rows:
        return split_along_a_strip(rng)
    cell = 1 / (upright.tables.per_x * (1 << int(upright.tables.coarse[0] & 15)))
    ys = sorted({min(max(_near(*rows[rng.integers(len(rows))], rng, n - s), s), n) for _ in range(count)} - {s, n})
    line = [(min(max(_near(*columns[0], rng, cell), w), e), y) for y in [s, *ys, n]]
    polygons = _halves(line, (w, s, e, n))
    if not shapely.is_valid(polygons).all() or any(0 < abs(v) < 1e-100 for p in line for v in p):
        return split_along_a_strip(rng)
    index = GridIndex.build(polygons)
    xs = [ulps(v, d) for v in columns[0] for d in (-2, -1, 0, 1, 2)] + [x for x, _ in line]
    xs += [columns[0][1] + cell * f for f in (0.001, 0.3, 0.9, -0.3, 1.3)]
    points = np.array([(x, y) for x in xs for y in [*(y for _, y in line), *rng.uniform(s, n, 4)]])
    return polygons, np.unique(np.concatenate([points, near_points(index, rng)]), axis=0)


def triangles_along_strips(rng: np.random.Generator) -> tuple[list[Any], np.ndarray]:
    """Return Delaunay triangles of a box, most vertices in strips beside borders of cells, both ways, and hard points.

    As many vertices make as many edges, and so the same cells, by which these are known beforehand.
    """
    w, s, e, n = BOXES[rng.integers(len(BOXES))]
    count = int(rng.integers(3, 30))
    scattered = np.column_stack([rng.uniform(w, e, count), rng.uniform(s, n, count)])
    before = GridIndex.build(_triangles((w, s, e, n), scattered.tolist()))
    columns, rows = along_borders(before, rng, 2)
    if not columns or not rows:
        return triangles_along_strips(rng)
    cell = 1 / (before.tables.per_x * (1 << int(before.tables.coarse[0] & 15)))
    points = []
    for _ in range(count):
        x = _near(*columns[rng.integers(len(columns))], rng, cell) if rng.random() < 0.8 else rng.uniform(w, e)
        y = _near(*rows[rng.integers(len(rows))], rng, cell) if rng.random() < 0.8 else rng.uniform(s, n)
        if w < x < e and s < y < n and min(abs(x) or 1, abs(y) or 1) >= 1e-100:
            points.append((float(x), float(y)))
    try:
        polygons = _triangles((w, s, e, n), points)
        near = near_points(GridIndex.build(polygons), rng)
    except (InvalidInput, shapely.GEOSException):  # made in floats, so near: not there, with gaps, or overlapping
        return triangles_along_strips(rng)
    xy = shapely.get_coordinates(polygons)
    crossings = [(x, y) for column in columns for x in column for row in rows for y in row]
    mixed = np.column_stack([rng.permutation(xy[:, 0]), rng.permutation(xy[:, 1])])
    middles = (xy[1:] + xy[:-1]) / 2
    return polygons, np.unique(np.concatenate([xy, middles, mixed, crossings, rng.permutation(near)[:60]]), axis=0)


def _triangles(bounds: tuple[float, float, float, float], points: Line) -> list[Any]:
    w, s, e, n = bounds
    corners = [(w, s), (e, s), (e, n), (w, n)]
    return list(shapely.get_parts(shapely.delaunay_triangles(shapely.MultiPoint([*corners, *points]))))


def _halves(line: Line, bounds: tuple[float, float, float, float]) -> list[Any]:
    w, s, e, n = bounds
    return [Polygon([(w, s), *line, (w, n)]), Polygon([(e, n), *line[::-1], (e, s)])]


def _near(corner_at: float, border: float, rng: np.random.Generator, size: float) -> float:
    """Return a number in the strip, some floats beside its ends, or somewhere near."""
    ends = (corner_at, border)
    match int(rng.integers(4)):
        case 0 | 1 as which:
            return ulps(ends[which], int(rng.integers(-3, 4)))
        case 2:
            return float(corner_at + (border - corner_at) * rng.random())
        case _:
            return float(border + size * rng.normal() * 10.0 ** -rng.integers(0, 12))
