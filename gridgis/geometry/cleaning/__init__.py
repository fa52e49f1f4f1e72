"""Coverages cleaned on their shared borders: every fault found, small ones mended, nothing else touched."""

from __future__ import annotations

from gridgis.geometry.cleaning.change import KINDS
from gridgis.geometry.cleaning.clean import Cleaned, clean_coverage

__all__ = ["KINDS", "Cleaned", "clean_coverage"]
