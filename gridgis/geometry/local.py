"""Local city coordinate systems (SRID 0, no EPSG number): a transformation that the user gives, or that points give.

A Chinese city's own system (地方独立坐标系) is as a rule a transverse Mercator of another meridian or height, moved and
turned. Survey offices hand out its parameters, or control points known in both systems, to which the similarity of
four parameters (四参数) is fitted by least squares::

    east  = dx + scale (x cos r - y sin r)
    north = dy + scale (x sin r + y cos r)

with r counted from east to north. The residuals of the points say how good that is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pyproj
from numpy.typing import NDArray

from gridgis.errors import InvalidInput

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Affine:
    """A plane transformation: east = a x + b y + c, north = d x + e y + f.

    Examples
    --------
    >>> Affine.similarity(dx=400_000.0, dy=3_600_000.0).move(np.array([[1000.0, 2000.0]])).tolist()
    [[401000.0, 3602000.0]]
    """

    a: float
    b: float
    c: float
    d: float
    e: float
    f: float

    def __post_init__(self) -> None:
        numbers = (self.a, self.b, self.c, self.d, self.e, self.f)
        if not all(math.isfinite(v) for v in numbers) or abs(self.a * self.e - self.b * self.d) < 1e-12:
            raise InvalidInput(
                f"转换参数 {numbers} 不是有限的数，或把平面压成一条线",
                f"the transformation {numbers} is not finite, or flattens the plane to a line",
            )

    @classmethod
    def similarity(cls, dx: float, dy: float, rotation_deg: float = 0.0, scale: float = 1.0) -> Affine:
        """Return the similarity of four parameters; metres, degrees from east to north."""
        p, q = scale * math.cos(math.radians(rotation_deg)), scale * math.sin(math.radians(rotation_deg))
        return cls(p, -q, dx, q, p, dy)

    def move(self, xy: Floats) -> Floats:
        """Transform (n, 2) points."""
        x, y = xy[:, 0], xy[:, 1]
        return np.column_stack([self.a * x + self.b * y + self.c, self.d * x + self.e * y + self.f])


@dataclass(frozen=True)
class Fit:
    """A similarity fitted to control points, and how far each point is off, metres."""

    affine: Affine
    dx: float
    dy: float
    rotation_deg: float
    scale: float
    residuals_m: tuple[float, ...]


def fit_similarity(local: Floats, known: Floats) -> Fit:
    """Fit the similarity of four parameters to control points by least squares.

    Parameters
    ----------
    local
        (n, 2) coordinates in the local system.
    known
        (n, 2) eastings and northings of the same points in a known CRS, metres.

    Raises
    ------
    InvalidInput
        Fewer than two different points, or numbers that are not finite.

    Examples
    --------
    >>> local = np.array([[0.0, 0.0], [1000.0, 0.0], [0.0, 1000.0]])
    >>> fit = fit_similarity(local, local @ np.array([[0.0, 1.0], [-1.0, 0.0]]) + [500.0, 700.0])
    >>> round(fit.rotation_deg, 9), round(fit.scale, 9), round(max(fit.residuals_m), 6)
    (90.0, 1.0, 0.0)
    """
    if local.shape != known.shape or not (np.isfinite(local).all() and np.isfinite(known).all()):
        raise InvalidInput("控制点的坐标不是有限的数", "the coordinates of the control points are not finite")
    if len(local) < 2:
        raise _too_few(len(local))
    middle, goal = local.mean(axis=0), known.mean(axis=0)  # about the middle: eastings of 7 digits lose nothing
    u, v = (local - middle).T
    e, n = (known - goal).T
    size = float((u * u + v * v).sum())
    if size < 1.0:
        raise _too_few(1)
    p, q = float((u * e + v * n).sum()) / size, float((u * n - v * e).sum()) / size
    dx = float(goal[0] - p * middle[0] + q * middle[1])
    dy = float(goal[1] - q * middle[0] - p * middle[1])
    affine = Affine(p, -q, dx, q, p, dy)
    off = np.hypot(*(affine.move(local) - known).T)
    return Fit(affine, dx, dy, math.degrees(math.atan2(q, p)), math.hypot(p, q), tuple(float(v) for v in off))


def _too_few(points: int) -> InvalidInput:
    return InvalidInput(
        "四参数至少要有两个不同的控制点（最好四个以上）",
        "four parameters take two different control points at least (better four or more)",
        points=points,
    )


def by_pipeline(xy: Floats, text: str, what: str = "layer") -> Floats:
    """Transform (n, 2) coordinates by a PROJ pipeline that ends in longitude and latitude, degrees.

    Raises
    ------
    InvalidInput
        PROJ does not understand the pipeline, or its results are no longitudes and latitudes.
    """
    try:
        pipeline = pyproj.Transformer.from_pipeline(text)
    except pyproj.exceptions.ProjError as e:
        raise InvalidInput(f"PROJ 转换串无法识别：{e}", f"the PROJ pipeline is not understood: {e}", crs=text) from e
    moved = np.column_stack(pipeline.transform(xy[:, 0], xy[:, 1]))
    if not np.isfinite(moved).all() or (np.abs(moved) > (180.0, 90.0)).any():
        raise InvalidInput(
            f"{what}：所给 PROJ 转换的结果不是经纬度（度），例如 {moved[0].tolist()}；末步应为经纬度",
            f"{what}: the PROJ pipeline does not end in lon/lat (degrees), e.g. {moved[0].tolist()}; let it do so",
            crs=text,
        )
    return moved
