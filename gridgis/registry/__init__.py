"""The registry: tables, store, and the operations of ``Registry``."""

from __future__ import annotations

from gridgis.registry.registry import Registry

__all__ = ["Registry"]
