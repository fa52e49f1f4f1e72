"""The search over several processes: the same bytes as in one, and an interrupt ends it."""

from __future__ import annotations

import time
from multiprocessing import active_children

import pytest

from gridgis.partition import divide
from tests.partition.communities import RULES, fingerprint, neighbours


@pytest.mark.heavy
def test_any_number_of_processes_gives_the_same_plan() -> None:
    alone = fingerprint(divide(neighbours(), RULES, seed=3))
    assert fingerprint(divide(neighbours(), RULES, seed=3, processes=2)) == alone
    assert fingerprint(divide(neighbours(), RULES, seed=3, processes=5)) == alone


@pytest.mark.heavy
def test_an_interrupt_ends_the_search() -> None:
    def interrupt(stage: str, done: int, total: int) -> None:
        if stage.startswith("level"):
            raise KeyboardInterrupt

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        divide(neighbours(), RULES, processes=2, progress=interrupt)
    assert time.monotonic() - began < 60
    for child in active_children():
        child.join(5)
    assert not active_children()
