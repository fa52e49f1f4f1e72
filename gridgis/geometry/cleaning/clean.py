"""Clean a coverage: mend small gaps, overlaps, slivers and wrong vertices, report large ones, touch nothing else."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np

from gridgis.errors import InvalidInput
from gridgis.geometry.cleaning.change import KINDS, Change, table
from gridgis.geometry.cleaning.mend import mend
from gridgis.geometry.cleaning.scale import Scale
from gridgis.geometry.cleaning.tidy import need_polygons, tidy

_PASSES = 20
"""What was mended may leave something thin, which the next pass mends; two or three passes are the rule."""


@dataclass(frozen=True)
class Cleaned:
    """A cleaned coverage.

    Parameters
    ----------
    frame
        The features given: same rows, order and attributes; only geometries that had to be mended differ.
    changes
        What was mended, and what was only found: feature, kind, area_m2, width_m, done, zh, en, geometry (the place).
    """

    frame: gpd.GeoDataFrame
    changes: gpd.GeoDataFrame


def clean_coverage(frame: gpd.GeoDataFrame, tolerance_m: float, key: str | None = None) -> Cleaned:
    """Mend a coverage of polygons where it is at fault, and tell each change.

    Parameters
    ----------
    frame
        Polygons or multipolygons, in any CRS.
    tolerance_m
        Gaps, overlaps and slivers at most so wide are mended, wider ones only reported. Width is the diameter of the
        largest circle inside, in metres.
    key
        The column by which features are named; without it "code" or "id", else the number of the row, from 1.

    Raises
    ------
    InvalidInput
        No CRS, no such column, a tolerance that is not a number from 0, a feature without geometry, of another type
        or with coordinates that are not finite.

    Notes
    -----
    The rules:

    * A gap, ground that features enclose and none has, goes to the feature with the longest border to it. Ground
      that is open to the outside is one where two features run along each other for ten times its width; it is shut
      between their vertices.
    * An overlap stays with that one of the features on it that has the longest border to it.
    * A sliver, a thin part of a feature that has other parts, goes to the neighbour with the longest border to it. A
      feature that is thin as a whole is only reported: no feature is lost.
    * Among equal borders the feature that comes first has it. Attributes are never touched.
    * A vertex that neighbours have on an edge, to a micrometre, is put into it, and vertices that near become one; with
      a tolerance of 0 only to what rounding cannot tell apart.
    * All other vertices stay what they are, bit by bit; so does their order, and where rings begin. What is clean
      stays as it is, and so does what was cleaned once.

    Examples
    --------
    >>> from shapely.geometry import box
    >>> frame = gpd.GeoDataFrame({"code": ["a", "b"]}, geometry=[box(0, 0, 10, 10), box(9.9, 0, 20, 10)], crs=4545)
    >>> cleaned = clean_coverage(frame, 0.5)
    >>> cleaned.changes[["feature", "kind", "area_m2", "width_m", "done"]].to_numpy().tolist()
    [['code=a; code=b', 'overlap', 1.0, 0.1, True]]
    >>> cleaned.frame.area.round(6).tolist()
    [100.0, 100.0]
    """
    names = feature_names(frame, key)
    need_polygons(frame, names, tolerance_m)
    scale = Scale.of(frame.crs)
    geoms, usable, changes = tidy(frame.geometry.to_numpy(), scale, tolerance_m)
    found: list[Change] = []
    open_too = False
    for _ in range(_PASSES):
        geoms, told = mend(geoms, usable, scale, tolerance_m, open_too)
        changes += [c for c in told if c.done]
        found = [c for c in told if not c.done]
        if open_too and len(found) == len(told):
            break
        open_too = len(found) == len(told)
    order = list(KINDS)
    rows = sorted([*changes, *found], key=lambda c: (order.index(c.kind), c.features, c.place.bounds))
    out = frame.set_geometry(gpd.GeoSeries(geoms, index=frame.index, crs=frame.crs))
    return Cleaned(out, table(rows, names, tolerance_m, frame.crs))


def feature_names(frame: gpd.GeoDataFrame, key: str | None = None) -> list[str]:
    """Name each feature by a column, or by its row number (from 1).

    Raises
    ------
    InvalidInput
        There is no such column.
    """
    if key is not None and key not in frame.columns:
        raise InvalidInput(f"没有列 {key}", f"there is no column {key}", columns=[str(c) for c in frame.columns])
    for column in [key] if key else ["code", "id"]:
        if column in frame.columns:
            return [f"{column}={value}" for value in frame[column]]
    return [f"row={n}" for n in np.arange(1, len(frame) + 1)]
