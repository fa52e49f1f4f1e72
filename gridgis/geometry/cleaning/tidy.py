"""Each polygon by itself: refused, freed of doubled vertices, made valid. What is sound stays as it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from gridgis.errors import InvalidInput
from gridgis.geometry.arrays import Bools, Floats, Geometries, Ints
from gridgis.geometry.cleaning.change import Change
from gridgis.geometry.cleaning.outlines import outlines
from gridgis.geometry.cleaning.rings import assemble
from gridgis.geometry.cleaning.scale import ULPS, Scale
from gridgis.geometry.crs import need_crs


def need_polygons(frame: gpd.GeoDataFrame, names: list[str], tolerance_m: float) -> None:
    """Refuse what cannot be cleaned.

    Raises
    ------
    InvalidInput
        No CRS; a tolerance that is not a number from 0; a feature without geometry, of another type, or with
        coordinates that are not finite.
    """
    need_crs(frame, "polygons")
    if not (np.isfinite(tolerance_m) and tolerance_m >= 0):
        raise InvalidInput(
            f"容差应为不小于 0 的米数，现为 {tolerance_m}", f"the tolerance is metres from 0 up, not {tolerance_m}"
        )
    geoms = frame.geometry.to_numpy()
    none = shapely.is_missing(geoms) | shapely.is_empty(geoms)
    _refuse(none, names, "没有几何图形；请补上或删去", "no geometry; draw or delete it")
    other = ~np.isin(shapely.get_type_id(geoms), (3, 6))
    _refuse(other, names, "不是面（Polygon/MultiPolygon）", "not a polygon")
    xy, at = shapely.get_coordinates(geoms, return_index=True)
    wild = np.isin(np.arange(len(geoms)), at[~np.isfinite(xy).all(axis=1)])
    _refuse(wild, names, "坐标不是有限的数", "coordinates are not finite")


def _refuse(wrong: Any, names: list[str], zh: str, en: str) -> None:
    at = np.flatnonzero(wrong)
    if len(at):
        shown = "; ".join(names[i] for i in at[:5]) + (" ..." if len(at) > 5 else "")
        raise InvalidInput(f"{zh}（共 {len(at)} 个：{shown}）", f"{en} ({len(at)} features: {shown})", count=len(at))


def tidy(geoms: Geometries, scale: Scale, tolerance_m: float) -> tuple[Geometries, Bools, list[Change]]:
    """Return polygons without heights and doubled vertices, valid; which have an area; and the changes."""
    out, changes = geoms.copy(), []
    high = np.flatnonzero(shapely.has_z(out))
    if len(high):
        out[high] = shapely.force_2d(out[high])
        changes.append(Change("heights", tuple(high.tolist()), shapely.MultiPoint(shapely.point_on_surface(out[high]))))
    changes += _undoubled(out)
    for i in np.flatnonzero(~shapely.is_valid(out)):
        fixed, change = _valid(int(i), out[i], scale)
        out[i] = fixed
        changes.append(change)
    reach = scale.reach(shapely.get_coordinates(out), tolerance_m)
    usable = np.asarray(shapely.is_valid(out) & (shapely.area(out) > reach * shapely.length(out)))
    told = {k for c in changes if c.kind == "no-area" for k in c.features}
    for k in sorted(set(np.flatnonzero(~usable).tolist()) - told):
        changes.append(Change("no-area", (k,), shapely.Point(shapely.get_coordinates(out[k])[0]), done=False))
    return out, usable, changes


def _undoubled(geoms: Geometries) -> list[Change]:
    """Take out, in place, vertices equal to the one before."""
    rings, of = _rings(geoms)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    twice = np.r_[False, (xy[1:] == xy[:-1]).all(axis=1) & (ring[1:] == ring[:-1])][: len(xy)]
    changes = []
    for i in np.unique(of[ring[twice]]).tolist():
        places = xy[twice & (of[ring] == i)]
        single = shapely.remove_repeated_points(geoms[i], 0)
        if not single.is_empty:
            geoms[i] = single
            changes.append(Change("duplicate-vertex", (i,), shapely.MultiPoint(places), more=str(len(places))))
    return changes


def _rings(geoms: Geometries) -> tuple[Geometries, Ints]:
    parts, of = shapely.get_parts(geoms, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    return rings, of[part]


def _valid(i: int, geom: BaseGeometry, scale: Scale) -> tuple[BaseGeometry, Change]:
    """Return the polygon parts of a broken polygon, drawn as it was; itself, where no area remains."""
    why = shapely.is_valid_reason(geom)
    fixed = shapely.make_valid(geom, method="structure", keep_collapsed=False)
    pieces = shapely.get_parts(fixed)
    pieces = pieces[(shapely.get_type_id(pieces) == 3) & (shapely.area(pieces) > 0)]
    change = Change("invalid-ring", (i,), _spot(geom, why), more=why)
    if not len(pieces):
        return geom, replace(change, kind="no-area", done=False, more="")
    kept = pieces[0] if len(pieces) == 1 and geom.geom_type == "Polygon" else shapely.MultiPolygon(pieces)
    square_m = float(scale.factors(shapely.get_coordinates(change.place)[:, 1]).prod())
    return as_drawn(geom, kept), replace(change, area_m2=abs(kept.area - geom.area) * square_m)


def as_drawn(before: BaseGeometry, after: BaseGeometry) -> BaseGeometry:
    """Return a valid polygon with the first vertices, the way round and the whole edges of another one."""
    new = outlines(np.array([after], dtype=object), np.zeros(1, dtype=np.int64))
    known = {(x, y): k for k, (x, y) in enumerate(new.xy.tolist())}
    old = [shapely.get_coordinates(r)[:-1].tolist() for r in _rings(np.array([before], dtype=object))[0]]
    drawn = [[known[x, y] for x, y in ring if (x, y) in known] for ring in old]
    rings = [new.corner[new.ring == r][:: 1 if new.is_left[r] else -1].tolist() for r in range(len(new.is_left))]
    whole = [_whole(new.xy, ring, {v for ring in drawn for v in ring}) for ring in rings]
    return assemble(new.xy, whole, drawn, _signed_area(old[0]) < 0, before.geom_type != "Polygon")


def _whole(xy: Floats, ring: list[int], known: set[int]) -> list[int]:
    """Leave out vertices that are new and on a straight way between two that are not: a spike had crossed it there."""
    at = [k for k, v in enumerate(ring) if v in known]
    out: list[int] = []
    for k, following in zip(at, [*at[1:], *at[:1]], strict=True):
        between = ring[k + 1 : following] if following > k else ring[k + 1 :] + ring[:following]
        straight = shapely.LineString(xy[[ring[k], ring[following]]])
        near = shapely.distance(straight, shapely.points(xy[between])) <= ULPS * float(np.spacing(np.abs(xy).max()))
        out += [ring[k], *(between if len(at) == 1 or not np.all(near) else [])]
    return out if len(out) > 2 else ring


def _signed_area(ring: list[list[float]]) -> float:
    """Return the area of a ring, negative where it runs clockwise; of a broken ring GEOS cannot tell."""
    x, y = (np.array(ring) - ring[0]).T
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum() / 2)


def _spot(geom: BaseGeometry, why: str) -> BaseGeometry:
    """Return where a polygon is broken, as GEOS tells it: "Self-intersection[1 2]"."""
    inside = why[why.find("[") + 1 : why.find("]")].split()
    return (
        shapely.Point(float(inside[0]), float(inside[1]))
        if len(inside) >= 2
        else shapely.Point(shapely.get_coordinates(geom)[0])
    )
