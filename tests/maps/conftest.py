from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
from shapely.geometry import LineString, box

from gridgis.service.locator import Locator
from gridgis.service.showing import Shown, show_registry


@dataclass(frozen=True)
class Small:
    """Two grids of level 2 under one of level 1, and a road."""

    grids: gpd.GeoDataFrame
    context: dict[str, gpd.GeoDataFrame]
    cards: dict[str, dict[str, Any]]


def small_row(code: str, level: int, parent: str | None, geometry: object) -> dict[str, Any]:
    return {
        "code": code, "name": f"网格{code}", "level": level, "kind": "comprehensive", "mode": None, "category": None,
        "parent": parent, "community": "990001001001", "households": 300, "geometry": geometry,
    }  # fmt: skip


@pytest.fixture
def small() -> Small:
    rows = [
        small_row("1", 1, None, box(109, 32, 109.02, 32.01)),
        small_row("11", 2, "1", box(109, 32, 109.01, 32.01)),
        small_row("12", 2, "1", box(109.01, 32, 109.02, 32.01)),
    ]
    road = {"klass": ["primary"], "name": ["文昌路"]}
    roads = gpd.GeoDataFrame(road, geometry=[LineString([(109, 32.005), (109.02, 32.005)])], crs=4490)
    return Small(gpd.GeoDataFrame(rows, crs=4490), {"roads": roads}, {"11": {"code": "11", "name": "网格11"}})


@pytest.fixture(scope="session")
def shown(town_registry: Path) -> Shown:
    with Locator.open(town_registry) as locator:
        return show_registry(locator)
