"""Seamless coverages in degrees, made from a seed: Voronoi cells whose borders are wiggly, and shared number by number.

Each border between two Voronoi cells runs inside the kite of its two ends and the two seeds. The kites have no point in
common but their corners, so a border that is moved about inside its kite never meets another one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from scipy.spatial import Delaunay

from gridgis.geometry.arrays import Bools, Floats, Geometries, Ints

_BELT = 6.0
"""Width of the belt of seeds around the coverage whose cells are dropped, in mean distances of country seeds."""
_INSET = 3.0
"""How far the box without rim is from the outermost seeds, in the same measure."""
_WAVE = 0.6
"""How far a vertex may leave the straight border, in parts of the length of an edge."""
_KITE = 0.8
"""How far at most, in parts of what the kite allows."""
_STREETS = 0.5
"""Share of the pairs of vertices that are put on one latitude or longitude, where their kite allows it."""
_TOWN_SHARE, _TOWN_SPREAD = 0.8, 0.035
"""Uneven coverages: the share of the cells in towns, and the spread of the largest town in parts of the box."""


@dataclass(frozen=True)
class Size:
    """What to make: so many ``cells`` with about so many unique ``edges`` in a ``box`` (west, south, east, north)."""

    cells: int
    edges: int
    box: tuple[float, float, float, float]
    towns: int = 0


SIZES = {
    "small": Size(1_000, 29_500, (108.80, 32.40, 108.93, 32.53)),
    "county": Size(20_000, 590_000, (108.8, 32.4, 109.4, 33.0)),
    "uneven": Size(20_000, 590_000, (107.0, 31.6, 110.0, 33.6), towns=40),
    "national": Size(1_000_000, 9_700_000, (95.0, 22.0, 125.0, 42.0)),
}


@dataclass(frozen=True)
class Coverage:
    """Polygons without overlap and gap, and what points are drawn from.

    Parameters
    ----------
    polygons
        (n,) Polygons in degrees.
    a, b
        (m, 2) the ends of each edge; an edge between two polygons stands here once.
    box
        West, south, east, north of a box inside which all is covered.
    centres
        (k, 2) where points cluster.
    vertices
        Vertices of all polygons together, each ring's first one counted once.
    """

    polygons: Geometries
    a: Floats
    b: Floats
    box: tuple[float, float, float, float]
    centres: Floats
    vertices: int


def make_coverage(size: Size, seed: int = 0) -> Coverage:
    """Make a coverage; the same size and seed give the same bytes.

    Examples
    --------
    >>> made = make_coverage(Size(50, 1500, (108.0, 32.0, 108.1, 32.1)))
    >>> len(made.polygons), bool(shapely.coverage_is_valid(made.polygons))
    (50, True)
    """
    rng = np.random.default_rng([seed, size.cells, size.towns])
    seeds, centres, spacing = _seeds(size, rng)
    corners, ridge, sides = _voronoi(seeds, size.cells)
    middle = corners[ridge].mean(axis=1)
    count = _vertices_on(corners, ridge, seeds, sides, size.edges)
    inner, offset = _wiggle(corners, ridge, seeds, sides, count, rng)
    vertices = np.concatenate([corners, inner])
    chain = _chains(ridge, count, offset, len(corners))
    polygons = _polygons(vertices, seeds, middle, sides, count, chain, size.cells)
    last = np.zeros(len(chain), dtype=bool)
    last[np.cumsum(count + 1) - 1] = True
    first = np.roll(last, 1)
    west, south, east, north = size.box
    inset = _INSET * spacing
    box = (west + inset, south + inset, east - inset, north - inset)
    used = int(count[sides[:, 0] < size.cells].sum() + count[sides[:, 1] < size.cells].sum())
    return Coverage(polygons, vertices[chain[~last]], vertices[chain[~first]], box, centres, used)


def _seeds(size: Size, rng: np.random.Generator) -> tuple[Floats, Floats, float]:
    """Return (n + belt, 2) seeds, the n whose cells are kept first; where points cluster; the distance of seeds."""
    low, high = np.array(size.box[:2]), np.array(size.box[2:])
    wide = high - low
    in_towns = int(_TOWN_SHARE * size.cells) if size.towns else 0
    country = size.cells - in_towns
    spacing = float(np.sqrt(wide.prod() / country))
    centres = low + (0.1 + 0.8 * rng.random((size.towns or 50, 2))) * wide
    seeds = low + rng.random((country, 2)) * wide
    if in_towns:
        rank = 1.0 + np.arange(size.towns)
        town = rng.choice(size.towns, in_towns, p=(1 / rank) / (1 / rank).sum())
        spread = _TOWN_SPREAD * float(wide.min()) / np.sqrt(rank[town])
        seeds = np.concatenate([seeds, centres[town] + rng.standard_normal((in_towns, 2)) * spread[:, None]])
    belt = _BELT * spacing
    about = low - belt + rng.random((round(float((wide + 2 * belt).prod()) / spacing**2), 2)) * (wide + 2 * belt)
    outside = ((about < low) | (about > high)).any(axis=1)
    return np.concatenate([seeds[_along_z(seeds)], about[outside]]), centres, spacing


def _along_z(xy: Floats) -> Ints:
    """Return the order of places along a Z-curve: codes run place by place, so neighbours in a table are near."""
    low, wide = xy.min(axis=0), np.ptp(xy, axis=0)
    cell = ((xy - low) / wide * 1023).astype(np.int64)
    bits = 1 << np.arange(10)
    x, y = ((cell[:, [k]] & bits) for k in (0, 1))
    return np.asarray(np.argsort((x * bits + 2 * y * bits).sum(axis=1), kind="stable"), dtype=np.int64)


def _voronoi(seeds: Floats, cells: int) -> tuple[Floats, Ints, Ints]:
    """Return the corners, (m, 2) the corners at the ends of each border, (m, 2) the cells right and left of it."""
    shift = seeds.mean(axis=0)
    triangles = Delaunay(seeds - shift)
    corner = triangles.simplices
    near = triangles.neighbors
    t, k = np.nonzero(near > np.arange(len(near))[:, None])
    sides = np.column_stack([corner[t, (k + 1) % 3], corner[t, (k + 2) % 3]]).astype(np.int64)
    kept = (sides < cells).any(axis=1)
    ridge = np.column_stack([t, near[t, k]]).astype(np.int64)[kept]
    used, ridge = np.unique(ridge, return_inverse=True)
    corners = _circumcentres(*(seeds[corner[used, i]] - shift for i in range(3))) + shift
    return corners, ridge.reshape(-1, 2), sides[kept]


def _circumcentres(a: Floats, b: Floats, c: Floats) -> Floats:
    b, c = b - a, c - a
    twice = 2 * (b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0])
    bb, cc = (b**2).sum(axis=1), (c**2).sum(axis=1)
    return a + np.column_stack([c[:, 1] * bb - b[:, 1] * cc, b[:, 0] * cc - c[:, 0] * bb]) / twice[:, None]


def _vertices_on(corners: Floats, ridge: Ints, seeds: Floats, sides: Ints, edges: int) -> Ints:
    """Return of how many edges each border is made, so that all together are about ``edges``.

    Borders between small cells have shorter edges, but not in proportion: an edge is as long as the square root of the
    distance of the seeds.
    """
    length = np.hypot(*(corners[ridge[:, 1]] - corners[ridge[:, 0]]).T)
    measure = length / np.sqrt(np.hypot(*(seeds[sides[:, 1]] - seeds[sides[:, 0]]).T))
    low, high = 0.0, 2 * edges / float(measure.sum())
    for _ in range(25):
        density = (low + high) / 2
        if np.maximum(1, np.rint(measure * density)).sum() > edges:
            high = density
        else:
            low = density
    return np.asarray(np.maximum(1, np.rint(measure * low)), dtype=np.int64)


def _wiggle(
    corners: Floats, ridge: Ints, seeds: Floats, sides: Ints, count: Ints, rng: np.random.Generator
) -> tuple[Floats, Ints]:
    """Return the vertices between the ends of the borders, border by border, and where each border's begin."""
    inner = count - 1
    offset = np.cumsum(inner) - inner
    of = np.repeat(np.arange(len(count)), inner)
    j = np.arange(len(of)) - offset[of] + 1.0
    start, run = corners[ridge[:, 0]], corners[ridge[:, 1]] - corners[ridge[:, 0]]
    squared = (run**2).sum(axis=1)
    kite = _Kite(start, run, squared, seeds[sides[:, 0]], seeds[sides[:, 1]])
    along = (j + 0.6 * (rng.random(len(j)) - 0.5)) / count[of]
    reach = np.minimum(_KITE * kite.allowed(of, along), _WAVE / count[of])
    aside = reach * (2 * rng.random(len(j)) - 1)
    normal = np.column_stack([-run[:, 1], run[:, 0]])
    xy = start[of] + along[:, None] * run[of] + aside[:, None] * normal[of]
    _straighten(xy, along, of, j, count, kite, rng)
    return xy, offset


@dataclass(frozen=True)
class _Kite:
    """The borders and the seeds beside them; lengths along and aside are told in lengths of the border."""

    start: Floats
    run: Floats
    squared: Floats
    p: Floats
    q: Floats

    def allowed(self, of: Ints, along: Floats) -> Floats:
        """Return how far aside the kite reaches, or a little less."""
        half = np.hypot(*(self.q - self.p).T) / 2 / np.sqrt(self.squared)
        foot = (((self.p + self.q) / 2 - self.start) * self.run).sum(axis=1) / self.squared
        lean = np.maximum(1.0, np.maximum(foot, 1 - foot))
        return np.asarray((half / lean)[of] * np.minimum(along, 1 - along))

    def place(self, of: Ints, xy: Floats) -> tuple[Floats, Floats]:
        """Return how far along and aside of their borders points are."""
        way, run = xy - self.start[of], self.run[of]
        aside = run[:, 0] * way[:, 1] - run[:, 1] * way[:, 0]
        return (way * run).sum(axis=1) / self.squared[of], aside / self.squared[of]


def _straighten(
    xy: Floats, along: Floats, of: Ints, j: Floats, count: Ints, kite: _Kite, rng: np.random.Generator
) -> None:
    """Put some pairs of vertices on one latitude or longitude, as streets are, where they stay in order and kite."""
    second = np.flatnonzero((j % 2 == 0) & (rng.random(len(j)) < _STREETS))
    of, first = of[second], second - 1
    moved = xy[second].copy()
    level = np.abs(kite.run[of, 0]) > np.abs(kite.run[of, 1])
    moved[level, 1], moved[~level, 0] = xy[first[level], 1], xy[first[~level], 0]
    at, aside = kite.place(of, moved)
    is_last = j[second] == count[of] - 1
    after = np.where(is_last, 1.0, along[np.minimum(second + 1, len(along) - 1)])
    gap = 0.1 / count[of]
    fits: Bools = (at > along[first] + gap) & (at < after - gap) & (np.abs(aside) < _KITE * kite.allowed(of, at))
    xy[second[fits]] = moved[fits]


def _chains(ridge: Ints, count: Ints, offset: Ints, corners: int) -> Ints:
    """Return the numbers of the vertices of all borders, both ends included, one border after the other."""
    of = np.repeat(np.arange(len(count)), count + 1)
    k = np.arange(len(of)) - (np.cumsum(count + 1) - count - 1)[of]
    chain = corners + offset[of] + k - 1
    chain[k == 0] = ridge[:, 0]
    chain[k == count[of]] = ridge[:, 1]
    return np.asarray(chain)


def _polygons(
    vertices: Floats, seeds: Floats, middle: Floats, sides: Ints, count: Ints, chain: Ints, cells: int
) -> Geometries:
    """Put the borders around each cell together, counterclockwise; a cell lies left of what it runs along forward."""
    border = np.tile(np.arange(len(sides)), 2)
    owner = np.concatenate([sides[:, 1], sides[:, 0]])
    forward = np.repeat([True, False], len(sides))
    keep = owner < cells
    border, owner, forward = border[keep], owner[keep], forward[keep]
    way = middle[border] - seeds[owner]
    order = np.lexsort((np.arctan2(way[:, 1], way[:, 0]), owner))
    border, owner, forward = border[order], owner[order], forward[order]
    of = np.repeat(np.arange(len(border)), count[border])
    k = np.arange(len(of)) - (np.cumsum(count[border]) - count[border])[of]
    start = (np.cumsum(count + 1) - count - 1)[border]
    at = np.where(forward[of], start[of] + k, (start + count[border])[of] - k)
    rings = shapely.linearrings(vertices[chain[at]], indices=owner[of])
    return np.asarray(shapely.polygons(rings), dtype=object)
