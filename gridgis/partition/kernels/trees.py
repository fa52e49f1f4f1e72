"""Random spanning trees of one or two parts, with the sums of all their subtrees. Compiled by numba.

Cutting one edge of a spanning tree leaves two connected halves. What the cut costs is known for every edge of the tree
at once: a graph edge leaves exactly those subtrees that hold one of its ends, up to where the two ways to the root
meet.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from gridgis.partition.kernels.net import below, kernel, uniform

WEIGHT, LOAD, AREA, RIM, COST, HOME_A, HOME_B, LENGTH, NODES, HELD = range(10)
"""Columns of the sums. COST, LENGTH: what leaves the subtree within the collected nodes; RIM: what leaves these; from
HELD on: weight by side."""


class Tree(NamedTuple):
    """Room for a spanning tree of some collected nodes; what is of a node is by its local number.

    ``nodes`` (n,) the collected nodes; ``place`` (n,) the local number of a node, -1 if it is not among them; ``edge``
    (m,) the edges among them and ``one``, ``two`` (m,) their ends; ``bucket`` (4n + 1,), ``link`` (m,) lists of edges
    by key; ``up`` the parent; ``order`` from the root down; ``chain`` (n,) the top of the chain that a node is on: each
    node goes on with its largest subtree; ``sums`` (n, 9 + sides) of the subtrees.
    """

    nodes: Any
    place: Any
    edge: Any
    one: Any
    two: Any
    bucket: Any
    link: Any
    leader: Any
    first: Any
    next: Any
    to: Any
    order: Any
    up: Any
    depth: Any
    heavy: Any
    chain: Any
    sums: Any


def room(n: int, m: int, sides: int) -> Tree:
    """Make room for trees of a graph of n nodes and m edges on so many sides."""

    def empty(size: int) -> Any:
        return np.empty(size, dtype=np.int64)

    return Tree(
        empty(n), np.full(n, -1, dtype=np.int64), empty(m), empty(m), empty(m), empty(4 * n + 1), empty(m), empty(n),
        empty(n), empty(2 * n), empty(2 * n), empty(n), empty(n), empty(n), empty(n), empty(n),
        np.empty((n, HELD + sides)),
    )  # fmt: skip


@kernel
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


@kernel
def release(tree, n):  # type: ignore[no-untyped-def]
    """Forget the collected nodes."""
    for i in range(n):
        tree.place[tree.nodes[i]] = -1


@kernel
def grow(net, p, tree, n, a, b, prefer, rng):  # type: ignore[no-untyped-def]
    """Draw a random spanning tree of n collected nodes and sum up its subtrees; return the number of edges among them.

    Dear edges come first into the tree, so that cheap ones are left to be cut; ``prefer`` (above 0): what is dear.
    """
    edges = _list_edges(net, tree, n, prefer, rng)
    _join(tree, n)
    _walk(tree, below(rng, n))
    _chain_up(tree, n)
    _sum_up(net, p, tree, n, edges, a, b)
    return edges


@kernel
def _list_edges(net, tree, n, prefer, rng):  # type: ignore[no-untyped-def]
    """List the edges among the collected nodes, in buckets by a random key; also what of each node leaves them."""
    last = 4 * n
    tree.bucket[: last + 1] = -1
    count = 0
    for x in range(n):
        v = tree.nodes[x]
        rim = net.rim[v]
        for i in range(net.ptr[v], net.ptr[v + 1]):
            y, e = tree.place[net.nbr[i]], net.eid[i]
            if y < 0:
                rim += net.length[e]
            elif y > x:
                tree.edge[count], tree.one[count], tree.two[count] = e, x, y
                dear = 1.0 + max(net.cost[e], 0.0) / prefer
                key = int(uniform(rng) / dear * last)
                tree.link[count] = tree.bucket[key]
                tree.bucket[key] = count
                count += 1
        tree.sums[x, RIM] = rim
    return count


@njit(cache=True, nogil=True, inline="always")
def _leader(tree, x):  # type: ignore[no-untyped-def]
    while tree.leader[x] != x:
        tree.leader[x] = tree.leader[tree.leader[x]]
        x = tree.leader[x]
    return x


@kernel
def _join(tree, n):  # type: ignore[no-untyped-def]
    """Take the edges by rising key, those that close no ring (Kruskal 1956)."""
    for x in range(n):
        tree.leader[x] = x
        tree.first[x] = -1
    used, wanted = 0, 2 * (n - 1)
    for key in range(4 * n + 1):
        j = tree.bucket[key]
        while j >= 0 and used < wanted:
            x, y = tree.one[j], tree.two[j]
            one, two = _leader(tree, x), _leader(tree, y)
            if one != two:
                tree.leader[one] = two
                for end, other in ((x, y), (y, x)):
                    tree.to[used] = other
                    tree.next[used] = tree.first[end]
                    tree.first[end] = used
                    used += 1
            j = tree.link[j]
        if used == wanted:
            break


@kernel
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


@kernel
def _chain_up(tree, n):  # type: ignore[no-untyped-def]
    """Count the nodes of the subtrees, and part the tree into chains, so that few lie between a node and the root."""
    s = tree.sums
    for x in range(n):
        s[x, NODES] = 1.0
        tree.heavy[x] = -1
    for i in range(n - 1, 0, -1):
        x = tree.order[i]
        z = tree.up[x]
        s[z, NODES] += s[x, NODES]
        if tree.heavy[z] < 0 or s[x, NODES] > s[tree.heavy[z], NODES]:
            tree.heavy[z] = x
    for i in range(n):
        x = tree.order[i]
        z = tree.up[x]
        tree.chain[x] = tree.chain[z] if i > 0 and tree.heavy[z] == x else x


@njit(cache=True, nogil=True, inline="always")
def _meet(tree, x, y):  # type: ignore[no-untyped-def]
    """Return the lowest common ancestor, chain by chain (Sleator and Tarjan 1983)."""
    while tree.chain[x] != tree.chain[y]:
        if tree.depth[tree.chain[x]] >= tree.depth[tree.chain[y]]:
            x = tree.up[tree.chain[x]]
        else:
            y = tree.up[tree.chain[y]]
    return x if tree.depth[x] <= tree.depth[y] else y


@kernel
def _sum_up(net, p, tree, n, edges, a, b):  # type: ignore[no-untyped-def]
    s = tree.sums
    for x in range(n):
        v = tree.nodes[x]
        s[x, WEIGHT], s[x, LOAD], s[x, AREA] = net.weight[v], net.load[v], net.area[v]
        s[x, HOME_A] = net.weight[v] if net.home[v] == a else 0.0
        s[x, HOME_B] = net.weight[v] if net.home[v] == b else 0.0
        s[x, COST], s[x, LENGTH] = 0.0, 0.0
        s[x, HELD:] = 0.0
        s[x, HELD + net.side[v]] = net.weight[v]
    for j in range(edges):
        x, y = tree.one[j], tree.two[j]
        z = _meet(tree, x, y)
        cost, length = net.cost[tree.edge[j]], net.length[tree.edge[j]]
        s[x, COST] += cost
        s[y, COST] += cost
        s[z, COST] -= 2.0 * cost
        s[x, LENGTH] += length
        s[y, LENGTH] += length
        s[z, LENGTH] -= 2.0 * length
    _clashes(net, p, tree, n)
    for i in range(n - 1, 0, -1):
        x = tree.order[i]
        for k in range(NODES):
            s[tree.up[x], k] += s[x, k]
        for k in range(HELD, s.shape[1]):
            s[tree.up[x], k] += s[x, k]


@kernel
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


@kernel
def mark_half(tree, n, top):  # type: ignore[no-untyped-def]
    """Set ``depth`` to 1 for the nodes of the subtree of ``top`` and to 0 for the others."""
    for i in range(n):
        x = tree.order[i]
        tree.depth[x] = 1 if x == top or (i > 0 and tree.depth[tree.up[x]] == 1) else 0
