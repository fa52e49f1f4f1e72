"""docs/howto-import.md says what the program does: its files are made, its commands run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from gridgis.io.town_file import read_town_layer, town_layers
from tests.command_line import Result, run_command

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "howto-import.md").read_text("utf-8")
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL) for line in block.splitlines()]
REFUSED = {
    0: "EPSG:4524（CGCS2000 3度带第36带，带号在前；中心 109.030, 32.690，西安以南约 180 公里）",
    6: "a local one",
}
"""Which of the commands the page says are refused, and why."""

pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Result]]:
    """Make the page's files, and run its commands in their order."""
    folder = tmp_path_factory.mktemp("walk")
    (folder / "sample_shapes").symlink_to(ROOT / "sample_shapes")
    (folder / "city.toml").write_text(re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)[0], "utf-8")
    path = {**os.environ, "PYTHONPATH": str(ROOT)}
    (made,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    subprocess.run([sys.executable, "-c", made], cwd=folder, env=path, check=True, capture_output=True)
    (folder / "社区.cpg").unlink()
    runs = [run_command(*shlex.split(line)[1:], folder=folder) for line in COMMANDS]
    return folder, runs


def test_each_command_does_what_the_page_says(walked: tuple[Path, list[Result]]) -> None:
    for number, (line, done) in enumerate(zip(COMMANDS, walked[1], strict=True)):
        assert done.code == (2 if number in REFUSED else 0), f"{number} {line}\n{done.out}\n{done.err}"
        assert REFUSED.get(number, "") in done.err


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (1, "GB18030"),
        (2, "--shifted"),
        (3, "508–513 米"),
        (3, "电话"),
        (4, "2 个要素（共 30）"),
        (6, "95347"),
        (7, "K3 0.000 m"),
        (13, "divide"),
    ],
)
def test_what_the_page_tells_of_the_report_is_in_it(walked: tuple[Path, list[Result]], number: int, said: str) -> None:
    done = walked[1][number]
    assert said in done.out + done.err


def test_the_walk_brings_the_town_home(walked: tuple[Path, list[Result]]) -> None:
    town = walked[0] / "town.gpkg"
    assert len(town_layers(town)) == 9
    for layer in town_layers(town):
        ours, theirs = read_town_layer(town, layer), gpd.read_file(ROOT / "sample_shapes" / "town" / f"{layer}.geojson")
        off = np.abs(shapely.bounds(ours.geometry.to_numpy()) - shapely.bounds(theirs.geometry.to_numpy()))
        assert off.max() < 1e-8, layer
        if "klass" in theirs:
            assert ours["klass"].tolist() == theirs["klass"].tolist()


def test_its_map_and_reports_are_there(walked: tuple[Path, list[Result]]) -> None:
    assert {"社区.csv", "社区.xlsx", "社区.html"} <= {p.name for p in walked[0].iterdir()}
