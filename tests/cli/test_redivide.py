"""gridgis divide --registry: one community divided again on the base, the work CRS and the grids of a registry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from shapely.geometry import Polygon, box

from gridgis.geometry.crs import to_stored
from gridgis.io import read_plan, read_town
from gridgis.registry import Registry
from gridgis.service.divide import divide_town
from gridgis.service.plans import NewRegistry, create_registry
from tests.cli.small_town import CODE, LAT, LON, buildings, write_town
from tests.registry.hand import file_through

EAST = "990001001002"
WORK = "EPSG:4544"
"""Not the zone that the place would get."""


def two_communities() -> dict[str, gpd.GeoDataFrame]:
    """Return two communities side by side; the eastern one alone draws a vertex on their border."""
    right = [(LON + 0.016, LAT), (LON + 0.016, LAT + 0.005), (LON + 0.008, LAT + 0.005), (LON + 0.008, LAT + 0.003)]
    areas = [box(LON, LAT, LON + 0.008, LAT + 0.005), Polygon([(LON + 0.008, LAT), *right])]
    west = buildings()
    east = west.assign(id=west["id"] + 100, geometry=west.geometry.translate(0.008))
    names = {"code": [CODE, EAST], "name": ["西大街社区", "东大街社区"]}
    return {
        "communities": gpd.GeoDataFrame(names, geometry=areas, crs="EPSG:4490"),
        "buildings": gpd.GeoDataFrame(pd.concat([west, east], ignore_index=True)),
    }


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_town(tmp_path_factory.mktemp("two") / "town", **two_communities())


@pytest.fixture(scope="module")
def registry(town: Path) -> Path:
    """Make a registry of the town, and file the division of both communities."""
    path = town.parent / "registry.gpkg"
    create_registry(NewRegistry(path, work_crs=WORK), town)
    with Registry.open(path) as book:
        file_through(book, divide_town(read_town(town), previous=book).plan)
    return path


@pytest.fixture(scope="module")
def again(town: Path, registry: Path) -> Path:
    return registry.with_name("one.gpkg")


@pytest.fixture
def done(run: Any, town: Path, registry: Path, again: Path) -> Path:
    if not again.exists():
        result = run("divide", town, "--community", CODE, "--registry", registry, "-o", again, "--seed", 4)
        assert result.code == 0, result.err
    return again


def test_the_boundary_is_that_of_the_registry_vertex_by_vertex(done: Path, registry: Path) -> None:
    with Registry.open(registry) as book:
        base = book.communities().set_index("code").geometry[CODE]
    new = to_stored(read_plan(done).base).geometry[0]
    assert shapely.get_num_coordinates(new) > 5
    assert shapely.normalize(shapely.MultiPolygon([new])).equals_exact(shapely.normalize(base), 0)


def test_the_work_crs_is_that_of_the_registry(done: Path) -> None:
    assert str(read_plan(done).grids.crs) == WORK


def test_grids_that_continue_name_the_codes_in_force(done: Path, registry: Path) -> None:
    with Registry.open(registry) as book:
        grids = book.grids()
    codes = set(grids.loc[grids["community"] == CODE, "code"])
    named = read_plan(done).grids["previous"].dropna()
    assert CODE + "000" in set(named) <= codes


def test_the_plan_can_be_filed_in_that_registry(done: Path, registry: Path, tmp_path: Path) -> None:
    copy = tmp_path / "registry.gpkg"
    copy.write_bytes(registry.read_bytes())
    with Registry.open(copy) as book:
        assert file_through(book, read_plan(done)) == 2
        assert book.check().empty


def test_a_registry_without_grids_gives_its_base_alone(run: Any, town: Path, tmp_path: Path) -> None:
    create_registry(NewRegistry(tmp_path / "r.gpkg", work_crs=WORK), town)
    assert run("divide", town, "--registry", tmp_path / "r.gpkg", "-o", tmp_path / "p.gpkg").code == 0
    assert read_plan(tmp_path / "p.gpkg").grids["previous"].isna().all()


def test_a_community_that_the_registry_lacks_is_refused(run: Any, registry: Path, tmp_path: Path) -> None:
    layers = two_communities()
    layers["communities"] = layers["communities"].assign(code=[CODE, "990001001003"])
    other = write_town(tmp_path / "town", **layers)
    result = run("divide", other, "--registry", registry, "-o", tmp_path / "p.gpkg")
    assert (result.code, "990001001003" in result.err, (tmp_path / "p.gpkg").exists()) == (2, True, False)


def test_a_registry_and_an_earlier_plan_do_not_go_together(run: Any, town: Path, registry: Path, done: Path) -> None:
    result = run("divide", town, "--registry", registry, "--previous", done, "-o", town.parent / "p.gpkg")
    assert (result.code, "只能给一个" in result.err, "not both" in result.err) == (2, True, True)


def test_a_registry_does_not_go_with_own_files(run: Any, town: Path, registry: Path, tmp_path: Path) -> None:
    own = ["--buildings", town / "buildings.geojson", "--boundary", "bbox", "--code", CODE]
    result = run("divide", *own, "--registry", registry, "-o", tmp_path / "p.gpkg")
    assert (result.code, "with a town folder only" in result.err) == (2, True)


def test_a_plan_file_is_no_registry(run: Any, town: Path, plan_file: Path, tmp_path: Path) -> None:
    result = run("divide", town, "--registry", plan_file, "-o", tmp_path / "p.gpkg")
    assert (result.code, (tmp_path / "p.gpkg").exists()) == (2, False)
