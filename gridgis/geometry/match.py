"""Which old thing does a new thing continue? (SEMANTICS 13)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable


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
