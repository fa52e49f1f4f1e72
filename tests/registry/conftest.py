from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from gridgis.registry import Registry
from tests.registry.hand import A, B, C, Clock, box, communities, file_through, make_plan, make_registry


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def registry(tmp_path: Path, clock: Clock) -> Iterator[Registry]:
    """Return a registry with three communities and no grid."""
    with make_registry(tmp_path, clock) as made:
        yield made


@pytest.fixture(scope="module")
def filed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """Return a registry with two revisions, context and a team; only to be read."""
    base = communities()
    with make_registry(tmp_path_factory.mktemp("filed")) as made:
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
