"""A registry with a long history: ``python -m benchmarks.registry --store both --grids 100000 --revisions 20``.

Makes one (``benchmarks.history``) and asks it through the public names. Wall time is what users wait; CPU is that of
this process: PostGIS works in its own. Each question is asked of many places and codes; filing is done several times.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np

from benchmarks.cluster import Cluster
from benchmarks.history import GRIDS, History, chosen_points, make
from benchmarks.report import table
from gridgis.registry import Registry

PLANS = 3
LIMITS_MS = {
    "open": 1000.0,
    "locate, past day": 5.0,
    "history of a code": 20.0,
    "plan new": 2000.0,
    "plan submit": 2000.0,
    "plan review": 2000.0,
    "plan file": 2000.0,
}


class Times(NamedTuple):
    """What one question took, each time: ms of wall and of this process's CPU."""

    wall_ms: list[float]
    cpu_ms: list[float]


def main() -> None:
    """Make, ask, print."""
    given = _arguments()
    out: list[dict[str, Any]] = []
    for store in ("gpkg", "postgis") if given.store == "both" else (given.store,):
        with _address(store) as address:
            start = time.perf_counter()
            history = make(address, given.grids, given.revisions, _clock)
            made_s = time.perf_counter() - start
            size = {"store": store, "grids": history.count * GRIDS, "revisions": given.revisions, "made_s": made_s}
            print(f"\n{store}: {size['grids']} grids in force, {given.revisions} revisions, made in {made_s:.0f} s\n")
            rows = [{**size, **row} for row in _figures(address, history, given.asked)]
            print(table(list(rows[0])[4:], [[_shown(v) for v in list(row.values())[4:]] for row in rows]))
            history.registry.close()
            out += rows
    load = os.getloadavg()[0]
    print(f"\nload of the machine at the end: {load:.1f} on {os.cpu_count()} cores")
    if given.json:
        Path(given.json).write_text(json.dumps({"load": load, "figures": out}, indent=1), encoding="utf-8")


def _figures(address: str, history: History, asked: int) -> list[dict[str, Any]]:
    return [
        {
            "question": name,
            "asked": len(t.wall_ms),
            "best_ms": min(t.wall_ms),
            "median_ms": float(np.median(t.wall_ms)),
            "p95_ms": float(np.percentile(t.wall_ms, 95)),
            "median_cpu_ms": float(np.median(t.cpu_ms)),
            "limit_ms": LIMITS_MS[name],
            "kept": bool(np.median(t.wall_ms) <= LIMITS_MS[name]),
        }
        for name, t in measure(address, history, asked).items()
    ]


def measure(address: str, history: History, asked: int) -> dict[str, Times]:
    """Return the times of every question of LIMITS_MS."""
    out = {name: Times([], []) for name in LIMITS_MS}
    for _ in range(max(3, asked // 20)):
        with _timed(out["open"]):
            opened = Registry.open(address, _clock)
        opened.close()
    random = np.random.default_rng(1)
    with Registry.open(address, _clock) as registry:
        revisions = registry.revisions()
        days = revisions["in_force_from"].tolist()[:-1]
        points = chosen_points(history, asked, seed=2)
        registry.locate(*points[0], at=days[0])  # warm
        for lon, lat in points:
            day = days[random.integers(len(days))]
            with _timed(out["locate, past day"]):
                registry.locate(lon, lat, at=day)
        codes = registry.issued_codes()["code"].sample(asked, random_state=3).tolist()
        for code in codes:
            with _timed(out["history of a code"]):
                registry.history(code)
        _file(registry, history, out)
    return out


def _file(registry: Registry, history: History, out: dict[str, Times]) -> None:
    """Divide some communities anew, far from one another; the first one is to warm up."""
    for k in range(PLANS + 1):
        plan = history.plan(k * history.count // (PLANS + 1), seed=k)
        times = {name: out[name] if k else Times([], []) for name in LIMITS_MS}
        with _timed(times["plan new"]):
            number = registry.plan_new(plan, f"方案{k}", "示例")
        with _timed(times["plan submit"]):
            registry.plan_submit(number, "示例")
        with _timed(times["plan review"]):
            registry.plan_review(number, "示例")
        with _timed(times["plan file"]):
            registry.plan_file(number, "示例")


@contextmanager
def _timed(times: Times) -> Iterator[None]:
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    times.wall_ms.append(1000 * (time.perf_counter() - wall))
    times.cpu_ms.append(1000 * (time.process_time() - cpu))


@contextmanager
def _address(store: str) -> Iterator[str]:
    if store == "postgis":
        with Cluster() as cluster:
            yield cluster.address()
    else:
        with TemporaryDirectory(prefix="gridgis-registry-") as folder:
            yield str(Path(folder) / "registry.gpkg")


def _clock() -> datetime:
    return datetime(2026, 3, 1, 4, tzinfo=UTC)


def _shown(value: Any) -> str:
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", choices=("gpkg", "postgis", "both"), default="both")
    parser.add_argument("--grids", type=int, default=100_000)
    parser.add_argument("--revisions", type=int, default=20)
    parser.add_argument("--asked", type=int, default=200, help="how many places and codes are asked for")
    parser.add_argument("--json", help="also write the figures here")
    return parser.parse_args()


if __name__ == "__main__":
    main()
