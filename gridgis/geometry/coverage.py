"""Coverages: topology that is made once. Lines are noded on the 1 mm grid; faces, parents and borders follow from it.

Edges longer than ``MAX_EDGE_M`` get extra vertices before noding. A straight edge in the work CRS is not quite
straight in longitude and latitude: an edge of length L departs from its chord by about L^2 tan(lat) / (8 R), which is
0.03 mm for 50 m at 32 degrees and 0.09 mm at 60, below the half grid step that noding mostly keeps clear around every
vertex. So what is valid in the work CRS stays valid in stored coordinates. Mostly: a line that was snapped to one
vertex may pass another at less, hence `need_sound_when_stored`.
"""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from gridgis.errors import InvalidInput
from gridgis.geometry.arrays import Floats, Geometries, Ints, geometries, lines
from gridgis.geometry.crs import GRID_M, snap, to_stored, to_work

MAX_EDGE_M = 50.0

Row = dict[str, Any]


def segments(geoms: Any) -> tuple[Floats, Ints]:
    """Take lines or polygons apart into their segments.

    Returns
    -------
    tuple
        (n, 4) x1, y1, x2, y2 of each segment in the direction drawn, and (n,) the position of its geometry.
    """
    parts, part_of = shapely.get_parts(geometries(geoms), return_index=True)
    is_polygon = shapely.get_type_id(parts) == 3
    rings, ring_of = shapely.get_rings(parts[is_polygon], return_index=True)
    drawn = np.concatenate([rings, parts[~is_polygon]])
    owner = np.concatenate([part_of[is_polygon][ring_of], part_of[~is_polygon]]).astype(np.int64)
    xy, line_of = shapely.get_coordinates(drawn, return_index=True)
    if len(xy) < 2:
        return np.empty((0, 4)), np.empty(0, dtype=np.int64)
    joined = line_of[1:] == line_of[:-1]
    seg = np.column_stack([xy[:-1], xy[1:]])[joined]
    own = owner[line_of[1:][joined]]
    real = (seg[:, 0] != seg[:, 2]) | (seg[:, 1] != seg[:, 3])
    return seg[real], own[real]


def undirected(seg: Floats) -> Floats:
    """Turn each segment so that its lexicographically smaller end comes first."""
    swap = (seg[:, 0] > seg[:, 2]) | ((seg[:, 0] == seg[:, 2]) & (seg[:, 1] > seg[:, 3]))
    out = seg.copy()
    out[swap] = seg[swap][:, [2, 3, 0, 1]]
    return out


def grid_keys(seg: Floats) -> Ints:
    """Return a number for each end of segments, (n, 2), in the order of x, then y; coordinates lie on the 1 mm grid."""
    if not len(seg):
        return np.empty((0, 2), dtype=np.int64)
    mm = np.rint((seg.reshape(-1, 2) - seg.reshape(-1, 2).min(axis=0)) / GRID_M).astype(np.int64)
    return np.asarray((mm[:, 0] << 31) + mm[:, 1], dtype=np.int64).reshape(-1, 2)


def split_long(seg: Floats, owner: Ints) -> tuple[Floats, Ints]:
    """Cut segments above MAX_EDGE_M into equal pieces on the grid, alike in both directions; owners go along."""
    length = np.hypot(seg[:, 2] - seg[:, 0], seg[:, 3] - seg[:, 1])
    pieces = np.where(length > MAX_EDGE_M, np.ceil(length / (0.9 * MAX_EDGE_M)), 1).astype(np.int64)
    if not len(seg) or pieces.max() == 1:
        return seg, owner
    seg = undirected(seg)
    rows = np.repeat(np.arange(len(seg)), pieces)
    k = np.arange(len(rows)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    a, b = seg[rows, :2], seg[rows, 2:]
    n = pieces[rows][:, None].astype(np.float64)
    start = np.where((k == 0)[:, None], a, snap(a + (b - a) * k[:, None] / n))
    end = np.where((k == n[:, 0] - 1)[:, None], b, snap(a + (b - a) * (k[:, None] + 1) / n))
    return np.column_stack([start, end]), owner[rows]


def node(geoms: Any) -> BaseGeometry:
    """Node lines and polygon outlines (work CRS) together on the 1 mm grid; duplicates are dropped.

    Returns
    -------
    MultiLineString
        Fully noded lines with coordinates that are multiples of 1 mm and edges of at most about MAX_EDGE_M.
    """
    seg = undirected(segments(geoms)[0])
    if not len(seg):
        return shapely.MultiLineString()
    seg = np.unique(snap(seg), axis=0)
    seg = np.unique(split_long(seg, np.arange(len(seg)))[0], axis=0)
    seg = seg[(seg[:, 0] != seg[:, 2]) | (seg[:, 1] != seg[:, 3])]
    drawn = shapely.line_merge(shapely.multilinestrings(lines(seg)))  # a third of the time that segments take
    noded = shapely.union_all(shapely.get_parts(drawn), grid_size=GRID_M)
    return shapely.transform(noded, snap)


def faces(noded: Any) -> tuple[Geometries, Floats]:
    """Polygonize noded lines: one multi-line, or an array of lines.

    Returns
    -------
    tuple
        The faces in a fixed order (by their bounds), and the lengths in metres of the lines that end in the open.
    """
    polygons, cuts, dangles, _ = shapely.polygonize_full(shapely.get_parts(noded))
    parts = shapely.get_parts(polygons)
    loose = np.concatenate([shapely.get_parts(dangles), shapely.get_parts(cuts)])
    ends = shapely.get_parts(geometries(shapely.line_merge(shapely.multilinestrings(loose))))
    return parts[fixed_order(parts)], shapely.length(ends).astype(np.float64)


def fixed_order(polygons: Geometries) -> Ints:
    """Return the order of faces by their bounds, (n,), which does not depend on how they were found."""
    b = shapely.bounds(polygons)
    return np.lexsort((shapely.area(polygons), b[:, 3], b[:, 2], b[:, 1], b[:, 0]))


def need_sound_when_stored(polygons: Geometries, work_crs: str) -> None:
    """Make sure that a coverage in the work CRS is one in stored coordinates too, where it is used.

    Raises
    ------
    InvalidInput
        Names the first place where an edge, straight in longitude and latitude, lies on the wrong side of a vertex.
    """
    stored = to_stored(gpd.GeoDataFrame(geometry=polygons, crs=work_crs)).geometry.to_numpy()
    if not shapely.is_valid(stored).all():
        at = stored[~shapely.is_valid(stored)][0]
    elif not shapely.coverage_is_valid(stored):
        wrong = shapely.coverage_invalid_edges(stored)
        at = wrong[~shapely.is_empty(wrong)][0]
    else:
        return
    lon, lat = shapely.get_coordinates(at)[0]
    raise InvalidInput(
        f"存储坐标（经纬度）中，({lon:.7f}, {lat:.7f}) 附近的边界互相交叉：那里有线与顶点相距不到 0.1 毫米；"
        "请把那里的边界或道路顶点移动几厘米，或另选 work_crs",
        f"in stored coordinates (lon/lat) borders cross near ({lon:.7f}, {lat:.7f}): a line passes a vertex at less "
        "than 0.1 mm; move a vertex of the boundary or road there by a few cm, or choose another work_crs",
        lon=float(lon),
        lat=float(lat),
    )


def dissolve(polygons: Any, labels: Any) -> tuple[Any, Geometries]:
    """Union the polygons of a coverage by label; no vertex is moved, added or lost on what remains of the borders.

    Returns
    -------
    tuple
        The sorted distinct labels and one (multi)polygon for each, normalized.
    """
    labels = np.asarray(labels)
    if not len(labels):
        return labels, np.empty(0, dtype=object)
    names, inverse = np.unique(labels, return_inverse=True)
    order = np.argsort(inverse, kind="stable")
    groups = np.split(np.asarray(polygons, dtype=object)[order], np.cumsum(np.bincount(inverse))[:-1])
    out = np.empty(len(names), dtype=object)
    out[:] = [_as_polygonal(shapely.coverage_union_all(g)) for g in groups]
    return names, shapely.normalize(out)


def _as_polygonal(geom: BaseGeometry) -> BaseGeometry:
    if geom.geom_type == "GeometryCollection":
        geom = shapely.multipolygons([g for g in shapely.get_parts(geom) if g.geom_type == "Polygon"])
    parts = shapely.get_parts(geom)
    return parts[0] if len(parts) == 1 else geom


def polygon_parts(geom: BaseGeometry) -> tuple[BaseGeometry, str]:
    """Make a geometry valid, keep its polygons, and tell what was left over.

    Examples
    --------
    >>> bow = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    >>> kept, rest = polygon_parts(bow)
    >>> kept.geom_type, kept.area, rest
    ('MultiPolygon', 2.0, '')
    """
    valid = geom if geom.is_valid else shapely.make_valid(geom)
    pieces = shapely.get_parts(valid)
    pieces = np.concatenate([shapely.get_parts(p) for p in pieces]) if len(pieces) else pieces
    polygonal = shapely.get_type_id(pieces) == 3
    rest = ", ".join(sorted(p.wkt for p in pieces[~polygonal]))
    kept = pieces[polygonal]
    return (kept[0] if len(kept) == 1 else shapely.multipolygons(kept)), rest


def node_base(communities: gpd.GeoDataFrame, work_crs: str) -> tuple[gpd.GeoDataFrame, list[Row]]:
    """Node the boundaries of all communities once, together: the base layer (SEMANTICS 2).

    Parameters
    ----------
    communities
        code, name, geometry, in any CRS. All other columns are kept.
    work_crs
        The metric CRS of the result.

    Returns
    -------
    tuple
        The communities in the work CRS, sharing their borders vertex by vertex, and report rows: broken polygons
        (polygon parts kept), overlaps (the lower code keeps the ground) and gaps (left out).

    Raises
    ------
    InvalidInput
        When nothing of a community remains, or a code occurs twice.
    """
    rows: list[Row] = []
    base = communities.sort_values("code", kind="stable").reset_index(drop=True)
    if twice := sorted(set(base["code"][base["code"].duplicated()])):
        raise InvalidInput(f"社区代码重复：{twice}", f"community codes occur twice: {twice}", codes=twice)
    base = to_work(base, work_crs, "communities")
    given = np.array([_repaired(g, str(c), rows) for g, c in zip(base.geometry, base["code"], strict=True)])
    parts, _ = faces(node(given))
    owner = _owners(parts, given, base["code"].to_list(), rows)
    ids, polygons = dissolve(parts[owner >= 0], owner[owner >= 0])
    if len(ids) < len(base):
        lost = sorted(set(base["code"]) - set(base["code"].iloc[ids]))
        raise InvalidInput(
            f"社区 {lost} 与其他社区完全重叠或没有面积", f"nothing remains of the communities {lost}: covered or empty"
        )
    return base.set_geometry(gpd.GeoSeries(polygons, index=base.index, crs=work_crs)), rows


def _repaired(geom: BaseGeometry, code: str, rows: list[Row]) -> BaseGeometry:
    if geom is None or geom.is_empty or geom.is_valid:
        if geom is None or geom.area == 0:
            raise InvalidInput(f"社区 {code} 的边界为空", f"the boundary of community {code} is empty", code=code)
        return geom
    kept, rest = polygon_parts(geom)
    why = shapely.is_valid_reason(geom)
    if kept.area == 0:
        raise InvalidInput(f"社区 {code} 的边界无效：{why}", f"the boundary of {code} is broken: {why}", code=code)
    rows.append(
        report_row(
            "warning", "base", code, "valid", kept.area - geom.area,
            f"边界无效（{why}），保留其面状部分；剔除：{rest or '无'}",
            f"the boundary was invalid ({why}); its polygon parts are kept; left out: {rest or 'nothing'}",
        )
    )  # fmt: skip
    return kept


def _owners(parts: Any, given: Any, codes: list[str], rows: list[Row]) -> Ints:
    """Give each face to the community that covers it; report overlaps and gaps."""
    points = shapely.point_on_surface(parts)
    face, community = shapely.STRtree(given).query(points, predicate="within")
    owner = np.full(len(parts), -1, dtype=np.int64)
    order = np.argsort(community, kind="stable")[::-1]
    owner[face[order]] = community[order]
    area = shapely.area(parts)
    for f in np.flatnonzero(np.bincount(face, minlength=len(parts)) > 1):
        who = [codes[c] for c in np.sort(community[face == f])]
        x, y = points[f].x, points[f].y
        rows.append(
            report_row(
                "warning", "base", who[0], "overlap", float(area[f]),
                f"社区 {who} 在 ({x:.0f}, {y:.0f}) 重叠 {area[f]:.3f} 平方米，归 {who[0]}",
                f"communities {who} overlap by {area[f]:.3f} m2 at ({x:.0f}, {y:.0f}); {who[0]} keeps it",
            )
        )  # fmt: skip
    for f in np.flatnonzero(owner < 0):
        x, y = points[f].x, points[f].y
        rows.append(
            report_row(
                "warning", "base", "", "gap", float(area[f]),
                f"社区之间在 ({x:.0f}, {y:.0f}) 有空隙 {area[f]:.3f} 平方米，不属于任何社区",
                f"a gap of {area[f]:.3f} m2 among the communities at ({x:.0f}, {y:.0f}) belongs to none",
            )
        )  # fmt: skip
    return owner


def report_row(severity: str, stage: str, subject: str, rule: str, measure: float, zh: str, en: str) -> Row:
    """Make one report row (model.REPORT_COLUMNS)."""
    return {
        "severity": severity, "stage": stage, "subject": subject, "rule": rule,
        "measure": round(float(measure), 3), "zh": zh, "en": en,
    }  # fmt: skip
