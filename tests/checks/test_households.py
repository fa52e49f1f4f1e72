"""Buildings are counted anew, by the written rule alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely

from gridgis.checks import verify
from gridgis.errors import InvalidInput
from tests.checks.plans import EAST, EAST_CODE, NORTH, RULES, box, broken, make, short


def counted(**building: Any) -> int:
    """Return what one more building in a1 counts: the false count that the verifier measures."""
    row = {"id": "new", "households": None, "geometry": box(0.1, 0.1, 0.2, 0.1), **building}
    found = make(more_buildings=[row]).verify().violations
    mine = found[(found["rule"] == "households") & (found["grid"] == short("a1"))]
    return -int(mine["measure"].sum())


@pytest.mark.parametrize(
    ("building", "households"),
    [
        ({}, 6),  # 200 m2 x 3 storeys (default) / 100
        ({"storeys": 7}, 14),
        ({"storeys": 0}, 6),
        ({"use": "residential"}, 6),
        ({"use": "commercial"}, 0),
        ({"households": 9, "use": "commercial"}, 9),
        ({"households": 0}, 0),
        ({"geometry": box(0.1, 0.1, 0.02, 0.02)}, 1),
        ({"geometry": shapely.Point(EAST + 20, NORTH - 20)}, 1),
    ],
)
def test_missing_households_are_estimated_from_floor_area(building: dict[str, Any], households: int) -> None:
    assert counted(**building) == households


def test_an_estimate_on_the_cusp_may_be_rounded_either_way() -> None:
    row = {"id": "new", "households": None, "storeys": 1.25, "geometry": box(0.1, 0.1, 0.2, 0.1)}
    plan = make(more_buildings=[row])  # 2.5 households
    for said in (42, 43):
        one = plan.change(short("a1"), households=said).change(short("a"), households=said + 40)
        assert "households" not in broken(one.change(short("top"), households=said + 280).verify())


@pytest.mark.parametrize("wrong", [-1, 2.5, "many"])
def test_a_count_that_is_no_count_is_refused(wrong: object) -> None:
    with pytest.raises(InvalidInput, match="new"):
        counted(households=wrong)


def test_a_building_without_geometry_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no geometry"):
        counted(geometry=shapely.Polygon())


def test_buildings_without_id_are_refused() -> None:
    plan = make()
    with pytest.raises(InvalidInput, match="id"):
        plan.among(buildings=plan.community.buildings.drop(columns="id")).verify()


def test_a_building_outside_counts_in_the_nearest_grid_with_its_distance() -> None:
    row = {"id": "far", "households": 0, "geometry": box(-1, 0, 0.5, 0.5)}
    report = make(more_buildings=[row]).verify()
    assert report.exceptions[["rule", "grid"]].to_numpy().tolist() == [["households", short("a1")]]
    assert report.exceptions["measure"].iloc[0] == pytest.approx(75, abs=0.1)


def test_a_building_on_a_border_may_be_counted_on_either_side() -> None:
    plan = make()
    corner = shapely.get_coordinates(plan.shape(short("a1")))
    shared = corner[np.isclose(corner[:, 0], EAST + 200) & np.isclose(corner[:, 1], NORTH - 100)][0]
    row = {"id": "edge", "households": 1, "geometry": shapely.Point(shared)}
    plan = make(more_buildings=[row])
    more = {n: int(plan.grids.set_index("local_id").loc[n, "households"]) + 1 for n in map(short, ("b2", "b", "top"))}
    for name, n in more.items():
        plan = plan.change(name, households=n)
    assert "households" not in broken(plan.verify())


def test_copies_of_a_building_are_counted_once_and_reported() -> None:
    plan = make()
    b = plan.community.buildings
    report = plan.among(buildings=pd.concat([b, b.iloc[:1]], ignore_index=True)).verify()
    assert (report.ok, report.exceptions["measure"].tolist()) == (True, [1.0])


@pytest.mark.parametrize("other", [{"id": "another"}, {"households": 7}])
def test_a_building_on_the_same_ground_with_another_id_or_count_is_counted(other: dict[str, object]) -> None:
    plan = make()
    b = plan.community.buildings
    more = b.iloc[:1].assign(**other)
    found = plan.among(buildings=pd.concat([b, more], ignore_index=True)).verify().violations
    found = found[found["rule"] == "households"]
    assert set(found["measure"]) == {-float(more["households"].iloc[0])}


def test_a_building_counts_where_it_stands_whichever_community_lists_it() -> None:
    west, east = make(), make(code=EAST_CODE, shift=4)
    everything = pd.concat([west.community.buildings, east.community.buildings], ignore_index=True)
    grids = pd.concat([west.grids, east.grids], ignore_index=True)
    none = replace(east.community, buildings=everything.iloc[:0])
    assert verify(grids, [replace(west.community, buildings=everything), none], RULES).ok


def test_households_of_a_carved_site_count_in_level_1_alone() -> None:
    plan = make("""
    a1 a1 S b1 b1
    a2 a2 S b2 b2
    """)
    assert plan.grids.set_index("local_id").loc[short("top"), "households"] == 200
    assert plan.verify().ok
