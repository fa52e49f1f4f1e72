"""A map of an imported layer: its features, and the places that were mended or must be looked at; one offline file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import geopandas as gpd
import orjson
import shapely
from branca.element import Figure

from maps.page import OfflineMap, TownLayer, fill_head, save_page

MAX_PLACES = 2000
"""More places than this are not drawn: the report has them all."""
DIGITS = 7
"""Decimals of a degree that are drawn: a centimetre."""


class ImportedLayer(TownLayer):
    """Calls the page's script with the map and the data."""

    call = "gridgisImported"


def imported_map(frame: gpd.GeoDataFrame, places: gpd.GeoDataFrame, title: str, subtitle: str = "") -> str:
    """Return the page of a map of an imported layer.

    Parameters
    ----------
    frame
        The layer, lon/lat; ``name``, ``code`` or ``id`` is shown at a feature.
    places
        Where it was mended or could not be, lon/lat: feature, kind, area_m2, done, zh, en.
    title, subtitle
        At the head of the page.

    Notes
    -----
    The same input gives the same page. Faults to be looked at come first, then by area.
    """
    west, south, east, north = (float(v) for v in frame.total_bounds)
    order = places.sort_values(["done", "area_m2"], ascending=[True, False], kind="stable")
    payload = {
        "title": title,
        "subtitle": subtitle,
        "bounds": [[south, west], [north, east]],
        "features": [{"name": n, "shape": _geojson(g)} for n, g in zip(_names(frame), frame.geometry, strict=True)],
        "places": [_place(dict(row)) for row in order.head(MAX_PLACES).to_dict("records")],
        "left": max(0, len(order) - MAX_PLACES),
    }
    page = OfflineMap(
        location=[(south + north) / 2, (west + east) / 2], tiles=None, zoom_start=14, min_zoom=3, max_zoom=26,
        zoom_snap=0.25, prefer_canvas=True, attribution_control=False,
    )  # fmt: skip
    page._id = "imported"
    figure = cast(Figure, page.get_root())
    fill_head(figure, title, ("imported.css",), ("imported.js",))
    page.add_child(ImportedLayer(page.get_name(), payload))
    return str(figure.render())


def write_imported(
    path: str | Path, frame: gpd.GeoDataFrame, places: gpd.GeoDataFrame, title: str, subtitle: str = ""
) -> Path:
    """Write the page of ``imported_map``; replaced in one step, never half-written.

    Raises
    ------
    InvalidInput
        The file cannot be written.
    """
    return save_page(path, imported_map(frame, places, title, subtitle))


def _names(frame: gpd.GeoDataFrame) -> list[str]:
    """Return what to call each feature: its name with its code or id, as far as there are any."""
    heads = [c for c in ("code", "id", "name", "klass") if c in frame.columns]
    rows = frame[heads].astype(object).where(frame[heads].notna(), None).to_numpy().tolist()
    return [" ".join(str(v) for v in row if v is not None) for row in rows]


def _place(row: Mapping[Any, Any]) -> dict[str, Any]:
    shape = row["geometry"]
    spot = shape.representative_point() if not shape.is_empty else shapely.Point(0, 0)
    return {
        "done": bool(row["done"]),
        "kind": str(row["kind"]),
        "zh": str(row["zh"]),
        "en": str(row["en"]),
        "at": [round(float(spot.y), 9), round(float(spot.x), 9)],
        "shape": orjson.loads(shapely.to_geojson(shape)),  # not rounded: a sliver may be a millimetre wide
    }


def _geojson(shape: Any) -> Any:
    return orjson.loads(shapely.to_geojson(shapely.set_precision(shape, 10**-DIGITS, mode="pointwise")))
