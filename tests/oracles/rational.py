"""Point in coverage by rational numbers: slow, plain, and sharing nothing with gridgis.index.

It casts the ray to the north (the index walks north and east from the corner of a cell), over every edge of every
polygon, without cells, floats or shared edges. The point is moved by (+e1, +e2), e1 >> e2 > 0 infinitely small: a
number is a triple (real part, share of e1, share of e2), and triples compare like words in a dictionary.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np

Point = tuple[Fraction, Fraction]


def _rings(polygon: Any) -> Iterator[list[Point]]:
    for part in getattr(polygon, "geoms", [polygon]):
        for ring in (part.exterior, *part.interiors):
            yield [(Fraction(x), Fraction(y)) for x, y, *_ in ring.coords]


def _edges(polygon: Any) -> Iterator[tuple[Point, Point]]:
    for ring in _rings(polygon):
        yield from pairwise(ring)


def holds_shifted(polygon: Any, lon: float, lat: float) -> bool:
    """Tell whether the shifted point is inside: an odd number of edges lies north of it."""
    x, y = Fraction(lon), Fraction(lat)
    odd = False
    for (ax, ay), (bx, by) in _edges(polygon):
        if (ax > x) == (bx > x):  # a vertex at x is west of x + e1
            continue
        slope = (by - ay) / (bx - ax)
        edge_there = (ay + (x - ax) * slope, slope, Fraction(0))
        if edge_there > (y, Fraction(0), Fraction(1)):
            odd = not odd
    return odd


def touches(polygon: Any, lon: float, lat: float) -> bool:
    """Tell whether the point, not moved, lies exactly on an edge or vertex."""
    x, y = Fraction(lon), Fraction(lat)
    for (ax, ay), (bx, by) in _edges(polygon):
        between = min(ax, bx) <= x <= max(ax, bx) and min(ay, by) <= y <= max(ay, by)
        if between and (bx - ax) * (y - ay) == (by - ay) * (x - ax):
            return True
    return False


def holders(polygons: Sequence[Any], lon: float, lat: float) -> list[int]:
    """Return the positions of all polygons that hold the shifted point."""
    return [k for k, p in enumerate(polygons) if holds_shifted(p, lon, lat)]


def locate(polygons: Sequence[Any], lon: float, lat: float) -> int:
    """Return the position that SEMANTICS 18 prescribes; -1 outside. Two holders are a fault of the input."""
    found = holders(polygons, lon, lat)
    if len(found) > 1:
        raise AssertionError(f"({lon}, {lat}) lies in {found}: these polygons overlap")
    if found:
        return found[0]
    touching = [k for k, p in enumerate(polygons) if touches(p, lon, lat)]
    return min(touching, default=-1)


class Prepared:
    """The same answer for many points: edges that are surely north or south by comparing floats cost no fraction."""

    def __init__(self, polygons: Sequence[Any]) -> None:
        edges = [
            (k, *a, *b)
            for k, polygon in enumerate(polygons)
            for part in getattr(polygon, "geoms", [polygon])
            for ring in (part.exterior, *part.interiors)
            for a, b in pairwise(ring.coords)
        ]
        self.polygons = polygons
        table = np.array(edges, dtype=np.float64)
        self.owner = table[:, 0].astype(np.int64)
        self.ax, self.ay, self.bx, self.by = table[:, 1:].T

    def holders(self, lon: float, lat: float) -> list[int]:
        """Return the positions of all polygons that hold the shifted point."""
        crossed = np.flatnonzero((self.ax > lon) != (self.bx > lon))
        low, high = np.minimum(self.ay[crossed], self.by[crossed]), np.maximum(self.ay[crossed], self.by[crossed])
        north = set(crossed[low > lat].tolist())
        for e in crossed[(low <= lat) & (high >= lat)].tolist():
            ax, ay, bx, by = (Fraction(float(v[e])) for v in (self.ax, self.ay, self.bx, self.by))
            slope = (by - ay) / (bx - ax)
            if (ay + (Fraction(lon) - ax) * slope, slope, Fraction(0)) > (Fraction(lat), Fraction(0), Fraction(1)):
                north.add(e)
        odd = np.bincount(self.owner[sorted(north)], minlength=len(self.polygons)) % 2
        return np.flatnonzero(odd).tolist()

    def touching(self, lon: float, lat: float) -> list[int]:
        """Return the positions of all polygons on whose edges the point, not moved, lies."""
        between = (np.minimum(self.ax, self.bx) <= lon) & (lon <= np.maximum(self.ax, self.bx))
        between &= (np.minimum(self.ay, self.by) <= lat) & (lat <= np.maximum(self.ay, self.by))
        found = set()
        for e in np.flatnonzero(between).tolist():
            ax, ay, bx, by = (Fraction(float(v[e])) for v in (self.ax, self.ay, self.bx, self.by))
            if (bx - ax) * (Fraction(lat) - ay) == (by - ay) * (Fraction(lon) - ax):
                found.add(int(self.owner[e]))
        return sorted(found)

    def locate(self, lon: float, lat: float) -> int:
        """Return the position that SEMANTICS 18 prescribes; -1 outside."""
        found = self.holders(lon, lat)
        if len(found) > 1:
            raise AssertionError(f"({lon}, {lat}) lies in {found}: these polygons overlap")
        return found[0] if found else min(self.touching(lon, lat), default=-1)

    def lowest(self, lon: float, lat: float) -> int:
        """Return the lowest position of those that hold the shifted point, else of those that touch it; -1 outside."""
        return min(self.holders(lon, lat) or self.touching(lon, lat), default=-1)
