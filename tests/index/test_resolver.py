"""From coordinates to the responsible grid, and why."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Polygon

from gridgis.errors import InvalidInput
from gridgis.index import Resolver
from gridgis.model import Hit
from tests.oracles import rational
from tests.oracles.coverages import hard_points, voronois

WORK = "EPSG:4545"
COLUMNS = ("code", "level", "kind", "mode", "parent", "community")


def noded_box(a: int, b: int, c: int, d: int) -> Polygon:
    south, east = [(x, b) for x in range(a, c)], [(c, y) for y in range(b, d)]
    north, west = [(x, d) for x in range(c, a, -1)], [(a, y) for y in range(d, b, -1)]
    return Polygon([(109 + x / 1000, 32 + y / 1000) for x, y in (*south, *east, *north, *west)])


def frame(*rows: tuple[Any, ...], crs: str = "EPSG:4490") -> gpd.GeoDataFrame:
    """Rows (code, level, kind, mode, parent, box in thousandths of a degree from 109 E, 32 N).

    Each box has a vertex at every thousandth, so that neighbours share their borders vertex by vertex.
    """
    values = [(*r[:5], "A") for r in rows]
    shapes = [noded_box(*r[5]) for r in rows]
    table = {name: [v[k] for v in values] for k, name in enumerate(COLUMNS)}
    return gpd.GeoDataFrame(table, geometry=shapes, crs=crs)


TOWN = frame(
    ("A000", 1, "comprehensive", None, None, (0, 0, 30, 10)),
    ("A001", 2, "comprehensive", None, "A000", (0, 0, 10, 10)),
    ("A002", 2, "comprehensive", None, "A000", (10, 0, 20, 10)),
    ("A003", 3, "comprehensive", None, "A001", (0, 0, 10, 5)),
    ("A004", 3, "comprehensive", None, "A001", (0, 5, 10, 10)),
    ("A005", None, "dedicated", "carve", "A000", (20, 0, 30, 10)),
    ("A006", None, "dedicated", "overlay", "A000", (12, 2, 14, 4)),
    ("B000", 1, "comprehensive", None, None, (30, 0, 40, 10)),
)
RESOLVER = Resolver.build(TOWN, WORK, revision=7)


def at(x: float, y: float, resolver: Resolver = RESOLVER) -> Hit:
    return resolver.resolve(109 + x / 1000, 32 + y / 1000)


@pytest.mark.parametrize(
    ("x", "y", "code", "base", "rule", "precision"),
    [
        (5, 2, "A003", "A003", "inside", "grid"),
        (5, 5, "A004", "A004", "shared-border", "grid"),
        (15, 8, "A002", "A002", "inside", "grid"),  # level 2 without children
        (25, 5, "A005", "A005", "inside", "grid"),  # carved
        (13, 3, "A006", "A002", "overlay", "grid"),
        (14, 4, "A006", "A002", "overlay", "grid"),  # on the overlay's outer border
        (35, 5, "B000", "B000", "inside", "community"),
        (40, 5, "B000", "B000", "outer-border", "community"),
        (0, 2, "A003", "A003", "outer-border", "grid"),
        (20, 10, "A002", "A002", "outer-border", "grid"),  # end of an inner border: the lower code
        (41, 5, None, None, "outside", None),
    ],
)
def test_the_answer_of_each_rule(
    x: float, y: float, code: str | None, base: str | None, rule: str, precision: str | None
) -> None:
    hit = at(x, y)
    assert (hit.code, hit.base, hit.rule, hit.precision) == (code, base, rule, precision)


@pytest.mark.parametrize(
    ("x", "y", "chain"),
    [(5, 2, ("A003", "A001", "A000")), (25, 5, ("A005", "A000")), (13, 3, ("A002", "A000")), (35, 5, ("B000",))],
)
def test_the_chain_runs_from_the_base_grid_up_to_level_1(x: float, y: float, chain: tuple[str, ...]) -> None:
    assert at(x, y).chain == chain


def test_the_nearest_border_is_measured_in_metres_with_the_grid_across() -> None:
    hit = at(9, 2.5)  # 0.001 degrees of longitude at 32.0025 N, on the ellipsoid of CGCS2000
    a, e2, lat = 6378137.0, 0.0066943800, np.radians(32.0025)
    metres = np.radians(0.001) * a * np.cos(lat) / np.sqrt(1 - e2 * np.sin(lat) ** 2)
    assert (hit.neighbour, hit.border_m) == ("A002", pytest.approx(metres, rel=1e-3))


def test_the_nearest_border_may_have_nothing_across() -> None:
    hit = at(1, 2.5)
    assert (hit.neighbour, hit.border_m is not None) == (None, True)


def test_on_a_border_the_distance_is_zero_and_the_other_grid_is_named() -> None:
    hit = at(5, 5)
    assert (hit.border_m, hit.neighbour) == (0.0, "A003")


def test_outside_the_nearest_grid_is_told_with_its_distance() -> None:
    hit = at(25, -1)
    assert (hit.nearest, hit.nearest_m, hit.border_m) == ("A005", pytest.approx(110.9, abs=0.2), None)


@pytest.mark.parametrize(("lon", "lat"), [(2.35, 48.86), (109.0, 37.5), (103.9, 32.0), (109.0, -90.0), (-71.0, -32.0)])
def test_a_point_far_off_has_no_nearest_grid(lon: float, lat: float) -> None:
    hit = RESOLVER.resolve(lon, lat)
    assert (hit.code, hit.nearest, hit.nearest_m) == (None, None, None)


def test_the_answer_says_revision_and_the_coordinates_assumed() -> None:
    hit = RESOLVER.resolve(109.005, 32.002, crs="GCJ-02")
    assert (hit.revision, hit.crs, hit.lon, hit.lat) == (7, "GCJ-02", 109.005, 32.002)


def test_an_overlay_beyond_all_base_grids_answers_without_base() -> None:
    town = frame(
        ("A000", 1, "comprehensive", None, None, (0, 0, 10, 10)),
        ("A001", None, "dedicated", "overlay", "A000", (8, 2, 12, 4)),
    )
    hit = at(11, 3, Resolver.build(town, WORK, 1))
    assert (hit.code, hit.base, hit.chain, hit.nearest) == ("A001", None, (), "A000")


def test_a_carved_grid_is_cut_out_of_a_level_1_grid_without_other_children() -> None:
    town = frame(
        ("A000", 1, "comprehensive", None, None, (0, 0, 10, 10)),
        ("A001", None, "dedicated", "carve", "A000", (2, 2, 4, 4)),
    )
    resolver = Resolver.build(town, WORK, 1)
    assert [at(*p, resolver).base for p in ((3, 3), (5, 5), (4, 3), (2, 3))] == ["A001", "A000", "A000", "A001"]


def test_a_level_1_grid_that_is_wholly_carved_answers_nowhere() -> None:
    town = frame(
        ("A000", 1, "comprehensive", None, None, (0, 0, 10, 10)),
        ("A001", None, "dedicated", "carve", "A000", (0, 0, 10, 10)),
    )
    assert Resolver.build(town, WORK, 1).base_codes.tolist() == ["A001"]


def test_many_points_get_the_answers_of_single_ones() -> None:
    x, y = np.meshgrid(np.arange(-1, 42, 1.0), np.arange(-1, 12, 0.5))
    lon, lat = 109 + x.ravel() / 1000, 32 + y.ravel() / 1000
    singly = [RESOLVER.resolve(*p) for p in zip(lon, lat, strict=True)]
    many = RESOLVER.resolve_many(lon, lat)
    assert many.to_numpy().tolist() == [[h.code, h.base, h.rule] for h in singly]


def test_many_points_may_be_none() -> None:
    assert RESOLVER.resolve_many([], []).columns.tolist() == ["code", "base", "rule"]


@settings(max_examples=25, deadline=None)
@given(voronois(), st.integers(0, 2**32 - 1))
def test_the_border_distance_is_zero_on_a_border_and_else_that_of_shapely_in_the_work_crs(
    polygons: list[Any], seed: int
) -> None:
    points = hard_points(polygons, np.random.default_rng(seed), most=20)
    codes = [f"C{k}" for k in range(len(polygons))]
    n = len(codes)
    grids = gpd.GeoDataFrame(
        {
            "code": codes,
            "level": [1] * n,
            "kind": ["comprehensive"] * n,
            "mode": None,
            "parent": None,
            "community": codes,
        },
        geometry=polygons,
        crs="EPSG:4490",
    )
    resolver = Resolver.build(grids, WORK, 1)
    work = grids.to_crs(WORK).boundary
    for lon, lat in points.tolist():
        position = rational.locate(polygons, lon, lat)
        if position >= 0:
            here = gpd.GeoSeries([shapely.Point(lon, lat)], crs="EPSG:4490").to_crs(WORK)[0]
            expected = 0.0 if rational.touches(polygons[position], lon, lat) else work[position].distance(here)
            assert resolver.resolve(lon, lat).border_m == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("point", [(np.nan, 32.0), (np.inf, 32.0), (0.0, 0.0), (32.0, 109.0), (109.0, 91.0)])
def test_a_point_that_cannot_be_meant_is_refused(point: tuple[float, float]) -> None:
    with pytest.raises(InvalidInput):
        RESOLVER.resolve(*point)


def test_overlapping_base_grids_are_refused_by_code() -> None:
    town = frame(
        ("A000", 1, "comprehensive", None, None, (0, 0, 10, 10)),
        ("B000", 1, "comprehensive", None, None, (9, 0, 20, 10)),
    )
    with pytest.raises(InvalidInput, match=r"base grids \['A000', 'B000'\]"):
        Resolver.build(town, WORK, 1)


def test_overlapping_overlays_are_refused_by_code() -> None:
    extra = frame(("A007", None, "dedicated", "overlay", "A000", (13, 3, 15, 5)))
    both = gpd.GeoDataFrame(TOWN.to_dict("list") | {k: [*TOWN[k], *extra[k]] for k in TOWN}, crs="EPSG:4490")
    with pytest.raises(InvalidInput, match=r"overlay grids \['A006', 'A007'\]"):
        Resolver.build(both, WORK, 1)


def test_a_parent_that_is_not_there_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"parent is not there.*A000"):
        Resolver.build(TOWN[TOWN["code"] != "A000"], WORK, 1)


def test_a_grid_above_itself_is_refused() -> None:
    town = TOWN.assign(parent=TOWN["parent"].where(TOWN["code"] != "A000", "A001"))
    with pytest.raises(InvalidInput, match="own ancestor"):
        Resolver.build(town, WORK, 1)


def test_a_code_used_twice_is_refused() -> None:
    with pytest.raises(InvalidInput, match="not unique"):
        Resolver.build(TOWN.assign(code=TOWN["code"].replace("B000", "A002")), WORK, 1)


def test_a_grid_without_code_is_refused() -> None:
    with pytest.raises(InvalidInput, match="without a code"):
        Resolver.build(TOWN.assign(code=TOWN["code"].where(TOWN["code"] != "B000", None)), WORK, 1)


def test_grids_in_the_work_crs_are_refused() -> None:
    with pytest.raises(InvalidInput, match="stored coordinates"):
        Resolver.build(TOWN.to_crs(WORK), WORK, 1)


def test_a_table_without_grids_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no grid to locate"):
        Resolver.build(TOWN.iloc[:0], WORK, 1)


def test_a_table_without_a_column_is_refused() -> None:
    with pytest.raises(InvalidInput, match="parent"):
        Resolver.build(TOWN.drop(columns="parent"), WORK, 1)


@pytest.mark.parametrize("threads", [0, -1, None])
def test_distances_by_no_thread_are_refused(threads: Any) -> None:
    found = RESOLVER.find([109.001], [32.001])
    with pytest.raises(InvalidInput, match="threads must be 1 or more"):
        RESOLVER.border_distances(found, [109.001], [32.001], threads)
