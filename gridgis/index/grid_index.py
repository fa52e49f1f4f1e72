"""GridIndex: from lon/lat to the one grid that holds the point."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gridgis.errors import InvalidInput
from gridgis.index.engine import Engine
from gridgis.index.given import floats_of, geometries_of, need_threads
from gridgis.index.store import Bounds, read_arrays, table_arrays, tables_of, write_arrays
from gridgis.index.tables import LET_IN, Tables

Positions = NDArray[np.int32]
_MAX_ID = 2**31 - 1
_SPREAD, _COMPACT = 3.0, 1.5
"""Into how many cells coarse cells are split (``layout.to_tables``)."""
_PART = 50_000
"""A thread gets at least so many points at a time."""
_TURNS = 4
"""Each thread gets so many parts where there are enough points: one that is held up leaves the rest to the others."""


@dataclass(frozen=True)
class Explained:
    """Where points lie, and how it was decided; all arrays (n,).

    Parameters
    ----------
    position
        Position of the polygon in the input; -1 outside.
    shifted_in
        The shifted point is inside the polygon (false: outside, or let in by the rule of the outer border).
    touching
        How many polygons the point's edges belong to, at most 63: 0 off all borders.
    """

    position: Positions
    shifted_in: NDArray[np.bool_]
    touching: NDArray[np.int64]


class GridIndex:
    """An index of seamless polygons. Make one with ``build`` or ``open``.

    Notes
    -----
    A point belongs to the polygon that holds it after a move by (+e1, +e2), e1 >> e2 > 0 infinitely small: first to
    the east, then, much less, to the north. So every polygon owns its western edges and, of level edges, its
    southern ones; each point inside the coverage gets exactly one. A point exactly on an edge whose shifted self is
    outside (eastern and northern outer border, holes included) goes to the polygon that touches it there, to the one
    of lowest position if several do. All this is exact (see ``kernels.exact``), whatever way answers.

    An opened index answers its first questions in plain Python and loads compiled code behind them (``engine``).

    Examples
    --------
    >>> from shapely import box
    >>> ix = GridIndex.build([box(0, 0, 1, 1), box(1, 0, 2, 1)], ids=[7, 8])
    >>> ix.locate([0.5, 1.0, 2.0, 3.0], [0.5, 0.5, 1.0, 0.5]).tolist()
    [7, 8, 8, -1]
    """

    def __init__(self, layers: Sequence[Tables], ids: Positions, bounds: Bounds) -> None:
        self._layers = tuple(layers)
        self._engines = tuple(Engine(t) for t in layers)
        self._only = self._engines[0] if len(layers) == 1 else None
        self.ids = ids
        """(n,) the ids by position."""
        self.bounds = bounds
        """West, south, east, north of the polygons."""

    @classmethod
    def build(
        cls,
        polygons: Sequence[Any] | NDArray[Any],
        ids: ArrayLike | None = None,
        *,
        compact: bool = False,
        on_overlap: str = "refuse",
    ) -> GridIndex:
        """Index seamless polygons.

        Parameters
        ----------
        polygons
            (n,) Polygon or MultiPolygon in lon/lat, valid, with disjoint interiors: a list, an array, a GeoSeries (in
            stored coordinates, or without a CRS). Neighbours normally share their edges vertex by vertex; holes and
            gaps wider than ``gaps.NARROW`` are outside.
        ids
            (n,) unique integers 0 .. 2**31 - 1; default the position.
        compact
            Take about a third less memory, and a quarter more time for a lookup.
        on_overlap
            "refuse", or "lowest": polygons may overlap. Of those that hold the moved point (see Notes of the class)
            that of lowest position answers; where none does, the lowest of those that touch the point. Gaps are
            outside.

        Raises
        ------
        InvalidInput
            No polygons; a table or a single polygon; another CRS; an id is not unique or out of range; a polygon is
            invalid; polygons overlap or leave narrow gaps.
        """
        from gridgis.index.layers import coverage_tables, layered_tables
        from gridgis.index.layout import bounds_of

        if on_overlap not in ("refuse", "lowest"):
            raise InvalidInput(
                f"on_overlap 应为 refuse 或 lowest，实为 {on_overlap!r}",
                f"on_overlap must be refuse or lowest, not {on_overlap!r}",
            )
        geoms = geometries_of(polygons)
        names = _checked_ids(len(geoms), ids)
        spread = _COMPACT if compact else _SPREAD
        if on_overlap == "refuse":
            layers = [coverage_tables(geoms, names, spread)]
        else:
            layers = layered_tables(geoms, names, spread)
        lows, highs = zip(*(bounds_of(t.vertices) for t in layers), strict=True)
        return cls(layers, names, (*np.min(lows, axis=0).tolist(), *np.max(highs, axis=0).tolist()))

    @property
    def tables(self) -> Tables:
        """The tables of the only or lowest layer."""
        return self._layers[0]

    @property
    def nbytes(self) -> int:
        """Bytes of all tables."""
        return sum(a.nbytes for t in self._layers for a in t if isinstance(a, np.ndarray))

    def __len__(self) -> int:
        return len(self.ids)

    def locate(self, lon: ArrayLike, lat: ArrayLike, *, threads: int = 1) -> Positions:
        """Return the id of the polygon that holds each point.

        Parameters
        ----------
        lon, lat
            Degrees, any equal shape: arrays, sequences, pandas or Arrow columns. NaN, infinite and masked numbers
            are nowhere: outside.
        threads
            So many parts of the points are worked on at once.

        Returns
        -------
        Ids of the same shape, int32; -1 outside.

        Raises
        ------
        InvalidInput
            ``lon`` and ``lat`` differ in shape or are no real numbers; ``threads`` is no integer, or less than 1.
        """
        x, y = _checked_points(lon, lat)
        return self._many(x.ravel(), y.ravel(), _UNASKED, threads)[0].reshape(x.shape)

    def locate_one(self, lon: float, lat: float) -> int:
        """Return the id of the polygon that holds one point; -1 outside.

        Raises
        ------
        InvalidInput
            ``lon`` or ``lat`` is no number.
        """
        only = self._only
        if only is None:
            return int(self.locate([lon], [lat])[0])
        try:
            return only.one(only.address, lon, lat)
        except (TypeError, ValueError, OverflowError):
            return int(self.locate([lon], [lat])[0])  # tells what is wrong, or takes numbers of other types

    def explain(self, lon: ArrayLike, lat: ArrayLike, *, threads: int = 1) -> Explained:
        """Return positions and how they were decided, for (n,) points."""
        x, y = _checked_points(lon, lat)
        found, how = self._many(x.ravel(), y.ravel(), np.zeros(x.size, dtype=np.uint8), threads)
        position = _positions(self.ids, found)
        let_in = how >= LET_IN
        return Explained(position, (position >= 0) & ~let_in, (how & (LET_IN - 1)).astype(np.int64))

    def save(self, path: str | Path) -> None:
        """Write the index to a file (format: ``gridgis.index.store``); same index, same bytes."""
        arrays: dict[str, NDArray[Any]] = {"ids": self.ids}
        for k, tables in enumerate(self._layers):
            arrays |= table_arrays(tables, f"{k}.")
        write_arrays(Path(path), arrays, self.bounds)

    @classmethod
    def open(cls, path: str | Path) -> GridIndex:
        """Map an index into memory from its file, read-only; processes that open the same file share it.

        Raises
        ------
        InvalidInput
            The file is not there, is no index, of another version, truncated or changed.
        """
        arrays, bounds = read_arrays(Path(path))
        count = sum(name.endswith(".frame") for name in arrays)
        return cls([tables_of(arrays, f"{k}.") for k in range(count)], arrays["ids"], bounds)

    def load(self) -> None:
        """Wait for compiled code, so that no later question does."""
        for engine in self._engines:
            engine.load()

    def _many(
        self, x: NDArray[np.float64], y: NDArray[np.float64], how: NDArray[np.uint8], threads: int
    ) -> tuple[Positions, NDArray[np.uint8]]:
        """Return ids, and ``how`` filled where it is asked for."""
        threads = need_threads(threads)
        out = np.empty(len(x), dtype=np.int32)
        if len(self._engines) == 1:
            _in_parts(self._engines[0], x, y, out, how, threads)
            return out, how
        how = np.zeros(len(x), dtype=np.uint8)
        _in_parts(self._engines[0], x, y, out, how, threads)
        for engine in self._engines[1:]:
            other, told = np.empty_like(out), np.zeros_like(how)
            _in_parts(engine, x, y, other, told, threads)
            _take_lower(out, how, other, told)
        return np.where(out < 0, out, self.ids[out]).astype(np.int32), how


_UNASKED = np.zeros(0, dtype=np.uint8)


def _take_lower(out: Positions, how: NDArray[np.uint8], other: Positions, told: NDArray[np.uint8]) -> None:
    """Bring the answers of another layer into ``out`` and ``how``: a point is let in only where no layer holds it."""
    better = _rank(other, told) < _rank(out, how)
    out[better] = other[better]
    touching = np.minimum((how & (LET_IN - 1)) + (told & (LET_IN - 1)), LET_IN - 1)
    how[:] = np.where(better, told, how) & LET_IN | touching


def _rank(positions: Positions, how: NDArray[np.uint8]) -> NDArray[np.int64]:
    return np.where(positions < 0, 1 << 33, positions.astype(np.int64) + (how >= LET_IN) * (1 << 32))


def _in_parts(engine: Engine, x: Any, y: Any, out: Any, how: Any, threads: int) -> None:
    parts = min(threads * _TURNS, len(x) // _PART)
    if threads == 1 or parts <= 1:
        engine.many(x, y, out, how)
        return
    engine.load()
    cuts = [len(x) * k // parts for k in range(parts + 1)]
    with ThreadPoolExecutor(min(threads, parts)) as pool:
        list(pool.map(lambda a, b: engine.many(x[a:b], y[a:b], out[a:b], how[a:b]), cuts[:-1], cuts[1:]))


def _positions(ids: Positions, found: Positions) -> Positions:
    if len(ids) == int(ids[-1]) + 1 and (np.diff(ids) == 1).all():
        return found
    order = np.argsort(ids)
    at = np.searchsorted(ids, found, sorter=order).clip(0, len(ids) - 1)
    return np.where(found < 0, -1, order[at]).astype(np.int32)


def _checked_ids(count: int, ids: ArrayLike | None) -> Positions:
    if not count:
        raise InvalidInput("没有面，无法建立索引", "there are no polygons to index")
    names = np.arange(count) if ids is None else np.asarray(ids)
    if names.shape != (count,) or names.dtype.kind not in "iu":
        raise InvalidInput(
            f"ids 应为 {count} 个整数，实为 {names.dtype}，形状 {names.shape}",
            f"ids must be {count} integers; they are {names.dtype} of shape {names.shape}",
        )
    if names.min() < 0 or names.max() > _MAX_ID:
        raise InvalidInput(
            f"id 应在 0 到 {_MAX_ID} 之间；现为 {names.min()} 到 {names.max()}（-1 表示界外）",
            f"ids must lie in 0..{_MAX_ID}; they run from {names.min()} to {names.max()} (-1 means outside)",
        )
    values, uses = np.unique(names, return_counts=True)
    if (uses > 1).any():
        twice = values[uses > 1].tolist()
        raise InvalidInput(f"id 重复：{twice[:5]}", f"ids must be unique; these are not: {twice[:5]}", ids=twice)
    return names.astype(np.int32)


def _checked_points(lon: ArrayLike, lat: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x, y = floats_of(lon), floats_of(lat)
    if x.shape != y.shape:
        raise InvalidInput(
            f"经度与纬度的个数不同：{x.shape} 与 {y.shape}", f"lon and lat differ in shape: {x.shape} and {y.shape}"
        )
    return x, y
