from __future__ import annotations

from itertools import combinations
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon, box

from gridgis.errors import InvalidInput
from gridgis.geometry.cleaning import Cleaned, clean_coverage
from tests.oracles.coverages import coverages

CRS = "EPSG:4545"


def layer(*geoms: Any) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"code": [chr(97 + k) for k in range(len(geoms))]}, geometry=list(geoms), crs=CRS)


def rows(cleaned: Cleaned) -> list[tuple[Any, ...]]:
    shown = cleaned.changes
    return [(r.feature.replace("code=", ""), r.kind, round(r.area_m2, 3), bool(r.done)) for r in shown.itertuples()]


def coords(cleaned: Cleaned, k: int) -> list[tuple[float, ...]]:
    return [tuple(p) for p in shapely.get_coordinates(cleaned.frame.geometry.iloc[k]).tolist()]


def wkb(frame: gpd.GeoDataFrame) -> list[bytes]:
    return list(shapely.to_wkb(frame.geometry.to_numpy()))


def wild(x: float) -> Any:
    return shapely.transform(box(0, 0, 1, 1), lambda xy: np.where(np.arange(len(xy))[:, None] == 1, [x, 1], xy))


# -- one fault each


def test_an_overlap_stays_with_the_feature_of_the_longest_border_to_it() -> None:
    wide, notch = box(0, 0, 10, 10), Polygon([(10, 0), (20, 0), (20, 10), (10, 10), (9.8, 5)])
    cleaned = clean_coverage(layer(wide, notch), 1)
    assert rows(cleaned) == [("a; b", "overlap", 1.0, True)]
    assert coords(cleaned, 0) == coords(clean_coverage(layer(wide), 1), 0)
    assert coords(cleaned, 1) == [(10, 0), (20, 0), (20, 10), (10, 10), (10, 0)]


def test_a_gap_goes_to_the_feature_of_the_longest_border_to_it() -> None:
    left, right = Polygon([(0, 0), (10, 0), (9.8, 5), (10, 10), (0, 10)]), box(10, 0, 20, 10)
    top = box(0, 10, 20, 12)
    cleaned = clean_coverage(layer(left, right, top), 1)
    assert ("a; b", "gap", 1.0, True) in rows(cleaned)
    assert cleaned.frame.area.sum() == pytest.approx(240)
    assert shapely.coverage_is_valid(cleaned.frame.geometry.to_numpy())


def test_what_is_wider_than_the_tolerance_is_only_reported() -> None:
    frame = layer(box(0, 0, 10, 10), box(8, 0, 20, 10))
    cleaned = clean_coverage(frame, 1)
    assert rows(cleaned) == [("a; b", "overlap", 20.0, False)]
    assert wkb(cleaned.frame) == wkb(frame)
    assert cleaned.changes["width_m"].iloc[0] == pytest.approx(2, rel=0.01)
    assert "wider than the tolerance of 1 m" in cleaned.changes["en"].iloc[0]


def test_the_area_of_a_fault_in_degrees_is_told_in_square_metres() -> None:
    frame = gpd.GeoDataFrame(geometry=[box(109, 32, 109.01, 32.01), box(109.0099, 32, 109.02, 32.01)], crs=4490)
    row = clean_coverage(frame, 50).changes.iloc[0]
    true = gpd.GeoSeries([row.geometry], crs=4490).to_crs(4545).area.iloc[0]
    assert row["area_m2"] == pytest.approx(true, rel=1e-3)
    assert row["width_m"] == pytest.approx(9.445, rel=0.01)


def test_a_vertex_that_a_neighbour_has_on_an_edge_is_put_in() -> None:
    tee = [box(0, 0, 10, 10), box(10, 0, 20, 5), box(10, 5, 20, 10)]
    cleaned = clean_coverage(layer(*tee), 0)
    assert rows(cleaned) == [("a", "missing-vertex", 0.0, True)]
    assert coords(cleaned, 0) == [(10, 0), (10, 5), (10, 10), (0, 10), (0, 0), (10, 0)]


def test_a_missing_vertex_that_rounding_put_beside_the_edge_is_put_in() -> None:
    a, b = np.array([109.0301234567, 32.6912345678]), np.array([109.0312345671, 32.6945678912])
    thirds = [a + (b - a) * k / 3 for k in (1, 2)]
    west, east = Polygon([a, b, (109.02, 32.69)]), Polygon([b, thirds[1], thirds[0], a, (109.05, 32.69)])
    frame = gpd.GeoDataFrame(geometry=[west, east], crs=4490)
    cleaned = clean_coverage(frame, 0)
    assert cleaned.changes["kind"].tolist() == ["missing-vertex"]
    assert shapely.coverage_is_valid(cleaned.frame.geometry.to_numpy())


def test_vertices_that_rounding_tells_apart_become_one() -> None:
    left, right = box(0, 0, 10, 10), Polygon([(10 + 1e-9, 0), (20, 0), (20, 10), (10, 10 - 1e-9)])
    cleaned = clean_coverage(layer(left, right), 0.1)
    assert set(cleaned.changes["kind"]) == {"near-vertex"}
    assert shapely.coverage_is_valid(cleaned.frame.geometry.to_numpy())


def test_doubled_vertices_are_left_out() -> None:
    cleaned = clean_coverage(layer(Polygon([(0, 0), (4, 0), (4, 0), (4, 0), (4, 4)])), 0)
    assert rows(cleaned) == [("a", "duplicate-vertex", 0.0, True)]
    assert "2 vertices" in cleaned.changes["en"].iloc[0]
    assert coords(cleaned, 0) == [(0, 0), (4, 0), (4, 4), (0, 0)]


@pytest.mark.parametrize("clockwise", [False, True])
def test_a_spike_goes_and_all_else_stays_as_drawn(clockwise: bool) -> None:
    ring = [(4, 4), (0, 4), (0, 0), (4, 0), (9, 0), (4, 0)][:: -1 if clockwise else 1]
    cleaned = clean_coverage(layer(Polygon(ring)), 1)
    assert rows(cleaned) == [("a", "invalid-ring", 0.0, True)]
    assert [p for p in coords(cleaned, 0)[:-1]] == [p for p in dict.fromkeys(ring) if p != (9, 0)]


def test_a_spike_across_the_polygon_leaves_no_vertex_where_it_crossed() -> None:
    ring = [(0, 0), (4, 0), (4, 2), (-3, 2), (4, 2), (4, 4), (0, 4)]
    cleaned = clean_coverage(layer(Polygon(ring), box(-4, 0, 0, 4)), 1)
    assert coords(cleaned, 0)[:-1] == [(0, 0), (4, 0), (4, 2), (4, 4), (0, 4)]


def test_a_bow_tie_keeps_both_halves() -> None:
    cleaned = clean_coverage(layer(Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])), 0)
    assert rows(cleaned) == [("a", "invalid-ring", 2.0, True)]
    assert cleaned.frame.geometry.iloc[0].area == 2


def test_a_feature_without_area_is_reported_and_kept() -> None:
    frame = layer(Polygon([(0, 0), (1, 1), (2, 2)]), box(0, 0, 4, 4))
    cleaned = clean_coverage(frame, 1)
    assert rows(cleaned) == [("a", "no-area", 0.0, False)]
    assert wkb(cleaned.frame) == wkb(frame)


def test_a_thin_part_goes_to_the_neighbour_with_the_longest_border() -> None:
    parts = MultiPolygon([box(0, 0, 10, 10), box(30, 0, 30.5, 10)])
    cleaned = clean_coverage(layer(parts, box(30.5, 0, 40, 10), box(20, 0, 30, 4)), 1)
    assert rows(cleaned) == [("a; b", "sliver", 5.0, True)]
    assert cleaned.frame.area.tolist() == [100, 100, 40]


def test_a_thin_feature_is_reported_not_lost() -> None:
    frame = layer(box(0, 0, 10, 10), box(10, 0, 10.5, 10), box(10.5, 0, 20, 10))
    cleaned = clean_coverage(frame, 1)
    assert rows(cleaned) == [("b", "sliver", 5.0, False)]
    assert wkb(cleaned.frame) == wkb(frame)


def test_a_thin_feature_under_another_keeps_its_ground() -> None:
    cleaned = clean_coverage(layer(box(0, 0, 10, 10), box(2, 2, 2.5, 8)), 1)
    assert ("a; b", "overlap", 3.0, True) in rows(cleaned)
    assert cleaned.frame.area.tolist() == [97, 3]


def test_two_thin_features_of_one_ground_are_only_reported() -> None:
    frame = layer(box(0, 0, 0.5, 10), box(0, 0, 0.5, 10))
    cleaned = clean_coverage(frame, 1)
    assert ("a; b", "overlap", 5.0, False) in rows(cleaned)
    assert wkb(cleaned.frame) == wkb(frame)


def test_a_narrow_hole_is_filled_and_a_wide_one_is_reported() -> None:
    whole = box(0, 0, 20, 20).difference(box(2, 2, 2.5, 9)).difference(box(10, 10, 15, 15))
    cleaned = clean_coverage(layer(whole), 1)
    assert rows(cleaned) == [("a", "gap", 3.5, True), ("a", "gap", 25.0, False)]
    assert len(cleaned.frame.geometry.iloc[0].interiors) == 1


def test_a_slit_that_is_open_at_both_ends_is_closed() -> None:
    cleaned = clean_coverage(layer(box(0, 0, 10, 10), box(10.2, -3, 20, 13)), 0.5)
    assert rows(cleaned) == [("a; b", "gap", 2.0, True)]
    assert shapely.coverage_is_valid(cleaned.frame.geometry.to_numpy(), 0.4)
    assert cleaned.frame.area.sum() == pytest.approx(100 + 9.8 * 16 + 2)


def test_a_slit_that_is_closed_at_one_end_is_closed_whole() -> None:
    left = Polygon([(0, 0), (9.8, 0), (9.8, 9), (10, 10), (0, 10)])
    cleaned = clean_coverage(layer(left, box(10, 0, 20, 10)), 0.5)
    assert rows(cleaned) == [("a; b", "gap", 1.9, True)]
    assert cleaned.frame.area.sum() == pytest.approx(200)


def test_a_notch_where_two_borders_part_stays() -> None:
    frame = layer(Polygon([(0, 0), (10, 0), (7, 10), (0, 10)]), Polygon([(10, 0), (20, 0), (20, 10), (10.5, 10)]))
    cleaned = clean_coverage(frame, 0.5)
    assert wkb(cleaned.frame) == wkb(frame)
    assert rows(cleaned) == []


def test_features_further_apart_than_the_tolerance_stay_apart() -> None:
    frame = layer(box(0, 0, 10, 10), box(10.6, 0, 20, 10))
    assert rows(clean_coverage(frame, 0.5)) == []


def test_an_overlap_across_a_border_that_two_share_is_told_for_each() -> None:
    frame = layer(box(0, 0, 10, 10), box(10, 0, 20, 10), box(5, 9.5, 15, 20))
    cleaned = clean_coverage(frame, 1)
    assert rows(cleaned) == [("a; c", "overlap", 2.5, True), ("b; c", "overlap", 2.5, True)]
    assert shapely.coverage_is_valid(cleaned.frame.geometry.to_numpy())


def test_features_hidden_under_another_are_found() -> None:
    cells = [box(x, y, x + 2, y + 2) for x in range(0, 10, 2) for y in range(0, 10, 2)]
    cleaned = clean_coverage(layer(box(-3, -3, 13, 13), *cells), 1)
    assert cleaned.changes["area_m2"].sum() == pytest.approx(100)
    assert not cleaned.changes["done"].any()
    assert len(cleaned.changes) == 25


def test_a_changed_multipolygon_stays_one_and_attributes_stay() -> None:
    frame = layer(MultiPolygon([box(0, 0, 10, 10)]), box(9.9, 0, 20, 10)).assign(name=["东", None])
    frame.index = [7, 3]
    cleaned = clean_coverage(frame, 1)
    assert cleaned.frame.geom_type.iloc[0] == "MultiPolygon"
    assert cleaned.frame.drop(columns="geometry").equals(frame.drop(columns="geometry"))


def test_heights_are_left_out_with_a_row() -> None:
    cleaned = clean_coverage(layer(Polygon([(0, 0, 5), (4, 0, 5), (4, 4, 5)])), 0)
    assert rows(cleaned) == [("a", "heights", 0.0, True)]
    assert not cleaned.frame.has_z.any()


def test_a_spike_that_only_rounding_opens_goes_too() -> None:
    cleaned = clean_coverage(layer(Polygon([(0, 0.7), (1, 0.7), (1, 1.7), (2, 2.7)])), 0)
    assert rows(cleaned) == [("a", "invalid-ring", 0.0, True)]
    assert coords(cleaned, 0) == [(0, 0.7), (1, 0.7), (1, 1.7), (0, 0.7)]


def test_an_empty_layer_stays_empty() -> None:
    cleaned = clean_coverage(layer(), 1)
    assert (len(cleaned.frame), len(cleaned.changes)) == (0, 0)


# -- refusals


@pytest.mark.parametrize("tolerance", [-1.0, float("nan"), float("inf")])
def test_a_tolerance_that_is_none_is_refused(tolerance: float) -> None:
    with pytest.raises(InvalidInput, match="tolerance"):
        clean_coverage(layer(box(0, 0, 1, 1)), tolerance)


@pytest.mark.parametrize(
    ("geom", "why"),
    [
        (None, "no geometry"),
        (Polygon(), "no geometry"),
        (shapely.Point(1, 1), "not a polygon"),
        (wild(np.nan), "not finite"),
        (wild(np.inf), "not finite"),
    ],
)
def test_a_feature_that_is_no_polygon_is_refused_by_name(geom: Any, why: str) -> None:
    with pytest.raises(InvalidInput, match=f"{why}.*code=b"):
        clean_coverage(layer(box(0, 0, 1, 1), geom), 1)


def test_a_layer_without_crs_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no CRS"):
        clean_coverage(gpd.GeoDataFrame(geometry=[box(0, 0, 1, 1)]), 1)


def test_a_column_that_is_not_there_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no column number"):
        clean_coverage(layer(box(0, 0, 1, 1)), 1, key="number")


# -- properties


@settings(deadline=None)
@given(coverages)
def test_a_sound_coverage_stays_byte_for_byte(polygons: list[Any]) -> None:
    frame = layer(*polygons)
    cleaned = clean_coverage(frame, 0)
    assert wkb(cleaned.frame) == wkb(frame)
    assert not cleaned.changes["done"].any()


@st.composite
def jumbles(draw: st.DrawFn, exact: bool = False) -> list[Any]:
    """Polygons on a small lattice, anyhow: overlaps, gaps, collinear edges, islands, parts, holes, broken rings."""
    step, up = (1.0, 0.0) if exact else (draw(st.sampled_from([1.0, 0.1, 1 / 3])), 0.7)
    whole = st.integers(0, 6)
    rectangle = st.tuples(whole, whole, st.integers(1, 4), st.integers(1, 4)).map(
        lambda b: box(b[0], b[1], b[0] + b[2], b[1] + b[3])
    )
    ring = st.lists(st.tuples(whole, whole), min_size=3, max_size=6, unique=True).map(Polygon)
    one = st.one_of(rectangle, ring)
    many = st.lists(one, min_size=2, max_size=3).map(MultiPolygon)
    hole = st.tuples(rectangle, rectangle).map(lambda p: p[0].difference(p[1].buffer(-0.3)))
    holed = hole.filter(lambda g: g.geom_type == "Polygon" and not g.is_empty)
    chosen = draw(st.lists(st.one_of(one, many, holed), min_size=1, max_size=6))
    return list(shapely.transform(np.array(chosen, dtype=object), lambda xy: xy * step + (0, up)))


def _valid(polygons: list[Any]) -> list[Any]:
    out = [shapely.make_valid(g, method="structure", keep_collapsed=False) for g in polygons]
    return [g for g in out if g.geom_type in ("Polygon", "MultiPolygon") and g.area > 0]


@settings(deadline=None, max_examples=60)
@given(jumbles(exact=True))
def test_all_ground_of_gaps_and_overlaps_is_reported(polygons: list[Any]) -> None:
    polygons = _valid(polygons)
    if not polygons:
        return
    told = clean_coverage(layer(*polygons), 0).changes
    union = shapely.union_all(polygons)
    inside = shapely.polygonize(shapely.get_parts(shapely.union_all(shapely.boundary(shapely.get_parts(union)))))
    twice = shapely.union_all([a.intersection(b).buffer(0) for a, b in combinations(polygons, 2)])
    area = told.groupby("kind")["area_m2"].sum()
    assert area.get("gap", 0.0) == pytest.approx(inside.area - union.area, abs=1e-5)
    assert area.get("overlap", 0.0) == pytest.approx(twice.area, abs=1e-5)


@settings(max_examples=60, deadline=None)
@given(jumbles(), st.sampled_from([0.0, 0.2, 1.0, 100.0]))
def test_cleaning_is_told_repeatable_and_loses_nothing(polygons: list[Any], tolerance: float) -> None:
    frame = layer(*polygons)
    cleaned = clean_coverage(frame, tolerance)
    again = clean_coverage(cleaned.frame, tolerance)
    assert wkb(again.frame) == wkb(cleaned.frame)
    assert not again.changes["done"].any()
    done = cleaned.changes[cleaned.changes["done"]]
    named = {name for text in done["feature"] for name in text.split("; ")}
    changed = [k for k, (a, b) in enumerate(zip(wkb(frame), wkb(cleaned.frame), strict=True)) if a != b]
    assert {f"code={chr(97 + k)}" for k in changed} <= named
    sound = shapely.is_valid(frame.geometry) & (frame.area > 1e-9)
    assert (cleaned.frame.area[sound] > 0).all()
    left = cleaned.changes[~cleaned.changes["done"]]
    if not left["kind"].isin(["overlap", "no-area"]).any():
        assert shapely.coverage_is_valid(cleaned.frame.geometry.to_numpy())
