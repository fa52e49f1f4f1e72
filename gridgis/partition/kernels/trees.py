"""Random spanning trees of one or two parts, with the sums of all their subtrees. Compiled by numba.

Cutting one edge of a spanning tree leaves two connected halves. What the cut costs is known for every edge of the tree
at once: a graph edge leaves exactly those subtrees that hold one of its ends, up to where the two ways to the root
meet.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from gridgis.partition.kernels.net import below, uniform

WEIGHT, LOAD, AREA, RIM, COST, HOME_A, HOME_B, LENGTH, NODES = range(9)
"""Columns of the sums. COST, LENGTH: what leaves the subtree within the collected nodes; RIM: what leaves these."""


class Tree(NamedTuple):
    """Room for a spanning tree of some collected nodes; what is of a node is by its local number.

    ``nodes`` (n,) the collected nodes; ``place`` (n,) the local number of a node, -1 if it is not among them; ``edge``
    (m,) the edges among them; ``up`` the parent; ``order`` from the root down; ``sums`` (n, 9) of the subtrees.
    """

    nodes: Any
    place: Any
    edge: Any
    key: Any
    leader: Any
    first: Any
    next: Any
    to: Any
    order: Any
    up: Any
    depth: Any
    sums: Any


def room(n: int, m: int) -> Tree:
    """Make room for trees of a graph of n nodes and m edges."""
    i, f = np.int64, np.float64
    return Tree(
        np.empty(n, i), np.full(n, -1, i), np.empty(m, i), np.empty(m, f), np.empty(n, i), np.empty(n, i),
        np.empty(2 * n, i), np.empty(2 * n, i), np.empty(n, i), np.empty(n, i), np.empty(n, i), np.empty((n, 9), f),
    )  # fmt: skip


@njit(cache=True, nogil=True)
def collect(net, labels, a, b, start, tree):  # type: ignore[no-untyped-def]
    """Collect the nodes labelled a or b that are reached from one of them; return their number."""
    tree.nodes[0] = start
    tree.place[start] = 0
    head, tail = 0, 1
    while head < tail:
        x = tree.nodes[head]
        head += 1
        for i in range(net.ptr[x], net.ptr[x + 1]):
            u = net.nbr[i]
            if tree.place[u] < 0 and (labels[u] == a or labels[u] == b):
                tree.place[u] = tail
                tree.nodes[tail] = u
                tail += 1
    return tail


@njit(cache=True, nogil=True)
def release(tree, n):  # type: ignore[no-untyped-def]
    """Forget the collected nodes."""
    for i in range(n):
        tree.place[tree.nodes[i]] = -1


@njit(cache=True, nogil=True)
def grow(net, p, tree, n, a, b, prefer, rng):  # type: ignore[no-untyped-def]
    """Draw a random spanning tree of n collected nodes and sum up its subtrees; return the number of edges among them.

    Dear edges come first into the tree, so that cheap ones are left to be cut; with ``prefer`` 0 all are alike.
    """
    edges = _list_edges(net, tree, n, prefer, rng)
    _join(net, tree, n, edges)
    _walk(tree, below(rng, n))
    _sum_up(net, p, tree, n, edges, a, b)
    return edges


@njit(cache=True, nogil=True)
def _list_edges(net, tree, n, prefer, rng):  # type: ignore[no-untyped-def]
    count = 0
    for x in range(n):
        v = tree.nodes[x]
        for i in range(net.ptr[v], net.ptr[v + 1]):
            if net.nbr[i] > v and tree.place[net.nbr[i]] >= 0:
                e = net.eid[i]
                tree.edge[count] = e
                tree.key[count] = uniform(rng) / (prefer + max(net.cost[e], 0.0) if prefer > 0.0 else 1.0)
                count += 1
    return count


@njit(cache=True, nogil=True, inline="always")
def _leader(tree, x):  # type: ignore[no-untyped-def]
    while tree.leader[x] != x:
        tree.leader[x] = tree.leader[tree.leader[x]]
        x = tree.leader[x]
    return x


@njit(cache=True, nogil=True)
def _join(net, tree, n, edges):  # type: ignore[no-untyped-def]
    """Take the edges by rising key, those that close no ring (Kruskal 1956)."""
    for x in range(n):
        tree.leader[x] = x
        tree.first[x] = -1
    used = 0
    for j in np.argsort(tree.key[:edges]):
        x, y = tree.place[net.ends[tree.edge[j], 0]], tree.place[net.ends[tree.edge[j], 1]]
        one, two = _leader(tree, x), _leader(tree, y)
        if one != two:
            tree.leader[one] = two
            for end, other in ((x, y), (y, x)):
                tree.to[used] = other
                tree.next[used] = tree.first[end]
                tree.first[end] = used
                used += 1
            if used == 2 * (n - 1):
                break


@njit(cache=True, nogil=True)
def _walk(tree, root):  # type: ignore[no-untyped-def]
    """Order the nodes from the root down."""
    tree.up[root] = -1
    tree.depth[root] = 0
    tree.order[0] = root
    head, tail = 0, 1
    while head < tail:
        x = tree.order[head]
        head += 1
        h = tree.first[x]
        while h >= 0:
            y = tree.to[h]
            if y != tree.up[x]:
                tree.up[y] = x
                tree.depth[y] = tree.depth[x] + 1
                tree.order[tail] = y
                tail += 1
            h = tree.next[h]


@njit(cache=True, nogil=True)
def _meet(tree, x, y):  # type: ignore[no-untyped-def]
    """Return the lowest common ancestor."""
    while x != y:
        if tree.depth[x] >= tree.depth[y]:
            x = tree.up[x]
        else:
            y = tree.up[y]
    return x


@njit(cache=True, nogil=True)
def _sum_up(net, p, tree, n, edges, a, b):  # type: ignore[no-untyped-def]
    s = tree.sums
    for x in range(n):
        v = tree.nodes[x]
        s[x, WEIGHT], s[x, LOAD], s[x, AREA], s[x, RIM] = net.weight[v], net.load[v], net.area[v], net.rim[v]
        s[x, HOME_A] = net.weight[v] if net.home[v] == a else 0.0
        s[x, HOME_B] = net.weight[v] if net.home[v] == b else 0.0
        s[x, COST], s[x, LENGTH], s[x, NODES] = 0.0, 0.0, 1.0
        for i in range(net.ptr[v], net.ptr[v + 1]):
            if tree.place[net.nbr[i]] < 0:
                s[x, RIM] += net.length[net.eid[i]]
    for j in range(edges):
        e = tree.edge[j]
        x, y = tree.place[net.ends[e, 0]], tree.place[net.ends[e, 1]]
        z = _meet(tree, x, y)
        for column, value in ((COST, net.cost[e]), (LENGTH, net.length[e])):
            s[x, column] += value
            s[y, column] += value
            s[z, column] -= 2.0 * value
    _clashes(net, p, tree, n)
    for i in range(n - 1, 0, -1):
        x = tree.order[i]
        for k in range(9):
            s[tree.up[x], k] += s[x, k]


@njit(cache=True, nogil=True)
def _clashes(net, p, tree, n):  # type: ignore[no-untyped-def]
    """Parting a pair that must be apart is worth the price of a clash."""
    for x in range(n):
        v = tree.nodes[x]
        for i in range(net.aptr[v], net.aptr[v + 1]):
            y = tree.place[net.anbr[i]]
            if net.anbr[i] > v and y >= 0:
                tree.sums[x, COST] -= p.clash
                tree.sums[y, COST] -= p.clash
                tree.sums[_meet(tree, x, y), COST] += 2.0 * p.clash


@njit(cache=True, nogil=True)
def mark_half(tree, n, top):  # type: ignore[no-untyped-def]
    """Set ``depth`` to 1 for the nodes of the subtree of ``top`` and to 0 for the others."""
    for i in range(n):
        x = tree.order[i]
        tree.depth[x] = 1 if x == top or (i > 0 and tree.depth[tree.up[x]] == 1) else 0
