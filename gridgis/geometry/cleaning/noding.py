"""Where edges meet: vertices that lie on another edge, and crossings. No vertex that is there is moved.

An edge is cut at each vertex within reach (`Scale.reach`), which bends it by so much; where two edges cross beyond the
reach of all their ends, a vertex is made. This goes on until nothing is cut.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import shapely
from scipy.spatial import cKDTree

from gridgis.errors import InvalidInput
from gridgis.geometry.arrays import Bools, Floats, Ints, lines

_ROUNDS = 40
"""Cuts come to an end in three or four rounds; more than this means that the numbers are too coarse."""

Edge = tuple[int, int]


@dataclass
class Cuts:
    """The vertices, those made included, and of each edge that was cut the vertices on it.

    Parameters
    ----------
    xy
        (v, 2) vertices; those from ``made`` on were not there.
    pieces
        Of an edge (lower vertex, higher vertex) the vertices on it, ends included, from the lower end.
    """

    xy: Floats
    made: int
    pieces: dict[Edge, list[int]] = field(default_factory=dict)

    def along(self, a: int, b: int) -> list[int]:
        """Return the vertices from a to b along the edge between them, both included."""
        chain = self.pieces.get((a, b) if a < b else (b, a))
        if chain is None:
            return [a, b]
        way = chain if a < b else chain[::-1]
        out = [a]
        for p, q in pairwise(way):
            out += self.along(p, q)[1:]
        return out


def near_vertices(xy: Floats, some: Ints, weight: Ints, reach: float) -> dict[int, int]:
    """Return which vertices among ``some`` are another one but for rounding, and which it is.

    The one that most rings have stays, then the lowest.
    """
    pairs = cKDTree(xy[some]).query_pairs(reach, output_type="ndarray") if len(some) else np.empty((0, 2), int)
    root: dict[int, int] = {}

    def find(v: int) -> int:
        while v in root:
            v = root[v]
        return v

    for i, j in sorted((int(some[a]), int(some[b])) for a, b in pairs):
        a, b = find(i), find(j)
        if a != b:
            keep, drop = sorted((a, b), key=lambda v: (-int(weight[v]), v))
            root[drop] = keep
    return {v: find(v) for v in sorted(root)}


def cut(xy: Floats, edges: Ints, reach: float) -> Cuts:
    """Cut (n, 2) distinct edges (lower vertex first) where they meet.

    Raises
    ------
    InvalidInput
        The coordinates are too coarse for what is drawn: cutting comes to no end.
    """
    cuts = Cuts(xy, len(xy))
    new = np.ones(len(edges), dtype=bool)
    for _ in range(_ROUNDS):
        first, second = _pairs(cuts.xy, edges, new, reach)
        edge, vertex, at = _vertices_on(cuts.xy, edges, first, second, reach)
        whole = ~(np.isin(first, edge) | np.isin(second, edge))
        more = _crossings(cuts, edges, first[whole], second[whole], reach)
        edge, vertex, at = (np.concatenate(both) for both in zip((edge, vertex, at), more, strict=True))
        if not len(edge):
            return cuts
        edges, new = _apply(cuts, edges, edge, vertex, at)
    raise too_coarse(*cuts.xy[edges[new][0, 0]].tolist())


def too_coarse(x: float, y: float) -> InvalidInput:
    """Return the error that the coordinates at a place are too coarse for what is drawn there."""
    return InvalidInput(
        f"({x}, {y}) 附近的坐标太粗，无法算出边界的交点；请把数据转换到米制坐标系后再修复",
        f"coordinates near ({x}, {y}) are too coarse to cut borders at their crossings; reproject to metres first",
        x=x,
        y=y,
    )


def _pairs(xy: Floats, edges: Ints, new: Bools, reach: float) -> tuple[Ints, Ints]:
    """Return the pairs of edges, at least one of them new, whose boxes come within reach."""
    tree = shapely.STRtree(lines(xy[edges].reshape(-1, 4)))
    asked = np.flatnonzero(new)
    low, high = xy[edges[asked]].min(axis=1) - reach, xy[edges[asked]].max(axis=1) + reach
    i, j = tree.query(shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1]))
    i = asked[i]
    once = ~new[j] | (i < j)
    return i[once].astype(np.int64), j[once].astype(np.int64)


def _vertices_on(xy: Floats, edges: Ints, i: Ints, j: Ints, reach: float) -> tuple[Ints, Ints, Floats]:
    """Return the edges, the vertices on them, and where along them, for the ends of one edge on the other."""
    edge = np.concatenate([j, j, i, i])
    vertex = np.concatenate([edges[i, 0], edges[i, 1], edges[j, 0], edges[j, 1]])
    other = (vertex != edges[edge, 0]) & (vertex != edges[edge, 1])
    edge, vertex = edge[other], vertex[other]
    a = xy[edges[edge, 0]]
    run, way = xy[edges[edge, 1]] - a, xy[vertex] - a
    at = (run * way).sum(axis=1) / (run**2).sum(axis=1)
    off = way - np.clip(at, 0, 1)[:, None] * run
    on = (np.hypot(off[:, 0], off[:, 1]) <= reach) & (at > 0) & (at < 1)
    found = np.unique(np.column_stack([edge[on], vertex[on]]), axis=0, return_index=True)[1]
    return edge[on][found], vertex[on][found], at[on][found]


def _crossings(cuts: Cuts, edges: Ints, i: Ints, j: Ints, reach: float) -> tuple[Ints, Ints, Floats]:
    """Make a vertex where two edges cross; return the edges, the vertices on them, and where along them."""
    xy = cuts.xy
    p, q = xy[edges[i, 0]], xy[edges[j, 0]]
    r, s = xy[edges[i, 1]] - p, xy[edges[j, 1]] - q
    turn = _cross(r, s)
    with np.errstate(divide="ignore", invalid="ignore"):
        t, u = _cross(q - p, s) / turn, _cross(q - p, r) / turn
    hit = (turn != 0) & (t > 0) & (t < 1) & (u > 0) & (u < 1)
    hit &= ~(edges[i][:, :, None] == edges[j][:, None, :]).any(axis=(1, 2))
    i, j, t, u = i[hit], j[hit], t[hit], u[hit]
    made = p[hit] + t[:, None] * r[hit]
    same = near_vertices(made, np.arange(len(made)), np.zeros(len(made), dtype=np.int64), reach)
    number = np.array([same.get(k, k) for k in range(len(made))], dtype=np.int64)
    kept, number = np.unique(number, return_inverse=True)
    number = number + len(xy)
    cuts.xy = np.concatenate([xy, made[kept]])
    rows = np.unique(np.column_stack([np.r_[i, j], np.r_[number, number]]), axis=0, return_index=True)[1]
    return np.r_[i, j][rows], np.r_[number, number][rows], np.r_[t, u][rows]


def _cross(a: Floats, b: Floats) -> Floats:
    return np.asarray(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])


def _apply(cuts: Cuts, edges: Ints, edge: Ints, vertex: Ints, at: Floats) -> tuple[Ints, Bools]:
    """Cut the edges at the vertices; return all edges, each once, and which of them are new."""
    order = np.lexsort((vertex, at, edge))
    whole = np.ones(len(edges), dtype=bool)
    pieces: set[Edge] = set()
    chains: dict[int, list[int]] = {}
    for e, v in zip(edge[order].tolist(), vertex[order].tolist(), strict=True):
        chains.setdefault(e, []).append(v)
    for e, inside in chains.items():
        low, high = edges[e].tolist()
        whole[e] = False
        chain = cuts.pieces[low, high] = [low, *inside, high]
        pieces |= {(min(p, q), max(p, q)) for p, q in pairwise(chain)}
    known = set(map(tuple, edges[whole].tolist()))
    fresh = np.array(sorted(p for p in pieces if p not in known and p not in cuts.pieces), dtype=np.int64).reshape(
        -1, 2
    )
    left = edges[whole]
    return np.concatenate([left, fresh]), np.r_[np.zeros(len(left), dtype=bool), np.ones(len(fresh), dtype=bool)]
