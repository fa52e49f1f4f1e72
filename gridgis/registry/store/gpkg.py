"""What makes a sqlite file a GeoPackage 1.4: its blobs, its own tables, the R*Tree with its triggers.

Only stock sqlite3 is used. The R*Tree triggers of the standard call five functions (ST_MinX, ST_MaxX, ST_MinY,
ST_MaxY, ST_IsEmpty); they are registered on each connection and read the head of the blob only.
"""

from __future__ import annotations

import math
import sqlite3
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from gridgis.errors import InvalidInput

APPLICATION_ID = 0x47504B47  # "GPKG"
USER_VERSION = 10400  # GeoPackage 1.4: with the seven triggers below upserts keep the R*Tree right
SRS_ID = 4490

_HEAD = struct.Struct("<2sBBi4d")
_ENVELOPE_BYTES = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}
_NO_BOX = (math.nan, math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class Layer:
    """A table of the registry as the GeoPackage lists it; geometry_type None: a table without geometry."""

    table: str
    geometry_type: str | None
    title: str


def encode(geom: BaseGeometry, srs_id: int = SRS_ID) -> bytes:
    """Write a geometry as a GeoPackage blob: little endian, with envelope, 2D.

    Examples
    --------
    >>> decode(encode(shapely.Point(109.5, 32.25))).wkt
    'POINT (109.5 32.25)'
    """
    empty = geom.is_empty
    minx, miny, maxx, maxy = _NO_BOX if empty else geom.bounds
    flags = 0b00000001 | (0b00010000 if empty else 0b00000010)
    wkb = shapely.to_wkb(shapely.force_2d(geom), byte_order=1, output_dimension=2)
    if empty:
        return _HEAD.pack(b"GP", 0, flags, srs_id, *_NO_BOX)[:8] + wkb
    return _HEAD.pack(b"GP", 0, flags, srs_id, minx, maxx, miny, maxy) + wkb


def _wkb(blob: bytes) -> bytes:
    if blob[:2] != b"GP":
        raise InvalidInput("图形不是 GeoPackage 格式", "a geometry is no GeoPackage blob")
    return blob[8 + _ENVELOPE_BYTES[blob[3] >> 1 & 0b111] :]


def decode(blob: bytes) -> BaseGeometry:
    """Read a GeoPackage blob, also one that another program wrote."""
    return shapely.from_wkb(_wkb(blob))


def envelope(blob: bytes) -> tuple[float, float, float, float]:
    """Return minx, maxx, miny, maxy of a blob, from its head where it has one."""
    if blob[3] >> 1 & 0b111:
        box = struct.unpack_from("<4d" if blob[3] & 1 else ">4d", blob, 8)
        return (float(box[0]), float(box[1]), float(box[2]), float(box[3]))
    minx, miny, maxx, maxy = decode(blob).bounds
    return minx, maxx, miny, maxy


def is_empty(blob: bytes | None) -> int | None:
    """Tell whether a blob is an empty geometry (1 or 0)."""
    return None if blob is None else int(bool(blob[3] & 0b00010000))


def register_functions(connection: sqlite3.Connection) -> None:
    """Give a connection the five functions that the R*Tree triggers call."""

    def corner(i: int) -> Callable[[bytes | None], float | None]:
        return lambda blob: None if blob is None else envelope(blob)[i]

    for i, name in enumerate(("ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY")):
        connection.create_function(name, 1, corner(i), deterministic=True)
    connection.create_function("ST_IsEmpty", 1, is_empty, deterministic=True)


Execute = Callable[..., Any]
"""Runs one SQL text with optional parameters."""

_TABLES = (
    """CREATE TABLE IF NOT EXISTS gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY,
    organization TEXT NOT NULL, organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL,
    description TEXT)""",
    """CREATE TABLE IF NOT EXISTS gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL,
    identifier TEXT UNIQUE, description TEXT DEFAULT '',
    last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
    min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
    CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id))""",
    """CREATE TABLE IF NOT EXISTS gpkg_geometry_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL,
    geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL,
    CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name),
    CONSTRAINT uk_gc_table_name UNIQUE (table_name),
    CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
    CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id))""",
    """CREATE TABLE IF NOT EXISTS gpkg_extensions (table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL,
    definition TEXT NOT NULL, scope TEXT NOT NULL,
    CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name))""",
)

_WGS84 = (
    'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],'
    'AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,'
    'AUTHORITY["EPSG","9122"]],AXIS["Latitude",NORTH],AXIS["Longitude",EAST],AUTHORITY["EPSG","4326"]]'
)
_CGCS2000 = (
    'GEOGCS["China Geodetic Coordinate System 2000",DATUM["China_2000",SPHEROID["CGCS2000",6378137,298.257222101,'
    'AUTHORITY["EPSG","1024"]],AUTHORITY["EPSG","1043"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],'
    'UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AXIS["Latitude",NORTH],AXIS["Longitude",EAST],'
    'AUTHORITY["EPSG","4490"]]'
)
_SRS = (
    ("Undefined Cartesian SRS", -1, "NONE", -1, "undefined", "undefined Cartesian coordinate reference system"),
    ("Undefined geographic SRS", 0, "NONE", 0, "undefined", "undefined geographic coordinate reference system"),
    ("WGS 84 geodetic", 4326, "EPSG", 4326, _WGS84, "longitude/latitude in decimal degrees, WGS 84"),
    ("CGCS2000 geodetic", 4490, "EPSG", 4490, _CGCS2000, "longitude/latitude in decimal degrees, CGCS2000"),
)
_RTREE_SPEC = "http://www.geopackage.org/spec140/#extension_rtree"

_HAS = '(NEW."geometry" NOTNULL AND NOT ST_IsEmpty(NEW."geometry"))'
_HAS_NOT = '(NEW."geometry" ISNULL OR ST_IsEmpty(NEW."geometry"))'
_HAD = '(OLD."geometry" NOTNULL AND NOT ST_IsEmpty(OLD."geometry"))'
_HAD_NOT = '(OLD."geometry" ISNULL OR ST_IsEmpty(OLD."geometry"))'
_BOX = ", ".join(f'ST_{f}(NEW."geometry")' for f in ("MinX", "MaxX", "MinY", "MaxY"))
_SET = ", ".join(
    f'{c} = ST_{f}(NEW."geometry")'
    for c, f in zip(("minx", "maxx", "miny", "maxy"), ("MinX", "MaxX", "MinY", "MaxY"), strict=True)
)
_TRIGGERS = {
    "insert": ("INSERT ON", f"WHEN {_HAS}", f"INSERT OR REPLACE INTO {{r}} VALUES (NEW.fid, {_BOX});"),
    "update2": (
        "UPDATE OF geometry ON", f"WHEN OLD.fid = NEW.fid AND {_HAS_NOT}", "DELETE FROM {r} WHERE id = OLD.fid;",
    ),
    "update4": (
        "UPDATE ON", f"WHEN OLD.fid != NEW.fid AND {_HAS_NOT}", "DELETE FROM {r} WHERE id IN (OLD.fid, NEW.fid);",
    ),
    "update5": (
        "UPDATE ON", f"WHEN OLD.fid != NEW.fid AND {_HAS}",
        f"DELETE FROM {{r}} WHERE id = OLD.fid; INSERT OR REPLACE INTO {{r}} VALUES (NEW.fid, {_BOX});",
    ),
    "update6": (
        "UPDATE OF geometry ON", f"WHEN OLD.fid = NEW.fid AND {_HAS} AND {_HAD}",
        f"UPDATE {{r}} SET {_SET} WHERE id = NEW.fid;",
    ),
    "update7": (
        "UPDATE OF geometry ON", f"WHEN OLD.fid = NEW.fid AND {_HAS} AND {_HAD_NOT}",
        f"INSERT INTO {{r}} VALUES (NEW.fid, {_BOX});",
    ),
    "delete": ("DELETE ON", "WHEN OLD.geometry NOT NULL", "DELETE FROM {r} WHERE id = OLD.fid;"),
}  # fmt: skip


def ensure(execute: Execute, layers: Iterable[Layer]) -> None:
    """Make the file a GeoPackage and list the layers; may be called again at any time.

    Every layer has the primary key ``fid`` and, where it has a geometry, the column ``geometry``.
    """
    execute(f"PRAGMA application_id = {APPLICATION_ID}")
    execute(f"PRAGMA user_version = {USER_VERSION}")
    for sql in _TABLES:
        execute(sql)
    for row in _SRS:
        execute("INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", row)
    for layer in layers:
        _ensure_layer(execute, layer)


def _ensure_layer(execute: Execute, layer: Layer) -> None:
    kind, srs = ("features", SRS_ID) if layer.geometry_type else ("attributes", None)
    execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, srs_id) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT DO NOTHING",
        (layer.table, kind, layer.table, layer.title, srs),
    )
    if layer.geometry_type is None:
        return
    execute(
        "INSERT INTO gpkg_geometry_columns VALUES (?, 'geometry', ?, ?, 0, 0) ON CONFLICT DO NOTHING",
        (layer.table, layer.geometry_type, SRS_ID),
    )
    execute(
        "INSERT INTO gpkg_extensions VALUES (?, 'geometry', 'gpkg_rtree_index', ?, 'write-only') "
        "ON CONFLICT DO NOTHING",
        (layer.table, _RTREE_SPEC),
    )
    rtree = f"rtree_{layer.table}_geometry"
    if execute("SELECT 1 FROM sqlite_master WHERE name = ?", (rtree,)).fetchone() is None:
        execute(f'CREATE VIRTUAL TABLE "{rtree}" USING rtree(id, minx, maxx, miny, maxy)')
        box = ", ".join(f"ST_{f}(geometry)" for f in ("MinX", "MaxX", "MinY", "MaxY"))
        there = "geometry NOTNULL AND NOT ST_IsEmpty(geometry)"  # the rows that were there before it
        execute(f'INSERT INTO "{rtree}" SELECT fid, {box} FROM "{layer.table}" WHERE {there}')
    for name, (event, when, body) in _TRIGGERS.items():
        body = body.replace("{r}", f'"{rtree}"')
        execute(f'CREATE TRIGGER IF NOT EXISTS "{rtree}_{name}" AFTER {event} "{layer.table}" {when} BEGIN {body} END')


def refresh_extents(execute: Execute, tables: Iterable[str]) -> None:
    """Write the extent of each layer into gpkg_contents (from the R*Tree, widened to hold its single floats)."""
    for table in tables:
        rtree = f'"rtree_{table}_geometry"'
        execute(
            f"UPDATE gpkg_contents SET (min_x, min_y, max_x, max_y) = "
            f"(SELECT min(minx), min(miny), max(maxx), max(maxy) FROM {rtree}), "
            f"last_change = strftime('%Y-%m-%dT%H:%M:%fZ','now') WHERE table_name = ?",
            (table,),
        )


def rtree_faults(execute: Execute, table: str) -> list[str]:
    """Tell where the R*Tree of a layer differs from its rows: missing, left over, or another box."""
    rtree = f'"rtree_{table}_geometry"'
    inside = " AND ".join(f"{low} <= ST_{f}(t.geometry)" for low, f in (("r.minx", "MinX"), ("r.miny", "MinY")))
    inside += " AND " + " AND ".join(f"{c} >= ST_{f}(t.geometry)" for c, f in (("r.maxx", "MaxX"), ("r.maxy", "MaxY")))
    there = "t.geometry NOTNULL AND NOT ST_IsEmpty(t.geometry)"
    queries = (
        f'SELECT t.fid FROM "{table}" t LEFT JOIN {rtree} r ON r.id = t.fid '
        f"WHERE {there} AND NOT coalesce({inside}, 0)",
        f'SELECT r.id FROM {rtree} r LEFT JOIN "{table}" t ON t.fid = r.id WHERE t.fid ISNULL',
    )
    return [f"{table}: row {row[0]} and the R*Tree differ" for query in queries for row in execute(f"{query} LIMIT 5")]
