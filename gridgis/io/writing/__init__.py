"""Layers out, in the formats that offices use: what is written, and what a format could not hold.

``write.py`` chooses by the file's ending; one file for each family of formats: ``database.py`` (GeoPackage),
``geojson.py``, ``shapefile.py``, ``kml.py``, ``tables.py`` (GeoParquet, CSV with WKT).
"""

from __future__ import annotations

from gridgis.io.writing.write import SUFFIXES, check_target, write_frame

__all__ = ["SUFFIXES", "check_target", "write_frame"]
