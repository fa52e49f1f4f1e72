"""No output option destroys what it did not write: registries, inputs, someone's own layers."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from gridgis.errors import InvalidInput
from gridgis.io.plan_file import check_output
from gridgis.registry import Registry
from tests.cli.small_town import CODE, buildings, communities, write_town


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    Registry.create(tmp_path / "reg.gpkg", work_crs="EPSG:4545").close()
    return tmp_path / "reg.gpkg"


@pytest.fixture
def plan(tmp_path: Path, plan_file: Path) -> Path:
    return Path(shutil.copy(plan_file, tmp_path / "p.gpkg"))


@pytest.fixture
def points(tmp_path: Path) -> Path:
    (tmp_path / "pts.csv").write_text("lon,lat\n109.001,32.701\n", encoding="utf-8")
    return tmp_path / "pts.csv"


@pytest.mark.parametrize(
    "words",
    [
        "map reg.gpkg -o reg.gpkg", "map p.gpkg -o reg.gpkg", "divide town -o reg.gpkg", "encode p.gpkg -o reg.gpkg",
        "locate --points pts.csv -r reg.gpkg -o reg.gpkg", "registry create reg.gpkg --work-crs EPSG:4545",
    ],
)  # fmt: skip
def test_a_registry_is_never_replaced(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, registry: Path, plan: Path, points: Path, words: str
) -> None:
    write_town(tmp_path / "town")
    monkeypatch.chdir(tmp_path)
    before = registry.read_bytes()
    assert run(*words.split()).code in (1, 2)
    assert registry.read_bytes() == before


@pytest.mark.parametrize(
    ("words", "file"),
    [
        ("map p.gpkg -o p.gpkg", "p.gpkg"),
        ("map p.gpkg -o pts.csv", "pts.csv"),
        ("encode p.gpkg -o ./p.gpkg", "p.gpkg"),
        ("encode p.gpkg --issued pts.csv -o pts.csv", "pts.csv"),
        ("locate --points pts.csv -r reg.gpkg -o pts.csv", "pts.csv"),
        ("divide town --previous p.gpkg -o p.gpkg", "p.gpkg"),
        ("divide --boundary own.gpkg:boundary --buildings own.gpkg:buildings -o own.gpkg", "own.gpkg"),
        ("divide town -o own.gpkg", "own.gpkg"),
    ],
)
def test_an_input_or_own_layers_are_never_replaced(
    run: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    registry: Path,
    plan: Path,
    points: Path,
    words: str,
    file: str,
) -> None:
    write_town(tmp_path / "town")
    communities().to_file(tmp_path / "own.gpkg", layer="boundary")
    buildings().to_file(tmp_path / "own.gpkg", layer="buildings")
    monkeypatch.chdir(tmp_path)
    before = (tmp_path / file).read_bytes()
    result = run(*words.split())
    assert (result.code, "error: " in result.err) == (2, True)
    assert (tmp_path / file).read_bytes() == before


def test_a_link_to_an_input_is_the_input(plan: Path) -> None:
    link = plan.with_name("link.gpkg")
    link.hardlink_to(plan)
    with pytest.raises(InvalidInput, match="would replace the input"):
        check_output(link, (plan,))


def test_an_earlier_plan_is_replaced(run: Any, tmp_path: Path, plan: Path) -> None:
    assert run("divide", write_town(tmp_path / "town"), "-o", plan, "--seed", 7).code == 0


def test_earlier_codes_are_replaced(run: Any, tmp_path: Path, plan: Path) -> None:
    for _ in range(2):
        assert run("encode", plan, "-o", tmp_path / "codes.gpkg").code == 0


def test_a_plan_with_a_layer_of_somebody_else_is_kept(plan: Path) -> None:
    buildings().to_file(plan, layer="my_notes")
    with pytest.raises(InvalidInput, match="my_notes"):
        check_output(plan)


def test_a_database_is_kept_under_any_name(tmp_path: Path) -> None:
    path = tmp_path / "base.csv"
    with sqlite3.connect(path) as base:
        base.execute("CREATE TABLE x (y)")
    base.close()
    with pytest.raises(InvalidInput, match="is there already"):
        check_output(path, suffixes=(".csv",))


def test_a_file_that_only_calls_itself_a_geopackage_is_kept(tmp_path: Path) -> None:
    (tmp_path / "x.gpkg").write_text(CODE, encoding="utf-8")
    with pytest.raises(InvalidInput, match="is there already"):
        check_output(tmp_path / "x.gpkg")


def test_a_demo_folder_that_cannot_be_made_is_refused(run: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    result = run("demo", "-o", tmp_path / "file" / "demo")
    assert (result.code, "cannot make the folder" in result.err) == (2, True)


def test_an_error_of_the_system_is_told_in_both_languages(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise OSError("odd")

    monkeypatch.setattr("gridgis.cli.app.app", fail)
    result = run("divide")
    assert (result.code, result.err) == (2, "错误：文件无法读写：odd\nerror: cannot read or write: odd\n")


@pytest.mark.parametrize("where", ["gridgis.service.divide.divide", "gridgis.io.plan_file.write_table"])
def test_an_interrupt_leaves_nothing_half_written_and_is_told(
    run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, where: str
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    town = write_town(tmp_path / "town")
    (tmp_path / "out").mkdir()
    monkeypatch.setattr(where, interrupt)
    result = run("divide", town, "-o", tmp_path / "out" / "p.gpkg")
    assert (result.code, list((tmp_path / "out").iterdir())) == (130, [])
    assert "已中断，没有留下写了一半的文件 / interrupted; no file is left half-written" in result.err
