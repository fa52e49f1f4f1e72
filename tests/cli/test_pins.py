"""gridgis divide --pins: obeyed and kept in the plan file, or refused by number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
from shapely.geometry import LineString

from gridgis.io import read_plan
from tests.cli.small_town import CODE, LAT, LON, write_town


def pinned(run: Any, tmp_path: Path, text: str, *more: object) -> Any:
    (tmp_path / "pins.csv").write_text(text, encoding="utf-8")
    town = write_town(tmp_path / "town")
    return run("divide", town, "-o", tmp_path / "p.gpkg", "--pins", tmp_path / "pins.csv", *more)


def third(tmp_path: Path) -> dict[int, str]:
    """Return the level-3 grid of each building."""
    plan = read_plan(tmp_path / "p.gpkg")
    return dict(zip(plan.buildings["id"], plan.buildings["level3"], strict=True))


def test_pins_are_obeyed_kept_and_verified(run: Any, tmp_path: Path) -> None:
    result = pinned(run, tmp_path, "类型,级别,成员\n同格,3,1;2\n分开,3,2;3\n同格,3,3;4;楼:5\n")
    assert result.code == 0, result.err
    grid = third(tmp_path)
    assert (grid[1], grid[3], grid[3]) == (grid[2], grid[4], grid[5])
    assert grid[2] != grid[3]
    assert "all 3 pins are obeyed" in result.out
    assert [p.members for p in read_plan(tmp_path / "p.gpkg").pins] == [
        ("1", "2"),
        ("2", "3"),
        ("3", "4", "building:5"),
    ]
    verified = run("verify", tmp_path / "p.gpkg", "--json")
    assert '"pins": 3' in verified.out
    assert verified.code == 0


def test_a_pin_that_cannot_be_obeyed_is_refused_and_nothing_written(run: Any, tmp_path: Path) -> None:
    result = pinned(run, tmp_path, "kind,level,members\ntogether,3,1;2;3;4;5;6\n")
    assert result.code == 2
    assert "60 households, more than the 50" in result.err
    assert not (tmp_path / "p.gpkg").exists()


def test_a_column_that_is_not_understood_is_reported(run: Any, tmp_path: Path) -> None:
    assert "columns that are not understood" in pinned(run, tmp_path, "kind,members,colour\ntogether,1;2,red\n").out


def test_the_crs_of_pins_may_be_stated(run: Any, tmp_path: Path) -> None:
    line = LineString([(LON - 0.0001, LAT + 0.00105), (LON + 0.0081, LAT + 0.00105)])
    (east,) = gpd.GeoSeries([line], crs="EPSG:4490").to_crs("EPSG:4545")
    result = pinned(run, tmp_path, f'kind,level,geometry\nborder,3,"{east.wkt}"\n', "--crs", "EPSG:4545")
    assert result.code == 0, result.err
    below = {grid for i, grid in third(tmp_path).items() if i <= 8}
    assert not below & {grid for i, grid in third(tmp_path).items() if i > 8}
    assert run("verify", tmp_path / "p.gpkg").code == 0


def test_a_town_takes_no_crs_without_pins(run: Any, tmp_path: Path) -> None:
    town = write_town(tmp_path / "town")
    assert run("divide", town, "-o", tmp_path / "p.gpkg", "--crs", "EPSG:4545").code == 2


@pytest.mark.parametrize("word", ["甲", f"{CODE}-2-09"])
def test_a_name_of_no_earlier_grid_is_free_unless_it_looks_like_one(run: Any, tmp_path: Path, word: str) -> None:
    result = pinned(run, tmp_path, f"kind,members,grid\ngrid,1;2,{word}\n")
    assert result.code == (0 if word == "甲" else 2)
    assert ("give the earlier plan with --previous" in result.err) == (word != "甲")
