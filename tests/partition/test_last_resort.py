"""Ground outside the band is joined to a neighbour, but never so that what pins keep apart comes together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gridgis.model import Band, DivisionRules
from gridgis.partition.held import Held
from gridgis.partition.last_resort import join_leftovers
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
