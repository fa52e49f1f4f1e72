"""People follow their grids from revision to revision."""

from __future__ import annotations

from collections.abc import Iterator

import geopandas as gpd
import pandas as pd
import pytest

from gridgis.registry import Registry
from tests.registry.conftest import Address
from tests.registry.hand import A, Clock, Line, communities, file_through, make_plan

HALVES: Line = ((500.0, -5.0), (520.0, 905.0))
THIRDS: list[Line] = [((333.0, -5.0), (333.0, 905.0)), ((666.0, -5.0), (666.0, 905.0))]
ACROSS: Line = ((-5.0, 401.0), (2000.0, 433.3))


@pytest.fixture
def base() -> gpd.GeoDataFrame:
    base = communities()
    return base[base["code"] == A]


@pytest.fixture
def nested(address: Address, clock: Clock, base: gpd.GeoDataFrame) -> Iterator[Registry]:
    """Return a registry whose codes carry the ancestry: two grids of level 2, each cut in two, with people."""
    with Registry.create(address(), work_crs="EPSG:4545", scheme="nested-18", clock=clock) as made:
        made.import_communities(communities())
        file_through(made, make_plan(base, [HALVES], [ACROSS]))
        rows = [(code, "leader", f"人{i}", "2026-01-01") for i, code in enumerate(made.grids(level=3)["code"])]
        made.team_import(pd.DataFrame(rows, columns=["grid", "role", "name", "from"]), "张三")
        clock.pass_days(10)
        yield made


def test_people_follow_a_grid_to_its_new_code(nested: Registry, base: gpd.GeoDataFrame) -> None:
    before = nested.grids(level=3)
    file_through(nested, make_plan(base, [ACROSS], [HALVES]))  # the same quarters under other parents
    heirs = nested.lineage().query("relation == 'continues' and revision == 2").set_index("old")["new"]
    moved = [code for code in before["code"] if heirs[code] != code]
    assert moved
    leaders = nested.leaders()
    assert {heirs[c]: f"人{i}" for i, c in enumerate(before["code"])} == {c: p[0]["name"] for c, p in leaders.items()}


def test_past_days_still_know_their_leaders(nested: Registry, base: gpd.GeoDataFrame) -> None:
    then = nested.team("2026-03-10").drop(columns="to")
    file_through(nested, make_plan(base, [ACROSS], [HALVES]))
    pd.testing.assert_frame_equal(nested.team("2026-03-10").drop(columns="to"), then)


def test_people_of_a_grid_without_heir_are_reported(nested: Registry, base: gpd.GeoDataFrame) -> None:
    file_through(nested, make_plan(base, THIRDS))
    rows = [row for row in nested.plan(2)["report"] if row["rule"] == "vacancy"]
    heirs = nested.lineage().query("relation == 'continues' and revision == 2")["old"]
    ended = set(nested.grids(level=3, at=1)["code"]) - set(heirs)
    assert ended
    assert {row["subject"] for row in rows} == ended
