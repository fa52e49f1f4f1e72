"""Is there a contiguous partition within the bounds? Each node chooses the heaviest node of its part, by CP-SAT.

A Boolean (u, r) tells that node u belongs to the part of r; there is one where r reaches u over nodes lighter than r
without passing the upper bound. That each part is connected is demanded as it is missed: a component that lies away
from its root needs a node of a set that separates both (Oehrlein and Haunert 2017; Validi, Buchanan and Lykhovyd 2022).
Prices play no part. Where many small nodes stand around a few large ones this decides at once what sets of nodes
(`feasible`) take long for; and it can look at a part of the ground only, with anything beyond.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from gridgis.geometry.arrays import Bools, Ints
from gridgis.partition.exact.feasible import Answer
from gridgis.partition.problem import Problem, induced

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

ROUNDS = 200
"""Solutions of CP-SAT that are looked at."""
MOST_CHOICES = 10_000
"""Booleans of a model, at most."""
BALLS = (10, 30, 100)
"""Nodes of the surroundings that are looked at alone, one size after the other."""


def rooted(problem: Problem, effort: float, rim: Bools | None = None) -> Answer:
    """Tell whether a graph can be cut into connected parts within its bounds, no pair of ``apart`` in one of them.

    Parameters
    ----------
    problem
        A graph; nodes without weight go with any part that they touch.
    effort
        Deterministic seconds of CP-SAT; 0: nothing is decided.
    rim
        (n,) True for nodes that touch something beyond the graph: a part with such a node may go on there, so it only
        has to keep the upper bound. "Not possible" then holds for whatever is beyond; otherwise nothing is known.

    Examples
    --------
    Two of 20 at the ends of a row, joined by empty ground past one of 35, or past one of 55:

    >>> row = np.array([[0, 1], [1, 2], [1, 3]])
    >>> rooted(Problem(np.array([20, 0, 20, 35]), row, np.ones(3), 30, 50), 1.0).labels.tolist()
    [1, 1, 1, 0]
    >>> rooted(Problem(np.array([20, 0, 20, 55]), row, np.ones(3), 30, 50), 1.0).possible
    False
    """
    if effort <= 0:
        return Answer(None)
    model = _Model(problem, np.zeros(problem.n, dtype=np.bool_) if rim is None else rim)
    if model.size > MOST_CHOICES:
        return Answer(None)
    answer = model.decide(effort)
    return Answer(None) if rim is not None and answer.possible else answer


def hemmed_in(problem: Problem, nodes: Ints, effort: float) -> bool:
    """Tell whether it is proven that some part near certain nodes is out of bounds, whatever the rest is like.

    ``effort``: as for `rooted`, for each size of the surroundings.

    Examples
    --------
    Two estates touch only one another and an empty corridor, which serves one of them:

    >>> weights, edges = np.array([276, 264, 0, 300]), np.array([[0, 1], [0, 2], [1, 2], [2, 3]])
    >>> hemmed_in(Problem(weights, edges, np.ones(4), 300, 500), np.array([0]), 1.0)
    True
    """
    for size in BALLS:
        ball = _ball(problem, nodes, size)
        inside = np.zeros(problem.n, dtype=np.bool_)
        inside[ball] = True
        leaving = problem.edges[inside[problem.edges].sum(axis=1) == 1]
        rim = np.isin(ball, leaving)
        if rooted(induced(problem, ball), effort, rim).possible is False:
            return True
    return False


def _ball(problem: Problem, nodes: Ints, size: int) -> Ints:
    """Return the nodes nearest to some, those included, counted in steps."""
    ball = nodes
    while len(ball) < size:
        near = problem.edges[np.isin(problem.edges, ball).any(axis=1)]
        fresh = np.setdiff1d(near, ball)
        if not len(fresh):
            break
        ball = np.concatenate([ball, fresh[: size - len(ball)]])
    return np.sort(ball)


class _Model:
    """The Booleans by node (``of``) and by root (``in_part``: node to Boolean), and what they must obey."""

    def __init__(self, problem: Problem, rim: Bools) -> None:
        from ortools.sat.python import cp_model

        self.problem, self.rim = problem, rim
        self.weights: list[int] = problem.weights.tolist()
        self.near: list[set[int]] = [set() for _ in range(problem.n)]
        for a, b in problem.edges.tolist():
            self.near[a].add(b)
            self.near[b].add(a)
        self.model = cp_model.CpModel()
        self.of: dict[int, list[cp_model.IntVar]] = defaultdict(list)
        self.in_part: dict[int, dict[int, cp_model.IntVar]] = {}
        self.size = 0
        heavy_first = sorted(np.flatnonzero(problem.weights).tolist(), key=lambda v: (-self.weights[v], v))
        roots_before: set[int] = set()
        for r in heavy_first:
            self.in_part[r] = {u: self.model.new_bool_var("") for u in sorted(self._reached(r, roots_before))}
            for u, var in self.in_part[r].items():
                self.of[u].append(var)
            self.size += len(self.in_part[r])
            roots_before.add(r)
        if self.size <= MOST_CHOICES:
            self._constrain()

    def _reached(self, root: int, barred: set[int]) -> set[int]:
        """Return the nodes that a part with a root can have: ways to them over others, within the upper bound."""
        best = {root: self.weights[root]}
        stack = [root]
        while stack:
            v = stack.pop()
            for u in self.near[v] - barred:
                load = best[v] + self.weights[u]
                if load <= self.problem.upper and load < best.get(u, load + 1):
                    best[u] = load
                    stack.append(u)
        return set(best)

    def _constrain(self) -> None:
        lower, upper = self.problem.lower, self.problem.upper
        for u in range(self.problem.n):
            if self.weights[u]:
                self.model.add_exactly_one(self.of[u])
            else:
                self.model.add_at_most_one(self.of[u])
        for r, part in self.in_part.items():
            is_root = part[r]
            load = sum(self.weights[u] * var for u, var in part.items())
            leaves = sum(var for u, var in part.items() if self.rim[u])
            self.model.add(load <= upper * is_root)
            self.model.add(load + lower * leaves >= lower * is_root)
            for u in part:
                if u != r:
                    self.model.add_implication(part[u], is_root)
                    self._separated({u}, self.near[u], r)
            for a, b in self.problem.apart.tolist():
                if a in part and b in part:
                    self.model.add_at_most_one([part[a], part[b]])
        if not self.rim.any():
            parts, total = sum(part[r] for r, part in self.in_part.items()), sum(self.weights)
            self.model.add(lower * parts <= total)
            self.model.add(upper * parts >= total)

    def _separated(self, nodes: set[int], separator: set[int], root: int) -> None:
        """Demand a node of the separator in the part of a root that has one of some nodes."""
        part = self.in_part[root]
        between = [part[v] for v in sorted(separator) if v in part]
        for u in sorted(nodes):
            self.model.add_bool_or([part[u].negated(), *between])

    def decide(self, effort: float) -> Answer:
        """Solve, and demand that what is not connected is, until all is, nothing is left, or the effort is spent."""
        from ortools.sat.python import cp_model

        solver = cp_model.CpSolver()
        solver.parameters.num_workers, solver.parameters.random_seed = 1, 0
        for _ in range(ROUNDS):
            solver.parameters.max_deterministic_time = effort
            status = solver.solve(self.model)
            effort -= solver.response_proto.deterministic_time
            if status == cp_model.INFEASIBLE:
                return Answer(False)
            if status not in (cp_model.FEASIBLE, cp_model.OPTIMAL) or effort <= 0:
                return Answer(None)
            parts = {r: {u for u, var in part.items() if solver.boolean_value(var)} for r, part in self.in_part.items()}
            if not any([self._connect(r, part) for r, part in parts.items() if part]):
                return Answer(True, self._labels(parts))
        return Answer(None)

    def _connect(self, root: int, part: set[int]) -> bool:
        """Demand that the components of a part are joined to its root; tell whether any lay apart."""
        main = self._component({root}, part)
        shore = self._beside(main)
        left, apart = part - main, False
        while left:
            component = self._component({min(left)}, left)
            left -= component
            lost = {u for u in component if self.weights[u] or self.rim[u]}
            if lost:
                apart = True
                beyond = self._component(component, set(self.in_part[root]) - main - shore)
                self._separated(lost, self._beside(component), root)
                self._separated(lost, self._beside(beyond) & shore, root)
        return apart

    def _component(self, start: set[int], inside: set[int]) -> set[int]:
        seen, stack = set(start), list(start)
        while stack:
            fresh = (self.near[stack.pop()] & inside) - seen
            seen |= fresh
            stack += fresh
        return seen

    def _beside(self, nodes: set[int]) -> set[int]:
        return set().union(*(self.near[v] for v in nodes)) - nodes

    def _labels(self, parts: dict[int, set[int]]) -> Ints:
        """Return labels 0..k-1; nodes without weight that no part needs go to one that they touch."""
        labels = np.full(self.problem.n, -1 if parts else 0, dtype=np.int64)  # all empty: one part
        for k, r in enumerate(r for r, part in parts.items() if part):
            labels[list(self._component({r}, parts[r]))] = k
        a, b = self.problem.edges.T
        while (open_ := (labels[a] < 0) != (labels[b] < 0)).any():
            for u, v in self.problem.edges[open_].tolist():
                labels[u] = labels[v] if labels[u] < 0 else labels[u]
                labels[v] = labels[u] if labels[v] < 0 else labels[v]
        return labels
