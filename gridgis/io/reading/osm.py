"""Read OpenStreetMap files (.pbf, .osm): tags that have no column of their own are a mapping in ``other_tags``.

``gridgis.io.mapping`` takes the tags it asks for out of that column.
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
    frame = read_frame(source, layer, TAGS_FORMAT="JSON")
    with damage_told(source.shown):
        frame.insert(0, "id", _ids(frame, layer))
    return frame


def _ids(frame: Any, layer: str) -> list[str]:
    """Return the ids as OpenStreetMap's own pages write them; a polygon is a way or a relation."""
    if layer != "multipolygons":
        kind = {"points": "node", "lines": "way"}.get(layer, "relation")
        return [f"{kind}/{number}" for number in frame["osm_id"]]
    pairs = zip(frame["osm_id"], frame["osm_way_id"], strict=True)
    return [f"relation/{relation}" if isinstance(relation, str) else f"way/{way}" for relation, way in pairs]


def _check(source: Source) -> None:
    if source.path.suffix.lower() == ".osm":
        with damage_told(source.shown), source.path.open("rb") as file:
            parse_xml(file_blocks(file), source.shown)
