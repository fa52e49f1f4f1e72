"""Overlays of neighbours, filed one after the other: what is published can always be looked up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import geopandas as gpd
import pytest
import shapely

from gridgis.errors import Rejected
from gridgis.index import Resolver
from gridgis.model import DivisionPlan
from gridgis.registry import Registry, filing
from gridgis.service.locator import Locator
from tests.registry.conftest import Address
from tests.registry.hand import X0, Y0, A, B, box, communities, file_through, make_plan, make_registry


def slanted() -> gpd.GeoDataFrame:
    """Return two communities on either side of a slanted border."""
    low, high = (X0 + 700.013, Y0), (X0 + 961.987, Y0 + 800)
    west = shapely.Polygon([(X0, Y0), low, high, (X0, Y0 + 800)])
    east = shapely.Polygon([low, (X0 + 1900, Y0), (X0 + 1900, Y0 + 800), high])
    return communities({A: west, B: east})


def with_overlay(base: gpd.GeoDataFrame, code: str, shape: shapely.Geometry) -> DivisionPlan:
    """Return a plan of one community with an overlay of just this shape, wherever it lies."""
    home = base.geometry[base["code"] == code].iloc[0]
    plan = make_plan(base[base["code"] == code], overlays=[shapely.box(*home.centroid.buffer(9).bounds)])
    geoms = plan.grids.geometry.copy()
    geoms[plan.grids["mode"] == "overlay"] = shape
    return replace(plan, grids=plan.grids.set_geometry(geoms))


def on_border(base: gpd.GeoDataFrame, code: str, south: float, height: float) -> DivisionPlan:
    """Return a plan with the part of a site that lies in the community, its corners rounded to 1 mm."""
    home = base.geometry[base["code"] == code].iloc[0]
    part = shapely.set_precision(home.intersection(box(600, south, 500, height)), 0.001)
    return with_overlay(base, code, part)


@pytest.fixture
def border(address: Address) -> Iterator[Registry]:
    with make_registry(address(), base=slanted()) as made:
        yield made


@pytest.mark.parametrize("step", range(6))
def test_sites_of_neighbours_filed_one_after_the_other_can_be_looked_up(border: Registry, step: int) -> None:
    base = slanted()
    file_through(border, on_border(base, A, 111.137 + 7.3 * step, 333.111))
    file_through(border, on_border(base, B, 203.713 - 5.1 * step, 399.777))
    assert Locator(border).grids(kind="dedicated")["community"].tolist() == [A, B]
    assert border.check().empty


def test_an_overlay_over_the_border_is_cut_there_and_the_plan_says_so(border: Registry) -> None:
    file_through(border, with_overlay(slanted(), A, box(600, 300, 400, 50)))
    rows = [row for row in border.plan(1)["report"] if row["rule"] == "overlay"]
    assert len(rows) == 1
    assert rows[0]["measure"] == pytest.approx(400 * 50 - border.grids(kind="dedicated")["area_m2"].iloc[0], abs=1)
    assert border.check().empty


def test_an_overlay_in_force_that_gets_vertices_is_marked_conformed(border: Registry) -> None:
    base = slanted()
    file_through(border, on_border(base, A, 111.137, 333.111))
    file_through(border, on_border(base, B, 203.713, 399.777))
    overlay = border.grids(kind="dedicated").set_index("community").loc[A]
    assert (overlay["valid_from"], overlay["note"]) == (2, "conformed")


def test_what_cannot_be_looked_up_is_never_filed(border: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    number = border.plan_new(with_overlay(slanted(), A, box(600, 300, 400, 50)), "方案", "张三")
    monkeypatch.setattr(filing, "fit_overlays", lambda overlays, base: {})
    monkeypatch.setattr(filing, "_refuse_faults", lambda *_: None)
    border.plan_submit(number, "张三")
    border.plan_review(number, "李四")
    file_through(border, with_overlay(slanted(), B, box(850, 310, 500, 20)))
    with pytest.raises(Rejected, match="no lookup"):
        border.plan_file(number, "王五")
    assert isinstance(border.view().resolver, Resolver)
