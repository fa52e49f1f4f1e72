"""Boundaries drawn elsewhere become a plan: read, placed and checked as if they were divided here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from gridgis.errors import InvalidInput
from gridgis.geometry.crs import STORED_CRS, transform_xy
from gridgis.registry import Registry
from gridgis.service.borders import Borders, plan_from_borders
from gridgis.service.mending import Mending
from tests.geometry.test_offset import shifted

A = "610902001002"
WORK = "EPSG:4545"
BOXES = [shapely.box(0, 0, 600, 900), shapely.box(600, 0, 1300, 900)]
ORIGIN = (596_000.0, 3_618_000.0)


def layer(shapes: list[Any]) -> gpd.GeoDataFrame:
    """Return boundaries given in metres from ORIGIN, as lon/lat."""
    placed = shapely.transform(shapes, lambda xy: transform_xy(xy + ORIGIN, WORK, STORED_CRS))
    codes = [f"{A}{n:03}" for n in range(11, 11 + len(shapes))]
    return gpd.GeoDataFrame({"ID": codes, "NAME": [f"片区{c}" for c in codes]}, geometry=placed, crs=STORED_CRS)


@pytest.fixture
def registry(tmp_path: Path) -> Any:
    with Registry.create(tmp_path / "r.gpkg", work_crs=WORK) as made:
        yield made


def rows(plan: Any) -> pd.DataFrame:
    return plan.report.rows


def given(folder: Path, shapes: list[Any], **stated: Any) -> Borders:
    layer(shapes).to_file(folder / "given.gpkg", layer="grids")
    return Borders(f"{folder / 'given.gpkg'}:grids", "ID", "NAME", level=2, **stated)


def test_sound_boundaries_break_nothing(registry: Registry, tmp_path: Path) -> None:
    found = rows(plan_from_borders(registry, given(tmp_path, BOXES)))
    assert set(found["severity"]) == {"info"}


def test_a_grid_in_two_parts_is_told_as_for_a_division(registry: Registry, tmp_path: Path) -> None:
    apart = shapely.MultiPolygon([shapely.box(1300, 0, 1500, 900), shapely.box(1700, 0, 1900, 900)])
    between = shapely.box(1500, 0, 1700, 900)
    found = rows(plan_from_borders(registry, given(tmp_path, [*BOXES, apart, between])))
    broken = found[found["stage"] == "verify"]
    assert broken[["severity", "subject", "rule"]].to_numpy().tolist() == [["unmet", f"{A}013", "contiguity"]]


def test_two_grids_of_one_name_are_told(registry: Registry, tmp_path: Path) -> None:
    frame = layer(BOXES).assign(NAME="同名")
    frame.to_file(tmp_path / "g.geojson")
    found = rows(plan_from_borders(registry, Borders(tmp_path / "g.geojson", "ID", "NAME", level=2)))
    assert "names" in set(found[found["stage"] == "verify"]["rule"])


def test_an_overlap_is_told_and_mended_where_asked(registry: Registry, tmp_path: Path) -> None:
    shapes = [BOXES[0], shapely.Polygon([(600, 0), (1300, 0), (1300, 900), (600, 900), (599.8, 450)])]
    told = rows(plan_from_borders(registry, given(tmp_path, shapes)))
    assert "repair-overlap" in set(told[told["severity"] == "warning"]["rule"])
    mended = rows(plan_from_borders(registry, given(tmp_path, shapes, mending=Mending(True))))
    assert set(mended["severity"]) == {"info"}


def test_shifted_boundaries_are_refused_by_the_base_layer(registry: Registry, tmp_path: Path) -> None:
    first = plan_from_borders(registry, given(tmp_path, BOXES))
    registry.import_communities(first.base)
    frame = layer(BOXES)
    moved = frame.set_geometry(gpd.GeoSeries(shifted(frame.geometry.to_numpy(), "GCJ-02"), crs="EPSG:4326"))
    moved.to_file(tmp_path / "gcj.geojson")
    borders = Borders(tmp_path / "gcj.geojson", "ID", "NAME", level=2)
    with pytest.raises(InvalidInput, match="--shifted GCJ-02"):
        plan_from_borders(registry, borders)
    plan = plan_from_borders(registry, Borders(tmp_path / "gcj.geojson", "ID", "NAME", level=2, shifted="GCJ-02"))
    west, south, east, north = plan.grids.total_bounds
    assert (west, south, east, north) == pytest.approx((596_000, 3_618_000, 597_300, 3_618_900), abs=0.05)


def test_a_reference_of_the_users_own_counts(registry: Registry, tmp_path: Path) -> None:
    layer(BOXES).to_file(tmp_path / "border.geojson")
    found = rows(plan_from_borders(registry, given(tmp_path, BOXES, reference=tmp_path / "border.geojson")))
    assert "coordinates are EPSG:4490" in found.set_index("rule").loc["offset", "en"]


def test_a_missing_crs_is_asked_for(registry: Registry, tmp_path: Path) -> None:
    local = shapely.transform(BOXES, lambda xy: np.add(xy, (36_000_000 + ORIGIN[0], ORIGIN[1])))
    table = pd.DataFrame({"ID": layer(BOXES)["ID"], "NAME": ["甲", "乙"], "边界": shapely.to_wkt(local)})
    table.to_csv(tmp_path / "g.csv", index=False)
    with pytest.raises(InvalidInput, match="EPSG:4524"):
        plan_from_borders(registry, Borders(tmp_path / "g.csv", "ID", "NAME", level=2))
    plan = plan_from_borders(registry, Borders(tmp_path / "g.csv", "ID", "NAME", level=2, crs="EPSG:4524"))
    assert plan.grids.total_bounds[0] == pytest.approx(ORIGIN[0], abs=0.01)
