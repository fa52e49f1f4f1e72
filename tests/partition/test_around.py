"""Only the surroundings of what is wrong are cut anew: all of it, wherever parts get new numbers in between."""

from __future__ import annotations

import numpy as np
import pytest

from gridgis.model import Band, DivisionRules
from gridgis.partition.levels import contract, part_options
from gridgis.partition.search.around import search_around
from gridgis.partition.search.solve import appraised, solve
from tests.partition.graphs import lattice

RULES = DivisionRules.load("urban-300-500")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_several_faults_are_all_mended(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ground = lattice(rng.choice([60, 110, 170], (16, 20)).tolist(), (), {})
    problem, _ = contract(ground, Band(300, 500), RULES)
    sound = solve(problem, part_options(int(ground.households.sum()), Band(300, 500))[:1], seed, effort=20)
    assert sound.holds
    labels = sound.labels.copy()
    for a, b in sound.labels[problem.edges[rng.permutation(len(problem.edges))]]:
        if a != b and (labels == a).any() and (labels == b).any() and labels.max() - len(np.unique(labels)) < 4:
            labels[labels == b] = a  # two grids in one
    labels = np.unique(labels, return_inverse=True)[1].astype(np.int64)
    broken = appraised(problem, labels)
    assert (np.bincount(labels, problem.weights) > 500).sum() >= 3
    found = search_around(problem, broken, seed, 20, np.zeros(problem.n, dtype=np.int64))
    assert found.wrong == 0
