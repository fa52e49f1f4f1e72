"""Atoms: what they prove, and what a planner cannot make them prove."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import geopandas as gpd
import pytest
import shapely

from gridgis.checks import proofs
from gridgis.checks.regroup import regroup
from gridgis.errors import InvalidInput
from gridgis.geometry.crs import to_stored
from gridgis.model import Band, VerifyReport
from tests.checks.plans import CODE, RULES, Made, atoms, box, broken, line, make, short

RULES_3 = replace(RULES, level2=Band(1, 10_000))
"""Only level 3 (30-50) is judged."""

ROW = "a1 a1 a2 a2"
STUCK, FREE = (28, 28, 10, 10), (28, 10, 10, 28)
"""Households of a row of four: both could be packed as 38 + 38, but only FREE side by side."""


def plan(counts: tuple[int, ...], text: str = ROW, **options: object) -> Made:
    count: dict[tuple[int, int], int | None] = {(c, 0): n for c, n in enumerate(counts)}
    count |= {(c, 1): 0 for c in range(len(counts))}
    return make(text, count, rules=RULES_3, **options)  # type: ignore[arg-type]


def band_3(report: VerifyReport) -> list[str]:
    rows = report.violations[report.violations["rule"] == "band-3"]
    return [g.rsplit("-", 1)[1] for g in rows["grid"]]


def test_without_atoms_a_shape_that_allows_no_grouping_is_not_excused() -> None:
    assert band_3(plan(STUCK).verify()) == ["a1", "a2"]


def test_with_atoms_it_is_proven_and_excused() -> None:
    report = plan(STUCK).verify(atoms=atoms(ROW))
    assert report.ok
    assert all("no contiguous grouping (proven)" in why for why in report.exceptions["why"])


def test_stored_atoms_prove_the_same() -> None:
    assert plan(STUCK).verify(atoms=to_stored(atoms(ROW))).ok


def test_where_a_grouping_exists_it_is_shown() -> None:
    report = plan(FREE, "a1 a2 a2 a2").verify(atoms=atoms("a1 a2 a2 a2"))
    assert band_3(report) == ["a1"]
    assert f"38: {CODE}-0-0 {CODE}-1-0; 38: {CODE}-2-0 {CODE}-3-0" in report.violations["why"].iloc[0]


def test_at_the_limit_of_steps_nothing_is_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proofs, "regroup", partial(regroup, effort=0.0))
    monkeypatch.setattr(proofs, "narrowed", lambda net, _: net)
    report = plan(STUCK).verify(atoms=atoms(ROW))
    assert band_3(report) == ["a1", "a2"]
    assert "within the limit of steps" in report.violations["why"].iloc[0]


def test_empty_ground_beside_them_may_connect_buildings() -> None:
    text = "a1 a1 a2 a2\na1 a1 a2 a2"
    assert band_3(plan(STUCK, text).verify(atoms=atoms(text))) == ["a1", "a2"]


RIVER = {"klass": "river", "geometry": box(0, 1, 4, 1)}


def test_river_water_beside_them_does_not() -> None:
    text = "a1 a1 a2 a2\na1 a1 a2 a2"
    assert band_3(plan(STUCK, text, barriers=[RIVER]).verify(atoms=atoms(text))) == []


def test_water_beside_a_bridge_does() -> None:
    text = "a1 a1 a2 a2\na1 a1 a2 a2"
    roads = [{"klass": "tertiary", "geometry": line((c + 0.2, 0.5), (c + 0.2, 3))} for c in range(4)]
    report = plan(STUCK, text, barriers=[RIVER, *roads]).verify(atoms=atoms(text))
    assert band_3(report) == ["a1", "a2"]


def test_a_whole_compound_is_one_unit() -> None:
    estate = [{"id": "E", "geometry": box(1, 0, 2, 1)}]
    text = "a1 a2 a2 a2"
    report = plan((28, 20, 18, 10), text, compounds=estate).verify(atoms=atoms(text))
    assert "no contiguous grouping (proven)" in report.exceptions["why"].iloc[0]


# ------------------------------------------------------------------------------------------------------------ fakes


def test_coarse_atoms_do_not_hide_that_their_buildings_could_be_parted() -> None:
    text = "a1 a2 a2 a2"
    coarse = atoms(text).dissolve("local_id", as_index=False)
    report = plan(FREE, text).verify(atoms=coarse)
    assert ("atoms" in broken(report), band_3(report)) == (False, ["a1"])


def test_dry_ground_called_water_connects_all_the_same() -> None:
    text = "a1 a1 a2 a2\na1 a1 a2 a2"
    report = plan(STUCK, text).verify(atoms=atoms(text).assign(water=True))
    assert band_3(report) == ["a1", "a2"]


def _moved(a: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    xy = a.geometry.to_numpy().copy()
    xy[1] = shapely.transform(xy[1], lambda p: p + [[0, 0.001]] * len(p))
    return a.set_geometry(gpd.GeoSeries(xy, crs=a.crs))


def _more_vertices(a: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return a.set_geometry(shapely.segmentize(a.geometry, 50.0))


FAKES: dict[str, Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame]] = {
    "an atom is missing": lambda a: a.iloc[1:],
    "an atom comes twice": lambda a: a.iloc[[0, 0, 1, 2, 3]],
    "an atom is moved by a millimetre": _moved,
    "an atom names another grid": lambda a: a.assign(local_id=[short("a2"), *a["local_id"][1:]]),
    "an atom names no grid": lambda a: a.assign(local_id=[None, *a["local_id"][1:]]),
    "an atom names a grid with children": lambda a: a.assign(local_id=[short("a"), *a["local_id"][1:]]),
    "an atom is empty": lambda a: a.set_geometry([shapely.Polygon(), *a.geometry[1:]], crs=a.crs),
    "the atoms have vertices that the grids have not": _more_vertices,
    "there are no atoms": lambda a: a.iloc[:0],
}


@pytest.mark.parametrize("fake", FAKES)
def test_unsound_atoms_are_reported_and_prove_nothing(fake: str) -> None:
    report = plan(STUCK).verify(atoms=FAKES[fake](atoms(ROW)))
    assert broken(report) == {"atoms", "band-3"}


@pytest.mark.parametrize("column", ["atom", "local_id", "water"])
def test_atoms_without_a_column_are_refused(column: str) -> None:
    with pytest.raises(InvalidInput, match=column):
        plan(STUCK).verify(atoms=atoms(ROW).drop(columns=column))


def test_atoms_without_crs_are_refused() -> None:
    with pytest.raises(InvalidInput, match="CRS"):
        plan(STUCK).verify(atoms=atoms(ROW).set_crs(None, allow_override=True))
