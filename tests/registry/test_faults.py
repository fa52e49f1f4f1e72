"""Crashes, writers at once, full disks, files and servers that do not allow: a clear error, and nothing is lost."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
import sqlalchemy as sa

from benchmarks.cluster import Cluster
from gridgis.errors import Conflict, Forbidden, InvalidInput, Unavailable
from gridgis.registry import Registry, tables
from tests.registry.conftest import Address
from tests.registry.faults import allocate_at_once, file_at_once, forked, kill_often, only, read_while_filing, wait_for
from tests.registry.hand import communities, file_through, make_plan, make_registry


@pytest.mark.heavy
def test_after_kill_9_at_random_moments_all_is_whole(address: Address) -> None:
    killed = kill_often(address(), kills=30, seed=os.getpid())
    assert (killed["inside"] >= 10, killed["inside"] + killed["after"], killed["revisions"] >= 1) == (True, 30, True)


def test_of_8_writers_at_once_one_wins_and_the_others_are_told_who(address: Address) -> None:
    assert file_at_once(address(), 8) == [0] + [1] * 7


def test_no_code_is_issued_twice_by_writers_at_once(address: Address) -> None:
    assert allocate_at_once(address(), writers=4, rounds=2, pieces=8, places=2) == 4 * 2 * 16


def test_readers_see_whole_revisions_only(address: Address) -> None:
    reads, revisions = read_while_filing(address(), filings=3)
    assert (reads >= revisions, revisions >= 2) == (True, True)


# --- disks, rights, servers ----------------------------------------------------------------------------------------


def test_a_full_disk_is_told_and_loses_nothing(file_registry: Registry) -> None:
    file_through(file_registry, make_plan(only()))
    number = file_registry.plan_new(make_plan(only(), [((500.0, -5.0), (520.0, 905.0))]), "方案", "张三")
    engine = file_registry._book.store._engine

    def fill(connection: object, _: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]  # type: ignore[attr-defined]
        connection.execute(f"PRAGMA max_page_count = {pages}")  # type: ignore[attr-defined]

    sa.event.listen(engine, "connect", fill)
    many = make_plan(communities(), [((100.0 * k, -5.0), (100.0 * k, 1400.0)) for k in range(1, 19)])
    with pytest.raises(Unavailable, match="disk is full"):
        file_registry.plan_new(many, "方案", "张三")
    sa.event.remove(engine, "connect", fill)
    assert (file_registry.check().empty, file_registry.plan(number)["state"]) == (True, "draft")
    file_registry.plan_submit(number, "张三")


def test_a_file_that_may_only_be_read_is_told_and_still_answers() -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        with make_registry(folder / "r.gpkg") as registry:
            file_through(registry, make_plan(only()))
        folder.chmod(0o555)
        (folder / "r.gpkg").chmod(0o444)

        def use() -> int:
            if os.geteuid() == 0:
                os.setuid(65534)  # root may write whatever the file says
            with Registry.open(folder / "r.gpkg") as registry:
                assert len(registry.grids()) == 3
                try:
                    registry.team_file("张三")
                except Forbidden as e:
                    return 7 if "read-only" in e.en else 8
            return 9

        assert wait_for(forked(use)) == 7
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)


def test_a_database_user_without_the_right_is_told_and_still_answers(postgis: Cluster) -> None:
    where = postgis.address()
    schema = where.rpartition("schema=")[2]
    with make_registry(where) as registry:
        file_through(registry, make_plan(only()))
        with registry._book.store.write() as c:
            c.exec_driver_sql("DROP ROLE IF EXISTS reader")
            c.exec_driver_sql("CREATE ROLE reader LOGIN")
            c.exec_driver_sql(f"GRANT USAGE ON SCHEMA {schema} TO reader")
            c.exec_driver_sql(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO reader")
    with Registry.open(where.replace("postgres@", "reader@")) as reader:
        assert len(reader.grids()) == 3
        with pytest.raises(Forbidden, match="lacks a right"):
            reader.team_file("张三")


def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(Unavailable, match="cannot be reached"):
        Registry.open(f"postgresql://ann@/city?host={tmp_path}")


def test_another_kind_of_database_is_refused() -> None:
    with pytest.raises(InvalidInput, match="mysql"):
        Registry.open("mysql://ann@host/city")


def test_a_schema_without_a_registry_is_refused(postgis: Cluster) -> None:
    with pytest.raises(InvalidInput, match="no gridgis registry"):
        Registry.open(postgis.address("nothing_here"))


def test_a_registry_in_public_is_not_taken_for_one_of_another_schema(postgis: Cluster) -> None:
    make_registry(postgis.address("public")).close()
    with pytest.raises(InvalidInput, match="no gridgis registry"):
        Registry.open(postgis.address("elsewhere"))


def test_a_password_is_never_shown(postgis: Cluster) -> None:
    where = postgis.address().replace("postgres@", "postgres:secret@")
    with make_registry(where) as registry:
        assert "secret" not in registry.path


def test_a_writer_that_waits_too_long_is_told(postgis: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    from gridgis.registry.store import postgis as store

    monkeypatch.setattr(store, "BUSY_S", 0.1)
    where = postgis.address()
    with make_registry(where) as one, Registry.open(where) as other, one._book.store.write() as c:
        c.execute(sa.select(tables.plan.c.fid))
        with pytest.raises(Conflict, match="someone else"):
            other.team_file("张三")
