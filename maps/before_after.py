"""A map of a re-division: the borders before and after, and the buildings that moved; one offline HTML file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from branca.element import Figure

from gridgis.geometry.crs import to_stored
from gridgis.model import DivisionPlan
from maps.encode import STEP_DEG, lines, polygons
from maps.page import OfflineMap, TownLayer, fill_head, save_page

SCRIPTS = ("shapes.js", "beforeafter.js")
STYLES = ("beforeafter.css",)


class ChangeLayer(TownLayer):
    """Calls the page's script with the map and the data."""

    call = "gridgisBeforeAfter"


def before_after_map(previous: gpd.GeoDataFrame, plan: DivisionPlan, moved: pd.DataFrame, title: str = "") -> str:
    """Return the page of a map that shows what a re-division changed.

    Parameters
    ----------
    previous
        The grids before: level, geometry, with a CRS.
    plan
        The plan after.
    moved
        The buildings that moved: community, id, name, households, old_level2, new_level2, old_level3, new_level3.
    title
        At the head of the map.

    Notes
    -----
    The same input gives the same page.
    """
    grids, buildings = to_stored(plan.grids), to_stored(plan.buildings)
    west, south, east, north = (float(v) for v in grids.total_bounds)
    origin = np.array([round((west + east) / 2, 4), round((south + north) / 2, 4)])
    codes = set(plan.base["code"].astype(str))
    old = to_stored(previous)
    if "community" in old.columns:
        old = old[old["community"].astype(str).isin(codes)]
    payload = {
        "title": title or "重划前后对照 before and after",
        "origin": origin.tolist(),
        "step": STEP_DEG,
        "bounds": [[south, west], [north, east]],
        "before": {str(level): _borders(old, level, origin) for level in (1, 2, 3)},
        "after": {str(level): _borders(grids, level, origin) for level in (1, 2, 3)},
        "buildings": [part for g in buildings.geometry for part in _areas(g, origin)],
        "moved": _moved(buildings, moved, origin),
    }
    return _page(payload)


def write_before_after(
    path: str | Path, previous: gpd.GeoDataFrame, plan: DivisionPlan, moved: pd.DataFrame, title: str = ""
) -> Path:
    """Write the page of ``before_after_map``; replaced in one step, never half-written.

    Raises
    ------
    InvalidInput
        The file cannot be written.
    """
    return save_page(path, before_after_map(previous, plan, moved, title))


def _borders(grids: gpd.GeoDataFrame, level: int, origin: Any) -> list[list[int]]:
    """Return the borders of the grids of a level, each line once."""
    chosen = grids[(grids["level"].astype("Float64").fillna(0) == level).to_numpy()]
    if chosen.empty:
        return []
    return lines(shapely.line_merge(shapely.union_all(shapely.boundary(chosen.geometry.to_numpy()))), origin)


def _areas(geom: Any, origin: Any) -> list[list[list[int]]]:
    """Return a building as polygons; a point becomes a small square."""
    return polygons(geom if geom.area else geom.centroid.buffer(3e-5, cap_style="square"), origin)


def _moved(buildings: gpd.GeoDataFrame, moved: pd.DataFrame, origin: Any) -> list[dict[str, Any]]:
    keys = zip(buildings["community"].astype(str), buildings["id"].astype(str), strict=True)
    shape = dict(zip(keys, buildings.geometry, strict=True))
    return [
        {
            "shape": _areas(shape[str(row["community"]), str(row["id"])], origin),
            "households": int(row["households"]),
            **{k: "" if pd.isna(row[k]) else str(row[k]) for k in moved.columns if k != "households"},
        }
        for row in cast(list[Mapping[str, Any]], moved.to_dict("records"))
    ]


def _page(payload: dict[str, Any]) -> str:
    (south, west), (north, east) = payload["bounds"]
    page = OfflineMap(
        location=[(south + north) / 2, (west + east) / 2],
        tiles=None, zoom_start=15, min_zoom=9, max_zoom=21, zoom_snap=0.25, attribution_control=False,
    )  # fmt: skip
    page._id = "change"
    figure = cast(Figure, page.get_root())
    fill_head(figure, str(payload["title"]), STYLES, SCRIPTS)
    page.add_child(ChangeLayer(page.get_name(), payload))
    return str(figure.render())
