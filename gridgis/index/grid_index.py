"""GridIndex: from lon/lat to the one grid that holds the point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gridgis.errors import InvalidInput
from gridgis.index.cells import Cells, edges_to_cells
from gridgis.index.edges import OUTSIDE, Edges, polygons_to_edges
from gridgis.index.query import shifted_positions, touched_edges
from gridgis.index.store import read_arrays, write_arrays

Positions = NDArray[np.int32]
_MAX_ID = 2**31 - 1
_EDGE_ARRAYS = ("ax", "ay", "bx", "by", "left", "right")
_CELL_ARRAYS = ("xs", "ys", "start", "members", "anchor")


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
        How many polygons the point's edges belong to: 0 off all borders.
    """

    position: Positions
    shifted_in: NDArray[np.bool_]
    touching: NDArray[np.int64]


@dataclass(frozen=True)
class GridIndex:
    """An index of seamless polygons. Make one with ``build`` or ``open``.

    Notes
    -----
    A point belongs to the polygon that holds it after a move by (+e1, +e2), e1 >> e2 > 0 infinitely small: first to
    the east, then, much less, to the north. So every polygon owns its western edges and, of level edges, its
    southern ones; each point inside the coverage gets exactly one. A point exactly on an edge whose shifted self is
    outside (eastern and northern outer border, holes included) goes to the polygon that touches it there, to the one
    of lowest position if several do. Orientation is exact (see ``predicate``).

    Examples
    --------
    >>> from shapely import box
    >>> ix = GridIndex.build([box(0, 0, 1, 1), box(1, 0, 2, 1)], ids=[7, 8])
    >>> ix.locate([0.5, 1.0, 2.0, 3.0], [0.5, 0.5, 1.0, 0.5]).tolist()
    [7, 8, 8, -1]
    """

    edges: Edges
    cells: Cells
    ids: Positions

    @classmethod
    def build(cls, polygons: Sequence[Any] | NDArray[Any], ids: ArrayLike | None = None) -> GridIndex:
        """Index seamless polygons.

        Parameters
        ----------
        polygons
            (n,) Polygon or MultiPolygon in lon/lat, valid, with disjoint interiors. Neighbours normally share their
            edges vertex by vertex; gaps and holes are outside.
        ids
            (n,) unique integers 0 .. 2**31 - 1; default the position.

        Raises
        ------
        InvalidInput
            No polygons; an id is not unique or out of range; a polygon is invalid; polygons overlap.
        """
        geoms = list(polygons)
        names = _checked_ids(len(geoms), ids)
        edges = polygons_to_edges(geoms, names.tolist())
        return cls(edges, edges_to_cells(edges), names)

    def __len__(self) -> int:
        return len(self.ids)

    def locate(self, lon: ArrayLike, lat: ArrayLike) -> Positions:
        """Return the id of the polygon that holds each point.

        Parameters
        ----------
        lon, lat
            Degrees, any equal shape. NaN and infinite numbers are nowhere: outside.

        Returns
        -------
        Ids of the same shape, int32; -1 outside.

        Raises
        ------
        InvalidInput
            ``lon`` and ``lat`` differ in shape or are no numbers.
        """
        x, y = _checked_points(lon, lat)
        position = self.explain(x.ravel(), y.ravel(), count_touching=False).position
        return np.where(position >= 0, self.ids[position], OUTSIDE).astype(np.int32).reshape(x.shape)

    def locate_one(self, lon: float, lat: float) -> int:
        """Return the id of the polygon that holds one point; -1 outside."""
        return int(self.locate([lon], [lat])[0])

    def explain(self, lon: ArrayLike, lat: ArrayLike, count_touching: bool = True) -> Explained:
        """Return positions and how they were decided, for (n,) points.

        ``count_touching=False`` skips the count where it decides nothing (it is 0 then), which is faster.
        """
        x, y = _checked_points(lon, lat)
        position = shifted_positions(self.edges, self.cells, x, y)
        shifted_in = position >= 0
        look = np.arange(len(x)) if count_touching else np.flatnonzero(~shifted_in)
        point, edge = touched_edges(self.edges, self.cells, x[look], y[look])
        point, polygon = self._touching(look[point], edge)
        out = ~shifted_in[point]
        lowest = np.full(len(x), len(self), dtype=np.int32)
        np.minimum.at(lowest, point[out], polygon[out])
        position = np.where(lowest < len(self), lowest, position).astype(np.int32)
        return Explained(position, shifted_in, np.bincount(point, minlength=len(x)))

    def _touching(self, point: NDArray[np.int64], edge: NDArray[np.int64]) -> tuple[NDArray[np.int64], Positions]:
        """Return the distinct (point, polygon) pairs behind (point, edge) pairs."""
        sides = np.concatenate([self.edges.left[edge], self.edges.right[edge]])
        base = len(self) + 1
        pairs = np.unique(np.concatenate([point, point]) * base + sides + 1)  # 0 stands for the outside
        pairs = pairs[pairs % base > 0]
        return pairs // base, (pairs % base - 1).astype(np.int32)

    def save(self, path: str | Path) -> None:
        """Write the index to a file (format: ``gridgis.index.store``); same index, same bytes."""
        arrays: dict[str, NDArray[Any]] = {"ids": self.ids}
        arrays |= {name: getattr(self.edges, name) for name in _EDGE_ARRAYS}
        arrays |= {name: getattr(self.cells, name) for name in _CELL_ARRAYS}
        write_arrays(Path(path), arrays)

    @classmethod
    def open(cls, path: str | Path) -> GridIndex:
        """Read an index from its file.

        Raises
        ------
        InvalidInput
            The file is not there, is no index, of another version, truncated or changed.
        """
        arrays = read_arrays(Path(path))
        edges = Edges(*(arrays[name] for name in _EDGE_ARRAYS))
        return cls(edges, Cells(*(arrays[name] for name in _CELL_ARRAYS)), arrays["ids"])


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
    try:
        x, y = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    except (TypeError, ValueError) as e:
        raise InvalidInput(f"经纬度须为数字：{e}", f"lon and lat must be numbers: {e}") from e
    if x.shape != y.shape:
        raise InvalidInput(
            f"经度与纬度的个数不同：{x.shape} 与 {y.shape}", f"lon and lat differ in shape: {x.shape} and {y.shape}"
        )
    return x, y
