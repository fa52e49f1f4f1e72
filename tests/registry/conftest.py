from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.cluster import Cluster
from gridgis.registry import Registry
from tests.registry.hand import A, B, C, Clock, box, communities, file_through, make_plan, make_registry

Address = Callable[[], str]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module", params=["geopackage", "postgis"])
def address(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Address:
    """Return a function that names a new place for a registry: once as files, once as schemas of PostGIS."""
    if request.param == "postgis":
        cluster: Cluster = request.getfixturevalue("postgis")
        return cluster.address
    return lambda: str(tmp_path_factory.mktemp("store") / "registry.gpkg")


@pytest.fixture
def registry(address: Address, clock: Clock) -> Iterator[Registry]:
    """Return a registry with three communities and no grid, on either store."""
    with make_registry(address(), clock) as made:
        yield made


@pytest.fixture
def file_registry(tmp_path: Path, clock: Clock) -> Iterator[Registry]:
    """Return the same in a file, for what only files do."""
    with make_registry(tmp_path / "registry.gpkg", clock) as made:
        yield made


@pytest.fixture(scope="module")
def filed(address: Address) -> Iterator[Registry]:
    """Return a registry with two revisions, context and a team; only to be read."""
    base = communities()
    with make_registry(address()) as made:
        sides = base[base["code"].isin([A, B])]
        cuts = [((300, -10), (410, 900)), ((1400, -5), (1400, 805))]
        file_through(
            made, make_plan(sides, cuts, [((-5, 333), (1995, 444))], [box(100, 100, 50, 50)], [box(500, 500, 80, 80)])
        )
        file_through(
            made, make_plan(base[base["code"] == C], [((700, 700), (777.7, 1400))], [((-5, 1000), (1995, 1011))])
        )
        made.team_import(team(), "张三")
        yield made


def team() -> pd.DataFrame:
    rows = [
        (A + "000", "leader", "顾信浩", "13812345678", "2026-01-01", None),
        (A + "001", "网格长", "叶娟", "13912345678", "2026-01-01", None),
        (A + "001", "administrator", "宋禾", None, "2026-01-01", "2026-06-30"),
    ]
    return pd.DataFrame(rows, columns=["grid", "role", "name", "phone", "from", "to"])
