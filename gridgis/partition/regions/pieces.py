"""Pieces of ground between STRONG barriers, and which of them must be joined before they can be cut into the band."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from gridgis.geometry.arrays import Bools, Floats, Ints
from gridgis.model import BARRIER_CLASSES, Band
from gridgis.partition.components import components
from gridgis.partition.graph import Contacts
from gridgis.partition.regions.crossing import Given, Piece, lumps_fit, pairs_of
from gridgis.partition.regions.merge import Joined, Map, merge
from gridgis.partition.regions.room import roomy


@dataclass(frozen=True)
class Region:
    """Atoms (positions in Contacts) that are cut into grids together.

    ``closed`` says why others do not belong to them (a "building" or "compound" above the limit, "empty" ground), or
    how they came together: "joined" as a last resort, "kept" of present grids; "" for all else.

    ``merged`` are the households of its pieces, ``part`` (n,) the piece of each member, by position in ``merged``.
    ``needy`` are the pieces that cannot stand alone, ``crossing`` which households of which pieces share a grid by the
    model of ``merge.py``, ``exact`` whether no other layout in that model has fewer pairs across barriers.
    """

    members: Ints
    households: int
    closed: str
    merged: tuple[int, ...]
    part: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    needy: tuple[int, ...] = ()
    crossing: tuple[Given, ...] = ()
    exact: bool = True

    @property
    def pairs(self) -> int:
        """The household pairs that must be in one grid across a STRONG barrier: the optimum of the model."""
        return sum(pairs_of([n for _, n in grid]) for grid in self.crossing)


@dataclass(frozen=True)
class _Pieces:
    """Pieces of ground: ``piece`` (n,) that of each atom; (p,) households, lumps, closure, whether kept empty."""

    piece: Ints
    households: Ints
    lumps: list[list[int]]
    own: Ints
    keep_empty: Bools
    touch: _Touch


@dataclass(frozen=True)
class _Touch:
    """Contacts of pieces: ``pairs`` (m, 2) a < b, each once; (m,) the weakest barrier class between; (m,) metres."""

    pairs: Ints
    weak: Ints
    metres: Floats

    def renamed(self, name: Ints) -> _Touch:
        """Return the contacts after pieces were joined: ``name`` (p,) of each."""
        ends = np.sort(name[self.pairs], axis=1)
        differ = ends[:, 0] != ends[:, 1]
        return _touch(ends[differ], self.weak[differ], self.metres[differ])


def closures(c: Contacts, band: Band, max_area_empty_m2: float) -> tuple[Ints, dict[int, str]]:
    """Group atoms that must not be mixed with others; 0 = open ground.

    A building above the upper limit, a compound above it, and large ground without households are closed.
    """
    group = np.zeros(c.n, dtype=np.int64)
    inside = c.compound >= 0
    total = np.bincount(c.compound[inside], c.households[inside], int(c.compound.max(initial=-1)) + 1)
    large = np.flatnonzero(total > band.upper)
    why = dict.fromkeys(range(1, len(large) + 1), "compound")
    number = np.zeros(len(total) + 1, dtype=np.int64)
    number[large] = np.arange(1, len(large) + 1)
    group[inside] = number[c.compound[inside]]
    for chosen, reason in (
        (c.biggest > band.upper, "building"),
        ((c.households == 0) & (c.area > max_area_empty_m2) & (group == 0) & ~inside, "empty"),
    ):
        for atom in np.flatnonzero(chosen):
            group[atom] = len(why) + 1
            why[len(why) + 1] = reason
    return group, why


def regions(c: Contacts, band: Band, max_area_empty_m2: float) -> list[Region]:
    """Cut the ground at STRONG barriers and closures, then join pieces until each can be cut into the band.

    Pieces without households join the neighbour across the weakest barrier, unless they are larger than allowed.
    The others are joined so that the fewest household pairs need to be in one grid across a barrier (``merge.py``).
    """
    group, why = closures(c, band, max_area_empty_m2)
    ground = _pieces(c, group, band, max_area_empty_m2)
    root = _absorb_empty(ground, np.array([k for k, reason in why.items() if reason == "building"], dtype=np.int64))
    lived_in = np.flatnonzero(ground.households > 0)
    position = np.full(len(root), -1, dtype=np.int64)
    position[lived_in] = np.arange(len(lived_in))
    pieces = [Piece(int(ground.households[p]), tuple(sorted(ground.lumps[p], reverse=True))) for p in lived_in]
    joined = merge(_map(ground, root, position, pieces), band)
    of_root = _by_number(root[ground.piece], len(root))
    out = []
    for g in joined.groups:
        atoms = [of_root[lived_in[m]] for m in g.members]
        closed = why.get(int(ground.own[lived_in[g.members[0]]]), "")
        out.append(_region(g, atoms, [pieces[m] for m in g.members], closed, band, joined.exact))
    hollow = np.unique(root[np.isin(root, root[lived_in], invert=True)])
    kept = np.isin(hollow, root[ground.keep_empty])
    for r, keep in zip(hollow.tolist(), kept.tolist(), strict=True):
        closed = "empty" if keep else why.get(int(ground.own[r]), "")
        out.append(Region(of_root[r], 0, closed, (), np.zeros(len(of_root[r]), dtype=np.int64)))
    return sorted(out, key=lambda region: int(region.members[0]))


def _region(group: Joined, atoms: list[Ints], pieces: list[Piece], closed: str, band: Band, exact: bool) -> Region:
    """Describe a group of pieces, given with the atoms of each."""
    members = np.concatenate(atoms)
    order = np.argsort(members, kind="stable")
    number = {m: k for k, m in enumerate(group.members)}
    return Region(
        members[order],
        sum(p.households for p in pieces),
        closed,
        tuple(p.households for p in pieces),
        np.repeat(np.arange(len(atoms)), [len(a) for a in atoms])[order],
        tuple(k for k, p in enumerate(pieces) if not lumps_fit(p.lumps, p.households, band)),
        tuple(tuple((number[m], n) for m, n in grid) for grid in group.grids),
        exact,
    )


def crossing_optimum(c: Contacts, band: Band, max_area_empty_m2: float) -> int:
    """Return the household pairs of a whole parent that must be in one grid across a STRONG barrier, by the model.

    ``c`` without water that cannot be crossed, as for `regions`.
    """
    return sum(r.pairs for r in regions(c, band, max_area_empty_m2))


def sides(c: Contacts, joined: Ints | None = None) -> Ints:
    """Label the pieces between STRONG barriers, (n,); inside an estate, or over ``joined`` pairs, they part nothing."""
    within = c.pairs[~c.strong | _same_compound(c)]
    return components(c.n, within if joined is None else np.concatenate([within, joined]))


def _same_compound(c: Contacts) -> Bools:
    a, b = c.pairs.T
    return np.asarray((c.compound[a] >= 0) & (c.compound[a] == c.compound[b]), dtype=np.bool_)


def _by_number(label: Ints, n: int) -> list[Ints]:
    order = np.argsort(label, kind="stable")
    return np.split(order, np.cumsum(np.bincount(label, minlength=n))[:-1])


def _pieces(c: Contacts, group: Ints, band: Band, max_area_empty_m2: float) -> _Pieces:
    a, b = c.pairs.T
    inside = c.pairs[(group[a] == group[b]) & (~c.strong | _same_compound(c))]
    piece = roomy(c, group, components(c.n, np.concatenate([inside, c.joined])), band.lower)
    households = np.bincount(piece, c.households).astype(np.int64)
    own = np.zeros(len(households), dtype=np.int64)
    own[piece] = group
    keep = (households == 0) & (np.bincount(piece, c.area) > max_area_empty_m2)
    ends = np.sort(piece[c.pairs], axis=1)
    differ = ends[:, 0] != ends[:, 1]
    length = c.length[differ]
    weakest = length.shape[1] - 1 - np.argmax(length[:, ::-1] > 0, axis=1)
    touch = _touch(ends[differ], weakest, np.asarray(length.sum(axis=1), dtype=np.float64))
    return _Pieces(piece, households, _lumps(c, piece, band), own, keep, touch)


def _touch(pairs: Ints, weak: Ints, metres: Floats) -> _Touch:
    """Sum up contacts of the same two pieces."""
    each, which = np.unique(pairs.reshape(-1, 2), axis=0, return_inverse=True)
    weakest = np.full(len(each), -1, dtype=np.int64)
    np.maximum.at(weakest, which.ravel(), weak)
    return _Touch(each, weakest, np.bincount(which.ravel(), metres, len(each)).astype(np.float64))


def _lumps(c: Contacts, piece: Ints, band: Band) -> list[list[int]]:
    """Return for each piece the households of what stays whole in it: estates, and what pins join."""
    out: list[list[int]] = [[] for _ in range(int(piece.max(initial=-1)) + 1)]
    estate = c.compound >= 0
    total = np.bincount(c.compound[estate], c.households[estate], int(c.compound.max(initial=-1)) + 1)
    estate[estate] = total[c.compound[estate]] <= band.upper
    inside = np.union1d(np.flatnonzero(estate), c.joined)
    node = c.whole(band.upper)
    rows, which = np.unique(np.column_stack([piece[inside], node[inside]]), axis=0, return_inverse=True)
    counts = np.bincount(which.ravel(), c.households[inside], len(rows)).astype(np.int64)
    for p, n in zip(rows[:, 0].tolist(), counts.tolist(), strict=True):
        if n:
            out[p].append(n)
    return out


def _absorb_empty(ground: _Pieces, towers: Ints) -> Ints:
    """Attach pieces without households to a piece with them, nearest first, across the weakest barrier, (p,).

    To ``towers`` (closures) only where nothing else is across as weak a barrier: their ground joins nobody else.
    """
    touch, keep = ground.touch, ground.keep_empty
    parent = np.arange(len(keep))
    settled = (ground.households > 0) | keep
    both = np.concatenate([touch.pairs, touch.pairs[:, ::-1]])
    weak, metres = np.tile(touch.weak, 2), np.tile(touch.metres, 2)
    order = np.lexsort((both[:, 1], -metres, np.isin(ground.own[both[:, 1]], towers), -weak, both[:, 0]))
    both = both[order]
    while not settled.all():
        now = both[~settled[both[:, 0]] & (settled & ~keep)[both[:, 1]]]
        if not len(now):
            break
        taken, first = np.unique(now[:, 0], return_index=True)
        parent[taken] = parent[now[first, 1]]
        settled[taken] = True
    left = ~settled
    if left.any():  # no piece with households takes them: they join each other, and large empty ground
        piece = components(len(keep), touch.pairs[left[touch.pairs].any(axis=1)])
        lone = np.isin(piece, piece[left])
        lowest = np.full(len(keep), len(keep), dtype=np.int64)
        np.minimum.at(lowest, piece, np.arange(len(keep)))
        parent[lone] = lowest[piece[lone]]
    return parent


def _map(ground: _Pieces, root: Ints, position: Ints, pieces: list[Piece]) -> Map:
    """Return the contacts over which pieces with households may be joined: those of the same closure."""
    touch = ground.touch.renamed(root)
    ends = position[touch.pairs]
    a, b = touch.pairs.T
    may = (ends >= 0).all(axis=1) & (ground.own[a] == ground.own[b])
    weaker = len(BARRIER_CLASSES) - touch.weak[may]
    tie = 0.01 * weaker + 0.01 * 30 / (
        30 + touch.metres[may]
    )  # across the weakest barrier, then along the longest edge
    return Map(pieces, ends[may], tie)
