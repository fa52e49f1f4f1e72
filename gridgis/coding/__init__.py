"""Codes of grids: schemes as data, parse and print, allocate. Standard library only."""

from __future__ import annotations

from gridgis.coding.code import Code
from gridgis.coding.files import scheme_names
from gridgis.coding.order import default_row_height, spatial_order
from gridgis.coding.scheme import Scheme
from gridgis.coding.segment import Segment

__all__ = ["Code", "Scheme", "Segment", "default_row_height", "scheme_names", "spatial_order"]
