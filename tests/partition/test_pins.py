"""A planner's pins: obeyed by the division, as the verifier sees it, or refused by number and with the reason."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

from gridgis.checks import verify
from gridgis.errors import InvalidInput
from gridgis.geometry.crs import to_stored
from gridgis.model import Community, DivisionPlan, Pin
from gridgis.partition import divide, plan_from_atoms
from tests.partition.communities import (
    BOX,
    ESTATE,
    RIVER,
    RULES,
    SCHOOL,
    WORK,
    at,
    community,
    fingerprint,
    houses,
    line,
    neighbours,
    sound,
    told,
    village,
)

WAY = line((120, 0), (120, 60))
"""Between two rows of houses of the village, from its boundary to its secondary road."""


def drawn(*shapes: BaseGeometry) -> BaseGeometry:
    """Return a drawing as a border in stored coordinates."""
    (stored,) = to_stored(gpd.GeoDataFrame(geometry=[shapely.union_all([at(g) for g in shapes])], crs=WORK)).geometry
    return stored


def pin(kind: str, *members: object, row: int = 1, level: int = 2, **more: Any) -> Pin:
    return Pin(row, kind, level, tuple(str(m) for m in members), **more)


def pinned(ground: Community | list[Community], *pins: Pin, **options: Any) -> DivisionPlan:
    """Divide by pins; the verifier finds each of them, and all other rules, obeyed."""
    plan = divide(ground, RULES, pins=pins, **options)
    sound(plan)
    report = verify(plan, ground, RULES)
    assert report.ok, report.violations.to_string()
    assert report.checked["pins"] == len(pins)
    assert f"all {len(pins)} pins are obeyed" in told(plan, "obeyed")
    return plan


def grids(plan: DivisionPlan, level: int) -> dict[str, str]:
    """Return the grid of each building."""
    return dict(zip(plan.buildings["id"].astype(str), plan.buildings[f"level{level}"], strict=True))


@pytest.fixture(scope="module")
def plain() -> DivisionPlan:
    return divide(village(), RULES)


def pair(plan: DivisionPlan, level: int, same: bool) -> tuple[str, str]:
    """Return two buildings nearest to each other that are in one grid of a level, or in two of one parent."""
    b = plan.buildings[plan.buildings["level3"].notna()]
    xy = shapely.get_coordinates(shapely.centroid(b.geometry.to_numpy()))
    own, parent = b[f"level{level}"].to_numpy(), b["level2" if level == 3 else "community"].to_numpy()
    away = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
    fits = ((own[:, None] == own[None]) == same) & (parent[:, None] == parent[None])
    np.fill_diagonal(fits, False)
    i, j = np.unravel_index(np.where(fits, away, np.inf).argmin(), away.shape)
    return str(b["id"].iloc[i]), str(b["id"].iloc[j])


# -------------------------------------------------------------------------------------------------------- obeyed


@pytest.mark.parametrize("level", [2, 3])
def test_what_was_in_two_grids_is_together(plain: DivisionPlan, level: int) -> None:
    one, other = pair(plain, level, same=False)
    grid = grids(pinned(village(), pin("together", one, other, level=level)), level)
    assert grid[one] == grid[other]


@pytest.mark.parametrize("level", [2, 3])
def test_what_was_in_one_grid_is_apart(plain: DivisionPlan, level: int) -> None:
    one, other = pair(plain, level, same=True)
    grid = grids(pinned(village(), pin("apart", one, other, level=level)), level)
    assert grid[one] != grid[other]


def test_members_that_do_not_touch_are_joined_over_the_ground_between() -> None:
    plan = pinned(village(), pin("together", 1, 4))
    grid = grids(plan, 2)
    assert grid["1"] == grid["4"]


def test_a_way_over_a_main_road_is_reported_with_its_pin(plain: DivisionPlan) -> None:
    middle = at(line((0, 15), (360, 15)))
    row = [str(i) for i, g in zip(plain.buildings["id"], plain.buildings.geometry, strict=True) if g.intersects(middle)]
    x = plain.buildings.set_index(plain.buildings["id"].astype(str)).centroid.x
    west, east = (
        max((i for i in row if x[i] < 500_180), key=lambda i: x[i]),
        min((i for i in row if x[i] > 500_180), key=lambda i: x[i]),
    )
    plan = pinned(village(), pin("together", west, east, row=4))
    assert "by a pin (of 4) grids cross a STRONG barrier" in told(plan, "crosses strong barrier")
    assert "the reason is a pin" in told(plan, "crosses strong barrier")


def test_a_way_over_the_river_takes_the_ground_at_both_ends_of_the_bridge() -> None:
    pinned(village(), pin("together", 62, 63), pin("together", 77, 78, row=2), pin("apart", 31, 32, row=3))
    pinned(village(), pin("together", "C0", 32, 60))


def test_an_estate_is_a_member_by_its_id() -> None:
    plan = pinned(village(), pin("together", "C0", 54, row=1), pin("apart", "compound:C0", "building:1", row=2))
    inside = {
        str(i) for i, g in zip(plan.buildings["id"], plan.buildings.centroid, strict=True) if at(ESTATE).contains(g)
    }
    assert len({grids(plan, 2)[i] for i in inside}) == 1


def test_rows_of_one_name_are_together_and_of_two_names_apart() -> None:
    rows = [pin("grid", 1, row=1, grid="甲"), pin("grid", 2, row=2, grid="乙"), pin("grid", 8, row=3, grid="甲")]
    grid = grids(pinned(village(), *rows), 2)
    assert grid["1"] == grid["8"] != grid["2"]


def test_a_drawn_border_is_kept() -> None:
    plan = pinned(village(), pin("border", line=drawn(WAY)))
    xy = plan.buildings.set_index(plan.buildings["id"].astype(str)).centroid
    grid = grids(plan, 2)
    south = {i for i, p in xy.items() if p.y < 3_600_060 and p.x < 500_180}
    west = {grid[i] for i in south if xy[i].x < 500_120}
    assert not west & {grid[i] for i in south if 500_120 < xy[i].x < 500_150}


def test_a_border_may_hang_over_and_is_reported() -> None:
    plan = pinned(village(), pin("border", line=drawn(line((122, -9), (122, 72)))))
    assert "12.0 m at the ends of the line are no border" in told(plan, "free end")


def test_an_end_that_is_a_little_short_is_led_to_the_line_there() -> None:
    plan = pinned(village(), pin("border", line=drawn(line((122, 4), (122, 57)))))
    assert "pin 1: an end that was 7.00 m short" in told(plan, "led on")
    with pytest.raises(InvalidInput, match="close no block"):
        divide(village(), RULES, pins=[pin("border", line=drawn(line((122, 0), (122, 53))))])


def test_a_border_may_follow_a_road_and_cross_the_river() -> None:
    pinned(village(), pin("border", line=drawn(line((180, 0), (180, 300)))))


def test_pins_stay_with_a_plan_that_is_corrected_by_hand(plain: DivisionPlan) -> None:
    one, other = pair(plain, 3, same=False)
    plan = pinned(village(), pin("apart", one, other, level=3))
    assert verify(plan_from_atoms(plan, plan.atoms), village(), RULES).ok
    grid = grids(plan, 3)
    merged = plan.atoms.assign(local_id=plan.atoms["local_id"].replace(grid[one], grid[other]))
    report = verify(plan_from_atoms(plan, merged), village(), RULES)
    assert "pins" in set(report.violations["rule"])


def test_a_building_moves_to_a_grid_of_the_earlier_plan(plain: DivisionPlan) -> None:
    one, other = pair(plain, 2, same=False)
    wanted = grids(plain, 2)[other]
    plan = pinned(village(), pin("grid", one, grid=wanted), previous=plain)
    by_id = plan.grids.set_index("local_id")
    assert by_id.loc[grids(plan, 2)[one], "previous"] == wanted


@pytest.mark.parametrize("level", [2, 3])
@pytest.mark.parametrize("kind", ["together", "apart", "border"])
def test_pins_open_only_what_they_must_of_an_earlier_plan(plain: DivisionPlan, kind: str, level: int) -> None:
    members = () if kind == "border" else pair(plain, level, same=kind == "apart")
    asked = pin(kind, *members, level=level, line=drawn(line((122, 0), (122, 60))) if kind == "border" else None)
    plan = pinned(village(), asked, previous=plain)
    before, after = grids(plain, level), grids(plan, level)
    continued = dict(zip(plan.grids["local_id"], plan.grids["previous"], strict=True))
    moved = sum(continued.get(str(after[i])) != before[i] for i in before)
    assert moved <= len(before) // 4


def test_pins_of_one_community_leave_another_as_it_is() -> None:
    both = neighbours()
    before, after = divide(both, RULES), pinned(both, pin("apart", 1, 2))
    east = [p.grids[p.grids["community"] == both[1].code] for p in (before, after)]
    assert shapely.equals_exact(*(shapely.normalize(g.geometry.to_numpy()) for g in east), 0).all()


def test_the_same_pins_give_the_same_plan() -> None:
    asked = (pin("together", 1, 10), pin("apart", 2, 3, row=2, level=3), pin("border", row=3, line=drawn(WAY)))
    assert fingerprint(pinned(village(), *asked)) == fingerprint(pinned(village(), *asked, processes=2))


def test_a_region_that_must_hold_two_grids_is_joined_with_its_neighbour() -> None:
    """The west holds 80 households between railway and boundary: one grid, but its ends are pinned apart."""
    ground = community(BOX, [*houses(shapely.box(0, 0, 120, 300), 2), *houses(shapely.box(120, 0, 360, 300))],
                       [("railway", line((120, -10), (120, 310)))])  # fmt: skip
    plan = pinned(ground, pin("apart", 1, 10))
    assert grids(plan, 2)["1"] != grids(plan, 2)["10"]
    assert "the reason is a pin" in told(plan, "crosses strong barrier")


# ------------------------------------------------------------------------------------------------------- refused

IN_ESTATE = [54, 55]
REFUSED = [
    ([pin("together", 1, 2), pin("together", 2, 3)], "pin 1: the number is given twice"),
    ([pin("near", 1, 2)], "kind 'near'"),
    ([pin("together", 1, 2, level=1)], "level 1: unknown"),
    ([pin("together")], "takes \\['members'\\], not \\[\\]"),
    ([pin("together", 1, 2, grid="甲")], "takes \\['members'\\], not \\['grid', 'members'\\]"),
    ([pin("apart", 1)], "two members or more"),
    ([pin("border")], "takes \\['geometry'\\]"),
    ([pin("together", 1, 999)], "no building or estate with the id 999"),
    ([pin("together", "compound:1", 2)], "no building or estate with the id compound:1"),
    ([pin("together", 1, 2), pin("apart", 2, 1, row=2)], "pin 1, 2: must be in one level-2 grid and also apart"),
    ([pin("together", 1, 2, level=3), pin("apart", 2, 1, row=2)], "pin 1, 2: must be in one level-2 grid"),
    ([pin("grid", 1, grid="a"), pin("grid", 1, row=2, grid="b")], "pin 1, 2: .* given to two grids: a, b"),
    (
        [pin("grid", 1, grid="a"), pin("grid", 2, row=2, grid="b"), pin("together", 1, 2, row=3)],
        "pin 1, 2, 3: .* given to two grids",
    ),
    ([pin("together", *range(1, 30))], "holds 116 households, more than the 100"),
    ([pin("together", *range(1, 7), level=3)], "holds 24 households, more than the 20 of a level-3"),
    ([pin("together", 1, 97, level=3)], "they hold at least \\d+ households"),
    ([pin("apart", *IN_ESTATE)], "would split an estate of 36 households: up to 100"),
    ([pin("border", line=drawn(line((240, 160), (240, 300))))], "the border runs through an estate of 36 households"),
    ([pin("apart", "C0", IN_ESTATE[0])], "stand on one spot"),
    ([pin("border", line=drawn(line((135, 0), (135, 60))))], "runs through the buildings 31, 32"),
    ([pin("border", line=drawn(line((900, 0), (900, 60))))], "lies in no community"),
    ([pin("border", line=drawn(line((302, 2), (328, 2), (328, 28), (302, 28))))], "close no block"),
    (
        [pin("border", line=drawn(line((30, 0), (30, 60), (0, 60))))],
        "cuts off 8 households, which no number of grids of 60-100",
    ),
    ([pin("apart", *range(1, 9))], "8 level-2 grids are needed, 480 households at least; the community has 408"),
    (
        [pin("together", 1, row=7), pin("grid", 5, row=8, grid="990001001001-2-01")],
        "pin 8: there is no earlier level-2",
    ),
]


@pytest.mark.parametrize(("asked", "said"), REFUSED, ids=[s for _, s in REFUSED])
def test_what_cannot_be_obeyed_is_refused_with_the_reason(asked: list[Pin], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        divide(village(), RULES, pins=asked)


def test_members_on_a_carved_site_are_refused() -> None:
    ground = village(buildings=houses(BOX, without=[RIVER]))
    inside = [
        i for i, g in zip(ground.buildings["id"], ground.buildings.geometry, strict=True) if at(SCHOOL).contains(g)
    ]
    with pytest.raises(InvalidInput, match="carved site S0"):
        divide(ground, RULES, pins=[pin("together", inside[0], 1)])


def test_members_in_two_communities_are_refused() -> None:
    with pytest.raises(InvalidInput, match="柳荫社区, 梧桐社区; no grid reaches over two"):
        divide(neighbours(), RULES, pins=[pin("together", 1, 9001)])


def test_an_id_of_a_building_and_an_estate_is_refused_unless_it_says_which() -> None:
    ground = village()
    assert ground.compounds is not None
    ground = replace(ground, compounds=ground.compounds.assign(id=["1"]))
    with pytest.raises(InvalidInput, match="write building:1 or compound:1"):
        divide(ground, RULES, pins=[pin("together", 1, 2)])
    pinned(ground, pin("together", "building:1", 2), pin("apart", "compound:1", 2, row=2))


def test_an_estate_above_the_limit_takes_in_nothing_from_outside() -> None:
    estate = shapely.box(0, 0, 180, 150)
    ground = community(BOX, [*houses(estate, 6), *houses(BOX, 4, without=[estate])], compounds=[estate])
    with pytest.raises(InvalidInput, match="an estate above 100 households is cut inside itself only"):
        divide(ground, RULES, pins=[pin("together", 5, 31)])


def test_an_estate_without_buildings_is_refused() -> None:
    ground = village(compounds=[ESTATE, shapely.box(100, 180, 101, 181)])
    with pytest.raises(InvalidInput, match="no building in the estate C1"):
        divide(ground, RULES, pins=[pin("together", "C1", 1)])


def test_islands_cannot_be_joined() -> None:
    ground = village(barriers=[("river", shapely.box(-5, 140, 365, 160))], compounds=None, sites=None)
    spots = ground.buildings.centroid.y - 3_600_000
    south, north = ground.buildings["id"][spots < 130].iloc[0], ground.buildings["id"][spots > 170].iloc[0]
    with pytest.raises(InvalidInput, match="no contiguous ground joins the members"):
        divide(ground, RULES, pins=[pin("together", south, north)])


def test_buildings_on_one_spot_cannot_be_apart() -> None:
    base = houses(BOX, without=[RIVER, SCHOOL])
    with pytest.raises(InvalidInput, match="stand on one spot"):
        divide(village(buildings=[*base, base[0]]), RULES, pins=[pin("apart", 1, len(base) + 1)])


# ------------------------------------------------------------------------------------------------------ any pins

MEMBER = st.one_of(st.integers(1, 102).map(str), st.just("C0"))
ASKED = st.one_of(
    st.builds(
        lambda m, lv: ("together", m, lv, None), st.lists(MEMBER, min_size=2, max_size=4), st.sampled_from([2, 3])
    ),
    st.builds(lambda m, lv: ("apart", m, lv, None), st.lists(MEMBER, min_size=2, max_size=3), st.sampled_from([2, 3])),
    st.builds(lambda m, n: ("grid", m, 2, n), st.lists(MEMBER, min_size=1, max_size=2), st.sampled_from(["甲", "乙"])),
)


@pytest.mark.heavy
@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(ASKED, min_size=1, max_size=5))
def test_any_pins_are_obeyed_or_refused_by_number(asked: list[tuple[str, list[str], int, str | None]]) -> None:
    pins = [Pin(n, kind, level, tuple(m), name) for n, (kind, m, level, name) in enumerate(asked, 1)]
    try:
        plan = divide(village(), RULES, pins=pins)
    except InvalidInput as refused:
        named = set(refused.fields["pins"])
    else:
        named = set()
    if named:
        assert named <= {p.row for p in pins}
        return
    sound(plan)
    report = verify(plan, village(), RULES)
    assert set(report.violations["rule"]) <= {"band-2", "band-3"}, report.violations.to_string()
