"""Inputs that break engines: each gets an answer, a report row or a clear refusal, never a crash; verify agrees."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from gridgis.checks import verify
from gridgis.errors import InvalidInput
from gridgis.model import Community, DivisionPlan, DivisionRules
from gridgis.partition import divide
from tests.partition.communities import (
    BOX,
    CODE,
    ESTATE,
    NEXT,
    RIVER,
    RULES,
    SCHOOL,
    WORK,
    at,
    community,
    divided,
    fingerprint,
    flags,
    houses,
    line,
    neighbours,
    told,
    village,
)

URBAN = replace(DivisionRules.load("urban-300-500"), effort=6)


def level(plan: DivisionPlan, number: int) -> gpd.GeoDataFrame:
    return plan.grids[(plan.grids["level"] == number).fillna(False).to_numpy(dtype=bool)]


def flagged(plan: DivisionPlan, flag: str) -> gpd.GeoDataFrame:
    return plan.grids[[flag in f.split(",") for f in plan.grids["flags"]]]


# ------------------------------------------------------------------------------------------------------- barriers


def test_open_roads_are_reported_with_their_length() -> None:
    plan = divided(village(barriers=[("residential", line((20, 20), (100, 20)))]))
    assert "1 ends of roads (80 m) are open" in told(plan, "open road")


def test_a_community_without_barriers_is_divided() -> None:
    plan = divided(village(barriers=[]))
    assert len(level(plan, 2)) >= 4


def test_an_empty_barrier_layer_needs_neither_columns_nor_crs() -> None:
    plan = divide(replace(village(), barriers=gpd.GeoDataFrame(geometry=[])), RULES)
    assert set(plan.borders["klass"]) <= {"", "wall"}


def test_a_barrier_without_geometry_is_reported() -> None:
    given = village()
    given.barriers.loc[0, "geometry"] = None
    assert "1 rows of barriers have no geometry" in told(divide(given, RULES), "empty")


def test_an_unknown_barrier_class_is_refused_with_its_name() -> None:
    with pytest.raises(InvalidInput, match="footpath"):
        divide(village(barriers=[("footpath", line((0, 60), (360, 60)))]), RULES)


def test_a_wall_inside_a_block_is_followed_or_left_but_never_breaks_a_building() -> None:
    ring = shapely.Polygon([(100, 190), (150, 190), (150, 240), (100, 240)]).exterior
    plan = divided(village(barriers=[("wall", ring), ("wall", line((20, 20), (20, 100)))]))
    assert len(plan.buildings) == len(village().buildings)


def test_a_river_without_a_bridge_parts_the_grids_of_both_banks() -> None:
    wide = shapely.box(-5, 140, 365, 160)
    plan = divided(village(barriers=[("river", wide)], sites=None))
    south, north = at(shapely.box(0, 0, 360, 140)), at(shapely.box(0, 160, 360, 300))
    small = shapely.buffer(level(plan, 2).geometry.to_numpy(), -0.01)
    assert not (shapely.intersects(small, south) & shapely.intersects(small, north)).any()


def test_an_island_in_the_water_is_flagged_and_no_fault() -> None:
    moat = shapely.Polygon(shapely.box(100, 100, 200, 200).exterior, [shapely.box(120, 120, 180, 180).exterior])
    plan = divided(village(barriers=[("river", moat)], compounds=None, sites=None))
    lonely = flagged(plan, "island")
    assert list(lonely["level"]) == [2]
    assert lonely.geometry.iloc[0].intersects(at(shapely.Point(150, 150)))


def test_the_bank_of_a_river_is_no_island() -> None:
    plan = divided(village(barriers=[("river", shapely.box(-5, 31, 365, 60))], compounds=None, sites=None))
    assert flagged(plan, "island").empty


# ------------------------------------------------------------------------------------------------------ boundaries


def test_the_part_of_a_community_that_lies_apart_is_flagged_as_an_enclave() -> None:
    far = shapely.box(900, 0, 960, 60)
    plan = divided(community(shapely.MultiPolygon([BOX, far]), [*houses(BOX), *houses(far)]))
    enclave = flagged(plan, "enclave")
    assert [(int(n), h) for n, h in zip(enclave["level"], enclave["households"], strict=True)] == [(2, 16)]


def test_a_large_detached_part_is_divided_without_a_flag() -> None:
    far = shapely.box(900, 0, 1200, 300)
    plan = divided(community(shapely.MultiPolygon([BOX, far]), [*houses(BOX), *houses(far)]))
    assert flagged(plan, "enclave").empty


def test_a_boundary_with_a_hole_keeps_the_hole() -> None:
    ring = shapely.Polygon(BOX.exterior, [shapely.box(100, 100, 200, 200).exterior])
    plan = divided(community(ring, houses(ring)))
    assert not plan.grids.intersects(at(shapely.Point(150, 150))).any()


def test_a_self_crossing_boundary_is_mended_and_reported() -> None:
    bow = shapely.Polygon([(0, 0), (300, 300), (300, 0), (0, 300)])
    plan = divided(community(bow, houses(shapely.make_valid(bow))))
    assert "Self-intersection" in told(plan, "valid")


def test_an_empty_boundary_is_refused_with_the_code() -> None:
    with pytest.raises(InvalidInput, match=CODE):
        divide(community(shapely.Polygon(), houses(BOX)), RULES)


def test_metres_given_as_degrees_are_refused_with_the_crs() -> None:
    with pytest.raises(InvalidInput, match="EPSG:4490"):
        divide(replace(village(), crs="EPSG:4490"), RULES)


def test_communities_that_overlap_are_reported_and_the_lower_code_keeps_the_ground() -> None:
    east = shapely.box(350, 0, 600, 300)
    plan = divide([village(), community(east, houses(east), code=NEXT, first_id=9001)], RULES)
    assert "overlap by 3000.000 m2" in told(plan, "overlap")
    assert plan.base.area.tolist() == pytest.approx([360 * 300, 240 * 300])


def test_one_code_for_two_communities_is_refused() -> None:
    with pytest.raises(InvalidInput, match=CODE):
        divide([village(), village()], RULES)


def test_no_community_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no community"):
        divide([], RULES)


# ------------------------------------------------------------------------------------------------------- buildings


def test_no_buildings_at_all_gives_one_grid_without_households() -> None:
    plan = divided(village(buildings=[], sites=None))
    assert flags(plan) == {"no_households"}
    assert level(plan, 1)["households"].tolist() == [0]


def test_an_empty_building_layer_needs_neither_columns_nor_crs() -> None:
    bare = replace(village(sites=None), buildings=gpd.GeoDataFrame(geometry=[]), crs=WORK)
    assert len(level(divide(bare, RULES), 1)) == 1


def test_buildings_on_the_very_same_ground_are_all_counted_and_reported() -> None:
    once = houses(BOX)
    plan = divided(village(buildings=[*once, once[0], (once[5][0], 7)], compounds=None, sites=None))
    assert "2 buildings have the very geometry" in told(plan, "same ground")
    assert plan.buildings["households"].sum() == 4 * len(once) + 4 + 7


def test_address_points_on_one_spot_share_a_grid() -> None:
    spots = [(shapely.Point(x, y), n) for x in range(30, 360, 30) for y in (40, 120, 200, 260) for n in (3, 2)]
    plan = divided(community(BOX, spots))
    x, y = plan.buildings.geometry.x, plan.buildings.geometry.y
    assert plan.buildings["households"].sum() == 5 * 44
    assert (plan.buildings.groupby([x, y])["level3"].nunique() == 1).all()


def test_a_stack_of_buildings_above_the_limit_is_a_grid_of_its_own() -> None:
    tower = shapely.box(150, 200, 165, 215)
    given = community(BOX, [*houses(BOX, 4, without=[tower]), (tower, 12), (tower, 13)])
    assert 25 in flagged(divided(given), "single_building")["households"].tolist()


def test_a_building_whose_copy_has_another_count_is_refused_with_the_id() -> None:
    given = village(sites=None)
    twice = pd.concat([given.buildings, given.buildings.iloc[[3]].assign(households=9)], ignore_index=True)
    with pytest.raises(InvalidInput, match=r"different geometry or households: \['4'\]"):
        divide(replace(given, buildings=twice), RULES)


def test_a_building_listed_twice_with_its_id_is_counted_once_and_reported() -> None:
    given = village(sites=None)
    twice = pd.concat([given.buildings, given.buildings.iloc[[3]]], ignore_index=True)
    plan = divide(replace(given, buildings=twice), RULES)
    assert len(plan.buildings) == len(given.buildings)
    assert "'4'" in told(plan, "duplicate")


def test_one_id_for_two_buildings_is_refused_with_the_id() -> None:
    given = village()
    given.buildings.loc[1, "id"] = 1
    with pytest.raises(InvalidInput, match="'1'"):
        divide(given, RULES)


@pytest.mark.parametrize("value", [-3, "many", 2.5, np.inf])
def test_households_that_are_no_count_are_refused_with_the_value(value: object) -> None:
    given = village()
    given.buildings["households"] = given.buildings["households"].astype(object)
    given.buildings.loc[2, "households"] = value
    with pytest.raises(InvalidInput, match=str(value)):
        divide(given, RULES)


def test_missing_households_are_estimated_and_reported() -> None:
    plan = divided(village(buildings=[*houses(BOX), (shapely.box(20, 2, 30, 6), None)], compounds=None, sites=None))
    assert "1 buildings lack a count; 1 households are estimated" in told(plan, "estimated")


def test_a_building_on_the_border_of_the_community_belongs_to_it() -> None:
    plan = divided(village(buildings=[*houses(BOX), (shapely.box(350, 20, 372, 28), 4)], compounds=None, sites=None))
    assert plan.buildings["level3"].notna().all()


def test_a_building_outside_is_counted_in_the_nearest_community_and_reported() -> None:
    plan = divided(village(buildings=[*houses(BOX), (shapely.box(400, 20, 410, 28), 4)], compounds=None, sites=None))
    assert "lies in no community" in told(plan, "outside")


def test_a_building_without_geometry_is_refused_with_its_id() -> None:
    given = village()
    given.buildings.loc[6, "geometry"] = None
    with pytest.raises(InvalidInput, match="'7'"):
        divide(given, RULES)


def test_houses_on_the_water_belong_to_a_bank() -> None:
    on_piles = [(shapely.box(30, 145, 40, 150), 4), (shapely.box(300, 150, 310, 155), 4)]
    plan = divided(village(buildings=[*houses(BOX, without=[RIVER, SCHOOL]), *on_piles]))
    assert plan.buildings["level3"].notna().all()


def test_the_geometry_column_may_have_any_name() -> None:
    given = village()
    plan = divide(replace(given, buildings=given.buildings.rename_geometry("the_geom")), RULES)
    assert fingerprint(plan) == fingerprint(divide(given, RULES))


def test_buildings_may_be_points() -> None:
    given = village(sites=None)
    points = given.buildings.set_geometry(given.buildings.representative_point())
    plan = divide(replace(given, buildings=points), RULES)
    assert plan.buildings["level3"].notna().all()


def test_a_tower_of_72_is_a_grid_of_its_own() -> None:
    tower = (shapely.box(150, 200, 165, 215), 72)
    plan = divided(
        community(BOX, [*houses(BOX, 4, without=[tower[0]]), tower], [("primary", line((0, 100), (360, 100)))]), URBAN
    )
    assert flagged(plan, "single_building")["households"].tolist() == [72]


def test_a_community_of_550_is_one_or_two_grids_and_told_to_be_impossible() -> None:
    plan = divided(community(BOX, houses(BOX, 5)[:110]), URBAN)
    assert set(flagged(plan, "band_impossible")["level"]) == {2}
    assert "no number of parts fits (proven)" in told(plan, "level2 band")


def test_a_community_below_the_band_is_one_grid_and_no_fault() -> None:
    plan = divided(community(BOX, houses(BOX, 2)), URBAN)
    assert flagged(plan, "below_band")["households"].tolist() == [len(houses(BOX)) * 2]


# ------------------------------------------------------------------------------------------------------- compounds


def estate_of_620(outside: int) -> Community:
    """Return a community of an estate of 620 households and 90 houses around it."""
    estate = shapely.box(0, 0, 180, 150)
    inside = [*houses(estate, 20)[:-1], (shapely.box(160, 130, 170, 140), 40)]
    return community(BOX, [*inside, *houses(BOX, outside, without=[estate])], compounds=[estate])


def test_a_compound_of_620_is_split_inside_itself_only() -> None:
    plan = divided(estate_of_620(outside=7), URBAN)
    of_estate = plan.buildings["id"] <= 30
    assert plan.buildings.loc[of_estate, "households"].sum() == 620
    assert not set(plan.buildings.loc[of_estate, "level2"]) & set(plan.buildings.loc[~of_estate, "level2"])


def test_what_a_compound_of_620_must_share_with_540_beside_it_is_told() -> None:
    """No number of grids holds 540: some must join those of the estate, and the verifier says which grid."""
    given = estate_of_620(outside=6)
    plan = divided(given, URBAN)
    told_so = verify(plan, given, URBAN).exceptions
    assert all(n in URBAN.level2 for n in level(plan, 2)["households"])
    assert "the level-2 grid mixes the oversize compound C0" in told_so["why"].str.cat()


def test_overlapping_compounds_are_reported() -> None:
    plan = divided(village(compounds=[ESTATE, shapely.box(250, 240, 330, 280)], sites=None))
    assert "C0" in told(plan, "overlap")
    assert "600.0 m2" in told(plan, "overlap")


def test_compounds_may_be_missing() -> None:
    assert divided(village(compounds=None)).buildings["level2"].notna().any()


# ----------------------------------------------------------------------------------------------------------- sites


def test_a_site_over_the_whole_community_leaves_nothing_to_divide() -> None:
    plan = divided(village(sites=[("carve", shapely.box(-5, -5, 365, 305))], compounds=None))
    assert level(plan, 2).empty
    assert plan.grids.loc[plan.grids["mode"] == "carve", "households"].sum() == plan.buildings["households"].sum()


def test_carved_sites_that_overlap_are_disjoint_and_reported() -> None:
    plan = divided(village(sites=[("carve", SCHOOL), ("carve", shapely.box(40, 220, 130, 280))], compounds=None))
    assert "S0" in told(plan, "overlap")
    assert (plan.grids["mode"] == "carve").sum() == 2


def test_overlays_that_overlap_are_disjoint_and_the_smaller_has_the_ground() -> None:
    small, large = shapely.box(40, 40, 80, 80), shapely.box(60, 60, 160, 160)
    plan = divided(village(sites=[("overlay", large), ("overlay", small)]))
    overlay = plan.grids[plan.grids["mode"] == "overlay"].set_index("site_id")
    assert overlay.area["S1"] == pytest.approx(1600)
    assert "S1" in told(plan, "overlap")


def test_a_site_over_two_communities_is_one_grid_in_each() -> None:
    given = neighbours()
    sites = village(
        sites=[("overlay", shapely.box(340, 100, 380, 140)), ("carve", shapely.box(330, 200, 390, 260))]
    ).sites
    plan = divided([replace(c, sites=sites) for c in given])
    parts = plan.grids[plan.grids["kind"] == "dedicated"].groupby("site_id")["community"].agg(sorted)
    assert parts.to_dict() == {"S0": [CODE, NEXT], "S1": [CODE, NEXT]}


@pytest.mark.parametrize("mode", ["carve", "overlay"])
def test_a_site_outside_of_all_communities_is_reported(mode: str) -> None:
    plan = divided(village(sites=[(mode, shapely.box(900, 900, 950, 950))]))
    assert "site S0 lies in no community" in told(plan, "no ground")


def test_a_site_of_unknown_mode_is_refused_with_the_value() -> None:
    with pytest.raises(InvalidInput, match="cut out"):
        divide(village(sites=[("cut out", SCHOOL)]), RULES)
