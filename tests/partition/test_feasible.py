"""What can be grouped at all: quick answers against trying everything."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgis.model import Band
from gridgis.partition.exact.groupings import can_group
from gridgis.partition.levels import part_options
from gridgis.partition.problem import Problem
from gridgis.partition.regions.pieces import lumps_fit, regions
from tests.partition.graphs import Drawn, fits, graphs, set_partitions

bands = st.tuples(st.integers(1, 12), st.integers(0, 8)).map(lambda b: Band(b[0], b[0] + b[1]))
few = settings(max_examples=120, deadline=None)


def sums(band: Band, most: int) -> set[int]:
    """Return all sums up to a limit of one or more numbers in the band."""
    found: set[int] = set()
    for total in range(1, most + 1):
        if any(total - h == 0 or total - h in found for h in range(band.lower, band.upper + 1)):
            found.add(total)
    return found


@few
@given(band=bands)
def test_a_band_can_hold_what_is_a_sum_of_numbers_in_it(band: Band) -> None:
    assert {h for h in range(61) if band.can_hold(h)} == sums(band, 60)


@few
@given(band=bands, households=st.integers(1, 60))
def test_the_parts_to_try_are_all_that_can_hold_the_households(band: Band, households: int) -> None:
    possible = [k for k in range(1, 61) if k * band.lower <= households <= k * band.upper]
    tried = part_options(households, band)
    assert sorted(tried) == possible if possible else tried and min(tried) >= 1


@few
@given(lumps=st.lists(st.integers(1, 9), max_size=3), sand=st.integers(0, 5), band=bands)
def test_lumps_fit_when_some_sharing_out_of_all_pieces_fits(lumps: list[int], sand: int, band: Band) -> None:
    lumps = [n for n in lumps if n <= band.upper]  # larger ones are closed, and cut inside themselves
    pieces = [*lumps, *[1] * sand]
    possible = bool(pieces) and any(
        all(sum(pieces[i] for i in group) in band for group in groups)
        for groups in set_partitions(list(range(len(pieces))))
    )
    assert lumps_fit(lumps, sum(pieces), band) == possible


@few
@given(graph=graphs(7), band=bands)
def test_the_proof_that_nothing_fits_agrees_with_trying_everything(graph: Drawn, band: Band) -> None:
    """Ground without households may join any group it touches, or none: groups of it alone are left aside."""
    c = graph.contacts()
    found = can_group(Problem(c.households, c.pairs, np.ones(len(c.pairs)), band.lower, band.upper), 2.0)
    lived_in = [
        [g for g in groups if graph.load(g)] for groups in graph.groupings() if any(graph.load(g) for g in groups)
    ]
    possible = not any(graph.weights) or any(fits(groups, graph, band) for groups in lived_in)
    if found is not None and all(graph.weights):
        assert found == possible
    if found is False:
        assert not possible


@few
@given(graph=graphs(8), band=bands)
def test_regions_share_out_all_atoms(graph: Drawn, band: Band) -> None:
    found = regions(graph.contacts(), band, 1000.0)
    members = np.concatenate([r.members for r in found])
    assert sorted(members.tolist()) == list(range(len(graph.weights)))
    assert [r.households for r in found] == [int(sum(graph.weights[v] for v in r.members)) for r in found]
