"""Which old thing does a new thing continue? (SEMANTICS 13)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np
import shapely

from gridgis.geometry.arrays import Floats, Ints


def mutual_majority(
    old: Iterable[Hashable], new: Iterable[Hashable], weight: Iterable[float]
) -> dict[Hashable, Hashable]:
    """Match new labels to old ones: each must hold more than half of the other.

    Parameters
    ----------
    old, new
        For each unit (a building, a piece of ground) its old and its new label; None = had none.
    weight
        For each unit its households (or area).

    Returns
    -------
    dict
        new label -> the old label that it continues. What is not in it was split, merged or is new.

    Examples
    --------
    >>> mutual_majority(["a", "a", "b"], ["x", "x", "y"], [10, 5, 7])
    {'x': 'a', 'y': 'b'}
    >>> mutual_majority(["a", "a"], ["x", "y"], [5, 5])
    {}
    """
    both: dict[tuple[Hashable, Hashable], float] = defaultdict(float)
    of_old: dict[Hashable, float] = defaultdict(float)
    of_new: dict[Hashable, float] = defaultdict(float)
    for o, n, w in zip(old, new, weight, strict=True):
        of_old[o] += w
        of_new[n] += w
        both[o, n] += w
    return {
        n: o
        for (o, n), w in sorted(both.items(), key=lambda item: str(item[0]))
        if o is not None and n is not None and 2 * w > of_old[o] and 2 * w > of_new[n]
    }


def holders(polygons: Any, points: Any) -> Ints:
    """Return for (n,) points the position of the polygon that each lies in: the first on a border, -1 for none."""
    out = np.full(len(points), -1, dtype=np.int64)
    if len(points) and len(polygons):
        at, which = shapely.STRtree(polygons).query(points, predicate="intersects")
        order = np.argsort(which, kind="stable")[::-1]
        out[at[order]] = which[order]
    return out


def continued(old: Any, new: Any, points: Any, weight: Any) -> dict[int, int]:
    """Match new polygons to old ones, one to one: households decide; area only where neither has any.

    Parameters
    ----------
    old, new
        (n,) and (m,) polygons in one metric CRS.
    points, weight
        (k,) places and their households.

    Returns
    -------
    dict
        Position in ``new`` -> position in ``old``.

    Examples
    --------
    >>> ground, hamlet, fields = shapely.box(0, 0, 9, 9), shapely.box(0, 0, 1, 1), shapely.box(1, 0, 9, 9)
    >>> continued([ground], [hamlet, fields], [shapely.Point(0.5, 0.5)], [50])
    {0: 0}
    """
    load = np.asarray(weight, dtype=np.float64)
    lived = load > 0
    in_old, in_new = holders(old, points)[lived], holders(new, points)[lived]
    of_old, of_new = ([None if k < 0 else int(k) for k in held] for held in (in_old, in_new))
    pairs = mutual_majority(of_old, of_new, load[lived].tolist()).items()
    found = {int(str(n)): int(str(o)) for n, o in pairs}
    lived_new, lived_old = set(in_new.tolist()), set(in_old.tolist())
    shared = [(area, n, o) for area, n, o in _half_shared(old, new) if n not in lived_new and o not in lived_old]
    taken: set[int] = set()
    for _, n, o in sorted(shared, key=lambda row: (-row[0], row[1], row[2])):
        if n not in found and o not in taken:  # polygons that overlap their like (overlays) may both share the half
            found[n] = o
            taken.add(o)
    return found


def _half_shared(old: Any, new: Any) -> list[tuple[float, int, int]]:
    """List the pairs that share more than half of the area of each: area, position in new and in old."""
    a, b = np.asarray(old, dtype=object), np.asarray(new, dtype=object)
    if not len(a) or not len(b):
        return []
    n, o = shapely.STRtree(a).query(b, predicate="intersects")
    area: Floats = shapely.area(shapely.intersection(b[n], a[o]))
    half = (2 * area > shapely.area(b[n])) & (2 * area > shapely.area(a[o]))
    return list(zip(area[half].tolist(), n[half].tolist(), o[half].tolist(), strict=True))
