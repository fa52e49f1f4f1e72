from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from shapely.geometry import LineString, Point, box

from gridgis.service.display import add_display_columns
from gridgis.service.showing import Shown
from maps.encode import STEP_DEG, decode, lines, path, polygons
from maps.payload import make_payload
from maps.roadnames import name_anchors

ORIGIN = np.array([109.03, 32.69])


@given(arrays(np.float64, (7, 2), elements=st.floats(-0.5, 0.5)))
def test_a_path_comes_back_to_half_a_step(offsets: np.ndarray) -> None:
    xy = ORIGIN + offsets
    assert np.abs(decode(path(xy, ORIGIN), ORIGIN) - xy).max() <= 0.51 * STEP_DEG


def test_equal_points_of_two_paths_stay_equal() -> None:
    shared = np.array([[109.012345678, 32.687654321]])
    a = decode(path(np.vstack([[109, 32], shared]), ORIGIN), ORIGIN)[-1]
    b = decode(path(np.vstack([[110, 33], [109.5, 32.5], shared]), ORIGIN), ORIGIN)[-1]
    assert a.tolist() == b.tolist()


def test_a_hole_stays_a_ring_of_its_polygon() -> None:
    ring = box(0, 0, 3, 3) - box(1, 1, 2, 2)
    assert [len(rings) for rings in polygons(ring, ORIGIN)] == [2]


def test_a_multiline_becomes_several_paths() -> None:
    assert len(lines(shapely.multilinestrings([[(0, 0), (1, 0)], [(0, 1), (1, 1)]]), ORIGIN)) == 2


def test_a_point_is_no_polygon() -> None:
    assert polygons(Point(0, 0), ORIGIN) == []


def test_level_3_takes_the_hue_of_its_level_2_grid(shown: Shown) -> None:
    grids = add_display_columns(shown.grids)
    colour = dict(zip(grids["code"], grids["colour"], strict=True))
    nested = grids[grids["level"].fillna(0) == 3]
    assert [
        c for c, p, own in zip(nested["code"], nested["parent"], nested["colour"], strict=True) if colour[p] != own
    ] == []


def test_neighbours_of_level_2_differ_in_hue(shown: Shown) -> None:
    grids = add_display_columns(shown.grids)
    second = grids[grids["level"].fillna(0) == 2].reset_index(drop=True)
    i, j = second.sindex.query(second.geometry, predicate="touches")
    assert not (second["colour"].to_numpy()[i] == second["colour"].to_numpy()[j]).any()


def test_every_label_lies_in_its_grid(shown: Shown) -> None:
    grids = add_display_columns(shown.grids)
    spots = gpd.points_from_xy(grids["label_lon"], grids["label_lat"], crs=grids.crs)
    assert grids.geometry.contains(gpd.GeoSeries(spots, index=grids.index)).all()


def test_each_class_of_road_is_drawn_in_one_stroke(shown: Shown) -> None:
    town = make_payload(shown.grids, shown.context, shown.cards, "图", "")["town"]
    roads = [item["klass"] for item in town["lines"] if item["layer"] == "roads"]
    assert sorted(roads) == sorted(shown.context["roads"]["klass"].unique())


@pytest.mark.parametrize("ends", [((109, 32), (109.02, 32)), ((109.02, 32), (109, 32))])
def test_a_name_is_never_upside_down(ends: tuple[tuple[float, float], ...]) -> None:
    frame = gpd.GeoDataFrame({"name": ["东大街"], "klass": ["primary"]}, geometry=[LineString(ends)], crs=4490)
    assert {spot["angle"] for spot in name_anchors(frame)} == {0.0}


def test_a_name_leans_as_its_road_does() -> None:
    frame = gpd.GeoDataFrame({"name": ["斜街"], "klass": ["primary"]}, geometry=[LineString([(0, 0), (0.02, 0.02)])])
    assert all(abs(spot["angle"] + 45) < 0.1 for spot in name_anchors(frame))


def test_a_long_road_has_its_name_several_times() -> None:
    frame = gpd.GeoDataFrame({"name": ["环城路"], "klass": ["primary"]}, geometry=[LineString([(0, 0), (0.02, 0)])])
    assert len(name_anchors(frame)) == 6


def test_a_road_without_a_name_has_none_written() -> None:
    frame = gpd.GeoDataFrame({"name": [None], "klass": ["primary"]}, geometry=[LineString([(0, 0), (0.02, 0)])])
    assert name_anchors(frame) == []


def test_a_hairpin_has_no_name_across_its_bend() -> None:
    bend = LineString([(0, 0), (0.0005, 0), (0.0005, 0.0001), (0, 0.0001)])
    frame = gpd.GeoDataFrame({"name": ["盘山路"], "klass": ["primary"]}, geometry=[bend])
    assert name_anchors(frame) == []
