"""Shifted layers are told by the distance of their lines from a reference's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgis.errors import InvalidInput
from gridgis.geometry.offset import HYPOTHESES, find_offset
from gridgis.geometry.shift import wgs84_to_bd09, wgs84_to_gcj02

FORTH: dict[str, Callable[[Any, Any], Any]] = {
    "EPSG:4490": lambda x, y: (x, y), "GCJ-02": wgs84_to_gcj02, "BD-09": wgs84_to_bd09
}  # fmt: skip


def town(lon: float = 109.03, lat: float = 32.69, seed: int = 7, cells: int = 4) -> Any:
    """Return a crooked net of cells, each about 600 m wide."""
    rng = np.random.default_rng(seed)
    n = cells + 1
    x, y = np.meshgrid(np.arange(n), np.arange(n))
    xy = (np.stack([x, y], axis=-1) + rng.uniform(-0.3, 0.3, (n, n, 2))) * 0.006 + (lon, lat)
    rings = [(xy[i, j], xy[i, j + 1], xy[i + 1, j + 1], xy[i + 1, j]) for i in range(cells) for j in range(cells)]
    return shapely.polygons(np.array(rings))


def shifted(geoms: Any, into: str, noise_m: float = 0.0) -> Any:
    """Return shapes shifted, and drawn carelessly: up to so many metres off, equal points equally."""

    def move(xy: Any) -> Any:
        return np.column_stack(FORTH[into](*xy.T)) + noise_m / 111_000 * np.sin(xy * 9e4)

    return shapely.transform(geoms, move)


@settings(max_examples=25, deadline=None)
@given(st.floats(80, 130), st.floats(20, 50), st.sampled_from(HYPOTHESES), st.sampled_from([0.0, 2.0, 8.0]))
def test_a_border_is_never_taken_for_what_it_is_not(lon: float, lat: float, into: str, noise_m: float) -> None:
    outline = shapely.union_all(town(lon, lat))
    found = find_offset(shifted([outline], into, noise_m), [outline])
    assert found.best == into
    assert found.medians_m[into] <= noise_m + 0.1


@pytest.mark.parametrize("into", HYPOTHESES)
@pytest.mark.parametrize("part", ["whole", "one cell of the reference", "the reference is one cell"])
def test_a_net_is_decided_where_either_is_a_part_of_the_other(into: str, part: str) -> None:
    cells = town()
    given_cells, reference = {"whole": (cells, cells), "one cell of the reference": (cells[5:6], cells)}.get(
        part, (cells, cells[5:6])
    )
    found = find_offset(shifted(given_cells, into, 1.0), reference)
    assert (found.best, found.decided) == (into, True), found.text()[1]


def test_the_distances_themselves_are_told() -> None:
    found = find_offset(shifted(town(), "GCJ-02"), [shapely.union_all(town())])
    assert found.medians_m["GCJ-02"] < 0.01
    assert found.medians_m["EPSG:4490"] > 50
    assert f"{found.ratio:.1f} times" in found.text()[1]
    assert "GCJ-02 0.0 m" in found.text()[0]


def test_other_lines_decide_nothing() -> None:
    found = find_offset(town(seed=3), town(seed=4))
    assert not found.decided
    assert "无法判定" in found.text()[0]


def test_a_few_metres_of_line_decide_nothing() -> None:
    short = shapely.linestrings([[(109.03, 32.69), (109.031, 32.69)]])
    assert not find_offset(short, short).decided


def test_a_layer_beside_the_reference_decides_nothing() -> None:
    assert not find_offset(town(lon=109.2), town()).decided


def test_points_have_no_lines() -> None:
    with pytest.raises(InvalidInput, match="线或面"):
        find_offset(shapely.points([[109.0, 32.7]]), town())
