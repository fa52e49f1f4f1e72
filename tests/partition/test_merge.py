"""The merge model: against all layouts of tiny pieces, against all groupings, and its answers by hand."""

from __future__ import annotations

from functools import cache
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgis.model import Band
from gridgis.partition.regions.covering import bits, choose
from gridgis.partition.regions.crossing import Piece, lumps_fit, pairs_of
from gridgis.partition.regions.merge import Map, Merged, excess, merge

URBAN = Band(300, 500)


def row(*households: int | tuple[int, ...]) -> Map:
    """Return pieces in a row; a tuple is the households and the lumps of a piece."""
    return of(households, [(i, i + 1) for i in range(len(households) - 1)])


def of(households: tuple[int | tuple[int, ...], ...], pairs: list[tuple[int, int]]) -> Map:
    pieces = [Piece(h) if isinstance(h, int) else Piece(h[0], tuple(sorted(h[1:], reverse=True))) for h in households]
    return Map(pieces, np.array(pairs, dtype=np.int64).reshape(-1, 2), np.full(len(pairs), 0.01))


def pairs(merged: Merged) -> int:
    return sum(g.pairs for g in merged.groups)


def grids(merged: Merged) -> set[tuple[tuple[int, int], ...]]:
    return {grid for g in merged.groups for grid in g.grids}


# ------------------------------------------------------------------------------------------------------------ by hand


def test_a_piece_between_two_multiples_gives_away_what_is_too_much() -> None:
    merged = merge(row(550, 5000), URBAN)
    assert (pairs(merged), merged.exact, len(merged.groups)) == (12_500, True, 1)
    assert grids(merged) in ({((0, 50), (1, 250))}, {((0, 250), (1, 50))})


def test_a_piece_below_the_band_is_filled_up() -> None:
    merged = merge(row(200, 800), URBAN)
    assert (pairs(merged), grids(merged)) == (20_000, {((0, 200), (1, 100))})


def test_pieces_that_can_stand_alone_do() -> None:
    merged = merge(row(400, 900, 1001, 600), URBAN)
    assert (pairs(merged), len(merged.groups)) == (0, 4)


def test_two_needy_pieces_may_help_each_other() -> None:
    assert pairs(merge(of((250, 250, 310), [(0, 1), (0, 2), (1, 2)]), URBAN)) == 62_500
    assert pairs(merge(of((250, 250, 5000), [(0, 1), (0, 2), (1, 2)]), URBAN)) == 25_000


def test_what_no_grouping_mends_stays_least_outside() -> None:
    merged = merge(row(400, 150), URBAN)
    assert [(g.members, g.excess) for g in merged.groups] == [((0, 1), 50)]


def test_all_there_is_below_the_band_is_one_grid() -> None:
    merged = merge(of((50, 60, 40), [(0, 1), (1, 2)]), URBAN)
    assert [(g.members, g.excess, g.pairs) for g in merged.groups] == [((0, 1, 2), 150, 50 * 60 + 50 * 40 + 60 * 40)]


def test_estates_that_do_not_fit_go_to_the_neighbour() -> None:
    merged = merge(of(((1255, 288, 378, 240, 330), 1000), [(0, 1)]), URBAN)
    assert (len(merged.groups), sum(g.excess for g in merged.groups)) == (1, 0)


def test_of_two_hosts_alike_the_one_with_the_better_contact_is_taken() -> None:
    ground = Map([Piece(h) for h in (200, 800, 800)], np.array([[0, 1], [0, 2]]), np.array([0.05, 0.01]))
    assert {g.members for g in merge(ground, URBAN).groups} == {(0, 2), (1,)}


def test_a_host_that_would_give_too_much_is_found_out() -> None:
    """Ten needy pieces around one of 1700: each alone could be served, all together not."""
    n = 10
    ground = of((1700, *[250] * n), [(0, i + 1) for i in range(n)] + [(i, i + 1) for i in range(1, n)])
    merged = merge(ground, URBAN)
    assert sum(g.excess for g in merged.groups) == 0
    need_sound(ground, merged, URBAN)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.lists(st.sampled_from([60, 120, 200, 260, 320, 410, 510, 550, 590, 640, 1300, 4000]), min_size=3, max_size=6),
    st.data(),
)
def test_the_shortcuts_of_large_ground_lose_little(households: list[int], data: st.DataObject) -> None:
    links = data.draw(st.lists(st.sampled_from([*combinations(range(len(households)), 2)]), unique=True, min_size=2))
    ground = of(tuple(households), sorted(links))
    best = merge(ground, URBAN)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gridgis.partition.regions.merge.SMALL", 0)
        quick = merge(ground, URBAN)
    need_sound(ground, quick, URBAN)
    if best.exact:
        assert sum(g.excess for g in quick.groups) >= sum(g.excess for g in best.groups)
    if best.exact and sum(g.excess for g in quick.groups) == sum(g.excess for g in best.groups) == 0:
        assert pairs(best) <= pairs(quick) <= 2 * pairs(best)


def test_all_layouts_of_small_ground_are_tried_however_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gridgis.partition.regions.merge.MOST_STEPS", 1)
    ground = of((510, 60, 60, 550, 590, 640), [*combinations(range(6), 2)])
    merged = merge(ground, URBAN)
    assert merged.exact
    assert sum(g.excess for g in merged.groups) == 0


def test_what_no_layout_mends_is_joined_through_a_piece() -> None:
    """590 and 60 are served over 510, which is itself too much for one grid."""
    ground = of((510, 60, 60, 550, 590, 60), [(0, 1), (0, 2), (4, 5), (0, 3), (0, 4), (0, 5)])
    merged = merge(ground, URBAN)
    assert not merged.exact
    assert sum(g.excess for g in merged.groups) == 0
    need_sound(ground, merged, URBAN)


def test_many_hamlets_that_are_far_too_small_are_joined_all_the_same() -> None:
    merged = merge(row(*[20] * 60), URBAN)
    assert sum(g.excess for g in merged.groups) == 0
    assert not merged.exact
    need_sound(row(*[20] * 60), merged, URBAN)


# ------------------------------------------------------------------------------------------------------------ oracles


def need_sound(ground: Map, merged: Merged, band: Band) -> None:
    """Check what the answer says of itself: grids in the band, nothing given twice, remainders that can be cut."""
    left = [p.households for p in ground.pieces]
    assert sorted(i for g in merged.groups for i in g.members) == list(range(len(left)))
    for g in merged.groups:
        for grid in g.grids:
            assert g.excess or sum(n for _, n in grid) in band
            assert len(grid) > 1
            assert {i for i, _ in grid} <= set(g.members)
            for i, n in grid:
                left[i] -= n
        assert g.excess or all(left[i] == 0 or band.can_hold(left[i]) for i in g.members)
    assert min(left) >= 0


State = tuple[tuple[int, tuple[int, ...]], ...]


def may_touch(ground: Map, grid: tuple[int, ...]) -> bool:
    inside = [i for i, n in enumerate(grid) if n]
    whole = [i for i in inside if grid[i] == ground.pieces[i].households]
    part = [i for i in inside if i not in whole]
    if not whole:
        return all(ground.touching[i] >> j & 1 for i, j in combinations(part, 2))
    reached = {whole[0]}
    for _ in whole:
        reached |= {i for i in whole if any(ground.touching[i] >> j & 1 for j in reached)}
    return len(reached) == len(whole) and all(any(ground.touching[i] >> j & 1 for j in whole) for i in part)


def parts_of(sand: int, lumps: tuple[int, ...], most: int) -> list[tuple[int, tuple[int, tuple[int, ...]]]]:
    """Return (given, what is left) for all ways to give of a piece."""
    out = set()
    for k in range(len(lumps) + 1):
        for taken in combinations(range(len(lumps)), k):
            rest = tuple(n for i, n in enumerate(lumps) if i not in taken)
            whole = sum(lumps[i] for i in taken)
            out |= {(whole + s, (sand - s, rest)) for s in range(sand + 1)}
    return sorted(g for g in out if g[0] <= most)


def brute_force(ground: Map, band: Band) -> int | None:
    """Return the least number of pairs over all layouts of all pieces; None where there is none."""

    def done(sand: int, lumps: tuple[int, ...]) -> bool:
        return sand + sum(lumps) == 0 or lumps_fit(lumps, sand + sum(lumps), band)

    @cache
    def solve(state: State) -> float:
        best = 0.0 if all(done(*s) for s in state) else float("inf")
        for amounts in product(*(parts_of(*s, band.upper) for s in state)):
            grid = tuple(n for n, _ in amounts)
            if sum(grid) in band and sum(n > 0 for n in grid) > 1 and may_touch(ground, grid):
                cost = pairs_of(grid)
                if cost < best:
                    best = min(best, cost + solve(tuple(rest for _, rest in amounts)))
        return best

    found = solve(tuple((p.sand, p.lumps) for p in ground.pieces))
    return None if found == float("inf") else int(found)


@st.composite
def small_ground(draw: st.DrawFn, most_lumps: int) -> tuple[Map, Band]:
    band = draw(st.sampled_from([Band(3, 5), Band(4, 6), Band(3, 4), Band(2, 5), Band(4, 4)]))
    n = draw(st.integers(2, 3))
    pieces: list[int | tuple[int, ...]] = []
    for _ in range(n):
        lumps = draw(st.lists(st.integers(2, band.upper), max_size=most_lumps))
        sand = draw(st.integers(0 if lumps else 1, 9 if n < 3 else 5))
        pieces.append((sand + sum(lumps), *lumps))
    every = list(combinations(range(n), 2))
    return of(tuple(pieces), draw(st.lists(st.sampled_from(every), unique=True))), band


@settings(max_examples=60, deadline=None)
@given(small_ground(0))
def test_the_price_is_that_of_all_layouts_tried(given: tuple[Map, Band]) -> None:
    ground, band = given
    merged, best = merge(ground, band), brute_force(ground, band)
    if best is None:
        assert sum(g.excess for g in merged.groups) > 0
    else:
        assert (sum(g.excess for g in merged.groups), pairs(merged), merged.exact) == (0, best, True)


@settings(max_examples=40, deadline=None)
@given(small_ground(2))
def test_with_estates_no_layout_is_cheaper_than_any_there_is(given: tuple[Map, Band]) -> None:
    """Layouts in which two grids share two pieces, estates for both, are left out: so it may be dearer."""
    ground, band = given
    merged, best = merge(ground, band), brute_force(ground, band)
    if sum(g.excess for g in merged.groups) == 0:
        assert best is not None
        assert pairs(merged) >= best
        need_sound(ground, merged, band)


def groupings(n: int) -> list[list[list[int]]]:
    if n == 0:
        return [[]]
    out = []
    for smaller in groupings(n - 1):
        out += [[*smaller[:k], [*g, n - 1], *smaller[k + 1 :]] for k, g in enumerate(smaller)]
        out.append([*smaller, [n - 1]])
    return out


def connected(ground: Map, group: list[int]) -> bool:
    reached = {group[0]}
    for _ in group:
        reached |= {i for i in group if any(ground.touching[i] >> j & 1 for j in reached)}
    return len(reached) == len(group)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from([90, 150, 200, 260, 320, 410, 510, 550, 590, 640, 800]), min_size=2, max_size=6),
    st.data(),
)
def test_no_other_grouping_leaves_fewer_outside(households: list[int], data: st.DataObject) -> None:
    n = len(households)
    every = [*combinations(range(n), 2)]
    links = data.draw(st.lists(st.sampled_from(every), unique=True, min_size=1))
    ground = of(tuple(households), sorted(links))
    merged = merge(ground, URBAN)
    need_sound(ground, merged, URBAN)
    best = min(
        sum(excess(sum(households[i] for i in g), URBAN) for g in groups)
        for groups in groupings(n)
        if all(connected(ground, g) for g in groups)
    )
    assert sum(g.excess for g in merged.groups) == best


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 255), st.integers(1, 50)), max_size=14),
    st.integers(1, 255),
    st.booleans(),
)
def test_the_choice_of_sets_is_the_cheapest(drawn: list[tuple[int, int]], needed: int, by_integers: bool) -> None:
    rows = [*drawn, *[(1 << b, 40) for b in bits(needed)]]
    with pytest.MonkeyPatch.context() as patch:
        if by_integers:
            patch.setattr("gridgis.partition.regions.covering.MOST_STATES", -1)
        chosen, proven = choose([s for s, _ in rows], [float(p) for _, p in rows], needed)
    assert proven
    held = 0
    for k in chosen:
        assert not held & rows[k][0]
        held |= rows[k][0]
    assert not needed & ~held

    @cache
    def best(used: int) -> float:
        left = needed & ~used
        low = left & -left
        return (
            min((p + best(used | s) for s, p in rows if s & low and not s & used), default=float("inf")) if left else 0
        )

    assert sum(rows[k][1] for k in chosen) == best(0)
