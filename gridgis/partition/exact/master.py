"""Choosing parts among given sets: the linear relaxation (HiGHS) tells what a node is worth, CP-SAT chooses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gridgis.geometry.arrays import Floats, Ints
from gridgis.partition.exact.sets import Members

RESOLUTION = 1e9
"""Prices are told apart to this part of the largest when CP-SAT sums them: whole numbers."""


@dataclass(frozen=True)
class Relaxed:
    """The optimum of the linear relaxation: value, (n,) worth of nodes, shares of sets, what is left uncovered."""

    value: float
    worth: Floats
    shares: Floats
    uncovered: float


def relax(sets: Members, prices: Floats, parts: int, missing: float) -> Relaxed | None:
    """Cover each node once by so many sets, in fractions; a node not covered costs ``missing``. None: HiGHS failed."""
    from scipy.optimize import linprog
    from scipy.sparse import csc_array

    count, n = sets.shape
    spare = np.zeros((n + 1, n + 2))
    spare[: n + 1, : n + 1] = np.eye(n + 1)
    spare[n, n + 1] = -1.0
    rows = np.hstack([np.vstack([sets.T, np.ones(count)]), spare])
    right = np.append(np.ones(n), parts)
    costs = np.append(prices, np.full(n + 2, missing))
    found = linprog(costs, A_eq=csc_array(rows), b_eq=right, bounds=(0, None), method="highs-ds")
    if found.status != 0:
        return None
    return Relaxed(
        float(found.fun), np.asarray(found.eqlin.marginals[:n]), found.x[:count], float(found.x[count:].sum())
    )


@dataclass(frozen=True)
class Chosen:
    """What CP-SAT chose: positions of sets (None: nothing), and a lower bound on the price."""

    sets: Ints | None
    bound: float
    work: float


def choose(sets: Members, prices: Floats, parts: int, effort: float, *, any_: bool = False) -> Chosen:
    """Choose so many sets that hold each node once, at the least price (``any_``: at any price).

    ``effort`` and ``work`` are deterministic seconds of CP-SAT. The bound is inf where no choice is possible.
    """
    from ortools.sat.python import cp_model

    if not len(sets) or not sets.any(axis=0).all():
        return Chosen(None, np.inf, 0.0)
    model = cp_model.CpModel()
    take = [model.new_bool_var("") for _ in range(len(sets))]
    for holds in sets.T:
        model.add_exactly_one(take[i] for i in np.flatnonzero(holds))
    model.add(sum(take) == parts)
    scale = RESOLUTION / max(1e-9, float(np.abs(prices).max()))
    if not any_:
        model.minimize(sum(round(c * scale) * x for c, x in zip(prices.tolist(), take, strict=True)))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 0
    solver.parameters.max_deterministic_time = max(effort, 1e-3)
    status = solver.solve(model)
    work = float(solver.response_proto.deterministic_time)
    if status == cp_model.INFEASIBLE:
        return Chosen(None, np.inf, work)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Chosen(None, -np.inf, work)
    picked = np.flatnonzero([solver.boolean_value(x) for x in take])
    bound = -np.inf if any_ else (solver.best_objective_bound - parts) / scale
    return Chosen(picked, bound, work)
