"""gridgis divide, seen: the figures by level, the bars, the grids at fault, and the map of the plan."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from gridgis.cli.summary import KINDS, print_faults
from gridgis.service.summary import AT_FAULT, Fault
from tests.cli.small_town import CODE, buildings, write_town


@pytest.fixture(scope="module")
def tight(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a town of 550 households, too many for one level-2 grid and too few for two, one house with 60."""
    frame = buildings()
    frame["households"] = [60] + [12] * 22 + [13] * 6 + [15] * 2 + [13] * 8 + [14] * 1
    assert frame["households"].sum() == 550
    return write_town(tmp_path_factory.mktemp("tight") / "town", buildings=frame)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_town(tmp_path_factory.mktemp("plain") / "town")


def test_the_figures_by_level_add_up(run: Any, tight: Path, tmp_path: Path) -> None:
    told = json.loads(run("divide", tight, "-o", tmp_path / "p.gpkg", "--json").out)
    for level in told["levels"]:
        parts = [level[key] for key in ("in_band", "single_building", "no_households", "out_of_band")]
        assert sum(parts) == level["grids"]
        assert sum(bar["grids"] for bar in level["histogram"]) == level["grids"] - level["no_households"]
        assert sum(bar["grids"] for bar in level["histogram"] if bar["in_band"]) == level["in_band"]
        assert (0 < level["polsby_popper"] <= 1, level["border_m"] >= 0) == (True, True)
    assert {(level["level"], *level["band"]) for level in told["levels"]} == {(2, 300, 500), (3, 30, 50)}


def test_single_buildings_by_rule_are_counted_and_no_fault(run: Any, tight: Path, tmp_path: Path) -> None:
    told = json.loads(run("divide", tight, "-o", tmp_path / "p.gpkg", "--json").out)
    third = next(level for level in told["levels"] if level["level"] == 3)
    assert third["single_building"] == 1
    assert not [f for f in told["faults"] if "single_building" in f["flags"]]


def test_grids_at_fault_are_told_with_their_reasons(run: Any, tight: Path, tmp_path: Path) -> None:
    told = json.loads(run("divide", tight, "-o", tmp_path / "p.gpkg", "--json").out)
    second = [f for f in told["faults"] if f["level"] == 2]
    assert second
    assert all("300-500" in en for f in second for _, en in f["reasons"])
    assert all(f["local_id"].startswith(CODE) for f in told["faults"])


def test_the_report_shows_bars_and_faults_within_100_columns(
    run: Any, tight: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    out = run("divide", tight, "-o", "p.gpkg").out
    shown = out[: out.index("[rules/profile]")].splitlines()[:-1]
    assert [line for line in shown if "█" in line]
    assert [line for line in shown if "░" in line]
    assert [line for line in shown if "✗ 带外，已证明做不到" in line]
    assert [line for line in shown if CODE in line and "300-500" in line]
    assert "single buildings, grids by rule: 1" in out
    assert max(cell_len(line.rstrip()) for line in shown) <= 100


def test_of_many_grids_at_fault_for_one_reason_a_few_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    both = ("compound_split", "crosses_strong")
    found = [Fault(f"1-2-{k:02}", "", 2, 20, ("crosses_strong",), (("跨越", f"crosses {k}"),)) for k in range(9)]
    print_faults([*found, Fault("1-2-99", "", 2, 20, both, (("小区", "an estate"),))], 0)
    said = capsys.readouterr().out
    assert [said.count(text) for text in ("crosses", "an estate\n", "5 more", "STRONG barrier: 9")] == [4, 1, 1, 1]


def test_every_fault_has_a_name() -> None:
    assert set(KINDS) == set(AT_FAULT)


def test_where_nothing_is_wrong_the_report_says_so(run: Any, town: Path, tmp_path: Path) -> None:
    assert "no grid is outside its band" in run("divide", town, "-o", tmp_path / "p.gpkg").out


def test_the_map_is_that_of_the_plan_file(run: Any, tight: Path, tmp_path: Path) -> None:
    page, again = tmp_path / "a.html", tmp_path / "b.html"
    assert run("divide", tight, "-o", tmp_path / "p.gpkg", "--map", page).code == 0
    assert run("map", tmp_path / "p.gpkg", "-o", again).code == 0
    html = page.read_text(encoding="utf-8")
    assert "gridgisTownMap(" in html
    assert '"reasons":[{"zh":' in html
    assert html == again.read_text(encoding="utf-8")


def test_a_map_without_faults_highlights_none(run: Any, town: Path, tmp_path: Path) -> None:
    run("divide", town, "-o", tmp_path / "p.gpkg", "--map", tmp_path / "m.html")
    assert '"reasons":' not in (tmp_path / "m.html").read_text(encoding="utf-8")


def test_a_map_over_an_input_is_refused_and_nothing_is_written(run: Any, town: Path, tmp_path: Path) -> None:
    rules = tmp_path / "rules.html"
    rules.write_text("mine", encoding="utf-8")
    result = run("divide", town, "-o", tmp_path / "p.gpkg", "--rules", rules, "--map", rules)
    assert (result.code, rules.read_text(encoding="utf-8"), (tmp_path / "p.gpkg").exists()) == (2, "mine", False)


def test_a_map_that_is_no_page_is_refused(run: Any, town: Path, tmp_path: Path) -> None:
    result = run("divide", town, "-o", tmp_path / "p.gpkg", "--map", tmp_path / "m.csv")
    assert (result.code, ".html" in result.err, (tmp_path / "p.gpkg").exists()) == (2, True, False)
