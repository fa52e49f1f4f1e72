"""Grids get new codes when their community does: only where the lineage is one to one, and never one issued before."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgis.coding import Scheme
from gridgis.coding.editions import Lineage, Step
from gridgis.coding.recode import recode
from gridgis.errors import InvalidInput
from tests.coding.vectors_file import HERE

NATIONAL, NESTED, CJT = (Scheme.load(name) for name in ("national-15", "nested-18", "cjt349-20"))
LEVELLED = Scheme.from_toml(HERE / "schemes" / "levelled-17.toml")
ZH = Scheme.from_toml(HERE.parents[1] / "docs" / "zh-13.toml")
A, B, C = "610928100004", "610981100004", "610981100005"
LEVEL = {9: 4, 12: 5}


def lineage(*steps: tuple[str | None, str | None, str]) -> Lineage:
    made = [Step(LEVEL[len(a or b or "")], a, b, how, "甲", "乙", "说明", "a note") for a, b, how in steps]
    return Lineage(tuple(made), date(2020, 6, 30), date(2023, 6, 30))


MOVED = lineage((A, B, "prefix"))


def new(scheme: Scheme, codes: list[str], way: Lineage, issued: list[str] | None = None) -> list[str | None]:
    return [r.new for r in recode(scheme, codes, way, issued or [])]


def test_the_own_digits_of_a_grid_stay() -> None:
    assert new(NATIONAL, [A + "000", A + "012"], MOVED) == [B + "000", B + "012"]


def test_the_check_digit_is_made_anew() -> None:
    codes = [NESTED.build(A), NESTED.build(A, [2, 5]), NESTED.build(A, [2], "dedicated")]
    assert new(NESTED, codes, MOVED) == [NESTED.build(B), NESTED.build(B, [2, 5]), NESTED.build(B, [2], "dedicated")]


def test_free_characters_and_the_level_stay() -> None:
    assert new(CJT, [f"010200{A}07"], MOVED) == [f"010200{B}07"]
    assert new(LEVELLED, [f"{A}3007G", f"{A}0001G"], MOVED) == [f"{B}3007G", f"{B}0001G"]


def test_the_grid_of_a_whole_street_and_codes_that_name_only_the_street_follow_the_street() -> None:
    way = lineage((A[:9], B[:9], "prefix"))
    assert new(NATIONAL, [A[:9] + "000000"], way) == [B[:9] + "000000"]
    assert new(ZH, [f"ZH{A[:9]}07"], way) == [f"ZH{B[:9]}07"]


@pytest.mark.parametrize("how", ["same", "renamed"])
def test_a_region_with_the_same_code_keeps_its_grids(how: str) -> None:
    (row,) = recode(NATIONAL, [A + "012"], lineage((A, A, how)))
    assert (row.new, row.outcome) == (A + "012", "kept")


@pytest.mark.parametrize(
    ("way", "zh", "en"),
    [
        (lineage((A, None, "gone")), f"{A} 甲：说明", f"{A} 甲: a note"),
        (lineage((A, B, "table"), (A, C, "table")), f"已拆分为 {B}、{C}", "was divided into"),
        (lineage((A, C, "table"), (B, C, "table")), f"{A} 与 {B} 合并为 {C}", "were merged into"),
        (lineage((C, C, "same")), f"{A} 不在旧区划清单中", "is not in the old list"),
        (lineage((A, "610981100000", "table")), "不能全为零", "cannot be all zeros"),
    ],
)
def test_what_cannot_be_recoded_is_reported_with_the_reason(way: Lineage, zh: str, en: str) -> None:
    (row,) = recode(NATIONAL, [A + "012"], way)
    assert (row.new, row.outcome) == (None, "unmapped")
    assert zh in row.why_zh
    assert en in row.why_en


def test_a_region_that_takes_in_another_keeps_its_own_grids() -> None:
    rows = recode(NATIONAL, [A + "001", B + "001"], lineage((A, B, "table"), (B, B, "same")))
    assert [(r.new, r.outcome) for r in rows] == [(None, "unmapped"), (B + "001", "kept")]


def test_numbers_move_up_where_one_was_issued_in_the_new_region() -> None:
    rows = recode(NATIONAL, [A + "000", A + "001", A + "003"], MOVED, [B + "000", B + "002", B + "003"])
    assert [r.new for r in rows] == [B + "000", B + "004", B + "006"]
    assert {r.outcome for r in rows} == {"renumbered"}


def test_nested_numbers_move_up_with_their_parents() -> None:
    rows = recode(NESTED, [NESTED.build(A, [1]), NESTED.build(A, [1, 4])], MOVED, [NESTED.build(B, [1])])
    assert [r.new for r in rows] == [NESTED.build(B, [2]), NESTED.build(B, [2, 4])]


def test_a_new_region_without_room_is_reported() -> None:
    (row,) = recode(NATIONAL, [A + "007"], MOVED, [B + "007", B + "999"])
    assert (row.new, row.outcome) == (None, "unmapped")
    assert "no numbers left" in row.why_en


def test_communities_that_swapped_codes_are_reported() -> None:
    rows = recode(NATIONAL, [B + "000", C + "000"], lineage((B, C, "table"), (C, B, "table")))
    assert [r.new for r in rows] == [None, None]
    assert "is another grid's now" in rows[0].why_en


def test_recoding_again_changes_nothing() -> None:
    codes = [A + "000", A + "012"]
    way = lineage((A, B, "prefix"), (None, B, "new"))
    after = [r.new or "" for r in recode(NATIONAL, codes, way)]
    again = recode(NATIONAL, after, lineage((B, B, "same")), [*codes, *after])
    assert [(r.new, r.outcome) for r in again] == [(code, "kept") for code in after]


def test_a_code_of_another_scheme_is_refused() -> None:
    with pytest.raises(InvalidInput, match="15 are needed"):
        recode(NATIONAL, [NESTED.build(A)], MOVED)


NUMBERS = st.sets(st.integers(1, 12), max_size=6)


@settings(deadline=None)
@given(st.sampled_from([NATIONAL, NESTED, CJT, LEVELLED]), NUMBERS, NUMBERS, NUMBERS)
def test_recoded_codes_are_new_distinct_and_in_the_old_order(
    scheme: Scheme, here: set[int], there: set[int], before: set[int]
) -> None:
    def made(region: str, numbers: set[int]) -> list[str]:
        return [scheme.build(region, [n], level=2) for n in sorted(numbers)]

    codes, issued = made(A, here) + made(C, there), made(B, before)
    way = lineage((A, B, "prefix"), (C, C, "same"))
    got = [r.new or "" for r in recode(scheme, codes, way, issued)]
    moved = [c for c in got if scheme.parse(c).region == B]
    assert len(moved) == len(here)
    assert moved == sorted(set(moved))
    assert not set(moved) & {*issued, *codes}
    assert [c for c in got if c not in moved] == made(C, there)
