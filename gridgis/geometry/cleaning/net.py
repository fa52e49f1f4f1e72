"""The net of borders near faults, cut where they meet, and its faces."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from gridgis.geometry.arrays import Bools, Floats, Ints
from gridgis.geometry.cleaning.decide import REST
from gridgis.geometry.cleaning.faces import Arc, Faces, find_faces
from gridgis.geometry.cleaning.near import Drawn
from gridgis.geometry.cleaning.noding import Cuts, cut, near_vertices
from gridgis.geometry.cleaning.outlines import distinct, keys

Ring = list[int]


@dataclass(frozen=True)
class Drawing:
    """A ring as it was drawn: its part, vertices, whether the inside lies left, and which vertices are others now."""

    part: int
    ring: Ring
    is_left: bool
    snapped: Ring


@dataclass(frozen=True)
class Net:
    """All borders of the features near faults, cut where they meet.

    Parameters
    ----------
    cuts
        Vertices and cut edges.
    rings
        Of each feature its rings as drawn.
    arcs
        Of each feature its edges (from, to), cut, the inside on the left.
    faces
        The faces between them.
    parents
        Of each piece (lower vertex, higher vertex) the edges it was cut from.
    lids
        The pieces (lower vertex, higher vertex) of lids (`slits`): edges of no feature.
    folded
        The features with an edge that runs both ways once it is cut: a spike without width.
    """

    cuts: Cuts
    rings: dict[int, list[Drawing]]
    arcs: dict[int, Counter[Arc]]
    faces: Faces
    parents: dict[Arc, set[Arc]]
    folded: set[int]
    lids: set[Arc]


def make_net(drawn: Drawn, near: set[int], reach: float, lids: Floats) -> Net:
    """Put the borders of some features, and the outline of all others together, into one net."""
    out = drawn.out
    chosen = np.isin(out.feature, np.fromiter(near, dtype=np.int64, count=len(near)))
    weight = np.bincount(out.corner, minlength=len(out.xy))
    same = near_vertices(out.xy, np.unique(drawn.ends[drawn.open]), weight, reach)
    to = np.arange(len(out.xy))
    to[list(same)] = list(same.values())
    mine = chosen[drawn.ring]
    ends, owner = to[drawn.ends[mine]], out.feature[drawn.ring[mine]]
    outer = to[_outline_of_rest(drawn.ends[mine], drawn.open[mine], len(out.xy))]
    ends = np.concatenate([ends, outer])
    owner = np.concatenate([owner, np.full(len(outer), REST, dtype=np.int64)])
    real = ends[:, 0] != ends[:, 1]
    ends, owner = ends[real], owner[real]
    xy, across = _with_lids(out.xy, lids)
    edges = np.unique(np.sort(np.concatenate([ends, across]), axis=1), axis=0)
    cuts = cut(xy, edges, reach)
    arcs, parents, folded = _arcs(cuts, ends, owner)
    owners: dict[Arc, Counter[int]] = {}
    shut = {(p, q) if p < q else (q, p) for u, v in across.tolist() for p, q in pairwise(cuts.along(u, v))}
    for arc in shut - set(parents):
        owners[arc] = Counter()
    for k, of in arcs.items():
        for arc, n in of.items():
            owners.setdefault(arc, Counter())[k] += n
    return Net(cuts, _rings(drawn, chosen, to), arcs, find_faces(cuts.xy, owners), parents, folded - {REST}, shut)


def _with_lids(xy: Floats, lids: Floats) -> tuple[Floats, Ints]:
    """Return the vertices with the ends of lids that are none yet, and (k, 2) the ends of the lids."""
    _, number = distinct(np.concatenate([xy, lids.reshape(-1, 2)]))
    known, first = np.unique(number, return_index=True)
    new = np.sort(first[first >= len(xy)])
    place = np.empty(len(known), dtype=np.int64)
    place[number[: len(xy)]] = np.arange(len(xy))
    place[number[new]] = len(xy) + np.arange(len(new))
    ends = place[number[len(xy) :]].reshape(-1, 2)
    return np.concatenate([xy, lids.reshape(-1, 2)[new - len(xy)]]), ends[ends[:, 0] != ends[:, 1]]


def _outline_of_rest(ends: Ints, is_open: Bools, vertices: int) -> Ints:
    """Return, turned round, the shared edges whose other feature is not among those chosen."""
    key, _ = keys(ends, vertices)
    _, inverse, count = np.unique(key, return_inverse=True, return_counts=True)
    return np.asarray(ends[(count[inverse] == 1) & ~is_open][:, ::-1])


def _arcs(cuts: Cuts, ends: Ints, owner: Ints) -> tuple[dict[int, Counter[Arc]], dict[Arc, set[Arc]], set[int]]:
    """Return of each feature its edges in pieces; of each piece its edges; and who had pieces that ran both ways."""
    arcs: dict[int, Counter[Arc]] = {}
    parents: dict[Arc, set[Arc]] = {}
    folded: set[int] = set()
    for u, v, k in zip(ends[:, 0].tolist(), ends[:, 1].tolist(), owner.tolist(), strict=True):
        mine = arcs.setdefault(k, Counter())
        edge = (u, v) if u < v else (v, u)
        for p, q in pairwise(cuts.along(u, v)):
            if add(mine, p, q):
                folded.add(k)
            parents.setdefault((p, q) if p < q else (q, p), set()).add(edge)
    return arcs, parents, folded


def add(arcs: Counter[Arc], u: int, v: int) -> bool:
    """Add an edge; it cancels with the same one the other way, and that is told."""
    if (v, u) not in arcs:
        arcs[u, v] += 1
        return False
    arcs[v, u] -= 1
    if not arcs[v, u]:
        del arcs[v, u]
    return True


def _rings(drawn: Drawn, chosen: Bools, to: Ints) -> dict[int, list[Drawing]]:
    out = drawn.out
    rings: dict[int, list[Drawing]] = {}
    first = np.searchsorted(out.ring, np.arange(len(out.feature) + 1))
    for r in np.flatnonzero(chosen).tolist():
        corner = out.corner[first[r] : first[r + 1]]
        snapped = corner[to[corner] != corner].tolist()
        drawing = Drawing(int(out.part[r]), to[corner].tolist(), bool(out.is_left[r]), snapped)
        rings.setdefault(int(out.feature[r]), []).append(drawing)
    return rings


def thin_faces(drawn: Drawn, net: Net) -> dict[int, tuple[int, bool]]:
    """Return the faces that are a thin part each: the feature, and whether it has other ground."""
    out: dict[int, tuple[int, bool]] = {}
    for k, rings in net.rings.items():
        for r in rings:
            if r.part in drawn.thin:
                way = r.ring if r.is_left else r.ring[::-1]
                first, second = net.cuts.along(way[0], way[1])[:2]
                f = net.faces.left.get((first, second))
                if f is not None:
                    out[f] = (k, drawn.thin[r.part])
    return out
