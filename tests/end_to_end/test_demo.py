"""The main job on the sample street, end to end."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely

from gridgis.errors import Conflict
from gridgis.registry import Registry
from gridgis.service.demo import fresh_folder
from tests.command_line import run_command
from tests.oracles.rational import Prepared

pytestmark = [pytest.mark.heavy, pytest.mark.xdist_group("demo")]

LAYERS = """
import json, pyogrio, sys
path = sys.argv[1]
print(json.dumps({n: pyogrio.read_info(path, layer=n)["features"] for n, _ in pyogrio.list_layers(path)}))
"""

Made = tuple[Path, dict[str, Any]]


def test_every_rule_is_tried_and_holds(demo: Made) -> None:
    _, told = demo
    assert told["violations"] == []
    assert {rule for rule, tried in told["checked"].items() if not tried} == {"pins"}  # there are none


def test_each_exception_is_explained_with_numbers(demo: Made) -> None:
    _, told = demo
    assert all(any(c.isdigit() for c in e["why"]) and "/" in e["why"] for e in told["exceptions"])


def test_all_level_2_grids_are_in_the_band(demo: Made) -> None:
    _, told = demo
    level2 = [f for f in told["figures"] if f["level"] == 2]
    assert [f["in_band"] for f in level2] == [f["grids"] for f in level2]


def test_no_event_is_lost(demo: Made) -> None:
    folder, told = demo
    routed = pd.read_csv(folder / "events.csv", dtype=str)
    unread = {r["subject"] for r in told["events"]["reported"] if r["severity"] == "unmet"}
    assert set(routed["id"]) | unread == {str(i) for i in range(1, 401)}


def test_each_event_inside_a_grid_has_a_leader_who_answers(demo: Made) -> None:
    folder, _ = demo
    routed = pd.read_csv(folder / "events.csv", dtype=str)
    assert routed.loc[routed["code"].notna(), "leader"].notna().all()


def test_phones_are_masked_in_the_routed_events(demo: Made) -> None:
    folder, _ = demo
    phones = pd.read_csv(folder / "events.csv", dtype=str)["phone"].dropna()
    assert phones.str.contains(r"\*\*\*\*").all()


def test_pyogrio_lists_the_layers_and_rows_of_the_registry(demo: Made) -> None:
    folder, told = demo
    registry = str(folder / "registry.gpkg")
    run = subprocess.run([sys.executable, "-c", LAYERS, registry], capture_output=True, text=True, check=True)
    layers = json.loads(run.stdout)
    assert layers["grid"] > told["codes"]  # the second revision began some
    assert layers["community"] == 5
    assert layers["building"] == 2601


def test_the_merge_of_the_second_revision_has_lineage_and_an_answer_for_both_days(demo: Made) -> None:
    told = demo[1]["merge"]
    (heir,) = {row["new"] for row in told["lineage"]}
    assert [(r["relation"], r["households_share"], r["area_share"]) for r in told["lineage"]] == [
        ("merge", 1.0, 1.0)
    ] * 2
    yesterday, today = told["answers"]
    assert (yesterday["revision"], today["revision"], today["code"]) == (1, 2, heir)
    assert yesterday["code"] in {row["old"] for row in told["lineage"]}
    assert yesterday["households"] < today["households"]


def test_the_registry_of_the_demo_has_no_fault(demo: Made) -> None:
    with Registry.open(demo[0] / "registry.gpkg") as registry:
        assert registry.check().to_dict("records") == []


def _base_grids(registry: Registry) -> Any:
    grids = registry.grids()
    third = (grids["level"] == 3).fillna(False) | (grids["mode"] == "carve").fillna(False)
    parents = set(grids["parent"].dropna()[(grids["level"] == 3).fillna(False)])
    alone = (grids["level"] == 2).fillna(False) & ~grids["code"].isin(parents)
    return grids[(third | alone).to_numpy(dtype=bool)].sort_values("code").reset_index(drop=True)


def test_each_point_has_the_one_base_grid_that_the_rational_oracle_prescribes(demo: Made) -> None:
    """100,000 random points, and 10,000 on shared borders and vertices."""
    folder, _ = demo
    rng = np.random.default_rng(8)
    with Registry.open(folder / "registry.gpkg") as registry:
        base = _base_grids(registry)
        west, south, east, north = base.total_bounds
        anywhere = np.column_stack([rng.uniform(west, east, 100_000), rng.uniform(south, north, 100_000)])
        vertices = shapely.get_coordinates(base.geometry.to_numpy())
        on = vertices[rng.choice(len(vertices), 5_000)]
        k = rng.choice(len(vertices) - 1, 5_000)
        points = np.concatenate([anywhere, on, (vertices[k] + vertices[k + 1]) / 2])
        found = registry.locate_many(points[:, 0], points[:, 1])["base"].to_numpy()
    oracle = Prepared(base.geometry.to_list())
    codes = np.append(base["code"].to_numpy(dtype=object), None)
    told = [codes[oracle.locate(x, y)] for x, y in points.tolist()]
    wrong = [i for i, (a, b) in enumerate(zip(found, told, strict=True)) if (None if pd.isna(a) else a) != b]
    assert wrong == []


def test_two_runs_of_divide_with_one_seed_write_the_same_geometry_and_codes(demo: Made, tmp_path: Path) -> None:
    folder, _ = demo
    again = tmp_path / "plan.gpkg"
    cli = [sys.executable, "-c", "from gridgis.cli import main; main()"]
    town = str(Path(__file__).parents[2] / "sample_shapes" / "town")
    subprocess.run([*cli, "divide", town, "-o", str(again)], check=True, capture_output=True)
    subprocess.run([*cli, "encode", str(again), "-o", str(tmp_path / "codes.csv")], check=True, capture_output=True)
    assert again.read_bytes() == (folder / "plan.gpkg").read_bytes()
    assert (tmp_path / "codes.csv").read_bytes() == (folder / "codes.csv").read_bytes()


def test_the_demo_refuses_a_folder_that_it_did_not_make(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    run = run_command("demo", "-o", tmp_path)
    assert run.code == 1
    assert "the demo did not make mine.txt" in run.err
    assert (tmp_path / "mine.txt").exists()


def test_the_demo_does_not_remove_what_was_changed_since(demo: Made, tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    shutil.copytree(demo[0], folder)
    (folder / "codes.csv").write_text("my notes", encoding="utf-8")
    with pytest.raises(Conflict, match=r"codes\.csv"):
        fresh_folder(folder)
    assert (folder / "plan.gpkg").exists()


def test_the_demo_makes_room_where_nothing_was_changed(demo: Made, tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    shutil.copytree(demo[0], folder)
    fresh_folder(folder)
    assert list(folder.iterdir()) == []
