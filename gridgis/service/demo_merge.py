"""The demo's second revision: two small grids are merged a day later, and asked for on both days."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from gridgis.dispatch.days import day_of
from gridgis.errors import NotFound
from gridgis.geometry.crs import to_stored
from gridgis.model import DivisionPlan
from gridgis.partition import plan_from_atoms
from gridgis.registry import Registry


@dataclass(frozen=True)
class Merge:
    """What the second revision changed.

    ``lineage``: old, new, households_share, area_share, relation; ``report`` the rows of the filing; ``lon``, ``lat`` a
    point; ``answers`` what was told of it: day, revision, code, name, households.
    """

    revision: int
    lineage: list[dict[str, Any]]
    report: list[dict[str, Any]]
    lon: float
    lat: float
    answers: list[dict[str, Any]]


def merge_and_file(path: Path, plan: DivisionPlan, clock: Callable[[], datetime]) -> Merge:
    """Merge the two smallest neighbours of a plan in force since yesterday, file that, and ask for both days."""
    first, second = smallest_neighbours(plan)
    named = plan.grids.set_index("local_id")
    community = str(named.loc[first, "community"])
    alone = of_community(plan, community)
    atoms = alone.atoms.assign(local_id=alone.atoms["local_id"].replace(second, first))
    spot = to_stored(named.loc[[second]]).geometry.iloc[0].representative_point()
    lon, lat = round(spot.x, 7), round(spot.y, 7)
    today = clock()
    with Registry.open(path, clock) as registry:
        number = registry.plan_new(plan_from_atoms(alone, atoms), "合并两个小网格", "规划员 planner")
        registry.plan_submit(number, "街道办 street office", "户数过少 too few households")
        registry.plan_review(number, "区网格中心 grid centre")
        revision = registry.plan_file(number, "区网格中心 grid centre", "合并 merge")
        lineage = registry.lineage()
        changed = lineage[(lineage["revision"] == revision) & (lineage["relation"] != "continues")]
        report = [r for r in registry.plan(number)["report"] if r.get("stage") == "file"]
        answers = [_answer(registry, lon, lat, day_of(today - timedelta(days=d)).isoformat()) for d in (1, 0)]
    rows = [{str(k): v for k, v in row.items()} for row in changed.drop(columns="revision").to_dict("records")]
    return Merge(revision, rows, report, lon, lat, answers)


def _answer(registry: Registry, lon: float, lat: float, day: str) -> dict[str, Any]:
    hit = registry.locate(lon, lat, at=day)
    if hit.code is None:
        raise NotFound(f"{day} 该点不在任何网格内", f"on {day} the point was in no grid")
    versions = registry.history(hit.code)
    row = versions[versions["valid_from"] <= hit.revision].iloc[-1]
    told = {"code": hit.code, "name": row["name"], "households": int(row["households"])}
    return {"day": day, "revision": hit.revision, **told}


def smallest_neighbours(plan: DivisionPlan) -> tuple[str, str]:
    """Return two level-3 grids of one level-2 grid, side by side, with the fewest households; local ids."""
    grids = plan.grids[plan.grids["level"] == 3].set_index("local_id")
    sides = plan.borders[["left", "right"]]
    sides = sides[sides["left"].isin(grids.index) & sides["right"].isin(grids.index)]
    left, right = (grids.loc[sides[c]].reset_index() for c in ("left", "right"))
    both = pd.DataFrame(
        {"a": left["local_id"], "b": right["local_id"], "sum": left["households"] + right["households"]}
    )
    inside = both[(left["parent"] == right["parent"]) & (left["households"] > 0) & (right["households"] > 0)]
    row = inside.sort_values(["sum", "a", "b"]).iloc[0]
    return (row["a"], row["b"]) if row["a"] < row["b"] else (row["b"], row["a"])


def of_community(plan: DivisionPlan, code: str) -> DivisionPlan:
    """Return the part of a plan that is of one community."""
    grids, buildings, atoms = (f[f["community"] == code] for f in (plan.grids, plan.buildings, plan.atoms))
    ours = set(grids["local_id"])
    borders = plan.borders[plan.borders["left"].isin(ours) | plan.borders["right"].isin(ours)]
    base = plan.base[plan.base["code"] == code].reset_index(drop=True)
    return replace(
        plan, grids=grids.reset_index(drop=True), buildings=buildings.reset_index(drop=True),
        atoms=atoms.reset_index(drop=True), borders=borders.reset_index(drop=True), base=base,
        rules={code: plan.rules[code]},
    )  # fmt: skip
