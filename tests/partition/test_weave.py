"""Faces cut by ridges at once, against noding everything; samples; and what is too near."""

from __future__ import annotations

from itertools import pairwise

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from gridgis.geometry.arrays import Floats, Geometries, Ints, geometries, lines
from gridgis.geometry.coverage import MAX_EDGE_M, faces, need_sound_when_stored, node, segments
from gridgis.geometry.crs import snap
from gridgis.model import Community, DivisionRules, no_progress
from gridgis.partition.ground import take_in
from gridgis.partition.kernels.segments import chains, crossings, inside, too_near
from gridgis.partition.noding.atoms import make_atoms, shared_segments
from gridgis.partition.noding.voronoi import INSET_M, _inset_quadrilaterals, ridges, sample_outlines
from gridgis.partition.noding.weave import CLEAR_M, Outlines, weave

WORK = "EPSG:4545"
EAST, NORTH = 500_000.0, 3_600_000.0
few = settings(deadline=None, max_examples=60)

place = st.tuples(st.integers(0, 2000), st.integers(0, 2000)).map(lambda p: (EAST + p[0] / 10, NORTH + p[1] / 10))


@st.composite
def scenes(draw: st.DrawFn) -> tuple[Geometries, Floats, Ints]:
    """Draw blocks of a square of 200 m, and labelled points in it."""
    ends = draw(st.lists(st.tuples(place, place).filter(lambda e: e[0] != e[1]), max_size=5))
    square = shapely.box(EAST, NORTH, EAST + 200, NORTH + 200)
    blocks, _ = faces(node([square, *(shapely.LineString(e) for e in ends)]))
    spots = np.array(draw(st.lists(place, min_size=1, max_size=25, unique=True)))
    labels = np.array(draw(st.lists(st.integers(0, 6), min_size=len(spots), max_size=len(spots))))
    return blocks, spots, labels


def outlines_of(blocks: Geometries) -> Outlines:
    return Outlines.of(*shared_segments(blocks), len(blocks))


def in_blocks(blocks: Geometries, spots: Floats) -> Ints:
    """Return the block around each point, -1 on a border."""
    out = np.full(len(spots), -1, dtype=np.int64)
    p, b = shapely.STRtree(blocks).query(shapely.points(spots), predicate="within")
    out[p] = b
    return out


@few
@given(scene=scenes())
def test_woven_faces_are_a_coverage_that_fills_the_blocks(scene: tuple[Geometries, Floats, Ints]) -> None:
    blocks, spots, labels = scene
    block = in_blocks(blocks, spots)
    held = block >= 0
    drawn = ridges(spots[held], labels[held], block[held])
    polygons = weave(outlines_of(blocks), *drawn)[0].polygons
    assert shapely.is_valid(polygons).all()
    assert shapely.coverage_is_valid(polygons, gap_width=0.001)
    assert shapely.area(polygons).sum() == pytest.approx(40_000, abs=1.0)
    need_sound_when_stored(polygons, WORK)
    xy = shapely.get_coordinates(polygons)
    assert np.array_equal(xy, snap(xy))
    seg, _ = segments(polygons)
    assert np.hypot(seg[:, 2] - seg[:, 0], seg[:, 3] - seg[:, 1]).max() <= MAX_EDGE_M + 0.002
    corners = {tuple(v) for v in shapely.get_coordinates(blocks).tolist()}
    assert corners <= {tuple(v) for v in xy.tolist()}


@few
@given(scene=scenes())
def test_woven_faces_are_those_of_noding_everything_but_for_smoothing(scene: tuple[Geometries, Floats, Ints]) -> None:
    """The safe road: all outlines and unsimplified ridges noded at once."""
    blocks, spots, labels = scene
    block = in_blocks(blocks, spots)
    held = block >= 0
    ridge, face, _ = ridges(spots[held], labels[held], block[held])
    woven = weave(outlines_of(blocks), ridge, face, np.zeros(len(ridge)))[0].polygons
    clipped = [shapely.intersection(line, blocks[f]) for line, f in zip(lines(ridge), face, strict=True)]
    safe, _ = faces(node([*blocks, *clipped]))
    near = shapely.buffer(shapely.union_all(shapely.boundary(safe)), 0.5)
    assert shapely.covers(near, shapely.boundary(woven)).all()
    kept = shapely.buffer(shapely.union_all(shapely.boundary(woven)), 0.5)
    assert shapely.covers(kept, shapely.boundary(safe)).all()


@few
@given(scene=scenes())
def test_the_ridges_part_points_of_different_labels(scene: tuple[Geometries, Floats, Ints]) -> None:
    blocks, spots, labels = scene
    block = in_blocks(blocks, spots)
    held = block >= 0
    polygons = weave(outlines_of(blocks), *ridges(spots[held], labels[held], block[held]))[0].polygons
    clear = shapely.distance(shapely.points(spots), shapely.union_all(shapely.boundary(polygons))) > 0
    for cell in polygons:
        inside_ = held & clear & shapely.contains_xy(cell, spots)
        assert len(np.unique(labels[inside_])) <= 1


def test_a_face_without_ridges_gets_the_vertex_that_its_neighbour_has_on_the_border() -> None:
    blocks = shapely.transform(
        np.array([shapely.box(0, 0, 40, 40), shapely.box(40, 0, 80, 40)], dtype=object),
        lambda xy: xy + np.array([EAST, NORTH]),
    )
    ridge = np.array([[-5.0, 10.0, 45.0, 10.0]]) + np.tile([EAST, NORTH], 2)
    polygons = weave(outlines_of(blocks), ridge, np.array([0]), np.zeros(1))[0].polygons
    assert sorted(shapely.area(polygons).tolist()) == [400, 1200, 1600]
    assert (EAST + 40, NORTH + 10) in polygons[-1].exterior.coords[:]


def test_nothing_to_weave_gives_nothing() -> None:
    none = outlines_of(np.empty(0, dtype=object))
    assert len(weave(none, np.empty((0, 4)), np.empty(0, dtype=np.int64), np.empty(0))[0].polygons) == 0


# ------------------------------------------------------------------------------------------------------ the loops

local = st.tuples(st.integers(0, 30), st.integers(0, 30))
pairs = st.lists(st.tuples(local, local).filter(lambda e: e[0] != e[1]), min_size=1, max_size=12, unique=True)


@few
@given(ends=pairs)
def test_what_is_too_near_is_found_as_by_comparing_all(ends: list[tuple[tuple[int, int], tuple[int, int]]]) -> None:
    seg = np.array([[*a, *b] for a, b in {tuple(sorted(e)) for e in ends}], dtype=np.float64)
    drawn = lines(seg)
    expected = np.zeros(len(seg), dtype=bool)
    for i in range(len(seg)):
        for j in range(i):
            common = shapely.intersection(drawn[i], drawn[j])
            apart = shapely.distance(drawn[i], drawn[j]) > CLEAR_M
            ends_of = [set(map(tuple, shapely.get_coordinates(d).tolist())) for d in (drawn[i], drawn[j])]
            joint = common.geom_type == "Point" and (common.x, common.y) in ends_of[0] & ends_of[1]
            if not apart and not joint:
                expected[[i, j]] = True
    assert too_near(seg, np.ones(len(seg), dtype=bool), CLEAR_M).tolist() == expected.tolist()
    assert not too_near(seg, np.zeros(len(seg), dtype=bool), CLEAR_M).any()


@few
@given(ends=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)).filter(lambda e: e[0] < e[1]), max_size=20))
def test_chains_use_each_segment_once_and_stop_at_junctions(ends: list[tuple[int, int]]) -> None:
    pairs_ = np.array(sorted(set(ends)), dtype=np.int64).reshape(-1, 2)
    kind = pairs_.sum(axis=1) % 2
    nodes, used, start = chains(pairs_, kind, 10)
    assert sorted(used.tolist()) == list(range(len(pairs_)))
    degree = np.bincount(pairs_.ravel(), minlength=10)
    for c, (i, j) in enumerate(pairwise(start)):
        own = used[i - c : j - c - 1]
        walked = np.sort(np.column_stack([nodes[i : j - 1], nodes[i + 1 : j]]), axis=1)
        assert np.array_equal(walked, pairs_[own])
        assert len(set(kind[own].tolist())) == 1
        assert (degree[nodes[i + 1 : j - 1]] == 2).all()


@few
@given(ends=pairs, spot=local)
def test_points_and_crossings_of_a_face_are_those_of_shapely(
    ends: list[tuple[tuple[int, int], tuple[int, int]]], spot: tuple[int, int]
) -> None:
    face = shapely.Polygon([(3, 2), (27, 4), (25, 28), (15, 9), (2, 26)], [[(6, 6), (9, 6), (8, 9)]])
    ring, _ = segments(face)
    ptr = np.array([0, len(ring)])
    if not shapely.intersects_xy(shapely.boundary(face), *spot):
        held = inside(np.array([spot], dtype=np.float64), np.array([0]), ptr, ring)
        assert held[0] == shapely.contains_xy(face, *spot)
    seg = np.array([[*a, *b] for a, b in ends], dtype=np.float64)
    who, row, t, u = crossings(seg, np.zeros(len(seg), dtype=np.int64), ptr, ring)
    at = seg[who, :2] + (seg[who, 2:] - seg[who, :2]) * t[:, None]
    assert np.allclose(at, ring[row, :2] + (ring[row, 2:] - ring[row, :2]) * u[:, None])
    met = shapely.crosses(lines(seg), face)
    assert set(np.flatnonzero(met).tolist()) <= set(who.tolist())


# -------------------------------------------------------------------------------------------------- the samples


def houses(gap: float) -> Geometries:
    """Draw two rows of houses that share walls, the second row moved half a house along, and a tower far away."""
    rows = [shapely.box(10 * i + 5 * j, (12 + gap) * j, 10 * i + 5 * j + 10, (12 + gap) * j + 12)
            for i in range(6) for j in range(2)]  # fmt: skip
    return shapely.transform(
        np.array([*rows, shapely.box(300, 0, 330, 15)], dtype=object), lambda xy: xy + np.array([EAST, NORTH])
    )


def test_a_building_alone_is_sampled_at_its_corners_only() -> None:
    _, owner = sample_outlines(houses(2.0))
    assert np.bincount(owner)[-1] == 4


@pytest.mark.parametrize("gap", [0.0, 0.5, 2.0, 8.0])
def test_no_border_cuts_a_building_by_more_than_its_inset(gap: float) -> None:
    drawn = houses(gap)
    xy, owner = sample_outlines(drawn)
    block = shapely.box(EAST - 50, NORTH - 50, EAST + 400, NORTH + 100)
    blocks, _ = faces(node([block]))
    polygons = weave(outlines_of(blocks), *ridges(xy, owner, np.zeros(len(xy), dtype=np.int64)))[0].polygons
    for building in drawn:
        core = shapely.buffer(building, -0.4, join_style="mitre")
        assert shapely.covers(polygons, core).sum() == 1


@pytest.mark.parametrize("shift", [0.0, 3.0, 12.0])
def test_along_a_shared_wall_each_side_is_nearest_to_itself(shift: float) -> None:
    """The samples of one side are set where those of the other were found too far apart, and the other way round."""
    west, east = shapely.box(0, 0, 30, 42), shapely.box(30, shift, 50, 41.5)
    xy, owner = sample_outlines([west, east])
    wall = np.column_stack([np.full(300, 30.3), np.linspace(shift + 0.3, 41.2, 300)])
    assert set(owner[cKDTree(xy).query(wall)[1]]) == {1}


def test_a_point_and_a_sliver_give_one_sample_each() -> None:
    thin = shapely.Polygon([(0, 0), (20, 0), (20, 0.1)])
    _, owner = sample_outlines([shapely.Point(3, 3), thin])
    assert owner.tolist() == [0, 1]


def test_atoms_are_sound_in_stored_coordinates_and_the_same_again() -> None:
    """The check is made on the blocks alone where all lines keep clear: here it is made on all atoms."""
    drawn = houses(0.5)
    frame = gpd.GeoDataFrame({"id": range(len(drawn)), "households": 20}, geometry=drawn, crs=WORK)
    outline = shapely.box(EAST - 40.0, NORTH - 35, EAST + 400, NORTH + 90)
    lane = shapely.LineString([(EAST - 60, NORTH + 12.25), (EAST + 450, NORTH + 13.1)])
    barriers = gpd.GeoDataFrame({"klass": ["residential"], "name": ["L"]}, geometry=[lane], crs=WORK)
    given_ = Community("990001001001", "C", outline, frame, barriers, None, None, WORK)
    made = []
    for _ in range(2):
        ground = take_in([given_], {given_.code: DivisionRules.for_community(given_.code)}, WORK)
        made.append(make_atoms(ground, no_progress))
    need_sound_when_stored(made[0].polygons, WORK)
    assert np.bincount(made[0].building_atom).max() == 1
    assert shapely.to_wkb(made[0].polygons).tolist() == shapely.to_wkb(made[1].polygons).tolist()


@few
@given(
    corners=st.lists(st.tuples(st.integers(0, 80), st.integers(0, 80)), min_size=4, max_size=4),
    reverse=st.booleans(),
)
def test_quadrilaterals_are_inset_as_by_a_buffer(corners: list[tuple[int, int]], reverse: bool) -> None:
    drawn = shapely.Polygon([(x / 10, y / 10) for x, y in (corners[::-1] if reverse else corners)])
    step, which = _inset_quadrilaterals(geometries([drawn, shapely.Point(1, 1), shapely.Polygon()]))
    assert set(which.tolist()) <= {0}
    if len(which):
        ring = shapely.Polygon(step[:, :2])
        assert ring.exterior.is_ccw
        assert np.array_equal(step[:, 2:], np.roll(step[:, :2], -1, axis=0))
        assert ring.symmetric_difference(drawn.buffer(-INSET_M, join_style="mitre")).area < 1e-6


def test_which_quadrilaterals_are_inset_without_a_buffer() -> None:
    house, slanted = shapely.box(0, 0, 12, 30), shapely.Polygon([(0, 0), (0, 6), (5, 4), (4, 0)])
    thin, bent = shapely.box(0, 0, 0.5, 10), shapely.Polygon([(0, 0), (4, 0), (0.5, 0.5), (0, 4)])
    holed = shapely.Polygon(house.exterior.coords, [[(3, 3), (6, 3), (6, 6)]])
    assert _inset_quadrilaterals(geometries([thin, house, bent, holed, slanted]))[1].tolist() == [1, 4]
