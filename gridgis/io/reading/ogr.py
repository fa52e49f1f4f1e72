"""Read a layer with GDAL (by pyogrio): GeoPackage, FlatGeobuf, and what other readers prepare for it."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pyogrio

from gridgis.io.reading.source import Source, check_size, damage_told


def layer_names(path: Path, shown: str) -> list[str]:
    """List the layers of a file, sorted."""
    with damage_told(shown), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return sorted(str(name) for name in pyogrio.list_layers(path)[:, 0])


def ogr_layers(source: Source) -> list[str]:
    """List the layers of a file that GDAL reads."""
    return layer_names(source.path, source.shown)


def read_ogr(source: Source, layer: str) -> Any:
    """Read one layer of a file that GDAL reads."""
    check_size(source.path.stat().st_size, source.shown)
    return read_frame(source, layer)


def read_frame(source: Source, layer: str, **options: Any) -> Any:
    """Read with pyogrio, and put what it warns of into report rows."""
    with damage_told(source.shown), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        frame = pyogrio.read_dataframe(source.path, layer=layer, **options)
    for text in sorted({str(w.message) for w in caught if issubclass(w.category, RuntimeWarning)}):
        zh, en = f"读取时的提示：{text}", f"said by the reader: {text}"
        source.notes.add("warning", source.label, "reader", None, zh, en)
    return frame
