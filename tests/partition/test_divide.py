"""What every division keeps: seamless and nested on the stored coordinates, the same again, and open to correction."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgis.errors import InvalidInput
from gridgis.geometry.crs import to_stored
from gridgis.model import ATOM_COLUMNS, BORDER_COLUMNS, BUILDING_COLUMNS, GRID_COLUMNS, DivisionPlan
from gridgis.partition import divide, plan_from_atoms
from tests.partition.communities import (
    BOX,
    CODE,
    ESTATE,
    NEXT,
    RIVER,
    RULES,
    WORK,
    at,
    community,
    divided,
    fingerprint,
    houses,
    line,
    neighbours,
    sound,
    village,
)

ROOT = Path(__file__).parents[2]
CLASSES = ("motorway", "railway", "primary", "secondary", "tertiary", "residential", "wall")


@pytest.fixture(scope="module")
def plan() -> DivisionPlan:
    return divided(neighbours())


# ------------------------------------------------------------------------------------------------------- the plan


def test_the_tables_have_their_columns(plan: DivisionPlan) -> None:
    found = [list(f.columns) for f in (plan.grids, plan.buildings, plan.borders, plan.atoms)]
    assert found == [list(GRID_COLUMNS), list(BUILDING_COLUMNS), list(BORDER_COLUMNS), list(ATOM_COLUMNS)]


def test_an_estate_within_the_limit_is_not_split(plan: DivisionPlan) -> None:
    home = plan.buildings[plan.buildings.representative_point().within(at(ESTATE))]
    assert home["level2"].nunique() == 1


def test_no_grid_lies_on_both_banks_away_from_the_bridge() -> None:
    plan = divided(village(barriers=[("river", RIVER), ("wall", line((0, 60), (360, 60)))], sites=None))
    level2 = plan.grids[(plan.grids["level"] == 2).fillna(False)]
    dry = shapely.difference(level2.geometry.to_numpy(), shapely.buffer(at(RIVER), 0.01))
    assert (shapely.get_num_geometries(dry) == 1).all()


def test_borders_tell_along_what_they_run(plan: DivisionPlan) -> None:
    bank = plan.borders[plan.borders["klass"] == "primary"]
    assert set(bank["name"]) == {"primary路"}
    assert (
        shapely.hausdorff_distance(
            shapely.union_all(bank[bank["level"] == 2].geometry.to_numpy()).centroid, at(shapely.Point(180, 150))
        )
        < 300
    )


def test_the_border_of_two_communities_is_of_level_1(plan: DivisionPlan) -> None:
    between = plan.borders[plan.borders["left"].str.startswith(CODE) & plan.borders["right"].str.startswith(NEXT)]
    assert set(between["level"]) == {1}
    assert between["length_m"].sum() == pytest.approx(300)


def test_the_border_of_two_carved_grids_is_of_level_2() -> None:
    sites = [("carve", shapely.box(10, 190, 70, 250)), ("carve", shapely.box(70, 190, 130, 250))]
    plan = divided(village(sites=sites, compounds=None))
    between = plan.borders[(plan.borders["left"] == f"{CODE}-D-01") & (plan.borders["right"] == f"{CODE}-D-02")]
    assert set(between["level"]) == {2}


@settings(max_examples=12, deadline=None)
@given(
    roads=st.lists(
        st.tuples(st.sampled_from(CLASSES), *[st.integers(-20, 380) for _ in range(4)]).filter(
            lambda r: r[1:3] != r[3:5]
        ),
        max_size=5,
    ),
    households=st.lists(st.integers(0, 9), min_size=20, max_size=60),
    seed=st.integers(0, 3),
)
def test_any_roads_and_households_give_a_sound_plan(
    roads: list[tuple[str, int, int, int, int]], households: list[int], seed: int
) -> None:
    rows = [(h, n) for (h, _), n in zip(houses(BOX, step=42), households, strict=False)]
    drawn = [(klass, line((a, b), (c, d))) for klass, a, b, c, d in roads]
    plan = divide(community(BOX, rows, [*drawn, ("river", RIVER)]), RULES, seed=seed)
    sound(plan)
    assert plan.buildings["households"].sum() == sum(households[: len(rows)])


def test_what_remains_of_a_merged_region_is_one_grid_only_where_it_hangs_together() -> None:
    """Two houses on the water and the bank: the rest of one crossing grid would lie in two places."""
    counts = [3, 2, 2, 0, 0, 0, 0, 8, 9, 7, 1, 0, 0, 0, 0, 2, 8, 4, 0, 0, 0, 3, 0, 4, 2, 0, 0, 0, 8, 8, 8, 9, 0, 0, 0]
    rows = [(h, n) for (h, _), n in zip(houses(BOX, step=42), [*counts, 8, 7, 8, 9, 0, 0], strict=False)]
    sound(divide(community(BOX, rows, [("river", RIVER)]), RULES))


# ---------------------------------------------------------------------------------------------------- determinism


def test_two_runs_are_identical(plan: DivisionPlan) -> None:
    assert fingerprint(divide(neighbours(), RULES)) == fingerprint(plan)


def test_the_order_of_the_communities_does_not_matter(plan: DivisionPlan) -> None:
    back = divide(neighbours()[::-1], RULES)
    assert sorted(shapely.to_wkb(back.grids.geometry)) == sorted(shapely.to_wkb(plan.grids.geometry))


def test_another_process_with_another_hash_seed_gives_the_same_plan(plan: DivisionPlan) -> None:
    code = (
        "from gridgis.partition import divide\n"
        "from tests.partition.communities import RULES, fingerprint, neighbours\n"
        "print(fingerprint(divide(neighbours(), RULES)))"
    )
    env = {**os.environ, "PYTHONHASHSEED": "77", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == fingerprint(plan)


# ------------------------------------------------------------------------------------------------------ correction


def moved(plan: DivisionPlan, level: int = 3) -> tuple[gpd.GeoDataFrame, str, str]:
    """Return the atoms with one of them given to a neighbouring grid: such that both stay in one piece."""
    atoms = plan.atoms.copy()
    leaf = atoms["local_id"].to_numpy()
    geoms = atoms.geometry.to_numpy()
    for border in plan.borders[plan.borders["level"] == level].itertuples():
        for a in np.flatnonzero((leaf == border.left) & (atoms["households"] > 0)):
            rest = geoms[(leaf == border.left) & (np.arange(len(leaf)) != a)]
            shared = geoms[a].boundary.intersection(border.geometry)
            if len(rest) and shared.length > 1 and shapely.coverage_union_all(rest).geom_type == "Polygon":
                atoms.loc[a, "local_id"] = border.right
                return atoms, str(border.left), str(border.right)
    raise AssertionError("no atom can move")


def test_atoms_that_nobody_edited_give_the_same_grids(plan: DivisionPlan) -> None:
    again = plan_from_atoms(plan, plan.atoms)
    assert fingerprint(again) == fingerprint(plan)


def test_atoms_may_come_back_in_stored_coordinates_and_any_order(plan: DivisionPlan) -> None:
    again = plan_from_atoms(plan, to_stored(plan.atoms).iloc[::-1])
    assert fingerprint(again) == fingerprint(plan)


def test_moving_an_atom_changes_only_the_grids_concerned(plan: DivisionPlan) -> None:
    atoms, left, right = moved(plan)
    again = plan_from_atoms(plan, atoms)
    same = shapely.to_wkb(again.grids.geometry) == shapely.to_wkb(plan.grids.geometry)
    assert set(plan.grids["local_id"][~same]) == {left, right}


def test_moving_an_atom_between_level_2_grids_keeps_the_plan_sound(plan: DivisionPlan) -> None:
    atoms, left, right = moved(plan, level=2)
    again = plan_from_atoms(plan, atoms)
    sound(again)
    assert (
        again.grids.set_index("local_id")["households"][right] > plan.grids.set_index("local_id")["households"][right]
    )
    assert left != right


def test_a_corrected_plan_still_names_the_grids_it_continues(plan: DivisionPlan) -> None:
    second = divide(neighbours(), RULES, previous=plan.grids)
    again = plan_from_atoms(second, moved(second)[0])
    assert again.grids["previous"].tolist() == second.grids["previous"].tolist()


@pytest.mark.parametrize("wrong", ["990001001001-4-01", "990001009999-2-01", f"{CODE}-1", "网格3", f"{CODE}-D-77"])
def test_a_local_id_that_cannot_be_is_refused_by_name(plan: DivisionPlan, wrong: str) -> None:
    atoms = plan.atoms.copy()
    atoms.loc[0, "local_id"] = wrong
    with pytest.raises(InvalidInput, match=wrong):
        plan_from_atoms(plan, atoms)


def test_a_missing_atom_is_refused_by_number(plan: DivisionPlan) -> None:
    with pytest.raises(InvalidInput, match=r"missing \[7\]"):
        plan_from_atoms(plan, plan.atoms[plan.atoms["atom"] != 7])


def test_an_unknown_atom_is_refused_by_number(plan: DivisionPlan) -> None:
    atoms = plan.atoms.copy()
    atoms.loc[0, "atom"] = 99_999
    with pytest.raises(InvalidInput, match="99999"):
        plan_from_atoms(plan, atoms)


def test_atoms_without_the_column_local_id_are_refused(plan: DivisionPlan) -> None:
    with pytest.raises(InvalidInput, match="local_id"):
        plan_from_atoms(plan, plan.atoms.drop(columns="local_id"))


def test_a_torn_grid_is_refused_by_name(plan: DivisionPlan) -> None:
    atoms = plan.atoms.copy()
    third = atoms[atoms["local_id"].str.startswith(f"{CODE}-3-")]
    near, far = third.iloc[0]["local_id"], third.geometry.distance(third.geometry.iloc[0]).idxmax()
    atoms.loc[far, "local_id"] = near
    with pytest.raises(InvalidInput, match="parts"):
        plan_from_atoms(plan, atoms)


# ------------------------------------------------------------------------------------------------------ continuity


def test_a_plan_of_the_same_ground_continues_every_grid(plan: DivisionPlan) -> None:
    again = divide(neighbours(), RULES, previous=to_stored(plan.grids))
    assert again.grids["previous"].tolist() == plan.grids["local_id"].tolist()


def test_a_grid_that_was_split_in_halves_is_continued_by_none(plan: DivisionPlan) -> None:
    whole = plan.grids.copy()
    top = whole[(whole["level"] == 1).fillna(False)].assign(level=2)
    again = divide(neighbours(), RULES, previous=top)
    of_two = again.grids[(again.grids["level"] == 2).fillna(False)]
    assert of_two["previous"].isna().all()


def test_codes_are_preferred_to_local_ids_of_the_plan_before(plan: DivisionPlan) -> None:
    coded = plan.grids.assign(code=[f"c{i}" for i in range(len(plan.grids))])
    assert divide(neighbours(), RULES, previous=coded).grids["previous"].tolist() == coded["code"].tolist()


def test_a_plan_before_without_levels_is_refused(plan: DivisionPlan) -> None:
    with pytest.raises(InvalidInput, match="level"):
        divide(neighbours(), RULES, previous=plan.grids.drop(columns="level"))


# ---------------------------------------------------------------------------------------------- alone, years later


def test_a_community_divided_again_alone_keeps_every_vertex_of_the_base(plan: DivisionPlan) -> None:
    old = plan.base.set_index("code").geometry
    alone = replace(neighbours()[1], boundary=old[NEXT], crs=plan.base.crs)
    new = divide(alone, RULES, seed=5, work_crs=str(plan.grids.crs)).base.geometry.iloc[0]
    before, after = (set(map(tuple, shapely.get_coordinates(g).tolist())) for g in (old[NEXT], new))
    assert before <= after
    assert shapely.distance(shapely.points(list(after)), old[NEXT].boundary).max() < 0.001


def test_the_work_crs_can_be_given() -> None:
    assert divide(village(), RULES, work_crs="EPSG:4546").grids.crs == "EPSG:4546"


def test_the_shipped_rules_are_chosen_by_the_code_and_reported() -> None:
    plan = divide(village(code="990001001201", sites=None))
    assert "rural-15-50 (chosen by the code)" in "\n".join(plan.report.rows["en"])
    assert plan.grids.crs == WORK
