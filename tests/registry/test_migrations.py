"""A registry of an earlier version opens, keeps what it held, and is then like a new one, on both stores."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely
import sqlalchemy as sa

from benchmarks.cluster import Cluster
from gridgis.errors import InvalidInput
from gridgis.registry import Registry, migrations, seals, tables
from gridgis.registry.store import Store, url_of
from tests.registry.conftest import Address
from tests.registry.hand import WORK, make_registry

VERSION_3 = Path(__file__).with_name("version3.gpkg.gz")
"""Three communities; two filed as revision 1, with a leader; a plan of the third submitted."""
WRITTEN = "2026-01-05T02:00:00.000Z"
SQUARE = shapely.MultiPolygon([shapely.box(109.0, 32.0, 109.01, 32.01)])
OLD_ROWS = {
    "registry_meta": {"name": "旧库", "work_crs": WORK, "scheme_name": "national-15", "version": 2, "created": WRITTEN},
    "plan": {"fid": 1, "title": "旧方案", "communities": '["990001001001"]', "state": "filed", "made_at": WRITTEN,
             "changed_at": WRITTEN, "revision": 1},
    "plan_event": {"plan_id": 1, "action": "file", "state": "filed", "who": "王五", "at": WRITTEN},
    "revision": {"number": 1, "plan_id": 1, "filed_at": WRITTEN, "in_force_from": "2026-01-05", "filed_by": "王五"},
    "issued_code": {"code": "990001001001000", "plan_id": 1, "issued_at": WRITTEN, "state": "in_force"},
    "person": {"fid": 1, "name": "顾信浩"},
    "appointment": {"person": 1, "grid": "990001001001000", "role": "leader", "from_day": "2026-01-05",
                    "made_at": WRITTEN},
}  # fmt: skip


@pytest.fixture(params=[2, 3])
def old(request: pytest.FixtureRequest, address: Address) -> str:
    """Return the address of a registry as an earlier version wrote it, with one grid in force and its leader."""
    return write_old(address(), request.param)


def write_old(where: str, version: int = 2) -> str:
    from gridgis.coding import Scheme

    store = Store(url_of(where), tables.metadata)
    with store.change_tables() as c:
        migrations.upgrade(c, 0, version)
        for name, values in OLD_ROWS.items():
            more = {"scheme": Scheme.load("national-15").toml, "version": version} if name == "registry_meta" else {}
            columns = [sa.column(key) for key in values | more]
            quoted = sa.table(name, *columns)
            c.execute(sa.insert(quoted).values(values | more))
        community = {"code": "990001001001", "name": "甲社区", "geometry": SQUARE}
        c.execute(sa.insert(tables.community).values(**community))
        grid = {
            "code": "990001001001000", "scheme": "national-15", "community": "990001001001", "level": 1,
            "kind": "comprehensive", "name": "甲网格", "area_m2": 1.0, "flags": "", "state": "in_force",
            "valid_from": 1, "plan_id": 1, "geometry": SQUARE,
        }  # fmt: skip
        c.execute(sa.insert(tables.grid).values(**grid))
        if version > 2:
            seals.seal_all(c)
    with store.write() as c:
        if version == 2:
            tables.gridgis_version.drop(c)  # what version 2 did not have
    store.close()
    return where


@pytest.fixture
def opened(old: str) -> Iterator[Registry]:
    with Registry.open(old) as registry:
        yield registry


def test_an_earlier_version_opens_with_what_it_held(opened: Registry) -> None:
    assert (opened.name, opened.revision, opened.grids()["name"].tolist()) == ("旧库", 1, ["甲网格"])
    assert opened.leaders()["990001001001000"][0]["name"] == "顾信浩"


def test_an_upgraded_registry_has_the_tables_of_a_new_one(opened: Registry, address: Address) -> None:
    with Registry.create(address(), work_crs=WORK) as new:
        assert shape_of(opened) == shape_of(new)


def test_what_was_published_before_is_sealed(opened: Registry) -> None:
    with opened._book.store.read() as c:
        assert c.execute(sa.select(tables.grid.c.seal)).scalar()
        assert c.execute(sa.select(tables.revision.c.seal)).scalar()
    assert opened.check().empty


def test_a_file_that_version_3_wrote_opens_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "registry.gpkg"
    path.write_bytes(gzip.decompress(VERSION_3.read_bytes()))
    with Registry.open(path) as registry:
        assert registry.check().empty
        assert (registry.revision, registry.leaders()["990001001001001"][0]["name"]) == (1, "甲")
        registry.plan_review(2, "李四")
        registry.plan_file(2, "王五")
        assert (registry.revision, registry.check().empty) == (2, True)


def test_an_upgrade_is_written_down_once(old: str) -> None:
    for _ in range(2):
        Registry.open(old).close()
    store = Store(url_of(old), tables.metadata)
    with store.read() as c:
        assert c.execute(sa.select(tables.gridgis_version.c.version_num)).scalars().all() == [str(tables.VERSION)]
        assert c.execute(sa.select(tables.registry_meta.c.version)).scalar() == tables.VERSION
    store.close()


def test_an_upgrade_that_breaks_off_leaves_the_old_version(old: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("alembic.op.create_index", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            Registry.open(old)
    with Registry.open(old) as registry:
        assert registry.revision == 1


def test_a_version_too_old_is_refused(old: str) -> None:
    store = Store(url_of(old), tables.metadata)
    with store.write() as c:
        c.exec_driver_sql("UPDATE registry_meta SET version = 1")
    store.close()
    with pytest.raises(InvalidInput, match="2 to 4"):
        Registry.open(old)


def shape_of(registry: Registry) -> dict[str, object]:
    """Return the columns, indexes and rules of all tables of a registry."""
    store = registry._book.store
    with store.read() as c:
        if store.is_file:
            rows = c.exec_driver_sql("SELECT type, tbl_name, name FROM sqlite_master WHERE tbl_name NOT LIKE 'gpkg%'")
            out: dict[str, object] = {"objects": sorted(map(tuple, rows))}
            for name in tables.metadata.tables:
                out[name] = [tuple(row)[1:4] for row in c.exec_driver_sql(f"PRAGMA table_info('{name}')")]
            return out
        asked = {
            "columns": "SELECT table_name, column_name, data_type, udt_name, is_nullable, collation_name "
            "FROM information_schema.columns WHERE table_schema = current_schema() ORDER BY 1, ordinal_position",
            "indexes": "SELECT replace(indexdef, current_schema() || '.', '') FROM pg_indexes "
            "WHERE schemaname = current_schema() ORDER BY 1",
            "rules": "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE connamespace = current_schema()::regnamespace ORDER BY 1",
        }
        return {what: [tuple(row) for row in c.exec_driver_sql(sql)] for what, sql in asked.items()}


def test_an_earlier_version_in_a_schema_of_its_own_leaves_the_one_in_public_alone(postgis: Cluster) -> None:
    with Cluster() as cluster, make_registry(cluster.address("public")) as public:  # a server where public is empty
        with Registry.open(write_old(cluster.address())) as own:
            assert len(own.grids()) == 1
        assert public.grids().empty
