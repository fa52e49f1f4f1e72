"""Single flips: a node moves over a border to the part next to it, and both parts stay connected. Compiled by numba."""

from __future__ import annotations

import numpy as np
from numba import njit

from gridgis.partition.kernels.net import below, draw, kernel, price_of, uniform

PASSES = 2
"""Of a border that is smoothed: more of them find little more."""
LEAST = 1e-9
"""What is cheaper by less is rounding."""


@njit(cache=True, nogil=True)
def flips(net, p, parts, steps, hot, cold, rng):  # type: ignore[no-untyped-def]
    """Move single nodes over a border, by the rule of Metropolis at a falling temperature; parts stay connected.

    ``hot`` and ``cold`` are the temperatures at the beginning and the end; 0: only what is cheaper is done.
    """
    n = len(net.weight)
    _flip(net, p, parts, steps, hot, cold, rng, np.full(n, -1, dtype=np.int64), np.empty(n, dtype=np.int64))


@kernel
def _flip(net, p, parts, steps, hot, cold, rng, stamp, queue):  # type: ignore[no-untyped-def]
    labels, m = parts.labels, len(net.cost)
    fall = (cold / hot) ** (1.0 / max(steps, 1)) if hot > 0.0 else 1.0
    heat = hot
    for step in range(steps if m > 0 else 0):
        heat *= fall
        e = below(rng, m)
        v, u = net.ends[e, 0], net.ends[e, 1]
        if labels[v] == labels[u]:
            continue
        if draw(rng) >> np.uint64(63) == 0:
            v, u = u, v
        if parts.count[labels[v]] == 1:
            continue
        delta, out_own, out_to = _change(net, p, parts, v, labels[u])
        refused = delta >= 0.0 if heat <= 0.0 else delta > 0.0 and delta > -heat * np.log(uniform(rng))
        if not refused and _stays_connected(net, labels, v, stamp, step, queue):
            _move(net, parts, v, labels[u], out_own, out_to)


@njit(cache=True, nogil=True)
def settle(net, p, parts):  # type: ignore[no-untyped-def]
    """Smooth all borders as long as that is cheaper."""
    n, m = len(net.weight), len(net.cost)
    edges, queue = np.arange(m), np.empty(n, dtype=np.int64)
    stamp, tried = np.full(n, -1, dtype=np.int64), np.full(n, -1, dtype=np.int64)
    gain, mark = 1.0, 0
    while gain > 0.0:
        gain, mark = smooth(net, p, parts, edges, m, stamp, tried, mark, queue)


@kernel
def smooth(net, p, parts, edges, m, stamp, tried, mark, queue):  # type: ignore[no-untyped-def]
    """Move nodes over a border along the first m of some edges while that is cheaper, in up to PASSES passes.

    ``edges`` lie in two parts. A node is looked at once in a pass, ``tried`` (n,) notes when. Returns how much cheaper
    it became, and the last mark used (`_stays_connected`): each mark serves once.
    """
    labels, gain = parts.labels, 0.0
    for _ in range(PASSES):
        before = gain
        mark += 1
        begun = mark
        for j in range(m):
            for side in range(2):
                v, u = net.ends[edges[j], side], net.ends[edges[j], 1 - side]
                if labels[v] == labels[u]:
                    break
                if tried[v] >= begun:
                    continue
                tried[v] = mark
                delta, out_own, out_to = _change(net, p, parts, v, labels[u])
                if delta < -LEAST and parts.count[labels[v]] > 1:
                    mark += 1
                    if _stays_connected(net, labels, v, stamp, mark, queue):
                        _move(net, parts, v, labels[u], out_own, out_to)
                        gain -= delta
        if gain == before:
            break
    return gain, mark


@kernel
def _change(net, p, parts, v, to):  # type: ignore[no-untyped-def]
    """Return how the price changes when v moves, and the outlines of its old and its new part after that."""
    labels = parts.labels
    own = labels[v]
    delta, stay, join, around = 0.0, 0.0, 0.0, net.rim[v]
    for i in range(net.ptr[v], net.ptr[v + 1]):
        k, j = labels[net.nbr[i]], net.eid[i]
        around += net.length[j]
        if k == own:
            delta += net.cost[j]
            stay += net.length[j]
        elif k == to:
            delta -= net.cost[j]
            join += net.length[j]
    w, load, area = net.weight[v], net.load[v], net.area[v]
    out_own = parts.outline[own] - around + 2.0 * stay
    out_to = parts.outline[to] + around - 2.0 * join
    delta += price_of(p, parts.weight[own] - w, parts.load[own] - load, parts.area[own] - area, out_own)
    delta += price_of(p, parts.weight[to] + w, parts.load[to] + load, parts.area[to] + area, out_to)
    delta -= price_of(p, parts.weight[own], parts.load[own], parts.area[own], parts.outline[own])
    delta -= price_of(p, parts.weight[to], parts.load[to], parts.area[to], parts.outline[to])
    if p.across > 0.0:
        beside = parts.weight[to] - parts.held[to, net.side[v]]
        delta += p.across * w * (beside - parts.weight[own] + parts.held[own, net.side[v]])
    if net.home[v] == own:
        delta += p.moving * w
    elif net.home[v] == to:
        delta -= p.moving * w
    for i in range(net.aptr[v], net.aptr[v + 1]):
        k = labels[net.anbr[i]]
        delta += p.clash * (int(k == to) - int(k == own))
    return delta, out_own, out_to


@kernel
def _move(net, parts, v, to, out_own, out_to):  # type: ignore[no-untyped-def]
    own = parts.labels[v]
    parts.labels[v] = to
    parts.outline[own], parts.outline[to] = out_own, out_to
    for k, sign in ((own, -1), (to, 1)):
        parts.weight[k] += sign * net.weight[v]
        parts.load[k] += sign * net.load[v]
        parts.area[k] += sign * net.area[v]
        parts.count[k] += sign
        parts.held[k, net.side[v]] += sign * net.weight[v]


@kernel
def _stays_connected(net, labels, v, stamp, mark, queue):  # type: ignore[no-untyped-def]
    """Tell whether the part of v stays connected without v: its neighbours there must reach one another.

    ``stamp`` (n,) marks: 2 * mark = seen, 2 * mark + 1 = a neighbour yet to be reached.
    """
    own, seen, wanted = labels[v], 2 * mark, 2 * mark + 1
    left, start = 0, -1
    for i in range(net.ptr[v], net.ptr[v + 1]):
        u = net.nbr[i]
        if labels[u] == own:
            stamp[u] = wanted
            start = u
            left += 1
    if left <= 1:
        return left == 1
    stamp[v] = stamp[start] = seen
    left -= 1
    queue[0] = start
    head, tail = 0, 1
    while head < tail and left > 0:
        x = queue[head]
        head += 1
        for i in range(net.ptr[x], net.ptr[x + 1]):
            u = net.nbr[i]
            if labels[u] == own and stamp[u] != seen:
                left -= int(stamp[u] == wanted)
                stamp[u] = seen
                queue[tail] = u
                tail += 1
    return left == 0
