"""What a registry must survive: kill -9, writers at once, readers meanwhile. Short in the tests; in full: make faults.

Processes are forked, so that a round costs a filing and not the start of Python.
"""

from __future__ import annotations

import argparse
import os
import random
import select
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely
import sqlalchemy as sa

from benchmarks.cluster import Cluster
from gridgis.errors import Conflict
from gridgis.model import DivisionPlan
from gridgis.registry import Registry, tables
from gridgis.registry.registry import utc_now
from tests.registry.hand import A, Line, box, communities, file_through, make_plan, make_registry

WAYS: list[list[Line]] = [[((500.0, -5.0), (520.0, 905.0))], [((-5.0, 401.0), (2000.0, 433.3))]]
"""Two ways to cut a community in halves: filed in turn, each ends the codes of the other."""


def only(code: str = A) -> gpd.GeoDataFrame:
    base = communities()
    return base[base["code"] == code].reset_index(drop=True)


def forked(work: Callable[[], int]) -> int:
    """Run a function in a process of its own; its exit code is what the function returns (99: an error)."""
    sys.stdout.flush()
    child = os.fork()
    if child:
        return child
    try:
        os._exit(work())
    except BaseException:  # noqa: BLE001 (the child must never go on as pytest)
        traceback.print_exc()
        os._exit(99)


def wait_for(child: int) -> int:
    """Return the exit code of a child, negative for a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


# --- kill -9 -------------------------------------------------------------------------------------------------------


SUBMIT, FILE, DONE = b"s", b"f", b"."
"""What a filing process tells through a pipe before each step, and after the last."""


def file_forever(address: str, plans: list[DivisionPlan], pipe: int) -> int:
    """Submit and file plans, one after the other, until somebody kills this process."""
    with Registry.open(address) as registry:
        while True:
            number = registry.plan_new(plans[registry.head % 2], "方案", "张三")
            os.write(pipe, SUBMIT)
            registry.plan_submit(number, "张三")
            registry.plan_review(number, "李四")
            os.write(pipe, FILE)
            registry.plan_file(number, "王五")
            os.write(pipe, DONE)


class Kills(Counter[str]):
    """How often it died "inside" the transaction of submitting or filing, or "after" it; "revisions" were filed."""


def kill_often(address: str, kills: int, seed: int) -> Kills:
    """Kill a filing process at random moments of submitting and filing; each time hold all to what it promises."""
    rng = random.Random(seed)
    plans = [make_plan(only(), way) for way in WAYS]
    with make_registry(address, utc_now) as registry:
        file_through(registry, plans[0])  # compiles and loads what children then have
        took = times(registry, plans[1])
    out = Kills()
    for _ in range(kills):
        step = rng.choice([SUBMIT, FILE])
        out[kill_in(address, plans, step, rng.uniform(0.0, 1.1), took)] += 1
        with Registry.open(address) as registry:
            assert registry.check().empty, registry.check().to_dict("records")
            need_whole_plans(registry)
            out["revisions"] = registry.head
    return out


def times(registry: Registry, plan: DivisionPlan) -> dict[bytes, float]:
    """Return how long submitting and filing take now, in seconds."""
    number = registry.plan_new(plan, "方案", "张三")
    began = time.monotonic()
    registry.plan_submit(number, "张三")
    submitted = time.monotonic()
    registry.plan_review(number, "李四")
    reviewed = time.monotonic()
    registry.plan_file(number, "王五")
    return {SUBMIT: submitted - began, FILE: time.monotonic() - reviewed}


def kill_in(address: str, plans: list[DivisionPlan], step: bytes, share: float, took: dict[bytes, float]) -> str:
    """Kill a filing process when a share of a step is over, by what the step took before; tell whether it was in it."""
    here, there = os.pipe()
    child = forked(lambda: file_forever(address, plans, there))
    os.close(there)
    while (told := os.read(here, 1)) != step:
        assert told, "the process ended by itself"
    began = time.monotonic()
    over = bool(select.select([here], [], [], share * took[step])[0])
    os.kill(child, signal.SIGKILL)
    assert wait_for(child) == -signal.SIGKILL
    os.close(here)
    took[step] = time.monotonic() - began if over else took[step] * 1.05  # so that about one in ten is over
    return "after" if over else "inside"


def need_whole_plans(registry: Registry) -> None:
    """Hold each plan to its state: wholly in it, with its codes, its revision and its papers."""
    p, g, i, r = (x.c for x in (tables.plan, tables.plan_grid, tables.issued_code, tables.revision))
    with registry._book.store.read() as c:
        issued = set(c.execute(sa.select(i.code)).scalars())
        filed = dict(iter(tuple(row) for row in c.execute(sa.select(r.plan_id, r.number))))
        for fid, state, number in c.execute(sa.select(p.fid, p.state, p.revision)).all():
            codes = c.execute(sa.select(g.code).where(g.plan_id == fid)).scalars().all()
            assert codes
            coded = [code is not None and code in issued for code in codes]
            assert all(coded) if state != "draft" else not any(coded), (fid, state, codes)
            assert filed.get(fid) == number, (fid, state, number)
            assert (number is not None) == (state in ("filed", "superseded")), (fid, state, number)


# --- writers at once -----------------------------------------------------------------------------------------------


def file_at_once(address: str, writers: int) -> list[int]:
    """Let writers submit and file overlapping plans at the same moment; return their exit codes.

    0: won; 1: got a Conflict that names the winner; 2: a Conflict that does not.
    """
    with make_registry(address, utc_now) as registry:
        numbers = [registry.plan_new(make_plan(only(), WAYS[k % 2]), f"方案{k}", f"writer {k}") for k in range(writers)]
    start = time.time() + 1.0

    def write(number: int) -> int:
        with Registry.open(address) as registry:
            time.sleep(max(0.0, start - time.time()))
            try:
                registry.plan_submit(number, f"writer {number}")
                registry.plan_review(number, "x")
                registry.plan_file(number, f"writer {number}")
            except Conflict as e:
                if f"plan {e.fields.get('winner')} " in e.en:
                    return 1
                print(f"writer {number}: {e.en}", file=sys.stderr)
                return 2
        return 0

    children = [forked(lambda n=number: write(n)) for number in numbers]  # type: ignore[misc]
    return sorted(wait_for(child) for child in children)


def patiently(work: Callable[[], Any]) -> Any:
    """Do what is told "try again later" until its turn comes: on a busy machine seven others take over a minute."""
    while True:
        try:
            return work()
        except Conflict as e:
            if "try again later" not in e.en:
                raise


def allocate_at_once(address: str, writers: int, rounds: int, pieces: int, places: int) -> int:
    """Let writers submit and withdraw plans of one town; return how many codes were issued, all different.

    Each plan of one of the communities (``places``) wants two codes a piece.
    """
    town = {f"990001001{k + 1:03}": box(1000.0 * k, 0.0, 1000.0, 800.0) for k in range(places)}
    base = communities(town)
    with make_registry(address, utc_now, base):
        pass

    def write(k: int) -> int:
        with Registry.open(address) as registry:
            for turn in range(rounds):
                place = (k + turn) % places
                cuts = [1000.0 * (place + j / pieces) for j in range(1, pieces)]
                plan = make_plan(base[base["code"] == list(town)[place]], [((x, -5.0), (x, 905.0)) for x in cuts])
                number = patiently(lambda p=plan: registry.plan_new(p, "方案", f"writer {k}"))  # type: ignore[misc]
                patiently(lambda n=number: registry.plan_submit(n, f"writer {k}"))  # type: ignore[misc]
                patiently(lambda n=number: registry.plan_withdraw(n, f"writer {k}"))  # type: ignore[misc]
        return 0

    children = [forked(lambda k=k: write(k)) for k in range(writers)]  # type: ignore[misc]
    assert [wait_for(child) for child in children] == [0] * writers
    g = tables.plan_grid.c
    with Registry.open(address) as registry, registry._book.store.read() as c:
        own = c.execute(sa.select(g.code).where(g.level > 1)).scalars().all()
        assert len(own) == len(set(own)), "a code was issued twice"
        assert set(own) <= set(registry.issued_codes()["code"])
    return len(own)


# --- readers meanwhile ---------------------------------------------------------------------------------------------


def read_while_filing(address: str, filings: int) -> tuple[int, int]:
    """Read whole revisions while another process files; return how many were read, and of how many revisions."""
    with make_registry(address, utc_now) as registry:
        file_through(registry, make_plan(only(), WAYS[0]))
        ground = shapely.area(registry.grids(1).geometry.to_numpy()).sum()

    def write() -> int:
        with Registry.open(address) as registry:
            for k in range(filings):
                file_through(registry, make_plan(only(), WAYS[(k + 1) % 2]))
        return 0

    child = forked(write)
    seen, reads = set(), 0
    with Registry.open(address) as registry:
        while os.waitpid(child, os.WNOHANG)[0] == 0:
            with registry._book.store.read() as c:
                number = registry._book.head(c)
                grids = registry._book.grids(c, number)
            halves = grids[grids["level"] == 2].geometry.to_numpy()
            assert len(halves) == 2
            assert abs(shapely.area(halves).sum() - ground) < 1e-12
            assert shapely.coverage_is_valid(halves)
            seen.add(number)
            reads += 1
    return reads, len(seen)


def main() -> None:
    """Run all in full, on both stores or on the one named, and print what was done."""
    asked = argparse.ArgumentParser(prog="python -m tests.registry.faults")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--store", choices=("GeoPackage", "PostGIS"), help="default: one after the other")
    asked.add_argument("--kills", type=int, default=300)
    a = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if a.store != "PostGIS":
            run("GeoPackage", lambda: str(Path(tempfile.mkdtemp(dir=folder)) / "r.gpkg"), a.kills, a.seed)
        if a.store != "GeoPackage":
            with Cluster() as cluster:
                run("PostGIS", cluster.address, a.kills, a.seed)


def run(name: str, new: Callable[[], str], kills: int, seed: int) -> None:
    """Run all in full on one store."""
    began = time.monotonic()
    n = kill_often(new(), kills, seed)
    told = f"{n['inside']} inside submitting or filing, {n['after']} just after; {n['revisions']} revisions filed"
    print(f"{name}: {kills} kill -9 (seed {seed}): {told}; every check clean", flush=True)
    outcome = [file_at_once(new(), 8) for _ in range(10)]
    assert outcome == [[0] + [1] * 7] * 10, outcome
    print(f"{name}: 10 x 8 writers at once: one won, seven were told the winner", flush=True)
    codes = allocate_at_once(new(), writers=8, rounds=21, pieces=30, places=12)
    print(f"{name}: {codes} codes allocated by 8 writers, none twice", flush=True)
    reads, seen = read_while_filing(new(), 40)
    print(f"{name}: {reads} reads during 40 filings saw {seen} revisions, each whole", flush=True)
    print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
