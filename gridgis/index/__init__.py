"""Which grid is a point in: exactly one, by an edge rule that is stated, exact and tested (docs/lookup.md).

``GridIndex`` knows polygons and positions; ``Resolver`` knows codes, levels, overlays and says why; ``PointResolver``
answers for single points without loading NumPy. The names are loaded when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gridgis.index.grid_index import GridIndex
    from gridgis.index.point_resolver import PointResolver
    from gridgis.index.resolver import Resolver

_PUBLIC = {
    "GridIndex": "gridgis.index.grid_index",
    "PointResolver": "gridgis.index.point_resolver",
    "Resolver": "gridgis.index.resolver",
}

__all__ = ["GridIndex", "PointResolver", "Resolver"]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'gridgis.index' has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)
