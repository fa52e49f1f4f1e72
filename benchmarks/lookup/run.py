"""GridIndex beside its peers on the same points, turn by turn in one run: ``python -m benchmarks.lookup``.

Cells and points are made from a seed. What is timed is the CPU time of finding the polygons of points that are already
in the engine's own form, by an index that is already made, where the engine can keep one.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from benchmarks.lookup.coverage import SIZES, Coverage, make_coverage
from benchmarks.lookup.exact import check
from benchmarks.lookup.ours import Gather, OurIndex, kinds, measure_build, measure_scalar, measure_threads, warm_up
from benchmarks.lookup.peers import DuckDB, GeopandasJoin, PointTree, SedonaDB, ShapelyTree
from benchmarks.lookup.points import RANDOM, SETS, draw
from benchmarks.lookup.postgis import PostGIS
from benchmarks.lookup.race import Engine, Lap, race
from benchmarks.lookup.report import Result, figures_table, peers_table, sets_table
from benchmarks.report import made_with, peak_memory_gib
from gridgis.geometry.arrays import Geometries

PEERS: dict[str, type[Engine]] = {
    "shapely-points": PointTree,
    "geopandas": GeopandasJoin,
    "duckdb": DuckDB,
    "sedonadb": SedonaDB,
    "postgis": PostGIS,
}
PACKAGES = (
    "gridgis",
    "numpy",
    "shapely",
    "geopandas",
    "numba",
    "duckdb",
    "duckdb-extension-spatial",
    "sedonadb",
    "psycopg",
)
SCALAR_CALLS = 200_000


def main(argv: Sequence[str] | None = None) -> None:
    """Run what is asked for; print Markdown, write JSON."""
    given = _arguments(argv)
    warnings.simplefilter("ignore")  # peers warn of their own future
    out: dict[str, Any] = {"made with": made_with(PACKAGES), "processor": _processor(), "load before": os.getloadavg()}
    out["sizes"] = []
    warm_up()
    for name in given.sizes:
        result = _run_size(name, given)
        tables = [
            of(result) for of in (peers_table, sets_table, figures_table) if of is not peers_table or result.peers
        ]
        print(f"## {name.capitalize()}\n\n" + "\n\n".join(tables) + "\n", flush=True)
        out["sizes"].append(asdict(result))
    out["peak memory GiB"] = round(peak_memory_gib(), 2)
    out["load after"] = os.getloadavg()
    print(f"Peak memory {out['peak memory GiB']} GiB (PostGIS apart); {out['processor']}, {os.cpu_count()} cores,")
    print("load {:.1f} before, {:.1f} after.".format(out["load before"][0], out["load after"][0]))
    print("Made with " + ", ".join(f"{k} {v}" for k, v in out["made with"].items()) + f", GEOS {shapely.geos_version}")
    if given.json:
        Path(given.json).write_text(json.dumps(out, indent=1, ensure_ascii=False, default=str), encoding="utf-8")


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    p = argparse.ArgumentParser(prog="python -m benchmarks.lookup", description=__doc__)
    p.add_argument("--sizes", nargs="*", default=["county"], choices=list(SIZES))
    p.add_argument("--sets", nargs="*", default=list(SETS), choices=list(SETS))
    p.add_argument("--peers", nargs="*", default=list(PEERS), choices=list(PEERS), help="beside shapely's STRtree")
    p.add_argument("--points", type=int, default=1_000_000, help="points in a set (default 1,000,000)")
    p.add_argument("--limit", type=float, default=3.0, help="CPU-s for a turn: slow peers get fewer points (default 3)")
    p.add_argument("--runs", type=int, default=5, help="turns of each engine (default 5)")
    p.add_argument("--checked", type=int, default=1_000, help="points of each set put to the oracle (default 1,000)")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--json", help="write all figures to this file")
    return p.parse_args(argv)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return "unknown processor"


def _run_size(name: str, given: argparse.Namespace) -> Result:
    began = time.process_time()
    cover = make_coverage(SIZES[name], given.seed)
    _say(f"{name}: {len(cover.polygons)} cells made in {time.process_time() - began:.0f} CPU-s")
    result = Result(name, len(cover.polygons), len(cover.a), cover.vertices)
    ours: list[OurIndex] = []
    for kind in kinds():
        engine, built = measure_build(cover, kind)
        ours.append(engine)
        result.built.append(built)
        _say(f"{name}: {kind} built in {built.cpu_s:.1f} CPU-s")
    tree = ShapelyTree(cover.polygons)
    xy = draw("uniform", cover, given.points, given.seed)  # these two before peers start threads and servers
    result.scalar = measure_scalar(ours[0].index, tree.tree, xy[:SCALAR_CALLS], given.runs)
    result.threads = measure_threads(ours[0].index, xy, given.runs)
    for at in given.sets:
        _run_set(at, cover, [*ours, tree], result, given)
    if "uniform" in given.sets and given.peers:
        _run_peers(cover, ours, tree, result, given)
    return result


def _run_set(at: str, cover: Coverage, engines: list[Engine], result: Result, given: argparse.Namespace) -> None:
    """Time the indexes and the yardstick; compare random points with the yardstick, and some of all with the oracle."""
    xy = draw(at, cover, given.points, given.seed)
    result.sets[at] = race(engines, xy, given.runs, given.limit)
    *ours, tree = engines
    assert isinstance(tree, ShapelyTree)
    some = xy[np.random.default_rng(given.seed).permutation(len(xy))[: given.checked]]
    for engine in ours:
        assert isinstance(engine, OurIndex)
        checked = check(cover, tree.tree, engine.index, some)
        result.checked.setdefault(at, {})[engine.name] = checked
        if at in RANDOM:
            result.differ.setdefault(at, {})[engine.name] = _differences(engine, tree, xy, result.sets[at][tree.name])
    _say(f"{result.size}: {at} done")


def _differences(ours: OurIndex, tree: ShapelyTree, xy: Any, lap: Lap) -> int:
    """Count the points for which the index does not name the one polygon that shapely finds."""
    if lap.why:
        raise RuntimeError(f"{lap.name} {lap.why}")
    xy = xy[: lap.points]
    ours.load(xy)
    tree.load(xy)
    point, polygon = tree.answer()
    found = ours.answer()
    agree = np.zeros(len(xy), dtype=bool)
    agree[point] = found[point] == polygon
    agree[np.bincount(point, minlength=len(xy)) > 1] = False
    return int((~agree).sum())


def _run_peers(
    cover: Coverage, ours: list[OurIndex], tree: ShapelyTree, result: Result, given: argparse.Namespace
) -> None:
    """Time all engines on uniform points, and see that they agree."""
    xy = draw("uniform", cover, given.points, given.seed)
    with ExitStack() as stack:
        engines: list[Engine] = [tree]
        for name in given.peers:
            opened = _opened(PEERS[name], cover.polygons)
            if isinstance(opened, Engine):
                engines.append(opened)
                stack.callback(opened.close)
            else:
                result.peers[PEERS[name].name] = opened
            _say(f"{result.size}: {name} is ready")
        limits: list[Engine] = [Gather(cover.polygons, built.array_bytes) for built in result.built]
        for limit, built in zip(limits, result.built, strict=True):
            limit.name = f"{Gather.name}, table as large as {built.kind}"
        result.peers |= race([*engines, *ours, *limits], xy, given.runs, given.limit)
        result.notes |= {e.name: e.note for e in engines if e.note}
    for engine in engines:
        lap = result.peers[engine.name]
        if not lap.why and lap.told != _expected(ours[0], xy[: lap.points]):
            lap.why = "gives other answers"


def _expected(ours: OurIndex, xy: Any) -> Any:
    ours.load(xy)
    return ours.told(ours.answer())


def _opened(peer: type[Engine], polygons: Geometries) -> Engine | Lap:
    make: Callable[[Geometries], Engine] = peer
    try:
        return make(polygons)
    except ImportError as e:
        return Lap(peer.name, why=f"not installed: {e}")
    except Exception as e:  # noqa: BLE001  # a peer that fails is a row of the table, not the end of the run
        return Lap(peer.name, why=f"failed: {(str(e).splitlines() or [type(e).__name__])[0][:90]}")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
