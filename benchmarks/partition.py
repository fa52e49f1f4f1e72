"""The division engine beside its peers, on the same atoms, in one run on one core: ``python -m benchmarks.partition``.

For each size an invented area (benchmarks/area.py) is taken in and noded; then the engine and each peer divide the same
atoms, with the shared edge in metres as the weight of a contact and households as that of an atom. A peer makes as
many parts as the engine did. Times are CPU times without reading and noding; compiling is done before.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import certificates, published, redivision
from benchmarks.area import SIZES, make_area
from benchmarks.case import Case, prepare
from benchmarks.engine import TIMES, Engine, divide_by_engine, warm_up
from benchmarks.measures import Figures, measure
from benchmarks.outside import Outside, summary
from benchmarks.peers import SLOW, Answer, divide_by_metis, divide_by_other, divide_inside
from benchmarks.report import ENGINE, YARDSTICK, Row, ground_table, level_table, made_with, peak_memory_gib, table
from benchmarks.whole import divide_whole
from gridgis.geometry.arrays import Ints
from gridgis.model import Band, DivisionRules

FIRST_SEED = 1000
"""Areas with seeds from here on are for measuring: nothing is tuned on them."""
RULES = "urban-300-500"
PEERS = ("metis-recursive", "spopt-ward", "gerrychain-tree")
ALL_PEERS = ("metis-recursive", *SLOW)
FINAL = "gridgis, in the end"
"""Level 2 after exact decisions and looking ahead to level 3."""
SECTIONS = ("areas", "redivision", "certificates", "published")
BLOCKS = (40, 45, 60, 90)
"""Sizes of the regions that are certified."""


def main(argv: Sequence[str] | None = None) -> None:
    """Run what is asked for; print Markdown, write JSON."""
    given = _arguments(argv)
    warnings.simplefilter("ignore")  # peers warn of their own future
    out: dict[str, Any] = {"made with": made_with(), "rules": RULES, "rows": []}
    rules = DivisionRules.load(RULES)
    warm_up(rules)
    for size in given.sizes if {"areas", "redivision"} & set(given.sections) else ():
        _run_size(size, rules, given, out)
    if "certificates" in given.sections:
        out["certificates"] = certificates.certify(rules, given.first_seed, BLOCKS, 2, given.effort)
        print(f"## Certificates, {given.effort:g} s each at most\n\n{certificates.as_table(out['certificates'])}\n")
    if "published" in given.sections:
        out["published"] = list(published.solve_all())
        print(f"## Published instances, one seed each\n\n{published.as_table(out['published'])}\n")
    out["peak memory GiB"] = round(peak_memory_gib(), 2)
    print(f"Peak memory of the whole run: {out['peak memory GiB']} GiB (peers in processes of their own apart)")
    print("Made with " + ", ".join(f"{k} {v}" for k, v in out["made with"].items()))
    if given.json:
        Path(given.json).write_text(json.dumps(out, indent=1, ensure_ascii=False), encoding="utf-8")


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    p = argparse.ArgumentParser(prog="python -m benchmarks.partition", description=__doc__)
    p.add_argument("--sizes", nargs="*", default=["community"], help=f"{', '.join(SIZES)}, or numbers of households")
    p.add_argument("--seeds", type=int, default=20, help="how many areas below 10,000 households (default 20)")
    p.add_argument("--large-seeds", type=int, default=1, help="how many larger areas (default 1)")
    p.add_argument("--first-seed", type=int, default=FIRST_SEED)
    p.add_argument("--peers", nargs="*", default=list(PEERS), choices=ALL_PEERS, help="beside METIS k-way")
    p.add_argument("--peer-seeds", type=int, default=1, help="on how many areas the slow peers run (default 1)")
    p.add_argument("--limit", type=float, default=60.0, help="CPU-s that a slow peer may take (default 60)")
    p.add_argument("--sections", nargs="*", default=list(SECTIONS), choices=SECTIONS)
    p.add_argument("--effort", type=float, default=60.0, help="s for a certificate, counted (default 60)")
    p.add_argument("--verify", action="store_true", help="also divide and verify the first area as a user would")
    p.add_argument("--json", help="write all figures to this file")
    return p.parse_args(argv)


def _run_size(size: str, rules: DivisionRules, given: argparse.Namespace, out: dict[str, Any]) -> None:
    households = SIZES.get(size) or int(size)
    number = given.seeds if households < 10_000 else given.large_seeds
    rows: list[Row] = []
    ground: list[dict[str, float]] = []
    again: list[dict[str, Any]] = []
    beyond: list[Outside] = []
    for k in range(number):
        seed = given.first_seed + k
        case = prepare(make_area(households, seed), rules)
        engine = divide_by_engine(case, seed=0)
        mine = _engine_rows(size, seed, case, engine)
        ground.append(_about(seed, case, engine, mine[1].figures))
        beyond += engine.outside
        rows += mine + _peer_rows(size, seed, case, mine, given, slow=k < given.peer_seeds)
        if "redivision" in given.sections:
            again += redivision.redivide(case, engine, np.random.default_rng(seed))
        print(f"{size} {seed} done", file=sys.stderr)
    print(f"## {size.capitalize()}: about {households:,} households, areas {given.first_seed} to {seed}\n")
    print(ground_table(ground) + "\n")
    for level in (2, 3):
        print(f"Level {level}:\n\n{level_table([r for r in rows if r.level == level])}\n")
    print(f"{summary(beyond)}\n")
    out.setdefault("outside", []).extend([size, *one] for one in beyond)
    if again:
        print(f"After 5 % of the households changed:\n\n{redivision.as_table(again)}\n")
        out.setdefault("redivision", []).extend({"size": size, **r} for r in again)
    if given.verify:
        whole = divide_whole(make_area(households, given.first_seed), rules)
        print(f"Divided and verified as a user would:\n\n{table(list(whole), [list(whole.values())])}\n")
        out.setdefault("verified", []).append({"size": size, **whole})
    out["rows"] += [asdict(r) for r in rows]
    out.setdefault("areas", []).extend({"size": size, **g} for g in ground)


def _about(seed: int, case: Case, engine: Engine, level2: Figures | None) -> dict[str, float]:
    """Say what area it was, and how the engine stands to the optimum of the merge model."""
    assert level2 is not None
    least = engine.least_pairs / max(1, level2.pairs)
    return {
        "area": seed,
        "households": case.households,
        "in carved sites": case.carved,
        "atoms": case.atoms,
        "noding and atoms, CPU-s": case.noding_s,
        "contacts, CPU-s": case.contacts_s,
        "level 2 by search, CPU-s": engine.search_s,
        "exact decisions, CPU-s": engine.exact_s,
        "both levels, CPU-s": engine.both_s,
        "pairs across, %": 100 * level2.pairs_across,
        "least by the merge model, %": 100 * least,
        "above it, points": 100 * (level2.pairs_across - least),
    }


def _row(
    size: str, seed: int, case: Case, level: int, method: str, band: Band, labels: Ints | None, cpu_s: float, why: str
) -> Row:
    given = int(case.scene.households.sum())
    found = None if labels is None else measure(case.scene, labels, band)
    return Row(size, seed, level, method, cpu_s, given, found, why)


def _engine_rows(size: str, seed: int, case: Case, e: Engine) -> list[Row]:
    return [
        _row(size, seed, case, 2, ENGINE, case.rules.level2, e.searched, e.search_s, ""),
        _row(size, seed, case, 2, FINAL, case.rules.level2, e.level2, e.both_s, ""),
        _row(size, seed, case, 3, ENGINE, case.rules.level3, e.level3, e.both_s, ""),
    ]


def _peer_rows(
    size: str, seed: int, case: Case, mine: list[Row], given: argparse.Namespace, slow: bool
) -> list[Row]:  # fmt: skip
    """Run the peers with as many parts as the engine made; level 3 by METIS inside its own level 2."""
    assert mine[0].figures is not None
    assert mine[-1].figures is not None
    parts = mine[0].figures.grids
    load = case.scene.households.sum() / max(1, mine[-1].figures.grids)
    band = case.rules.level2
    k_way = min((divide_by_metis(case, parts, seed) for _ in range(TIMES)), key=lambda answer: answer.cpu_s)
    assert k_way.labels is not None
    inner = {YARDSTICK: divide_inside(case, k_way.labels, load, seed)}
    answers = {YARDSTICK: k_way}
    if "metis-recursive" in given.peers:
        answers["METIS recursive"] = divide_by_metis(case, parts, seed, recursive=True)
        inner["METIS recursive"] = divide_inside(case, k_way.labels, load, seed, recursive=True)
    for name in SLOW:
        if slow and name in given.peers:
            answers[name] = divide_by_other(name, case, parts, band, seed, given.limit)
    rows = [_row(size, seed, case, 2, n, band, a.labels, a.cpu_s, a.why) for n, a in answers.items()]
    return rows + [_inner_row(size, seed, case, n, k_way, a) for n, a in inner.items()]


def _inner_row(size: str, seed: int, case: Case, name: str, outer: Answer, inner: Answer) -> Row:
    """Level 3 took the time of both levels, as the engine's does."""
    return _row(
        size, seed, case, 3, name, case.rules.level3, inner.labels, outer.cpu_s + inner.cpu_s, inner.why
    )  # fmt: skip


if __name__ == "__main__":
    main()
