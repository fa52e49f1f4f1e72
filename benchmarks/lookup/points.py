"""Sets of points, easy and hard, drawn from a coverage; all are (n, 2) longitudes and latitudes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.lookup.coverage import Coverage
from gridgis.geometry.arrays import Floats

Rng = np.random.Generator
_SPREAD = 0.006
"""Spread of a cluster, in parts of the box."""


def uniform(cover: Coverage, n: int, rng: Rng) -> Floats:
    """Draw points anywhere inside the rim."""
    west, south, east, north = cover.box
    return np.asarray(np.array([west, south]) + rng.random((n, 2)) * np.array([east - west, north - south]))


def clustered(cover: Coverage, n: int, rng: Rng) -> Floats:
    """Draw points around the centres of towns, as calls come, in no order; those beyond the rim are drawn anywhere."""
    west, south, east, north = cover.box
    wide = np.array([east - west, north - south])
    xy = cover.centres[rng.integers(len(cover.centres), size=n)] + rng.standard_normal((n, 2)) * _SPREAD * wide
    beyond = ((xy < (west, south)) | (xy > (east, north))).any(axis=1)
    xy[beyond] = uniform(cover, int(beyond.sum()), rng)
    return np.asarray(xy)


def near_edge(cover: Coverage, n: int, rng: Rng) -> Floats:
    """Draw points 1e-9 to 1e-6 degrees beside an edge, on either side."""
    a, b = _edges(cover, n, rng)
    run = b - a
    aside = np.column_stack([-run[:, 1], run[:, 0]]) / np.hypot(*run.T)[:, None]
    far = 10.0 ** rng.uniform(-9, -6, n) * rng.choice([-1.0, 1.0], n)
    return np.asarray(a + rng.random((n, 1)) * run + far[:, None] * aside)


def on_edge(cover: Coverage, n: int, rng: Rng) -> Floats:
    """Draw points exactly on edges that run along a latitude or a longitude; each second one halfway on any edge.

    Half the way is rounded to floats: such a point is on its edge or next to it, by the last bit.
    """
    straight = np.flatnonzero((cover.a == cover.b).any(axis=1))
    at = rng.choice(straight, n)
    a, b = cover.a[at], cover.b[at]
    xy = np.clip(a + rng.random((n, 1)) * (b - a), np.minimum(a, b), np.maximum(a, b))
    a, b = _edges(cover, n, rng)
    xy[1::2] = ((a + b) / 2)[1::2]
    return np.asarray(xy)


def on_vertex(cover: Coverage, n: int, rng: Rng) -> Floats:
    """Draw vertices."""
    return _edges(cover, n, rng)[0]


def _edges(cover: Coverage, n: int, rng: Rng) -> tuple[Floats, Floats]:
    at = rng.integers(len(cover.a), size=n)
    return cover.a[at], cover.b[at]


SETS: dict[str, Callable[[Coverage, int, Rng], Floats]] = {
    "uniform": uniform,
    "clustered": clustered,
    "near-edge": near_edge,
    "on-edge": on_edge,
    "on-vertex": on_vertex,
}
RANDOM = ("uniform", "clustered")
"""Sets in which no point lies on an edge, so that all engines must agree."""


def draw(name: str, cover: Coverage, n: int, seed: int = 0) -> Floats:
    """Draw a set by name; the same seed gives the same points."""
    return SETS[name](cover, n, np.random.default_rng([seed, list(SETS).index(name)]))
