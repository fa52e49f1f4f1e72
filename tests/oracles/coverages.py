"""Random coverages, small and awkward, and the points that are hard in them."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from hypothesis import strategies as st

SCALES = {"unit": (0.0, 0.0, 1.0), "seven decimals": (109.03, 32.69, 1e-7), "tenths": (-1.3, -0.7, 0.1)}
"""name -> west, south, size of a lattice step; the step is divided by 8 for the jitter."""


@st.composite
def lattices(draw: st.DrawFn) -> list[Any]:
    """Triangles of a lattice, joined by labels: islands, holes, MultiPolygons, level and upright edges."""
    nx, ny = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    west, south, step = SCALES[draw(st.sampled_from(sorted(SCALES)))]
    label = draw(st.lists(st.integers(-1, 3), min_size=2 * nx * ny, max_size=2 * nx * ny))
    bend = draw(st.sampled_from([0, 1, 2]))  # eighths of a step; 0 keeps all edges level, upright or diagonal
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    xy = np.stack(np.meshgrid(np.arange(nx + 1), np.arange(ny + 1), indexing="ij"), axis=-1).astype(float)
    xy += rng.integers(-bend, bend + 1, size=xy.shape) / 8
    xy = np.round(xy * step + (west, south), 9)
    triangles = [t for i in range(nx) for j in range(ny) for t in _halves(xy, i, j, bool(rng.integers(2)))]
    groups = [np.array([t for t, g in zip(triangles, label, strict=True) if g == k]) for k in range(4)]
    polygons = [shapely.coverage_union_all(g) for g in groups if len(g)]
    return polygons or [shapely.Polygon(xy[[0, -1, -1, 0], [0, 0, -1, -1]])]


def _halves(xy: np.ndarray, i: int, j: int, rising: bool) -> list[Any]:
    a, b, c, d = xy[i, j], xy[i + 1, j], xy[i + 1, j + 1], xy[i, j + 1]
    corners = ([a, b, c], [a, c, d]) if rising else ([a, b, d], [b, c, d])
    return [shapely.Polygon(k) for k in corners]


@st.composite
def voronois(draw: st.DrawFn) -> list[Any]:
    """Voronoi cells, some of them dropped, some joined, one with an island carved out."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    seeds = shapely.MultiPoint(rng.random((draw(st.integers(2, 15)), 2)) * 0.01 + (109.0, 32.0))
    cells = shapely.get_parts(shapely.voronoi_polygons(seeds))
    label = rng.integers(0, 2 * len(cells), len(cells))
    cells = [shapely.coverage_union_all(cells[label == k]) for k in np.unique(label)]
    cells = cells[draw(st.integers(0, 1)) :] if len(cells) > 1 else cells
    middle = cells[0].representative_point()
    island = shapely.Polygon(np.array([(-1, -1), (1, -1), (1, 1), (0, 1), (-1, 1)]) * 1e-7 + (middle.x, middle.y))
    if not cells[0].contains_properly(island):
        return cells
    return [cells[0].difference(island), island, *cells[1:]]


coverages = st.one_of(lattices(), voronois())


def hard_points(polygons: list[Any], rng: np.random.Generator, most: int = 150) -> np.ndarray:
    """Return (n, 2): vertices, next floats to them, middles of edges, level and upright with vertices, random."""
    xy = shapely.get_coordinates(polygons)
    middle = (xy[1:] + xy[:-1]) / 2
    beside = np.nextafter(xy, rng.choice([-np.inf, np.inf], xy.shape))
    mixed = np.column_stack([rng.permutation(xy[:, 0]), rng.permutation(xy[:, 1])])
    low, high = xy.min(axis=0), xy.max(axis=0)
    free = low + (rng.random((30, 2)) * 1.2 - 0.1) * (high - low)
    points = np.concatenate([xy, middle, beside, mixed, free])
    return rng.permutation(np.unique(points, axis=0))[:most]
