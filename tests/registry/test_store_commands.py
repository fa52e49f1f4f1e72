"""The commands around where a registry is kept, who may do what, and the team's papers; on either store."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from gridgis.cli import main
from gridgis.registry import Registry, tables
from tests.registry.conftest import Address
from tests.registry.hand import A, communities, file_through, make_plan, make_registry

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
    """Return the address of a registry with a community filed and one leader."""
    place = address()
    with make_registry(place) as registry:
        file_through(registry, make_plan(communities()[:1]))
        row = {"grid": A + "000", "role": "leader", "name": "顾信浩", "phone": "13812345678", "from": "2026-01-01"}
        registry.team_import(pd.DataFrame([row]), "张三")
    return place


def test_a_registry_is_backed_up_and_restored(run: Run, where: str, address: Address) -> None:
    there = address()
    assert run("registry", "backup", where, "b.gpkg")[0] == 0
    code, out, _ = run("registry", "restore", "b.gpkg", there, "--json")
    assert (code, json.loads(out)["rows"]["grid"]) == (0, 3)
    with Registry.open(there) as again:
        assert again.revision == 1


def test_a_backup_never_overwrites(run: Run, where: str) -> None:
    assert run("registry", "backup", where, "b.gpkg")[0] == 0
    code, _, err = run("registry", "backup", where, "b.gpkg")
    assert (code, "exists" in err) == (1, True)


def test_powers_are_chosen_and_shown(run: Run, where: str) -> None:
    run("registry", "powers", where, "township-divides")
    shown = json.loads(run("registry", "powers", where, "--json")[1])
    assert (shown["name"], shown["file"]) == ("township-divides", ["county"])


def test_a_step_of_another_office_exits_with_1(run: Run, where: str) -> None:
    run("registry", "powers", where, "township-divides")
    with Registry.open(where) as registry:
        number = registry.plan_new(make_plan(communities()[1:2]), "方案", "张三", office="township")
    code, _, err = run("plan", "submit", str(number), "-r", where, "--office", "county")
    assert (code, "township" in err) == (1, True)
    assert run("plan", "submit", str(number), "-r", where, "--office", "township")[0] == 0


def test_the_version_of_the_tables_is_told(run: Run, where: str) -> None:
    assert str(tables.VERSION) in run("registry", "migrate", where)[1]


def test_vacancies_are_told(run: Run, where: str) -> None:
    rows = json.loads(run("team", "vacancies", "-r", where, "--json")[1])
    assert [(row["code"], row["answers"]) for row in rows] == [(A + "001", "顾信浩"), (A + "002", "顾信浩")]


def test_certificates_are_imported_and_told(run: Run, where: str, tmp_path: Path) -> None:
    text = "姓名,电话,证书,到期日期\n顾信浩,13812345678,上岗证,2020-01-01\n"
    (tmp_path / "c.csv").write_text(text, encoding="utf-8")
    rows = json.loads(run("team", "certificates", "c.csv", "-r", where, "--json")[1])
    assert [(row["name"], row["state"]) for row in rows] == [("顾信浩", "expired")]


def test_the_team_is_put_on_record(run: Run, where: str) -> None:
    rows = json.loads(run("team", "file", "-r", where, "--by", "张三", "--json")[1])
    assert [(row["number"], row["people"]) for row in rows] == [(1, 0), (2, 1)]


def test_a_community_that_the_list_lacks_is_told_when_submitting(run: Run, where: str, tmp_path: Path) -> None:
    (tmp_path / "codes.csv").write_text("code,level,name\n990001001001,5,甲社区居委会\n", encoding="utf-8")
    code, out, err = run("registry", "regions", where, "codes.csv", "--day", "2023-06-30")
    assert (code, "1" in out) == (0, True), err
    with Registry.open(where) as registry:
        number = registry.plan_new(make_plan(communities()[1:2]), "方案", "张三")
    code, out, _ = run("plan", "submit", str(number), "-r", where)
    assert (code, "990001001002" in out, "2023-06-30" in out) == (0, True, True)


def test_a_registry_is_recoded_by_a_table(run: Run, where: str, tmp_path: Path) -> None:
    heads = "level,old,old_name,new,new_name,how,note_zh,note_en,old_day,new_day"
    table = f"{heads}\n5,{A},,990081001001,,table,,,2020-06-30,2023-06-30\n"
    (tmp_path / "lineage.csv").write_text(table, encoding="utf-8")
    code, out, err = run("registry", "recode", where, "lineage.csv", "--by", "王五", "--in-force-from", "2100-01-01")
    assert (code, "recoded as revision 2\n自 2100-01-01 起生效" in out) == (0, True), err
