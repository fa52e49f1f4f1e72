"""Ground that crosses a STRONG barrier is cut with the fewest household pairs across it that the band allows."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgis.geometry.arrays import Ints
from gridgis.model import Band, DivisionRules
from gridgis.partition.graph import Contacts
from gridgis.partition.last_resort import join_leftovers
from gridgis.partition.levels import cut_level, cut_region
from gridgis.partition.problem import pairs_across
from gridgis.partition.regions.pieces import Region, crossing_optimum, sides
from tests.partition.graphs import Drawn, lattice

URBAN = Band(300, 500)
RULES = DivisionRules.load("urban-300-500")


def across(ground: Contacts, labels: Ints) -> int:
    return pairs_across(sides(ground), labels, ground.households)


def test_what_is_too_much_crosses_and_no_more() -> None:
    ground = lattice([[11] * 5 + [20] * 8] * 10, (4,), {})  # 550 and 1600
    labels = cut_level(ground, URBAN, RULES, 1).labels
    assert all(n in URBAN for n in np.bincount(labels, ground.households).tolist())
    assert crossing_optimum(ground, URBAN, 1e9) == 12_500
    assert across(ground, labels) == 55 * 260  # blocks of 11 and 20 cannot give 50 and 250


def test_pieces_that_stand_alone_do_not_cross() -> None:
    ground = lattice([[10] * 4 + [20] * 4] * 10, (3,), {})
    assert across(ground, cut_level(ground, URBAN, RULES, 1).labels) == 0


@settings(max_examples=60, deadline=None, derandomize=True)
@given(cells=st.lists(st.integers(20, 250), min_size=6, max_size=6), road=st.integers(0, 1), seed=st.integers(0, 3))
def test_no_way_into_the_band_has_fewer_pairs_across(cells: list[int], road: int, seed: int) -> None:
    """Against all partitions of two rows of three blocks."""
    ground = lattice([cells[:3], cells[3:]], (road,), {})
    graph = Drawn(cells, [(int(a), int(b)) for a, b in ground.pairs], [0.0] * len(ground.pairs))
    best = None
    for groups in graph.groupings():
        if all(graph.load(g) in URBAN for g in groups):
            labels = np.array([next(k for k, g in enumerate(groups) if v in g) for v in range(6)])
            best = min(across(ground, labels), 10**9 if best is None else best)
    whole = Region(np.arange(6), sum(cells), "joined", (sum(cells),))
    labels = cut_region(ground, whole, URBAN, RULES, seed)
    if best is not None:
        assert all(n in URBAN for n in np.bincount(labels, ground.households).tolist())
        assert across(ground, labels) == best


def test_leftovers_are_joined_where_that_costs_the_fewest_pairs() -> None:
    """Ground of 200 between 440 and 400, beyond a main road each: one gives 110, the other 100."""
    ground = lattice([[110] * 4 + [50] * 4 + [100] * 4], (3, 7), {})
    whole = np.zeros(4, dtype=np.int64)
    pieces = [(Region(np.arange(4 * k, 4 * k + 4), h, "", (h,), whole), whole) for k, h in enumerate((440, 200, 400))]

    def cut(region: Region, labels: Ints, seed: int) -> Ints:
        return np.asarray(np.arange(8) >= (3 if region.members[0] == 0 else 5), dtype=np.int64)

    joined = join_leftovers(ground, pieces, URBAN, cut)
    assert [(r.households, np.bincount(labels).tolist()) for r, labels in joined] == [(440, [4]), (600, [5, 3])]
