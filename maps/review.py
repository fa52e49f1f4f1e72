"""A review map: what was repaired, what was only found, and which rules are broken; one offline HTML file.

Each place stands on the map, in layers that can be switched, and in a list that leads to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from branca.element import Figure
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gridgis.errors import InvalidInput
from gridgis.geometry.cleaning import KINDS
from gridgis.geometry.crs import to_stored
from gridgis.model import need_columns
from maps.encode import STEP_DEG, path, point, polygons
from maps.page import OfflineMap, TownLayer, fill_head, save_page
from maps.payload import text, town_layers

SCRIPTS = ("words.js", "common.js", "shapes.js", "review.js")
STYLES = ("common.css", "review.css")
REPAIR_NEEDS = ("feature", "kind", "done", "zh", "en")
BROKEN_NEEDS = ("rule", "grid", "confirmed", "zh", "en")

LAYERS = {
    "rule": ("违反的规则", "broken rules"),
    "found": ("仅报告，未修复", "only reported, not mended"),
    "done": ("已修复", "mended"),
    "confirmed": ("已确认的例外", "exceptions, confirmed"),
}
"""The layers of places, in the order of the list: keys and names."""


class ReviewLayer(TownLayer):
    """Calls the page's script with the map and the data."""

    call = "gridgisReview"


def review_map(
    areas: gpd.GeoDataFrame,
    repairs: gpd.GeoDataFrame | None = None,
    broken: gpd.GeoDataFrame | None = None,
    context: Mapping[str, gpd.GeoDataFrame] | None = None,
    title: str = "",
    subtitle: str = "",
) -> str:
    """Return the page of a review map.

    Parameters
    ----------
    areas
        Grids, or communities: geometry with a CRS; code, name and level where there are any.
    repairs
        Places that were mended or only reported: feature, kind, done, zh, en, geometry; as ``clean_coverage`` tells
        them, and as a town's GeoPackage holds them in its layer ``repairs``.
    broken
        Rules that are broken: rule, grid, confirmed (an exception proven right), zh, en, geometry (may be null).
    context
        The town under it, lon/lat: as ``maps.write_map``.
    title, subtitle
        At the head of the map.

    Raises
    ------
    InvalidInput
        There are no areas, a column is missing, or a layer has no CRS.

    Notes
    -----
    The same input gives the same page.
    """
    if areas.empty:
        raise InvalidInput("没有可显示的面", "there are no areas to show")
    shown = to_stored(areas)
    west, south, east, north = (float(v) for v in shown.total_bounds)
    origin = np.array([round((west + east) / 2, 4), round((south + north) / 2, 4)])
    places = [*_repairs(repairs, origin), *_broken(broken, origin)]
    payload = {
        "title": title or "复核图 review map",
        "subtitle": subtitle,
        "origin": origin.tolist(),
        "step": STEP_DEG,
        "bounds": [[south, west], [north, east]],
        "town": town_layers(context or {}, origin),
        "areas": _areas(shown, origin),
        "layers": [_layer(key, [p for p in places if p["layer"] == key]) for key in LAYERS],
    }
    return _page(payload)


def write_review(
    target: str | Path,
    areas: gpd.GeoDataFrame,
    repairs: gpd.GeoDataFrame | None = None,
    broken: gpd.GeoDataFrame | None = None,
    context: Mapping[str, gpd.GeoDataFrame] | None = None,
    title: str = "",
    subtitle: str = "",
) -> Path:
    """Write the page of ``review_map``; replaced in one step, never half-written.

    Raises
    ------
    InvalidInput
        As ``review_map``; or the file cannot be written.
    """
    return save_page(target, review_map(areas, repairs, broken, context, title, subtitle))


def _areas(frame: gpd.GeoDataFrame, origin: NDArray[np.float64]) -> list[dict[str, Any]]:
    columns = [c for c in ("code", "name", "level") if c in frame.columns]
    rows = cast(list[dict[str, Any]], frame[[*columns, "geometry"]].to_dict("records"))
    return [
        {
            "name": text(row.get("name")) or text(row.get("code")) or str(k),
            "level": None if pd.isna(row.get("level")) else int(row["level"]),
            "shape": polygons(row["geometry"], origin),
        }
        for k, row in enumerate(rows, 1)
    ]


def _repairs(repairs: gpd.GeoDataFrame | None, origin: NDArray[np.float64]) -> Iterable[dict[str, Any]]:
    if repairs is None or repairs.empty:
        return
    need_columns(repairs, REPAIR_NEEDS, "repairs")
    order = {kind: k for k, kind in enumerate(KINDS)}
    stored = to_stored(repairs)
    rows = cast(list[dict[str, Any]], stored.to_dict("records"))
    for row in sorted(rows, key=lambda r: order.get(str(r["kind"]), len(order))):
        kind = str(row["kind"])
        yield {
            "layer": "done" if row["done"] else "found",
            "group": {"zh": KINDS.get(kind, kind), "en": kind},
            **_place(row, str(row["feature"]), origin),
        }


def _broken(broken: gpd.GeoDataFrame | None, origin: NDArray[np.float64]) -> Iterable[dict[str, Any]]:
    if broken is None or broken.empty:
        return
    need_columns(broken, BROKEN_NEEDS, "broken")
    for row in cast(list[dict[str, Any]], to_stored(broken).to_dict("records")):
        yield {
            "layer": "confirmed" if row["confirmed"] else "rule",
            "group": {"zh": str(row["rule"]), "en": ""},
            **_place(row, str(row["grid"]), origin),
        }


def _place(row: Mapping[str, Any], who: str, origin: NDArray[np.float64]) -> dict[str, Any]:
    """Return what the page needs of a place; without geometry it is in the list only."""
    geom: BaseGeometry | None = row["geometry"]
    told = {"who": who, "zh": str(row["zh"]), "en": str(row["en"])}
    if geom is None or geom.is_empty:
        return told
    west, south, east, north = geom.bounds
    spots = shapely.get_coordinates(geom if not geom.area else shapely.point_on_surface(geom))
    shape = polygons(geom, origin)
    return {
        **told,
        "bounds": [point((south, west), 9), point((north, east), 9)],
        "at": path(spots, origin),
        "shape": shape,
    }


def _layer(key: str, places: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a layer: its places in groups, in the order in which groups occur first."""
    groups: dict[str, dict[str, Any]] = {}
    for place in places:
        group = groups.setdefault(place["group"]["zh"], {**place["group"], "places": []})
        group["places"].append({k: v for k, v in place.items() if k not in ("layer", "group")})
    zh, en = LAYERS[key]
    return {"key": key, "zh": zh, "en": en, "groups": list(groups.values())}


def _page(payload: dict[str, Any]) -> str:
    (south, west), (north, east) = payload["bounds"]
    page = OfflineMap(
        location=[(south + north) / 2, (west + east) / 2],
        tiles=None, zoom_start=14, min_zoom=7, max_zoom=24, zoom_snap=0.25, zoom_delta=0.5,
        zoom_control=False, attribution_control=False,
    )  # fmt: skip
    page._id = "review"  # folium draws a random name; a fixed one keeps the file the same from run to run
    figure = cast(Figure, page.get_root())
    fill_head(figure, str(payload["title"]), STYLES, SCRIPTS)
    page.add_child(ReviewLayer(page.get_name(), payload))
    return str(figure.render())
