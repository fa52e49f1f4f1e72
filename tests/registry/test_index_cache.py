"""The index of the revision in force: used when it is right, made anew when it is not, on either store."""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from gridgis.cli import main
from gridgis.cli.commands import main as run
from gridgis.cli.point import answer_point
from gridgis.errors import InvalidInput
from gridgis.index import Resolver
from gridgis.index.mapped import MAGIC
from gridgis.registry import Registry, index_cache, quick, tables
from gridgis.registry.index_cache import cache_path
from gridgis.registry.quick import locate_quickly
from gridgis.service.locator import Locator
from gridgis.service.stores import backup, restore
from tests.registry.conftest import Address, team
from tests.registry.hand import A, B, Clock, box, communities, file_through, make_plan, make_registry

Builds = Callable[[], int]
INSIDE, CODE = (109.0242867, 32.6978239), A + "003"


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> Builds:
    """Return a function that tells how many resolvers were built, filing apart, since it was last asked."""
    from gridgis.registry import cards

    real, count = cards.Resolver.build, [0]

    def counted(*words: object) -> Resolver:
        count[0] += 1
        return real(*words)  # type: ignore[arg-type]

    monkeypatch.setattr(cards.View, "build", lambda self: counted(self.grids, self.work_crs, self.revision))

    def since() -> int:
        told, count[0] = count[0], 0
        return told

    return since


@pytest.fixture
def place(address: Address, clock: Clock) -> Iterator[str]:
    """Return the address of a registry with one revision, a carved and an overlay grid, and a team."""
    where = address()
    with make_registry(where, clock) as made:
        base = communities()
        sites = [box(100, 100, 50, 50)], [box(500, 500, 80, 80)]
        file_through(made, make_plan(base[base["code"].isin([A, B])], [((300, -10), (410, 900))], [], *sites))
        made.team_import(team(), "张三")
    yield where
    cache_path(where).unlink(missing_ok=True)


def ask(where: str, clock: Clock) -> str | None:
    with Registry.open(where, clock) as registry:
        return registry.locate(*INSIDE).code


def test_the_second_reader_builds_nothing(place: str, clock: Clock, builds: Builds) -> None:
    assert (ask(place, clock), builds(), ask(place, clock), builds()) == (CODE, 1, CODE, 0)


def test_the_quick_way_tells_what_the_registry_tells(place: str, clock: Clock) -> None:
    with Registry.open(place, clock) as registry:
        points = [*((p.x, p.y) for p in registry.grids().representative_point()), (109.1, 32.9)]
        full = [(hit := registry.locate(*p), hit.code and registry.card(hit.code, mask=False)) for p in points]
    assert [locate_quickly(place, *p, "EPSG:4490", clock()) for p in points] == full


def test_the_quick_way_knows_who_acts_today(place: str, clock: Clock) -> None:
    row = {"grid": CODE, "role": "administrator", "name": "宋禾", "from": "2026-01-01", "to": "2026-06-30"}
    with Registry.open(place, clock) as registry:
        registry.team_import(pd.DataFrame([row]), "张三")
    ask(place, clock)
    found = locate_quickly(place, *INSIDE, "EPSG:4490", clock())
    clock.pass_days(200)
    later = locate_quickly(place, *INSIDE, "EPSG:4490", clock())
    told = [[p["name"] for p in (f[1] or {})["administrators"]] for f in (found, later) if f]
    assert told == [["宋禾"], []]


def test_without_an_index_the_quick_way_leaves_the_answer_to_others(place: str, clock: Clock) -> None:
    cache_path(place).unlink(missing_ok=True)
    assert locate_quickly(place, *INSIDE, "EPSG:4490", clock()) is None


def test_a_point_that_cannot_be_meant_is_refused_the_quick_way_too(place: str, clock: Clock) -> None:
    ask(place, clock)
    with pytest.raises(InvalidInput, match="swapped"):
        locate_quickly(place, 32.0, 109.0, "EPSG:4490", clock())


def test_after_a_filing_the_index_is_old_and_made_anew(place: str, clock: Clock, builds: Builds) -> None:
    ask(place, clock)
    before = cache_path(place).read_bytes()
    with Registry.open(place, clock) as registry:
        base = communities()
        file_through(registry, make_plan(base[base["code"] == A], [((500, -10), (500, 900))]), "重划")
    builds()
    assert locate_quickly(place, *INSIDE, "EPSG:4490", clock()) is None
    ask(place, clock)
    found = locate_quickly(place, *INSIDE, "EPSG:4490", clock())
    assert (builds(), cache_path(place).read_bytes() != before, found and found[0].revision) == (1, True, 2)


def test_a_revision_of_a_later_day_takes_the_index_on_that_day(place: str, clock: Clock) -> None:
    with Registry.open(place, clock) as registry:
        base = communities()
        number = registry.plan_new(make_plan(base[base["code"] == A], [((500, -10), (500, 900))]), "重划", "张三")
        registry.plan_submit(number, "张三")
        registry.plan_review(number, "李四")
        registry.plan_file(number, "王五", in_force_from="2026-03-05")
    revisions = []
    for _ in range(2):
        ask(place, clock)
        found = locate_quickly(place, *INSIDE, "EPSG:4490", clock())
        revisions.append(found and found[0].revision)
        clock.pass_days(10)
    assert revisions == [1, 2]


def test_a_question_about_the_past_leaves_the_index_alone(place: str, clock: Clock) -> None:
    with Registry.open(place, clock) as registry:
        base = communities()
        file_through(registry, make_plan(base[base["code"] == A], [((500, -10), (500, 900))]), "重划")
        registry.locate(*INSIDE)
        before = cache_path(place).read_bytes()
        assert registry.locate(*INSIDE, at=1).revision == 1
    assert cache_path(place).read_bytes() == before


def flip(path: Path) -> None:
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 1
    path.write_bytes(whole)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def replace(path: Path) -> None:
    path.write_text("no index", encoding="utf-8")


@pytest.mark.parametrize("harm", [flip, truncate, replace])
def test_a_broken_index_is_noticed_and_made_anew(
    place: str, clock: Clock, builds: Builds, harm: Callable[[Path], None]
) -> None:
    ask(place, clock)
    good = cache_path(place).read_bytes()
    harm(cache_path(place))
    builds()
    assert locate_quickly(place, *INSIDE, "EPSG:4490", clock()) is None
    assert (ask(place, clock), builds(), cache_path(place).read_bytes() == good) == (CODE, 1, True)


@pytest.mark.parametrize("harm", [flip, truncate, replace])
def test_the_check_tells_a_broken_index_and_leaves_it(place: str, clock: Clock, harm: Callable[[Path], None]) -> None:
    def found() -> list[str]:
        with Registry.open(place, clock) as registry:
            return registry.check()["rule"].tolist()

    none = found()
    ask(place, clock)
    whole = found()
    harm(cache_path(place))
    broken = cache_path(place).read_bytes()
    assert (none, whole, found(), cache_path(place).read_bytes() == broken) == ([], [], ["index"], True)
    cache_path(place).write_bytes(MAGIC + b"\xff" * 60)  # of another version of the program
    assert found() == []


def test_a_backup_is_restored_whatever_its_index_is(place: str, clock: Clock, tmp_path: Path) -> None:
    backup(place, tmp_path / "backup.gpkg")
    cache_path(tmp_path / "backup.gpkg").write_text("no index", encoding="utf-8")
    restore(tmp_path / "backup.gpkg", tmp_path / "again.gpkg")
    with Registry.open(tmp_path / "again.gpkg", clock) as registry:
        assert registry.check().empty


def test_the_index_of_another_registry_is_noticed(place: str, clock: Clock, builds: Builds, tmp_path: Path) -> None:
    other = str(tmp_path / "other.gpkg")
    with make_registry(other, clock) as made:
        file_through(made, make_plan(communities()))
    ask(other, clock)
    cache_path(place).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(cache_path(other), cache_path(place))
    builds()
    assert (ask(place, clock), builds()) == (CODE, 1)


def test_who_may_not_write_the_index_is_answered_and_told_once(
    place: str, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    cache_path(place).unlink(missing_ok=True)
    cache_path(place).mkdir(parents=True)  # a folder in its place
    index_cache._told.clear()
    with caplog.at_level(logging.WARNING, "gridgis.index"):
        answers = [ask(place, clock) for _ in range(2)]
    cache_path(place).rmdir()
    assert answers == [CODE] * 2
    assert [r.getMessage().split(" ")[0] for r in caplog.records] == ["查询索引", "the"]


def test_two_processes_may_build_at_once(file_registry: Registry, tmp_path: Path) -> None:
    file_through(file_registry, make_plan(communities()))
    where = file_registry.path
    code = f"from gridgis.registry import Registry; print(Registry.open({where!r}).locate{INSIDE}.code)"
    many = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(3)]
    told = [p.communicate()[0].strip() for p in many]
    assert (told, {p.returncode for p in many}) == ([A + "002"] * 3, {0})
    assert [p.name for p in tmp_path.iterdir() if p.name.endswith(".part")] == []
    assert locate_quickly(where, *INSIDE, "EPSG:4490") is not None


def test_a_reader_swaps_to_a_newer_revision_and_lookups_in_flight_finish_on_theirs(place: str, clock: Clock) -> None:
    with Locator(Registry.open(place, clock)) as locator, Registry.open(place, clock) as writer:
        in_flight = locator.snapshot()
        base = communities()
        file_through(writer, make_plan(base[base["code"] == A], [((500, -10), (500, 900))]), "重划")
        assert locator.refresh()
        assert (locator.locate(*INSIDE).revision, in_flight.locate(*INSIDE).revision) == (2, 1)


def test_the_quick_queries_are_written_for_the_tables_as_they_are() -> None:
    assert quick.TABLES == tables.VERSION


def test_the_quick_way_does_not_make_a_file(tmp_path: Path) -> None:
    assert locate_quickly(str(tmp_path / "none.gpkg"), *INSIDE, "EPSG:4490") is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("where", ["postgresql://nobody@127.0.0.1:1/none", "mysql://host/city"])
def test_a_database_that_is_not_there_is_left_to_the_way_that_says_so(where: str) -> None:
    assert locate_quickly(where, *INSIDE, "EPSG:4490") is None


def test_another_file_is_left_to_the_way_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "text.gpkg").write_text("hello", encoding="utf-8")
    assert locate_quickly(str(tmp_path / "text.gpkg"), *INSIDE, "EPSG:4490") is None


def test_a_registry_without_grids_is_left_to_the_way_that_says_so(file_registry: Registry) -> None:
    assert locate_quickly(file_registry.path, *INSIDE, "EPSG:4490") is None


def test_a_databases_index_lies_in_the_folder_that_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GRIDGIS_CACHE", str(tmp_path))
    assert cache_path("postgresql://ann@host/city").parent == tmp_path


@pytest.mark.parametrize("variable", ["XDG_CACHE_HOME", "LOCALAPPDATA"])
def test_a_databases_index_lies_in_the_users_cache_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str
) -> None:
    for name in ("GRIDGIS_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, str(tmp_path))
    assert cache_path("postgresql://ann@host/city").parent == tmp_path / "gridgis"


def test_the_command_says_that_it_builds_the_index_and_goes_on(
    file_registry: Registry, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file_through(file_registry, make_plan(communities()))
    said = []
    for _ in range(2):
        monkeypatch.setattr(sys, "argv", ["gridgis", "locate", *map(str, INSIDE), "-r", file_registry.path])
        with pytest.raises(SystemExit) as done:
            main()
        out, err = capsys.readouterr()
        said.append((done.value.code or 0, A + "002" in out, "there is none yet" in err))
    assert said == [(0, True, True), (0, True, False)]


@pytest.mark.parametrize("crs", ["GCJ-02", "EPSG:4326"])
def test_the_quick_command_prints_what_the_full_one_prints(
    file_registry: Registry, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], crs: str
) -> None:
    file_through(file_registry, make_plan(communities()))
    printed = []
    for answer in (main, run):  # without an index and with one; and never the quick way
        for _ in range(2):
            words = ["locate", *map(str, INSIDE), "-r", file_registry.path, "--crs", crs, "--json"]
            monkeypatch.setattr(sys, "argv", ["gridgis", *words])
            with pytest.raises(SystemExit):
                answer()
            printed.append(capsys.readouterr().out)
    assert len(set(printed)) == 1


@pytest.mark.parametrize(
    "words",
    [
        ["locate", "109", "32"],
        ["locate", "109", "-r", "x.gpkg"],
        ["locate", "east", "32", "-r", "x.gpkg"],
        ["locate", "109", "32", "-r", "x.gpkg", "--at", "1"],
        ["locate", "109", "32", "-r"],
        ["locate", "--help"],
        ["plan", "list"],
        [],
    ],
    ids=" ".join,
)
def test_any_other_command_is_left_to_the_parser(words: list[str]) -> None:
    assert answer_point(words) is None
