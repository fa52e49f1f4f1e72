"""Which grid is a point in: exactly one, by an edge rule that is stated, exact and tested (docs/lookup.md).

``GridIndex`` knows polygons and positions; ``Resolver`` knows codes, levels, overlays and says why.
"""

from __future__ import annotations

from gridgis.index.grid_index import GridIndex
from gridgis.index.resolver import Resolver

__all__ = ["GridIndex", "Resolver"]
