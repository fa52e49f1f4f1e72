"""``import gridgis`` and ``gridgis locate LON LAT`` are light, and the public names are what the contract says."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

import gridgis
from gridgis.registry.index_cache import cache_path


@pytest.mark.parametrize("heavy", ["numba", "geopandas", "sqlalchemy", "fastapi", "shapely", "pandas"])
def test_importing_gridgis_does_not_load(heavy: str) -> None:
    code = f"import gridgis, sys; sys.exit({heavy!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("name", gridgis.__all__)
def test_each_public_name_is_there_and_described(name: str) -> None:
    assert getattr(gridgis, name).__doc__


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = gridgis.nothing


LOCATE = "from gridgis.cli import main; main()"
HEAVY = ("numpy", "pandas", "geopandas", "shapely", "sqlalchemy", "numba", "typer", "pydantic", "rich")


@pytest.fixture(scope="module")
def indexed(town_registry: Path) -> Path:
    """Return a registry with the index of its revision in force."""
    from gridgis.service.locator import Locator

    Locator.open(town_registry).close()
    return town_registry


@pytest.mark.parametrize("more", [(), ("--json",)], ids=["text", "json"])
def test_one_point_is_answered_without_what_takes_long_to_load(indexed: Path, more: tuple[str, ...]) -> None:
    code = f"""
import sys
sys.argv = ["gridgis", "locate", "109.0290", "32.6950", "-r", {str(indexed)!r}, *{more!r}]
try:
    {LOCATE}
except SystemExit as end:
    print("exit", end.code, [m for m in {HEAVY!r} if m in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "exit 0 []"


def test_the_first_answers_after_an_installation_need_less_than_a_second(indexed: Path, tmp_path: Path) -> None:
    """CPU time, since the machine may be busy: nothing of numba's is compiled, neither for words nor for calls."""
    lookup = f"""
import json
from gridgis.index import PointResolver
from gridgis.index.mapped import map_sections
from pathlib import Path
path = Path({str(cache_path(indexed))!r})
key = json.loads(bytes(map_sections(path)[0]["head"].body))["key"]
print(PointResolver.open(path, key).resolve(109.0290, 32.6950).code)
"""
    words = ["locate", "109.0290", "32.6950", "-r", str(indexed)]
    fresh = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    for command in ([sys.executable, "-c", lookup], [sys.executable, "-c", LOCATE, *words]):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, env=fresh, capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1.0
    assert list(tmp_path.iterdir()) == []
