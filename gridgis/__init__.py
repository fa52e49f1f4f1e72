"""gridgis: divide, code, register, serve and dispatch community service grids (城乡社区网格).

The public names are loaded when first used (PEP 562), so ``import gridgis`` is light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gridgis.checks import verify
    from gridgis.model import Community, DivisionPlan, DivisionRules, Hit, VerifyReport
    from gridgis.partition import divide

__version__ = "0.1.0"

_PUBLIC = {
    "Community": "gridgis.model",
    "DivisionPlan": "gridgis.model",
    "DivisionRules": "gridgis.model",
    "Hit": "gridgis.model",
    "VerifyReport": "gridgis.model",
    "divide": "gridgis.partition",
    "verify": "gridgis.checks",
}

__all__ = ["Community", "DivisionPlan", "DivisionRules", "Hit", "VerifyReport", "divide", "verify"]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'gridgis' has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC])
