"""Looking ahead from level 2 to level 3: never worse, always whole, and exact in the end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgis.geometry.arrays import Ints
from gridgis.model import Band, DivisionRules
from gridgis.partition.components import components
from gridgis.partition.graph import Contacts
from gridgis.partition.held import Held
from gridgis.partition.last_resort import outside
from gridgis.partition.levels import Cut, cut_level
from gridgis.partition.lookahead import look_ahead
from tests.partition.graphs import lattice

RULES = replace(DivisionRules.load("urban-300-500"), level2=Band(60, 100), level3=Band(10, 20), effort=6)


def wrong(c: Contacts, labels: Ints, level3: list[Cut]) -> tuple[int, int]:
    """Return the households outside the bands of level 2 and level 3; single buildings are no fault."""
    two = outside(np.bincount(labels, c.households).astype(np.int64), RULES.level2).sum()
    three = 0
    for label, cut in enumerate(level3):
        load = np.bincount(cut.labels, c.households[labels == label], len(cut.region_of)).astype(np.int64)
        counts = np.array([r.closed not in ("building", "empty") for r in cut.region_of])
        three += int(outside(load[counts], RULES.level3).sum())
    return int(two), three


def look(c: Contacts, labels: Ints, seed: int = 0) -> tuple[Ints, list[Cut], list[Cut]]:
    before = [cut_level(inner, RULES.level3, RULES, seed) for inner in c.split(labels, 3)]
    return *look_ahead(c, labels, before, RULES, seed), before


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(st.integers(0, 24), min_size=5, max_size=5), min_size=4, max_size=4), st.integers(1, 3))
def test_nothing_gets_worse_and_grids_stay_whole(households: list[list[int]], first: int) -> None:
    c = lattice(households, (), {})
    given = (np.arange(c.n) % 5 >= first).astype(np.int64)
    labels, level3, before = look(c, given)
    old, new = wrong(c, given, before), wrong(c, labels, level3)
    assert new[0] <= old[0]
    assert new[1] <= old[1]
    for label, cut in enumerate(level3):
        inside = np.flatnonzero(labels == label)
        assert len(inside) == len(cut.labels) > 0
        assert components(len(inside), c.take(inside).pairs).max() == 0


def test_what_pins_keep_apart_is_not_handed_over() -> None:
    c = lattice([[25, 8, 6, 12, 12], [25, 25, 12, 12, 12]], (), {})
    c = replace(c, held=Held(apart=np.array([[1, 2, 2], [1, 3, 2], [1, 7, 2], [1, 4, 2]], dtype=np.int64)))
    given = np.array([0, 0, 1, 1, 1, 0, 0, 1, 1, 1])
    labels, _, _ = look(c, given)
    assert all(labels[a] != labels[b] for a, b in c.apart)


def test_a_rest_that_level_3_cannot_group_is_handed_over() -> None:
    """Left: 8 houses beside a row of towers, too few for a grid; right: room for them."""
    c = lattice([[25, 8, 6, 12, 12], [25, 25, 12, 12, 12]], (), {})
    given = np.array([0, 0, 1, 1, 1, 0, 0, 1, 1, 1])
    labels, level3, before = look(c, given)
    assert wrong(c, given, before) == (0, 2)
    assert wrong(c, labels, level3) == (0, 0)


@pytest.mark.parametrize(
    "households",
    [
        pytest.param([[16, 16, 7, 3, 17, 13], [16, 16, 16, 3, 17, 47]], id="fetched"),
        pytest.param([[16, 18, 3, 14, 14, 14], [16, 16, 18, 14, 13, 13]], id="given"),
    ],
)
def test_a_house_goes_over_the_border_where_the_other_grid_has_no_room_for_the_rest(
    households: list[list[int]],
) -> None:
    """A house of 7 among 16s lacks 3, or one of 3 among 18s is too much; beside it level 2 is nearly full."""
    c = lattice(households, (), {})
    given = (np.arange(c.n) % 6 >= 3).astype(np.int64)
    labels, level3, before = look(c, given)
    assert wrong(c, given, before)[0] == 0
    assert wrong(c, given, before)[1] > 0
    assert wrong(c, labels, level3) == (0, 0)
    assert set(c.households[labels != given].tolist()) == {3}


def test_borders_stay_where_level_3_is_no_better_for_it() -> None:
    """All houses beside the 7 are too large for it, on both sides of the border."""
    c = lattice([[16, 16, 7, 17, 17], [16, 16, 16, 17, 17]], (), {})
    given = (np.arange(c.n) % 5 >= 3).astype(np.int64)
    labels, level3, before = look(c, given)
    assert wrong(c, given, before)[1] == 3
    assert labels.tolist() == given.tolist()
    assert [a.labels.tolist() for a in level3] == [b.labels.tolist() for b in before]
