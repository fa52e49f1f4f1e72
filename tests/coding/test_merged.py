"""cjt349-20: grids merged from several communities take a community segment of their own, from 601 on."""

from __future__ import annotations

import pytest

from gridgis.coding import Scheme
from gridgis.errors import Conflict, InvalidInput, Rejected

CJT, NATIONAL = Scheme.load("cjt349-20"), Scheme.load("national-15")
STREET = "610902001"
GRID = "comprehensive"


def code(community: str, sequence: str, what: str = "000000") -> str:
    return f"{what}{STREET}{community}{sequence}"


def test_merged_grids_are_numbered_from_601_west_to_east() -> None:
    items = [("east", 9.0, 0.0, 1, GRID, STREET), ("west", 0.0, 0.0, 1, GRID, STREET)]
    assert CJT.allocate(items, []) == {"east": code("602", "00"), "west": code("601", "00")}


def test_a_merged_number_is_never_given_again_whatever_the_object() -> None:
    item = ("a", 0.0, 0.0, 1, GRID, STREET)
    assert CJT.allocate([item], [code("604", "00", "010200"), code("003", "00")]) == {"a": code("605", "00")}


def test_a_number_in_a_merged_community_uses_it_up_too() -> None:
    item = ("a", 0.0, 0.0, 1, GRID, STREET)
    assert CJT.allocate([item], [code("602", "07")]) == {"a": code("603", "00")}


def test_grids_below_a_new_merged_grid_are_numbered_in_it() -> None:
    items = [("m", 0.0, 0.0, 1, GRID, STREET), ("a", 0.0, 0.0, 2, GRID, "m"), ("b", 5.0, 0.0, 3, GRID, "a")]
    assert CJT.allocate(items, []) == {"m": code("601", "00"), "a": code("601", "01"), "b": code("601", "02")}


def test_a_merged_community_may_be_a_parent_later() -> None:
    item = ("a", 0.0, 0.0, 2, GRID, STREET + "601")
    assert CJT.allocate([item], [code("601", "00"), code("601", "03")]) == {"a": code("601", "04")}


def test_which_regions_are_merged_is_told_by_the_number() -> None:
    assert [CJT.is_merged(STREET + n) for n in ("003", "599", "600", "601", "999")] == [False, False, False, True, True]
    assert not NATIONAL.is_merged(STREET + "601")


def test_a_street_without_room_for_merged_grids_is_refused() -> None:
    with pytest.raises(Rejected, match="ends at 999"):
        CJT.allocate([("a", 0.0, 0.0, 1, GRID, STREET)], [code("999", "00")])


def test_a_merged_grid_below_level_1_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"由几个社区合并的网格须为1级.*must be of level 1"):
        CJT.allocate([("a", 0.0, 0.0, 2, GRID, STREET)], [])


@pytest.mark.parametrize("street", ["61090200A", "610902000"])
def test_a_wrong_street_is_refused(street: str) -> None:
    with pytest.raises(InvalidInput, match="不对"):
        CJT.allocate([("a", 0.0, 0.0, 1, GRID, street)], [])


def test_a_scheme_without_merged_grids_takes_no_street_for_a_parent() -> None:
    with pytest.raises(InvalidInput, match="9 characters"):
        NATIONAL.allocate([("a", 0.0, 0.0, 1, GRID, STREET)], [])


def test_an_undivided_community_has_its_code_once() -> None:
    item = ("a", 0.0, 0.0, 1, GRID, STREET + "003")
    assert CJT.allocate([item], []) == {"a": code("003", "00")}
    with pytest.raises(Conflict, match="issued once only"):
        CJT.allocate([item], [code("003", "00")])
