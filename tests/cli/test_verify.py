"""gridgis verify: what it says, and its exit codes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest

from gridgis.model import VerifyReport
from tests.cli.small_town import CODE, communities, write_town


def broken(plan_file: Path, tmp_path: Path) -> Path:
    """Copy a plan file, and move one vertex of one grid by about 1 m."""
    path = tmp_path / "broken.gpkg"
    shutil.copy(plan_file, path)
    grids = pyogrio.read_dataframe(path, layer="grids")
    last = len(grids) - 1
    shape = grids.geometry[last].buffer(1e-5)
    grids.geometry = gpd.GeoSeries([*grids.geometry[:last], shape], crs=grids.crs)
    pyogrio.write_dataframe(grids, path, layer="grids", promote_to_multi=True)
    return path


def test_a_sound_plan_passes(run: Any, plan_file: Path) -> None:
    result = run("verify", plan_file)
    assert (result.code, "全部规则满足" in result.out) == (0, True), result.out


def test_it_says_what_was_checked(run: Any, plan_file: Path) -> None:
    checked = json.loads(run("verify", plan_file, "--json").out)["checked"]
    assert checked["coverage"] > 0
    assert checked["households"] > 40


def test_a_sound_plan_passes_against_its_town_too(run: Any, plan_file: Path) -> None:
    assert run("verify", plan_file, "--town", plan_file.parent / "town").code == 0


def test_a_broken_plan_is_answered_with_1_and_the_grid(run: Any, plan_file: Path, tmp_path: Path) -> None:
    result = run("verify", broken(plan_file, tmp_path), "--json")
    value = json.loads(result.out)
    assert (result.code, value["ok"]) == (1, False)
    assert any(row["grid"].startswith(CODE) for row in value["violations"])


def test_broken_rules_are_printed(run: Any, plan_file: Path, tmp_path: Path) -> None:
    assert "broken rules" in run("verify", broken(plan_file, tmp_path)).out


def test_a_plan_of_another_town_is_refused(run: Any, plan_file: Path, tmp_path: Path) -> None:
    town = write_town(tmp_path / "town", communities=communities().assign(code="990001001002"))
    result = run("verify", plan_file, "--town", town)
    assert (result.code, "plan and town do not match" in result.err) == (2, True)


def test_a_file_that_is_no_plan_is_refused(run: Any, tmp_path: Path) -> None:
    pyogrio.write_dataframe(pd.DataFrame({"a": [1]}), tmp_path / "a.gpkg", layer="a")
    result = run("verify", tmp_path / "a.gpkg")
    assert (result.code, "不是划分方案文件" in result.err) == (2, True)


def test_a_plan_that_is_not_there_is_refused(run: Any, tmp_path: Path) -> None:
    result = run("verify", tmp_path / "no.gpkg")
    assert (result.code, "找不到文件" in result.err, "there is no file" in result.err) == (2, True, True)


def test_of_many_exceptions_of_one_kind_a_few_are_printed(
    run: Any, plan_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    why = [f"{n} 户 / {n} households: a tower" for n in range(60, 69)] + ["an enclave"]
    rows = pd.DataFrame({"rule": "band-3", "grid": [f"{CODE}-3-{n}" for n in range(10)], "measure": 1.0, "why": why})
    report = VerifyReport(rows.iloc[:0], rows, {"band-3": 10})
    monkeypatch.setattr("gridgis.service.divide.verify", lambda *_, **__: report)
    said = run("verify", plan_file).out
    assert [said.count(text) for text in ("a tower", "an enclave", "6 more")] == [3, 1, 1]
