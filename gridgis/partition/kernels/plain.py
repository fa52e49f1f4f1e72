"""Plain graph work that is done often on small graphs: components, neighbour lists. Compiled by numba."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def label_components(n, edges):  # type: ignore[no-untyped-def]
    """Label connected components 0.. in the order of their first node (union by the lower node, path halving)."""
    root = np.arange(n)
    for e in range(len(edges)):
        a, b = edges[e, 0], edges[e, 1]
        while root[a] != a:
            root[a] = root[root[a]]
            a = root[a]
        while root[b] != b:
            root[b] = root[root[b]]
            b = root[b]
        if a < b:
            root[b] = a
        else:
            root[a] = b
    labels = np.empty(n, dtype=np.int64)
    count = 0
    for v in range(n):  # a root is the lowest node of its component, so it has its label before the others
        x = v
        while root[x] != x:
            x = root[x]
        if x == v:
            labels[v] = count
            count += 1
        else:
            labels[v] = labels[x]
            root[v] = x
    return labels


@njit(cache=True, nogil=True)
def list_neighbours(n, edges):  # type: ignore[no-untyped-def]
    """Return neighbours as compressed rows: ptr (n + 1,), and for each row neighbour and edge by rising neighbour."""
    m = len(edges)
    ptr = np.zeros(n + 1, dtype=np.int64)
    for e in range(m):
        ptr[edges[e, 0] + 1] += 1
        ptr[edges[e, 1] + 1] += 1
    for v in range(n):
        ptr[v + 1] += ptr[v]
    fill = ptr[:n].copy()
    nbr, eid = np.empty(2 * m, dtype=np.int64), np.empty(2 * m, dtype=np.int64)
    for e in range(m):
        for a, b in ((edges[e, 0], edges[e, 1]), (edges[e, 1], edges[e, 0])):
            nbr[fill[a]] = b
            eid[fill[a]] = e
            fill[a] += 1
    for v in range(n):
        row = slice(ptr[v], ptr[v + 1])
        order = np.argsort(nbr[row], kind="mergesort")
        nbr[row] = nbr[row][order]
        eid[row] = eid[row][order]
    return ptr, nbr, eid


@njit(cache=True, nogil=True)
def _open_up(ptr, nbr, weight, start, mark, seen, free, front, count):  # type: ignore[no-untyped-def]
    """Add to the front what a node touches, directly or over nodes without weight; return how many are in front."""
    free[0] = start
    waiting = 1
    while waiting > 0:
        waiting -= 1
        x = free[waiting]
        for i in range(ptr[x], ptr[x + 1]):
            u = nbr[i]
            if seen[u] != mark:
                seen[u] = mark
                if weight[u] == 0:
                    free[waiting] = u
                    waiting += 1
                else:
                    front[count] = u
                    count += 1
    return count


@njit(cache=True, nogil=True)
def _lightest(weight, front, count, most):  # type: ignore[no-untyped-def]
    """Return where in front the lightest is (-1: nowhere), and the weight of all there that weigh no more than most."""
    best, small = -1, 0
    for j in range(count):
        w = weight[front[j]]
        if best < 0 or w < weight[front[best]]:
            best = j
        small += w if w <= most else 0
    return best, small


@njit(cache=True, nogil=True)
def fill_up(ptr, nbr, weight, lower, upper, nodes):  # type: ignore[no-untyped-def]
    """Return what each of some nodes lacks when its lightest neighbours join it one by one up to the lower bound.

    0: a connected set within the bounds holds it. Else there may still be one; nothing is proven.
    """
    n = len(weight)
    out = np.zeros(len(nodes), dtype=np.int64)
    seen = np.full(n, -1, dtype=np.int64)
    front, free = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
    for k in range(len(nodes)):
        v = nodes[k]
        load, count, last = weight[v], 0, v
        seen[v] = v
        while load < lower:
            count = _open_up(ptr, nbr, weight, last, v, seen, free, front, count)
            best, small = _lightest(weight, front, count, upper - lower)
            if load <= upper and load + small >= lower:  # small ones, taken one by one, cannot jump over the bounds
                load = lower
                break
            if best < 0 or load + weight[front[best]] > upper:
                break
            last = front[best]
            load += weight[last]
            count -= 1
            front[best] = front[count]
        out[k] = max(0, lower - load, load - upper)
    return out
