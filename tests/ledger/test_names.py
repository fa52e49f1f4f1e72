from __future__ import annotations

import pytest

from gridgis.ledger.names import carried_names, is_made

TOWN = {"A": "甲社区", "B": "乙社区"}


@pytest.mark.parametrize("name", ["甲社区", "甲社区第3网格", "甲社区第3网格第12微网格", "甲社区第3网格（2）", "", None])
def test_what_dividing_makes_is_recognised(name: str | None) -> None:
    assert is_made(name, "甲社区")


@pytest.mark.parametrize("name", ["乙社区第3网格", "甲社区第3网格东", "幸福里", "甲社区第三网格"])
def test_what_somebody_chose_is_recognised(name: str) -> None:
    assert not is_made(name, "甲社区")


def test_a_grid_that_continues_inherits_the_name() -> None:
    assert carried_names([("A", "甲社区第1网格", "c1")], {"c1": "幸福里"}, TOWN) == ["幸福里"]


def test_a_name_chosen_in_the_new_plan_stays() -> None:
    assert carried_names([("A", "平安里", "c1")], {"c1": "幸福里"}, TOWN) == ["平安里"]


def test_a_new_grid_keeps_its_made_name() -> None:
    assert carried_names([("A", "甲社区第1网格", None)], {"c1": "幸福里"}, TOWN) == ["甲社区第1网格"]


def test_a_new_grid_gives_way_to_an_inherited_name() -> None:
    rows = [("A", "甲社区第1网格", None), ("A", "甲社区第2网格", "c1"), ("A", "甲社区第1网格（2）", None)]
    names = carried_names(rows, {"c1": "甲社区第1网格"}, TOWN)
    assert (names[1], len(set(names))) == ("甲社区第1网格", 3)


def test_one_name_may_occur_in_two_communities() -> None:
    rows = [("A", "幸福里", None), ("B", "乙社区第1网格", "c1")]
    assert carried_names(rows, {"c1": "幸福里"}, TOWN) == ["幸福里", "幸福里"]
