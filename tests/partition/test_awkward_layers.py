"""Layers that engines stumble over: other coordinate systems, none, missing columns; answered and never guessed."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import pytest
import shapely

from gridgis.errors import InvalidInput
from gridgis.geometry.crs import to_stored
from gridgis.partition import divide
from tests.partition.communities import (
    BOX,
    CODE,
    EAST,
    NEXT,
    NORTH,
    RULES,
    WORK,
    divided,
    layer,
    neighbours,
    village,
)


def test_layers_in_other_coordinate_systems_give_the_same_grids() -> None:
    given = village()
    assert given.sites is not None
    mixed = replace(given, buildings=to_stored(given.buildings), barriers=given.barriers.to_crs("EPSG:4546"), crs=WORK)
    same, other = divided(given), divided(mixed)
    assert other.grids["households"].tolist() == same.grids["households"].tolist()
    assert shapely.hausdorff_distance(same.base.geometry.iloc[0], other.base.geometry.iloc[0]) < 0.002


@pytest.mark.parametrize("name", ["buildings", "barriers", "compounds", "sites"])
def test_a_layer_without_crs_is_refused_by_name(name: str) -> None:
    given = village()
    bare = gpd.GeoDataFrame(getattr(given, name), crs=None).set_crs(None, allow_override=True)
    with pytest.raises(InvalidInput, match=name):
        divide(replace(given, crs=WORK, **{name: bare}), RULES)


def test_a_boundary_without_crs_is_refused() -> None:
    given = village()
    bare = given.buildings.set_crs(None, allow_override=True)
    with pytest.raises(InvalidInput, match="boundary"):
        divide(replace(given, buildings=bare), RULES)


@pytest.mark.parametrize(("name", "column"), [("buildings", "households"), ("barriers", "klass"), ("sites", "mode")])
def test_a_missing_column_is_refused_by_name(name: str, column: str) -> None:
    given = village()
    with pytest.raises(InvalidInput, match=column):
        divide(replace(given, **{name: getattr(given, name).drop(columns=column)}), RULES)


def test_rules_that_leave_out_a_community_are_refused() -> None:
    with pytest.raises(InvalidInput, match=NEXT):
        divide(neighbours(), {CODE: RULES})


def test_drawn_geometry_stands_where_it_was_drawn() -> None:
    plan = divide(village(), RULES)
    assert plan.base.total_bounds.tolist() == [EAST, NORTH, EAST + 360, NORTH + 300]
    assert layer({"id": [1]}, [BOX]).total_bounds.tolist() == plan.base.total_bounds.tolist()
