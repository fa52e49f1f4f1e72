"""The road blocks of a real district: each of 3,335 blocks between its roads is an atom, with invented households."""

from __future__ import annotations

import os
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from gridgis.checks import verify
from gridgis.geometry.coverage import faces, node
from gridgis.io.mapping import TagMapping
from gridgis.io.notes import Notes
from gridgis.model import Community
from gridgis.partition import divide

DATA = os.environ.get("GRIDGIS_REAL_DATA")
WORK = "EPSG:4548"  # CGCS2000, 3-degree zone of 117 E
ROADS = "osm/tianjin_binhai_osm_drive_roads.parquet"


def road_blocks() -> Community:
    """Return one community of all blocks, with a house of up to 12 households in each."""
    assert DATA is not None
    roads = gpd.read_parquet(Path(DATA) / ROADS)
    barriers = TagMapping.load("osm").map_barriers(roads, "roads", Notes("read")).to_crs(WORK)
    blocks, _ = faces(node(barriers.geometry.to_numpy()))
    rng = np.random.default_rng(0)
    houses = gpd.GeoDataFrame(
        {"id": [f"b{i}" for i in range(len(blocks))], "households": rng.integers(0, 13, len(blocks))},
        geometry=shapely.point_on_surface(blocks),
        crs=WORK,
    )
    outline = shapely.union_all(blocks)
    return Community("990001001001", "滨海街区", outline, houses, barriers, crs=WORK)


@pytest.mark.heavy
@pytest.mark.realdata
@pytest.mark.skipif(DATA is None, reason="GRIDGIS_REAL_DATA names no folder")
def test_real_road_blocks_are_divided_and_verified() -> None:
    given = road_blocks()
    plan = divide(given)
    assert len(plan.atoms) >= 3_000
    report = verify(plan, given, plan.rules)
    assert report.ok, report.violations.to_string()
    figures = plan.report.figures
    assert figures["households"] == given.buildings["households"].sum()
    told = report.exceptions["rule"].value_counts()
    assert figures["level2"]["in_band"] + told.get("band-2", 0) == figures["level2"]["grids"]
