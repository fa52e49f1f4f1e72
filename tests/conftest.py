"""Fixtures for all tests: the registry of the sample street, made once a session the way a user makes it."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from benchmarks.cluster import NEEDED, Cluster, programs

if TYPE_CHECKING:
    from gridgis.service.divide import Division

TOWN = Path(__file__).parents[1] / "sample_shapes" / "town"
NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give a file's tests that share a module's fixture to one worker: else every worker makes it anew."""
    for item in items:
        found = getattr(item, "_fixtureinfo", None)
        fixtures = [fixture for same in found.name2fixturedefs.values() for fixture in same] if found else []
        if any(fixture.scope == "module" for fixture in fixtures) and not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(item.location[0]))


@pytest.fixture(scope="session", autouse=True)
def numba_is_there() -> None:
    """Import numba once: loaded behind a first lookup, it would change the filters of warnings under another test."""
    import numba  # noqa: F401


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the indexes of databases away from the user's own."""
    os.environ["GRIDGIS_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def postgis() -> Iterator[Cluster]:
    """Run a PostGIS of our own; without one skip with a clear word, and fail where GRIDGIS_REQUIRE=1."""
    if programs() is None and os.environ.get("GRIDGIS_REQUIRE") == "1":
        pytest.fail(f"GRIDGIS_REQUIRE=1, but there is no {NEEDED}")
    if programs() is None:
        pytest.skip(f"needs {NEEDED}")
    with Cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def town_division() -> Division:
    """Return the sample street, divided."""
    from gridgis.io import read_town
    from gridgis.service.divide import divide_town

    return divide_town(read_town(TOWN))


@pytest.fixture(scope="session")
def town_plan(town_division: Division, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the path of the sample street's plan file. Read it only."""
    from gridgis.io.plan_file import write_plan

    path = tmp_path_factory.mktemp("plan") / "plan.gpkg"
    write_plan(town_division.plan, path, town_division.communities)
    return path


@pytest.fixture(scope="session")
def town_registry(town_division: Division, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the path of a registry: the sample street divided, coded, filed as revision 1, with its team.

    Read it only; copy the file to change it. Every seventh grid of level 3 has no leader.
    """
    from gridgis.io import read_town
    from gridgis.registry import Registry

    path = tmp_path_factory.mktemp("town") / "town.gpkg"
    town = read_town(TOWN)
    plan = town_division.plan
    with Registry.create(path, work_crs=str(plan.grids.crs), name="澄湾街道", clock=lambda: NOW) as registry:
        registry.import_communities(town.communities)
        for layer in ("roads", "railways", "rivers", "water", "walls", "buildings", "compounds"):
            registry.import_context(layer, getattr(town, layer))
        number = registry.plan_new(plan, "全街网格划分方案", "测试员")
        registry.plan_submit(number, "测试员")
        registry.plan_review(number, "审核员")
        registry.plan_file(number, "审核员")
        registry.team_import(_team(registry.grids()), "测试员")
    return path


def _team(grids: pd.DataFrame) -> pd.DataFrame:
    people = pd.read_csv(TOWN / "people.csv", dtype=str)
    nested = (grids["level"].fillna(0) == 3).to_numpy()
    led = [code for i, code in enumerate(grids["code"]) if not (nested[i] and i % 7 == 0)]
    rows = [(code, "leader", *people.iloc[i % len(people)]) for i, code in enumerate(led)]
    rows += [(code, "administrator", *people.iloc[-1 - i % len(people)]) for i, code in enumerate(led[:40])]
    return pd.DataFrame(rows, columns=["grid", "role", "name", "phone"]).assign(**{"from": "2026-11-20"})


@pytest.fixture
def town_locator(town_registry: Path) -> Iterator[object]:
    """Return a Locator on the sample street's registry."""
    from gridgis.service.locator import Locator

    with Locator.open(town_registry) as locator:
        yield locator


@pytest.fixture(scope="session")
def town_server(town_registry: Path) -> Iterator[str]:
    """Run ``gridgis serve`` on the sample street's registry in a process of its own; return its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-c", "from gridgis.cli import main; main()", "serve", str(town_registry)]
    process = subprocess.Popen([*command, "--port", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        _wait_until_up(process, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.communicate(timeout=20)


def _wait_until_up(process: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(600):
        if process.poll() is not None:
            assert process.stderr is not None
            raise RuntimeError(process.stderr.read().decode())
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise RuntimeError("the server did not come up in 60 s")
