"""What a Python caller hands in wrongly is refused at the door, by name, in both languages and with the way out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from gridgis.checks import verify
from gridgis.errors import InvalidInput
from gridgis.geometry.crs import to_stored
from gridgis.model import Community, DivisionPlan
from gridgis.partition import divide
from tests.partition.communities import CODE, RULES, at, fingerprint, told, village


def with_building(place: shapely.Geometry, households: object = 4, **more: Any) -> Community:
    """Return the village, its first building moved to a place in lon/lat."""
    given = village()
    buildings = to_stored(given.buildings)
    buildings["households"] = buildings["households"].astype(object)
    buildings.loc[0, ["households", *more]] = [households, *more.values()]
    shapes = buildings.geometry.to_numpy().copy()
    shapes[0] = place
    return replace(given, buildings=buildings.set_geometry(gpd.GeoSeries(shapes, crs=buildings.crs)), crs=given.crs)


def stored(east: float, north: float) -> shapely.Point:
    point = gpd.GeoDataFrame(geometry=[at(shapely.Point(east, north))], crs=village().buildings.crs)
    return to_stored(point).geometry.iloc[0]


def refused(given: Community) -> InvalidInput:
    """Divide what must be refused, and return the error."""
    bare = replace(given, boundary=stored_boundary(given)) if given.crs is None else given
    with pytest.raises(InvalidInput) as caught:
        divide(bare, RULES)
    return caught.value


def stored_boundary(given: Community) -> Any:
    frame = gpd.GeoDataFrame(geometry=[given.boundary], crs=village().buildings.crs)
    return to_stored(frame).geometry.iloc[0]


@pytest.mark.parametrize(
    ("place", "zh", "en"),
    [
        (shapely.from_wkt("POINT (NaN 32)"), "有限", "not finite"),
        (shapely.Point(109.0, float("inf")), "有限", "not finite"),
        (shapely.Point(0, 0), "没有定位", "not located"),
        (shapely.Point(32.5, 111.0), "颠倒", "swapped"),
        (shapely.Point(500_000, 3_600_000), "标错", "beyond lon/lat"),
    ],
    ids=["NaN", "infinite", "zero", "swapped", "metres"],
)
def test_a_coordinate_that_is_none_is_refused_with_the_building(place: Any, zh: str, en: str) -> None:
    error = refused(with_building(place))
    assert zh in error.zh
    assert en in error.en
    assert ": id 1;" in error.en


def test_a_building_in_another_city_is_refused_by_name_with_the_way_out() -> None:
    error = refused(with_building(shapely.Point(116.4, 39.9)))
    assert "1 buildings are more than 1000 m from every community: 1; check their coordinates" in error.en


@pytest.mark.parametrize("metres", [1, 990])
def test_a_building_nearer_than_1_km_is_counted_in_the_nearest_community(metres: float) -> None:
    given = with_building(stored(-metres, 150))
    plan = divide(replace(given, boundary=stored_boundary(given)), RULES)
    assert "building 1 lies in no community" in told(plan, "outside")


def test_a_building_farther_than_1_km_is_refused() -> None:
    assert "1000 m" in refused(with_building(stored(-1010, 150))).en


@pytest.mark.parametrize("households", [100_001, 1_000_000_000, 1e18])
def test_an_absurd_count_of_households_is_refused_with_its_value(households: float) -> None:
    assert f"1: {households:.0f}" in refused(with_building(stored(20, 20), households)).en


def test_an_absurd_estimate_of_households_is_refused() -> None:
    error = refused(with_building(stored(20, 20).buffer(1e-4), None, storeys=1e6))
    assert "more than 100000 households" in error.en


def test_100_000_households_in_one_building_are_taken() -> None:
    given = with_building(stored(20, 20), 100_000)
    plan = divide(replace(given, boundary=stored_boundary(given)), RULES)
    assert plan.buildings["households"].max() == 100_000


@pytest.mark.parametrize("name", [None, "", "  ", float("nan")])
def test_a_community_without_name_is_refused_by_its_code(name: Any) -> None:
    error = refused(replace(village(), name=name, crs=village().buildings.crs))
    assert f"community {CODE} has no name" in error.en


@pytest.mark.parametrize("code", ["", " ", None])
def test_a_community_without_code_is_refused(code: Any) -> None:
    error = refused(replace(village(), code=code, crs=village().buildings.crs))
    assert "has no code" in error.en


def test_a_code_of_another_scheme_is_taken() -> None:
    assert divide(replace(village(), code="X-7"), RULES).grids["community"].unique().tolist() == ["X-7"]


def renamed(frame: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame | None:
    return None if frame is None else frame.rename_geometry("shape")


def test_the_geometry_column_may_have_any_name() -> None:
    given = village()
    layers = {k: renamed(getattr(given, k)) for k in ("buildings", "barriers", "compounds", "sites")}
    assert fingerprint(divide(replace(given, **layers), RULES)) == fingerprint(divide(given, RULES))


def test_a_second_geometry_column_is_left_aside() -> None:
    given = village()
    spare = given.buildings.assign(shape=given.buildings.geometry).set_geometry("shape")
    spare["geometry"] = at(shapely.Point(0, 0))
    assert fingerprint(divide(replace(given, buildings=spare), RULES)) == fingerprint(divide(given, RULES))


@pytest.mark.parametrize("wkt", ["POLYGON ((109 32, 109.1 NaN, 109.1 32.1, 109 32))", "POLYGON ((0 0, 1 0, 1 1, 0 0))"])
def test_a_boundary_that_is_not_located_is_refused_by_code(wkt: str) -> None:
    with np.errstate(invalid="ignore"):
        given = replace(village(), boundary=shapely.from_wkt(wkt), crs="EPSG:4490")
    with pytest.raises(InvalidInput, match=f"communities.*{CODE}"):
        divide(given, RULES)


@pytest.fixture(scope="module")
def plan() -> DivisionPlan:
    return divide(village(), RULES)


def test_the_previous_plan_may_be_handed_in_whole(plan: DivisionPlan) -> None:
    again = divide(village(), RULES, previous=plan)
    assert again.grids["previous"].tolist() == plan.grids["local_id"].tolist()


def test_a_previous_plan_that_is_no_table_of_grids_is_refused() -> None:
    with pytest.raises(InvalidInput, match="previous"):
        divide(village(), RULES, previous={"grids": 1})  # type: ignore[arg-type]


def test_a_plan_may_be_verified_whole_with_its_atoms(plan: DivisionPlan) -> None:
    whole = verify(plan, village(), RULES)
    assert whole.checked == verify(plan.grids, village(), RULES, atoms=plan.atoms, borders=plan.borders).checked
    assert whole.ok


@pytest.mark.parametrize("what", [None, "plan.gpkg", {"grids": 1}])
def test_what_is_neither_plan_nor_grids_is_not_verified(what: Any) -> None:
    with pytest.raises(InvalidInput, match="DivisionPlan"):
        verify(what, village(), RULES)


@pytest.mark.parametrize("what", [None, "town", [1]])
def test_grids_are_verified_against_communities_only(plan: DivisionPlan, what: Any) -> None:
    with pytest.raises(InvalidInput, match="Community"):
        verify(plan, what, RULES)


def test_a_community_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidInput, match="Community"):
        divide(village().buildings, RULES)  # type: ignore[arg-type]
