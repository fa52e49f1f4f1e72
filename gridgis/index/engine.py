"""Who answers: compiled code where it is loaded or worth waiting for, plain Python until then.

Loading numba takes a third of a second, and seconds once after an installation, when it compiles. So the first
questions go the plain way, and numba is loaded behind them in a thread.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridgis.index.plain import Plain
from gridgis.index.tables import LET_IN, Tables

PATIENCE = 1_000
"""After so many points the compiled code is loaded behind."""
WORTH = 100_000
"""So many points at once are worth waiting for it: the plain way would take a second."""

_loading = threading.Lock()
_loaded = threading.Event()


class Engine:
    """The answers of one set of tables."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._plain: Plain | None = None
        self._packed: NDArray[np.int64] | None = None
        self.address = 0
        self._find: Any = None
        self._asked = 0
        self.one: Callable[[int, float, float], int] = self._one_plainly
        """Returns the id at a point, given ``address`` and the point: a compiled function takes no other way in."""

    def __reduce__(self) -> Any:
        return Engine, (self._tables,)

    def _one_plainly(self, _: int, x: float, y: float) -> int:
        if self._ready(1):
            return self.one(self.address, x, y)
        return self._plainly().id_at(float(x), float(y))

    def many(
        self, x: NDArray[np.float64], y: NDArray[np.float64], out: NDArray[np.int32], how: NDArray[np.uint8]
    ) -> None:
        """Fill ``out`` (n,) with ids, and ``how`` (n,) or (0,) as `kernels.find.locate_block` does."""
        if self._find is not None or self._ready(len(x)):
            self._find.locate_all(self.address, x, y, out, how)
            return
        plain = self._plainly()
        for k, (a, b) in enumerate(zip(x.tolist(), y.tolist(), strict=True)):
            word, told = plain.word_at(a, b)
            out[k] = plain.names[word]
            if len(how):
                how[k] = told

    def touching(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.uint8]:
        """Return how many polygons touch each point, at most 63."""
        how = np.zeros(len(x), dtype=np.uint8)
        self.many(np.ascontiguousarray(x), np.ascontiguousarray(y), np.empty(len(x), dtype=np.int32), how)
        return how & np.uint8(LET_IN - 1)

    def load(self) -> None:
        """Wait for the compiled code."""
        with _loading:
            if self._find is not None:
                return  # packed once: other threads may hold its address
            from gridgis.index.kernels import find, view

            self._packed = view.packed(self._tables)
            self.address = int(self._packed.ctypes.data)
            nowhere = np.zeros(0)
            find.locate_all(self.address, nowhere, nowhere, np.zeros(0, np.int32), np.zeros(0, np.uint8))
            find.locate_one(self.address, math.nan, math.nan)
            self._find = find
            # The compiled function itself, which casts numbers, without numba's search for one that fits: 0.1 us less.
            compiled: Any = next(iter(find.locate_one.overloads.values()))
            self.one = compiled.entry_point
            _loaded.set()

    def _ready(self, points: int) -> bool:
        """Tell whether compiled code answers; load it now where that is worth it, behind where it will be."""
        before, self._asked = self._asked, self._asked + points
        if points >= WORTH or _loaded.is_set():
            self.load()
            return True
        if before < PATIENCE <= self._asked:
            threading.Thread(target=self.load, name="gridgis index loads numba", daemon=True).start()
        return False

    def _plainly(self) -> Plain:
        if self._plain is None:
            self._plain = Plain(self._tables)
        return self._plain
