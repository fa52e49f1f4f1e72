"""The demo, run once as a user runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

GRIDGIS = [sys.executable, "-c", "from gridgis.cli import main; main()"]


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """Return the folder that ``gridgis demo --json`` made and what it printed."""
    folder = tmp_path_factory.mktemp("demo") / "demo"
    run = subprocess.run([*GRIDGIS, "demo", "-o", str(folder), "--json"], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return folder, json.loads(run.stdout)
