"""No garbage collection while many geometries are made: each collection walks all of them, and frees none.

A geometry holds no other Python object, so it is in no cycle; it is freed when its last reference goes.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Pause the search for cycles of garbage; go on with it afterwards, whatever happens, if it was on.

    As a decorator it pauses for the time of a call.

    Examples
    --------
    >>> with uncollected():
    ...     gc.isenabled()
    False
    >>> gc.isenabled()
    True
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
