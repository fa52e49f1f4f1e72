"""Division: atoms -> contacts -> regions -> search -> levels -> plan. Knows model, coding and geometry, no files."""

from __future__ import annotations

from gridgis.partition.divide import divide
from gridgis.partition.from_atoms import plan_from_atoms
from gridgis.partition.search import partition_graph

__all__ = ["divide", "partition_graph", "plan_from_atoms"]
