"""Cut the ground of one parent into the grids of one level: regions first, then a search inside each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np

from gridgis.geometry.arrays import Ints
from gridgis.model import Band, DivisionRules
from gridgis.partition.components import components
from gridgis.partition.exact.groupings import find_grouping
from gridgis.partition.graph import Contacts
from gridgis.partition.last_resort import Cutter, join_leftovers, outside
from gridgis.partition.problem import Found, Problem, Shape
from gridgis.partition.regions.pieces import Region, regions, sides
from gridgis.partition.search.across import cross_less, search_across
from gridgis.partition.search.around import HOPS, search_around
from gridgis.partition.search.plainly import solve_plainly
from gridgis.partition.search.solve import appraised, solve
from gridgis.partition.search.stuck import inevitable, shortfall_outside

SMALL = 3_000
"""ReCom proposals for each part x nodes at least: small ground is searched more thoroughly than the rules ask for."""
LARGE = 400
"""Nodes of ground above which joined ground is cut anew only close around what is wrong or crosses."""
FEW = 300
"""Nodes around a part outside the band up to which they are searched plainly too."""
RESTARTS = 2
"""Searches from anew (many more where none keeps the band) before ground is decided exactly."""
RETRIES = 3
"""Numbers of parts tried where a region was not cut into the band."""
PAIR_PRICE = 0.5
"""Price of a household pair across a STRONG barrier, in metres of open border: few pairs go before good borders."""
NEAR = 1.02
"""Ground that crosses a STRONG barrier is searched for so many times the pairs of the model (`Region.pairs`)."""

WORTH = attrgetter("worth")


@dataclass(frozen=True)
class Cut:
    """Labels 0..k-1 of the atoms of one parent, and for each label its region's facts."""

    labels: Ints
    region_of: list[Region]


def cut_level(c: Contacts, band: Band, rules: DivisionRules, seed: int) -> Cut:
    """Cut the atoms of one parent into contiguous grids of a level.

    Water that cannot be crossed takes no part: it is given afterwards to the grid on its bank.
    """
    land = land_of(c)
    if not land.n:
        return gather(c, [])
    found = regions(land, band, rules.max_area_empty_m2)
    pieces = [
        (region, cut_region(ground, region, band, rules, seed + i))
        for i, (region, ground) in enumerate(zip(found, grounds_of(land, found), strict=True))
    ]
    pieces = join_leftovers(land, pieces, band, recutter(land, band, rules, seed, cut_again))
    exactly = recutter(land, band, rules, seed, decide)
    pieces = [(region, exactly(region, labels, i)) for i, (region, labels) in enumerate(pieces)]
    return gather(c, join_leftovers(land, pieces, band, exactly))


def land_of(c: Contacts) -> Contacts:
    """Return the ground without the water that cannot be crossed."""
    return c.take(np.flatnonzero(~c.water))


Recut = Callable[[Contacts, Region, Ints, Band, DivisionRules, int], Ints]
"""Cuts a region that is cut already anew where it must: (ground, region, its labels, band, rules, seed) to labels."""


def recutter(land: Contacts, band: Band, rules: DivisionRules, seed: int, recut: Recut) -> Cutter:
    """Return how `join_leftovers` is to cut regions of some land."""

    def cut(region: Region, labels: Ints, number: int) -> Ints:
        return recut(land.take(region.members), region, labels, band, rules, seed + 100_003 * number)

    return cut


def grounds_of(land: Contacts, found: Sequence[Region]) -> list[Contacts]:
    """Return the ground of each region."""
    label = np.full(land.n, -1, dtype=np.int64)
    for i, region in enumerate(found):
        label[region.members] = i
    return land.split(label)


def gather(c: Contacts, pieces: Sequence[tuple[Region, Ints]]) -> Cut:
    """Put the regions of a parent's land together, and give the water to the grid on its bank."""
    dry = np.flatnonzero(~c.water)
    labels = np.full(c.n, -1, dtype=np.int64)
    region_of: list[Region] = []
    for region, found in pieces:
        labels[dry[region.members]] = found + len(region_of)
        region_of.extend([region] * (int(found.max()) + 1))
    attach(c, labels)
    if (labels < 0).any():
        left = np.flatnonzero(labels < 0)
        part = components(len(left), c.take(left).pairs)
        labels[left] = part + len(region_of)
        region_of.extend([Region(left[part == p], 0, "empty", ()) for p in range(int(part.max()) + 1)])
    return Cut(labels, region_of)


def cut_region(c: Contacts, region: Region, band: Band, rules: DivisionRules, seed: int, searches: int = 1) -> Ints:
    """Cut one region, by the best of some searches; estates that may not be split, and what pins join, are one node."""
    problem, node = contract(c, band, rules)
    options = [k for k in part_options(region.households, band) if k <= problem.n]
    if region.closed == "building" or not options or options == [1]:
        return np.zeros(c.n, dtype=np.int64)
    effort = max(rules.effort, SMALL // problem.n)
    if problem.side is None:
        found = solve(problem, options[:1], seed, effort, restarts=searches)
        others = options[1:RETRIES]
    else:
        found = search_across(problem, options[:RETRIES], seed, effort, NEAR * region.pairs)
        others = []  # tried already
    if not found.holds:
        found = _once_more(problem, others, seed, effort, found)
    return np.asarray(found.labels[node], dtype=np.int64)


def cut_again(c: Contacts, region: Region, labels: Ints, band: Band, rules: DivisionRules, seed: int) -> Ints:
    """Cut a region that was cut before anew around what is wrong, or all of it where a grid does not hang together."""
    problem, node = contract(c, band, rules)
    first = np.unique(node, return_index=True)[1]
    kept = np.unique(labels[first], return_inverse=True)[1].astype(np.int64)
    whole = all(int(components(len(m), c.take(m).pairs).max()) == 0 for m in _members(kept[node]))
    if not whole:
        return cut_region(c, region, band, rules, seed)
    before = appraised(problem, kept)
    reach = HOPS if problem.n <= LARGE else HOPS[:1]
    found = search_around(problem, before, seed, rules.effort, shortfall_outside(problem, kept), cut_few, reach)
    if found.wrong < before.wrong:
        found = cross_less(problem, found, seed, rules.effort, NEAR * region.pairs)
        options = [k for k in part_options(region.households, band) if k <= problem.n][:RETRIES]
        if options and problem.n <= LARGE and problem.pairs_across(found.labels) > NEAR * region.pairs:
            anew = search_across(problem, options, seed, rules.effort, NEAR * region.pairs)
            found = min(found, anew, key=lambda f: (f.wrong, problem.pairs_across(f.labels)))
    return np.asarray(found.labels[node], dtype=np.int64)


def cut_few(problem: Problem, options: Sequence[int], seed: int, effort: int) -> Found:
    """Search a few parts: plainly too where that misses the band, again where STRONG barriers are crossed."""
    found = solve(problem, options, seed, effort)
    if not found.holds:
        return found if problem.n > FEW else min(found, solve_plainly(problem, options, seed, effort), key=WORTH)
    if not problem.pairs_across(found.labels):
        return found
    return search_across(problem, [found.parts], seed, effort, 0.0)


def _members(labels: Ints) -> list[Ints]:
    order = np.argsort(labels, kind="stable")
    return np.split(order, np.cumsum(np.bincount(labels))[:-1])


def _once_more(problem: Problem, others: list[int], seed: int, effort: int, found: Found) -> Found:
    """Go on where the first search left the band: around what is wrong, and with other numbers of parts."""
    short = shortfall_outside(problem, found.labels)
    enough = inevitable(problem, short)
    found = search_around(problem, found, seed, effort, short, cut_few)
    if found.wrong > enough and others:
        other = min((solve(problem, [k], seed, effort) for k in others), key=WORTH)
        found = min(found, search_around(problem, other, seed, effort, short, cut_few), key=WORTH)
    return found


def decide(c: Contacts, region: Region, labels: Ints, band: Band, rules: DivisionRules, seed: int) -> Ints:
    """Return labels in the band for ground that is outside, by searches from anew, then exactly; else those given."""
    load = np.bincount(labels, c.households).astype(np.int64)
    if not rules.exact_effort or region.closed in ("building", "empty") or not outside(load, band).any():
        return labels
    problem, node = contract(c, band, rules)
    at = np.empty(problem.n, dtype=np.int64)
    at[node] = labels
    found = appraised(problem, at)
    short = shortfall_outside(problem, at)
    if found.wrong <= inevitable(problem, short):
        return labels
    if problem.n > LARGE:
        better = search_around(problem, found, seed, rules.effort, short, solve_plainly)
    else:
        better = min([found, *_from_anew(problem, region, band, rules.effort, seed)], key=WORTH)
    if not better.holds:
        grouping = find_grouping(problem.weights, problem.edges, problem.costs, band, rules.exact_effort)
        better = better if grouping is None else min(better, appraised(problem, grouping), key=WORTH)
    if better.worth >= found.worth:
        return labels
    better = cross_less(problem, better, seed, rules.effort, NEAR * region.pairs)
    return np.asarray(better.labels[node], dtype=np.int64)


def _from_anew(problem: Problem, region: Region, band: Band, effort: int, seed: int) -> list[Found]:
    """Search small ground from anew, and plainly too where that does not bring it into the band."""
    options = [k for k in part_options(region.households, band) if k <= problem.n][:RETRIES]
    if not options:
        return []
    if problem.side is None:
        found = solve(problem, options, seed, effort, restarts=RESTARTS)
    else:
        found = search_across(problem, options, seed, effort, NEAR * region.pairs)
    return [found] if found.holds else [found, solve_plainly(problem, options, seed, effort, restarts=RESTARTS)]


def contract(c: Contacts, band: Band, rules: DivisionRules) -> tuple[Problem, Ints]:
    """Return the problem of a region, and (n,) the node of each atom: what stays whole is one node."""
    node = c.whole(band.upper)
    n = int(node.max()) + 1
    ends = np.sort(node[c.pairs], axis=1)
    crossing = ends[:, 0] != ends[:, 1]
    key, which = np.unique(ends[crossing, 0] * n + ends[crossing, 1], return_inverse=True)
    metres = c.length.sum(axis=1)
    rim = np.bincount(node, c.outline, n)
    for side in (0, 1):
        rim -= np.bincount(node[c.pairs[:, side]], metres, n)
    ground = np.zeros(n, dtype=np.int64)
    ground[node] = sides(c)
    weights = np.bincount(node, c.households, n).astype(np.int64)
    problem = Problem(
        weights,
        np.column_stack([key // n, key % n]).astype(np.int64),
        np.bincount(which, c.costs(rules)[crossing], len(key)).astype(np.float64),
        band.lower,
        band.upper,
        balance=rules.balance_price,
        load=np.bincount(node, c.load, n).astype(np.float64),
        shape=Shape(
            np.bincount(which, metres[crossing], len(key)).astype(np.float64),
            np.maximum(rim, 0.0),
            np.bincount(node, c.area, n).astype(np.float64),
        ),
        compactness=rules.compactness_price,
        apart=np.unique(np.sort(node[c.apart], axis=1), axis=0),
        side=ground if len(np.unique(ground[weights > 0])) > 1 else None,
        across=PAIR_PRICE,
    )
    return problem, node


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


def attach(c: Contacts, labels: Ints) -> None:
    """Give unlabelled atoms to the labelled neighbour with the longest shared edge, from the bank outward."""
    metres = c.length.sum(axis=1)
    while (labels < 0).any():
        ends = labels[c.pairs]
        rows, length = [], []
        for here, there in ((0, 1), (1, 0)):
            open_ = (ends[:, here] < 0) & (ends[:, there] >= 0)
            rows.append(np.column_stack([c.pairs[open_, here], ends[open_, there]]))
            length.append(metres[open_])
        found = np.concatenate(rows)
        if not len(found):
            return
        pairs, which = np.unique(found, axis=0, return_inverse=True)
        total = np.bincount(which.ravel(), np.concatenate(length))
        order = np.lexsort((-pairs[:, 1], total, pairs[:, 0]))
        labels[pairs[order, 0]] = pairs[order, 1]
