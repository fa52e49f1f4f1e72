"""Which reader reads which ending."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import pyarrow as pa

from gridgis.io.reading.archive_layers import read_zipped, zip_layers
from gridgis.io.reading.cells import layer_of_cells
from gridgis.io.reading.csv_text import csv_batches, csv_heads
from gridgis.io.reading.excel import excel_sheets, excel_table
from gridgis.io.reading.geojson import geojson_layers, read_geojson
from gridgis.io.reading.heads import place_heads
from gridgis.io.reading.kml import kml_layers, read_kml, read_kmz
from gridgis.io.reading.ogr import ogr_layers, read_ogr
from gridgis.io.reading.osm import osm_layers, read_osm
from gridgis.io.reading.parquet import parquet_layers, read_parquet
from gridgis.io.reading.shapefile import read_shapefile, shapefile_layers
from gridgis.io.reading.source import Source, check_size, damage_told
from gridgis.io.reading.text import source_encoding


@dataclass(frozen=True)
class Format:
    """How the layers of a file are listed, and how one is read: a DataFrame where it has no geometry."""

    layers: Callable[[Source], list[str]]
    read: Callable[[Source, str], Any]


def csv_layers(source: Source) -> list[str]:
    """Name the one layer of a CSV file."""
    return [source.name]


def read_csv(source: Source, layer: str) -> Any:
    """Read a CSV file as a layer."""
    check_size(source.path.stat().st_size, source.shown)
    with damage_told(source.shown):
        codec = source_encoding(source)
        names = csv_heads(source.path, codec, source.shown)
        table = pa.concat_tables(part for part, _ in csv_batches(source.path, codec, names))
        return layer_of_cells(table, source)


def read_excel(source: Source, layer: str) -> Any:
    """Read a sheet of an Excel file as a layer."""
    table = excel_table(source, layer, place_heads() | {head.lower() for head in source.columns.values()})
    with damage_told(source.shown):
        return layer_of_cells(table, source)


_PLAIN: Mapping[str, Format] = {
    ".geojson": Format(geojson_layers, read_geojson),
    ".json": Format(geojson_layers, read_geojson),
    ".gpkg": Format(ogr_layers, read_ogr),
    ".shp": Format(shapefile_layers, read_shapefile),
    ".parquet": Format(parquet_layers, read_parquet),
    ".fgb": Format(ogr_layers, read_ogr),
    ".kml": Format(kml_layers, read_kml),
    ".kmz": Format(kml_layers, read_kmz),
    ".csv": Format(csv_layers, read_csv),
    ".xlsx": Format(excel_sheets, read_excel),
    ".pbf": Format(osm_layers, read_osm),
    ".osm": Format(osm_layers, read_osm),
}

_IN_ZIP = {ending: _PLAIN[ending].read for ending in (".geojson", ".json", ".shp", ".parquet", ".kml", ".csv")}
"""What is read out of a zip: formats of one layer."""

FORMATS: Mapping[str, Format] = {
    **_PLAIN,
    ".zip": Format(partial(zip_layers, readers=_IN_ZIP), partial(read_zipped, readers=_IN_ZIP)),
}
