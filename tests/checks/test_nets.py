"""What is left out of a net, or joined in it, changes no answer; what is shared in it gives proofs all the same."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from gridgis.checks.nets import Net, narrowed, shared, spared
from gridgis.checks.regroup import regroup
from gridgis.model import Band
from tests.checks.test_regroup import Links, by_trying_all, maps, masks


def net_of(weights: list[int], links: Links, rim: int = 0) -> Net:
    return Net(weights, masks(len(weights), links), rim, [[i] for i in range(len(weights))])


def possible(net: Net, band: Band) -> bool:
    return regroup(net.weights, net.touch, band) is not False


BANDS = st.builds(lambda lower, width: Band(lower, lower + width), st.integers(5, 50), st.integers(0, 20))


@settings(max_examples=100, deadline=None)
@given(maps(), BANDS)
def test_what_is_spared_and_narrowed_changes_no_answer(drawn: tuple[list[int], Links], band: Band) -> None:
    net = net_of(*drawn)
    truth = by_trying_all(*drawn, band)
    assert possible(spared(net), band) == truth
    assert possible(narrowed(net, band), band) == truth
    assert possible(narrowed(spared(net), band), band) == truth


@settings(max_examples=100, deadline=None)
@given(maps(), BANDS)
def test_what_is_impossible_over_shared_ways_is_impossible(drawn: tuple[list[int], Links], band: Band) -> None:
    free = shared(net_of(*drawn))
    assert all(free.weights)
    if not possible(narrowed(free, band), band):
        assert not by_trying_all(*drawn, band)


@settings(max_examples=100, deadline=None)
@given(maps(), BANDS, st.integers(1, 6))
def test_a_proof_from_a_part_holds_for_the_whole(drawn: tuple[list[int], Links], band: Band, seen: int) -> None:
    weights, links = drawn
    part = range(min(seen, len(weights)))
    rim = sum(1 << i for i in part if any((i in e) and (max(e) not in part) for e in links))
    net = net_of(weights[: len(part)], [e for e in links if max(e) in part], rim)
    for seen_as in (shared(net), spared(net)):
        less = narrowed(seen_as, band)
        if regroup(less.weights, less.touch, band, less.rim) is False:
            assert not by_trying_all(weights, links, band)


def test_a_way_at_the_rim_is_not_left_out() -> None:
    assert spared(net_of([20, 0, 20], [(0, 1), (1, 2)], rim=0b010)).weights == [20, 0, 20]


def test_each_unit_is_named_once_where_several_are_joined() -> None:
    star = net_of([11, 12, 15, 18, 0, 40], [(0, 1), (0, 2), (0, 3), (3, 4), (0, 5)])
    assert narrowed(star, Band(30, 50)).members == [[0, 1, 2, 3, 4], [5]]
