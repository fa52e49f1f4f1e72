"""Another count than households may be balanced; the band counts households all the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gridgis.errors import InvalidInput
from gridgis.model import Community
from gridgis.partition import divide
from tests.partition.communities import BOX, RULES, divided, houses, village

RESIDENTS = replace(RULES, balance_by="residents", balance_price=50.0)


def peopled(values: list[object] | None = None) -> Community:
    """Return the village with 1 resident to a household in the west, and 5 in the east."""
    given = village(buildings=houses(BOX), barriers=(), compounds=(), sites=())
    east = given.buildings.geometry.centroid.x > given.buildings.geometry.centroid.x.median()
    column = values if values is not None else np.where(east, 20, 4).tolist()
    return replace(given, buildings=given.buildings.assign(residents=column))


def spread(given: Community, by: str) -> float:
    plan = divided(given, replace(RESIDENTS, balance_by=by))
    people = given.buildings.set_index("id")["residents"]
    load = people.groupby(plan.buildings.set_index("id")["level2"]).sum()
    return float(load.max() - load.min())


def test_residents_are_spread_more_evenly_when_they_are_balanced() -> None:
    assert spread(peopled(), "residents") < spread(peopled(), "households")


def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(InvalidInput, match="'residents', a column that the buildings do not have"):
        divide(village(), RESIDENTS)


@pytest.mark.parametrize("wrong", [None, -1, "many"])
def test_a_value_that_is_no_count_is_refused(wrong: object) -> None:
    n = len(houses(BOX))
    with pytest.raises(InvalidInput, match="1 buildings have no, a negative or a wrong 'residents'"):
        divide(peopled([wrong, *[4] * (n - 1)]), RESIDENTS)
