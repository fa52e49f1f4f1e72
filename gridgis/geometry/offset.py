"""Whether a layer is shifted (GCJ-02, BD-09): measured by how far its lines are from those of a reference.

A layer that overlaps its town by 90 % may be shifted all the same; what tells is how near its lines come to lines known
to be right, such as the filed border. Three hypotheses are tried: the layer is as it says, it is GCJ-02, it is BD-09.
For each the shift is undone and the median distance is taken, both from points of the layer to the reference's lines
and the other way (one may be a part of the other); the way with the smaller median counts. The best hypothesis is
*decided* only where it is clearly better than the next one. Nothing is shifted here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gridgis.errors import InvalidInput
from gridgis.geometry.lonlat import STORED_CRS
from gridgis.geometry.shift import bd09_to_wgs84, gcj02_to_wgs84

Floats = NDArray[np.float64]

HYPOTHESES = (STORED_CRS, "GCJ-02", "BD-09")
"""What a layer may be in, by the labels of a caller's coordinates."""

CLEAR_RATIO = 5.0
"""The next best hypothesis must be so many times farther off."""
NEAR_M = 60.0
"""A layer whose lines are farther from the reference's than this shows other lines: nothing can be told."""
FLOOR_M = 2.0
"""Medians below count as this much: data drawn to decimetres are not better told than those drawn to metres."""
SPACING_M = 10.0
"""Points are taken along the lines so far apart, and at the vertices."""
MIN_POINTS = 100
"""Fewer points, about a kilometre of lines, tell nothing: a shift is 50 to 700 m."""
MAX_POINTS = 4000
"""More points tell nothing more: those of longer lines are farther apart."""
METRES_PER_DEGREE = 111_320.0


@dataclass(frozen=True)
class OffsetFinding:
    """What the lines say: how far they are from the reference's under each hypothesis, metres."""

    medians_m: dict[str, float]
    """By hypothesis: the median distance."""
    points: int
    """How many points were measured, on the side that has fewer."""

    @property
    def best(self) -> str:
        """The hypothesis under which the lines are nearest."""
        return min(HYPOTHESES, key=self.medians_m.__getitem__)

    @property
    def ratio(self) -> float:
        """How many times farther off the next best hypothesis is."""
        first, second = sorted(self.medians_m.values())[:2]
        return second / max(first, FLOOR_M)

    @property
    def decided(self) -> bool:
        """Whether the lines say it clearly."""
        near = self.medians_m[self.best] <= NEAR_M
        return near and self.points >= MIN_POINTS and self.ratio >= CLEAR_RATIO

    def text(self) -> tuple[str, str]:
        """Return the finding in Chinese and English."""
        shown = ", ".join(f"{name} {self.medians_m[name]:.1f} m" for name in HYPOTHESES)
        tail_zh = f"{self.points} 个点，各假设下与参考线距离的中位数：{shown}；次优为最优的 {self.ratio:.1f} 倍"
        tail_en = (
            f"{self.points} points, median distance to the reference's lines if the layer is in: {shown}; the next "
            f"best is {self.ratio:.1f} times as far"
        )
        if not self.decided:
            return f"无法判定是否偏移（{tail_zh}）", f"whether it is shifted cannot be told ({tail_en})"
        return f"坐标为 {self.best}（{tail_zh}）", f"the coordinates are {self.best} ({tail_en})"


def find_offset(geoms: Any, reference: Any) -> OffsetFinding:
    """Measure under which hypothesis the lines of a layer lie on those of a reference.

    Parameters
    ----------
    geoms
        (n,) lines or polygons, lon/lat in degrees as they are in the layer.
    reference
        (m,) lines or polygons that are known to be right, lon/lat in EPSG:4490.

    Raises
    ------
    InvalidInput
        Either has no lines: points cannot be laid on lines.

    Examples
    --------
    >>> from shapely import Polygon
    >>> from gridgis.geometry.shift import wgs84_to_gcj02
    >>> border = Polygon([(109.0, 32.7), (109.03, 32.7), (109.02, 32.73), (109.0, 32.72)])
    >>> shifted = shapely.transform(border, lambda xy: np.column_stack(wgs84_to_gcj02(*xy.T)))
    >>> found = find_offset([shifted], [border])
    >>> found.best, found.decided
    ('GCJ-02', True)
    """
    given, known = _lines(geoms), _lines(reference)
    if not len(given) or not len(known):
        raise InvalidInput(
            "判断偏移要用线或面（参考边界与图层都要有）",
            "to tell a shift takes lines or polygons, of the layer and of the reference",
        )
    middle = np.mean(shapely.total_bounds(known).reshape(2, 2), axis=0)
    target = _metric(known, middle)
    spots, medians = _points(target), {}
    for name in HYPOTHESES:
        lines = _metric(_undone(given, name), middle)
        there, back = _median(_points(lines), target), _median(spots, lines)
        medians[name] = min(there, back)
    return OffsetFinding(medians, min(len(spots), len(_points(_metric(given, middle)))))


def _lines(geoms: Any) -> Any:
    """Return the lines of lines and polygons, one part each; points and nulls have none."""
    shapes = np.asarray(geoms, dtype=object).ravel()
    types = shapely.get_type_id(shapes)
    outlines = np.where(np.isin(types, (3, 6)), shapely.boundary(shapes), shapes)[np.isin(types, (1, 2, 3, 5, 6))]
    parts = shapely.get_parts(outlines)
    return parts[~shapely.is_empty(parts)]


def _undone(lines: Any, hypothesis: str) -> Any:
    """Return the lines with the shift of a hypothesis undone."""
    back = {"GCJ-02": gcj02_to_wgs84, "BD-09": bd09_to_wgs84}.get(hypothesis)
    if back is None:
        return lines
    return shapely.transform(lines, lambda xy: np.column_stack(back(xy[:, 0], xy[:, 1])))


def _metric(lines: Any, middle: Floats) -> Any:
    """Return lines in metres about a point: plain cylindrical, good enough for ratios over a county."""
    scale = METRES_PER_DEGREE * np.array([np.cos(np.radians(middle[1])), 1.0])
    return shapely.transform(lines, lambda xy: (xy - middle) * scale)


def _points(lines: Any) -> Any:
    """Return points along lines, (n, 2): at most MAX_POINTS, spread evenly."""
    spacing = max(SPACING_M, float(shapely.length(lines).sum()) / MAX_POINTS)
    xy = shapely.get_coordinates(shapely.segmentize(lines, spacing))
    return xy if len(xy) <= MAX_POINTS else xy[np.linspace(0, len(xy) - 1, MAX_POINTS).astype(int)]


def _median(xy: Floats, lines: Any) -> float:
    """Return the median distance of points to the nearest of the lines."""
    tree = shapely.STRtree(_edges(lines))
    _, distance = tree.query_nearest(shapely.points(xy), return_distance=True, all_matches=False)
    return float(np.median(distance))


def _edges(lines: Any) -> Any:
    """Return each edge as a line of its own, so that the search tree is fine."""
    xy, at = shapely.get_coordinates(lines, return_index=True)
    same = at[1:] == at[:-1]
    return shapely.linestrings(np.stack([xy[:-1][same], xy[1:][same]], axis=1))
