"""Allocation: against a slow oracle, and the promises one by one."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgis.coding import Scheme, spatial_order
from gridgis.errors import Conflict, InvalidInput, Rejected
from tests.coding.vectors_file import HERE

NATIONAL = Scheme.load("national-15")
NESTED = Scheme.load("nested-18")
TAIPEI = Scheme.from_toml(HERE / "schemes" / "taipei-11.toml")
A, B = "610902001003", "610902001004"
GRID, SITE = "comprehensive", "dedicated"
Item = tuple[str, float, float, int | None, str, Any]


@st.composite
def plans(draw: st.DrawFn) -> list[Item]:
    """Draw the grids of one or two communities, nested as a division nests them."""
    place = st.integers(-8, 8).map(float)
    items: list[Item] = []
    for community in draw(st.sampled_from([[A], [A, B]])):
        top = f"{community}-1"
        items.append((top, draw(place), draw(place), 1, GRID, community))
        for i in range(draw(st.integers(0, 4))):
            items.append((f"{community}-2-{i}", draw(place), draw(place), 2, GRID, top))
            for k in range(draw(st.integers(0, 3))):
                items.append((f"{community}-3-{i}-{k}", draw(place), draw(place), 3, GRID, f"{community}-2-{i}"))
        for i in range(draw(st.integers(0, 2))):
            items.append((f"{community}-D-{i}", draw(place), draw(place), None, SITE, top))
    return items


def issued_codes(scheme: Scheme) -> st.SearchStrategy[list[str]]:
    number = st.integers(1, 9)
    nested = scheme is NESTED
    numbers = st.one_of(st.tuples(number), st.tuples(number, number) if nested else st.tuples(number))
    grid = st.builds(lambda r, n: scheme.build(r, n), st.sampled_from([A, B]), numbers)
    site = st.builds(lambda r, n: scheme.build(r, [n], SITE), st.sampled_from([A, B]), number)
    return st.lists(grid | site, max_size=12)


def next_number(used: set[str], scheme: Scheme, start: str, end: int, kind: str) -> int:
    """Return one more than the highest number at [len(start):end] of the used codes that begin with ``start``."""
    numbers = [int(c[len(start) : end]) for c in used if c.startswith(start)]
    if scheme is NESTED:
        digit = {GRID: "1", SITE: "2"}[kind]
        numbers = [int(c[len(start) : end]) for c in used if c.startswith(start) and c[16] == digit]
    return max(numbers, default=0) + 1


def slow_allocate(scheme: Scheme, items: list[Item], issued: list[str], height: float) -> dict[str, str]:
    """Give one grid after the other its code, looking through all codes each time."""
    used, out = set(issued), {}
    for level in (1, 2, 3, None):
        order = spatial_order([i[:3] for i in items if i[3] == level], height)
        for community in (A, B):
            mine = {i[0]: i for i in items if i[3] == level and i[0].startswith(community)}
            for name in spatial_order([i[:3] for i in mine.values()], height):
                kind = mine[name][4]
                if level == 1:
                    code = scheme.build(community)
                elif scheme is NATIONAL:
                    code = f"{community}{next_number(used, scheme, community, 15, kind):03}"
                elif level == 3:
                    continue
                else:
                    code = scheme.build(community, [next_number(used, scheme, community, 14, kind)], kind)
                used.add(code)
                out[name] = code
            if scheme is NESTED and level == 3:
                for parent in sorted({i[5] for i in mine.values()}):
                    children = [i[:3] for i in mine.values() if i[5] == parent]
                    start = out[parent][:14]
                    for name in spatial_order(children, height):
                        number = next_number(used, scheme, start, 16, GRID)
                        out[name] = scheme.build(community, [int(start[12:]), number])
                        used.add(out[name])
        assert set(order) <= set(out)
    return out


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([NATIONAL, NESTED]).flatmap(lambda s: st.tuples(st.just(s), plans(), issued_codes(s))))
def test_allocation_is_that_of_the_slow_oracle(case: tuple[Scheme, list[Item], list[str]]) -> None:
    scheme, items, issued = case
    assert scheme.allocate(items, issued, 4.0) == slow_allocate(scheme, items, issued, 4.0)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([NATIONAL, NESTED]).flatmap(lambda s: st.tuples(st.just(s), plans(), issued_codes(s))))
def test_no_new_code_was_ever_issued_and_none_is_given_twice(case: tuple[Scheme, list[Item], list[str]]) -> None:
    scheme, items, issued = case
    codes = list(scheme.allocate(items, issued).values())
    assert len({*codes, *issued}) == len(codes) + len(set(issued))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([NATIONAL, NESTED]), plans(), st.randoms())
def test_the_order_of_items_and_of_issued_codes_does_not_matter(scheme: Scheme, items: list[Item], random) -> None:  # type: ignore[no-untyped-def]
    issued = [scheme.build(A, [n]) for n in (3, 1, 7)]
    want = scheme.allocate(items, issued)
    mixed = list(items)
    random.shuffle(mixed)
    assert scheme.allocate(mixed, issued[::-1]) == want


@settings(max_examples=60, deadline=None)
@given(plans())
def test_nested_codes_carry_the_parents_digits(items: list[Item]) -> None:
    codes = NESTED.allocate(items, [])
    assert all(codes[i[0]][:14] == codes[i[5]][:14] for i in items if i[3] == 3)


def grids(count: int, level: int | None = 2, kind: str = GRID, parent: Any = A) -> list[Item]:
    return [(f"g{i}", float(i), 0.0, level, kind, parent) for i in range(count)]


def test_gaps_are_never_filled() -> None:
    assert NATIONAL.allocate(grids(2), [A + "001", A + "005"]) == {"g0": A + "006", "g1": A + "007"}


def test_codes_of_other_communities_do_not_matter() -> None:
    assert NATIONAL.allocate(grids(1), [B + "500"]) == {"g0": A + "001"}


def test_the_whole_community_is_number_zero() -> None:
    assert NATIONAL.allocate(grids(1, level=1), []) == {"g0": A + "000"}


def test_levels_and_dedicated_grids_share_one_national_series_level_by_level() -> None:
    items = [("d", 0, 9, None, SITE, A), ("c", 0, 6, 3, GRID, "b"), ("b", 0, 3, 2, GRID, A)]
    assert NATIONAL.allocate(items, []) == {"d": A + "003", "c": A + "002", "b": A + "001"}


def test_nested_dedicated_grids_have_a_series_of_their_own() -> None:
    items = [("d", 0, 9, None, SITE, A), ("b", 0, 3, 2, GRID, A)]
    assert {k: v[12:17] for k, v in NESTED.allocate(items, []).items()} == {"d": "01002", "b": "01001"}


def test_a_level_3_code_keeps_the_number_of_its_parent_used() -> None:
    issued = [NESTED.build(A, [4, 1])]
    assert NESTED.allocate(grids(1), issued) == {"g0": NESTED.build(A, [5])}


def test_a_parent_may_be_an_issued_code() -> None:
    parent = NESTED.build(A, [4])
    issued = [parent, NESTED.build(A, [4, 2])]
    assert NESTED.allocate(grids(1, level=3, parent=parent), issued) == {"g0": NESTED.build(A, [4, 3])}


def test_a_users_scheme_allocates_too() -> None:
    assert TAIPEI.allocate(grids(2, level=1, parent="63000080"), ["63000080031"]) == {
        "g0": "63000080032",
        "g1": "63000080033",
    }


def test_each_level_can_have_its_own_row_height() -> None:
    items = [("a", 9, 10, 2, GRID, A), ("b", 0, 6, 2, GRID, A), ("c", 9, 10, 3, GRID, "a"), ("d", 0, 6, 3, GRID, "b")]
    codes = NATIONAL.allocate(items, [], {2: 2.0, 3: 20.0})
    assert sorted(codes, key=codes.__getitem__) == ["a", "b", "d", "c"]


def test_ids_may_be_numbers() -> None:
    assert NATIONAL.allocate([(2, 0, 0, 2, GRID, A), (1, 0, 0, 2, GRID, A)], []) == {2: A + "002", 1: A + "001"}


def test_nothing_to_number_gives_nothing() -> None:
    assert NATIONAL.allocate([], [A + "001"]) == {}


def test_the_last_number_is_still_given() -> None:
    assert NATIONAL.allocate(grids(1), [A + "998"]) == {"g0": A + "999"}


def test_overflow_is_refused() -> None:
    with pytest.raises(Rejected, match="ends at 999"):
        NATIONAL.allocate(grids(2), [A + "998"])


def test_overflow_below_a_level_2_grid_is_refused() -> None:
    parent = NESTED.build(A, [4])
    with pytest.raises(Rejected, match=r"“三级网格序号”段最大99号"):
        NESTED.allocate(grids(1, level=3, parent=parent), [NESTED.build(A, [4, 99])])


def test_the_whole_communitys_code_is_issued_once() -> None:
    with pytest.raises(Conflict, match="keeps it"):
        NATIONAL.allocate(grids(1, level=1), [A + "000"])


def test_two_grids_cannot_both_be_the_whole_community() -> None:
    with pytest.raises(Conflict):
        NATIONAL.allocate(grids(2, level=1), [])


@pytest.mark.parametrize("issued", ["", "610902001003", "61090200100300A", "610902001003 01"])
def test_garbage_among_the_issued_codes_is_refused(issued: str) -> None:
    with pytest.raises(InvalidInput):
        NATIONAL.allocate(grids(1), [A + "001", issued])


@pytest.mark.parametrize(
    ("item", "why"),
    [
        (("a", 0, 0, 2, GRID, "61090200100"), "11 characters|11位"),
        (("a", 0, 0, 2, GRID, "nobody"), "6位"),
        (("a", 0, 0, 2, GRID, None), "has no parent"),
        (("a", 0, 0, 2, GRID, "a"), "among its own parents"),
        (("a", 0, 0, 4, GRID, A), "level 4"),
        (("a", 0, 0, None, GRID, A), "level None"),
        (("a", 0, 0, 2, SITE, A), "a dedicated one has none"),
        (("a", 0, 0, 2, "school", A), "kind 'school'"),
        (("a", float("nan"), 0, 2, GRID, A), "not finite"),
    ],
)
def test_a_wrong_item_is_refused_with_the_reason(item: Item, why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        NATIONAL.allocate([item], [])


def test_an_id_that_occurs_twice_is_refused() -> None:
    with pytest.raises(InvalidInput, match="occurs twice"):
        NATIONAL.allocate(grids(1) + grids(1), [])


@pytest.mark.parametrize("parent", [A, NESTED.build(A), NESTED.build(A, [1, 1]), NESTED.build(A, [1], SITE)])
def test_a_nested_level_3_grid_needs_a_level_2_grid_above(parent: str) -> None:
    with pytest.raises(InvalidInput, match="not of the level above"):
        NESTED.allocate(grids(1, level=3, parent=parent), [])
