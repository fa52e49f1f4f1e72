"""Rules "band-2" and "band-3": a grid holds as many households as its level allows, or it is proven that it cannot.

A grid outside the band is an exception only where the verifier itself confirms one of these:

- single building: one building has all households, and more than the upper limit;
- no households: the empty ground is larger than ``max_area_empty_m2``, or has no neighbour to join;
- no number of grids: the connected ground that the grid belongs to (its parent less the two kinds above) holds so many
  households that no number of grids sums to it;
- packing: its buildings and whole compounds cannot be grouped within the band, whatever the geometry;
- contiguity: with the atoms at hand, no grouping of them into contiguous ground is within the band, or none around
  the grid.

In the last three a grid below the band must also have no neighbour there that it could be merged with.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gridgis.checks.edges import components
from gridgis.checks.finding import Finding, Outcome
from gridgis.checks.ground import neighbours
from gridgis.checks.proofs import Piece
from gridgis.checks.scene import Scene
from gridgis.checks.units import units_of
from gridgis.checks.wards import Ward, wards

Pairs = list[tuple[int, int]]


def band_2(scene: Scene) -> Outcome:
    """Check the households of level-2 grids; measure: households."""
    return _band(scene, 2)


def band_3(scene: Scene) -> Outcome:
    """Check the households of level-3 grids; measure: households."""
    return _band(scene, 3)


def _band(scene: Scene, level: int) -> Outcome:
    found: list[Finding] = []
    checked = 0
    for place in scene.places.values():
        if level < place.rules.first_level:
            continue
        for ward in wards(scene, place, level):
            checked += len(ward.grids)
            if not ward.holds:
                found.extend(_judge(ward))
    return Outcome(checked, tuple(found))


def _judge(ward: Ward) -> Iterator[Finding]:
    pairs = neighbours(ward.scene, ward.grids, ward.place)
    ground: list[int] = []
    for i in ward.grids.tolist():
        if ward.households(i) == 0:
            yield _empty(ward, i, pairs)
        elif ward.is_single(i):
            yield ward.finding(i, "单栋成格", "a single building above the limit is a grid by rule", confirmed=True)
        else:
            ground.append(i)
    if any(ward.households(i) not in ward.band for i in ground):
        for piece, links in _pieces(ward, ground, pairs):
            yield from _judge_piece(piece, links)


def _empty(ward: Ward, i: int, pairs: set[tuple[int, int]]) -> Finding:
    area, limit = ward.scene.area_m2[i], ward.place.rules.max_area_empty_m2
    if area > limit:
        zh, en = f"无住户，{area:.0f} 平方米大于 {limit:.0f}", f"no households on {area:.0f} m2, above {limit:.0f}"
        return ward.finding(i, zh, en, confirmed=True)
    if not any(i in pair for pair in pairs):
        return ward.finding(i, "无住户，无邻格可并", "no households, and no neighbour to join", confirmed=True)
    zh = f"无住户，仅 {area:.0f} 平方米（不大于 {limit:.0f}），应并入邻格"
    en = f"no households on only {area:.0f} m2 (not above {limit:.0f}): it must join a neighbour"
    return ward.finding(i, zh, en)


def _pieces(ward: Ward, ground: list[int], pairs: set[tuple[int, int]]) -> Iterator[tuple[Piece, Pairs]]:
    """Take grids apart into connected pieces, each with the pairs of neighbours in it.

    Ground without households that a single building's grid has taken connects as well: it could be cut otherwise.
    """
    units = units_of(ward)
    place_of = {i: k for k, i in enumerate(ground)}
    links = [(i, j) for i, j in sorted(pairs) if i in place_of and j in place_of]
    joined = [*links, *((i, j) for i, j in units.grid_links if i in place_of and j in place_of)]
    label = components(len(ground), [(place_of[i], place_of[j]) for i, j in joined])
    for k in np.unique(label):
        grids = [i for i, here in zip(ground, label == k, strict=True) if here]
        inside = set(grids)
        yield Piece(ward, units, grids), [(i, j) for i, j in links if i in inside]


def _judge_piece(piece: Piece, links: Pairs) -> Iterator[Finding]:
    """Judge the grids of one connected piece of ground, which could be cut anew in any way."""
    ward = piece.ward
    for i in piece.grids:
        if ward.households(i) in ward.band:
            continue
        mates = [a if b == i else b for a, b in links if i in (a, b)]
        fits = [j for j in mates if ward.households(i) + ward.households(j) <= ward.band.upper]
        verdict = piece.whole
        if not verdict.impossible and not verdict.possible:
            verdict = piece.around(i) or verdict
        if verdict.impossible and fits:
            name = ward.scene.ids[fits[0]]
            yield ward.finding(i, f"可与 {name} 合并而不超上限", f"can be merged with {name} within the upper limit")
        else:
            yield ward.finding(i, verdict.zh, verdict.en, confirmed=verdict.impossible)
