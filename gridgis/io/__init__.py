"""Files in and out: towns, layers, plan files. Only this package (and the registry) opens them."""

from __future__ import annotations

from gridgis.io.town import Town, read_town

__all__ = ["Town", "read_town"]
