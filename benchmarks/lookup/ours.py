"""GridIndex in the race, and what is told of it alone: build, size, scalar calls, threads."""

from __future__ import annotations

import inspect
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from benchmarks.lookup.coverage import Coverage, Size, make_coverage
from benchmarks.lookup.race import Engine, Told
from gridgis.geometry.arrays import Floats, Geometries
from gridgis.index import GridIndex

PLAIN, COMPACT = "GridIndex", "GridIndex, compact"
_BUILDS = 3
"""An index is built so many times; the best counts."""
_SCALAR_S = 0.3
"""So long at most one point is located after the other, in each turn."""


def kinds() -> list[str]:
    """Return which indexes there are: the compact one where GridIndex can make it."""
    return [PLAIN, COMPACT] if "compact" in inspect.signature(GridIndex.build).parameters else [PLAIN]


def build(polygons: Geometries, kind: str) -> GridIndex:
    """Build an index of a kind."""
    make: Callable[..., GridIndex] = GridIndex.build
    return make(polygons, compact=True) if kind == COMPACT else make(polygons)


class OurIndex(Engine):
    """GridIndex.locate. Before: the index; the points as two arrays, as they are for the peers."""

    def __init__(self, polygons: Geometries, kind: str = PLAIN) -> None:
        self.name = kind
        self.index = build(polygons, kind)
        self.index.load()

    def load(self, xy: Floats) -> None:
        self.x, self.y = np.ascontiguousarray(xy.T)

    def answer(self) -> Any:
        return self.index.locate(self.x, self.y)

    def told(self, answer: Any) -> Told:
        found = answer[answer >= 0]
        return Told(len(found), int(found.sum()))


class Gather(Engine):
    """The machine's limit: one random read for each point from a table as large as an index (int32)."""

    name = "limit: random gather"

    def __init__(self, polygons: Geometries, table_bytes: int = 1 << 20) -> None:
        self.table = np.arange(max(1, table_bytes // 4), dtype=np.int32)

    def load(self, xy: Floats) -> None:
        self.at = np.random.default_rng(0).integers(len(self.table), size=len(xy))
        self.out = np.empty(len(xy), dtype=np.int32)

    def answer(self) -> Any:
        return np.take(self.table, self.at, out=self.out, mode="clip")

    def told(self, answer: Any) -> Told:
        return Told(len(answer), 0)


@dataclass(frozen=True)
class Built:
    """What an index cost: CPU-s to build, GiB more at the peak, bytes of its file and of its arrays, s to open it.

    ``of_raw`` is the larger of the two sizes in parts of the raw coordinates, 16 bytes for each vertex of each polygon.
    """

    kind: str
    cpu_s: float
    peak_gib: float
    file_bytes: int
    array_bytes: int
    open_s: float
    edges_per_s: float
    of_raw: float


def measure_build(cover: Coverage, kind: str) -> tuple[OurIndex, Built]:
    """Build an index and measure it. What is compiled must be compiled before (``warm_up``)."""
    before = _peak_gib(restart=True)
    engine = OurIndex(cover.polygons, kind)
    more = _peak_gib() - before
    took = min(_build_s(cover.polygons, kind) for _ in range(_BUILDS))
    file_bytes, open_s = _filed(engine.index)
    array_bytes = index_bytes(engine.index)
    of_raw = max(file_bytes, array_bytes) / (16 * cover.vertices)
    return engine, Built(kind, took, more, file_bytes, array_bytes, open_s, len(cover.a) / took, of_raw)


def _build_s(polygons: Geometries, kind: str) -> float:
    began = time.process_time()
    build(polygons, kind)
    return time.process_time() - began


def warm_up() -> None:
    """Let everything be compiled on a small coverage."""
    cover = make_coverage(Size(60, 1800, (108.0, 32.0, 108.1, 32.1)))
    for kind in kinds():
        index = build(cover.polygons, kind)
        index.load()
        index.locate(*cover.a.T)
        index.locate_one(*cover.a[0].tolist())
        _filed(index)


def index_bytes(index: Any) -> int:
    """Return the bytes of all arrays that an object holds, each buffer once.

    Examples
    --------
    >>> a = np.zeros(10)
    >>> index_bytes({"a": a, "again": [a], "view": a[:5]})
    80
    """
    buffers: dict[int, int] = {}
    _collect(index, buffers, set())
    return sum(buffers.values())


def _collect(value: Any, buffers: dict[int, int], seen: set[int]) -> None:
    if id(value) in seen or isinstance(value, (str, bytes, int, float, type(None))):
        return
    seen.add(id(value))
    if isinstance(value, np.ndarray):
        while isinstance(value.base, np.ndarray):
            value = value.base
        buffers[id(value)] = value.nbytes
        return
    for part in _parts(value):
        _collect(part, buffers, seen)


def _parts(value: Any) -> Sequence[Any]:
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, (list, tuple)):
        return value
    if is_dataclass(value):
        return [getattr(value, f.name) for f in fields(value)]
    return list(getattr(value, "__dict__", {}).values()) if type(value).__module__.startswith("gridgis") else []


def _filed(index: GridIndex) -> tuple[int, float]:
    """Return the bytes of the index's file, and the seconds (of wall time) to open it and answer one call."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index"
        index.save(path)
        began = time.perf_counter()
        GridIndex.open(path).locate_one(0.0, 0.0)
        return path.stat().st_size, time.perf_counter() - began


def _peak_gib(restart: bool = False) -> float:
    """Return the most memory that this process held since the last restart, GiB; NaN where Linux does not tell."""
    try:
        if restart:
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / (1 << 20)
    except OSError:
        pass
    return float("nan")


@dataclass(frozen=True)
class Scalar:
    """Microseconds of CPU for one call, in the best round."""

    ours_us: float
    shapely_us: float


def measure_scalar(index: GridIndex, tree: shapely.STRtree, xy: Floats, runs: int) -> Scalar:
    """Call locate_one, and shapely's tree with a new Point, on one point after the other, turn by turn."""
    calls = (index.locate_one, lambda x, y: tree.query(shapely.Point(x, y), predicate="intersects"))
    some = [xy[: int(_SCALAR_S / _each(call, xy[:20])) + 20] for call in calls]
    rounds = [[_each(call, few) for call, few in zip(calls, some, strict=True)] for _ in range(3 * runs)]
    ours, theirs = (min(of) * 1e6 for of in zip(*rounds, strict=True))
    return Scalar(ours, theirs)


def _each(call: Callable[[float, float], Any], xy: Floats) -> float:
    """Return the CPU-s of a call."""
    pairs = xy.tolist()
    began = time.process_time()
    for x, y in pairs:
        call(x, y)
    return (time.process_time() - began) / len(pairs)


def measure_threads(index: GridIndex, xy: Floats, runs: int) -> float | None:
    """Return how many times quicker two threads are than one, on wall time; None where there is no such option."""
    if "threads" not in inspect.signature(index.locate).parameters:
        return None
    locate: Callable[..., Any] = index.locate
    x, y = np.ascontiguousarray(xy.T)
    walls: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(3 * runs):
        for threads, took in walls.items():
            began = time.perf_counter()
            locate(x, y, threads=threads)
            took.append(time.perf_counter() - began)
    return min(walls[1]) / min(walls[2])
