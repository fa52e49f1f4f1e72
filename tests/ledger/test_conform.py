from __future__ import annotations

import geopandas as gpd
import pytest
import shapely
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

from gridgis.errors import Rejected
from gridgis.geometry.crs import to_stored
from gridgis.ledger.conform import conform, insert_chains, vertices
from gridgis.ledger.coverage import boundary_edges
from gridgis.model import DivisionPlan
from tests.registry.hand import WORK, X0, Y0, A, B, Line, box, communities, make_plan


def _with(frame: gpd.GeoDataFrame, changed: object) -> gpd.GeoDataFrame:
    out = frame.geometry.copy()
    for label, geom in dict(changed).items():  # type: ignore[call-overload]
        out.loc[label] = geom
    return frame.set_geometry(out)


def _file(base: gpd.GeoDataFrame, plan: DivisionPlan, others: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, ...]:
    """Return base, plan and others as they are after filing."""
    fitted = conform(base, plan.grids, others)
    return _with(base, fitted.base), _with(plan.grids, fitted.plan), _with(others, fitted.in_force)


def _none() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"community": [], "level": [], "mode": []}, geometry=[], crs=WORK)


def _pair() -> gpd.GeoDataFrame:
    return communities({A: box(0, 0, 1000, 800), B: box(1000, 0, 900, 800)})


def test_a_plan_along_old_vertices_changes_nothing() -> None:
    base = _pair()
    fitted = conform(base, make_plan(base).grids, _none())
    assert not fitted.base
    assert not fitted.plan


def test_a_new_border_adds_its_end_to_the_neighbours_base() -> None:
    base = _pair()
    plan = make_plan(base[base["code"] == A], [((500, 412.345), (1001, 412.345))])
    end = (X0 + 1000, Y0 + 412.345)
    after, _, _ = _file(base, plan, _none())
    assert end in vertices(after.geometry[after["code"] == B].to_numpy())


def test_a_new_border_adds_its_end_to_all_levels_of_the_neighbour() -> None:
    base = _pair()
    old = make_plan(base[base["code"] == B]).grids
    plan = make_plan(base[base["code"] == A], [((-1, 412.345), (1001, 412.345))])
    _, _, others = _file(base, plan, old)
    assert all((X0 + 1000, Y0 + 412.345) in vertices(g) for g in others.geometry)


def test_a_later_plan_gets_the_vertices_of_the_neighbours_earlier_one() -> None:
    base = _pair()
    base_after, first, _ = _file(base, make_plan(base[base["code"] == A], [((-1, 412.3), (1001, 412.3))]), _none())
    _, second, _ = _file(base_after, make_plan(base[base["code"] == B]), first)
    assert all((X0 + 1000, Y0 + 412.3) in vertices(g) for g in second.geometry)


def test_conforming_twice_changes_nothing_more() -> None:
    base = _pair()
    plan = make_plan(base[base["code"] == A], [((-1, 412.3), (1001, 412.3))])
    after, grids, _ = _file(base, plan, _none())
    again = conform(after, grids, _none())
    assert not again.base
    assert not again.plan


def test_no_vertex_of_the_base_is_lost_or_moved() -> None:
    base = _pair()
    after, _, _ = _file(base, make_plan(base[base["code"] == A], [((-1, 400.1), (1001, 412.3))]), _none())
    assert vertices(base.geometry.to_numpy()) <= vertices(after.geometry.to_numpy())


def test_a_chain_is_put_in_backwards_where_the_ring_runs_backwards() -> None:
    chains = {(0.0, 0.0, 9.0, 0.0): [(2.0, 0.0), (4.0, 0.0)]}
    ring = shapely.Polygon([(9, 0), (0, 0), (0, 5)])
    assert list(insert_chains(ring, chains).exterior.coords)[:4] == [(9, 0), (4, 0), (2, 0), (0, 0)]


def test_a_polygon_without_the_edge_is_the_same_object() -> None:
    square = shapely.box(0, 0, 1, 1)
    assert insert_chains(square, {(5.0, 5.0, 6.0, 6.0): [(5.5, 5.5)]}) is square


def test_holes_get_vertices_too() -> None:
    holed = box(0, 0, 1000, 800).difference(box(400, 300, 200, 200))
    base = communities({A: holed, B: box(400, 300, 200, 200)})
    after, _, _ = _file(base, make_plan(base[base["code"] == B], [((399, 377.7), (601, 377.7))]), _none())
    assert shapely.coverage_is_valid(after.geometry.to_numpy())


def test_a_plan_that_reaches_over_the_border_is_rejected() -> None:
    base = _pair()
    wide = communities({A: box(0, 0, 1000.02, 800)})
    with pytest.raises(Rejected, match=A) as caught:
        conform(base, make_plan(wide).grids, _none())
    assert caught.value.fields["distance_m"] == pytest.approx(0.02, abs=0.001)


def test_a_plan_that_leaves_out_a_corner_of_the_base_is_rejected() -> None:
    corner = shapely.Polygon([(X0, Y0), (X0 + 1000, Y0), (X0 + 1000, Y0 + 40), (X0 + 1000.02, Y0 + 80), (X0, Y0 + 80)])
    base = communities({A: corner})
    straight = communities({A: shapely.Polygon([(X0, Y0), (X0 + 1000, Y0), (X0 + 1000.02, Y0 + 80), (X0, Y0 + 80)])})
    with pytest.raises(Rejected, match="border"):
        conform(base, make_plan(straight).grids, _none())


coordinate = st.integers(0, 800_000).map(lambda mm: mm / 1000)
crossing = st.tuples(coordinate, coordinate).map(lambda ys: ((-50.0, ys[0]), (2050.0, ys[1])))
bends = st.lists(st.integers(-60_000, 60_000).map(lambda mm: mm / 1000), min_size=1, max_size=4)


def _bent(bends: list[float]) -> tuple[BaseGeometry, BaseGeometry]:
    step = 800 / (len(bends) + 1)
    inner = [(X0 + 1000 + b, Y0 + round(step * (i + 1), 3)) for i, b in enumerate(bends)]
    line = [(X0 + 1000, Y0), *inner, (X0 + 1000, Y0 + 800)]
    west = shapely.Polygon([(X0, Y0), *line, (X0, Y0 + 800)])
    east = shapely.Polygon([*line, (X0 + 1900, Y0 + 800), (X0 + 1900, Y0)])
    return west, east


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(bends=bends, first=st.lists(crossing, min_size=1, max_size=4), second=st.lists(crossing, min_size=1, max_size=4))
@example(bends=[12.345], first=[((-50.0, 100.0), (2050.0, 100.001))], second=[((-50.0, 100.001), (2050.0, 100.0))])
def test_two_communities_divided_years_apart_form_one_coverage(
    bends: list[float], first: list[Line], second: list[Line]
) -> None:
    west, east = _bent(bends)
    base = communities({A: west, B: east})
    after, left, _ = _file(base, make_plan(base[base["code"] == A], first), _none())
    final, right, left = _file(after, make_plan(base[base["code"] == B], second), left)
    base_edges = boundary_edges(to_stored(final).geometry.to_numpy())
    for level in (1, 2, 3):
        parts = [to_stored(f[f["level"] == level]).geometry.to_numpy() for f in (left, right)]
        both = [*parts[0], *parts[1]]
        assert shapely.is_valid(both).all()
        assert shapely.coverage_is_valid(both)
        assert (boundary_edges(both) == base_edges).all()
