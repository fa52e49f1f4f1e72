"""Metres in any CRS: how large a place is, and how long an edge, where it lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyproj
import shapely

from gridgis.geometry.arrays import Floats, Geometries

ON_EDGE_M = 1e-6
"""A vertex nearer than this to an edge or a vertex is taken to be on it: no survey tells a micrometre."""

ULPS = 8
"""The same in steps of the largest coordinate, where nothing may be moved: a computed point is off by two or three."""


@dataclass(frozen=True)
class Scale:
    """Metres per unit of a CRS: one number, or in lon/lat those of the ellipsoid at the latitude of the place.

    Examples
    --------
    >>> plain = Scale.of("EPSG:4545")
    >>> plain.areas_m2([shapely.box(500000, 3600000, 500002, 3600003)]).tolist()
    [6.0]
    >>> Scale.of("EPSG:4490").areas_m2([shapely.box(109, 32, 109.001, 32.001)]).round(1).tolist()
    [10478.0]
    """

    unit: float
    geographic: bool
    major_m: float
    eccentricity2: float

    @classmethod
    def of(cls, crs: Any) -> Scale:
        """Return the scale of a CRS; units are degrees or a length."""
        known = pyproj.CRS.from_user_input(crs)
        body = known.ellipsoid
        major, minor = (body.semi_major_metre, body.semi_minor_metre) if body else (6378137.0, 6356752.314)
        unit = float(known.axis_info[0].unit_conversion_factor) if known.axis_info else 1.0
        return cls(unit, known.is_geographic, major, 1 - (minor / major) ** 2)

    def factors(self, y: Floats) -> Floats:
        """Return (n, 2) metres per unit along x and y, at the heights y."""
        if not self.geographic:
            return np.full((len(y), 2), self.unit)
        lat = np.clip(y * self.unit, -1.57, 1.57)
        w = 1 - self.eccentricity2 * np.sin(lat) ** 2
        across = self.major_m * np.cos(lat) / np.sqrt(w)
        along = self.major_m * (1 - self.eccentricity2) / w**1.5
        return np.column_stack([across, along]) * self.unit

    def flat(self, geoms: Any) -> Geometries:
        """Return geometries in metres around their own middle; good to 1e-6 of the area for a place of 10 km."""
        array = np.asarray(geoms, dtype=object)
        xy, at = shapely.get_coordinates(array, return_index=True)
        bounds = shapely.bounds(array).reshape(-1, 4)
        middle = (bounds[:, :2] + bounds[:, 2:]) / 2
        moved = (xy - middle[at]) * self.factors(middle[:, 1])[at]
        return np.asarray(shapely.set_coordinates(array.copy(), moved), dtype=object)

    def areas_m2(self, geoms: Any) -> Floats:
        """Return the areas in square metres, (n,)."""
        return np.asarray(shapely.area(self.flat(geoms)), dtype=np.float64) if len(geoms) else np.empty(0)

    def widths_m(self, geoms: Any) -> Floats:
        """Return the diameters of the largest circles inside polygons, in metres, (n,), good to about 0.5 %."""
        if not len(geoms):
            return np.empty(0)
        flat = self.flat(geoms)
        least = np.maximum(shapely.area(flat) / np.maximum(shapely.length(flat), 1e-12), 1e-9)
        radius = shapely.length(shapely.maximum_inscribed_circle(flat, tolerance=least / 200))
        return np.asarray(2 * np.maximum(radius, least), dtype=np.float64)

    def lengths_m(self, a: Floats, b: Floats) -> Floats:
        """Return the lengths of edges between (n, 2) ends, in metres."""
        step = (b - a) * self.factors((a[:, 1] + b[:, 1]) / 2)
        return np.hypot(step[:, 0], step[:, 1])

    def reach(self, xy: Floats, tolerance_m: float) -> float:
        """Return in units how near counts as on: `ON_EDGE_M`, less under a smaller tolerance, some ulps at zero."""
        per_unit = self.unit * self.major_m if self.geographic else self.unit
        ulps = ULPS * float(np.spacing(np.abs(xy).max(initial=1.0)))
        return max(min(tolerance_m, ON_EDGE_M) / per_unit, ulps)
