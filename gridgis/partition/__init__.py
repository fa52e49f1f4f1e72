"""Division: atoms -> contacts -> regions -> search -> levels -> plan. Knows model, coding and geometry, no files."""

from __future__ import annotations

from gridgis.partition.any_graph import partition_graph
from gridgis.partition.divide import divide
from gridgis.partition.from_atoms import plan_from_atoms

__all__ = ["divide", "partition_graph", "plan_from_atoms"]
