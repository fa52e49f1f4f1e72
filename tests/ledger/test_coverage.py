from __future__ import annotations

from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from gridgis.geometry.crs import to_stored
from gridgis.ledger.conform import conform
from gridgis.ledger.coverage import boundary_edges, faults
from gridgis.model import DivisionPlan
from tests.registry.hand import WORK, A, B, box, communities, make_plan


@pytest.fixture
def plan() -> DivisionPlan:
    base = communities({A: box(0, 0, 1000, 800), B: box(1000, 0, 900, 800)})
    return make_plan(base, [((-5, 300), (2000, 310))], [((400, -5), (410, 900))], carved=[box(600, 500, 90, 90)])


@pytest.fixture
def base(plan: DivisionPlan) -> gpd.GeoDataFrame:
    """Return the base with the ends of the plan's borders, as a filing leaves it."""
    out = plan.base.geometry.copy()
    for label, geom in conform(plan.base, plan.grids, plan.grids[:0]).base.items():
        out.loc[label] = geom
    return plan.base.set_geometry(out)


@pytest.fixture
def grids(plan: DivisionPlan) -> gpd.GeoDataFrame:
    return to_stored(plan.grids.assign(id=plan.grids["local_id"]))


def test_a_whole_nested_plan_has_no_fault(grids: gpd.GeoDataFrame, base: gpd.GeoDataFrame) -> None:
    assert faults(grids, to_stored(base)).empty


def _shift(grids: gpd.GeoDataFrame, i: int, dx: float) -> gpd.GeoDataFrame:
    grids.loc[i, "geometry"] = shapely.transform(grids.geometry[i], lambda xy: xy + np.array([dx, 0]))
    return grids


def _row(grids: gpd.GeoDataFrame, level: int) -> int:
    return int(grids.index[grids["level"] == level][0])


def _bow(grids: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    grids.loc[_row(grids, 3), "geometry"] = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    return grids


def _same_name(grids: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return grids.assign(name="西大街")


def _no_parent(grids: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    grids.loc[_row(grids, 2), "parent"] = None
    return grids


def _lost_parent(grids: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    grids.loc[_row(grids, 3), "parent"] = "nobody"
    return grids


def _upside_down(grids: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    grids.loc[_row(grids, 2), "parent"] = grids["id"][_row(grids, 3)]
    return grids


def _missing_piece(grids: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return grids.drop(index=_row(grids, 3))


def _overlapping(grids: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return _shift(grids, _row(grids, 2), 1e-6)


def _overlay(grids: gpd.GeoDataFrame, *shapes: shapely.Geometry) -> gpd.GeoDataFrame:
    new = to_stored(gpd.GeoDataFrame({"id": [f"O{i}" for i in range(len(shapes))]}, geometry=list(shapes), crs=WORK))
    new = new.assign(community=A, level=None, kind="dedicated", mode="overlay", parent=f"{A}-1", name=None)
    return gpd.GeoDataFrame(pd.concat([grids, new], ignore_index=True), crs=grids.crs)


def _overlay_over_the_border(grids: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return _overlay(grids, box(990, 100, 60, 20))


def _overlays_on_one_another(grids: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return _overlay(grids, box(90, 100, 60, 20), box(149.999, 100, 60, 20))


@pytest.mark.parametrize(
    ("spoil", "rule"),
    [
        (_bow, "valid"), (_same_name, "name"), (_no_parent, "parent"), (_lost_parent, "parent"),
        (_upside_down, "parent"), (_missing_piece, "union"), (_overlapping, "coverage"),
        (_overlay_over_the_border, "overlay-inside"), (_overlays_on_one_another, "overlay-disjoint"),
    ],
)  # fmt: skip
def test_each_fault_is_named_by_its_rule(
    grids: gpd.GeoDataFrame, base: gpd.GeoDataFrame, spoil: Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame], rule: str
) -> None:
    assert rule in set(faults(spoil(grids), to_stored(base))["rule"])


def test_a_community_without_level_1_is_a_fault(grids: gpd.GeoDataFrame, base: gpd.GeoDataFrame) -> None:
    found = faults(grids[grids["community"] == A], to_stored(base))
    assert found["subject"].tolist() == [B]


def test_the_edges_of_a_coverage_are_those_that_occur_once() -> None:
    halves = [shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)]
    assert np.array_equal(boundary_edges(halves)[0], [0, 0, 0, 1])
    assert len(boundary_edges(halves)) == 6
