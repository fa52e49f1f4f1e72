"""``import gridgis`` is light, and its public names are what the contract says."""

from __future__ import annotations

import subprocess
import sys

import pytest

import gridgis


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
