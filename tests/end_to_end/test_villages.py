"""456 given boundaries under a user's scheme, from file to lookup, on the command line."""

from __future__ import annotations

import os
from pathlib import Path

import geopandas as gpd
import pytest

from gridgis.geometry.coverage import polygon_parts
from gridgis.registry import Registry
from tests.command_line import run_command

REAL = os.environ.get("GRIDGIS_REAL_DATA")
SCHEME = Path(__file__).parents[1] / "coding" / "schemes" / "taipei-11.toml"

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.heavy,
    pytest.mark.skipif(REAL is None, reason="GRIDGIS_REAL_DATA is not set: real data are not tested"),
]


@pytest.fixture(scope="module")
def filed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return the registry with the villages in force, and what ``plan new`` printed."""
    path = tmp_path_factory.mktemp("villages") / "taipei.gpkg"
    source = f"{REAL}/shapes/tw_taipei_villages.geojson"
    _run("registry", "create", str(path), "--work-crs", "EPSG:4549", "--scheme", str(SCHEME))
    columns = ["--code-column", "VILLCODE", "--name-column", "VILLNAME", "--community-name-column", "TOWNNAME"]
    told = _run("plan", "new", "-r", str(path), "--from", source, *columns, "--by", "tester")
    for step in ("submit", "review", "file"):
        _run("plan", step, "1", "-r", str(path), "--by", "tester")
    return path, told


def test_each_village_is_found_by_its_representative_point(filed: tuple[Path, str]) -> None:
    villages = gpd.read_file(f"{REAL}/shapes/tw_taipei_villages.geojson")
    points = villages.geometry.map(lambda g: polygon_parts(g)[0].representative_point())
    with Registry.open(filed[0]) as registry:
        found = [registry.locate(p.x, p.y).code for p in points]
    assert found == villages["VILLCODE"].tolist()


def test_the_broken_village_is_reported_with_what_was_left_out(filed: tuple[Path, str]) -> None:
    assert "Self-intersection" in filed[1]
    assert "LINESTRING" in filed[1]


def _run(*words: str) -> str:
    done = run_command(*words)
    assert done.code == 0, done.err
    return done.out
