"""Own files as they are: the buildings, roads, rail and water of one real city centre (OpenStreetMap)."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from gridgis.io.own import OwnFiles, read_own

pytestmark = pytest.mark.realdata


@pytest.fixture
def files() -> OwnFiles:
    if "GRIDGIS_REAL_DATA" not in os.environ:
        pytest.skip("GRIDGIS_REAL_DATA is not set: it names the folder of real data")
    start = str(Path(os.environ["GRIDGIS_REAL_DATA"]) / "osm" / "helsinki_")
    barriers = (f"{start}roads.parquet", f"{start}water_rail.parquet")
    return OwnFiles("bbox", f"{start}buildings.parquet", barriers, mapping="osm", code="990002001001", name="Helsinki")


def test_real_buildings_are_read_mended_and_noted(files: OwnFiles) -> None:
    town = read_own(files)
    rules = town.notes["rule"].value_counts()
    assert (len(town.buildings), rules["no-area"], rules["broken-polygon"]) == (483, 3, 9)
    assert town.buildings.geometry.is_valid.all()


def test_real_tags_become_barrier_classes(files: OwnFiles) -> None:
    found = read_own(files).barriers()["klass"].value_counts().to_dict()
    assert found == {
        "residential": 406, "primary": 146, "secondary": 141, "railway": 138, "tertiary": 45, "river": 10
    }  # fmt: skip


@pytest.mark.heavy
def test_a_real_city_centre_is_divided_and_verified(run: Any, files: OwnFiles, tmp_path: Path) -> None:
    given = ["--boundary", files.boundary, "--buildings", files.buildings, "--mapping", "osm", "--code", files.code]
    barriers = [word for file in files.barriers for word in ("--barriers", file)]
    assert run("divide", *given, *barriers, "--name", files.name, "-o", tmp_path / "p.gpkg").code == 0
    result = run("verify", tmp_path / "p.gpkg", "--json")
    assert json.loads(result.out)["violations"] == [], result.out
