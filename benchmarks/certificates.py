"""Certificates: how near the optimum the search is on small regions, proven by ``gridgis.partition.exact.polish``.

A region is a connected piece of a town with about BLOCK_HOUSEHOLDS for each of its blocks; METIS and the
joining of small pieces make so many blocks of it, and these are divided into the band of level 2 at the engine's
prices. Regions in which the search finds no division within the band are left out: nothing is to be compared there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.area import SIZES, make_area
from benchmarks.case import Case, Graph, connected_parts, cpu_s, graph_of, prepare
from benchmarks.engine import forget
from benchmarks.peers import metis
from benchmarks.report import table
from gridgis.geometry.arrays import Ints
from gridgis.model import DivisionRules
from gridgis.partition.components import components
from gridgis.partition.exact.polish import polish
from gridgis.partition.levels import part_options
from gridgis.partition.problem import Problem
from gridgis.partition.search.solve import solve

BLOCK_HOUSEHOLDS = 100
DRAWN = 50
"""Regions drawn at most until the search keeps the band in one."""


def certify(
    rules: DivisionRules, area_seed: int, blocks: Sequence[int], regions: int, effort: float
) -> list[dict[str, Any]]:
    """Search and certify regions of a town.

    Parameters
    ----------
    rules
        Prices and band (level 2).
    area_seed
        Of the town.
    blocks
        Numbers of blocks of a region.
    regions
        How many regions of each size.
    effort
        Seconds of one core for each certificate, counted as ``exact`` counts.
    """
    case = prepare(make_area(SIZES["town"], area_seed), rules)
    rng = np.random.default_rng(area_seed)
    rows = []
    for n in blocks:
        for _ in range(regions):
            rows.append(_certified(case, n, rng, rules, effort))
    return rows


def _certified(
    case: Case, blocks: int, rng: np.random.Generator, rules: DivisionRules, effort: float
) -> dict[str, Any]:  # fmt: skip
    """Draw regions until the search keeps the band in one, and certify what it found there."""
    for _ in range(DRAWN):
        problem = region(case, blocks, rng)
        options = part_options(int(problem.weights.sum()), rules.level2)
        forget()
        start = cpu_s()
        found = solve(problem, options, 0, rules.effort)
        searched = cpu_s()
        if found.holds:
            break
    proof = polish(problem, found.labels, options, effort)
    done = cpu_s()
    price = problem.exact_price(found.labels)
    return {
        "blocks": problem.n,
        "households": int(problem.weights.sum()),
        "parts": found.parts,
        "price of the search": round(price, 1),
        "best price": round(proof.objective, 1),
        "bound": round(proof.bound, 1),
        "gap": f"{proof.gap:.2%}",
        "search above the bound": f"{price / proof.bound - 1:.2%}" if 0 < proof.bound < np.inf else "",
        "status": proof.status,
        "search CPU-s": round(searched - start, 3),
        "certificate CPU-s": round(done - searched, 1),
    }


def region(case: Case, blocks: int, rng: np.random.Generator) -> Problem:
    """Grow a region around an atom drawn at random, cut it into blocks, and price the borders between them."""
    graph, dry = graph_of(case)
    largest = connected_parts(graph)[0]
    inside = grown(graph, int(rng.choice(largest)), blocks * BLOCK_HOUSEHOLDS)
    block = cut_in_blocks(graph.take(inside), blocks)
    ground = case.ground.take(dry[inside])
    ends = np.sort(block[ground.pairs], axis=1)
    between = ends[:, 0] != ends[:, 1]
    edges, which = np.unique(ends[between], axis=0, return_inverse=True)
    return Problem(
        np.bincount(block, ground.households).astype(np.int64),
        edges.astype(np.int64),
        np.bincount(which.ravel(), ground.costs(case.rules)[between]).astype(np.float64),
        case.rules.level2.lower,
        case.rules.level2.upper,
        balance=case.rules.balance_price,
    )


def grown(graph: Graph, start: int, households: int) -> Ints:
    """Return atoms around a first one, nearest first by steps, until they hold so many households."""
    begin, near, _ = graph.csr()
    seen, queue, held = {start}, deque([start]), 0
    order = []
    while queue and held < households:
        atom = queue.popleft()
        order.append(atom)
        held += int(graph.weights[atom])
        for other in near[begin[atom] : begin[atom + 1]].tolist():
            if other not in seen:
                seen.add(other)
                queue.append(other)
    return np.array(sorted(order), dtype=np.int64)


def cut_in_blocks(graph: Graph, blocks: int) -> Ints:
    """Cut a connected graph into so many connected blocks of about the same households."""
    part, _ = metis(graph, blocks, 0, recursive=True)
    return joined(components(graph.n, graph.pairs[part[graph.pairs[:, 0]] == part[graph.pairs[:, 1]]]), graph, blocks)


def joined(label: Ints, graph: Graph, blocks: int) -> Ints:
    """Join blocks until so many are left: again and again the one of fewest households with such a neighbour.

    Examples
    --------
    >>> nowhere = np.zeros((3, 2), dtype=np.int64)
    >>> row = Graph(np.array([5, 1, 4]), np.array([[0, 1], [1, 2]]), np.array([10, 20]), nowhere)
    >>> joined(np.array([0, 1, 2]), row, 2).tolist()
    [0, 1, 1]
    """
    label = label.copy()
    weight = dict(enumerate(np.bincount(label, graph.weights).astype(np.int64).tolist()))
    near: list[set[int]] = [set() for _ in weight]
    for a, b in label[graph.pairs].tolist():
        if a != b:
            near[a].add(b)
            near[b].add(a)
    while len(weight) > blocks:
        small = min(weight, key=lambda k: (weight[k], k))
        host = min(near[small], key=lambda k: (weight[k], k))
        weight[host] += weight.pop(small)
        label[label == small] = host
        for other in near[small]:
            near[other].discard(small)
            if other != host:
                near[host].add(other)
                near[other].add(host)
    return np.unique(label, return_inverse=True)[1].astype(np.int64)


def as_table(rows: Sequence[dict[str, Any]]) -> str:
    """Return one line a region."""
    return table(list(rows[0]), [list(r.values()) for r in rows])
