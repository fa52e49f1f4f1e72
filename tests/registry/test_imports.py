from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from gridgis.errors import Conflict, InvalidInput, NotFound
from gridgis.geometry.crs import to_stored
from gridgis.registry import Registry
from gridgis.registry.store import geopackage
from gridgis.service.plans import NewRegistry, create_registry
from tests.registry.conftest import Address
from tests.registry.hand import WORK, A, B, C, box, buildings, communities, file_through, make_plan, make_registry


def only(*codes: str) -> gpd.GeoDataFrame:
    base = communities()
    return base[base["code"].isin(codes)].reset_index(drop=True)


def test_communities_come_back_as_they_went_in(registry: Registry) -> None:
    back = registry.communities().to_crs(WORK)
    assert shapely.hausdorff_distance(back.geometry.iloc[0], communities().geometry.iloc[0]) < 1e-6


def test_the_same_communities_may_come_again(registry: Registry) -> None:
    assert registry.import_communities(communities()) == 0


def test_a_name_may_change(registry: Registry) -> None:
    registry.import_communities(only(A).assign(name="新名"))
    assert registry.communities().set_index("code")["name"][A] == "新名"


def test_a_border_that_would_move_is_a_conflict(registry: Registry) -> None:
    moved = communities({A: box(0, 0, 1000.5, 800)})
    with pytest.raises(Conflict, match=A) as caught:
        registry.import_communities(moved)
    assert caught.value.fields["moved_m"] == pytest.approx(0.5, abs=0.01)


def test_a_community_that_comes_later_shares_its_border(address: Address) -> None:
    with make_registry(address(), base=communities({A: box(0, 0, 1000, 800)})) as registry:
        registry.import_communities(communities({C: box(-100.777, 800, 1900, 500)}))
        assert shapely.coverage_is_valid(registry.communities().geometry.to_numpy())


def test_a_community_that_would_touch_what_is_filed_is_a_conflict(address: Address) -> None:
    base = communities({A: box(0, 0, 1000, 800)})
    with make_registry(address(), base=base) as registry:
        file_through(registry, make_plan(base))
        with pytest.raises(Conflict, match="import all first"):
            registry.import_communities(communities({C: box(123.456, 800, 555, 500)}))


def test_communities_that_overlap_are_refused(address: Address) -> None:
    rough = gpd.GeoDataFrame(
        {"code": [A, B], "name": ["a", "b"]}, geometry=[box(0, 0, 10, 10), box(5, 0, 10, 10)], crs=WORK
    )
    with (
        Registry.create(address(), work_crs=WORK) as registry,
        pytest.raises(InvalidInput, match="node them together"),
    ):
        registry.import_communities(rough)


@pytest.mark.parametrize("code", ["99000100100", "ABCDEFGHIJKL", "990001001000"])
def test_a_code_that_the_scheme_does_not_know_is_refused(registry: Registry, code: str) -> None:
    with pytest.raises(InvalidInput, match=code):
        registry.import_communities(only(A).assign(code=code))


def test_a_layer_without_names_is_refused(registry: Registry) -> None:
    with pytest.raises(InvalidInput, match="name"):
        registry.import_communities(only(A).drop(columns="name"))


def test_a_layer_without_crs_is_refused(registry: Registry) -> None:
    with pytest.raises(InvalidInput, match="CRS"):
        registry.import_communities(only(A).set_crs(None, allow_override=True))


def test_an_unknown_context_layer_is_refused(registry: Registry) -> None:
    with pytest.raises(InvalidInput, match="volcanoes"):
        registry.import_context("volcanoes", only(A))


def test_lines_are_refused_as_water(registry: Registry) -> None:
    lines = gpd.GeoDataFrame({"id": [1]}, geometry=[shapely.LineString([(0, 0), (1, 1)])], crs="EPSG:4490")
    with pytest.raises(InvalidInput, match="MULTIPOLYGON"):
        registry.import_context("water", lines)


@pytest.fixture
def used(registry: Registry) -> Registry:
    """Return a registry whose buildings have uses and storeys, one of which cannot be read."""
    homes = buildings(communities()[:1])
    uses = ["public", *["residential"] * (len(homes) - 1)]
    registry.import_context("buildings", to_stored(homes.assign(use=uses, storeys=["6层", *["3"] * (len(homes) - 1)])))
    return registry


def test_buildings_keep_their_use_and_storeys(used: Registry) -> None:
    found = used.context("buildings")
    assert (found["use"].tolist()[:2], found["storeys"].tolist()[1]) == (["public", "residential"], 3.0)


def test_storeys_that_are_no_number_are_unknown(used: Registry) -> None:
    assert used.context("buildings")["storeys"].isna().tolist()[:2] == [True, False]


def test_buildings_keep_their_use_through_a_filing(used: Registry) -> None:
    file_through(used, make_plan(communities()[:1]))
    found = used.context("buildings").set_index("id")
    assert (found["use"].loc["0"], found["storeys"].loc["1"]) == ("public", 3.0)


# --- making and opening --------------------------------------------------------------------------------------------


def test_a_registry_that_exists_is_never_overwritten(registry: Registry) -> None:
    with pytest.raises(Conflict, match="exists"):
        Registry.create(registry.path, work_crs=WORK)


@pytest.mark.parametrize("name", ["a?b.gpkg", "a#b%20.gpkg", "社区 1.gpkg"])
def test_a_registry_may_have_any_name(tmp_path: Path, name: str) -> None:
    with Registry.create(tmp_path / name, work_crs=WORK, name="甲"):
        assert [p.name for p in tmp_path.iterdir()] == [name]
    assert Registry.open(tmp_path / name).name == "甲"


@pytest.mark.parametrize("read", [Registry.communities, Registry.plans], ids=lambda f: f.__name__)
def test_a_file_that_is_locked_says_so(
    file_registry: Registry, monkeypatch: pytest.MonkeyPatch, read: Callable[[Registry], object]
) -> None:
    monkeypatch.setattr(geopackage, "BUSY_MS", 20)
    again = Registry.open(file_registry.path)
    other = sqlite3.connect(file_registry.path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(Conflict, match="someone else"):
            read(again)
        with pytest.raises(Conflict, match="someone else"):
            Registry.open(file_registry.path)
    finally:
        other.close()


KILLED = """
import os, sys
from gridgis.service import plans
plans._import_town = lambda *_: os.kill(os.getpid(), 9)
plans.create_registry(plans.NewRegistry(sys.argv[1], work_crs="EPSG:4545"), sys.argv[2])
"""


def test_a_copy_has_what_is_still_in_the_log(file_registry: Registry, tmp_path: Path) -> None:
    writer = sqlite3.connect(file_registry.path)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("PRAGMA wal_autocheckpoint = 0")
    writer.execute("UPDATE registry_meta SET name = '新名'")
    writer.commit()
    file_registry.copy_to(tmp_path / "copy.gpkg")
    shutil.copy(file_registry.path, tmp_path / "plain.gpkg")
    writer.close()
    with Registry.open(tmp_path / "copy.gpkg") as copy, Registry.open(tmp_path / "plain.gpkg") as plain:
        assert (copy.name, plain.name) == ("新名", "测试")
        assert copy.communities().equals(file_registry.communities())


def test_a_copy_never_overwrites(file_registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "there.gpkg").write_bytes(b"mine")
    with pytest.raises(Conflict, match="exists"):
        file_registry.copy_to(tmp_path / "there.gpkg")
    assert (tmp_path / "there.gpkg").read_bytes() == b"mine"


def test_a_process_that_is_killed_while_making_a_registry_leaves_none(tmp_path: Path) -> None:
    town = Path(__file__).parents[2] / "sample_shapes" / "town"
    path = tmp_path / "r.gpkg"
    killed = subprocess.run([sys.executable, "-c", KILLED, str(path), str(town)], check=False)
    assert (killed.returncode, path.exists()) == (-9, False)
    assert create_registry(NewRegistry(path, work_crs=WORK))["path"] == str(path)
    assert Registry.open(path).work_crs == WORK


def test_a_work_crs_in_degrees_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="metric"):
        Registry.create(tmp_path / "r.gpkg", work_crs="EPSG:4490")


def test_a_refused_registry_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="nonsense"):
        Registry.create(tmp_path / "r.gpkg", work_crs="nonsense")
    assert not (tmp_path / "r.gpkg").exists()


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="create"):
        Registry.open(tmp_path / "none.gpkg")


@pytest.mark.parametrize("content", [b"", b"not a database at all, but text that is long enough" * 40])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.gpkg"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match="registry"):
        Registry.open(path)


def test_a_registry_of_another_version_is_refused(registry: Registry) -> None:
    with registry._book.store.write() as c:
        c.exec_driver_sql("UPDATE registry_meta SET version = 99")
    with pytest.raises(InvalidInput, match="99"):
        Registry.open(registry.path)
