from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgis.errors import Conflict
from gridgis.ledger.changes import COMPARED, apply, diff

_text = st.one_of(st.none(), st.sampled_from(["", "甲", "乙"]))
_shape = st.integers(1, 4).map(lambda n: shapely.MultiPolygon([shapely.box(0, 0, n, 1)]))
_row = st.fixed_dictionaries(
    {"level": st.one_of(st.none(), st.integers(1, 3)), "households": st.one_of(st.none(), st.integers(0, 5)),
     "geometry": _shape, **{c: _text for c in COMPARED if c not in ("level", "households", "geometry")}}
)  # fmt: skip
_state = st.dictionaries(st.sampled_from("1234"), _row)
"""Few codes, so that grids are retired and come back."""


def grids(rows: dict[str, dict[str, Any]]) -> gpd.GeoDataFrame:
    table = pd.DataFrame([{"code": c, **rows[c]} for c in sorted(rows)], columns=["code", *COMPARED]).astype(object)
    table["level"], table["households"] = table["level"].astype("Int64"), table["households"].astype("Int64")
    return gpd.GeoDataFrame(table, geometry="geometry", crs="EPSG:4490")


@settings(deadline=None)
@given(_state, _state)
def test_the_difference_applied_to_the_one_gives_the_other(a: dict[str, Any], b: dict[str, Any]) -> None:
    old, new = grids(a), grids(b)
    assert diff(apply(diff(old, new), old), new).table().empty


@settings(deadline=None)
@given(_state)
def test_nothing_differs_from_itself(a: dict[str, Any]) -> None:
    assert diff(grids(a), grids(a)).before == {}


@settings(deadline=None)
@given(_state, _state, _state)
def test_differences_one_after_the_other_lead_to_the_last(
    a: dict[str, Any], b: dict[str, Any], c: dict[str, Any]
) -> None:
    first, second, third = grids(a), grids(b), grids(c)
    there = apply(diff(second, third), apply(diff(first, second), first))
    assert diff(there, third).table().empty


SAME = dict.fromkeys(COMPARED) | {"geometry": shapely.box(0, 0, 1, 1)}


@pytest.mark.parametrize(("old", "new"), [(None, ""), ("", None), (None, "甲"), ("甲", None)])
def test_null_and_a_value_differ_both_ways(old: str | None, new: str | None) -> None:
    table = diff(grids({"1": SAME | {"name": old}}), grids({"1": SAME | {"name": new}})).table()
    assert table[["change", "fields"]].to_numpy().tolist() == [["changed", "name"]]


def test_what_was_not_compared_is_not_changed() -> None:
    changes = diff(grids({"1": SAME | {"name": "甲"}}), grids({}))
    with pytest.raises(Conflict, match="1"):
        apply(changes, grids({"1": SAME | {"name": "乙"}}))
