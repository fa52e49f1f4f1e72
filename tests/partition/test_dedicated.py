"""Dedicated grids: sites that split what remains, and large sites that are divided inside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from gridgis.checks import verify
from gridgis.errors import InvalidInput
from gridgis.io import read_communities, read_plan, write_plan
from gridgis.model import Community, DivisionPlan, DivisionRules
from gridgis.partition import divide, plan_from_atoms
from gridgis.partition.sites.plots import _shared_out
from tests.partition.communities import (
    BOX,
    CODE,
    NEXT,
    RULES,
    community,
    fingerprint,
    flags,
    houses,
    layer,
    line,
    neighbours,
    sound,
    told,
)

PARK = shapely.box(190, 20, 350, 130)
ROAD = ("primary", line((180, -10), (180, 310)))


def with_site(
    site: BaseGeometry, *barriers: tuple[str, BaseGeometry], mode: str = "carve", **columns: Any
) -> Community:
    given = community(BOX, houses(BOX), [ROAD, *barriers], sites=[(mode, site)])
    assert given.sites is not None
    return replace(given, sites=given.sites.assign(**{"name": "园区", **columns}))


def divided(given: Community | Sequence[Community], rules: DivisionRules = RULES, **options: Any) -> DivisionPlan:
    plan = divide(given, rules, **options)
    sound(plan)
    report = verify(plan, given, rules)
    assert report.ok, report.violations.to_string()
    return plan


def plots(plan: DivisionPlan) -> Any:
    return plan.grids[plan.grids["mode"] == "carve"]


# ------------------------------------------------------------------------------------------- what a site leaves


def test_ground_on_both_sides_of_a_site_is_divided_on_its_own() -> None:
    plan = divided(with_site(shapely.box(-5, 60, 365, 100)))
    second = plan.grids[(plan.grids["level"] == 2).fillna(False)]
    y = second.geometry.bounds
    assert ((y["maxy"] <= 3_600_060.001) | (y["miny"] >= 3_600_099.999)).all()
    assert "enclave" not in flags(plan)
    assert second["households"].sum() + plots(plan)["households"].sum() == 480


def test_a_small_rest_behind_a_site_is_an_enclave_and_names_the_site() -> None:
    plan = divided(with_site(shapely.box(-5, 30, 365, 100)))
    alone = plan.grids[[("enclave" in f.split(",")) for f in plan.grids["flags"]]]
    assert alone["households"].tolist() == [48]
    assert "cut off from the rest of the community by the site S0" in told(plan, "level2 band")


def test_a_part_of_the_community_that_lies_apart_is_an_enclave_of_no_site() -> None:
    far = shapely.box(500, 0, 560, 60)
    ground = community(
        shapely.MultiPolygon([BOX, far]),
        [*houses(BOX), *houses(far)],
        [ROAD],
        sites=[("carve", shapely.box(500, 20, 515, 40))],
    )
    plan = divided(ground)
    assert "a part of the community that lies apart" in told(plan, "level2 band")


def test_two_sites_may_cut_a_rest_off_together() -> None:
    walls = [("carve", shapely.box(30, -5, 60, 40)), ("carve", shapely.box(-5, 30, 30.1, 60))]
    plan = divided(community(BOX, houses(BOX), [ROAD], sites=walls))
    assert "by the site S0, S1" in told(plan, "level2 band")


# ------------------------------------------------------------------------------------------------ divided inside


def test_a_site_is_one_grid_where_nothing_else_is_said() -> None:
    assert plots(divided(with_site(PARK)))["name"].tolist() == ["园区"]
    assert plots(divided(with_site(PARK, parts=[None])))["name"].tolist() == ["园区"]
    assert plots(divided(with_site(PARK, parts=[1])))["name"].tolist() == ["园区"]


@pytest.mark.parametrize("parts", [2, 3, 5])
def test_a_site_has_the_plots_that_it_asks_for(parts: int) -> None:
    plan = divided(with_site(PARK, parts=[parts]))
    found = plots(plan)
    assert found["name"].tolist() == [f"园区-{k}" for k in range(1, parts + 1)]
    assert found["local_id"].tolist() == [f"{CODE}-D-{k:02d}" for k in range(1, parts + 1)]
    assert set(found["site_id"]) == {"S0"}
    assert set(found["parent"]) == {f"{CODE}-1"}
    assert found.area.sum() == pytest.approx(PARK.area)
    assert found.area.max() < 1.5 * found.area.min()
    assert f"divided into {parts} dedicated grids" in told(plan, "plots")


def test_plots_keep_to_inner_roads() -> None:
    plan = divided(with_site(PARK, ("residential", line((190, 70), (350, 70))), parts=[2]))
    between = plan.borders[plan.borders["left"].str.contains("-D-") & plan.borders["right"].str.contains("-D-")]
    assert between[["klass", "length_m"]].to_numpy().tolist() == [["residential", 160.0]]


def test_the_rules_may_limit_the_area_of_dedicated_grids() -> None:
    rules = replace(RULES, max_area_dedicated_m2=6000.0)
    found = plots(divided(with_site(PARK), rules))
    assert len(found) >= 3
    assert found.area.max() <= 6000.0


def test_ground_that_cannot_be_cut_stays_above_the_limit_and_is_reported() -> None:
    rules = replace(RULES, max_area_dedicated_m2=6000.0)
    ground = community(BOX, houses(BOX, without=[PARK]), [ROAD], sites=[("carve", PARK)])
    plan = divide(ground, rules)
    assert len(plots(plan)) == 1
    assert "its ground cannot be cut further" in told(plan, "plots")
    report = verify(plan, ground, rules)
    assert report.ok
    assert "above the limit" in report.exceptions["why"].str.cat()


def test_fewer_plots_than_asked_for_are_reported_and_confirmed() -> None:
    site = shapely.box(0, 0, 60, 30)  # two houses
    ground = with_site(site, parts=[4])
    plan = divide(ground, RULES)
    assert len(plots(plan)) == 2
    assert "its ground cannot be cut further" in told(plan, "plots")
    report = verify(plan, ground, RULES)
    assert report.ok
    assert "asks for 4 dedicated grids, has 2" in report.exceptions["why"].str.cat()


def test_a_site_in_two_communities_shares_out_its_plots_by_area() -> None:
    site = shapely.box(300, 100, 540, 200)
    given = neighbours()
    sites = layer({"id": ["P"], "category": ["industrial"], "mode": ["carve"], "parts": [4]}, [site])
    found = plots(divided([replace(c, sites=sites) for c in given]))
    assert found["community"].value_counts().to_dict() == {NEXT: 3, CODE: 1}


def test_a_site_in_pieces_is_cut_piece_by_piece() -> None:
    site = shapely.MultiPolygon([shapely.box(0, 0, 120, 60), shapely.box(190, 200, 250, 230)])
    found = plots(divided(with_site(site, parts=[3])))
    assert len(found) == 3
    assert set(found.geom_type) == {"Polygon"}


def test_plots_of_an_unnamed_site_are_numbered() -> None:
    names = plots(divided(with_site(PARK, parts=[2], name=None)))["name"].tolist()
    assert names == ["专属网格01", "专属网格02"]


@pytest.mark.parametrize("parts", [0, -2, 1.5, "many"])
def test_parts_that_are_no_number_of_grids_are_refused(parts: Any) -> None:
    with pytest.raises(InvalidInput, match=r"whole number from 1 on.*S0"):
        divide(with_site(PARK, parts=[parts]), RULES)


def test_an_overlay_is_not_divided() -> None:
    with pytest.raises(InvalidInput, match="for carved sites only"):
        divide(with_site(PARK, parts=[2], mode="overlay"), RULES)


def test_a_negative_limit_is_refused() -> None:
    with pytest.raises(InvalidInput, match="max_area_dedicated_m2"):
        DivisionRules.from_dict({**RULES.to_dict(), "max_area_dedicated_m2": -1})


def test_plots_are_the_same_for_the_same_seed() -> None:
    given = with_site(PARK, parts=[3])
    assert fingerprint(divide(given, RULES)) == fingerprint(divide(given, RULES, processes=2))


def test_plots_stay_where_a_site_is_divided_again() -> None:
    given = with_site(PARK, parts=[3])
    first = divided(given)
    before = plots(first).assign(x=plots(first).centroid.x).sort_values("x")
    west, middle = before["local_id"].tolist()[:2]
    shared = first.atoms.geometry.touches(before.geometry.iloc[1]) & (first.atoms["local_id"] == west)
    shared &= first.atoms["households"] > 0
    atoms = first.atoms.copy()
    atoms.loc[shared[shared].index[0], "local_id"] = middle  # by hand, the planner makes them less even
    corrected = plan_from_atoms(first, atoms)
    again = divided(given, previous=corrected)
    wanted = shapely.normalize(plots(corrected).sort_values("local_id").geometry.to_numpy())
    found = plots(again).set_index("previous").loc[plots(corrected).sort_values("local_id")["local_id"]]
    assert shapely.equals_exact(wanted, shapely.normalize(found.geometry.to_numpy()), 0).all()
    assert len(plots(divided(with_site(PARK, parts=[4]), previous=corrected))) == 4


def test_plots_survive_the_plan_file_and_a_correction_by_hand(tmp_path: Any) -> None:
    given = with_site(PARK, parts=[2])
    plan = divided(given)
    write_plan(plan, tmp_path / "p.gpkg", [given])
    again = read_plan(tmp_path / "p.gpkg")
    assert verify(again, read_communities(tmp_path / "p.gpkg"), RULES).checked["dedicated"] == 3
    one, other = plots(again)["local_id"]
    merged = plan_from_atoms(again, again.atoms.assign(local_id=again.atoms["local_id"].replace(other, one)))
    report = verify(merged, read_communities(tmp_path / "p.gpkg"), RULES)
    assert "asks for 2 dedicated grids, has 1" in report.violations["why"].str.cat()


def test_a_plot_in_pieces_is_a_violation() -> None:
    given = with_site(PARK, parts=[3])
    plan = divided(given)
    by_east = plots(plan).assign(x=plots(plan).centroid.x).sort_values("x")["local_id"].tolist()
    joined = plan.atoms["local_id"].replace({by_east[2]: by_east[0]})
    report = verify(plan_from_atoms(plan, plan.atoms.assign(local_id=joined)), given, RULES)
    assert "lies in 2 pieces" in report.violations["why"].str.cat()


def test_plots_are_shared_out_by_area() -> None:
    assert _shared_out(np.array([10.0, 10.0, 1.0]), 5, 0.0) == [2, 2, 1]
    assert _shared_out(np.array([10.0, 1.0]), 1, 0.0) == [1, 1]
    assert _shared_out(np.array([10.0, 1.0]), 1, 4.0) == [3, 1]
