"""The benchmark of the division runs on small areas, and its parts do what they say."""

from __future__ import annotations

import importlib
import json
import os
from pathlib import Path

import numpy as np
import pytest

from benchmarks import partition
from benchmarks.area import make_area
from benchmarks.case import Case, connected_parts, graph_of, prepare, shared_out, with_water
from benchmarks.certificates import cut_in_blocks, grown
from benchmarks.engine import divide_by_engine
from benchmarks.measures import measure
from benchmarks.outside import outside, summary
from benchmarks.redivision import changed, redivide
from benchmarks.report import Row, level_table
from gridgis.model import DivisionRules
from gridgis.partition.community import cut_communities

RULES = DivisionRules.load("urban-300-500")
needs_metis = pytest.mark.usefixtures("_metis")


@pytest.fixture
def _metis() -> None:
    need("pymetis")


def need(peer: str) -> None:
    """Skip where a peer is not installed; fail where GRIDGIS_REQUIRE=1 says that it must be there."""
    if os.environ.get("GRIDGIS_REQUIRE") != "1":
        pytest.importorskip(peer, reason="the peers are not installed: pip install '.[bench]'")
    importlib.import_module(peer)


@pytest.fixture(scope="module")
def case() -> Case:
    return prepare(make_area(1500, seed=3), RULES)


def test_no_household_is_lost_between_buildings_and_atoms(case: Case) -> None:
    assert case.scene.households.sum() + case.carved == case.households


def test_the_engine_keeps_all_households_and_nests_its_levels(case: Case) -> None:
    found = divide_by_engine(case, seed=0)
    for labels in (found.searched, found.level2):
        assert measure(case.scene, labels, RULES.level2).households == case.scene.households.sum()
    parents = np.unique(np.column_stack([found.level3, found.level2]), axis=0)
    assert len(np.unique(parents[:, 0])) == len(parents)


def test_each_grid_outside_its_band_has_a_cause(case: Case) -> None:
    found = divide_by_engine(case, seed=0)
    told = outside(case, cut_communities([case.ground], [RULES], 0)[0])
    assert told == found.outside
    for level, labels in ((2, found.level2), (3, found.level3)):
        band = RULES.level2 if level == 2 else RULES.level3
        count = measure(case.scene, labels, band)
        assert len(count.out_of_band) == sum(of == level for of, _, _ in told)
    assert "Level 3 outside the band" in summary(told)


def test_water_goes_to_its_bank_and_no_atom_is_left_out(case: Case) -> None:
    graph, dry = graph_of(case)
    labels = with_water(case, dry, np.zeros(graph.n, dtype=np.int64))
    assert (labels[dry] == 0).all()
    assert (labels >= 0).all()


def test_parts_are_shared_out_by_households(case: Case) -> None:
    graph, _ = graph_of(case)
    groups = connected_parts(graph)
    assert sum(len(g) for g in groups) == graph.n
    shares = shared_out(graph, 4, groups)
    assert min(shares) >= 1
    assert shares[0] == max(shares)


def test_the_adjacency_lists_each_contact_from_both_sides(case: Case) -> None:
    graph, _ = graph_of(case)
    begin, near, metres = graph.csr()
    assert len(near) == len(metres) == 2 * len(graph.pairs)
    a, b = graph.pairs[0]
    at = begin[b] + int(np.flatnonzero(near[begin[b] : begin[b + 1]] == a)[0])
    assert metres[at] == graph.metres[0]


def test_a_region_is_connected_and_so_are_its_blocks(case: Case) -> None:
    need("pymetis")
    graph, _ = graph_of(case)
    inside = graph.take(grown(graph, int(connected_parts(graph)[0][0]), 600))
    assert len(connected_parts(inside)) == 1
    block = cut_in_blocks(inside, 6)
    assert block.max() == 5
    assert all(len(connected_parts(inside.take(np.flatnonzero(block == k)))) == 1 for k in range(6))


def test_five_percent_of_the_households_change(case: Case) -> None:
    after = changed(case, np.random.default_rng(1))
    share = np.abs(after.scene.households - case.scene.households).sum() / case.scene.households.sum()
    assert 0.05 <= share < 0.15
    assert (after.ground.households == after.scene.households).all()


@needs_metis
def test_without_a_change_that_breaks_a_rule_nobody_moves(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.redivision.changed", lambda case, rng: case)
    rows = redivide(case, divide_by_engine(case, 0), np.random.default_rng(0))
    assert [r["moved"] for r in rows if not r["must move"]] == [0] * sum(not r["must move"] for r in rows)


def test_ratios_are_told_against_metis(case: Case) -> None:
    f = measure(case.scene, divide_by_engine(case, 0).level2, RULES.level2)
    rows = [Row("x", 1, 2, "gridgis", 0.5, f.households, f), Row("x", 1, 2, "METIS k-way", 0.25, f.households, f)]
    assert "| 1.00x |" in (last := level_table(rows).splitlines()[-1])
    assert last.endswith("| 2x |")


def test_a_peer_without_answer_is_listed_with_the_reason() -> None:
    assert "none within 5 s" in level_table([Row("x", 1, 2, "spopt-maxp", 5.0, 100, None, "none within 5 s")])


@needs_metis
@pytest.mark.heavy
def test_the_command_prints_the_tables_and_writes_json(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "figures.json"
    partition.main(
        ["--sizes", "1500", "--seeds", "1", "--peers", "metis-recursive", "--sections", "areas", "redivision",
         "--json", str(out)]
    )  # fmt: skip
    told = capfd.readouterr().out
    assert "gridgis : METIS k-way" in told
    assert "must move" in told
    assert "Peak memory" in told
    rows = json.loads(out.read_text(encoding="utf-8"))["rows"]
    assert {(r["level"], r["method"]) for r in rows} == {
        (level, m) for level in (2, 3) for m in ("gridgis", "METIS k-way", "METIS recursive")
    } | {(2, partition.FINAL)}


@pytest.mark.heavy
def test_a_slow_peer_runs_in_its_own_process_or_is_stopped(case: Case) -> None:
    need("gerrychain")
    from benchmarks.peers import divide_by_other

    found = divide_by_other("gerrychain-tree", case, 4, RULES.level2, seed=1, limit_s=30)
    assert found.labels is None or len(found.labels) == case.scene.n
    stopped = divide_by_other("spopt-maxp", case, 4, RULES.level2, seed=1, limit_s=1)
    assert stopped.labels is None
    assert stopped.why.startswith(("none within 1 s", "failed: "))
