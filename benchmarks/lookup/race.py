"""Engines answer the same points turn by turn; the best turn of each counts, on CPU time."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

from gridgis.geometry.arrays import Floats, Geometries

_PILOT = 5_000
"""So many points tell how fast an engine is about."""
_TURN_S = 0.3
"""An engine that is done sooner repeats within its turn."""


class Told(NamedTuple):
    """What an answer says: pairs of a point and a polygon, and the sum of the polygons' positions."""

    pairs: int
    total: int


class Engine(ABC):
    """Something that finds the polygons of points. Made by opening it on polygons: that is not timed."""

    name: str
    note: str = ""

    @abstractmethod
    def __init__(self, polygons: Geometries) -> None: ...

    @abstractmethod
    def load(self, xy: Floats) -> None:
        """Take points in, in the engine's own form: not timed."""

    @abstractmethod
    def answer(self) -> Any:
        """Find the polygons of the points loaded last: timed."""

    @abstractmethod
    def told(self, answer: Any) -> Told:
        """Say what an answer says: not timed."""

    def cpu_s(self) -> float:
        """Return the CPU time spent so far, all threads together."""
        return time.process_time()

    def close(self) -> None:  # noqa: B027  # most have nothing to give back
        """Give back what is not memory."""


@dataclass
class Lap:
    """One engine on one set of points: seconds of each turn, and what it answered; or why it did not."""

    name: str
    points: int = 0
    turns: list[float] = field(default_factory=list)
    told: Told | None = None
    why: str = ""

    @property
    def rate(self) -> float:
        """Points per CPU-second in the best turn."""
        return self.points / min(self.turns)


def race(engines: Sequence[Engine], xy: Floats, runs: int, limit_s: float) -> dict[str, Lap]:
    """Let engines answer points in turns; one that would take longer than the limit gets the first few of them."""
    laps = {e.name: Lap(e.name) for e in engines}
    for e in engines:
        _attempt(laps[e.name], partial(_make_ready, e, laps[e.name], xy, limit_s))
    for _ in range(runs):
        for e in engines:
            if not laps[e.name].why:
                _attempt(laps[e.name], partial(_take_turn, e, laps[e.name]))
    return laps


def _attempt(lap: Lap, step: Callable[[], None]) -> None:
    try:
        step()
    except Exception as fault:  # noqa: BLE001  # a peer that fails is a row of the table, not the end of the run
        lap.why = f"failed: {(str(fault).splitlines() or [type(fault).__name__])[0][:90]}"


def _make_ready(engine: Engine, lap: Lap, xy: Floats, limit_s: float) -> None:
    """Warm the engine up, and find how many points fill a turn, so that what is made in each query weighs little."""
    lap.points, took = min(_PILOT, len(xy)), 0.0
    while True:
        engine.load(xy[: lap.points])
        engine.answer()
        began = engine.cpu_s()
        answer = engine.answer()
        took = max(1e-9, engine.cpu_s() - began)
        if lap.points == len(xy) or took > limit_s / 2:
            break
        lap.points = int(min(len(xy), lap.points * limit_s / took))
    lap.told = engine.told(answer)


def _take_turn(engine: Engine, lap: Lap) -> None:
    spent = 0.0
    while spent < _TURN_S:
        began = engine.cpu_s()
        engine.answer()
        took = engine.cpu_s() - began
        lap.turns.append(took)
        spent += max(took, 1e-3)
