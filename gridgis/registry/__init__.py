"""The registry: what a city trusts to know which grid had which code, border and leader on which day.

``registry.py`` is the facade, with its methods by subject in ``with_*.py``. ``tables.py`` is the schema, ``store/`` the
two ways of keeping it. Each other file is one part of the work, as functions of a ``Book`` (``book.py``: store, clock,
scheme) and a connection: one transaction each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gridgis.registry.registry import Registry

__all__ = ["Registry"]


def __getattr__(name: str) -> Any:
    """Load the facade when it is first asked for: ``quick.py`` does without all that it needs."""
    if name != "Registry":
        raise AttributeError(f"module 'gridgis.registry' has no attribute {name!r}")
    from gridgis.registry.registry import Registry

    return Registry
