"""The file is a GeoPackage that GDAL reads and writes. GDAL has its own sqlite, so it runs in a process of its own."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from gridgis.errors import InvalidInput
from gridgis.registry import Registry
from gridgis.registry.store import gpkg, promoted
from tests.registry.hand import communities, file_through, make_plan

LAYERS = {
    "community",
    "road",
    "railway",
    "river",
    "water",
    "wall",
    "building",
    "compound",
    "grid",
    "plan_grid",
    "plan_atom",
}


def elsewhere(code: str, path: str) -> str:
    """Run python in another process, with the file's path as its argument."""
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture
def registered(file_registry: Registry) -> Registry:
    base = communities()
    file_through(file_registry, make_plan(base, [((300, -10), (410, 1400))]))
    return file_registry


def test_gdal_lists_all_layers(registered: Registry) -> None:
    code = "import sys, pyogrio; print(*pyogrio.list_layers(sys.argv[1])[:, 0])"
    assert set(elsewhere(code, registered.path).split()) >= LAYERS


def test_gdal_reads_the_grids_and_their_crs(registered: Registry) -> None:
    code = """
import sys, json, pyogrio
g = pyogrio.read_dataframe(sys.argv[1], layer="grid")
print(json.dumps([len(g), str(g.crs.to_epsg()), sorted(g.geom_type.unique()), sorted(g["code"])[0]]))
"""
    found = json.loads(elsewhere(code, registered.path))
    assert found == [len(registered.grids()), "4490", ["MultiPolygon"], "990001001001000"]


def test_gdal_finds_by_extent_through_the_rtree(registered: Registry) -> None:
    code = """
import sys, pyogrio
i = pyogrio.read_info(sys.argv[1], layer="community")
w, s, e, n = i["total_bounds"]
print(len(pyogrio.read_dataframe(sys.argv[1], layer="community", bbox=(w, s, w + 1e-3, s + 1e-3))))
"""
    assert elsewhere(code, registered.path).strip() == "1"


WRITE_BACK = """
import sys, pyogrio, shapely
g = pyogrio.read_dataframe(sys.argv[1], layer="community")[:1]
g["code"] = "990001001099"
g["geometry"] = shapely.MultiPolygon([shapely.box(120, 30, 121, 31)])
pyogrio.write_dataframe(g, sys.argv[1], layer="community", append=True)
"""


def _rtree_of(path: str, table: str) -> list[tuple[float, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(f"SELECT minx, miny, maxx, maxy FROM rtree_{table}_geometry").fetchall()
    finally:
        connection.close()


def test_a_row_that_gdal_appends_is_in_the_rtree(registered: Registry) -> None:
    elsewhere(WRITE_BACK, registered.path)
    assert (120.0, 30.0, 121.0, 31.0) in _rtree_of(registered.path, "community")


def test_the_extent_holds_all_rows_after_gdal_appended_one(registered: Registry) -> None:
    west = registered.communities().total_bounds[0]
    elsewhere(WRITE_BACK, registered.path)
    code = "import sys, pyogrio; print(*pyogrio.read_info(sys.argv[1], layer='community')['total_bounds'])"
    bounds = [float(x) for x in elsewhere(code, registered.path).split()]
    assert bounds[0] == pytest.approx(west, abs=1e-4)
    assert bounds[2] == pytest.approx(121.0, abs=1e-4)


def test_the_registry_reads_a_row_that_gdal_wrote(registered: Registry) -> None:
    elsewhere(WRITE_BACK, registered.path)
    assert "990001001099" in set(registered.communities()["code"])


def _open(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA recursive_triggers = ON")
    gpkg.register_functions(connection)
    return connection


CHANGES = {
    "moved": ("UPDATE grid SET geometry = :g WHERE fid = 1", [(1, 5.0)]),
    "emptied": ("UPDATE grid SET geometry = :e WHERE fid = 1", []),
    "renumbered": ("UPDATE grid SET fid = 9999 WHERE fid = 1", [(9999, None)]),
    "deleted": ("DELETE FROM grid WHERE fid = 1", []),
    "upserted": (
        "INSERT INTO grid SELECT * FROM grid WHERE fid = 1 ON CONFLICT(fid) DO UPDATE SET geometry = :g", [(1, 5.0)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_the_triggers_keep_the_rtree(registered: Registry, change: str) -> None:
    sql, expected = CHANGES[change]
    connection = _open(registered.path)
    moved = gpkg.encode(shapely.MultiPolygon([shapely.box(5, 5, 6, 6)]))
    empty = gpkg.encode(shapely.MultiPolygon())
    connection.execute(
        sql.replace("SELECT * FROM grid WHERE fid = 1", "SELECT * FROM grid WHERE fid = 1 AND true"),
        {"g": moved, "e": empty},
    )
    rows = connection.execute("SELECT id, minx FROM rtree_grid_geometry WHERE id IN (1, 9999)").fetchall()
    connection.close()
    assert [(i, None if x is None else minx) for (i, minx), (_, x) in zip(rows, expected, strict=True)] == expected


def test_the_file_says_it_is_a_geopackage_1_4(registered: Registry) -> None:
    connection = _open(registered.path)
    found = [connection.execute(f"PRAGMA {p}").fetchone()[0] for p in ("application_id", "user_version")]
    connection.close()
    assert found == [0x47504B47, 10400]


def test_sqlite_finds_the_file_sound(registered: Registry) -> None:
    connection = _open(registered.path)
    found = connection.execute("PRAGMA integrity_check").fetchall()
    broken = connection.execute("PRAGMA foreign_key_check").fetchall()
    connection.close()
    assert (found, broken) == ([("ok",)], [])


def test_an_empty_geometry_says_so_in_its_head() -> None:
    assert gpkg.is_empty(gpkg.encode(shapely.MultiPolygon())) == 1


def test_a_blob_without_envelope_is_measured() -> None:
    wkb = shapely.to_wkb(shapely.box(1, 2, 3, 4), byte_order=1)
    assert gpkg.envelope(b"GP\x00\x01" + (4490).to_bytes(4, "little") + wkb) == (1.0, 3.0, 2.0, 4.0)


def test_a_write_touches_the_extents_of_its_layers_only(registered: Registry) -> None:
    def stamps() -> dict[str, str]:
        with registered._book.store.read() as c:
            return dict(iter(c.exec_driver_sql("SELECT table_name, last_change FROM gpkg_contents")))

    with registered._book.store.write() as c:
        c.exec_driver_sql("UPDATE gpkg_contents SET last_change = '2000-01-01T00:00:00.000Z'")
    line = shapely.LineString([(109, 32), (109.1, 32)])
    registered.import_context("roads", gpd.GeoDataFrame({"id": [1]}, geometry=[line], crs="EPSG:4490"))
    assert [table for table, stamp in stamps().items() if not stamp.startswith("2000")] == ["road"]


def test_what_is_no_blob_is_refused() -> None:
    with pytest.raises(InvalidInput, match="GeoPackage"):
        gpkg.decode(b"\x01\x03\x00\x00\x00")


def test_a_line_is_refused_in_a_column_of_polygons() -> None:
    with pytest.raises(InvalidInput, match="MULTIPOLYGON"):
        promoted(shapely.LineString([(0, 0), (1, 1)]), "MULTIPOLYGON")


def test_z_is_dropped() -> None:
    assert not shapely.has_z(promoted(shapely.Point(1, 2, 3), "GEOMETRY"))


def test_the_file_may_be_copied_and_opened_again(registered: Registry, tmp_path: Path) -> None:
    copy = tmp_path / "copy.gpkg"
    registered.close()
    copy.write_bytes(Path(registered.path).read_bytes())
    with Registry.open(copy) as other:
        assert other.grids().equals(registered.grids())
