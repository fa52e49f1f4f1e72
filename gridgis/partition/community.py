"""Cut communities: level 2 region by region, level 3 inside each level 2, over a pool of processes.

A task is one region: its level-2 grids, their level-3 grids, and the look-ahead between the two. Each has a seed of its
own, so the answer is the same for any number of processes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np

from gridgis.model import DivisionRules, Progress, no_progress
from gridgis.partition.graph import Contacts
from gridgis.partition.levels import Cut, Piece, attach, cut_level, cut_region, gather
from gridgis.partition.regions import Region, regions


@dataclass(frozen=True)
class CommunityCut:
    """The two levels of a community: level 2 over all its atoms, and level 3 over the atoms of each level-2 grid."""

    level2: Cut
    level3: list[Cut]


@dataclass(frozen=True)
class Task:
    """One region to cut: its ground (land only), facts, rules and seed."""

    ground: Contacts
    region: Region
    rules: DivisionRules
    seed: int


@dataclass(frozen=True)
class Done:
    """A region cut in two levels: its level-2 labels, and for each of them the level-3 cut of its atoms."""

    piece: Piece
    level3: list[Cut]


def cut_communities(
    grounds: Sequence[Contacts],
    rules: Sequence[DivisionRules],
    seed: int,
    processes: int = 1,
    progress: Progress = no_progress,
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
        Called with ("divide", regions done, regions).
    """
    tasks: list[Task] = []
    of: list[int] = []
    for i, (c, r) in enumerate(zip(grounds, rules, strict=True)):
        land = c.take(np.flatnonzero(~c.water))
        for k, region in enumerate(regions(land, r.level2, r.max_area_empty_m2) if land.n else []):
            tasks.append(Task(land.take(region.members), region, r, seed + 100_003 * k))
            of.append(i)
    done: list[list[Done]] = [[] for _ in grounds]
    with _workers(processes, len(tasks)) as run:
        for n, (i, answer) in enumerate(zip(of, run(tasks), strict=True), 1):
            done[i].append(answer)
            progress("divide", n, len(tasks))
    return [_join(c, r, d) for c, r, d in zip(grounds, rules, done, strict=True)]


@contextmanager
def _workers(processes: int, tasks: int) -> Iterator[Callable[[Sequence[Task]], Iterable[Done]]]:
    """Yield a function that maps tasks to answers in their order; an interrupt drops what has not begun."""
    if processes <= 1 or tasks <= 1:
        yield lambda given: map(cut_task, given)
        return
    pool = ProcessPoolExecutor(min(processes, tasks), mp_context=get_context("forkserver"))
    try:
        yield lambda given: pool.map(cut_task, given, chunksize=max(1, len(given) // (16 * processes)))
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


def cut_task(task: Task) -> Done:
    """Cut one region into level 2, and each grid of that into level 3."""
    c, rules = task.ground, task.rules
    piece = cut_region(c, task.region, rules.level2, rules, task.seed)
    level3 = [
        cut_level(c.take(np.flatnonzero(piece.labels == label), 3), rules.level3, rules, task.seed + 17 * (label + 1))
        for label in range(int(piece.labels.max()) + 1)
    ]
    return Done(piece, level3)


def _join(c: Contacts, rules: DivisionRules, done: list[Done]) -> CommunityCut:
    """Put regions together; water goes to the level-3 grid on its bank, and with it to that one's level-2 grid."""
    dry = np.flatnonzero(~c.water)
    leaf = np.full(c.n, -1, dtype=np.int64)
    parent: list[int] = []
    second = 0
    for d in done:
        own = dry[d.piece.region.members]
        for label, cut in enumerate(d.level3):
            leaf[own[d.piece.labels == label]] = cut.labels + len(parent)
            parent.extend([second + label] * len(cut.region_of))
        second += len(d.level3)
    attach(c, leaf)
    level2 = gather(c, [d.piece for d in done])
    wet = np.flatnonzero(c.water & (leaf >= 0))
    level2.labels[wet] = np.array(parent, dtype=np.int64)[leaf[wet]]
    known = [cut for d in done for cut in d.level3]
    level3: list[Cut] = []
    for label, region in enumerate(level2.region_of):
        inside = np.flatnonzero(level2.labels == label)
        if label < second:
            level3.append(Cut(leaf[inside] - parent.index(label), known[label].region_of))
        else:
            level3.append(Cut(np.zeros(len(inside), dtype=np.int64), [region]))
    return CommunityCut(level2, level3)
