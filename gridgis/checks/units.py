"""What must stay whole on some ground (buildings, or whole compounds), and which of it can be joined directly."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from gridgis.checks.compounds import NO_COMPOUND
from gridgis.checks.edges import Integers, components
from gridgis.checks.wards import Ward

BLOCKED = -1
"""Unit of a spot above the limit: a grid by itself, which nobody can join or pass."""


@dataclass(frozen=True, eq=False)
class Units:
    """The units of a ward, (n,).

    ``weights`` households; ``grid`` the grid of each; ``ids`` the buildings of each, as text; ``around`` groups of
    units any two of which can be joined directly, or over ground without households.
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
        """Pairs of grids that touching units join."""
        found = {(self.grid[i], self.grid[j]) for group in self.around for i, j in pairwise(group)}
        return sorted((i, j) for i, j in found if i != j)

    def of(self, grids: list[int]) -> list[int]:
        """Return the units of some grids."""
        wanted = set(grids)
        return [i for i, g in enumerate(self.grid) if g in wanted]

    def ball(self, start: list[int], most: int) -> list[int]:
        """Return the units nearest to some, those included, counted in steps from unit to unit."""
        seen = dict.fromkeys(start)
        queue = list(start)
        passed: set[int] = set()
        for i in queue:
            for k in self.groups_of[i]:
                if k in passed or len(seen) >= most:
                    continue
                passed.add(k)
                fresh = [j for j in self.around[k] if j not in seen][: most - len(seen)]
                seen.update(dict.fromkeys(fresh))
                queue.extend(fresh)
        return sorted(seen)

    def masks(self, chosen: list[int]) -> tuple[list[int], int]:
        """Return who touches whom among chosen units, as bit masks by place in ``chosen``, and who touches others."""
        place = {i: p for p, i in enumerate(chosen)}
        out = [0] * len(chosen)
        rim = 0
        for k in sorted({k for i in chosen for k in self.groups_of[i]}):
            here = [place[i] for i in self.around[k] if i in place]
            mask = sum(1 << p for p in here)
            for p in here:
                out[p] |= mask & ~(1 << p)
            if len(here) < len(self.around[k]):
                rim |= mask
        return out, rim


def units_of(ward: Ward) -> Units:
    """Find the units of a ward and what touches: a compound within the limit, and buildings on one spot, are one unit.

    Notes
    -----
    Whatever is in doubt connects, so that "no grouping" is a proof: ground without households joins all that it
    touches, for several groups at once; the buildings of one atom touch one another and all that the atom touches.
    Nothing passes over a spot that is a grid by itself, nor over empty ground that is.
    """
    unit = unit_numbers(ward)
    kept = unit != BLOCKED
    n = int(unit.max(initial=BLOCKED)) + 1
    homes = ward.homes[kept]
    weights = np.bincount(unit[kept], homes["households"].to_numpy(dtype=np.int64), n).astype(np.int64).tolist()
    first = np.unique(unit[kept], return_index=True)[1]
    grid = homes["grid"].to_numpy(dtype=np.int64)[first].tolist()
    ids = homes["id"].groupby(unit[kept]).agg("+".join).tolist() if n else []
    groups = _around(ward, unit) if len(ward.stands) else []
    return Units(weights, grid, ids, [sorted(g) for g in groups if len(g) > 1])


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


def _around(ward: Ward, unit: Integers) -> list[set[int]]:
    """Return the groups of units that share an atom, that stand on atoms which touch, or around one empty ground."""
    number = dict(zip(ward.homes.index.tolist(), unit.tolist(), strict=True))
    live: dict[int, set[int]] = {}
    for b, a in ward.stands.tolist():
        if b in number:
            live.setdefault(a, set()).add(number[b])
    live = {a: here - {BLOCKED} for a, here in live.items()}
    off = _grids_by_rule(ward)
    links = [(a, b) for a, b in ward.links.tolist() if a not in off and b not in off]
    hollow = sorted({a for link in links for a in link if a not in live})
    place = {a: p for p, a in enumerate(hollow)}
    label = components(len(hollow), [(place[a], place[b]) for a, b in links if a in place and b in place])
    groups = [here for _, here in sorted(live.items()) if len(here) > 1]
    shore: dict[int, set[int]] = {}
    for a, b in links:
        if a in live and b in live:
            groups.extend({i, j} for i in sorted(live[a]) for j in sorted(live[b]) if i != j)
        elif (a in live) != (b in live):
            gap, full = (a, b) if b in live else (b, a)
            shore.setdefault(int(label[place[gap]]), set()).update(live[full])
    return [*groups, *(here for _, here in sorted(shore.items()))]


def _grids_by_rule(ward: Ward) -> set[int]:
    """Return the atoms of empty ground that is a grid of its own."""
    limit = ward.place.rules.max_area_empty_m2
    scene = ward.scene
    alone = [i for i in ward.grids.tolist() if ward.households(i) == 0 and scene.area_m2[i] > limit]
    assert scene.touching is not None
    return set(np.flatnonzero(np.isin(scene.up(scene.touching.leaf, ward.level), alone)).tolist()) if alone else set()
