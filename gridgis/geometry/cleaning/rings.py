"""Polygons put together again from their edges, drawn as they were: same first vertex, same way round, same order."""

from __future__ import annotations

from collections import Counter
from math import atan2, pi

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from gridgis.geometry.arrays import Floats
from gridgis.geometry.cleaning.faces import Arc

Ring = list[int]


def trace(xy: Floats, arcs: Counter[Arc]) -> list[Ring]:
    """Return simple rings of the edges, the inside on their left; rings may touch one another in a vertex.

    Where several edges leave a vertex, the way goes on along the same piece of ground; a way that comes back to a
    vertex is a ring from there on.
    """
    leaving: dict[int, list[int]] = {}
    for (u, v), n in sorted(arcs.items()):
        if n > 0:
            leaving.setdefault(u, []).append(v)
    out: list[Ring] = []
    for start in sorted(leaving):
        while leaving[start]:
            out += _simple(_walk(xy, leaving, start))
    return out


def _walk(xy: Floats, leaving: dict[int, list[int]], start: int) -> Ring:
    """Take the edges of one way out of ``leaving`` until it is closed."""
    way, here = [start], leaving[start].pop()
    while here != start or _goes_on(xy, leaving, way, here):
        choice = leaving[here]
        k = 0 if len(choice) == 1 else _rightmost(xy, way[-1], here, choice)
        way.append(here)
        here = choice.pop(k)
    return way


def _goes_on(xy: Floats, leaving: dict[int, list[int]], way: Ring, here: int) -> bool:
    """Tell whether a way that is back at its start bounds other ground there than it began with."""
    choice = [*leaving[here], way[1]]
    return len(choice) > 1 and _rightmost(xy, way[-1], here, choice) != len(choice) - 1


def _rightmost(xy: Floats, before: int, at: int, choice: list[int]) -> int:
    """Return the position of the first edge clockwise from where the way came: the inside lies between."""
    back = _angle(xy, at, before)
    turn = [(back - _angle(xy, at, v)) % (2 * pi) or 2 * pi for v in choice]
    return turn.index(min(turn))


def _angle(xy: Floats, a: int, b: int) -> float:
    return atan2(xy[b, 1] - xy[a, 1], xy[b, 0] - xy[a, 0])


def _simple(way: Ring) -> list[Ring]:
    """Split a closed way at the vertices that it visits again."""
    out: list[Ring] = []
    stack: Ring = []
    place: dict[int, int] = {}
    for v in way:
        if v in place:
            k = place[v]
            out.append(stack[k:])
            for w in stack[k + 1 :]:
                del place[w]
            del stack[k + 1 :]
        else:
            place[v] = len(stack)
            stack.append(v)
    return [*out, stack]


def assemble(xy: Floats, rings: list[Ring], before: list[Ring], clockwise: bool, multi: bool) -> BaseGeometry:
    """Make a polygon of rings.

    Parameters
    ----------
    xy
        (v, 2) vertices.
    rings
        Simple rings, the inside on the left.
    before
        The rings as they were drawn: the order and the first vertices are kept.
    clockwise
        Whether its shells were drawn so.
    multi
        Whether it was a MultiPolygon; it stays one.
    """
    rank: dict[int, int] = {}
    for v in (v for ring in before for v in ring):
        rank.setdefault(v, len(rank))
    turned = sorted((_begin(ring, rank, clockwise) for ring in rings), key=lambda r: rank.get(r[0], len(rank)))
    is_shell = [bool(shapely.is_ccw(shapely.linearrings(xy[r]))) != clockwise for r in turned]
    shells = [shapely.Polygon(xy[r]) for r, s in zip(turned, is_shell, strict=True) if s]
    holes: list[list[Floats]] = [[] for _ in shells]
    for ring in (r for r, s in zip(turned, is_shell, strict=True) if not s):
        holes[_around(shells, xy[ring])].append(xy[ring])
    parts = [shapely.Polygon(shapely.get_coordinates(s), h) for s, h in zip(shells, holes, strict=True)]
    return parts[0] if len(parts) == 1 and not multi else shapely.MultiPolygon(parts)


def _begin(ring: Ring, rank: dict[int, int], clockwise: bool) -> Ring:
    """Let a ring begin at the vertex that came first before, and run the way it did."""
    ring = ring[::-1] if clockwise else ring
    k = min(range(len(ring)), key=lambda i: (rank.get(ring[i], len(rank)), ring[i]))
    return ring[k:] + ring[:k]


def _around(shells: list[shapely.Polygon], hole: Floats) -> int:
    """Return the smallest shell that holds a hole."""
    area = np.array([s.area for s in shells])
    around = [k for k, s in enumerate(shells) if s.covers(shapely.Polygon(hole))]
    return min(around, key=lambda k: (area[k], k)) if around else 0
