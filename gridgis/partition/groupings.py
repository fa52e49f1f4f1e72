"""Prove that a small region cannot be grouped into the band, by trying every contiguous grouping."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from gridgis.geometry.arrays import Ints
from gridgis.model import Band
from gridgis.partition.graph import Contacts
from gridgis.partition.search import components

STEPS = 20_000
"""Groups looked at before giving up: then nothing is proven."""
MOST_UNITS = 60
"""Buildings of a region that is looked at; more have too many groupings."""


class _GaveUpError(Exception):
    pass


def can_group(c: Contacts, band: Band) -> bool | None:
    """Tell whether the households of connected ground can be grouped into contiguous groups within a band.

    Ground without households joins whatever it touches, which only makes more groupings possible; so False is a
    proof. None: too many groupings to try.

    Notes
    -----
    The lowest unit not yet grouped must be in some group; all connected groups within the band that hold it are tried.
    """
    units, neighbours, weights = _units(c)
    if len(units) > MOST_UNITS:
        return None
    everything = (1 << len(units)) - 1
    steps = 0

    def groups(seed: int, free: int) -> list[int]:
        """Return all connected subsets of free units that hold the seed and weigh within the band."""
        nonlocal steps
        start = 1 << seed
        found, stack, seen = [], [(start, weights[seed], neighbours[seed])], {start}
        while stack:
            group, load, reach = stack.pop()
            steps += 1
            if steps > STEPS:
                raise _GaveUpError
            if load in band:
                found.append(group)
            for i in _bits(reach & free & ~group):
                grown = group | 1 << i
                if load + weights[i] <= band.upper and grown not in seen:
                    seen.add(grown)
                    stack.append((grown, load + weights[i], reach | neighbours[i]))
        return found

    @lru_cache(maxsize=None)
    def solvable(free: int) -> bool:
        if free == 0:
            return True
        seed = (free & -free).bit_length() - 1
        return any(solvable(free & ~group) for group in groups(seed, free))

    try:
        return solvable(everything)
    except (_GaveUpError, RecursionError):
        return None


def _bits(mask: int) -> list[int]:
    out = []
    while mask:
        low = mask & -mask
        out.append(low.bit_length() - 1)
        mask ^= low
    return out


def _units(c: Contacts) -> tuple[Ints, list[int], list[int]]:
    """Return the atoms with households, their contacts (through empty ground too) as bit masks, and their weights."""
    units = np.flatnonzero(c.households > 0)
    position = {int(u): i for i, u in enumerate(units)}
    neighbours = [0] * len(units)

    def join(group: list[int]) -> None:
        mask = sum(1 << position[u] for u in group)
        for u in group:
            neighbours[position[u]] |= mask & ~(1 << position[u])

    empty = c.households == 0
    both_empty = empty[c.pairs].all(axis=1)
    part = components(c.n, c.pairs[both_empty])
    touching: dict[int, set[int]] = {}
    for a, b in c.pairs.tolist():
        if not empty[a] and not empty[b]:
            join([a, b])
        elif empty[a] != empty[b]:
            full, hollow = (b, a) if empty[a] else (a, b)
            touching.setdefault(int(part[hollow]), set()).add(full)
    for group in touching.values():
        join(sorted(group))
    return units, neighbours, [int(w) for w in c.households[units]]
