"""What a re-division changed: the buildings that moved to another grid, and how few could have."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gridgis.geometry import match
from gridgis.geometry.arrays import Ints, points
from gridgis.geometry.coverage import report_row
from gridgis.geometry.crs import STORED_CRS, transform_xy
from gridgis.geometry.measure import representative_points
from gridgis.io.plan_file import check_output
from gridgis.io.steps import beside
from gridgis.model import Band, DivisionPlan, PlanReport
from gridgis.partition.continuity import earlier_grids, id_column

CHANGE_COLUMNS = (
    "community", "id", "name", "households", "old_level2", "new_level2", "old_level3", "new_level3",
)  # fmt: skip
"""Columns of the list: a building that moved, and its grids of the level at which it did ('' at the other)."""

Names = NDArray[np.object_]


@dataclass(frozen=True)
class Changes:
    """``moved``: CHANGE_COLUMNS, one row for each building that moved; ``figures`` by level.

    A building moved when its new grid does not continue the old one (SEMANTICS 13). The figures of a level: buildings
    and households moved; ``lower_bound`` the households that must move; ``lower_bound_whole`` the same when no
    building is divided; ``ratio`` of moved to lower_bound (None where nothing must move); ``kept``, ``new`` and
    ``gone`` grids.
    """

    moved: pd.DataFrame
    figures: dict[str, dict[str, Any]]
    previous: gpd.GeoDataFrame
    """The grids before, in the work CRS."""


def find_changes(previous: gpd.GeoDataFrame | DivisionPlan, plan: DivisionPlan) -> Changes:
    """Compare a plan with the grids that it was made from.

    Parameters
    ----------
    previous
        The earlier plan or grids that the plan names in ``grids.previous``.
    plan
        The new plan.
    """
    work = str(plan.grids.crs)
    old = earlier_grids(previous, work)
    spots = points(transform_xy(representative_points(plan.buildings, work), STORED_CRS, work))
    moved = pd.DataFrame(plan.buildings[["community", "id", "name", "households"]]).astype({"id": str})
    figures, away = {}, np.zeros(len(moved), dtype=bool)
    for level in (2, 3):
        before, after, heir = _grids_of_buildings(plan, old, spots, level)
        left = np.array([b is not None and heir.get(a) != b for b, a in zip(before, after, strict=True)], dtype=bool)
        moved[f"old_level{level}"] = np.where(left, before, "")
        moved[f"new_level{level}"] = np.where(left, after, "")
        figures[f"level{level}"] = _figures(plan, level, before, left, heir)
        away |= left
    return Changes(moved.loc[away, list(CHANGE_COLUMNS)].reset_index(drop=True), figures, old)


def with_changes(plan: DivisionPlan, changes: Changes) -> DivisionPlan:
    """Return the plan with the figures in its report, and a row that says what moved."""
    figures = {**plan.report.figures, "redivision": changes.figures}
    two, three = changes.figures["level2"], changes.figures["level3"]
    said = report_row(
        "info", "redivision", "", "moved", two["moved_households"],
        f"重划：二级移动 {two['moved_households']} 户（至少须 {two['lower_bound']} 户），"
        f"三级移动 {three['moved_households']} 户（至少须 {three['lower_bound']} 户）；其余住户的网格不变",
        f"re-division: {two['moved_households']} households moved at level 2 (at least {two['lower_bound']} must), "
        f"{three['moved_households']} at level 3 (at least {three['lower_bound']}); all others keep their grid",
    )  # fmt: skip
    rows = pd.concat([plan.report.rows, pd.DataFrame([said])], ignore_index=True)
    return replace(plan, report=PlanReport(rows, figures))


def _grids_of_buildings(
    plan: DivisionPlan, old: gpd.GeoDataFrame, spots: Any, level: int
) -> tuple[Names, Names, dict[str, str]]:
    """Return the earlier and the new grid of each building, and which earlier grid each new one continues.

    A carved dedicated grid counts as the building's grid of both levels.
    """
    shown = old["level"].astype("Float64").fillna(0).to_numpy() == level
    if "mode" in old.columns:
        shown |= (old["mode"] == "carve").to_numpy()
    cover = old[shown]
    at = match.holders(cover.geometry.to_numpy(), spots)
    names = [*cover[id_column(old)].astype(str), None]
    before = np.array([names[k] for k in at], dtype=object)
    own, carved = (plan.buildings[c].fillna("").astype(str) for c in (f"level{level}", "dedicated"))
    after = np.where(own == "", carved, own).astype(object)
    heirs = plan.grids[plan.grids["previous"].notna()]
    return before, after, dict(zip(heirs["local_id"].astype(str), heirs["previous"].astype(str), strict=True))


def _figures(plan: DivisionPlan, level: int, before: Names, left: Any, heir: dict[str, str]) -> dict[str, Any]:
    households = plan.buildings["households"].to_numpy(dtype=np.int64)
    grids = plan.grids[(plan.grids["level"] == level).fillna(False).to_numpy(dtype=bool)]
    band = {code: getattr(rules, f"level{level}") for code, rules in plan.rules.items()}
    sound = {
        heir[str(i)]: int(h) in band[str(c)]
        for i, h, c in zip(grids["local_id"], grids["households"], grids["community"], strict=True)
        if str(i) in heir
    }
    bounds = [
        _bounds(before[here], households[here], band[code], sound)
        for code in sorted(band)
        for here in [(plan.buildings["community"].astype(str) == code).to_numpy()]
    ]
    moved, least = int(households[left].sum()), sum(b for b, _ in bounds)
    kept = sum(str(i) in heir for i in grids["local_id"])
    return {
        "moved_buildings": int(left.sum()),
        "moved_households": moved,
        "lower_bound": least,
        "lower_bound_whole": sum(b for _, b in bounds),
        "ratio": round(moved / least, 2) if least else None,
        "kept": kept,
        "new": len(grids) - kept,
        "gone": len({b for b in before if b is not None} - set(heir.values())),
    }


def _bounds(before: Names, households: Ints, band: Band, sound: dict[str, bool]) -> tuple[int, int]:
    """Return how many households must at least move in a community, by the loads of its earlier grids today.

    From a grid above the band its excess must leave, into one below it its deficit must come, unless all of it leaves;
    a household that leaves one and comes into another counts once. A grid that is out of the band still (``sound``:
    False) could not be mended and is left out. The second number lets no building be divided.
    """
    out = out_whole = 0
    low: list[tuple[int, int]] = []
    for name in sorted({str(b) for b in before if b is not None}):
        mine = households[before == name]
        load = int(mine.sum())
        if load in band or not sound.get(name, True):
            continue
        if load > band.upper:
            out += load - band.upper
            out_whole += least_sum(mine.tolist(), load - band.upper)
        else:
            low.append((load, band.lower - load))
    return _cheapest(out, low), _cheapest(out_whole, low)


def _cheapest(out: int, low: list[tuple[int, int]]) -> int:
    """Return the least number of moves where some must leave, and each of the low grids dissolves or is filled up.

    Examples
    --------
    >>> _cheapest(0, [(12, 18), (20, 10)])  # the twelve fill up the other grid
    12
    """
    into = {out: 0}
    for load, lacking in low:
        then: dict[int, int] = {}
        for left, missing in into.items():
            for key, need in ((left + load, missing), (left, missing + lacking)):
                then[key] = min(need, then.get(key, need))
        into = then
    return min(max(left, missing) for left, missing in into.items())


def least_sum(numbers: list[int], least: int) -> int:
    """Return the smallest sum of some of the numbers that is not below the least.

    Examples
    --------
    >>> least_sum([36, 36, 5, 3], 7)
    8
    """
    sums = 1
    for n in numbers:
        sums |= sums << n
    above = sums >> least
    return least + (above & -above).bit_length() - 1


def write_changes(changes: Changes, path: str | Path) -> None:
    """Write the buildings that moved as CSV (UTF-8 with BOM, for Excel); never half-written.

    Raises
    ------
    InvalidInput
        The name does not end in .csv, or the file cannot be written.
    """
    path = Path(path)
    check_output(path, suffixes=(".csv",))
    with beside(path) as partial:
        changes.moved.to_csv(partial, index=False, encoding="utf-8-sig", lineterminator="\n")
