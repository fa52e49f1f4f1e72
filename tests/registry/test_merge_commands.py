"""The commands plan merge, registry merge and divide on merged communities, on both stores."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gridgis.cli import main
from gridgis.geometry.crs import to_stored
from gridgis.registry import Registry
from tests.registry.conftest import Address
from tests.registry.hand import WORK, A, B, C, buildings, communities, file_through, make_plan, make_registry

AB = "990001001009"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs gridgis in a fresh folder: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["gridgis", *words])
        with pytest.raises(SystemExit) as done:
            main()
        out = capsys.readouterr()
        return int(done.value.code or 0), out.out, out.err

    return call


@pytest.fixture
def where(address: Address) -> str:
    place = address()
    with make_registry(place) as registry:
        file_through(registry, make_plan(communities(), [((500.0, -5.0), (520.0, 905.0))]))
    return place


def walk(run: Run, where: str, number: int) -> None:
    for step in ("submit", "review", "file"):
        code, _, err = run("plan", step, str(number), "-r", where, "--by", "张三")
        assert code == 0, err


def test_communities_are_merged_checked_and_asked_for_on_both_days(run: Run, where: str) -> None:
    code, out, err = run(
        "plan", "merge", f"{A}000", f"{B}000", "-r", where, "--code", AB, "--name", "联合社区", "--json"
    )
    assert (code, json.loads(out)["community"] if out else err) == (0, AB)
    changed = json.loads(run("plan", "diff", "2", "-r", where, "--json")[1])
    assert {(row["old"], row["new"]) for row in changed if row["relation"] != "continues"} == {(f"{B}000", f"{AB}000")}
    walk(run, where, 2)
    assert run("registry", "check", where)[0] == 0
    with Registry.open(where) as registry:
        spot = registry.grids().set_index("code").geometry.loc[f"{AB}000"].representative_point()
    answers = [
        json.loads(run("locate", str(spot.x), str(spot.y), "-r", where, "--json", *at)[1])
        for at in ((), ("--at", "2"), ("--at", "1"))
    ]
    assert [a["hit"]["chain"][-1][:12] for a in answers][:2] == [AB, AB]
    assert answers[2]["hit"]["chain"][-1][:12] in (A, B)


def test_merges_by_the_wrong_office_are_refused_and_write_nothing(run: Run, where: str) -> None:
    assert run("registry", "powers", where, "township-divides")[0] == 0
    plan = ("plan", "merge", f"{A}000", f"{B}000", "-r", where, "--code", AB)
    register = ("registry", "merge", where, A, B, "--code", AB)
    assert [run(*words, "--name", "错名社区")[0] for words in (plan, register)] == [1, 1]
    for words in (register, plan):
        code, _, err = run(*words, "--name", "联合社区", "--office", "township")
        assert code == 0, err
    with Registry.open(where) as registry:
        assert registry.communities().set_index("code")["name"].loc[AB] == "联合社区"
        assert len(registry.plans()) == 2


def test_a_grid_across_two_communities_is_told_the_way_out(run: Run, where: str) -> None:
    code, _, err = run("plan", "merge", f"{A}001", f"{B}001", "-r", where)
    assert (code, f"{A}000" in err, "gridgis plan merge" in err) == (2, True, True)


def test_merged_communities_are_divided_as_one(run: Run, where: str, tmp_path: Path) -> None:
    base = communities()
    town = tmp_path / "town"
    town.mkdir()
    to_stored(base).to_file(town / "communities.geojson", COORDINATE_PRECISION=9)
    homes = to_stored(buildings(base))[["id", "name", "households", "geometry"]]
    homes.to_file(town / "buildings.geojson", COORDINATE_PRECISION=9)
    code, out, err = run("registry", "merge", where, A, B, "--code", AB, "--name", "联合社区")
    assert (code, AB in out) == (0, True), err
    code, _, err = run("divide", str(town), "--community", AB, "--registry", where, "-o", "one.gpkg")
    assert code == 0, err
    assert run("plan", "new", "one.gpkg", "-r", where)[0] == 0
    walk(run, where, 2)
    with Registry.open(where) as registry:
        assert registry.check().empty
        assert registry.work_crs == WORK
        grids = registry.grids()
        assert sorted(set(grids["community"])) == [C, AB]
        kin = registry.lineage().query("revision == 2")
        assert {code[:12] for code in kin["old"]} == {A, B}
        homes = registry.context("buildings")
        assert set(homes["level2"][homes["community"] == AB]) <= set(grids["code"])
    code, _, err = run("divide", str(town), "--registry", where, "-o", "all.gpkg", "--json")
    assert code == 0, err
    assert run("plan", "new", "all.gpkg", "-r", where)[0] == 0  # the merged one stays one


def test_a_town_that_lacks_a_member_is_refused(run: Run, where: str, tmp_path: Path) -> None:
    base = communities()
    town = tmp_path / "town"
    town.mkdir()
    to_stored(base[base["code"] != B]).to_file(town / "communities.geojson", COORDINATE_PRECISION=9)
    homes = to_stored(buildings(base[base["code"] != B]))[["id", "name", "households", "geometry"]]
    homes.to_file(town / "buildings.geojson", COORDINATE_PRECISION=9)
    assert run("registry", "merge", where, A, B, "--code", AB)[0] == 0
    code, _, err = run("divide", str(town), "--community", AB, "--registry", where, "-o", "one.gpkg")
    assert (code, B in err) == (2, True)
