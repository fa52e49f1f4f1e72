"""Files in and out: towns, layers, plan files. Only this package (and the registry) opens them."""

from __future__ import annotations

from gridgis.io.pins import read_pins
from gridgis.io.plan_file import read_communities, read_plan, write_plan
from gridgis.io.town import Town, read_town

__all__ = ["Town", "read_communities", "read_pins", "read_plan", "read_town", "write_plan"]
