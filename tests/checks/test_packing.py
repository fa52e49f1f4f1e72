"""The proof by packing against trying everything."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridgis.checks import packing
from gridgis.checks.packing import can_pack
from gridgis.model import Band


def by_trying_all(sizes: list[int], band: Band) -> bool:
    """Put the sizes into groups in every way."""
    for groups in product(range(len(sizes)), repeat=len(sizes)):
        sums = [sum(s for s, g in zip(sizes, groups, strict=True) if g == k) for k in set(groups)]
        if all(n in band for n in sums):
            return True
    return not sizes


@given(st.lists(st.integers(1, 60), max_size=5), st.integers(5, 40), st.integers(0, 20))
def test_packing_agrees_with_trying_every_grouping(sizes: list[int], lower: int, width: int) -> None:
    band = Band(lower, lower + width)
    assert can_pack(sizes, band) == by_trying_all(sizes, band)


@given(st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=12), min_size=1, max_size=25))
def test_what_was_packed_once_can_be_packed_again(groups: list[list[int]]) -> None:
    full = [[*g, 50 - sum(g) % 20 - sum(g) + sum(g) % 20] if sum(g) < 50 else [50] for g in groups]
    assert can_pack([s for g in full for s in g], Band(30, 50)) is True


def test_many_small_buildings_are_packed_at_once() -> None:
    assert can_pack([1, 2, 3, 4] * 150, Band(30, 50)) is True


def test_a_search_cut_short_proves_nothing() -> None:
    assert can_pack([17, 19, 23, 29, 31] * 4, Band(50, 60), steps=3) is None


ESTATES = [432, 420, 396, 396, 352, 270, 270, 260]


def test_too_few_small_ones_to_fill_the_large_ones_up_are_seen_without_trying_everything() -> None:
    """270, 270 and 260 lack 100 households, no two of the large ones go together, and the small ones are 35."""
    assert can_pack([*ESTATES, *[1] * 20, *[3] * 5], Band(300, 500), steps=200) is False
    assert can_pack([*ESTATES, *[1] * 20, *[3] * 30], Band(300, 500), steps=200) is not False


@given(st.lists(st.integers(1, 60), max_size=5), st.integers(5, 40), st.integers(0, 20), st.integers(0, 3))
def test_small_ones_as_sand_prove_only_what_is_so(sizes: list[int], lower: int, width: int, lumps: int) -> None:
    band = Band(lower, lower + width)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packing, "LUMPS", lumps)
        found = can_pack(sizes, band, steps=lumps)
    assert found is None or found == by_trying_all(sizes, band)


def test_a_building_above_the_limit_fits_nowhere() -> None:
    assert can_pack([51, 40], Band(30, 50)) is False


def test_nothing_is_packed_into_nothing() -> None:
    assert can_pack([], Band(30, 50)) is True
