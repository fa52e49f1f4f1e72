"""The code of a whole street: its digits, then zeros."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridgis.coding import Scheme
from gridgis.errors import InvalidInput

NATIONAL, NESTED = Scheme.load("national-15"), Scheme.load("nested-18")
BOTH = pytest.mark.parametrize("scheme", [NATIONAL, NESTED], ids=["national-15", "nested-18"])
CODES = st.from_regex(r"[1-9][0-9]{5}(?!000)[0-9]{3}(?!000)[0-9]{3}", fullmatch=True)


@BOTH
@given(community=CODES)
def test_the_code_of_a_street_is_read_as_it_was_written(scheme: Scheme, community: str) -> None:
    text = scheme.union_of(community)
    code = scheme.parse(text)
    assert (code.region, code.level, code.kind) == (community[:9], 1, "comprehensive")
    assert (scheme.numbers(code), len(text)) == ((), scheme.length)
    assert scheme.build(code.region) == text
    assert list(scheme.ancestors_of(text).values()) == [community[:2], community[:4], community[:6], community[:9]]


@BOTH
@given(community=CODES, number=st.integers(0, 99))
def test_it_is_never_the_code_of_a_community_or_of_a_grid_in_one(scheme: Scheme, community: str, number: int) -> None:
    assert scheme.build(community, [number]) != scheme.union_of(community)


@pytest.mark.parametrize("text", ["610902001000001", "610902000000000", "610902000001000"])
def test_zeros_in_any_other_place_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="cannot be all zeros"):
        NATIONAL.parse(text)


def test_a_wrong_check_digit_and_a_dedicated_street_are_refused() -> None:
    with pytest.raises(InvalidInput, match="the check digit"):
        NESTED.parse("610902001000000015")
    with pytest.raises(InvalidInput, match="numbers start at 1"):
        NESTED.build("610902001", (), "dedicated")


def test_a_padded_street_is_no_community() -> None:
    with pytest.raises(InvalidInput, match="cannot be all zeros"):
        NATIONAL.check_region("610902001000")


def test_no_grid_in_a_street_is_numbered_by_its_code() -> None:
    item = ("a", 0.0, 0.0, 2, "comprehensive", "610902001003")
    assert NATIONAL.allocate([item], ["610902001000000"]) == {"a": "610902001003001"}


def test_a_scheme_without_union_says_so() -> None:
    scheme = Scheme.from_text(NATIONAL.toml.replace('union = "street"', ""), "mine")
    with pytest.raises(InvalidInput, match="has no code for a grid above the community"):
        scheme.union_of("610902001003")
    assert not scheme.is_valid("610902001000000")


@pytest.mark.parametrize("value", ['"community"', '"town"', '"city"'])
def test_a_union_that_is_no_ancestor_of_whole_segments_is_refused(value: str) -> None:
    with pytest.raises(InvalidInput, match="union must name one of the ancestors"):
        Scheme.from_text(NATIONAL.toml.replace('union = "street"', f"union = {value}"), "mine")


def test_a_union_needs_the_level_of_the_whole_and_is_a_text() -> None:
    with pytest.raises(InvalidInput, match="with whole_level = 1"):
        Scheme.from_text(NATIONAL.toml.replace("whole_level = 1", ""), "mine")
    with pytest.raises(InvalidInput, match="union = 1 must be a text"):
        Scheme.from_text(NATIONAL.toml.replace('union = "street"', "union = 1"), "mine")
