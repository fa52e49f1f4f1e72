"""The commands of docs/howto-filing.md, as they stand there, on the sample street."""

from __future__ import annotations

import re
import shlex
import shutil
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from gridgis.errors import InvalidInput
from gridgis.io.archive import check_archive
from gridgis.registry import Registry
from maps.sheets import find_font
from tests.command_line import Result, run_command

PAGE = (Path(__file__).parents[2] / "docs" / "howto-filing.md").read_text(encoding="utf-8")
COMMANDS = [
    shlex.split(line.replace("\\\n", " "))[1:]
    for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    for line in re.findall(r"^gridgis (?:.*\\\n)*.*$", block, re.MULTILINE)
]
WALK = [c for c in COMMANDS if c[0] != "demo"]
ONE = ["--community", "990001001003"]


@pytest.fixture(scope="module")
def folder(town_plan: Path, town_registry: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the files that the demo leaves."""
    try:
        find_font()
    except InvalidInput as e:
        pytest.skip(e.en)
    folder = tmp_path_factory.mktemp("filing")
    (folder / "demo").mkdir()
    shutil.copy(town_plan, folder / "demo" / "plan.gpkg")
    shutil.copy(town_registry, folder / "demo" / "registry.gpkg")
    with Registry.open(town_registry) as registry:
        team = registry.team(mask=False)
    pd.DataFrame(team).to_csv(folder / "demo" / "team.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def done(folder: Path) -> list[Result]:
    """Run the walk; of the whole plan's package only one community, the rest being the same again."""
    return [run_command(*c, *(ONE if "备案材料.zip" in c and "--package" in c else []), folder=folder) for c in WALK]


def test_the_page_begins_with_the_demo() -> None:
    assert COMMANDS[0] == ["demo", "-o", "demo"]
    assert len(COMMANDS) == 5


@pytest.mark.heavy
def test_every_command_of_the_page_does_what_it_says(done: list[Result]) -> None:
    assert [(r.code, r.err) for r in done] == [(0, "")] * len(WALK)
    assert "与清单相符" in done[1].out


@pytest.mark.heavy
@pytest.mark.parametrize("name", ["备案材料.zip", "文澜社区.zip", "现行网格.zip"])
def test_each_package_holds_the_papers_of_the_table_and_checks(done: list[Result], folder: Path, name: str) -> None:
    assert check_archive(folder / name) == []
    with zipfile.ZipFile(folder / name) as archive:
        names = set(archive.namelist())
    assert {"备案表.xlsx", "核查/核查报告.pdf", "核查/核查报告.json", "目录.txt", "manifest.json"} <= names
    assert any(n.startswith("公示/") for n in names)
    drawings = {n.rpartition(".")[0] for n in names if n.startswith("图纸/")}
    assert all({f"{d}.pdf", f"{d}.png"} <= names for d in drawings)
    assert any(d.endswith("_总图") for d in drawings)
    assert any(d.endswith("网格") for d in drawings)


@pytest.mark.heavy
def test_a_changed_package_is_found_out(done: list[Result], folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "changed.zip"
    with zipfile.ZipFile(folder / "文澜社区.zip") as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            new.writestr(name, b"" if name == "备案表.xlsx" else old.read(name))
    result = run_command("export", "--check", path)
    assert result.code == 1
    assert "✗ 备案表.xlsx：内容与目录中的校验值不符" in result.out


def test_a_package_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    result = run_command("export", "--check", tmp_path / "none.zip")
    assert result.code == 2
    assert "没有文件" in result.err
