"""docs/howto-export.md says what the program does: its commands run, one after another, on the demo's kind of files."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gridgis.cli.commands import app
from gridgis.io.writing import SUFFIXES

TEXT = (Path(__file__).parents[2] / "docs" / "howto-export.md").read_text(encoding="utf-8")


def test_the_commands_of_the_page_run(
    town_plan: Path, town_registry: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(town_plan, tmp_path / "plan.gpkg")
    shutil.copy(town_registry, tmp_path / "registry.gpkg")
    monkeypatch.chdir(tmp_path)
    lines = [line for block in re.findall(r"```bash\n(.*?)```", TEXT, re.DOTALL) for line in block.splitlines()]
    assert len(lines) == 7
    for line in lines:
        result = CliRunner().invoke(app, shlex.split(line)[1:], catch_exceptions=False)
        assert result.exit_code == 0, line


@pytest.mark.parametrize("ending", SUFFIXES)
def test_every_format_is_told(ending: str) -> None:
    assert f"`{ending}`" in TEXT
