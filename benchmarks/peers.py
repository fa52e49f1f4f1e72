"""The peers: pymetis in this process; spopt and GerryChain each in a process of its own, within a stated limit.

``python -m benchmarks.peers NAME IN.npz OUT.npz`` is such a process: it reads a connected graph, a number of parts, the
band and a seed, and writes labels and the CPU time of the call alone (imports apart).
"""

from __future__ import annotations

import functools
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.case import Case, Graph, connected_parts, graph_of, shared_out, with_water
from gridgis.geometry.arrays import Ints
from gridgis.model import Band

MEMORY_GIB = 6
"""Address space that a peer in its own process may use."""
RECOM_STEPS = 20
"""Steps of a ReCom chain for each part; the division with the shortest border is taken."""


@dataclass(frozen=True)
class Answer:
    """Labels of all atoms and CPU-s; no labels and the reason where a peer gave none."""

    labels: Ints | None
    cpu_s: float
    why: str = ""


def metis(graph: Graph, parts: int, seed: int, recursive: bool) -> tuple[Ints, float]:
    """Partition a connected graph by METIS; k-way is told to keep parts contiguous.

    Returns
    -------
    tuple
        (n,) labels, and CPU-s of METIS alone: the arrays it takes are made before.
    """
    import pymetis

    if parts < 2:
        return np.zeros(graph.n, dtype=np.int64), 0.0
    start, neighbours, metres = (a.astype(np.int32) for a in graph.csr())
    weights = graph.weights.astype(np.int32)
    options = pymetis.Options(seed=seed) if recursive else pymetis.Options(seed=seed, contig=1)
    with _hushed():
        began = time.process_time()
        found = pymetis.part_graph(
            parts,
            pymetis.CSRAdjacency(start, neighbours),
            vweights=weights,
            eweights=metres,
            recursive=recursive,
            options=options,
        )
        took = time.process_time() - began
    return np.asarray(found.vertex_part, dtype=np.int64), took


@contextmanager
def _hushed() -> Iterator[None]:
    """Send what compiled code prints to nowhere: METIS talks when a graph is small for its number of parts."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def divide_by_metis(case: Case, parts: int, seed: int, recursive: bool = False) -> Answer:
    """Divide a case by METIS; land that does not hang together is divided piece by piece."""
    graph, dry = graph_of(case)
    return _piece_by_piece(case, graph, dry, parts, lambda g, k: metis(g, k, seed, recursive))


def divide_inside(case: Case, outer: Ints, load: float, seed: int, recursive: bool = False) -> Answer:
    """Divide each part of ``outer`` again by METIS, into parts of about the given load."""
    graph, dry = graph_of(case)
    labels = np.zeros(graph.n, dtype=np.int64)
    took, used = 0.0, 0
    order = np.argsort(outer[dry], kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(outer[dry][order])) + 1):
        inside = graph.take(members)
        groups = connected_parts(inside)
        wanted = round(float(inside.weights.sum()) / load)
        for group, k in zip(groups, shared_out(inside, wanted, groups), strict=True):
            part, seconds = metis(inside.take(group), k, seed, recursive)
            labels[members[group]] = part + used
            used += int(part.max()) + 1
            took += seconds
    return Answer(with_water(case, dry, labels), took)


def _piece_by_piece(
    case: Case, graph: Graph, dry: Ints, parts: int, cut: Callable[[Graph, int], tuple[Ints, float]]
) -> Answer:
    labels = np.zeros(graph.n, dtype=np.int64)
    took, used = 0.0, 0
    groups = connected_parts(graph)
    for group, k in zip(groups, shared_out(graph, parts, groups), strict=True):
        part, seconds = cut(graph.take(group), k)
        labels[group] = part + used
        used += int(part.max()) + 1
        took += seconds
    return Answer(with_water(case, dry, labels), took)


def divide_by_other(name: str, case: Case, parts: int, band: Band, seed: int, limit_s: float) -> Answer:
    """Divide a case by a peer in its own process; see SLOW for the names."""
    graph, dry = graph_of(case)
    try:
        return _piece_by_piece(case, graph, dry, parts, lambda g, k: _in_process(name, g, k, band, seed, limit_s))
    except PeerFailedError as e:
        return Answer(None, limit_s, str(e))


class PeerFailedError(Exception):
    """A peer gave no division; the text says why."""


def _in_process(name: str, graph: Graph, parts: int, band: Band, seed: int, limit_s: float) -> tuple[Ints, float]:
    if parts < 2:
        return np.zeros(graph.n, dtype=np.int64), 0.0
    with tempfile.TemporaryDirectory() as folder:
        given, out = Path(folder) / "in.npz", Path(folder) / "out.npz"
        np.savez(
            given, weights=graph.weights, pairs=graph.pairs, metres=graph.metres, xy=graph.xy,
            told=np.array([parts, band.lower, band.upper, seed]), limit=limit_s,
        )  # fmt: skip
        command = [sys.executable, "-m", "benchmarks.peers", name, str(given), str(out)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=4 * limit_s + 120, check=False)
        except subprocess.TimeoutExpired:
            raise PeerFailedError(f"none within {limit_s:g} s") from None
        if done.returncode < 0:
            raise PeerFailedError(f"none within {limit_s:g} s")
        if done.returncode or not out.is_file():
            lines = done.stderr.strip().splitlines() or ["no word"]
            raise PeerFailedError(f"failed: {lines[-1][:90]}")
        with np.load(out) as answer:
            return answer["labels"].astype(np.int64), float(answer["cpu_s"])


@dataclass(frozen=True)
class Task:
    """What a peer in its own process is to do."""

    graph: Graph
    parts: int
    band: Band
    seed: int


def _frame(task: Task) -> tuple[Any, Any]:
    """Return the table and the contiguity weights that spopt takes; what it compares are the coordinates."""
    import geopandas as gpd
    import libpysal
    import shapely

    xy = task.graph.xy / 10.0
    columns = {"x": xy[:, 0], "y": xy[:, 1], "households": task.graph.weights}
    near: dict[int, list[int]] = {i: [] for i in range(task.graph.n)}
    for a, b in task.graph.pairs.tolist():
        near[a].append(b)
        near[b].append(a)
    return gpd.GeoDataFrame(columns, geometry=shapely.points(xy)), libpysal.weights.W(near, silence_warnings=True)


def _ward(task: Task) -> Callable[[], Any]:
    from spopt.region import WardSpatial

    frame, w = _frame(task)
    return functools.partial(_solved, WardSpatial(frame, w, ["x", "y"], n_clusters=task.parts))


def _skater(task: Task) -> Callable[[], Any]:
    from spopt.region import Skater

    frame, w = _frame(task)
    return functools.partial(_solved, Skater(frame, w, ["x", "y"], n_clusters=task.parts))


def _azp(task: Task) -> Callable[[], Any]:
    from spopt.region import AZP

    frame, w = _frame(task)
    return functools.partial(_solved, AZP(frame, w, ["x", "y"], n_clusters=task.parts, random_state=task.seed))


def _maxp(task: Task) -> Callable[[], Any]:
    from spopt.region import MaxPHeuristic

    frame, w = _frame(task)
    np.random.seed(task.seed)  # noqa: NPY002  # the library knows no generator
    return functools.partial(_solved, MaxPHeuristic(frame, w, ["x", "y"], "households", task.band.lower))


def _solved(model: Any) -> Any:
    model.solve()
    return model.labels_


def _gerrychain(task: Task) -> tuple[Any, float]:
    import networkx

    graph: Any = networkx.Graph()
    for i, (h, xy) in enumerate(zip(task.graph.weights.tolist(), task.graph.xy.tolist(), strict=True)):
        graph.add_node(i, households=h, x=xy[0], y=xy[1])
    for (a, b), metres in zip(task.graph.pairs.tolist(), task.graph.metres.tolist(), strict=True):
        graph.add_edge(a, b, metres=metres)
    from gerrychain import Graph as Chained

    return Chained.from_networkx(graph), float(task.graph.weights.sum()) / task.parts


def _tree(task: Task) -> Callable[[], Any]:
    graph, mean = _gerrychain(task)
    return lambda: _in_order(_seed_parts(graph, task, mean), task.graph.n)


def _seed_parts(graph: Any, task: Task, mean: float) -> Any:
    from gerrychain.tree import recursive_tree_part

    return recursive_tree_part(
        graph, range(task.parts), mean, "households", _epsilon(task, mean), rng=random.Random(task.seed)
    )


def _epsilon(task: Task, mean: float) -> float:
    """Return how far parts may be from the mean load, as a share of it, so that all are in the band."""
    return max(0.02, min(task.band.upper / mean - 1, 1 - task.band.lower / mean))


def _in_order(assignment: Any, n: int) -> Ints:
    found = dict(assignment.items())
    return np.array([found[i] for i in range(n)], dtype=np.int64)


def _recom(task: Task) -> Callable[[], Any]:
    """Run a chain of ReCom steps from a tree partition, and take the division with the shortest border."""
    from gerrychain import MarkovChain, Partition
    from gerrychain.accept import always_accept
    from gerrychain.proposals import recom

    graph, mean = _gerrychain(task)

    def run() -> Ints:
        start = Partition(graph, _seed_parts(graph, task, mean))
        step = functools.partial(recom, pop_col="households", pop_target=mean, epsilon=_epsilon(task, mean))
        chain = MarkovChain(
            step, [], always_accept, start, RECOM_STEPS * task.parts, rng=random.Random(task.seed)
        )  # fmt: skip
        best, shortest = np.zeros(task.graph.n, dtype=np.int64), np.inf
        for state in chain:
            labels = _in_order(state.assignment, task.graph.n)
            a, b = labels[task.graph.pairs].T
            border = float(task.graph.metres[a != b].sum())
            if border < shortest:
                best, shortest = labels, border
        return best

    return run


SLOW: dict[str, Callable[[Task], Callable[[], Any]]] = {
    "spopt-ward": _ward,
    "spopt-skater": _skater,
    "spopt-azp": _azp,
    "spopt-maxp": _maxp,
    "gerrychain-tree": _tree,
    "gerrychain-recom": _recom,
}
"""Peers in a process of their own: each prepares its task and returns the call that is timed."""


def main(argv: list[str]) -> None:
    """Be the process of one peer."""
    name, given, out = argv
    warnings.simplefilter("ignore")
    with np.load(given) as told:
        parts, lower, upper, seed = (int(v) for v in told["told"])
        graph = Graph(told["weights"], told["pairs"], told["metres"], told["xy"])
        limit = float(told["limit"])
    call = SLOW[name](Task(graph, parts, Band(lower, upper), seed))
    began = time.process_time()
    resource.setrlimit(resource.RLIMIT_CPU, (int(began + limit) + 1, int(began + limit) + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_GIB << 30, MEMORY_GIB << 30))
    labels = np.asarray(call(), dtype=np.int64)
    took = time.process_time() - began
    np.savez(out, labels=np.unique(labels, return_inverse=True)[1], cpu_s=took)


if __name__ == "__main__":
    main(sys.argv[1:])
