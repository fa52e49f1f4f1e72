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
