from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.small_town import write_town
from tests.command_line import Result, run_command

Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    """Run the command line as the console script does: its exit code, stdout and stderr."""
    return run_command


@pytest.fixture(scope="session")
def plan_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Divide the small town once, and hand out its plan file."""
    from gridgis.io import read_town, write_plan
    from gridgis.service.divide import divide_town

    folder = tmp_path_factory.mktemp("plan")
    division = divide_town(read_town(write_town(folder / "town")))
    write_plan(division.plan, folder / "plan.gpkg", division.communities)
    return folder / "plan.gpkg"
