"""Cut communities: level 2 region by region, level 3 inside each level 2, over a pool of processes.

A task is one region. Each has a seed of its own, so the answer is the same for any number of processes. A community
that is level 2 itself is not cut there: each part of it that lies apart is a level-2 grid and one task.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from multiprocessing import active_children, get_context
from typing import Any

import numpy as np

from gridgis.geometry.arrays import Ints
from gridgis.model import DivisionRules, Progress, no_progress
from gridgis.partition.certify import Proof, judged, prove
from gridgis.partition.components import components
from gridgis.partition.graph import Contacts
from gridgis.partition.last_resort import join_leftovers
from gridgis.partition.levels import (
    Cut,
    Recut,
    attach,
    cut_again,
    cut_level,
    cut_region,
    decide,
    gather,
    grounds_of,
    land_of,
    recutter,
)
from gridgis.partition.lookahead import look_ahead
from gridgis.partition.regions.pieces import Region, regions

SMALL, SEARCHES, LONGER = 1_500, 4, 2
"""A community of so few atoms is searched so many times, and the best is kept: in a larger one luck evens out. Each
search takes so many times the effort of the rules, for there is time."""
CHUNKS = 16
"""Tasks go to each process in about so many chunks, so that a long one does not keep the others waiting."""


@dataclass(frozen=True)
class CommunityCut:
    """The two levels of a community: level 2 over all its atoms, and level 3 over the atoms of each level-2 grid.

    ``proofs``: of each level-2 region, where they were asked for.
    """

    level2: Cut
    level3: list[Cut]
    proofs: tuple[Proof, ...] = ()


@dataclass(frozen=True)
class Task:
    """One region to cut: its community, its ground (land only), facts, rules, seed, and its level-2 labels if known.

    ``certify``: the effort of proving how good level 2 is, and ``proof`` what came of it; ``searches``: how many, the
    best is kept.
    """

    community: int
    ground: Contacts
    region: Region
    rules: DivisionRules
    seed: int
    labels: Ints | None = None
    certify: float = 0.0
    proof: Proof | None = None
    searches: int = 1


@dataclass(frozen=True)
class Done:
    """A region cut in two levels: the level-2 labels of its members, and for each of them the level-3 cut."""

    region: Region
    labels: Ints
    level3: list[Cut]
    proof: Proof | None = None


def cut_communities(
    grounds: Sequence[Contacts],
    rules: Sequence[DivisionRules],
    seed: int,
    processes: int = 1,
    progress: Progress = no_progress,
    certify: float = 0.0,
) -> list[CommunityCut]:
    """Cut communities in two levels.

    Parameters
    ----------
    grounds, rules
        The contacts of each community (without carved sites), and its rules.
    seed
        Of the search.
    processes
        How many processes share the regions; the answer does not depend on it.
    progress
        Called with ("level 2", "level 2, exact", "certify" or "level 3", regions done, regions).
    certify
        Effort of proving how good the level 2 of each region is (`polish`); 0: none.
    """
    wholes = [i for i, r in enumerate(rules) if r.first_level == 3]
    cut = [i for i, r in enumerate(rules) if r.first_level == 2]
    with pool(processes) as run:
        both = _cut_both([grounds[i] for i in cut], [rules[i] for i in cut], seed, run, progress, certify)
        lone = _cut_parts([grounds[i] for i in wholes], [rules[i] for i in wholes], seed, run, progress)
    made = dict(zip([*cut, *wholes], [*both, *lone], strict=True))
    return [made[i] for i in range(len(grounds))]


def parts_of(c: Contacts) -> Cut:
    """Return the parts of a community that lie apart: its level-2 grids where it is level 2 itself."""
    part = components(c.n, c.pairs)
    found = [np.flatnonzero(part == k) for k in range(int(part.max(initial=-1)) + 1)]
    return Cut(part, [Region(members, int(c.households[members].sum()), "", ()) for members in found])


def _cut_parts(
    grounds: Sequence[Contacts], rules: Sequence[DivisionRules], seed: int, run: Run, progress: Progress
) -> list[CommunityCut]:
    """Cut communities that are level 2 into level 3; the parts of one have seeds of their own."""
    level2 = [parts_of(c) for c in grounds]
    tasks = [
        Task(i, c.take(region.members, 3), region, r, seed + 100_003 * k)
        for i, (c, r, parts) in enumerate(zip(grounds, rules, level2, strict=True))
        for k, region in enumerate(parts.region_of)
    ]
    answers = run(_cut_part, tasks, "level 3", progress) if tasks else []
    level3: list[list[Cut]] = [[] for _ in grounds]
    for task, answer in zip(tasks, answers, strict=True):
        level3[task.community].append(answer)
    return [CommunityCut(parts, inner) for parts, inner in zip(level2, level3, strict=True)]


def _cut_part(task: Task) -> Cut:
    return cut_level(task.ground, task.rules.level3, task.rules, task.seed)


def _cut_both(
    grounds: Sequence[Contacts],
    rules: Sequence[DivisionRules],
    seed: int,
    run: Run,
    progress: Progress,
    certify: float,
) -> list[CommunityCut]:
    """Cut communities that are level 1 into levels 2 and 3."""
    tasks = decide_level2(grounds, search_level2(grounds, rules, seed, run, progress), run, progress)
    if certify:
        proven = run(_certify, [replace(t, certify=certify) for t in tasks], "certify", progress)
        tasks = [replace(t, labels=own, proof=proof) for t, (own, proof) in zip(tasks, proven, strict=True)]
    third = run(_cut_level3, tasks, "level 3", progress)
    done: list[list[Done]] = [[] for _ in grounds]
    for task, answer in zip(tasks, third, strict=True):
        done[task.community].append(answer)
    return [_put_together(c, d) for c, d in zip(grounds, done, strict=True)]


def search_level2(
    grounds: Sequence[Contacts],
    rules: Sequence[DivisionRules],
    seed: int,
    run: Run,
    progress: Progress = no_progress,
) -> list[Task]:
    """Cut communities that are level 1 into level 2 by search: regions are cut, leftovers are joined."""
    tasks: list[Task] = []
    for i, (c, r) in enumerate(zip(grounds, rules, strict=True)):
        land = land_of(c)
        found = regions(land, r.level2, r.max_area_empty_m2) if land.n else []
        for k, (region, ground) in enumerate(zip(found, grounds_of(land, found), strict=True)):
            searches = SEARCHES if land.n <= SMALL else 1
            tasks.append(Task(i, ground, region, r, seed + 100_003 * k, searches=searches))
    return _join(grounds, tasks, run(_cut_level2, tasks, "level 2", progress), cut_again)


def decide_level2(
    grounds: Sequence[Contacts], tasks: Sequence[Task], run: Run, progress: Progress = no_progress
) -> list[Task]:
    """Decide small ground that the search left outside the band, and what of it may be joined, exactly."""
    labels = run(_decide_level2, tasks, "level 2, exact", progress)
    return _join(grounds, tasks, labels, decide)


def _cut_level2(task: Task) -> Ints:
    rules = task.rules if task.searches == 1 else replace(task.rules, effort=LONGER * task.rules.effort)
    return cut_region(task.ground, task.region, rules.level2, rules, task.seed, task.searches)


def _decide_level2(task: Task) -> Ints:
    assert task.labels is not None
    return decide(task.ground, task.region, task.labels, task.rules.level2, task.rules, task.seed)


def _certify(task: Task) -> tuple[Ints, Proof]:
    assert task.labels is not None
    return prove(task.ground, task.region, task.labels, task.rules, task.certify)


def _cut_level3(task: Task) -> Done:
    """Cut each level-2 grid of a region into level 3, and draw level 2 anew where that leaves a rest."""
    assert task.labels is not None
    c, rules, labels = task.ground, task.rules, task.labels
    level3 = [
        cut_level(inner, rules.level3, rules, task.seed + 17 * (label + 1))
        for label, inner in enumerate(c.split(labels, 3))
    ]
    labels, level3 = look_ahead(c, labels, level3, rules, task.seed)
    return Done(task.region, labels, level3, task.proof and judged(task.proof, c, labels, rules))


def _join(grounds: Sequence[Contacts], tasks: Sequence[Task], labels: Sequence[Ints], cutter: Recut) -> list[Task]:
    """Return the tasks with their level-2 labels; regions that are outside the band are joined to others."""
    out: list[Task] = []
    for i, c in enumerate(grounds):
        mine = [(t, own) for t, own in zip(tasks, labels, strict=True) if t.community == i]
        if not mine:
            continue
        first, land = mine[0][0], land_of(c)
        cut = recutter(land, first.rules.level2, first.rules, first.seed, cutter)
        pieces = join_leftovers(land, [(t.region, own) for t, own in mine], first.rules.level2, cut)
        for k, (ground, (region, own)) in enumerate(zip(grounds_of(land, [r for r, _ in pieces]), pieces, strict=True)):
            out.append(replace(first, region=region, ground=ground, labels=own, seed=first.seed + 100_003 * k))
    return out


Run = Callable[[Callable[[Any], Any], Sequence[Any], str, Progress], list[Any]]


@contextmanager
def pool(processes: int) -> Iterator[Run]:
    """Yield a function that maps tasks to answers in their order; an interrupt ends the processes at once."""
    if processes <= 1:
        yield lambda work, tasks, stage, progress: _watch(map(work, tasks), len(tasks), stage, progress)
        return
    others = set(active_children())
    executor = ProcessPoolExecutor(processes, mp_context=get_context("forkserver"))

    def run(work: Callable[[Any], Any], tasks: Sequence[Any], stage: str, progress: Progress) -> list[Any]:
        chunk = max(1, len(tasks) // (CHUNKS * processes))
        return _watch(executor.map(work, tasks, chunksize=chunk), len(tasks), stage, progress)

    try:
        yield run
    except BaseException:
        executor.shutdown(wait=False, cancel_futures=True)
        for child in set(active_children()) - others:
            child.terminate()  # a task may take long, and nobody waits for its answer
        raise
    executor.shutdown()


def _watch(answers: Iterator[Any], total: int, stage: str, progress: Progress) -> list[Any]:
    out: list[Any] = []
    progress(stage, 0, total)
    for answer in answers:
        out.append(answer)
        progress(stage, len(out), total)
    return out


def _put_together(c: Contacts, done: list[Done]) -> CommunityCut:
    """Put regions together; water goes to the level-3 grid on its bank, and with it to that one's level-2 grid."""
    dry = np.flatnonzero(~c.water)
    leaf = np.full(c.n, -1, dtype=np.int64)
    parent: list[int] = []
    proofs: list[Proof] = []
    second = 0
    for d in done:
        if d.proof is not None:
            proofs.append(replace(d.proof, first=second))
        own = dry[d.region.members]
        for label, cut in enumerate(d.level3):
            leaf[own[d.labels == label]] = cut.labels + len(parent)
            parent.extend([second + label] * len(cut.region_of))
        second += len(d.level3)
    attach(c, leaf)
    level2 = gather(c, [(d.region, d.labels) for d in done])
    wet = np.flatnonzero(c.water & (leaf >= 0))
    level2.labels[wet] = np.array(parent, dtype=np.int64)[leaf[wet]]
    known = [cut for d in done for cut in d.level3]
    level3: list[Cut] = []
    first = np.searchsorted(parent, np.arange(second))
    order = np.argsort(level2.labels, kind="stable")
    ends = np.searchsorted(level2.labels[order], np.arange(len(level2.region_of) + 1)).tolist()
    for label, (region, (begin, end)) in enumerate(zip(level2.region_of, pairwise(ends), strict=True)):
        inside = order[begin:end]
        if label < second:
            level3.append(Cut(leaf[inside] - first[label], known[label].region_of))
        else:
            level3.append(Cut(np.zeros(len(inside), dtype=np.int64), [region]))
    return CommunityCut(level2, level3, tuple(proofs))
