"""All that the map file shows, as one JSON-serialisable value; the page's script draws it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gridgis.errors import Forbidden, InvalidInput
from gridgis.geometry.anchors import label_anchors
from gridgis.model import need_columns
from gridgis.service.display import add_display_columns
from maps.encode import STEP_DEG, lines, point, polygons
from maps.roadnames import name_anchors

GRID_NEEDS = ("code", "name", "level", "kind", "mode", "category", "parent", "community", "households")
LINE_LAYERS = ("roads", "railways", "rivers")
AREA_LAYERS = ("water", "buildings", "compounds", "communities")
CLEAR_PHONE = re.compile(r"(?<!\d)\d{7,}(?!\d)")


def make_payload(
    grids: gpd.GeoDataFrame,
    context: Mapping[str, gpd.GeoDataFrame],
    cards: Mapping[str, Mapping[str, Any]],
    title: str,
    subtitle: str,
) -> dict[str, Any]:
    """Return what the page needs: base map, grids, labels, cards.

    Raises
    ------
    InvalidInput
        No grids, or a column is missing.
    Forbidden
        A card shows an unmasked phone number: a map file is passed on, so numbers must be masked before.
    """
    need_columns(grids, GRID_NEEDS, "grids")
    if grids.empty:
        raise InvalidInput("没有可显示的网格", "there are no grids to show")
    for card in cards.values():
        _refuse_clear_phones(card)
    west, south, east, north = (float(v) for v in grids.total_bounds)
    origin = np.array([round((west + east) / 2, 4), round((south + north) / 2, 4)])
    return {
        "title": title,
        "subtitle": subtitle,
        "origin": origin.tolist(),
        "step": STEP_DEG,
        "bounds": [[south, west], [north, east]],
        "town": town_layers(context, origin),
        "grids": _grids(grids, origin),
        "cards": {code: dict(card) for code, card in sorted(cards.items())},
    }


def _refuse_clear_phones(card: Mapping[str, Any]) -> None:
    people = [
        card.get("leader"),
        *(card.get("administrators") or ()),
        *(s.get("leader") for s in card.get("chain") or ()),
    ]
    for person in people:
        if person and CLEAR_PHONE.search(str(person.get("phone") or "")):
            raise Forbidden(
                f"网格 {card.get('code')} 的联系电话未脱敏；地图文件会被转发，请用脱敏的名片（card(mask=True)）",
                f"grid {card.get('code')} shows a phone number in the clear; mask it first: card(mask=True)",
                code=card.get("code"),
            )


def _grids(grids: gpd.GeoDataFrame, origin: NDArray[np.float64]) -> list[dict[str, Any]]:
    shown = add_display_columns(grids).sort_values("code", kind="stable")
    return [_grid(row, origin) for row in cast(list[dict[str, Any]], shown.to_dict("records"))]


def _grid(row: Mapping[str, Any], origin: NDArray[np.float64]) -> dict[str, Any]:
    return {
        "code": str(row["code"]),
        "name": text(row["name"]) or str(row["code"]),
        "level": None if pd.isna(row["level"]) else int(row["level"]),
        "households": None if pd.isna(row["households"]) else int(row["households"]),
        **{key: text(row[key]) for key in ("kind", "mode", "category", "parent", "community")},
        "colour": int(row["colour"]),
        "tint": int(row["tint"]),
        "at": point((row["label_lon"], row["label_lat"])),
        "room": float(row["label_m"]),
        "shape": polygons(row["geometry"], origin),
    }


def text(value: Any) -> str | None:
    """Return a cell as text; None for null and the empty string.

    Examples
    --------
    >>> text(float("nan")), text(""), text("学校")
    (None, None, '学校')
    """
    return None if value is None or pd.isna(value) or value == "" else str(value)


def town_layers(context: Mapping[str, gpd.GeoDataFrame], origin: NDArray[np.float64]) -> dict[str, Any]:
    """Return the town under the grids: lines and areas by class, and where their names stand."""
    layers = {key: frame for key, frame in context.items() if frame is not None and len(frame)}
    town: dict[str, Any] = {"lines": [], "areas": [], "line_names": [], "area_names": []}
    for key in LINE_LAYERS:
        if key in layers:
            town["lines"] += _by_class(key, layers[key], lines, origin)
            town["line_names"] += [{"layer": key, **spot} for spot in name_anchors(layers[key])]
    for key in AREA_LAYERS:
        if key in layers:
            town["areas"] += _by_class(key, layers[key], polygons, origin)
            town["area_names"] += _area_names(key, layers[key])
    return town


def _by_class(key: str, frame: gpd.GeoDataFrame, encode: Any, origin: NDArray[np.float64]) -> list[dict[str, Any]]:
    """Put all shapes of a class into one: the page draws it in one stroke."""
    column = next((c for c in ("klass", "use") if c in frame.columns), None)
    classes = frame[column].fillna("").astype("str") if column else pd.Series("", index=frame.index)
    groups = frame.geometry.groupby(classes, sort=True)
    return [
        {"layer": key, "klass": klass, "shape": [part for geom in geoms for part in encode(geom, origin)]}
        for klass, geoms in groups
    ]


def _area_names(key: str, frame: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    if "name" not in frame.columns:
        return []
    named = frame[[text(name) is not None for name in frame["name"]]]
    centres, radii = label_anchors(named.geometry.to_numpy())
    return [
        {"layer": key, "name": str(name), "at": point(at), "room": round(float(room), 1)}
        for name, at, room in zip(named["name"], centres, radii, strict=True)
    ]
