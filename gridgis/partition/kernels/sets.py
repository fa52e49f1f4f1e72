"""Connected sets of nodes by dynamic programming over a frontier: prices of all, one, many. Compiled by numba.

``table[f.first[t] + s, w]`` is the least price of a choice among the first t nodes that leaves the frontier in state s
with weight w (see ``exact.frontier.Frontier``, whose arrays ``f`` holds).
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def fill(f, table, weight, gain, size_price):  # type: ignore[no-untyped-def]
    """Fill the table; return for each closing arc the best price of a set that ends there, and that set's weight.

    A node inside earns its ``gain``; a finished set of weight w pays ``size_price[w]`` (inf: not allowed).
    """
    most = table.shape[1]
    table[0, :] = np.inf
    table[0, 0] = 0.0
    price, heavy = np.full(len(f.closing), np.inf), np.zeros(len(f.closing), dtype=np.int64)
    done = 0
    for t in range(len(f.node)):
        table[f.first[t + 1] : f.first[t + 2], :] = np.inf
        v = f.node[t]
        for a in range(f.arcs[t], f.arcs[t + 1]):
            up = weight[v] if f.inside[a] else 0
            cost = f.cut[a] - gain[v] if f.inside[a] else f.cut[a]
            row = table[f.source[a]]
            if f.target[a] >= 0:
                out = table[f.target[a]]
                for w in range(most - up):
                    out[w + up] = min(out[w + up], row[w] + cost)
            else:
                for w in range(most - up):
                    x = row[w] + cost + size_price[w + up]
                    if x < price[done]:
                        price[done], heavy[done] = x, w + up
                done += 1
    return price, heavy


@njit(cache=True, nogil=True)
def trace(f, table, weight, gain, arc, w, member):  # type: ignore[no-untyped-def]
    """Mark the members of the cheapest set that ends with an arc at weight w."""
    while True:
        t = f.step[arc]
        v = f.node[t]
        if f.inside[arc]:
            member[v] = 1
            w -= weight[v]
        state = f.source[arc]
        if t == 0:
            return
        u, best = f.node[t - 1], np.inf
        for a in range(f.into[state], f.until[state]):
            up = weight[u] if f.inside[a] else 0
            if w < up:
                continue
            x = table[f.source[a], w - up] + (f.cut[a] - gain[u] if f.inside[a] else f.cut[a])
            if x < best:
                best, arc = x, a


@njit(cache=True, nogil=True)
def cheap(f, table, weight, gain, size_price, limit, exact, lower, upper, most, looks):  # type: ignore[no-untyped-def]
    """List all sets within exact bounds whose price is at most a finite limit, (found, n) of 0 and 1.

    Backwards from each closing arc, taking every arc by which the limit can still be kept: the table says which.

    Returns
    -------
    tuple
        The sets; whether these are all (False: ``most`` were found or ``looks`` looked at); how many were looked at.
    """
    n = len(f.node)
    out, found, looked = np.zeros((16, n), dtype=np.uint8), 0, 0
    member = np.zeros(n, dtype=np.uint8)
    arc, load, price = np.zeros(n + 1, dtype=np.int64), np.zeros(n + 1, dtype=np.int64), np.zeros(n + 1)
    truth = np.zeros(n + 1, dtype=np.int64)
    for last in f.closing:
        top = f.step[last]
        for w in np.flatnonzero(size_price < np.inf):
            t, load[top + 1], price[top + 1], arc[top] = top, w, size_price[w], last
            while t <= top:
                a, v = arc[t], f.node[t]
                end = last + 1 if t == top else f.until[f.source[arc[t + 1] - 1]]
                if a >= end:
                    member[v] = 0
                    t += 1
                    continue
                arc[t] += 1
                up = weight[v] if f.inside[a] else 0
                cost = f.cut[a] - gain[v] if f.inside[a] else f.cut[a]
                left, spent = load[t + 1] - up, price[t + 1] + cost
                if left < 0 or not table[f.source[a], left] + spent <= limit:
                    continue
                member[v] = 1 if f.inside[a] else 0
                truth[t] = truth[t + 1] + exact[v] * member[v]
                if t > 0:
                    load[t], price[t], arc[t - 1] = left, spent, f.into[f.source[a]]
                    t -= 1
                    continue
                looked += 1
                if found == most or looked > looks:
                    return out[:found], False, looked
                if truth[0] < lower or truth[0] > upper:
                    continue
                out = _with_room(out, found)
                out[found] = member
                found += 1
    return out[:found], True, looked


@njit(cache=True, nogil=True)
def _with_room(rows, used):  # type: ignore[no-untyped-def]
    """Return the rows, twice as many where all are used."""
    if used < len(rows):
        return rows
    wider = np.zeros((2 * used, rows.shape[1]), dtype=np.uint8)
    wider[:used] = rows
    return wider
