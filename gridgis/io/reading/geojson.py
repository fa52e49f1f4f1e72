"""Read GeoJSON; one that is not in UTF-8, as the standard (RFC 7946) wants it, is decoded by its content first."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyogrio

from gridgis.io.reading.encodings import note_choice
from gridgis.io.reading.ogr import read_frame
from gridgis.io.reading.source import Source, check_size, damage_told
from gridgis.io.reading.text import text_encoding


def geojson_layers(source: Source) -> list[str]:
    """Name the one layer of a GeoJSON file, as it says, or after the file."""
    with damage_told(source.shown), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return sorted(str(name) for name in pyogrio.list_layers(source.path)[:, 0])


def read_geojson(source: Source, layer: str) -> Any:
    """Read a GeoJSON file."""
    check_size(source.path.stat().st_size, source.shown)
    with damage_told(source.shown):
        choice, cells = text_encoding(source.path, source.shown, source.encoding)
        if choice.encoding in ("utf-8", "utf-8-sig"):
            return read_frame(source, layer)
        note_choice(choice, cells, "", source.label, source.notes)
        with TemporaryDirectory(prefix="gridgis-") as folder:
            inner = Path(folder) / "layer.geojson"
            with source.path.open(encoding=choice.encoding) as file, inner.open("w", encoding="utf-8") as out:
                while block := file.read(2**20):
                    out.write(block)
            decoded = replace(source, path=inner)
            return read_frame(decoded, geojson_layers(decoded)[0])
