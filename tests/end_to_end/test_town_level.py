"""The sample street by ``--rules town-level-1``, as a user goes the way: divide to locate, and one community again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import run_command

pytestmark = pytest.mark.heavy

TOWN = Path(__file__).parents[2] / "sample_shapes" / "town"
STREET = "990001001000000"


def run(folder: Path, *words: str) -> str:
    done = run_command(*words, folder=folder)
    assert done.code == 0, done.err + done.out
    return done.out


@pytest.fixture(scope="module")
def filed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the plan and the registry of the sample street, filed."""
    folder = tmp_path_factory.mktemp("street")
    run(folder, "divide", str(TOWN), "--rules", "town-level-1", "-o", "plan.gpkg")
    run(folder, "registry", "create", "r.gpkg", "--town", str(TOWN))
    run(folder, "plan", "new", "plan.gpkg", "-r", "r.gpkg", "--title", "全街", "--by", "张三")
    for step in ("submit", "review", "file"):
        run(folder, "plan", step, "1", "-r", "r.gpkg", "--by", "张三")
    return folder


def located(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(folder, "locate", "109.03", "32.69", "-r", "r.gpkg", "--json"))
    return found


def test_the_plan_is_verified_from_its_file(filed: Path) -> None:
    found = json.loads(run(filed, "verify", "plan.gpkg", "--json"))
    assert found["ok"]
    assert found["checked"]["band-3"] > 20
    assert found["checked"]["band-2"] == 0


def test_the_codes_on_bare_files_name_the_street_as_parent(filed: Path) -> None:
    rows = json.loads(run(filed, "encode", "plan.gpkg", "-o", "codes.csv", "--json"))["grids"]
    assert {row["parent_code"] for row in rows if row["level"] != 3} == {STREET}
    nested = json.loads(run(filed, "encode", "plan.gpkg", "--scheme", "nested-18", "-o", "n.csv", "--json"))["grids"]
    assert len({row["code"] for row in nested}) == len(rows)


def test_a_point_answers_with_a_chain_of_three(filed: Path) -> None:
    found = located(filed)
    chain = found["hit"]["chain"]
    assert [link["level"] for link in found["card"]["chain"]] == [3, 2, 1]
    assert [link["code"] for link in found["card"]["chain"]] == chain
    assert (chain[1][:12], chain[2]) == (chain[0][:12], STREET)
    assert found["card"]["chain"][2]["name"] == "澄湾街道"


def test_the_registry_is_sound_and_its_map_is_written(filed: Path) -> None:
    run(filed, "registry", "check", "r.gpkg")
    run(filed, "map", "r.gpkg", "-o", "map.html")
    assert (filed / "map.html").stat().st_size > 100_000


def test_one_community_is_divided_again_on_the_registry(filed: Path) -> None:
    (filed / "copy").mkdir()
    run(filed, "registry", "copy", "r.gpkg", "copy/r.gpkg")
    words = ["--community", "990001001002", "--registry", "r.gpkg", "--rules", "town-level-1", "-o", "one.gpkg"]
    run(filed / "copy", "divide", str(TOWN), *words)
    run(filed / "copy", "plan", "new", "one.gpkg", "-r", "r.gpkg", "--title", "文澜", "--by", "张三")
    for step in ("submit", "review", "file"):
        run(filed / "copy", "plan", step, "2", "-r", "r.gpkg", "--by", "张三")
    run(filed / "copy", "registry", "check", "r.gpkg")
    assert located(filed / "copy")["hit"]["chain"] == located(filed)["hit"]["chain"]


def test_another_kind_of_rules_in_the_same_street_is_refused(filed: Path) -> None:
    (filed / "mixed").mkdir()
    run(filed, "registry", "copy", "r.gpkg", "mixed/r.gpkg")
    words = ["--community", "990001001002", "--registry", "r.gpkg", "-o", "one.gpkg"]
    run(filed / "mixed", "divide", str(TOWN), *words)
    run(filed / "mixed", "plan", "new", "one.gpkg", "-r", "r.gpkg", "--title", "文澜", "--by", "张三")
    done = run_command("plan", "submit", "2", "-r", "r.gpkg", "--by", "张三", folder=filed / "mixed")
    assert done.code != 0
    assert "in one street all are level 1" in done.err
