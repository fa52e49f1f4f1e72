from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from gridgis.cli import main
from tests.cli.small_town import write_town


@dataclass(frozen=True)
class Result:
    """What a run of the command line said."""

    code: int
    out: str
    err: str


Run = Callable[..., Result]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command line as the console script does: its exit code, stdout and stderr."""

    def call(*args: object) -> Result:
        monkeypatch.setattr("sys.argv", ["gridgis", *map(str, args)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr()
        return Result(int(left.value.code or 0), said.out, said.err)

    return call


@pytest.fixture(scope="session")
def plan_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Divide the small town once, and hand out its plan file."""
    from gridgis.io import read_town, write_plan
    from gridgis.service.divide import divide_town

    folder = tmp_path_factory.mktemp("plan")
    division = divide_town(read_town(write_town(folder / "town")))
    write_plan(division.plan, folder / "plan.gpkg", division.communities)
    return folder / "plan.gpkg"
