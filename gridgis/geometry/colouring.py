"""Colours for polygons such that neighbours differ, for maps: an index per polygon, not a colour value."""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray


def neighbour_lists(geoms: Any) -> list[list[int]]:
    """List for each polygon the positions of those that touch it (a corner counts), in ascending order."""
    geoms = np.asarray(geoms, dtype=object)
    left, right = shapely.STRtree(geoms).query(geoms, predicate="intersects")
    lists: list[list[int]] = [[] for _ in range(len(geoms))]
    for i, j in sorted(zip(left.tolist(), right.tolist(), strict=True)):
        if i != j:
            lists[i].append(j)
    return lists


def colour_indices(geoms: Any, count: int = 6) -> NDArray[np.int64]:
    """Give each polygon one of ``count`` colours, so that neighbours differ and all colours are used about equally.

    Parameters
    ----------
    geoms
        (n,) polygons in one CRS; those that share a border or a corner are neighbours.
    count
        How many colours there are.

    Returns
    -------
    NDArray[np.int64]
        (n,) indices from 0 to ``count - 1``; the same input gives the same colours.

    Notes
    -----
    DSATUR (Brélaz 1979): next comes the polygon whose neighbours show most colours. Where a polygon finds no free
    colour (rare with 6, since a map is nearly planar), it takes the one that fewest of its neighbours have.

    Examples
    --------
    >>> colour_indices([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1), shapely.box(2, 0, 3, 1)]).tolist()
    [1, 0, 2]
    """
    lists = neighbour_lists(geoms)
    colours = np.full(len(lists), -1, dtype=np.int64)
    seen: list[set[int]] = [set() for _ in lists]
    used = np.zeros(count, dtype=np.int64)
    heap = [(0, -len(others), i) for i, others in enumerate(lists)]
    heapq.heapify(heap)
    while heap:
        saturation, _, i = heapq.heappop(heap)
        if colours[i] >= 0 or -saturation != len(seen[i]):
            continue  # an entry that a later one replaced
        clashes = np.bincount([colours[j] for j in lists[i] if colours[j] >= 0], minlength=count)
        colours[i] = min(range(count), key=lambda c: (clashes[c], used[c], c))
        used[colours[i]] += 1
        for j in lists[i]:
            if colours[j] < 0 and int(colours[i]) not in seen[j]:
                seen[j].add(int(colours[i]))
                heapq.heappush(heap, (-len(seen[j]), -len(lists[j]), j))
    return colours
