"""Lists of region codes: keyed by level and code, refused with the value and the rule."""

from __future__ import annotations

from datetime import date

import pytest

from gridgis.coding.regions import Region, RegionList, level_of, oddities
from gridgis.errors import InvalidInput

DAY = date(2023, 6, 30)


def test_regions_come_by_level_and_code_whatever_their_order() -> None:
    rows = [Region(5, "610902001003", "丙"), Region(3, "610902", "甲"), Region(5, "610902001001", "乙")]
    assert [r.code for r in RegionList(rows, DAY)] == ["610902", "610902001001", "610902001003"]


def test_a_placeholder_under_its_countys_padded_code_is_another_key() -> None:
    regions = RegionList([Region(3, "350527", "金门县"), Region(5, "350527000000", "金门县")], DAY)
    assert [r.is_placeholder for r in regions] == [False, True]


def test_parents_and_own_digits_are_those_of_the_level() -> None:
    assert [(r.parent, r.tail) for r in (Region(1, "61"), Region(4, "610902001"), Region(5, "610902001003"))] == [
        ("", "61"),
        ("610902", "001"),
        ("610902001", "003"),
    ]


@pytest.mark.parametrize(("code", "level"), [("61", 1), ("6109", 2), ("610902", 3), ("610902001", 4)])
def test_the_level_of_a_code_is_told_by_its_length(code: str, level: int) -> None:
    assert level_of(code) == level


def test_a_code_of_another_length_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"有7位.*has 7 digits"):
        level_of("6109020")


@pytest.mark.parametrize(
    ("region", "why"),
    [
        (Region(6, "610902001003"), r"级别 6 不对.*levels are 1 to 5"),
        (Region(4, "610902001003", "甲"), r"乡级代码应为9位数字.*the code of a street has 9 digits"),
        (Region(4, "61090200A", "甲"), "9位数字"),
        (Region(4, "61090200２", "甲"), "9位数字"),
        (Region(5, "6.1E+11", "甲"), "12位数字"),
    ],
)
def test_a_wrong_region_is_refused(region: Region, why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        RegionList([region], DAY)


def test_a_key_that_occurs_twice_is_refused_with_both_names() -> None:
    with pytest.raises(InvalidInput, match=r"村级 610902001003 出现两次：“甲”和“乙”.*twice: '甲' and '乙'"):
        RegionList([Region(5, "610902001003", "甲"), Region(5, "610902001003", "乙")], DAY)


def test_regions_without_their_parent_are_odd_but_those_at_the_top_are_not() -> None:
    rows = [Region(3, "610902"), Region(4, "610902001"), Region(4, "441900003"), Region(5, "610902002001")]
    odd = oddities(RegionList(rows, DAY))
    assert [(r.code, en) for r, _, en in odd] == [
        ("441900003", "its parent (county 441900) is not listed"),
        ("610902002001", "its parent (street 610902002) is not listed"),
    ]


def test_an_empty_list_has_nothing_odd() -> None:
    assert oddities(RegionList([], DAY)) == []
