"""Pieces of ground between STRONG barriers, and which of them must be joined before they can be cut into the band."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gridgis.geometry.arrays import Bools, Floats, Ints
from gridgis.model import Band
from gridgis.partition.graph import Contacts
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

    def close(chosen: Bools, reason: str) -> None:
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
    found = _Pieces(households, _lumps(c, piece, band), own, keep_empty, weak, touch)
    merged = _merge(found, _absorb_empty(found), band)
    out = []
    for root in np.unique(merged):
        pieces = np.flatnonzero(merged == root)
        counts = tuple(int(households[p]) for p in pieces if households[p])
        total = sum(counts)
        closed = why.get(int(own[root]), "") if total or not keep_empty[root] else "empty"
        out.append(Region(np.flatnonzero(np.isin(piece, pieces)), total, closed, counts))
    return out


@dataclass(frozen=True)
class _Pieces:
    """(p,) pieces of ground: households, those of them that come in lumps, closure, whether it stays empty ground.

    ``weak`` and ``touch`` (p, p): the weakest barrier class between two pieces (-1: no contact) and its metres.
    """

    households: Ints
    lumps: list[list[int]]
    own: Ints
    keep_empty: Bools
    weak: Ints
    touch: Floats


def _lumps(c: Contacts, piece: Ints, band: Band) -> list[list[int]]:
    """Return for each piece the households of the estates in it that may not be split."""
    out: list[list[int]] = [[] for _ in range(int(piece.max()) + 1)]
    for compound in np.unique(c.compound[c.compound >= 0]):
        inside = c.compound == compound
        total = int(c.households[inside].sum())
        if 0 < total <= band.upper:
            for p in np.unique(piece[inside]):
                out[int(p)].append(int(c.households[inside & (piece == p)].sum()))
    return out


def lumps_fit(lumps: list[int], households: int, band: Band) -> bool:
    """Tell whether households of which some come in lumps can be shared out in the band, wherever they stand.

    Examples
    --------
    >>> lumps_fit([288, 378, 240, 330], 1255, Band(300, 500))  # 240 fits with none, and 19 do not fill it up
    False
    >>> lumps_fit([288, 240], 700, Band(300, 500))
    True
    """
    if not band.can_hold(households):
        return False
    sand = households - sum(lumps)
    order = sorted((n for n in lumps if n), reverse=True)[:9]  # beyond nine lumps: taken as sand, so rather True
    sand += sum(lumps) - sum(order)

    def place(i: int, groups: tuple[int, ...]) -> bool:
        if i == len(order):
            need = sum(max(0, band.lower - g) for g in groups)
            most = len(groups) + max(0, (sand - need) // band.lower)
            fewest = max(len(groups), -(-households // band.upper))
            return need <= sand and fewest <= most
        fits = (
            (*groups[:k], g + order[i], *groups[k + 1 :])
            for k, g in enumerate(groups)
            if g + order[i] <= band.upper and g not in groups[:k]
        )
        return place(i + 1, (*groups, order[i])) or any(place(i + 1, g) for g in fits)

    return place(0, ())


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


def _absorb_empty(pieces: _Pieces) -> Ints:
    """Attach pieces without households to a piece with them, nearest first, across the weakest barrier."""
    weak, touch, keep = pieces.weak, pieces.touch, pieces.keep_empty
    parent = np.arange(len(keep))
    settled = (pieces.households > 0) | keep
    waiting = [int(p) for p in np.flatnonzero(~settled)]
    while waiting:
        reach = [(p, np.flatnonzero(settled & ~keep & (weak[p] >= 0))) for p in waiting]
        now = [(p, near) for p, near in reach if len(near)]
        if not now:
            _join_empty(waiting, parent, weak)
            break
        for p, near in now:
            best = near[np.lexsort((-touch[p, near], -weak[p, near]))[0]]
            parent[p] = parent[best]
        for p, _ in now:
            settled[p] = True
            waiting.remove(p)
    return parent


def _join_empty(waiting: list[int], parent: Ints, weak: Ints) -> None:
    """Join empty pieces that no piece with households can take: with each other, and with large empty ground."""
    for p in waiting:
        for q in np.flatnonzero(weak[p] >= 0):
            parent[parent == max(parent[p], parent[q])] = min(parent[p], parent[q])


def _merge(pieces: _Pieces, parent: Ints, band: Band) -> Ints:
    """Join pieces that cannot be cut into the band alone with a neighbour of the same closure."""
    root = parent.copy()
    stuck: set[int] = set()
    while True:
        total = np.bincount(root, pieces.households, len(root)).astype(np.int64)
        todo = [
            int(r)
            for r in np.unique(root)
            if r not in stuck and not pieces.keep_empty[r] and total[r] and not _fits(pieces, root, [int(r)], band)
        ]
        if not todo:
            return root
        r = min(todo, key=lambda p: (total[p], p))
        best = _partner(pieces, root, r, band)
        if best is None:
            stuck.add(r)
        else:
            low, high = min(r, best), max(r, best)
            stuck.discard(best)
            root[root == high] = low


def _fits(pieces: _Pieces, root: Ints, roots: list[int], band: Band) -> bool:
    inside = np.flatnonzero(np.isin(root, roots))
    lumps = [n for p in inside for n in pieces.lumps[p]]
    return lumps_fit(lumps, int(pieces.households[inside].sum()), band)


def _partner(pieces: _Pieces, root: Ints, r: int, band: Band) -> int | None:
    """Return the piece to join: one with which it fits, across the weakest barrier, then along the longest contact."""
    mine = np.flatnonzero(root == r)
    options = []
    for other in np.unique(root):
        theirs = np.flatnonzero(root == other)
        between = pieces.weak[np.ix_(mine, theirs)]
        closed = pieces.own[other] != pieces.own[r] or pieces.keep_empty[other]
        if other == r or closed or not pieces.households[theirs].any() or between.max() < 0:
            continue
        metres = float(pieces.touch[np.ix_(mine, theirs)].sum())
        fits = _fits(pieces, root, [r, int(other)], band)
        options.append((not fits, -int(between.max()), -metres, int(other)))
    return min(options)[3] if options else None
