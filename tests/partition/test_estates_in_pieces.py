"""An estate in pieces that do not touch is whole piece by piece, for the engine and the verifier alike."""

from __future__ import annotations

from dataclasses import replace

import pytest
import shapely

from gridgis.checks import verify
from tests.partition.communities import BOX, RIVER, RULES, at, divided, houses, village

FAR_APART = shapely.MultiPolygon([shapely.box(190, 190, 250, 250), shapely.box(10, 10, 70, 50)])
OVER_THE_RIVER = shapely.box(200, 70, 260, 240)
AROUND_A_SITE = shapely.box(5, 185, 172, 247)  # no house stands on its border


@pytest.mark.parametrize("estate", [FAR_APART, OVER_THE_RIVER, AROUND_A_SITE], ids=["parts", "river", "site"])
@pytest.mark.parametrize("seed", range(3))
def test_an_estate_in_pieces_divides_and_verifies(estate: shapely.Geometry, seed: int) -> None:
    divided(village(compounds=[estate]), seed=seed)


def test_a_piece_of_an_estate_is_not_split() -> None:
    given = village(compounds=[FAR_APART])
    plan = divided(given)
    for piece in FAR_APART.geoms:
        inside = plan.buildings.representative_point().within(at(piece))
        assert plan.buildings.loc[inside, "level2"].nunique() == 1


def test_a_community_without_barriers_is_verified() -> None:
    given = replace(village(barriers=(), buildings=houses(BOX, without=[RIVER])), barriers=None)
    plan = divided(given)
    assert verify(plan.grids, given, RULES).ok
