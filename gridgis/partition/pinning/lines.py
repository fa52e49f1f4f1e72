"""Borders that a planner has drawn: brought to the work CRS, and led to the lines at which they nearly end."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

from gridgis.geometry.arrays import Geometries, geometries
from gridgis.geometry.coverage import report_row
from gridgis.geometry.crs import STORED_CRS, transform_xy
from gridgis.model import Pin
from gridgis.partition.ground import Ground

REACH_M = 5.0
"""An end that is this near to a road, a boundary or another border is meant to be on it."""
FREE_END_M = 15.0
"""So much of a drawn border may hang over at either end: hands draw a little too far."""


def drawn_borders(pins: Sequence[Pin], ground: Ground) -> dict[int, BaseGeometry]:
    """Return the border of each pin that draws one, by the pin's number, in the work CRS: fixed lines for the atoms.

    An end that lies up to REACH_M short of a barrier, a boundary, an estate, a carved site or another border is led to
    it, by the shortest way; a report row says so.
    """
    drawn = {p.row: _in_work(p.line, ground.work_crs) for p in pins if p.line is not None}
    if not drawn:
        return {}
    carved = ground.sites.geometry[(ground.sites["mode"] == "carve").to_numpy()]
    areas = np.concatenate([geometries(g) for g in (ground.base.geometry, ground.compounds.geometry, carved)])
    there = np.concatenate([geometries(ground.barriers.geometry), shapely.boundary(areas)])
    out: dict[int, BaseGeometry] = {}
    for row, line in drawn.items():
        others = geometries([other for n, other in drawn.items() if n != row])
        targets = np.concatenate([geometries(there), others]) if len(others) else geometries(there)
        parts = shapely.get_parts(shapely.line_merge(line) if line.geom_type == "MultiLineString" else line)
        led = [_led(part, targets) for part in parts]
        out[row] = shapely.MultiLineString(led) if len(led) > 1 else led[0]
        metres = float(out[row].length - line.length)
        if metres > 0.001:
            ground.rows.append(
                report_row(
                    "info", "pins", str(row), "led on", metres,
                    f"划分要求第 {row} 条：线端未到的 {metres:.2f} 米已接到旁边的线上",
                    f"pin {row}: an end that was {metres:.2f} m short was led to the line there",
                )
            )  # fmt: skip
    return out


def _in_work(line: BaseGeometry, work_crs: str) -> BaseGeometry:
    moved: BaseGeometry = shapely.transform(shapely.force_2d(line), lambda xy: transform_xy(xy, STORED_CRS, work_crs))
    return moved


def _led(line: shapely.LineString, targets: Geometries) -> shapely.LineString:
    """Lead both ends of a line to what they nearly reach."""
    xy = shapely.get_coordinates(line)
    if (xy[0] == xy[-1]).all():
        return line
    for end in (0, -1):
        tip = shapely.Point(xy[end])
        last = substring(line, 0, FREE_END_M) if end == 0 else substring(line, -FREE_END_M, line.length)
        near = targets[shapely.dwithin(targets, tip, REACH_M)]
        if not len(near) or shapely.intersects(near, last).any():
            continue
        best = near[int(np.argmin(shapely.distance(near, tip)))]
        spot = shapely.get_coordinates(shapely.shortest_line(best, tip))[:1]
        xy = np.concatenate([spot, xy]) if end == 0 else np.concatenate([xy, spot])
    return shapely.LineString(xy)
