"""The polygons that follow from who has which face, and what is told about their vertices."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import shapely
from shapely.geometry.base import BaseGeometry

from gridgis.geometry.arrays import Geometries
from gridgis.geometry.cleaning.change import Change
from gridgis.geometry.cleaning.decide import REST
from gridgis.geometry.cleaning.faces import Arc
from gridgis.geometry.cleaning.net import Net, add
from gridgis.geometry.cleaning.rings import assemble, trace

Put = dict[int, set[int]]
"""Of each feature the vertices that were put into its edges."""


def rebuild(geoms: Geometries, net: Net, told: dict[int, Change]) -> tuple[dict[int, BaseGeometry], Put]:
    """Return the polygons that differ, and the vertices that were put into features.

    A vertex on an edge is put in where another feature turns or has a vertex of its own; crossings with what stays as
    it is, a wide overlap, leave no trace.
    """
    arcs = {k: mine for k, mine in net.arcs.items() if k != REST}
    moved: set[int] = set()
    for f, change in told.items():
        if change.taker is not None:
            _transfer(net, arcs, moved, f, change.taker)
    own = {k: {v for drawing in rings for v in drawing.ring} for k, rings in net.rings.items()}
    there = {k: {u for u, _ in mine} for k, mine in arcs.items()}
    corners = set().union(*(there[k] & own[k] for k in arcs), *(_turns(net, arcs[k]) for k in sorted(moved)))
    corners -= _at_wide_overlaps(net, told)
    new: dict[int, BaseGeometry] = {}
    put: Put = {}
    for k in sorted(arcs):
        put[k] = (there[k] - own[k]) & corners
        if k in moved or k in net.folded or put[k] or any(drawing.snapped for drawing in net.rings[k]):
            rings = [[v for v in ring if v in own[k] or v in corners] for ring in trace(net.cuts.xy, arcs[k])]
            new[k] = _polygon(geoms[k], net, k, rings)
    return new, put


def _at_wide_overlaps(net: Net, told: dict[int, Change]) -> set[int]:
    """Return the vertices at overlaps that stay, and at nothing that is mended: nothing is put in there."""
    stay = {f for f, c in told.items() if c.kind == "overlap" and not c.done}
    return {u for f in stay for u, _ in net.faces.arcs[f]} - set(_faces_at(net, told))


def _transfer(net: Net, arcs: dict[int, Counter[Arc]], moved: set[int], face: int, taker: int) -> None:
    """Take a face from all that cover it, and give it to one."""
    cover = net.faces.cover[face]
    for k in {*cover, taker} - ({taker} & set(cover)):
        if k not in moved:
            arcs[k] = Counter(arcs[k])
            moved.add(k)
        for u, v in net.faces.arcs[face]:
            add(arcs[k], *((u, v) if k == taker else (v, u)))


def _turns(net: Net, arcs: Counter[Arc]) -> set[int]:
    """Return the vertices at which an outline leaves the edge on which it came."""
    came: dict[int, list[Arc]] = {}
    for u, v in arcs:
        came.setdefault(v, []).append((u, v))
    out = set()
    for v, w in arcs:
        before = came[v]
        if len(before) > 1 or not _parents(net, *before[0]) & _parents(net, v, w):
            out.add(v)
    return out


def _parents(net: Net, u: int, v: int) -> set[Arc]:
    return net.parents.get((u, v) if u < v else (v, u), set())


def _polygon(before: BaseGeometry, net: Net, k: int, rings: list[list[int]]) -> BaseGeometry:
    drawings = net.rings[k]
    multi = before.geom_type == "MultiPolygon"
    # The first ring of a polygon is a shell: outlines keep the order of parts and rings.
    return assemble(
        net.cuts.xy, [r for r in rings if len(r) > 2], [d.ring for d in drawings], not drawings[0].is_left, multi
    )


def with_neighbours(net: Net, told: dict[int, Change], put: Put) -> list[Change]:
    """Return the changes of faces, each with all features that got a vertex by it."""
    faces_at = _faces_at(net, told)
    more: dict[int, set[int]] = {}
    for k, vertices in put.items():
        for f in {f for v in vertices if v >= net.cuts.made for f in faces_at.get(v, ())}:
            more.setdefault(f, set()).add(k)
    return [replace(c, also=tuple(sorted(more.get(f, set()) - set(c.features)))) for f, c in told.items()]


def vertex_changes(net: Net, told: dict[int, Change], put: Put) -> list[Change]:
    """Return what is told about vertices that were made the same, and those put in away from all changed faces."""
    faces_at = _faces_at(net, told)
    out = []
    for k, drawings in net.rings.items():
        if snapped := sorted({v for drawing in drawings for v in drawing.snapped}):
            out.append(_of_vertices("near-vertex", k, net, snapped))
    for k in sorted(net.folded):
        place = shapely.MultiPoint(net.cuts.xy[sorted(_folds(net, k))])
        out.append(Change("invalid-ring", (k,), place, more="spike without width"))
    for k, vertices in put.items():
        told_there = (v for v in vertices for f in faces_at.get(v, ()) if v >= net.cuts.made or k in told[f].features)
        if missing := sorted(vertices - set(told_there)):
            out.append(_of_vertices("missing-vertex", k, net, missing))
    return out


def _folds(net: Net, k: int) -> set[int]:
    """Return the vertices of a feature whose edges all ran both ways; else one of its vertices."""
    own = {v for drawing in net.rings[k] for v in drawing.ring}
    return own - {u for u, _ in net.arcs[k]} or {min(own)}


def _of_vertices(kind: str, k: int, net: Net, vertices: list[int]) -> Change:
    return Change(kind, (k,), shapely.MultiPoint(net.cuts.xy[vertices]), more=str(len(vertices)))


def _faces_at(net: Net, told: dict[int, Change]) -> dict[int, list[int]]:
    """Return of each vertex the mended faces at it."""
    out: dict[int, list[int]] = {}
    for f, change in told.items():
        if change.done:
            for u, _ in net.faces.arcs[f]:
                out.setdefault(u, []).append(f)
    return out
