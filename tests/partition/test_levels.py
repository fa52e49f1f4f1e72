"""Level 2 in its stages: a search, then exact decisions about what it left outside the band."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gridgis.geometry.arrays import Ints
from gridgis.model import Band, DivisionRules
from gridgis.partition.community import cut_communities, decide_level2, pool, search_level2
from gridgis.partition.graph import Contacts
from gridgis.partition.levels import decide
from gridgis.partition.regions.pieces import Region
from tests.partition.graphs import lattice

URBAN = Band(300, 500)
RULES = DivisionRules.load("urban-300-500")


def row(households: list[int]) -> tuple[Contacts, Region]:
    ground = lattice([households], (), {})
    return ground, Region(np.arange(ground.n), sum(households), "", (sum(households),))


def loads(ground: Contacts, labels: Ints) -> list[int]:
    return sorted(np.bincount(labels, ground.households).astype(int).tolist())


def test_what_is_outside_the_band_is_decided() -> None:
    ground, region = row([100, 150, 100, 350])
    outside = np.array([0, 0, 1, 1])
    assert loads(ground, outside) == [250, 450]
    assert loads(ground, decide(ground, region, outside, URBAN, RULES, 0)) == [350, 350]


@pytest.mark.parametrize(
    ("households", "labels", "rules"),
    [
        ([100, 250, 100, 250], [0, 0, 1, 1], RULES),  # in the band already
        ([100, 150, 100, 350], [0, 0, 1, 1], replace(RULES, exact_effort=0.0)),  # not asked for
        ([250, 290, 250], [0, 1, 1], RULES),  # nothing helps
    ],
)
def test_what_need_not_or_cannot_be_decided_stays(
    households: list[int], labels: list[int], rules: DivisionRules
) -> None:
    ground, region = row(households)
    assert decide(ground, region, np.array(labels), URBAN, rules, 0).tolist() == labels


def test_level_2_by_its_stages_is_that_of_the_whole() -> None:
    ground = lattice([[40, 60, 20, 90, 40, 30]] * 6, (2,), {})
    rules = replace(RULES, level3=Band(1, 500))  # nothing to look ahead to
    with pool(1) as run:
        tasks = decide_level2([ground], search_level2([ground], [rules], 3, run), run)
    whole = cut_communities([ground], [rules], 3)[0].level2.labels
    found = np.full(ground.n, -1)
    for number, task in enumerate(tasks):
        assert task.labels is not None
        found[task.region.members] = 1_000 * number + task.labels
    pairs = np.unique(np.column_stack([whole, found]), axis=0)
    assert (found >= 0).all()
    assert len(pairs) == len(np.unique(whole)) == len(np.unique(found))
