"""Read KML and KMZ: every placemark of every folder, with its geometry and its data.

Written against OGC KML 2.3 (12-007r2): Placemark, Point, LineString, LinearRing, Polygon, MultiGeometry, ExtendedData.
Tracks, models, overlays and links to other files are not geometry of a feature; those left out are counted.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import shapely

from gridgis.geometry.arrays import geometries
from gridgis.geometry.lonlat import STORED_CRS
from gridgis.io.reading.cells import column_of_texts
from gridgis.io.reading.source import Source, check_size, damage_told, unreadable
from gridgis.io.reading.text import source_encoding
from gridgis.io.reading.xml import declared_encoding, parse_xml
from gridgis.io.reading.zipped import extract, members, open_zip

GEOMETRIES = ("Point", "LineString", "LinearRing", "Polygon", "MultiGeometry")
LEFT_OUT = ("Track", "MultiTrack", "Model", "GroundOverlay", "ScreenOverlay", "PhotoOverlay", "NetworkLink")
_PLAIN = ("name", "description")


@dataclass
class _Shape:
    """A geometry being read: rings of a polygon, or parts of a collection, gather in ``parts``."""

    kind: str
    parts: list[Any] = field(default_factory=list)
    coordinates: list[tuple[float, ...]] = field(default_factory=list)

    def build(self) -> Any:
        if self.kind == "Point":
            return shapely.Point(self.coordinates[0]) if self.coordinates else shapely.Point()
        if self.kind == "LineString":
            return shapely.LineString(self.coordinates)
        if self.kind == "LinearRing":
            return shapely.LinearRing(self.coordinates)
        if self.kind == "Polygon":
            return shapely.Polygon(self.parts[0], self.parts[1:]) if self.parts else shapely.Polygon()
        return _collected(self.parts)


def _collected(parts: list[Any]) -> Any:
    """Join parts of one kind to a Multi geometry of that kind; a LinearRing is a line."""
    parts = [shapely.LineString(p.coords) if p.geom_type == "LinearRing" else p for p in parts]
    if not {p.geom_type for p in parts} <= {"Polygon", "MultiPolygon"} or not parts:
        kinds: dict[str, Any] = {"Point": shapely.MultiPoint, "LineString": shapely.MultiLineString}
        alike = {p.geom_type for p in parts}
        return kinds.get(alike.pop() if len(alike) == 1 else "", shapely.GeometryCollection)(parts)
    return shapely.MultiPolygon([p for part in parts for p in shapely.get_parts(part)])


class _Placemarks:
    """Takes the events of one KML file and gathers its placemarks."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.left_out: Counter[str] = Counter()
        self._path: list[str] = []
        self._text: list[str] = []
        self._folders: list[str] = []
        self._row: dict[str, Any] | None = None
        self._shapes: list[_Shape] = []
        self._key = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(":")[2]
        self._path.append(tag)
        self._text = []
        if tag in ("Folder", "Document"):
            self._folders.append("")
        elif tag == "Placemark":
            self._row = {"folder": "/".join(f for f in self._folders if f), "geometry": None}
        elif tag in GEOMETRIES and self._row is not None:
            self._shapes.append(_Shape(tag))
        elif tag in ("Data", "SimpleData"):
            self._key = attributes.get("name", "")
        elif tag in LEFT_OUT:
            self.left_out[tag] += 1

    def text(self, text: str) -> None:
        self._text.append(text)

    def end(self, name: str) -> None:
        tag, text = self._path.pop(), "".join(self._text).strip()
        inside = self._path[-1] if self._path else ""
        if self._row is None:
            if tag == "name" and inside in ("Folder", "Document"):
                self._folders[-1] = text
            elif tag in ("Folder", "Document"):
                self._folders.pop()
        elif tag == "Placemark":
            self.rows.append(self._row)
            self._row, self._shapes = None, []
        elif tag in GEOMETRIES:
            self._close_shape()
        else:
            self._take(self._row, tag, inside, text)
        self._text = []

    def _take(self, row: dict[str, Any], tag: str, inside: str, text: str) -> None:
        if tag in _PLAIN and inside == "Placemark":
            row[tag] = text
        elif tag == "coordinates" and self._shapes:
            self._shapes[-1].coordinates = _coordinates(text)
        elif self._key and (tag == "SimpleData" or (tag == "value" and inside == "Data")):
            row[self._key if self._key not in ("geometry", "folder") else f"{self._key}_"] = text or None

    def _close_shape(self) -> None:
        shape = self._shapes.pop().build()
        if self._shapes:
            self._shapes[-1].parts.append(shape)
        elif self._row is not None:
            self._row["geometry"] = shapely.LineString(shape.coords) if shape.geom_type == "LinearRing" else shape


def _coordinates(text: str) -> list[tuple[float, ...]]:
    """Read "lon,lat[,height] lon,lat ...": the height is left out."""
    found = [tuple(float(v) for v in point.split(",")[:2]) for point in text.split()]
    if any(len(point) != 2 for point in found):
        raise ValueError(f"<coordinates>{text[:40]}")
    return found


def kml_layers(source: Source) -> list[str]:
    """Name the one layer of a KML or KMZ file: all its folders."""
    return [source.name]


def read_kml(source: Source, layer: str) -> gpd.GeoDataFrame:
    """Read all placemarks of a KML file; the column ``folder`` holds the names of the folders that each lies in."""
    found = _Placemarks()
    _gather(source, found)
    return _frame(found, source)


def read_kmz(source: Source, layer: str) -> gpd.GeoDataFrame:
    """Read all KML files in a KMZ: it may link from one to the others."""
    found = _Placemarks()
    with TemporaryDirectory(prefix="gridgis-") as folder:
        with open_zip(source.path, source.shown) as archive:
            inside = members(archive)
            names = sorted(n for n in inside if PurePosixPath(n).suffix.lower() == ".kml")
            for k, name in enumerate(names):
                extract(archive, inside[name], Path(folder) / f"{k}.kml")
        if not names:
            raise unreadable(source.shown, "no .kml in it")
        for k, name in enumerate(names):
            _gather(replace(source, path=Path(folder) / f"{k}.kml", shown=f"{source.shown}/{name}"), found)
    if len(names) > 1:
        found.left_out.pop("NetworkLink", None)
    return _frame(found, source)


def _gather(source: Source, found: _Placemarks) -> None:
    check_size(source.path.stat().st_size, source.shown)
    with damage_told(source.shown):
        with source.path.open("rb") as file:
            said = declared_encoding(file.read(200))
        codec = source_encoding(source, said)
        with source.path.open(encoding=codec) as file:
            parse_xml(iter(lambda: file.read(2**20), ""), source.shown, found.start, found.end, found.text)


def _frame(found: _Placemarks, source: Source) -> gpd.GeoDataFrame:
    if found.left_out:
        listed = ", ".join(f"{kind} {n}" for kind, n in sorted(found.left_out.items()))
        zh, en = f"不是要素几何，未读取：{listed}", f"no geometry of a feature, not read: {listed}"
        source.notes.add("warning", source.label, "left-out", sum(found.left_out.values()), zh, en)
    shapes = geometries([row.pop("geometry") for row in found.rows])
    columns = list(dict.fromkeys(["name", "folder", *(key for row in found.rows for key in row)]))
    values = {c: _column([row.get(c) for row in found.rows]) for c in columns}
    return gpd.GeoDataFrame(values, geometry=gpd.GeoSeries(shapes, crs=STORED_CRS))  # KML is lon/lat by its standard


def _column(texts: list[str | None]) -> pd.Series[Any]:
    """Return the values of a column: KML says of few what they are, so counts are told as in other tables of texts."""
    return column_of_texts(pa.chunked_array([pa.array(texts, pa.string())]))
