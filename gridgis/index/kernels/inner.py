"""How inner loops are compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit

F = TypeVar("F", bound=Callable[..., Any])

_HOW: Any = {"cache": True, "nogil": True, "error_model": "numpy", "_nrt": False}

inner: Callable[[F], F] = njit(**_HOW)
"""Compiles what makes no arrays: numba then counts no references to those it is given, which takes half the time of
building an index (numba issues 2345, 2350). What does make arrays is refused when it is compiled."""

inlined: Callable[[F], F] = njit(**_HOW, forceinline=True)
"""The same, as part of its caller."""

with_arrays: Callable[[F], F] = njit(**{**_HOW, "_nrt": True})
"""Compiles what makes arrays and is called by those that make none: without a word numba takes their way for it."""
