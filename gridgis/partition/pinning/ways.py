"""Ways on which members that must be together are joined: contiguous, light enough, and not over what is pinned apart.

Members are joined one by one, the next always by the cheapest way from what is joined already (Takahashi and
Matsuyama 1980, "An approximate solution for the Steiner problem in graphs"). For two members the lightest way is found
exactly, so that "no way is light enough" is proven.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

from gridgis.geometry.arrays import Bools, Floats, Ints

STRONG_M = 1000.0
"""A way that crosses a STRONG barrier is as bad as one so much longer."""


@dataclass(frozen=True)
class Roads:
    """A graph of nodes (atoms, or estates that are whole) on which ways run.

    ``households`` (n,); ``open`` (n,) where a way may pass; ``ends`` (m, 2) edges; ``metres`` (m,) what an edge costs
    as a distance; ``firm`` (m,) True where it crosses a STRONG barrier.
    """

    households: Ints
    open: Bools
    ends: Ints
    metres: Floats
    firm: Bools


@dataclass(frozen=True)
class Way:
    """A connected set of nodes, and the edges (positions) that join it."""

    nodes: Ints
    edges: Ints


def join(roads: Roads, members: Ints, upper: int) -> Way | None:
    """Join members by ways: short and within STRONG barriers if that is light enough, else the lightest.

    Returns
    -------
    Way or None
        The way may still weigh more than ``upper``; None where no way leads at all.
    """
    best: Way | None = None
    light = roads.households.astype(np.float64)
    for by_weight in (False, True):
        entry = light * 1e6 if by_weight else np.zeros(len(light))
        passage = roads.metres + (0.0 if by_weight else STRONG_M * roads.firm)
        found = _tree(roads, members, entry, passage)
        if found is None:
            return None
        best = found if best is None or _weight(roads, found) < _weight(roads, best) else best
        if _weight(roads, best) <= upper:
            break
    return best


def _weight(roads: Roads, way: Way) -> int:
    return int(roads.households[way.nodes].sum())


def _tree(roads: Roads, members: Ints, entry: Floats, passage: Floats) -> Way | None:
    neighbours: dict[int, list[tuple[int, int]]] = {}
    for e, (a, b) in enumerate(roads.ends.tolist()):
        neighbours.setdefault(a, []).append((b, e))
        neighbours.setdefault(b, []).append((a, e))
    nodes, edges = {int(members[0])}, []
    wanted = {int(m) for m in members[1:]} - nodes
    may = roads.open.copy()
    may[members] = True
    while wanted:
        way = _nearest(neighbours, nodes, wanted, may, entry, passage)
        if way is None:
            return None
        for node, edge in way:
            nodes.add(node)
            edges.append(edge)
        wanted -= nodes
    return Way(np.array(sorted(nodes), dtype=np.int64), np.array(sorted(edges), dtype=np.int64))


def _nearest(
    neighbours: dict[int, list[tuple[int, int]]],
    start: set[int],
    wanted: set[int],
    may: Bools,
    entry: Floats,
    passage: Floats,
) -> list[tuple[int, int]] | None:
    """Return the cheapest way from a set of nodes to a wanted one, from its end: (node, edge that leads to it)."""
    best = dict.fromkeys(sorted(start), 0.0)
    came: dict[int, tuple[int, int]] = {}
    heap = [(0.0, v) for v in sorted(start)]
    while heap:
        cost, v = heapq.heappop(heap)
        if cost > best[v]:
            continue
        if v in wanted:
            way = []
            while v in came:
                up, edge = came[v]
                way.append((v, edge))
                v = up
            return way
        for u, edge in neighbours.get(v, ()):
            further = cost + passage[edge] + entry[u]
            if may[u] and further < best.get(u, np.inf):
                best[u] = further
                came[u] = (v, edge)
                heapq.heappush(heap, (further, u))
    return None
