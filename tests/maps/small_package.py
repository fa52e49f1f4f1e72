"""Small packages made by hand: one community, one level-2 grid of a given shape, its level-3 grids."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from gridgis.model import VerifyReport
from gridgis.service.package import CONTEXT, GRID_COLUMNS, Package, Stated

CRS = "EPSG:4545"
COMMUNITY = "990001001001"
SHAPE = shapely.box(0, 0, 400, 300)


def cells(shape: Any, across: int, up: int) -> list[Any]:
    """Cut a rectangle into equal cells."""
    west, south, east, north = shape.bounds
    wide, high = (east - west) / across, (north - south) / up
    return [
        shapely.box(west + i * wide, south + j * high, west + (i + 1) * wide, south + (j + 1) * high)
        for i in range(across)
        for j in range(up)
    ]


def small_package(
    shape: Any = SHAPE,
    parts: Sequence[Any] | None = None,
    name: str = "甲社区",
    call: Callable[[int], str] = lambda k: f"甲社区第1网格第{k}微网格",
    stated: Stated | None = None,
    **own: Any,
) -> Package:
    """Return a package; ``own`` are cells of the level-2 grid."""
    parts = cells(shape, 2, 2) if parts is None else parts
    top = {
        "community": COMMUNITY, "code": f"{COMMUNITY}000", "parent": None, "level": 1, "kind": "comprehensive",
        "mode": None, "category": None, "name": name, "households": 400, "area_m2": shape.area, "flags": "",
        "extent": "", "leader": "", "phone": "", "workers": "", "geometry": shape,
    }  # fmt: skip
    second = {
        **top, "code": f"{COMMUNITY}001", "parent": f"{COMMUNITY}000", "level": 2, "name": f"{name}第1网格",
        "extent": "东至文昌路，南至澄水河，西至辖区界，北至辖区界", "leader": "欧阳明", "phone": "100****1234",
        **own,
    }  # fmt: skip
    third = [
        {**top, "code": f"{COMMUNITY}{k + 1:03d}", "parent": second["code"], "level": 3, "name": call(k),
         "households": 30, "area_m2": part.area, "geometry": part} for k, part in enumerate(parts, start=1)
    ]  # fmt: skip
    grids = gpd.GeoDataFrame([top, second, *third], crs=CRS)[list(GRID_COLUMNS)]
    road = gpd.GeoDataFrame(
        {"klass": ["primary"], "name": ["文昌路"]}, geometry=[shapely.LineString([(-900, 150), (900, 150)])], crs=CRS
    )
    empty = gpd.GeoDataFrame({"klass": [], "name": []}, geometry=[], crs=CRS)
    none = pd.DataFrame(columns=["rule", "grid", "measure", "why"])
    return Package(
        title="澄湾街道", source="划分方案（预编码）", grids=grids.astype({"level": "Int64"}),
        context={layer: road if layer == "roads" else empty for layer in CONTEXT},
        communities=gpd.GeoDataFrame({"code": [COMMUNITY], "name": [name]}, geometry=[shape], crs=CRS),
        checks=VerifyReport(none, none, {"schema": 6}), stated=stated or Stated(),
    )  # fmt: skip
