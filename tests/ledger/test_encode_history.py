"""Codes over many revisions: what continues keeps its code, and no other grid ever gets one that was issued before."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from gridgis.coding import Scheme
from gridgis.ledger.encode import encode_plan
from gridgis.ledger.identity import identify
from tests.coding.vectors_file import HERE

SCHEMES = [Scheme.load(name) for name in ("national-15", "nested-18", "cjt349-20")]
SCHEMES += [
    Scheme.from_toml(HERE / "schemes" / "levelled-17.toml"),
    Scheme.from_toml(HERE.parents[1] / "docs" / "zh-13.toml"),
]
COMMUNITIES = ("990001001001", "990001001002")
HOUSES = 12
"""Houses of one household in a row, 10 m apart: a grid is a run of them."""

Cuts = tuple[int, ...]
"""Where a community's row is cut into grids."""


def runs(cuts: Cuts) -> list[tuple[int, int]]:
    ends = [0, *sorted(set(cuts)), HOUSES]
    return [(a, b) for a, b in pairwise(ends) if a < b]


def grids(community: str, cuts: Cuts) -> gpd.GeoDataFrame:
    """Make the plan of a community: level 1, and below it the runs of houses."""
    south = 100.0 * COMMUNITIES.index(community)
    shapes = [box(10 * a, south, 10 * b, south + 10) for a, b in [(0, HOUSES), *runs(cuts)]]
    top = f"{community}-1"
    names = [top, *(f"{community}-2-{i:02}" for i in range(1, len(shapes)))]
    columns = {"community": community, "local_id": names, "kind": "comprehensive", "mode": None, "previous": None}
    frame = gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4545")
    below = len(shapes) - 1
    return frame.assign(level=pd.array([1] + [2] * below, dtype="Int64"), parent=[None] + [top] * below)


def homes() -> gpd.GeoDataFrame:
    x, y = np.meshgrid(np.arange(5.0, 10 * HOUSES, 10), [5.0, 105.0])
    points = shapely.points(x.ravel(), y.ravel())
    return gpd.GeoDataFrame({"households": 1}, index=range(len(points)), geometry=points, crs="EPSG:4545")


def heir(old: tuple[int, int], new: tuple[int, int]) -> bool:
    """Tell whether one run continues another: it holds more than half of both. The slow oracle of identity."""
    shared = max(0, min(old[1], new[1]) - max(old[0], new[0]))
    return Fraction(shared, old[1] - old[0]) > Fraction(1, 2) < Fraction(shared, new[1] - new[0])


def coded(frame: gpd.GeoDataFrame) -> list[tuple[int, tuple[int, int], str]]:
    """Return level, run and code of each grid."""
    ends = [(round(x0 / 10), round(x1 / 10)) for x0, _, x1, _ in frame.geometry.bounds.to_numpy().tolist()]
    return list(zip(frame["level"].tolist(), ends, frame["code"], strict=True))


PLANS = st.lists(
    st.tuples(st.sampled_from(COMMUNITIES), st.lists(st.integers(1, HOUSES - 1), max_size=4).map(tuple), st.booleans()),
    min_size=1,
    max_size=7,
)


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda s: s.name)
@settings(max_examples=40, deadline=None)
@given(plans=PLANS)
def test_whatever_is_filed_or_withdrawn_codes_stay_with_their_grids_and_are_never_issued_again(
    scheme: Scheme, plans: list[tuple[str, Cuts, bool]]
) -> None:
    ever: list[str] = []
    in_force: dict[str, gpd.GeoDataFrame] = {}
    for community, cuts, filed in plans:
        new, old = grids(community, cuts), in_force.get(community)
        if old is not None:
            found = identify(old.assign(id=old["code"]), new.assign(id=new["local_id"]), homes())
            new["previous"] = new["local_id"].map(found.continues)
        new["code"] = encode_plan(new, scheme, ever)["code"]
        for level, run, code in coded(new):
            before_it = [] if old is None else [c for n, r, c in coded(old) if n == level and heir(r, run)]
            whole = level == scheme.whole_level  # its code is the community's own
            assert [code] == before_it if before_it else whole or code not in ever
        assert new["code"].is_unique
        ever = sorted({*ever, *new["code"]})  # issued at submission, whether the plan is filed or withdrawn
        if filed:
            in_force[community] = new
