"""Cut the ground of one parent into the grids of one level: regions first, then a search inside each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gridgis.geometry.arrays import Ints
from gridgis.model import Band, DivisionRules
from gridgis.partition.graph import Contacts
from gridgis.partition.groupings import can_group, find_grouping
from gridgis.partition.regions import Region, regions
from gridgis.partition.search import components, partition_graph


@dataclass(frozen=True)
class Cut:
    """Labels 0..k-1 of the atoms of one parent, and for each label its region's facts."""

    labels: Ints
    region_of: list[Region]


def cut_level(c: Contacts, band: Band, rules: DivisionRules, seed: int) -> Cut:
    """Cut the atoms of one parent into contiguous grids of a level.

    Water that cannot be crossed takes no part: it is given afterwards to the grid on its bank.
    """
    labels = np.full(c.n, -1, dtype=np.int64)
    region_of: list[Region] = []
    dry = np.flatnonzero(~c.water)
    land = c.take(dry)
    for region in regions(land, band, rules.max_area_empty_m2) if land.n else []:
        part = _cut_region(land.take(region.members), region, band, rules, seed + len(region_of))
        labels[dry[region.members]] = part + len(region_of)
        region_of.extend([region] * (int(part.max()) + 1))
    rest = labels < 0
    _attach(c, labels)
    if (labels < 0).any():
        left = np.flatnonzero(labels < 0)
        part = components(len(left), c.take(left).pairs)
        labels[left] = part + len(region_of)
        region_of.extend([Region(left[part == p], 0, "empty", ()) for p in range(int(part.max()) + 1)])
    assert (labels[rest] >= 0).all()
    return Cut(labels, region_of)


def _cut_region(c: Contacts, region: Region, band: Band, rules: DivisionRules, seed: int) -> Ints:
    """Cut one region; estates that may not be split are contracted to one node."""
    node = _contract(c, band)
    n = int(node.max()) + 1
    weights = np.bincount(node, c.households, n).astype(np.int64)
    ends = np.sort(node[c.pairs], axis=1)
    crossing = ends[:, 0] != ends[:, 1]
    edges, which = np.unique(ends[crossing], axis=0, return_inverse=True)
    costs = np.bincount(which.ravel(), c.costs(rules)[crossing], len(edges)).astype(np.float64)
    options = [k for k in part_options(region.households, band) if k <= n]
    if region.closed == "building" or not options or options == [1]:
        return np.zeros(c.n, dtype=np.int64)
    best = None
    refuted = can_group(c, band) is False
    for attempt in range(1 if refuted else 4):
        labels, report = partition_graph(
            weights, edges, costs, options, band.lower, band.upper,
            seed=seed + 7919 * attempt, balance=rules.balance_price, effort=rules.effort,
        )  # fmt: skip
        if best is None or report["excess"] < best[0]:
            best = (report["excess"], labels)
        if best[0] == 0:
            break
    assert best is not None
    found = find_grouping(weights, edges, costs, band) if best[0] and not refuted else None
    return np.asarray((best[1] if found is None else found)[node])


def _contract(c: Contacts, band: Band) -> Ints:
    """Assign each atom its node of the graph: a connected piece of an estate within the limit is one node."""
    a, b = c.pairs.T
    same = (c.compound[a] >= 0) & (c.compound[a] == c.compound[b])
    total = np.bincount(c.compound[c.compound >= 0], c.households[c.compound >= 0], int(c.compound.max(initial=-1)) + 1)
    whole = np.zeros(len(same), dtype=bool)
    whole[same] = total[c.compound[a[same]]] <= band.upper
    return components(c.n, c.pairs[whole])


def part_options(households: int, band: Band) -> list[int]:
    """Return the numbers of parts to try, the one with loads nearest the middle of the band first.

    Examples
    --------
    >>> part_options(1500, Band(300, 500))
    [4, 3, 5]
    >>> part_options(550, Band(300, 500))
    [1, 2]
    """
    fewest, most = -(-households // band.upper), households // band.lower
    if fewest > most:
        return [k for k in (most, fewest) if k >= 1]
    middle = (band.lower + band.upper) / 2
    return sorted(range(max(fewest, 1), most + 1), key=lambda k: (abs(households / k - middle), k))


def _attach(c: Contacts, labels: Ints) -> None:
    """Give unlabelled atoms to the labelled neighbour with the longest shared edge, from the bank outward."""
    metres = c.length.sum(axis=1)
    while (labels < 0).any():
        ends = labels[c.pairs]
        for here, there in ((0, 1), (1, 0)):
            open_ = (ends[:, here] < 0) & (ends[:, there] >= 0)
            if here == 0:
                rows = np.column_stack([c.pairs[open_, 0], ends[open_, 1]])
                length = metres[open_]
            else:
                rows = np.concatenate([rows, np.column_stack([c.pairs[open_, 1], ends[open_, 0]])])
                length = np.concatenate([length, metres[open_]])
        if not len(rows):
            return
        pairs, which = np.unique(rows, axis=0, return_inverse=True)
        total = np.bincount(which.ravel(), length)
        order = np.lexsort((-pairs[:, 1], total, pairs[:, 0]))
        labels[pairs[order, 0]] = pairs[order, 1]
