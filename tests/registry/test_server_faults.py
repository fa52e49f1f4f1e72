"""A database server that dies or runs full in a filing, and a file that cannot grow: told, and nothing is lost."""

from __future__ import annotations

import os
import resource
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from benchmarks.cluster import Cluster, programs
from gridgis.errors import Unavailable
from gridgis.registry import Registry, filing, tables
from tests.registry.faults import WAYS, forked, need_whole_plans, only, wait_for
from tests.registry.hand import file_through, make_plan, make_registry

Fault = Callable[[sa.Connection], None]


@pytest.fixture
def server(postgis: Cluster) -> Iterator[Cluster]:
    """Return a server of this test's own, to be crashed."""
    assert programs()
    with Cluster() as cluster:
        yield cluster


def reviewed(registry: Registry) -> int:
    """File a plan, and return another one, ready to be filed."""
    file_through(registry, make_plan(only(), WAYS[0]))
    number = registry.plan_new(make_plan(only(), WAYS[1]), "方案", "张三")
    registry.plan_submit(number, "张三")
    registry.plan_review(number, "李四")
    return number


def in_the_middle(monkeypatch: pytest.MonkeyPatch, fault: Fault) -> None:
    """Let a fault happen once, when all rows of a filing are written and nothing is committed."""
    check = filing._refuse_unfindable

    def faulty(book: object, connection: sa.Connection, *more: object) -> None:
        monkeypatch.setattr(filing, "_refuse_unfindable", check)
        fault(connection)
        check(book, connection, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(filing, "_refuse_unfindable", faulty)


def need_old_state(registry: Registry, number: int) -> None:
    """Hold the registry to what it was before the filing that broke off; then file."""
    assert (registry.head, registry.plan(number)["state"]) == (1, "reviewed")
    assert registry.check().empty
    need_whole_plans(registry)
    assert registry.plan_file(number, "王五") == 2
    assert registry.check().empty


def test_a_server_that_crashes_in_a_filing_loses_nothing_and_goes_on(
    server: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    with make_registry(server.address()) as registry:
        number = reviewed(registry)
        in_the_middle(monkeypatch, lambda _: server.crash())
        with pytest.raises(Unavailable, match="database"):
            registry.plan_file(number, "王五")
        with pytest.raises(Unavailable, match="cannot be reached"):
            Registry.open(server.address("s1"))
        server.start()
        need_old_state(registry, number)  # the same Registry goes on


def test_a_server_process_that_is_killed_in_a_filing_loses_nothing(
    server: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kill(connection: sa.Connection) -> None:
        os.kill(int(connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()), signal.SIGKILL)

    with make_registry(server.address()) as registry:
        number = reviewed(registry)
        in_the_middle(monkeypatch, kill)
        with pytest.raises(Unavailable, match="database"):
            registry.plan_file(number, "王五")
        until = time.monotonic() + 60
        while not answers(registry):
            assert time.monotonic() < until, "the server does not recover"
            time.sleep(0.2)
        need_old_state(registry, number)


def answers(registry: Registry) -> bool:
    """Tell whether the server is there again; while it recovers, it must say so clearly."""
    try:
        return registry.head >= 0
    except Unavailable:
        return False


def test_a_server_whose_disk_is_full_is_told_and_loses_nothing(postgis: Cluster) -> None:
    with make_registry(postgis.address()) as registry:
        number = reviewed(registry)
        with registry._book.store.write() as c:  # the server's own error, from where a full disk raises it
            c.exec_driver_sql(
                "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION "
                "'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$"
            )
            c.exec_driver_sql("CREATE TRIGGER full_disk BEFORE INSERT ON lineage EXECUTE FUNCTION full_disk()")
        with pytest.raises(Unavailable, match="disk is full"):
            registry.plan_file(number, "王五")
        with registry._book.store.write() as c:
            c.exec_driver_sql("DROP TRIGGER full_disk ON lineage")
        need_old_state(registry, number)


def test_a_file_that_cannot_grow_is_told_and_loses_nothing(tmp_path: Path) -> None:
    where = tmp_path / "r.gpkg"
    with make_registry(where) as registry:
        number = reviewed(registry)

    def file() -> int:
        room = where.stat().st_size + 8192  # the system refuses what is written beyond
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
        with Registry.open(where) as registry:
            many = [((30.0 * k, -5.0), (30.0 * k, 905.0)) for k in range(1, 33)]
            try:
                registry.plan_new(make_plan(only(), many), "大方案", "张三")
            except Unavailable as e:
                return 7 if "nothing was written" in e.en else 8
        return 9

    assert wait_for(forked(file)) == 7
    with Registry.open(where) as registry:
        assert len(registry.plans()) == 2
        need_old_state(registry, number)


def test_a_cache_of_the_index_that_cannot_be_written_does_not_stand_in_the_way(tmp_path: Path) -> None:
    where = tmp_path / "r.gpkg"
    with make_registry(where) as registry:
        file_through(registry, make_plan(only(), WAYS[0]))
        spot = registry.grids(level=2).geometry.iloc[0].representative_point()

    def ask() -> int:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1024, resource.RLIM_INFINITY))
        with Registry.open(where) as registry:
            return 7 if registry.locate(spot.x, spot.y).code else 8

    assert wait_for(forked(ask)) == 7
    with Registry.open(where) as registry, registry._book.store.read() as c:
        assert c.execute(sa.select(sa.func.count()).select_from(tables.revision)).scalar() == 1
