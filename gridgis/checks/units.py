"""What must stay whole on some ground (buildings, or whole compounds), and which of it can be joined directly."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from gridgis.checks.compounds import NO_COMPOUND
from gridgis.checks.edges import Integers, components
from gridgis.checks.layers import NO_GRID
from gridgis.checks.nets import Net
from gridgis.checks.wards import Ward

BLOCKED = -1
"""Unit of a spot above the limit: a grid by itself, which nobody can join or pass."""


@dataclass(frozen=True, eq=False)
class Units:
    """The units of a ward, (n,), and after them the ways: atoms of ground without households.

    ``weights`` households, 0 for a way; ``grid`` the grid of each, ``ids`` its buildings as text (for a way NO_GRID and
    nothing); ``around`` groups of units and ways any two of which touch.
    """

    weights: list[int]
    grid: list[int]
    ids: list[str]
    around: list[list[int]]

    @cached_property
    def groups_of(self) -> list[list[int]]:
        """For each unit the positions of its groups in ``around``, the smallest group first."""
        out: list[list[int]] = [[] for _ in self.weights]
        for k, group in enumerate(self.around):
            for i in group:
                out[i].append(k)
        return [sorted(ks, key=lambda k: (len(self.around[k]), k)) for ks in out]

    @cached_property
    def grid_links(self) -> list[tuple[int, int]]:
        """Pairs of grids that units which touch, directly or over ways, hold together."""
        label = components(len(self.weights), (pair for group in self.around for pair in pairwise(group)))
        held: dict[int, set[int]] = {}
        for k, grid in zip(label.tolist(), self.grid, strict=True):
            held.setdefault(k, set()).add(grid)
        return [pair for grids in held.values() for pair in pairwise(sorted(grids - {NO_GRID}))]

    def of(self, grids: list[int]) -> list[int]:
        """Return the units of some grids."""
        wanted = set(grids)
        return [i for i, g in enumerate(self.grid) if g in wanted]

    def with_ways(self, chosen: list[int]) -> list[int]:
        """Return units and the ways that hang together with them."""
        seen, queue = set(chosen), list(chosen)
        for i in queue:
            fresh = {j for k in self.groups_of[i] for j in self.around[k] if not self.weights[j]} - seen
            seen |= fresh
            queue.extend(fresh)
        return sorted(seen)

    def ball(self, start: list[int], most: int) -> list[int]:
        """Return the units and ways nearest to some units, those included, counted in steps."""
        seen = dict.fromkeys(start)
        queue = list(start)
        for i in queue:
            for k in self.groups_of[i]:
                fresh = [j for j in self.around[k] if j not in seen][: max(0, most - len(seen))]
                seen.update(dict.fromkeys(fresh))
                queue.extend(fresh)
        return sorted(seen)

    def net(self, chosen: list[int]) -> Net:
        """Return who touches whom among chosen units and ways, and who touches others."""
        place = {i: p for p, i in enumerate(chosen)}
        touch = [0] * len(chosen)
        rim = 0
        for k in sorted({k for i in chosen for k in self.groups_of[i]}):
            here = [place[i] for i in self.around[k] if i in place]
            mask = sum(1 << p for p in here)
            for p in here:
                touch[p] |= mask & ~(1 << p)
            if len(here) < len(self.around[k]):
                rim |= mask
        return Net([self.weights[i] for i in chosen], touch, rim, [[i] for i in chosen])


def units_of(ward: Ward) -> Units:
    """Find the units of a ward and what touches: a compound within the limit, and buildings on one spot, are one unit.

    Notes
    -----
    Whatever is in doubt connects, so that "no grouping" is a proof: the buildings of one atom touch one another and all
    that the atom touches. Nothing passes over a spot that is a grid by itself, nor over empty ground that is.
    """
    unit = unit_numbers(ward)
    kept = unit != BLOCKED
    n = int(unit.max(initial=BLOCKED)) + 1
    homes = ward.homes[kept]
    weights = np.bincount(unit[kept], homes["households"].to_numpy(dtype=np.int64), n).astype(np.int64).tolist()
    first = np.unique(unit[kept], return_index=True)[1]
    grid = homes["grid"].to_numpy(dtype=np.int64)[first].tolist()
    ids = homes["id"].groupby(unit[kept]).agg("+".join).tolist() if n else []
    on = _units_on(ward, unit)
    off = _grids_by_rule(ward) if len(ward.links) else set()
    links = [(a, b) for a, b in ward.links.tolist() if a not in off and b not in off]
    hollow = sorted({a for link in links for a in link if a not in on})
    on |= {a: [n + k] for k, a in enumerate(hollow)}
    groups = [here for here in on.values() if len(here) > 1]
    groups += [sorted({i, j}) for a, b in links for i in on[a] for j in on[b] if i != j]
    more = len(hollow)
    return Units(weights + [0] * more, grid + [NO_GRID] * more, ids + [""] * more, groups)


def unit_numbers(ward: Ward) -> Integers:
    """Return the unit of each of the ward's homes, numbered 0..n-1; BLOCKED for a spot above the limit."""
    b = ward.homes
    compound = b["compound"].to_numpy(dtype=np.int64)
    loose = (compound == NO_COMPOUND) | b["compound"].isin(ward.large).to_numpy()
    unit = np.where(loose, compound.max(initial=0) + 1 + ward.spot, compound)
    unit = np.unique(unit, return_inverse=True)[1].astype(np.int64)
    load = np.bincount(unit, b["households"].to_numpy(dtype=np.int64))
    small = load <= ward.band.upper
    return np.where(small, np.cumsum(small) - 1, BLOCKED)[unit]


def _units_on(ward: Ward, unit: Integers) -> dict[int, list[int]]:
    """Return the units on each atom with buildings that have households; none where these are a grid by themselves."""
    number = dict(zip(ward.homes.index.tolist(), unit.tolist(), strict=True))
    on: dict[int, set[int]] = {}
    for b, a in ward.stands.tolist():
        if b in number:
            on.setdefault(a, set()).add(number[b])
    return {a: sorted(here - {BLOCKED}) for a, here in sorted(on.items())}


def _grids_by_rule(ward: Ward) -> set[int]:
    """Return the atoms of empty ground that is a grid of its own."""
    limit = ward.place.rules.max_area_empty_m2
    scene = ward.scene
    alone = [i for i in ward.grids.tolist() if ward.households(i) == 0 and scene.area_m2[i] > limit]
    assert scene.touching is not None
    return set(np.flatnonzero(np.isin(scene.up(scene.touching.leaf, ward.level), alone)).tolist()) if alone else set()
