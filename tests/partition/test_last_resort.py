"""Ground outside the band is joined to a neighbour, but never so that what pins keep apart comes together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gridgis.model import Band, DivisionRules
from gridgis.partition import last_resort
from gridgis.partition.held import Held
from gridgis.partition.last_resort import Piece, join_leftovers
from gridgis.partition.levels import cut_again, recutter
from gridgis.partition.regions.pieces import Region
from tests.partition.graphs import lattice

RULES, URBAN = DivisionRules.load("urban-300-500"), Band(300, 500)


def joined(apart: list[list[int]]) -> int:
    """Join 30 households to 440 beside them; return how many regions are left."""
    ground = lattice([[110] * 4 + [30]], (), {})
    ground = replace(ground, held=Held(apart=np.array(apart, dtype=np.int64).reshape(-1, 3)))
    none = np.zeros(5, dtype=np.int64)
    pieces = [
        (Region(np.arange(4), 440, "", (440,), none[:4]), none[:4]),
        (Region(np.arange(4, 5), 30, "", (30,), none[:1]), none[:1]),
    ]
    return len(join_leftovers(ground, pieces, URBAN, recutter(ground, URBAN, RULES, 0, cut_again)))


def test_what_is_left_over_is_joined() -> None:
    assert joined([]) == 1


def test_pins_go_before_the_band() -> None:
    assert joined([[1, 4, 2]]) == 2


def in_a_chain() -> list[Piece]:
    """Join 250 to 450 beyond a road, 350 beyond the next: one is no help, but 250 + 200, 250 + 50 and 300 are."""
    ground = lattice([[250, 200, 250, 50, 300]], (0, 2), {})
    cut = recutter(ground, URBAN, RULES, 0, cut_again)
    none = np.zeros(2, dtype=np.int64)
    pieces = [
        (Region(np.array([0]), 250, "", (250,), none[:1], needy=(0,)), none[:1]),
        (Region(np.array([1, 2]), 450, "", (450,), none), none),
        (Region(np.array([3, 4]), 350, "", (350,), none), none),
    ]
    return join_leftovers(ground, pieces, URBAN, cut)


def test_where_no_neighbour_helps_all_that_can_be_reached_is_joined() -> None:
    [(region, labels)] = in_a_chain()
    assert region.members.tolist() == [0, 1, 2, 3, 4]
    assert np.bincount(labels, [250, 200, 250, 50, 300]).tolist() in ([450, 300, 300], [300, 300, 450], [300, 450, 300])


def test_but_not_more_than_can_be_cut_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last_resort, "MOST_ATOMS", 4)
    assert [labels.tolist() for _, labels in in_a_chain()] == [[0], [0, 0], [0, 0]]


def test_joined_ground_knows_what_its_parts_had_to_cross() -> None:
    """30 households are joined to 440 of which 110 had to share a grid with the rest across a road."""
    ground = lattice([[110] * 4 + [30]], (0,), {})
    none = np.zeros(5, dtype=np.int64)
    crossed = Region(np.arange(4), 440, "", (110, 330), np.array([0, 1, 1, 1]), (0,), (((0, 110), (1, 330)),))
    pieces = [(crossed, none[:4]), (Region(np.array([4]), 30, "", (30,), none[:1], needy=(0,)), none[:1])]
    for order in (pieces, pieces[::-1]):
        [(region, _)] = join_leftovers(ground, order, URBAN, recutter(ground, URBAN, RULES, 0, cut_again))
        assert region.pairs == 110 * 330
        assert sorted(region.merged[k] for k in region.needy) == [30, 110]
        assert [sorted(region.merged[k] for k, _ in grid) for grid in region.crossing] == [[110, 330]]
