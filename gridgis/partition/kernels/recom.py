"""ReCom: two adjacent parts are merged and cut anew along a random spanning tree. Compiled by numba.

DeFord, Duchin and Solomon, "Recombination: A family of Markov chains for redistricting", Harvard Data Science Review
3(1), 2021. Here not any balanced edge is cut but the one that costs least, and the new border is smoothed before it is
judged: a tree's cut is ragged, and would hardly ever be taken as it is.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from gridgis.partition.kernels.flips import smooth
from gridgis.partition.kernels.net import appraise, below, kernel, outside, pairs_across, price_of, raggedness, uniform
from gridgis.partition.kernels.trees import (
    AREA,
    COST,
    HELD,
    HOME_A,
    HOME_B,
    LENGTH,
    LOAD,
    NODES,
    RIM,
    WEIGHT,
    collect,
    grow,
    mark_half,
    release,
)

SMALL = 400
"""Nodes of a graph up to which every accepted cut is compared with the best so far."""


@njit(cache=True, nogil=True)
def recombine(net, p, parts, tree, proposals, hot, cold, prefer, rng, best, found):  # type: ignore[no-untyped-def]
    """Merge and cut anew as often as told; keep what is cheaper, or by chance what is a little dearer.

    ``best`` (n,) and ``found`` (price, wrong) are updated whenever the labels of a small graph are better than ever.
    """
    labels = parts.labels
    wrong = appraise(net, p, parts)[1]
    fall = (cold / hot) ** (1.0 / max(proposals, 1)) if hot > 0.0 else 1.0
    heat = hot
    stamp, tried = np.full(len(labels), -1), np.full(len(labels), -1)
    queue, before = np.empty(len(labels), np.int64), np.empty(len(labels), np.int64)
    sums, mark = np.empty((2, 5 + parts.held.shape[1])), 0
    for _ in range(proposals if len(net.cost) > 0 else 0):
        heat *= fall
        e = _pick(net, p, parts, wrong > 0.0, rng)
        if e < 0:
            continue
        a, b = labels[net.ends[e, 0]], labels[net.ends[e, 1]]
        n = collect(net, labels, a, b, net.ends[e, 0], tree)
        edges = grow(net, p, tree, n, a, b, prefer, rng)
        old = _present(net, p, parts, tree, n, edges, a, b)
        top, new, is_a = _best_half(p, tree, n)
        if top >= 0:
            _remember(parts, tree, n, a, b, before, sums)
            _take(parts, tree, n, top, a if is_a else b, b if is_a else a)
            gain, mark = smooth(net, p, parts, tree.edge, edges, stamp, tried, mark, queue)
            new -= gain
            if not (new <= old or (heat > 0.0 and new - old < -heat * np.log(uniform(rng)))):
                _put_back(parts, tree, n, a, b, before, sums)
            elif len(net.weight) <= SMALL:
                price, wrong = appraise(net, p, parts)
                if wrong < found[1] or (wrong == found[1] and price < found[0] - 1e-9):
                    found[0], found[1] = price, wrong
                    best[:] = labels
        release(tree, n)


@kernel
def _pick(net, p, parts, wrong, rng):  # type: ignore[no-untyped-def]
    """Pick an edge on a border; half of the time beside a part that is out of bounds, if there is one. -1: none."""
    for attempt in range(64):
        e = below(rng, len(net.cost))
        a, b = parts.labels[net.ends[e, 0]], parts.labels[net.ends[e, 1]]
        if a != b:
            bad = outside(parts.weight[a], p.lower, p.upper) + outside(parts.weight[b], p.lower, p.upper) > 0.0
            if bad or not wrong or attempt % 2 == 1:
                return e
    return -1


@kernel
def _present(net, p, parts, tree, n, edges, a, b):  # type: ignore[no-untyped-def]
    """Return what the two parts cost as they are, in the terms of `_best_half`."""
    labels = parts.labels
    out = price_of(p, parts.weight[a], parts.load[a], parts.area[a], parts.outline[a])
    out += price_of(p, parts.weight[b], parts.load[b], parts.area[b], parts.outline[b])
    out += p.across * (pairs_across(parts.held[a]) + pairs_across(parts.held[b]))
    for j in range(edges):
        e = tree.edge[j]
        if labels[net.ends[e, 0]] != labels[net.ends[e, 1]]:
            out += net.cost[e]
    for x in range(n):
        v = tree.nodes[x]
        if (net.home[v] == a or net.home[v] == b) and net.home[v] != labels[v]:
            out += p.moving * net.weight[v]
        for i in range(net.aptr[v], net.aptr[v + 1]):
            u = net.anbr[i]
            if u > v and tree.place[u] >= 0 and labels[u] != labels[v]:
                out -= p.clash
    return out


@kernel
def _best_half(p, tree, n):  # type: ignore[no-untyped-def]
    """Return the node whose subtree is the cheapest half, the price of both halves, and whether it goes on as a."""
    s, root = tree.sums, tree.order[0]
    best, best_price, best_is_a = -1, np.inf, True
    for i in range(1, n):
        x = tree.order[i]
        weight = s[x, WEIGHT]
        rest = s[root, WEIGHT] - weight
        price = s[x, COST] + p.penalty * (outside(weight, p.lower, p.upper) + outside(rest, p.lower, p.upper))
        if price >= best_price:  # nothing that is added below is negative
            continue
        price += p.balance * (abs(s[x, LOAD] - p.even) + abs(s[root, LOAD] - s[x, LOAD] - p.even))
        if p.across > 0.0:
            price += p.across * _pairs_apart(s, root, x)
        if p.compactness > 0.0:
            one, two = s[x, RIM] + s[x, LENGTH], s[root, RIM] - s[x, RIM] + s[x, LENGTH]
            price += p.compactness * raggedness(one, s[x, AREA])
            price += p.compactness * raggedness(two, s[root, AREA] - s[x, AREA])
        as_a = s[x, HOME_A] + s[root, HOME_B] - s[x, HOME_B]
        as_b = s[x, HOME_B] + s[root, HOME_A] - s[x, HOME_A]
        price += p.moving * (s[root, HOME_A] + s[root, HOME_B] - max(as_a, as_b))
        if price < best_price:
            best, best_price, best_is_a = x, price, as_a >= as_b
    return best, best_price, best_is_a


@kernel
def _pairs_apart(s, root, x):  # type: ignore[no-untyped-def]
    """Return the pairs of units of weight on different sides in the subtree of x, and in the rest."""
    pairs, one, two = 0.0, 0.0, 0.0
    for k in range(HELD, s.shape[1]):
        inside = s[x, k]
        rest = s[root, k] - inside
        pairs += one * inside + two * rest
        one += inside
        two += rest
    return pairs


@kernel
def _take(parts, tree, n, top, one, two):  # type: ignore[no-untyped-def]
    """Label the subtree of ``top`` one and the rest two."""
    s, root = tree.sums, tree.order[0]
    mark_half(tree, n, top)
    for x in range(n):
        parts.labels[tree.nodes[x]] = one if tree.depth[x] == 1 else two
    parts.weight[one], parts.weight[two] = s[top, WEIGHT], s[root, WEIGHT] - s[top, WEIGHT]
    parts.load[one], parts.load[two] = s[top, LOAD], s[root, LOAD] - s[top, LOAD]
    parts.area[one], parts.area[two] = s[top, AREA], s[root, AREA] - s[top, AREA]
    parts.outline[one] = s[top, RIM] + s[top, LENGTH]
    parts.outline[two] = s[root, RIM] - s[top, RIM] + s[top, LENGTH]
    for side in range(parts.held.shape[1]):
        parts.held[one, side] = s[top, HELD + side]
        parts.held[two, side] = s[root, HELD + side] - s[top, HELD + side]
    parts.count[one], parts.count[two] = int(s[top, NODES]), int(s[root, NODES] - s[top, NODES])


@kernel
def _remember(parts, tree, n, a, b, labels, sums):  # type: ignore[no-untyped-def]
    """Note two parts as they are."""
    for x in range(n):
        labels[x] = parts.labels[tree.nodes[x]]
    for i, k in enumerate((a, b)):
        sums[i, 0], sums[i, 1], sums[i, 2] = parts.weight[k], parts.load[k], parts.area[k]
        sums[i, 3], sums[i, 4] = parts.outline[k], parts.count[k]
        for side in range(parts.held.shape[1]):
            sums[i, 5 + side] = parts.held[k, side]


@kernel
def _put_back(parts, tree, n, a, b, labels, sums):  # type: ignore[no-untyped-def]
    """Make two parts what they were when `_remember` noted them."""
    for x in range(n):
        parts.labels[tree.nodes[x]] = labels[x]
    for i, k in enumerate((a, b)):
        parts.weight[k], parts.load[k], parts.area[k] = sums[i, 0], sums[i, 1], sums[i, 2]
        parts.outline[k], parts.count[k] = sums[i, 3], int(sums[i, 4])
        for side in range(parts.held.shape[1]):
            parts.held[k, side] = sums[i, 5 + side]


@njit(cache=True, nogil=True)
def cut_off(net, p, labels, label, many, tree, trees, prefer, rng):  # type: ignore[no-untyped-def]
    """Cut the nodes of one label, to become ``many`` parts, in two: the best cut over some random trees.

    Returns the number of parts of the half cut off, which gets the label ``label + many - that number``.
    """
    start = np.argmax(labels == label)
    n = collect(net, labels, label, label, start, tree)
    best_price, best_share = np.inf, 1
    chosen = np.zeros(n, dtype=np.int64)
    for _ in range(trees):
        grow(net, p, tree, n, -2, -2, prefer, rng)
        top, price, share = _best_share(p, tree, n, many)
        if price < best_price:
            best_price, best_share = price, share
            mark_half(tree, n, top)
            chosen[:] = tree.depth[:n]
    for x in range(n):
        if chosen[x] == 1:
            labels[tree.nodes[x]] = label + many - best_share
    release(tree, n)
    return best_share


@kernel
def _best_share(p, tree, n, many):  # type: ignore[no-untyped-def]
    """Return the node whose subtree is best cut off, the price, and how many parts it is to become."""
    s, root = tree.sums, tree.order[0]
    top, top_price, top_share = -1, np.inf, 1
    for i in range(1, n):
        x = tree.order[i]
        weight, nodes = s[x, WEIGHT], int(s[x, NODES])
        even = int(weight * many / max(s[root, WEIGHT], 1.0))
        for share in range(even, even + 2):
            share = min(max(share, 1, many - (n - nodes)), many - 1, nodes)  # no half gets more parts than nodes
            rest = many - share
            price = s[x, COST] + p.balance * 2.0 * abs(s[x, LOAD] - share * p.even)
            price += p.penalty * outside(weight, p.lower * share, p.upper * share)
            price += p.penalty * outside(s[root, WEIGHT] - weight, p.lower * rest, p.upper * rest)
            if price < top_price:
                top, top_price, top_share = x, price, share
    return top, top_price, top_share
