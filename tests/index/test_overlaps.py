"""on_overlap="lowest": the lowest that holds the moved point, else the lowest that touches it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box

from gridgis.errors import InvalidInput
from gridgis.index import GridIndex
from tests.oracles import rational
from tests.oracles.coverages import coverages, hard_points


@st.composite
def heaps(draw: st.DrawFn) -> list[Any]:
    """Draw polygons that overlap: boxes of a lattice, or a coverage with itself, moved, and with one polygon twice."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    if draw(st.booleans()):
        low = rng.integers(0, 7, (draw(st.integers(1, 8)), 2))
        high = low + rng.integers(1, 5, low.shape)
        return [box(*a, *b) for a, b in zip(low.tolist(), high.tolist(), strict=True)]
    first = draw(coverages)
    west, south, east, north = shapely.total_bounds(first)
    by = np.array([east - west, north - south]) * rng.integers(-4, 5, 2) / 8
    heap = [*first, *shapely.transform(np.array(first), lambda xy: xy + by), first[0]]
    return [heap[k] for k in rng.permutation(len(heap)) if heap[k].is_valid]


@settings(max_examples=80, deadline=None)
@given(heaps(), st.integers(0, 2**32 - 1))
def test_hard_points_of_a_heap_get_the_polygon_of_the_oracle(heap: list[Any], seed: int) -> None:
    points = hard_points(heap, np.random.default_rng(seed), most=80)
    oracle, index = rational.Prepared(heap), GridIndex.build(heap, on_overlap="lowest")
    expected = [oracle.lowest(*p) for p in points.tolist()]
    explained = index.explain(*points.T)
    assert index.locate(*points.T).tolist() == expected
    assert [index.locate_one(*p) for p in points.tolist()] == expected
    assert explained.position.tolist() == expected
    assert explained.shifted_in.tolist() == [bool(oracle.holders(*p)) for p in points.tolist()]
    assert explained.touching.tolist() == [min(len(oracle.touching(*p)), 63) for p in points.tolist()]


def test_the_answer_on_a_border_does_not_hang_on_other_overlaps() -> None:
    """Box 1 and box 2 share a border; it belongs to box 2, also where a far overlap puts that into another layer."""
    alone = [box(9, 9, 10, 10), box(0, 0, 1, 1), box(1, 0, 2, 1)]
    crowd = [box(1.5, 0, 3, 1), *alone[1:]]
    for polygons in (alone, crowd):
        assert GridIndex.build(polygons, on_overlap="lowest").locate_one(1.0, 0.5) == 2


def test_ids_are_answered_of_positions_by_which_the_lowest_is_chosen(tmp_path: Path) -> None:
    index = GridIndex.build([box(0, 0, 2, 2), box(1, 1, 3, 3)], ids=[9, 4], on_overlap="lowest")
    index.save(tmp_path / "a")
    for ix in (index, GridIndex.open(tmp_path / "a")):
        assert ix.locate([0.5, 1.5, 2.5, 9], [0.5, 1.5, 2.5, 9]).tolist() == [9, 9, 4, -1]
        assert ix.explain([1.5], [1.5]).position.tolist() == [0]


def test_a_gap_is_outside() -> None:
    index = GridIndex.build([box(0, 0, 1, 1), box(1.000001, 0, 2, 1)], on_overlap="lowest")
    assert index.locate([1.0, 1.0000005], [0.5, 0.5]).tolist() == [0, -1]


def test_invalid_polygons_are_refused_all_the_same() -> None:
    with pytest.raises(InvalidInput, match="invalid"):
        GridIndex.build([shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])], on_overlap="lowest")
