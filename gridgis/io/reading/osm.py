"""Read OpenStreetMap files (.pbf, .osm): tags that have no column of their own are JSON in ``other_tags``.

``gridgis.io.mapping`` takes the tags it knows out of that column.
"""

from __future__ import annotations

from typing import Any

from gridgis.io.reading.ogr import layer_names, read_frame
from gridgis.io.reading.source import Source, check_size, damage_told
from gridgis.io.reading.xml import file_blocks, parse_xml

LAYERS = ("points", "lines", "multilinestrings", "multipolygons")


def osm_layers(source: Source) -> list[str]:
    """List the layers that features of OpenStreetMap are sorted to by their shape."""
    _check(source)
    return [name for name in layer_names(source.path, source.shown) if name in LAYERS]


def read_osm(source: Source, layer: str) -> Any:
    """Read one layer of an OpenStreetMap file."""
    check_size(source.path.stat().st_size, source.shown)
    return read_frame(source, layer, TAGS_FORMAT="JSON")


def _check(source: Source) -> None:
    if source.path.suffix.lower() == ".osm":
        with damage_told(source.shown), source.path.open("rb") as file:
            parse_xml(file_blocks(file), source.shown)
