"""Can things that must stay whole be put into groups within a band? Exact, geometry left aside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from gridgis.model import Band

STEPS = 20_000
LUMPS = 16
"""Where trying everything takes too many steps, so many of the sizes that are larger than the band is wide stay whole,
and the rest is taken as sand."""

State = tuple[tuple[int, ...], int, int]
"""How many of each size are left, the sum of the open group, and the first size that may still join it."""


def can_pack(sizes: Iterable[int], band: Band, steps: int = STEPS) -> bool | None:
    """Tell whether sizes can be split into groups whose sums are all within the band.

    Returns
    -------
    True or False where that is proven; None when it took more than ``steps`` steps, and small sizes as sand would fit.

    Notes
    -----
    Depth first over (what is left, sum of the open group), each state once. Each group opens with the largest size
    left, which must go somewhere, and takes sizes in falling order, so that no grouping is tried twice. What cannot
    be held by any number of groups is cut off.

    Examples
    --------
    >>> band = Band(300, 500)
    >>> can_pack([280, 280, 280], band), can_pack([280, 280, 280, 20, 20, 20], band)
    (False, True)
    """
    sizes = list(sizes)
    left = Counter(s for s in sizes if s > 0)
    kinds = sorted(left, reverse=True)
    stack: list[State] = [(tuple(left[k] for k in kinds), 0, 0)]
    seen: set[State] = set()
    for _ in range(steps):
        if not stack:
            return False
        state = stack.pop()
        if not any(state[0]) and (state[1] == 0 or state[1] in band):
            return True
        if state not in seen:
            seen.add(state)
            stack.extend(_next(state, kinds, band))
    return None if stack and _may_share(sorted(sizes, reverse=True), band, steps) else False


def _may_share(sizes: list[int], band: Band, steps: int) -> bool:
    """Tell whether groups of the largest sizes can be filled up with the rest, as if that were sand; else it is proven.

    True also when there are too many ways to group them.
    """
    lumps = [n for n in sizes[:LUMPS] if n > band.upper - band.lower]
    sand = sum(sizes) - sum(lumps)
    ways: set[tuple[int, ...]] = {()}
    for lump in lumps:
        ways = {way for loads in ways for way in _placed(loads, lump, band.upper)}
        steps -= len(ways)
        if steps < 0:
            return True
    for loads in ways:
        need, room = sum(max(0, band.lower - n) for n in loads), sum(band.upper - n for n in loads)
        if any(need + k * band.lower <= sand <= room + k * band.upper for k in range(sand // band.lower + 1)):
            return True
    return False


def _placed(loads: tuple[int, ...], lump: int, upper: int) -> Iterator[tuple[int, ...]]:
    """Yield the loads of groups after a lump went into one of them, or into a new one."""
    for i, n in enumerate(loads):
        if n + lump <= upper:
            yield tuple(sorted((*loads[:i], *loads[i + 1 :], n + lump)))
    if lump <= upper:
        yield tuple(sorted((*loads, lump)))


def _next(state: State, kinds: list[int], band: Band) -> Iterator[State]:
    left, total, first = state
    if total == 0:
        first = next(i for i, n in enumerate(left) if n)
        if kinds[first] <= band.upper:
            yield _take(left, first), kinds[first], first
        return
    for i in range(len(kinds) - 1, first - 1, -1):
        if left[i] and total + kinds[i] <= band.upper:
            yield _take(left, i), total + kinds[i], i
    if total in band and band.can_hold(sum(n * k for n, k in zip(left, kinds, strict=True))):
        yield left, 0, 0


def _take(left: tuple[int, ...], i: int) -> tuple[int, ...]:
    return (*left[:i], left[i] - 1, *left[i + 1 :])
