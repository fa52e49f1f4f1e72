"""Choose disjoint sets that hold all that is needed, at the lowest price: a set partitioning problem."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from gridgis.partition.components import components

MOST_STATES = 2_000
"""States that dynamic programming may visit before the integer program takes over."""
MOST_WANTED = 200
"""Bits that dynamic programming is asked to hold: it goes as deep."""
EFFORT = 4.0
"""CP-SAT's deterministic time for the integer program: some seconds."""
MOST_PRICE = 10**9
"""Prices are rounded to whole parts of the dearest: this many."""


class _TooManyError(Exception):
    pass


def bits(mask: int) -> Iterator[int]:
    """Yield the positions of the ones, lowest first.

    Examples
    --------
    >>> list(bits(0b1010))
    [1, 3]
    """
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def choose(sets: Sequence[int], prices: Sequence[float], needed: int) -> tuple[list[int], bool]:
    """Choose sets (bit masks) of which no two overlap and which together hold all needed bits, at the lowest price.

    Returns
    -------
    tuple
        The positions of the chosen sets, ascending, and whether that is proven to be the cheapest choice. There must
        be a set for each needed bit alone, so that there is a choice.

    Examples
    --------
    >>> choose([0b001, 0b010, 0b011, 0b110], [5.0, 5.0, 7.0, 3.0], 0b011)
    ([2], True)
    """
    out: list[int] = []
    proven = True
    for cluster in _clusters(sets):
        wanted = needed & _union(sets[k] for k in cluster)
        if not wanted:
            continue
        try:
            out += _by_states(cluster, sets, prices, wanted)
        except _TooManyError:
            found, sure = _by_integers(cluster, sets, prices, wanted)
            out += found
            proven &= sure
    return sorted(out), proven


def _union(masks: Iterator[int]) -> int:
    out = 0
    for mask in masks:
        out |= mask
    return out


def _clusters(sets: Sequence[int]) -> list[list[int]]:
    """Return the positions of the sets that overlap one another, directly or through others."""
    first: dict[int, int] = {}
    links = [(first.setdefault(bit, k), k) for k, mask in enumerate(sets) for bit in bits(mask)]
    label = components(len(sets), np.array(links, dtype=np.int64).reshape(-1, 2))
    out: list[list[int]] = [[] for _ in range(int(label.max(initial=-1)) + 1)]
    for k, cluster in enumerate(label.tolist()):
        out[cluster].append(k)
    return out


def _by_states(cluster: list[int], sets: Sequence[int], prices: Sequence[float], wanted: int) -> list[int]:
    """Hold the lowest bit that is still wanted by each set that can; what is left is a state."""
    if wanted.bit_count() > MOST_WANTED:
        raise _TooManyError
    holding: dict[int, list[int]] = {b: [k for k in cluster if sets[k] >> b & 1] for b in bits(wanted)}
    best: dict[int, tuple[float, int]] = {}

    def solve(used: int) -> float:
        left = wanted & ~used
        if not left:
            return 0.0
        if used not in best:
            if len(best) > MOST_STATES:
                raise _TooManyError
            best[used] = (float("inf"), -1)
            low = (left & -left).bit_length() - 1
            options = ((prices[k] + solve(used | sets[k]), k) for k in holding[low] if not sets[k] & used)
            best[used] = min(options, default=(float("inf"), -1))
        return best[used][0]

    solve(0)
    out, used = [], 0
    while wanted & ~used:
        k = best[used][1]
        out.append(k)
        used |= sets[k]
    return out


def _by_integers(
    cluster: list[int], sets: Sequence[int], prices: Sequence[float], wanted: int
) -> tuple[list[int], bool]:
    """Solve the same by CP-SAT: one worker and a limit that is counted, so that the answer is always the same."""
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    take = {k: model.new_bool_var("") for k in cluster}
    for b in bits(_union(sets[k] for k in cluster)):
        holding = [take[k] for k in cluster if sets[k] >> b & 1]
        (model.add_exactly_one if wanted >> b & 1 else model.add_at_most_one)(holding)
    scale = MOST_PRICE / max(max(prices[k] for k in cluster), 1.0)
    model.minimize(sum(round(prices[k] * scale) * take[k] for k in cluster))
    alone = [k for k in cluster if sets[k] & wanted == sets[k] and sets[k].bit_count() == 1]
    for k in cluster:
        model.add_hint(take[k], k in alone)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 0
    solver.parameters.max_deterministic_time = EFFORT
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return alone, False
    return [k for k in cluster if solver.boolean_value(take[k])], status == cp_model.OPTIMAL
