"""Answers beside the oracle in rational numbers (tests/oracles/rational.py), which shares no code with the index."""

from __future__ import annotations

from dataclasses import dataclass

import shapely

from benchmarks.lookup.coverage import Coverage
from gridgis.geometry.arrays import Floats, points
from gridgis.index import GridIndex
from tests.oracles import rational


@dataclass(frozen=True)
class Checked:
    """So many points were put to the oracle; how many answers differ; least and most polygons that hold a point.

    The last two are of points in the coverage's box, which is free of the rim.
    """

    points: int
    mismatches: int
    least: int
    most: int


def check(cover: Coverage, tree: shapely.STRtree, index: GridIndex, xy: Floats) -> Checked:
    """Compare with the oracle, which is asked about the polygons whose bounding box touches the point."""
    found = index.locate(xy[:, 0], xy[:, 1]).tolist()
    near: list[list[int]] = [[] for _ in found]
    for point, polygon in tree.query(points(xy)).T.tolist():
        near[point].append(polygon)
    west, south, east, north = cover.box
    wrong, held = 0, []
    for (x, y), answer, some in zip(xy.tolist(), found, near, strict=True):
        order = sorted(some)
        few = [cover.polygons[k] for k in order]
        place = rational.locate(few, x, y)
        wrong += answer != (order[place] if place >= 0 else -1)
        if west < x < east and south < y < north:
            held.append(len(rational.holders(few, x, y)))
    return Checked(len(found), wrong, min(held), max(held))
