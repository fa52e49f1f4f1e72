"""The figures of a re-division: who moved, and how few could have."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridgis.errors import InvalidInput
from gridgis.model import Band
from gridgis.service.changes import CHANGE_COLUMNS, Changes, _bounds, least_sum, write_changes

BAND = Band(10, 20)


@given(st.lists(st.integers(0, 9), max_size=6), st.integers(0, 20))
def test_the_least_sum_is_that_of_brute_force(numbers: list[int], least: int) -> None:
    sums = {0}
    for n in numbers:
        sums |= {s + n for s in sums}
    if above := [s for s in sums if s >= least]:
        assert least_sum(numbers, least) == min(above)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 8)), min_size=1, max_size=7))
def test_no_way_of_sharing_out_moves_less_than_the_bound(buildings: list[tuple[int, int]]) -> None:
    before = np.array([str(k) for k, _ in buildings], dtype=object)
    households = np.array([n for _, n in buildings])
    least, whole = _bounds(before, households, BAND, {})
    assert least <= whole
    for after in product("012", repeat=len(buildings)):
        loads = [int(households[np.array(after, dtype=object) == k].sum()) for k in "012"]
        if all(n == 0 or n in BAND for n in loads):
            assert households[before != np.array(after, dtype=object)].sum() >= whole


def test_a_grid_that_could_not_be_mended_is_left_out() -> None:
    before, households = np.array(["a", "a"], dtype=object), np.array([15, 15])
    assert _bounds(before, households, BAND, {}) == (10, 15)
    assert _bounds(before, households, BAND, {"a": False}) == (0, 0)


def test_the_list_is_written_for_excel(tmp_path: Path) -> None:
    row = dict.fromkeys(CHANGE_COLUMNS, "") | {"id": "1", "name": "团圆里", "households": 3}
    changes = Changes(pd.DataFrame([row], columns=list(CHANGE_COLUMNS)), {}, None)  # type: ignore[arg-type]
    write_changes(changes, tmp_path / "c.csv")
    assert (tmp_path / "c.csv").read_bytes().startswith(b"\xef\xbb\xbfcommunity,id,name")
    with pytest.raises(InvalidInput, match="csv"):
        write_changes(changes, tmp_path / "c.txt")
