"""From plane metres to the files: lon/lat with 7 decimals, one feature a line, the same bytes each time."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from gridgis.geometry.crs import choose_work_crs, transform_xy
from sample_shapes.plan import STREET, Building, Road, Town

CENTRE = (109.03, 32.69)
MIDDLE_M = (1290.0, 960.0)
"""The point of the plan that lies at CENTRE."""
DECIMALS = 7


def to_lonlat(xy: np.ndarray) -> np.ndarray:
    """Return (n, 2) plane metres as longitude and latitude, rounded to 7 decimals (1 cm)."""
    work = choose_work_crs(*CENTRE)
    origin = np.round(transform_xy(np.array([CENTRE]), "EPSG:4490", work)[0]) - MIDDLE_M
    return np.asarray(np.round(transform_xy(np.asarray(xy) + origin, work, "EPSG:4490"), DECIMALS))


def _feature(shape: BaseGeometry, **properties: Any) -> str:
    geometry = shapely.geometry.mapping(shapely.transform(shape, to_lonlat))
    body = {"type": "Feature", "properties": properties, "geometry": geometry}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def _layer(path: Path, features: Iterable[str]) -> None:
    crs = '"crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::4490"}}'
    head = f'{{"type":"FeatureCollection","name":"{path.stem}",{crs},"features":[\n'
    path.write_text(head + ",\n".join(features) + "\n]}\n", encoding="utf-8", newline="\n")


def _lines(roads: Sequence[Road]) -> list[str]:
    return [_feature(r.line, id=k, klass=r.klass, name=r.name) for k, r in enumerate(roads, 1)]


def _building(k: int, b: Building) -> str:
    return _feature(
        shapely.orient_polygons(b.shape),
        id=k,
        name=b.name,
        households=b.households if b.counted else None,
        storeys=b.storeys if b.storeys_known else None,
        use=b.use,
    )


def write_layers(town: Town, folder: Path) -> None:
    """Write all layers of the town as GeoJSON."""
    folder.mkdir(parents=True, exist_ok=True)
    _layer(
        folder / "communities.geojson",
        (_feature(shapely.orient_polygons(s), code=c, name=n, street=STREET) for c, n, s in town.communities),
    )
    _layer(folder / "roads.geojson", _lines(town.roads))
    _layer(folder / "railways.geojson", _lines(town.rails))
    _layer(folder / "rivers.geojson", _lines(town.rivers))
    _layer(
        folder / "water.geojson",
        (_feature(shapely.orient_polygons(s), id=k, klass=c, name=n) for k, (c, n, s) in enumerate(town.water, 1)),
    )
    _layer(folder / "walls.geojson", (_feature(w, id=k, klass="wall") for k, w in enumerate(town.walls, 1)))
    _layer(
        folder / "compounds.geojson",
        (_feature(shapely.orient_polygons(c.shape), id=k, name=c.name) for k, c in enumerate(town.compounds, 1)),
    )
    _layer(
        folder / "sites.geojson",
        (
            _feature(shapely.orient_polygons(s.shape), id=k, name=s.name, category=s.category, mode=s.mode)
            for k, s in enumerate(town.sites, 1)
        ),
    )
    _layer(folder / "buildings.geojson", (_building(k, b) for k, b in enumerate(town.buildings, 1)))


def write_table(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV table in UTF-8 without byte order mark, lines ended by a line feed."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(header)
        table.writerows(rows)
