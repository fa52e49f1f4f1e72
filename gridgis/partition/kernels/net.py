"""The state of a search as flat arrays, its random numbers, and its price. Compiled by numba.

Random numbers come from a generator of our own (xorshift64*, Vigna 2016) whose state is handed in, so that the same
seed gives the same labels with any version of numba.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from gridgis.partition.problem import CLASH

kernel: Any = njit(cache=True, nogil=True, error_model="numpy", _nrt=False)  # type: ignore[call-overload]
"""Compiles an inner loop that makes no arrays: numba then counts no references to those it is given, which costs a
fifth of the time of a search (numba issues 2345, 2350). One that does make arrays is refused when it is compiled."""


class Net(NamedTuple):
    """A problem as flat arrays: neighbours of v are nbr[ptr[v]:ptr[v+1]], over the edges eid[...]; sides 0, 1, ..."""

    ptr: Any
    nbr: Any
    eid: Any
    ends: Any
    cost: Any
    length: Any
    rim: Any
    area: Any
    weight: Any
    load: Any
    home: Any
    aptr: Any
    anbr: Any
    side: Any


class Prices(NamedTuple):
    """What a part costs beside its border."""

    lower: float
    upper: float
    even: float
    balance: float
    compactness: float
    moving: float
    penalty: float
    clash: float
    across: float


class Parts(NamedTuple):
    """Labels of the nodes, and the sums of each part: weight, load, area, outline, number of nodes, weight by side."""

    labels: Any
    weight: Any
    load: Any
    area: Any
    outline: Any
    count: Any
    held: Any


def empty_parts(n: int, k: int, sides: int) -> Parts:
    """Return k parts of n nodes, all of which are in the first; sums are not worked out (`tally`)."""
    sums, count = np.zeros((4, k)), np.zeros(k, dtype=np.int64)
    return Parts(np.zeros(n, dtype=np.int64), sums[0], sums[1], sums[2], sums[3], count, np.zeros((k, sides)))


@njit(cache=True, nogil=True, inline="always")
def draw(rng):  # type: ignore[no-untyped-def]
    """Draw 64 random bits."""
    x = rng[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    rng[0] = x
    return x * np.uint64(2685821657736338717)


@njit(cache=True, nogil=True, inline="always")
def below(rng, n):  # type: ignore[no-untyped-def]
    """Draw an integer of 0..n-1."""
    return np.int64((draw(rng) >> np.uint64(32)) * np.uint64(n) >> np.uint64(32))


@njit(cache=True, nogil=True, inline="always")
def uniform(rng):  # type: ignore[no-untyped-def]
    """Draw a number above 0, at most 1."""
    return (np.float64(draw(rng) >> np.uint64(11)) + 1.0) * (1.0 / 9007199254740992.0)


@njit(cache=True, nogil=True, inline="always")
def outside(weight, low, high):  # type: ignore[no-untyped-def]
    """Return how far a weight lies outside the bounds."""
    return max(0.0, low - weight, weight - high)


@njit(cache=True, nogil=True, inline="always")
def raggedness(outline, area):  # type: ignore[no-untyped-def]
    """Return ln(1 / Polsby-Popper): 0 for a circle. A straight 1 / PP would spend the search on the few worst parts."""
    return np.log(max(outline * outline / (4.0 * np.pi * max(area, 1e-9)), 1.0))


@njit(cache=True, nogil=True, inline="always")
def price_of(p, weight, load, area, outline):  # type: ignore[no-untyped-def]
    """Price of one part without its border."""
    out = p.penalty * outside(weight, p.lower, p.upper) + p.balance * abs(load - p.even)
    if p.compactness > 0.0:
        out += p.compactness * raggedness(outline, area)
    return out


@kernel
def pairs_across(held):  # type: ignore[no-untyped-def]
    """Return the pairs of units of weight on different sides, of what a part holds of each side."""
    pairs, total = 0.0, 0.0
    for weight in held:
        pairs += total * weight
        total += weight
    return pairs


@kernel
def tally(net, parts):  # type: ignore[no-untyped-def]
    """Work out the sums of all parts from the labels."""
    parts.weight[:] = 0.0
    parts.load[:] = 0.0
    parts.area[:] = 0.0
    parts.outline[:] = 0.0
    parts.count[:] = 0
    parts.held[:] = 0.0
    for v in range(len(net.weight)):
        k = parts.labels[v]
        parts.weight[k] += net.weight[v]
        parts.load[k] += net.load[v]
        parts.area[k] += net.area[v]
        parts.outline[k] += net.rim[v]
        parts.count[k] += 1
        parts.held[k, net.side[v]] += net.weight[v]
    for e in range(len(net.cost)):
        a, b = parts.labels[net.ends[e, 0]], parts.labels[net.ends[e, 1]]
        if a != b:
            parts.outline[a] += net.length[e]
            parts.outline[b] += net.length[e]


@kernel
def appraise(net, p, parts):  # type: ignore[no-untyped-def]
    """Return the price of the labels without penalties, and the weight outside the bounds plus the clashes."""
    price, wrong = 0.0, 0.0
    for e in range(len(net.cost)):
        if parts.labels[net.ends[e, 0]] != parts.labels[net.ends[e, 1]]:
            price += net.cost[e]
    for k in range(len(parts.weight)):
        out = outside(parts.weight[k], p.lower, p.upper)
        wrong += out
        price += price_of(p, parts.weight[k], parts.load[k], parts.area[k], parts.outline[k]) - p.penalty * out
        price += p.across * pairs_across(parts.held[k])
    for v in range(len(net.weight)):
        if net.home[v] >= 0 and net.home[v] != parts.labels[v]:
            price += p.moving * net.weight[v]
        for i in range(net.aptr[v], net.aptr[v + 1]):
            if net.anbr[i] > v and parts.labels[net.anbr[i]] == parts.labels[v]:
                wrong += CLASH
    return price, wrong
