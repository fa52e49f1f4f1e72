"""Topology made once: noding, faces, dissolving, and the base layer of several communities."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgis.errors import InvalidInput
from gridgis.geometry.coverage import (
    MAX_EDGE_M,
    dissolve,
    faces,
    need_sound_when_stored,
    node,
    node_base,
    polygon_parts,
    segments,
    undirected,
)
from gridgis.geometry.crs import snap, to_stored
from gridgis.partition.noding.atoms import shared_segments

WORK = "EPSG:4545"
EAST, NORTH = 500_000.0, 3_600_000.0
few = settings(max_examples=40, deadline=None)
millimetres = st.integers(0, 90_000).map(lambda n: n / 1000)
places = st.tuples(millimetres, millimetres)


@st.composite
def drawings(draw: st.DrawFn) -> list[Any]:
    """Draw a box with lines across it, all on the millimetre grid."""
    ends = draw(st.lists(st.tuples(places, places).filter(lambda e: e[0] != e[1]), max_size=6))
    return [shapely.box(0, 0, 90, 90), *(shapely.LineString(e) for e in ends)]


def points_of(geoms: Any) -> set[tuple[float, ...]]:
    return set(map(tuple, shapely.get_coordinates(geoms).tolist()))


@few
@given(drawn=drawings())
def test_no_vertex_of_a_drawing_is_lost_or_moved_by_noding(drawn: list[Any]) -> None:
    assert points_of(snap_all(drawn)) <= points_of(node(drawn))


def snap_all(geoms: list[Any]) -> Any:
    return shapely.transform(np.array(geoms, dtype=object), snap)


@few
@given(drawn=drawings())
def test_noded_lines_meet_at_their_ends_only(drawn: list[Any]) -> None:
    lines = shapely.get_parts(node(drawn))
    a, b = shapely.STRtree(lines).query(lines, predicate="intersects")
    a, b = a[a < b], b[a < b]
    meet = shapely.intersection(lines[a], lines[b])
    assert shapely.length(meet).sum() == 0
    assert points_of(meet) <= points_of(lines)


@few
@given(drawn=drawings())
def test_noded_coordinates_lie_on_the_grid_with_short_edges(drawn: list[Any]) -> None:
    noded = node(drawn)
    xy = shapely.get_coordinates(noded)
    seg, _ = segments(noded)
    assert np.array_equal(xy, snap(xy))
    assert np.hypot(seg[:, 2] - seg[:, 0], seg[:, 3] - seg[:, 1]).max() <= MAX_EDGE_M + 0.002


@few
@given(drawn=drawings())
def test_noding_again_changes_nothing(drawn: list[Any]) -> None:
    once = node(drawn)
    seg = [np.unique(undirected(segments(n)[0]), axis=0) for n in (once, node(once))]
    assert np.array_equal(*seg)


@few
@given(drawn=drawings())
def test_the_faces_fill_the_box_and_are_a_valid_coverage(drawn: list[Any]) -> None:
    parts, _ = faces(node(drawn))
    assert shapely.area(parts).sum() == pytest.approx(8100, abs=1e-6)
    assert shapely.coverage_is_valid(parts)


def beside(metres: float) -> Any:
    """Draw a parcel with an edge of 1 km, and another one whose corner is near the middle of that edge."""
    drawn = [shapely.box(0, 0, 1000, 10), shapely.Polygon([(500, -metres), (490, -20), (510, -20)])]
    return shapely.transform(np.array(drawn, dtype=object), lambda xy: xy + np.array([EAST, NORTH]))


def test_what_is_a_coverage_in_the_work_crs_alone_is_refused_by_place() -> None:
    assert shapely.coverage_is_valid(beside(0.001))
    with pytest.raises(InvalidInput, match=r"borders cross near \(1\d\d\.\d{7}, 32\.\d{7}\)"):
        need_sound_when_stored(beside(0.001), WORK)


def test_what_is_a_coverage_in_stored_coordinates_too_is_taken() -> None:
    need_sound_when_stored(beside(0.05), WORK)


def test_noding_nothing_gives_nothing() -> None:
    parts, ends = faces(node([]))
    assert (len(parts), len(ends)) == (0, 0)


def test_lines_that_end_in_the_open_are_told_by_length() -> None:
    _, ends = faces(node([shapely.box(0, 0, 10, 10), shapely.LineString([(5, 5), (5, 8)])]))
    assert ends.tolist() == [3.0]


@few
@given(drawn=drawings(), data=st.data())
def test_dissolving_keeps_areas_and_all_vertices_of_the_borders(drawn: list[Any], data: st.DataObject) -> None:
    parts, _ = faces(node(drawn))
    labels = data.draw(st.lists(st.integers(0, 2), min_size=len(parts), max_size=len(parts)))
    names, merged = dissolve(parts, labels)
    area = [shapely.area(parts[np.array(labels) == n]).sum() for n in names]
    assert shapely.area(merged) == pytest.approx(area)
    seg, left, right = shared_segments(parts)
    kept = (left < 0) | (np.array(labels)[left] != np.array(labels)[right])
    after, _, _ = shared_segments(merged)
    assert np.array_equal(np.unique(after, axis=0), np.unique(seg[kept], axis=0))


@few
@given(drawn=drawings())
def test_dissolving_all_gives_the_boundary(drawn: list[Any]) -> None:
    parts, _ = faces(node(drawn))
    _, (whole,) = dissolve(parts, [7] * len(parts))
    assert whole.equals(shapely.box(0, 0, 90, 90))


@few
@given(drawn=drawings())
def test_shared_segments_tell_both_sides_of_each_segment(drawn: list[Any]) -> None:
    parts, _ = faces(node(drawn))
    seg, left, right = shared_segments(parts)
    sides: dict[tuple[float, ...], list[int]] = {}
    for i, polygon in enumerate(parts):
        for ring in (polygon.exterior, *polygon.interiors):
            xy = list(ring.coords)
            for a, b in pairwise(xy):
                sides.setdefault((*min(a, b), *max(a, b)), []).append(i)
    expected = {s: (min(o) if len(o) == 2 else -1, max(o)) for s, o in sides.items()}
    found = {tuple(s): (int(a), int(b)) for s, a, b in zip(seg.tolist(), left, right, strict=True)}
    assert found == expected


def test_dissolving_nothing_gives_nothing() -> None:
    names, merged = dissolve([], [])
    assert (len(names), len(merged)) == (0, 0)


def test_segments_keep_the_direction_drawn_and_name_their_geometry() -> None:
    seg, owner = segments([shapely.LineString([(2, 0), (0, 0)]), shapely.box(0, 0, 1, 1)])
    assert seg[owner == 0].tolist() == [[2, 0, 0, 0]]
    assert (owner == 1).sum() == 4


def test_what_is_no_polygon_is_named_when_polygons_are_kept() -> None:
    mixed = shapely.GeometryCollection([shapely.box(0, 0, 1, 1), shapely.Point(5, 5)])
    kept, rest = polygon_parts(mixed)
    assert (kept.area, rest) == (1.0, "POINT (5 5)")


# --------------------------------------------------------------------------------------------------- the base layer


def base_of(**shapes: Any) -> gpd.GeoDataFrame:
    moved = [shapely.transform(g, lambda xy: xy + np.array([EAST, NORTH])) for g in shapes.values()]
    return gpd.GeoDataFrame({"code": list(shapes), "name": list(shapes)}, geometry=moved, crs=WORK)


SLANTED = {
    "a": shapely.Polygon([(0, 0), (100, 0), (103.3, 400), (0, 400)]),
    "b": shapely.Polygon([(100, 0), (300, 0), (300, 400), (103.3, 400), (101.65, 200)]),
}


def test_neighbours_share_every_vertex_of_their_border() -> None:
    base, _ = node_base(base_of(**SLANTED), WORK)
    assert shapely.coverage_is_valid(base.geometry.to_numpy(), gap_width=0.001)
    _, left, right = shared_segments(base.geometry.to_numpy())
    assert (left[left >= 0] == 0).all()
    assert (right[left >= 0] == 1).all()


def test_no_given_vertex_is_moved() -> None:
    given_ = base_of(**SLANTED)
    base, _ = node_base(given_, WORK)
    assert points_of(given_.geometry.to_numpy()) <= points_of(base.geometry.to_numpy())


def test_a_clean_base_is_reported_in_no_row() -> None:
    assert node_base(base_of(**SLANTED), WORK)[1] == []


@few
@given(bend=st.lists(places, min_size=1, max_size=6))
def test_a_base_is_the_same_when_it_is_made_of_itself(bend: list[tuple[float, float]]) -> None:
    left = shapely.MultiPoint([(0, 0), (0, 300), (30, 250), *bend]).convex_hull
    right = shapely.box(0, 0, 300, 300).difference(left)
    first, _ = node_base(base_of(a=left, b=right), WORK)
    again, rows = node_base(first, WORK)
    stored, _ = node_base(to_stored(first), WORK)
    assert rows == []
    assert shapely.to_wkb(again.geometry).tolist() == shapely.to_wkb(first.geometry).tolist()
    assert shapely.to_wkb(stored.geometry).tolist() == shapely.to_wkb(first.geometry).tolist()


def test_an_overlap_goes_to_the_lower_code_and_is_reported() -> None:
    base, rows = node_base(base_of(b=shapely.box(0, 0, 60, 50), a=shapely.box(50, 0, 100, 50)), WORK)
    assert base.area.tolist() == [2500, 2500]
    assert [(r["rule"], r["subject"], r["measure"]) for r in rows] == [("overlap", "a", 500.0)]


def test_a_gap_is_reported_and_left_out() -> None:
    ring = {
        "a": shapely.Polygon([(0, 0), (90, 0), (90, 90), (60, 90), (60, 30), (0, 30)]),
        "b": shapely.Polygon([(0, 30), (50, 30), (50, 80), (60, 80), (60, 90), (0, 90)]),
    }
    base, rows = node_base(base_of(**ring), WORK)
    assert [(r["rule"], r["measure"]) for r in rows] == [("gap", 500.0)]
    assert base.area.sum() == 8100 - 500


def test_a_community_under_another_one_is_refused_by_code() -> None:
    with pytest.raises(InvalidInput, match="'b'"):
        node_base(base_of(a=shapely.box(0, 0, 50, 50), b=shapely.box(10, 10, 20, 20)), WORK)


def test_a_boundary_without_area_is_refused_by_code() -> None:
    with pytest.raises(InvalidInput, match="a"):
        node_base(base_of(a=shapely.LineString([(0, 0), (1, 1)])), WORK)


def test_a_code_given_twice_is_refused() -> None:
    frame = base_of(a=shapely.box(0, 0, 1, 1), b=shapely.box(1, 0, 2, 1)).assign(code="7")
    with pytest.raises(InvalidInput, match="'7'"):
        node_base(frame, WORK)
