"""The contact graph of atoms: which touch along an edge, for how long, and along which barrier."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import shapely

from gridgis.geometry.arrays import Bools, Floats, Ints
from gridgis.geometry.uncollected import uncollected
from gridgis.model import BARRIER_CLASSES, STRONG, DivisionRules
from gridgis.partition.components import components
from gridgis.partition.ground import Ground
from gridgis.partition.held import Held
from gridgis.partition.noding.atoms import OPEN, Atoms

ROADS = [BARRIER_CLASSES.index(k) for k in ("motorway", "primary", "secondary", "tertiary", "residential")]
STRONG_CLASSES = [i for i, k in enumerate(BARRIER_CLASSES) if k in STRONG]


@dataclass(frozen=True)
class Contacts:
    """A set of atoms with what dividing needs to know of each, and their contacts along edges.

    ``atom`` (n,) position in Atoms; ``households`` (n,); ``biggest`` (n,) households of the largest building
    (buildings on one and the same spot, which nothing can part, taken together);
    ``area`` (n,) m2; ``outline`` (n,) metres around; ``load`` (n,) what is balanced; ``compound`` (n,) or -1;
    ``water`` (n,) True for water that cannot be crossed and has no building on it;
    ``held`` what pins demand, and ``level`` the level that is cut: the demands differ by level.
    ``pairs`` (m, 2) positions a < b; ``length`` (m, 9) metres of shared edge by class, OPEN last.
    """

    atom: Ints
    households: Ints
    biggest: Ints
    area: Floats
    outline: Floats
    load: Floats
    compound: Ints
    water: Bools
    pairs: Ints
    length: Floats
    held: Held = field(default_factory=Held)
    level: int = 2

    @property
    def n(self) -> int:
        """The number of atoms."""
        return len(self.atom)

    @property
    def strong(self) -> Bools:
        """(m,) True where most of the shared edge runs along a STRONG barrier."""
        return np.asarray(2 * self.length[:, STRONG_CLASSES].sum(axis=1) > self.length.sum(axis=1))

    def costs(self, rules: DivisionRules) -> Floats:
        """Return the price of a border along each contact: length weighted by class, (m,)."""
        price = np.array([rules.border_price[k] for k in (*BARRIER_CLASSES, "open")])
        return np.asarray(self.length @ price, dtype=np.float64)

    @property
    def joined(self) -> Ints:
        """(u, 2) atoms that touch, and that pins put into one grid of the level."""
        return self.held.joined_at(self.level)

    @property
    def apart(self) -> Ints:
        """(a, 2) atoms that pins keep out of one grid of the level."""
        return self.held.apart_at(self.level)

    def whole(self, upper: int) -> Ints:
        """(n,) label of what stays one: the atoms of an estate up to a limit, and what pins join."""
        a, b = self.pairs.T
        same = (self.compound[a] >= 0) & (self.compound[a] == self.compound[b])
        inside = self.compound >= 0
        total = np.bincount(self.compound[inside], self.households[inside], int(self.compound.max(initial=-1)) + 1)
        same[same] = total[self.compound[a[same]]] <= upper
        return components(self.n, np.concatenate([self.pairs[same], self.joined]))

    def take(self, chosen: Ints, level: int | None = None) -> Contacts:
        """Return the contacts among some atoms, given by position, in that order; ``level``: to cut another level.

        What pins keep apart does not touch: a border between the two is paid for anyhow, and no grid hangs on it.
        """
        position = np.full(self.n, -1, dtype=np.int64)
        position[chosen] = np.arange(len(chosen))
        ends = position[self.pairs]
        keep = (ends[:, 0] >= 0) & (ends[:, 1] >= 0)  # far quicker than all(axis=1)
        if len(apart := np.sort(self.held.apart_at(level or self.level), axis=1)):
            keep &= ~np.isin(self.pairs @ [self.n, 1], apart @ [self.n, 1])
        return Contacts(
            self.atom[chosen],
            self.households[chosen],
            self.biggest[chosen],
            self.area[chosen],
            self.outline[chosen],
            self.load[chosen],
            self.compound[chosen],
            self.water[chosen],
            np.sort(ends[keep], axis=1),
            self.length[keep],
            self.held.take(position),
            self.level if level is None else level,
        )

    def split(self, label: Ints, level: int | None = None) -> list[Contacts]:
        """Return the contacts among the atoms of each label 0..k-1, as `take` does, all at once; (n,) labels, -1: none.

        For many parts of much ground, where taking each by itself would look at all of it each time.
        """
        k = int(label.max(initial=-1)) + 1
        order = np.argsort(label, kind="stable")
        start = np.searchsorted(label[order], np.arange(k + 1))
        if len(self.held.joined) or len(self.held.apart):
            return [self.take(order[a:b], level) for a, b in pairwise(start.tolist())]
        position = np.empty(self.n, dtype=np.int64)
        position[order] = np.arange(self.n) - start[np.maximum(label[order], 0)]
        of = label[self.pairs[:, 0]]
        inner = np.flatnonzero((of == label[self.pairs[:, 1]]) & (of >= 0))
        inner = inner[np.argsort(of[inner], kind="stable")]
        cut = np.searchsorted(of[inner], np.arange(k + 1))
        pairs, length = position[self.pairs[inner]], self.length[inner]
        out = []
        for i, (a, b) in enumerate(pairwise(start.tolist())):
            mine, edges = order[a:b], slice(cut[i], cut[i + 1])
            out.append(
                Contacts(
                    self.atom[mine],
                    self.households[mine],
                    self.biggest[mine],
                    self.area[mine],
                    self.outline[mine],
                    self.load[mine],
                    self.compound[mine],
                    self.water[mine],
                    pairs[edges],
                    length[edges],
                    Held(),
                    self.level if level is None else level,
                )
            )
        return out


@uncollected()
def contacts(ground: Ground, atoms: Atoms, chosen: Ints, load: Floats | None = None) -> Contacts:
    """Build the contacts among the chosen atoms; ``load`` (b,) is what of the buildings is balanced (households)."""
    counts = ground.buildings["households"].to_numpy()
    biggest = np.zeros(len(atoms.polygons), dtype=np.int64)
    on_one_spot = ground.buildings.groupby(["lon", "lat"])["households"].transform("sum").to_numpy(dtype=np.int64)
    np.maximum.at(biggest, atoms.building_atom, on_one_spot)
    both = atoms.left >= 0
    left, right, klass = atoms.left[both], atoms.right[both], atoms.klass[both]
    seg = atoms.seg[both]
    metres = np.hypot(seg[:, 2] - seg[:, 0], seg[:, 3] - seg[:, 1])
    pairs, which = np.unique(np.column_stack([left, right]), axis=0, return_inverse=True)
    length = np.zeros((len(pairs), OPEN + 1))
    np.add.at(length, (which.ravel(), klass), metres)
    households = atoms.households(counts)
    water = atoms.water & ~_bridged(atoms)
    lived_on = water & (households > 0)
    keep = _moored(pairs, length, water, lived_on) & _landed(atoms, pairs)
    whole = Contacts(
        np.arange(len(atoms.polygons)),
        households,
        biggest,
        shapely.area(atoms.polygons).astype(np.float64),
        shapely.length(atoms.polygons).astype(np.float64),
        np.bincount(atoms.building_atom, counts if load is None else load, len(atoms.polygons)).astype(np.float64),
        atoms.compound,
        water & ~lived_on,
        pairs[keep],
        length[keep],
    )
    return whole.take(chosen)


def _moored(pairs: Ints, length: Floats, water: Bools, lived_on: Bools) -> Bools:
    """Tell which contacts stay: water with buildings on it counts as land that hangs on one bank, and is no bridge."""
    keep = np.asarray(~lived_on[pairs].any(axis=1) | (water & ~lived_on)[pairs].any(axis=1), dtype=np.bool_)
    metres = length.sum(axis=1)
    for boat in np.flatnonzero(lived_on):
        banks = np.flatnonzero((pairs == boat).any(axis=1) & ~water[pairs].all(axis=1))
        if len(banks):
            keep[banks[np.argmax(metres[banks])]] = True
    return np.asarray(keep, dtype=np.bool_)


def _landed(atoms: Atoms, pairs: Ints) -> Bools:
    """Tell which contacts stay: water beside a bridge is left only for land at which that bridge ends."""
    road = _on_bridge(atoms)
    ends = np.concatenate([atoms.seg[road, :2], atoms.seg[road, 2:]])
    of = np.concatenate([np.column_stack([atoms.left[road], atoms.right[road]])] * 2)
    spots: dict[int, set[tuple[float, ...]]] = {}
    for xy, beside in zip(ends.tolist(), of.tolist(), strict=True):
        for atom in beside:
            spots.setdefault(atom, set()).add(tuple(xy))
    keep = np.ones(len(pairs), dtype=np.bool_)
    wet = np.isin(pairs, sorted(spots))
    for i in np.flatnonzero(wet.any(axis=1) & ~atoms.water[pairs].all(axis=1)):
        water, land = pairs[i] if wet[i, 0] else pairs[i, ::-1]
        keep[i] = not spots[int(water)].isdisjoint(map(tuple, shapely.get_coordinates(atoms.polygons[land]).tolist()))
    return keep


def _on_bridge(atoms: Atoms) -> Bools:
    """Tell which segments are roads with water on both sides, (s,)."""
    both = atoms.water[atoms.left] & atoms.water[atoms.right]
    return np.asarray(np.isin(atoms.klass, ROADS) & (atoms.left >= 0) & both, dtype=np.bool_)


def _bridged(atoms: Atoms) -> Bools:
    """Tell which atoms have a road on their border: water beside a bridge can be crossed."""
    out = np.zeros(len(atoms.polygons), dtype=bool)
    road = _on_bridge(atoms)
    out[atoms.left[road]] = True
    out[atoms.right[road]] = True
    return out
