"""A planner corrects a plan by editing the atoms: what is broken is seen before anybody files it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pyogrio
import pytest

from tests.command_line import run_command

pytestmark = [pytest.mark.heavy, pytest.mark.xdist_group("demo")]

TOP = "990001001001"


@pytest.fixture(scope="module")
def corrected(demo: tuple[Path, Any], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """Return a folder with the registry and the corrected plan, and what ``plan new`` told: all of 2-01 is one grid."""
    folder = tmp_path_factory.mktemp("corrected")
    for name in ("registry.gpkg", "plan.gpkg"):
        shutil.copy(demo[0] / name, folder / name)
    atoms = pyogrio.read_dataframe(folder / "plan.gpkg", layer="atoms")
    atoms.loc[atoms["local_id"].str.startswith(f"{TOP}-3-01-"), "local_id"] = f"{TOP}-3-01-01"
    atoms.to_file(folder / "edited.gpkg", layer="atoms")
    told = run_command(
        "plan", "new", folder / "plan.gpkg", "-r", folder / "registry.gpkg", "--from-atoms", folder / "edited.gpkg",
        "--save", folder / "corrected.gpkg", "--json",
    )  # fmt: skip
    assert told.code == 0, told.err
    return folder, json.loads(told.out)


def test_a_broken_rule_is_told_when_the_corrected_plan_is_taken_in(corrected: tuple[Path, dict[str, Any]]) -> None:
    broken = [r for r in corrected[1]["report"] if r["stage"] == "verify"]
    assert {(r["subject"], r["rule"]) for r in broken} == {(f"{TOP}-3-01-01", "band-3")}


def test_who_submits_sees_what_is_broken(corrected: tuple[Path, dict[str, Any]]) -> None:
    told = run_command("plan", "submit", "3", "-r", corrected[0] / "registry.gpkg")
    assert told.code == 0, told.err
    assert "the plan breaks rules in 1 places" in told.out


def test_the_corrected_plan_can_be_verified_from_its_file(corrected: tuple[Path, dict[str, Any]]) -> None:
    told = run_command("verify", corrected[0] / "corrected.gpkg", "--json")
    assert told.code == 1
    assert {v["rule"] for v in json.loads(told.out)["violations"]} == {"band-3"}


def test_an_atom_cannot_hang_on_a_level_2_grid_that_is_divided(demo: tuple[Path, Any], tmp_path: Path) -> None:
    atoms = pyogrio.read_dataframe(demo[0] / "plan.gpkg", layer="atoms")
    atoms.loc[atoms["local_id"] == f"{TOP}-3-01-01", "local_id"] = f"{TOP}-2-01"
    atoms.to_file(tmp_path / "edited.gpkg", layer="atoms")
    shutil.copy(demo[0] / "registry.gpkg", tmp_path / "registry.gpkg")
    told = run_command(
        "plan", "new", demo[0] / "plan.gpkg", "-r", tmp_path / "registry.gpkg", "--from-atoms", tmp_path / "edited.gpkg"
    )
    assert told.code == 2
    assert f"{TOP}-2-01" in told.err
