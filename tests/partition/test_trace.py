"""Faces traced from segments, against GEOS: polygonizing, and each segment looked up in all faces."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgis.geometry.arrays import Geometries
from gridgis.geometry.coverage import faces, node, segments
from gridgis.partition.noding.atoms import shared_segments
from gridgis.partition.noding.trace import Traced, trace

ORIGIN = np.array([500_000.0, 3_600_000.0])
few = settings(deadline=None, max_examples=150)
place = st.tuples(st.integers(0, 6), st.integers(0, 6))  # few places: faces touch at points, lie in one another


def traced(drawn: list[shapely.Geometry] | Geometries) -> tuple[Traced, Geometries]:
    """Trace noded lines; and polygonize the same."""
    noded = node(np.asarray(drawn, dtype=object))
    moved = shapely.transform(noded, lambda xy: xy + ORIGIN)
    return trace(segments(noded)[0], ORIGIN), faces(moved)[0]


def wkb(polygons: Geometries) -> list[bytes]:
    return sorted(shapely.to_wkb(shapely.normalize(polygons)).tolist())


@few
@given(lines=st.lists(st.tuples(place, place).filter(lambda e: e[0] != e[1]), max_size=25))
def test_faces_are_those_of_polygonizing(lines: list[tuple[tuple[int, int], tuple[int, int]]]) -> None:
    found, right = traced([shapely.LineString(e) for e in lines])
    assert wkb(found.polygons) == wkb(right)
    assert shapely.is_valid(found.polygons).all()


@few
@given(boxes=st.lists(st.tuples(place, st.integers(1, 3), st.integers(1, 3)), max_size=9))
def test_islands_and_rings_that_touch(boxes: list[tuple[tuple[int, int], int, int]]) -> None:
    found, right = traced([shapely.box(x, y, x + w, y + h) for (x, y), w, h in boxes])
    assert wkb(found.polygons) == wkb(right)
    seg, low, high = shared_segments(found.polygons)
    assert np.array_equal(found.seg, seg)
    assert np.array_equal(found.left, low)
    assert np.array_equal(found.right, high)


def test_an_island_in_an_island_is_a_hole_of_the_nearest_face() -> None:
    boxes = [
        shapely.box(0, 0, 30, 30),
        shapely.box(5, 5, 25, 25),
        shapely.box(10, 10, 12, 12),
        shapely.box(20, 5, 25, 9),
    ]
    found, right = traced(boxes)
    assert wkb(found.polygons) == wkb(right)
    assert shapely.get_num_interior_rings(found.polygons).sum() == 2
    assert shapely.area(found.polygons).sum() == pytest.approx(900)


def test_lines_that_end_in_the_open_are_no_borders() -> None:
    tail = shapely.LineString([(10, 5), (20, 5), (20, 8)])
    bridge = shapely.LineString([(10, 2), (30, 2)])
    found, _ = traced([shapely.box(0, 0, 10, 10), tail, bridge, shapely.box(30, 0, 40, 10)])
    assert shapely.area(found.polygons).tolist() == [100, 100]
    assert (found.left == -1).all()
    nothing, _ = traced([tail])
    assert len(nothing.polygons) == len(nothing.seg) == len(nothing.left) == 0


def test_among_some_faces_the_others_are_outside() -> None:
    found, _ = traced([shapely.box(x, 0, x + 10, 10) for x in (0, 10, 20)])
    held = np.array([False, True, True])
    seg, low, high = found.among(held)
    expected = shared_segments(found.polygons[held])
    assert np.array_equal(seg, expected[0])
    assert np.array_equal(low, expected[1])
    assert np.array_equal(high, expected[2])
