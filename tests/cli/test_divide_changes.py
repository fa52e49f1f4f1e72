"""gridgis divide --previous / --registry with --changes and --map."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from gridgis.io import read_plan
from tests.cli.small_town import buildings, write_town


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_town(tmp_path_factory.mktemp("same") / "town")


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the town in which one house has many households more."""
    frame = buildings()
    frame.loc[0, "households"] = 45
    frame.loc[1, "households"] = 20
    return write_town(tmp_path_factory.mktemp("grown") / "town", buildings=frame)


def test_what_moved_is_listed_and_drawn(run: Any, grown: Path, plan_file: Path, tmp_path: Path) -> None:
    out, table, page = tmp_path / "p.gpkg", tmp_path / "c.csv", tmp_path / "m.html"
    told = run("divide", grown, "--previous", plan_file, "--changes", table, "--map", page, "-o", out, "--json")
    assert told.code == 0, told.err
    figures = json.loads(told.out)["engine"]["redivision"]
    moved = pd.read_csv(table, dtype=str, keep_default_na=False)
    assert figures["level3"]["moved_buildings"] == (moved["new_level3"] != "").sum() > 0
    assert set(read_plan(out).report.rows["stage"]) >= {"redivision"}
    html = page.read_text(encoding="utf-8")
    assert "gridgisBeforeAfter(" in html
    assert "https://" not in html.split("<body>")[1]


def test_nothing_changed_moves_nobody(run: Any, town: Path, plan_file: Path, tmp_path: Path) -> None:
    told = run("divide", town, "--previous", plan_file, "-o", tmp_path / "p.gpkg", "--seed", 5)
    assert told.code == 0, told.err
    assert "0 households moved at level 2" in told.out
    before, after = read_plan(plan_file).grids, read_plan(tmp_path / "p.gpkg").grids
    assert before["local_id"].tolist() == after["local_id"].tolist()
    assert all(a.equals_exact(b, 0) for a, b in zip(before.geometry, after.geometry, strict=True))


def test_a_list_of_changes_needs_a_redivision(run: Any, town: Path, tmp_path: Path) -> None:
    result = run("divide", town, "--changes", tmp_path / "c.csv", "-o", tmp_path / "p.gpkg")
    assert (result.code, "--changes" in result.err, (tmp_path / "p.gpkg").exists()) == (2, True, False)


def test_a_list_that_is_no_csv_is_refused(run: Any, town: Path, plan_file: Path, tmp_path: Path) -> None:
    result = run("divide", town, "--previous", plan_file, "--changes", tmp_path / "c.doc", "-o", tmp_path / "p.gpkg")
    assert (result.code, ".csv" in result.err) == (2, True)
