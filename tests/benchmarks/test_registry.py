"""The registry that its speed is measured on is a valid one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from benchmarks.history import GRIDS, History, chosen_points, make
from benchmarks.registry import LIMITS_MS, measure


def clock() -> datetime:
    return datetime(2026, 3, 1, 4, tzinfo=UTC)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("history") / "registry.gpkg")


@pytest.fixture(scope="module")
def history(address: str) -> History:
    return make(address, grids=4 * GRIDS, revisions=4, clock=clock)


def test_its_history_ground_and_codes_have_no_fault(history: History) -> None:
    assert history.registry.check().to_dict("records") == []


def test_each_revision_changes_one_of_twenty_communities(history: History) -> None:
    lineage = history.registry.lineage()
    assert lineage.groupby("revision")["old"].apply(lambda old: old.str[:12].nunique()).to_dict() == {2: 1, 3: 1, 4: 1}


def test_its_points_lie_in_a_grid_of_each_revision(history: History) -> None:
    for lon, lat in chosen_points(history, 10, seed=1):
        assert all(history.registry.locate(lon, lat, at=number).code for number in (1, 2, 3, 4))


@pytest.mark.heavy
def test_every_question_is_measured(address: str, history: History) -> None:
    times = measure(address, history, asked=3)
    assert times.keys() == LIMITS_MS.keys()
    assert all(t.wall_ms and min(t.wall_ms) > 0 for t in times.values())
