"""Pieces of ground between STRONG barriers, and which of them must be joined before they can be cut into the band."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gridgis.model import Band
from gridgis.partition.graph import Contacts, Floats, Ints
from gridgis.partition.search import components


@dataclass(frozen=True)
class Region:
    """Atoms (positions in Contacts) that are cut into grids together; ``closed``: nothing else may join them."""

    members: Ints
    households: int
    closed: str  # "" | "building" | "compound" | "empty"
    merged: tuple[int, ...]  # households of the pieces that had to be joined across STRONG barriers


def closures(c: Contacts, band: Band, max_area_empty_m2: float) -> tuple[Ints, dict[int, str]]:
    """Group atoms that must not be mixed with others; 0 = open ground.

    A building above the upper limit, a compound above it, and large ground without households are closed.
    """
    group = np.zeros(c.n, dtype=np.int64)
    why: dict[int, str] = {}

    def close(chosen: NDArray[np.bool_], reason: str) -> None:
        number = len(why) + 1
        group[chosen] = number
        why[number] = reason

    inside = c.compound >= 0
    total = np.bincount(c.compound[inside], c.households[inside], int(c.compound.max(initial=-1)) + 1)
    for compound in np.flatnonzero(total > band.upper):
        close(c.compound == compound, "compound")
    for atom in np.flatnonzero(c.biggest > band.upper):
        close(np.arange(c.n) == atom, "building")
    for atom in np.flatnonzero((c.households == 0) & (c.area > max_area_empty_m2) & (group == 0) & ~inside):
        close(np.arange(c.n) == atom, "empty")
    return group, why


def regions(c: Contacts, band: Band, max_area_empty_m2: float) -> list[Region]:
    """Cut the ground at STRONG barriers and closures, then join pieces until each can be cut into the band.

    Pieces without households join the neighbour across the weakest barrier, unless they are larger than allowed.
    Which pieces are joined is decided greedily: the smallest that cannot stand alone joins the neighbour with which
    it can, across the weakest and longest border.
    """
    group, why = closures(c, band, max_area_empty_m2)
    a, b = c.pairs.T
    same_compound = (c.compound[a] >= 0) & (c.compound[a] == c.compound[b])
    together = (group[a] == group[b]) & (~c.strong | same_compound)
    piece = components(c.n, c.pairs[together])
    households = np.bincount(piece, c.households).astype(np.int64)
    area = np.bincount(piece, c.area)
    own = np.zeros(len(households), dtype=np.int64)
    own[piece] = group
    keep_empty = (households == 0) & (area > max_area_empty_m2)
    weak, touch = _between(c, piece, len(households))
    parent = _absorb_empty(households, keep_empty, weak, touch)
    merged = _merge(parent, households, own, band, keep_empty, weak, touch)
    out = []
    for root in np.unique(merged):
        pieces = np.flatnonzero(merged == root)
        counts = tuple(int(households[p]) for p in pieces if households[p])
        total = sum(counts)
        closed = why.get(int(own[root]), "") if total or not keep_empty[root] else "empty"
        out.append(Region(np.flatnonzero(np.isin(piece, pieces)), total, closed, counts))
    return out


def _between(c: Contacts, piece: Ints, n: int) -> tuple[Ints, Floats]:
    """Return for each pair of pieces the weakest class between them (-1: none) and the length of the contact."""
    weak = np.full((n, n), -1, dtype=np.int64)
    touch = np.zeros((n, n))
    p = piece[c.pairs]
    for i, j, by_class in zip(p[:, 0], p[:, 1], c.length, strict=True):
        if i != j:
            weakest = int(np.flatnonzero(by_class)[-1])
            weak[i, j] = weak[j, i] = max(weak[i, j], weakest)
            touch[i, j] += by_class.sum()
            touch[j, i] = touch[i, j]
    return weak, touch


def _absorb_empty(households: Ints, keep: NDArray[np.bool_], weak: Ints, touch: Floats) -> Ints:
    """Attach pieces without households to a piece with them, nearest first, across the weakest barrier."""
    parent = np.arange(len(households))
    settled = (households > 0) | keep
    waiting = [int(p) for p in np.flatnonzero(~settled)]
    while waiting:
        reach = [(p, np.flatnonzero(settled & ~keep & (weak[p] >= 0))) for p in waiting]
        now = [(p, near) for p, near in reach if len(near)]
        if not now:
            break
        for p, near in now:
            best = near[np.lexsort((-touch[p, near], -weak[p, near]))[0]]
            parent[p] = parent[best]
        for p, _ in now:
            settled[p] = True
            waiting.remove(p)
    return parent


def _merge(
    parent: Ints,
    households: Ints,
    own: Ints,
    band: Band,
    keep_empty: NDArray[np.bool_],
    weak: Ints,
    touch: Floats,
) -> Ints:
    """Join pieces that cannot be cut into the band alone with a neighbour of the same closure."""
    root = parent.copy()
    stuck: set[int] = set()
    while True:
        total = np.bincount(root, households, len(root)).astype(np.int64)
        todo = [
            int(r)
            for r in np.unique(root)
            if r not in stuck and not keep_empty[r] and total[r] and not band.can_hold(int(total[r]))
        ]
        if not todo:
            return root
        r = min(todo, key=lambda p: (total[p], p))
        best = _partner(r, root, total, own, band, keep_empty, weak, touch)
        if best is None:
            stuck.add(r)
        else:
            low, high = min(r, best), max(r, best)
            stuck.discard(best)
            root[root == high] = low


def _partner(
    r: int,
    root: Ints,
    total: Ints,
    own: Ints,
    band: Band,
    keep_empty: NDArray[np.bool_],
    weak: Ints,
    touch: Floats,
) -> int | None:
    mine = np.flatnonzero(root == r)
    options = []
    for other in np.unique(root):
        theirs = np.flatnonzero(root == other)
        between = weak[np.ix_(mine, theirs)]
        if other == r or own[other] != own[r] or keep_empty[other] or not total[other] or between.max() < 0:
            continue
        fits = band.can_hold(int(total[r] + total[other]))
        options.append((not fits, -int(between.max()), -float(touch[np.ix_(mine, theirs)].sum()), int(other)))
    return min(options)[3] if options else None
