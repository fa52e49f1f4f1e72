"""Room for pins: ground that must hold several grids, because pins keep things apart, is joined until it can."""

from __future__ import annotations

import numpy as np

from gridgis.geometry.arrays import Ints
from gridgis.partition.graph import Contacts


def needed(apart: Ints) -> int:
    """Return a number of grids that pairs of things apart need at least: the largest clique that a greedy search finds.

    Examples
    --------
    >>> needed(np.array([[0, 1], [1, 2], [0, 2], [2, 3]])), needed(np.empty((0, 2), dtype=np.int64))
    (3, 1)
    """
    foes: dict[int, set[int]] = {}
    for a, b in apart.tolist():
        foes.setdefault(a, set()).add(b)
        foes.setdefault(b, set()).add(a)
    best = 1
    for start in sorted(foes):
        clique = {start}
        for v in sorted(foes[start], key=lambda v: (-len(foes[v] & foes[start]), v)):
            if clique <= foes[v]:
                clique.add(v)
        best = max(best, len(clique))
    return best


def roomy(c: Contacts, group: Ints, piece: Ints, lower: int) -> Ints:
    """Join pieces of ground until each has households for as many grids as its pins need.

    Parameters
    ----------
    c
        The ground.
    group
        (n,) closures: only ground of one closure is joined.
    piece
        (n,) label of the piece of each atom.
    lower
        Households that a grid needs.

    Returns
    -------
    (n,) labels 0.. in the order of their first atom
        A piece without room is joined to the neighbour across the weakest barrier, then along the longest edge; one
        without such a neighbour stays.
    """
    stuck: set[int] = set()
    while len(c.apart):
        ends = piece[c.apart]
        for p in sorted({int(p) for p in ends[ends[:, 0] == ends[:, 1], 0]} - stuck):
            inside = c.apart[(ends == p).all(axis=1)]
            if int(c.households[piece == p].sum()) >= lower * needed(inside):
                continue
            other = _neighbour(c, group, piece, p)
            if other >= 0:
                piece = np.where(piece == other, p, piece)
                break
            stuck.add(p)
        else:
            break
    _, first, label = np.unique(piece, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[label].astype(np.int64)


def _neighbour(c: Contacts, group: Ints, piece: Ints, p: int) -> int:
    """Return the inhabited piece to join, -1 for none."""
    ends = piece[c.pairs]
    over = ((ends == p).sum(axis=1) == 1) & (group[c.pairs[:, 0]] == group[c.pairs[:, 1]])
    lived_in = np.bincount(piece, c.households) > 0
    best: dict[int, tuple[int, float]] = {}
    for (a, b), by_class in zip(ends[over].tolist(), c.length[over], strict=True):
        other = b if a == p else a
        if lived_in[other]:
            weak, metres = best.get(other, (-1, 0.0))
            best[other] = (max(weak, int(np.flatnonzero(by_class)[-1])), metres + float(by_class.sum()))
    return max(best, key=lambda q: (*best[q], -q)) if best else -1
