"""Events go to the grids and the leaders of their own day; a name counts only where it is certain."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from gridgis.dispatch import EVENT_COLUMNS
from gridgis.registry import Registry
from gridgis.service.events import route_events
from gridgis.service.locator import Locator
from tests.registry.hand import A, Clock, communities, file_through, make_plan, make_registry

WHOLE = A + "000"


@pytest.fixture(scope="module")
def filed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """Return a registry: the community whole from 2026-03-01, in four grids from 2026-04-10; its leader left in May."""
    clock = Clock()
    base = communities()[:1]
    with make_registry(tmp_path_factory.mktemp("events") / "registry.gpkg", clock) as registry:
        file_through(registry, make_plan(base))
        row = {"grid": WHOLE, "role": "leader", "name": "前任", "phone": "13812340000"}
        later = {**row, "name": "后任", "from": "2026-05-01"}
        registry.team_import(pd.DataFrame([{**row, "from": "2026-01-01", "to": "2026-04-30"}, later]), "张三")
        clock.pass_days(40)
        file_through(registry, make_plan(base, [((600, -10), (610, 900))]))
        clock.pass_days(60)
        registry.import_context("buildings", _buildings(registry))
        yield registry


def _buildings(registry: Registry) -> gpd.GeoDataFrame:
    west, east = shapely.point_on_surface(registry.grids(level=2).geometry.to_numpy())
    names = ["3号楼", "3号楼", "东苑1号楼", "东苑2号楼", "独楼"]
    spots = [west, east, east, east, east]
    return gpd.GeoDataFrame({"id": range(5), "name": names}, geometry=spots, crs="EPSG:4490")


def routed(registry: Registry, day: str, place: str = "独楼") -> tuple[dict[str, Any], pd.DataFrame]:
    event = dict.fromkeys(EVENT_COLUMNS, "") | {"id": "7", "time": f"{day}T09:00:00+08:00", "place": place}
    table, _, report = route_events(Locator(registry), pd.DataFrame([event]))
    return (table.to_dict("records")[0] if len(table) else {}), report


def test_an_event_goes_to_the_grid_of_its_day(filed: Registry) -> None:
    for day, revision in (("2026-03-20", 1), ("2026-04-20", 2)):
        event, _ = routed(filed, day)
        spot = filed.context("buildings").geometry.iloc[-1]
        assert event["code"] == filed.locate(spot.x, spot.y, at=revision).code
    assert filed.locate(spot.x, spot.y, at=1).code != filed.locate(spot.x, spot.y, at=2).code


def test_an_event_goes_to_the_leader_of_its_day(filed: Registry) -> None:
    leaders = [routed(filed, day)[0]["leader"] for day in ("2026-04-20", "2026-05-20")]
    assert leaders == ["前任", "后任"]


def test_events_keep_their_order_whatever_their_revisions(filed: Registry) -> None:
    days = ["2026-05-20", "2026-03-20", "2026-04-20", "2026-03-21"]
    events = [
        dict.fromkeys(EVENT_COLUMNS, "") | {"id": str(i), "time": f"{day}T09:00:00+08:00", "place": "独楼"}
        for i, day in enumerate(days)
    ]
    table, answers, _ = route_events(Locator(filed), pd.DataFrame(events))
    assert table["id"].tolist() == ["0", "1", "2", "3"]
    assert [a.day.isoformat() for a in answers] == days


def test_before_the_first_filing_the_grids_of_today_answer_and_the_reason_says_so(filed: Registry) -> None:
    event, _ = routed(filed, "2026-02-01")
    assert event["code"] in set(filed.grids(level=3)["code"])
    assert event["reason"].count("nothing was in force on that day yet, by revision 2") == 1


def test_a_name_that_two_grids_have_is_reported_and_not_dispatched(filed: Registry) -> None:
    event, report = routed(filed, "2026-04-20", "3号楼")
    assert (event, report["rule"].tolist(), report["severity"].tolist()) == ({}, ["ambiguous"], ["unmet"])


def test_a_part_of_names_that_lie_in_several_grids_is_reported(filed: Registry) -> None:
    assert routed(filed, "2026-04-20", "号")[1]["rule"].tolist() == ["ambiguous"]


def test_a_part_of_names_that_all_lie_in_one_grid_is_dispatched(filed: Registry) -> None:
    assert routed(filed, "2026-04-20", "东苑")[0]["rule"] == "place"


def test_a_name_that_nothing_bears_is_reported(filed: Registry) -> None:
    assert "no building or estate" in routed(filed, "2026-04-20", "子虚乌有")[1]["en"].iloc[0]


def test_an_ended_appointment_is_among_those_of_all_days(filed: Registry) -> None:
    assert filed.appointments()["name"].tolist() == ["前任", "后任"]


def test_a_registry_without_a_filing_routes_nothing_and_says_so(tmp_path: Path) -> None:
    with make_registry(tmp_path / "registry.gpkg") as registry:
        event, report = routed(registry, "2026-04-20")
    assert (event, "nothing is in force" in report["en"].iloc[0]) == ({}, True)
