"""GridIndex.build takes a coverage and nothing else: what it refuses, with what place, and that shapely agrees."""

from __future__ import annotations

from datetime import date
from itertools import combinations
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Point, Polygon, box

from gridgis.errors import InvalidInput
from gridgis.index import GridIndex
from tests.oracles.awkward import bricks
from tests.oracles.coverages import coverages, lattices

NARROW = 1e-6
"""Of a gap: less than what is refused (`gridgis.index.gaps.NARROW`)."""
HOLLOW = box(0, 0, 3, 3).difference(box(1, 1, 2, 2))


def refusal(polygons: Any, **options: Any) -> InvalidInput:
    with pytest.raises(InvalidInput) as e:
        GridIndex.build(polygons, **options)
    return e.value


OVERLAPS = {
    "crossing": ([box(0, 0, 3, 3), box(2, 2, 4, 4)], box(2, 2, 3, 3)),
    "crossing like a plus": ([box(0, 1, 3, 2), box(1, 0, 2, 3)], box(1, 1, 2, 2)),
    "contained": ([box(0, 0, 3, 3), box(1, 1, 2, 2)], box(1, 1, 2, 2)),
    "contained, at a corner of the other": ([box(0, 0, 3, 3), box(0, 0, 1, 1)], box(0, 0, 1, 1)),
    "identical": ([box(0, 0, 1, 1), box(0, 0, 1, 1)], box(0, 0, 1, 1)),
    "identical, the ring begun elsewhere": (
        [box(0, 0, 1, 1), Polygon([(0, 0), (0, 1), (1, 1), (1, 0)])],
        box(0, 0, 1, 1),
    ),
    "on the same side of an edge": (
        [Polygon([(0, 0), (2, 0), (0, 1)]), Polygon([(0, 0), (2, 0), (2, 1)])],
        Polygon([(0, 0), (2, 0), (1, 0.5)]),
    ),
    "on the same side of an edge, which is only part of the other's": (
        [box(0, 0, 3, 1), box(1, 0, 2, 0.5)],
        box(1, 0, 2, 0.5),
    ),
    "an island that is covered too": ([box(0, 0, 3, 3), HOLLOW, box(1, 1, 2, 2)], box(0, 0, 3, 3)),
    "a part of a MultiPolygon": (
        [MultiPolygon([box(0, 0, 1, 1), box(5, 5, 6, 6)]), box(5.5, 5, 7, 6)],
        box(5.5, 5, 6, 6),
    ),
    "by less than a nanometre": ([box(0, 0, 1, 1), box(np.nextafter(1, 0), 0, 2, 1)], box(np.nextafter(1, 0), 0, 1, 1)),
}


@pytest.mark.parametrize("name", OVERLAPS)
def test_an_overlap_is_refused_with_its_pair_and_place(name: str) -> None:
    polygons, where = OVERLAPS[name]
    names = [40 + k for k in range(len(polygons))]
    error = refusal(polygons, ids=names)
    assert "overlap" in error.en
    pairs = {tuple(p) for p in error.fields["pairs"]}
    true = {(a, b) for (a, p), (b, q) in combinations(zip(names, polygons, strict=True), 2) if p.relate(q)[0] == "2"}
    assert pairs
    assert pairs <= true
    assert where.intersects(Point(error.fields["place"][:2]))


def _with_seven_as(value: float) -> Polygon:
    return shapely.transform(Polygon([(0, 0), (2, 0), (7, 2)]), lambda xy: np.where(xy == 7, value, xy))


INVALID = {
    "bow-tie": (Polygon([(0, 0), (2, 2), (2, 0), (0, 2)]), r"Self-intersection\[1 1\]"),
    "spike": (Polygon([(0, 0), (2, 0), (2, 2), (3, 3), (2, 2), (0, 2)]), r"Self-intersection\[2 2\]"),
    "spike at the westernmost vertex": (Polygon([(0, 0), (2, 0), (2, 2), (0, 0), (-1, 0)]), "Self-intersection"),
    "hole outside": (Polygon(box(0, 0, 1, 1).exterior, [box(2, 2, 3, 3).exterior]), "Hole lies outside"),
    "hole across the shell": (Polygon(box(0, 0, 2, 2).exterior, [box(1, 1, 3, 1.5).exterior]), "Self-intersection"),
    "hole in a hole": (
        Polygon(box(0, 0, 9, 9).exterior, [box(1, 1, 8, 8).exterior, box(2, 2, 3, 3).exterior]),
        "nested",
    ),
    "hole like the shell": (Polygon(box(0, 0, 2, 2).exterior, [box(0, 0, 2, 2).exterior]), "Self-intersection"),
    "the same ring twice": (MultiPolygon([box(0, 0, 1, 1), box(0, 0, 1, 1)]), "Self-intersection|Duplicate"),
    "parts with a common edge": (MultiPolygon([box(0, 0, 1, 1), box(1, 0, 2, 1)]), "Self-intersection"),
    "a part in another": (MultiPolygon([box(0, 0, 3, 3), box(1, 1, 2, 2)]), "Nested shells"),
    "no area": (Polygon([(0, 0), (1, 1), (0, 0)]), "Self-intersection|Too few points"),
    "one point": (Polygon([(1, 1), (1, 1), (1, 1)]), "Too few points"),
    "interior cut in two": (
        Polygon(box(0, 0, 2, 2).exterior, [[(1, 0), (1.5, 1), (1, 2), (0.5, 1)]]),
        "Interior is disconnected|Self-intersection",
    ),
    "not a number": (_with_seven_as(np.nan), "Invalid Coordinate"),
    "infinite": (_with_seven_as(np.inf), "Invalid Coordinate"),
}


@pytest.mark.parametrize("name", INVALID)
def test_an_invalid_polygon_is_refused_with_its_id_and_the_reason(name: str) -> None:
    polygon, reason = INVALID[name]
    assert not polygon.is_valid
    for polygons in ([polygon], [polygon, box(50, 50, 51, 51)]):
        error = refusal(polygons, ids=range(8, 8 + len(polygons)))
        assert error.fields["ids"] == [8]
        with pytest.raises(InvalidInput, match=reason):
            raise error


@pytest.mark.parametrize(
    "polygons",
    [
        [box(0, 0, 1, 1), box(1 + NARROW, 0, 2, 1)],  # open at both ends
        [Polygon([(0, 0), (1, 0), (1, 1), (0, 1)]), Polygon([(1, 0), (2, 0), (2, 1), (1 + NARROW, 1)])],  # open at one
        [
            Polygon([(0, 0), (1, 0), (1, 0.5), (1, 1), (0, 1)]),
            Polygon([(1, 0), (2, 0), (2, 1), (1, 1), (1 + NARROW, 0.5)]),
        ],  # closed
        [HOLLOW, box(1 + NARROW, 1, 2, 2)],  # beside an island
    ],
)
def test_a_narrow_gap_is_refused_with_its_place(polygons: list[Any]) -> None:
    error = refusal(polygons, ids=[5, 6])
    assert "gaps narrower" in error.en
    assert error.fields["ids"] == [5, 6]
    assert all(min(p.distance(Point(at)) for p in polygons) < 2 * NARROW for at in error.fields["places"])


@pytest.mark.parametrize(
    "polygons",
    [
        [box(0, 0, 1, 1), box(1.0001, 0, 2, 1)],
        [HOLLOW],
        [HOLLOW, box(1.1, 1.1, 1.9, 1.9)],
        [box(0, 0, 1, 1), box(1, 1, 2, 2)],  # meet in a point
        [Polygon([(0, 0), (2, 0), (2, 2), (0, 2)], [[(0, 0), (1, 0.5), (0.5, 1)]])],  # a hole that touches the shell
        [
            Polygon([(0, 0), (3, 1), (0, 3)]),
            Polygon([(0, 0), (1.5, 0.5), (3, -3)]),
            Polygon([(1.5, 0.5), (3, 1), (3, -3)]),
        ],
        bricks(),
        [box(0, 0, 1, NARROW), box(0, NARROW, 1, 1)],  # a narrow polygon
        [Polygon([(0, 0), (1, 0), (1, 1)]), Polygon([(0, 0), (1, 1), (0, 1)]), box(1, 0, 1 + NARROW, 1)],
        [Polygon([(0, 0), (2, 0), (1, NARROW)]), Polygon([(0, 0), (1, NARROW), (2, 0), (2, 2), (0, 2)])],
    ],
)
def test_wide_gaps_holes_and_neighbours_without_common_vertices_are_taken(polygons: list[Any]) -> None:
    assert len(GridIndex.build(polygons)) == len(polygons)


@pytest.mark.parametrize("value", [1e-101, -5e-324, 2e15, -1e300])
def test_coordinates_out_of_range_are_refused_with_their_place(value: float) -> None:
    error = refusal(
        [box(5, 5, 6, 6), Polygon([(0, 0), (1, value), (1, 1)] if abs(value) < 1 else [(0, 0), (1, 0), (1, value)])]
    )
    assert error.fields["ids"] == [1]
    assert error.fields["place"] == (1.0, value)


@pytest.mark.parametrize("bad", [None, "POLYGON", 3.0])
def test_what_is_no_geometry_is_refused(bad: Any) -> None:
    with pytest.raises(InvalidInput, match="Polygons"):
        GridIndex.build([box(0, 0, 1, 1), bad])


@pytest.mark.parametrize("threads", [0, -1])
def test_fewer_threads_than_one_are_refused(threads: int) -> None:
    index = GridIndex.build([box(0, 0, 1, 1)])
    for ask in (index.locate, index.explain):
        with pytest.raises(InvalidInput, match="threads must be 1 or more"):
            ask([0.5], [0.5], threads=threads)


def test_another_answer_to_overlaps_is_refused() -> None:
    assert "on_overlap must be refuse or lowest" in refusal([box(0, 0, 1, 1)], on_overlap="first").en


@pytest.mark.parametrize(
    ("ids", "word"), [([2**31, 1], "0..2147483647"), ([[0, 1]], "shape"), (["a", "b"], "integers")]
)
def test_ids_that_do_not_fit_are_refused(ids: list[Any], word: str) -> None:
    assert word in refusal([box(0, 0, 1, 1), box(1, 0, 2, 1)], ids=ids).en


def test_an_index_beyond_the_places_of_its_tables_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gridgis.index.layout._MOST_WORDS", 20)
    assert "too large; build several" in refusal(bricks()).en


def is_coverage(polygons: list[Any]) -> bool:
    """Tell by shapely, pair by pair, whether all are valid and no two have a common interior."""
    if not shapely.is_valid(polygons).all():
        return False
    return not any(p.relate_pattern(q, "T********") for p, q in combinations(polygons, 2))


def accepted(polygons: list[Any]) -> bool:
    try:
        GridIndex.build(polygons)
    except InvalidInput as e:
        if "gaps" in e.en:
            return is_coverage(polygons)  # told after all else: a coverage, but for gaps
        return False
    return True


@settings(max_examples=120, deadline=None)
@given(lattices(), st.integers(0, 2**32 - 1))
def test_a_perturbed_coverage_is_taken_exactly_where_shapely_finds_no_fault(polygons: list[Any], seed: int) -> None:
    """One vertex of one polygon is moved onto another vertex, a middle or nearby: overlaps, gaps, spikes or nothing."""
    rng = np.random.default_rng(seed)
    k = int(rng.integers(len(polygons)))
    xy = shapely.get_coordinates(polygons[k])
    ring = int(rng.integers(len(xy) - 1))
    everywhere = shapely.get_coordinates(polygons)
    step = np.ptp(everywhere, axis=0).max()
    target = [
        everywhere[rng.integers(len(everywhere))],
        (xy[ring] + xy[ring + 1]) / 2,
        xy[ring] + rng.normal(size=2) * step * 10.0 ** -rng.integers(0, 6),
    ][int(rng.integers(3))]
    xy[(xy == xy[ring]).all(axis=1)] = target
    changed = [*polygons[:k], shapely.transform(polygons[k], lambda _: xy), *polygons[k + 1 :]]
    assert accepted(changed) == is_coverage(changed)


@settings(max_examples=60, deadline=None)
@given(st.lists(coverages, min_size=2, max_size=2), st.floats(-2, 2), st.floats(-2, 2))
def test_two_coverages_side_by_side_are_taken_exactly_where_shapely_finds_no_overlap(
    two: list[list[Any]], east: float, north: float
) -> None:
    first, second = two
    second = list(
        shapely.transform(
            np.array(second), lambda xy: np.round(xy - xy.min(axis=0) + first[0].bounds[:2] + (east, north), 2)
        )
    )
    both = [p for p in [*first, *second] if not p.is_empty]
    assert accepted(both) == is_coverage(both)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_random_boxes_of_a_lattice_are_taken_exactly_where_they_are_disjoint(seed: int) -> None:
    rng = np.random.default_rng(seed)
    low = rng.integers(0, 6, (int(rng.integers(1, 6)), 2))
    polygons = [
        box(x, y, x + w, y + h)
        for (x, y), (w, h) in zip(low.tolist(), rng.integers(1, 4, low.shape).tolist(), strict=True)
    ]
    assert accepted(polygons) == is_coverage(polygons)


SQUARE = box(0, 0, 1, 1)


@pytest.mark.parametrize("crs", [None, "EPSG:4490", "EPSG:4326"])
def test_a_geoseries_in_stored_coordinates_or_without_crs_is_taken(crs: str | None) -> None:
    assert GridIndex.build(gpd.GeoSeries([SQUARE], crs=crs)).locate_one(0.5, 0.5) == 0


def test_metres_are_refused_with_their_crs_and_the_way_out() -> None:
    assert "not EPSG:4545; use gridgis.geometry.crs.to_stored" in refusal(gpd.GeoSeries([SQUARE], crs="EPSG:4545")).en


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (gpd.GeoDataFrame(geometry=[SQUARE], crs="EPSG:4490"), "give its geometry column"),
        (SQUARE, "not a Polygon; give a list"),
        (iter([SQUARE]), "give a list"),
        (SQUARE.wkt, "not a str; give a list"),
        ([SQUARE.wkt], r"not so: \[0\] \(read texts by shapely.from_wkt first\)"),
        ([SQUARE, [(0, 0), (1, 0), (1, 1)]], r"not so: \[1\]"),
        (3, "not a int"),
    ],
    ids=["GeoDataFrame", "Polygon", "iterator", "text", "texts", "coordinates", "number"],
)
def test_what_is_no_column_of_polygons_is_refused_with_the_rule(given: Any, said: str) -> None:
    for on_overlap in ("refuse", "lowest"):
        with pytest.raises(InvalidInput, match=said):
            GridIndex.build(given, on_overlap=on_overlap)


@pytest.mark.parametrize("loaded", [False, True], ids=["plain", "compiled"])
def test_a_masked_number_is_nowhere(loaded: bool) -> None:
    index = GridIndex.build([SQUARE])
    if loaded:
        index.load()
    hidden = np.ma.masked_array([0.5, 0.5, 0.5], [False, True, False])
    assert index.locate(hidden, [0.5] * 3).tolist() == [0, -1, 0]
    assert index.locate([0.5] * 3, hidden).tolist() == [0, -1, 0]


@pytest.mark.parametrize(
    "given",
    [
        np.array([0.5 + 1j]),
        [0.5 + 1j],
        np.array(["1970-01-01"], dtype="M8[D]"),
        np.array([0], dtype="m8[D]"),
        pd.Series(pd.to_datetime(["1970-01-01"])),
        pa.array([date(1970, 1, 1)]),
    ],
    ids=["complex", "complex list", "days", "spans", "pandas", "arrow"],
)
def test_complex_numbers_and_dates_are_no_coordinates(given: Any) -> None:
    index = GridIndex.build([SQUARE])
    for lon, lat in ((given, [0.5]), ([0.5], given)):
        with pytest.raises(InvalidInput, match="must be numbers"):
            index.locate(lon, lat)


@pytest.mark.parametrize("threads", [None, "2", 1.5])
def test_threads_that_are_no_integer_are_refused(threads: Any) -> None:
    with pytest.raises(InvalidInput, match=f"an integer, not {threads!r}"):
        GridIndex.build([SQUARE]).locate([0.5], [0.5], threads=threads)
