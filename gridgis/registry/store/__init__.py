"""Where a registry is kept: a GeoPackage file or PostGIS, with the same tables and queries.

``store.py`` is what the rest of the registry sees; ``geopackage.py`` and ``postgis.py`` are the two ways of doing it,
``gpkg.py`` the file format, ``types.py`` the column types, ``rows.py`` what goes in and comes out, ``boxes.py`` and
``texts.py`` how to ask by extent and by beginning, ``address.py`` the names of stores.
"""

from __future__ import annotations

from gridgis.registry.store.address import is_url, shown, url_of
from gridgis.registry.store.boxes import in_box
from gridgis.registry.store.rows import chunks, frame, geoframe, insert, insert_rows, plain_rows, plain_value
from gridgis.registry.store.store import Store
from gridgis.registry.store.texts import begins
from gridgis.registry.store.types import Geom, Instant, SortedText, promoted

__all__ = [
    "Geom", "Instant", "SortedText", "Store", "begins", "chunks", "frame", "geoframe", "in_box", "insert",
    "insert_rows", "is_url", "plain_rows", "plain_value", "promoted", "shown", "url_of",
]  # fmt: skip
