"""A boundary that crosses itself is repaired and reported, and its plan holds in stored coordinates."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import shapely

from gridgis.checks import verify
from gridgis.geometry.crs import to_stored
from gridgis.io import read_town
from gridgis.model import Community
from gridgis.partition import divide
from tests.partition.communities import told

TOWN = Path(__file__).parents[2] / "sample_shapes" / "town"


@pytest.fixture(scope="module")
def town() -> dict[str, Community]:
    return {c.code[-4:]: c for c in read_town(TOWN).to_communities()}


def crossed(given: Community, i: int, j: int) -> Community:
    """Exchange two vertices of the boundary."""
    xy = shapely.get_coordinates(given.boundary)
    xy[[i, j]] = xy[[j, i]]
    return replace(given, boundary=shapely.Polygon(xy))


@pytest.mark.parametrize(
    ("code", "i", "j", "seed"),
    [("1001", 3, 20, 0), ("1001", 3, 20, 7), ("1002", 30, 31, 0), ("1002", 1, 67, 1), ("1003", 72, 76, 2)],
)
def test_the_plan_of_a_boundary_that_crosses_itself_holds_in_stored_coordinates(
    town: dict[str, Community], code: str, i: int, j: int, seed: int
) -> None:
    given = crossed(town[code], i, j)
    plan = divide(given, seed=seed)
    assert "the boundary was invalid (Self-intersection" in told(plan, "valid")
    assert shapely.coverage_is_valid(to_stored(plan.atoms).geometry.to_numpy())
    assert verify(plan, given).violations.to_dict("records") == []
