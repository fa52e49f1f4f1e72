"""Use cases of a division: a town or own files to a plan, the figures of a plan, and the check of a plan file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from gridgis.checks import verify
from gridgis.errors import InvalidInput, NotFound
from gridgis.geometry.crs import STORED_CRS, to_stored
from gridgis.io.notes import join_notes
from gridgis.io.plan_file import (
    read_communities,
    read_plan,
    read_plan_pins,
    read_stored_atoms,
    read_stored_borders,
    read_stored_grids,
)
from gridgis.io.town import Town, read_town
from gridgis.model import (
    STRONG,
    Community,
    DivisionPlan,
    DivisionRules,
    Pin,
    PlanReport,
    Progress,
    VerifyReport,
    no_progress,
)
from gridgis.partition import divide
from gridgis.registry import Registry
from gridgis.service.changes import Changes, find_changes, with_changes
from gridgis.service.merged import with_merged
from gridgis.service.plans import communities_on_base

EXCEPTED = (
    "single_building", "no_households", "enclave", "island", "below_band", "compound_split", "band_impossible", "given",
)  # fmt: skip
"""Flags of grids that need not, or provably cannot, lie in the band (SEMANTICS 9-12)."""


@dataclass(frozen=True)
class Division:
    """A plan with the communities that it was made of (as ``write_plan`` stores them beside it)."""

    plan: DivisionPlan
    communities: tuple[Community, ...]
    changes: Changes | None = None
    """What moved, where earlier grids were given."""


def divide_town(
    town: Town,
    rules: str | DivisionRules | None = None,
    seed: int = 0,
    progress: Progress = no_progress,
    only: Sequence[str] = (),
    previous: DivisionPlan | Registry | None = None,
    pins: Sequence[Pin] = (),
    certify: float | None = None,
    processes: int = 1,
) -> Division:
    """Divide the communities of a town.

    Parameters
    ----------
    town
        The checked layers.
    rules
        One profile for all: a DivisionRules, the name of a shipped one, or a TOML file; None: chosen by each code.
    seed
        Of the search; one seed gives one plan.
    progress
        Called with (stage, done, total).
    only
        Codes of the communities to divide; empty: all. Those that a registry has merged are divided as one.
    previous
        An earlier plan, or a registry with its grids in force: its base boundaries and work CRS are kept, so that the
        new grids fit the old ones of the neighbours vertex by vertex, and grids that continue an old one name it, by
        its local id, or by its code in the registry.
    pins
        What the planner has decided (docs/pins.md): obeyed, or refused.
    certify
        Prove how good level 2 is, with so much effort (roughly seconds) for each region; not with ``previous``.
    processes
        How many processes share the search; the plan does not depend on it.

    Returns
    -------
    Division
        The plan's report begins with the notes of the reading.

    Raises
    ------
    InvalidInput, NotFound
        A code of ``only`` is not in the town or in what it was divided into before, there is no such profile, or the
        engine refuses the input.
    """
    seen = with_merged(town, previous, only) if isinstance(previous, Registry) else town
    communities = pick(seen.to_communities(), only)
    found = load_rules(rules) if isinstance(rules, str) else rules
    grids, work_crs = None, None
    if previous is not None:
        communities, grids, work_crs = _on_base(communities, previous)
    plan = divide(
        communities, found, seed, grids, pins=pins, work_crs=work_crs, processes=processes, progress=progress,
        certify=certify,
    )  # fmt: skip
    changes = None if previous is None or grids is None else find_changes(grids, plan)
    plan = plan if changes is None else with_changes(plan, changes)
    rows = join_notes(town.notes, plan.report.rows)
    plan = replace(plan, report=PlanReport(rows, plan.report.figures))
    return Division(plan, tuple(communities), changes)


def pick(communities: Sequence[Community], only: Sequence[str]) -> list[Community]:
    """Return the communities of these codes, in the order of the town; no codes: all.

    Raises
    ------
    NotFound
        Names the codes that are not there and those that are.
    """
    there = [c.code for c in communities]
    if missing := [code for code in only if code not in there]:
        raise NotFound(
            f"没有社区 {'、'.join(missing)}；现有：{'、'.join(there)}",
            f"no community {', '.join(missing)}; there are {', '.join(there)}",
            missing=missing,
        )
    return [c for c in communities if not only or c.code in only]


def _on_base(
    communities: Sequence[Community], previous: DivisionPlan | Registry
) -> tuple[list[Community], DivisionPlan | gpd.GeoDataFrame | None, str]:
    """Return the communities on the base noded before, the earlier plan or grids (None: none), and the work CRS."""
    if isinstance(previous, DivisionPlan):
        return [_on_plan(c, previous) for c in communities], previous, str(previous.grids.crs)
    placed, grids = communities_on_base(previous, communities), previous.grids()
    grids = grids[grids["community"].isin([c.code for c in placed])]
    return placed, None if grids.empty else grids, previous.work_crs


def _on_plan(community: Community, previous: DivisionPlan) -> Community:
    """Return the community with the boundary that an earlier plan has noded."""
    base = previous.base[previous.base["code"] == community.code]
    if base.empty:
        raise NotFound(
            f"原方案中没有社区 {community.code}；现有：{'、'.join(previous.base['code'])}",
            f"the earlier plan has no community {community.code}; it has {', '.join(previous.base['code'])}",
            code=community.code,
        )
    return replace(community, boundary=to_stored(base).geometry.iloc[0], crs=STORED_CRS)


def load_rules(name: str) -> DivisionRules:
    """Load a shipped profile by its name, or a file where the name ends in .toml."""
    return DivisionRules.from_toml(name) if name.endswith(".toml") else DivisionRules.load(name)


def plan_figures(plan: DivisionPlan) -> list[dict[str, Any]]:
    """Summarise a plan: one row for each community and level, and one for its dedicated grids.

    Returns
    -------
    list of dict
        community, name, level (1, 2, 3, "dedicated"), grids, in_band, excepted (grids that by rule need not lie in the
        band), households, min, median, max (households of a grid), strong_percent (share of the length of borders
        inside the community that runs along strong barriers; None where there are no borders).
    """
    names = dict(zip(plan.base["code"], plan.base["name"], strict=True))
    rows = []
    for code, grids in plan.grids.groupby("community", sort=True):
        for level in (1, 2, 3):
            part = grids[grids["level"] == level]
            rows.append(_figures_row(plan, str(code), level, part) | {"name": names.get(code, "")})
        special = grids[grids["kind"] == "dedicated"]
        rows.append(_figures_row(plan, str(code), "dedicated", special) | {"name": names.get(code, "")})
    return [row for row in rows if row["grids"]]


def _figures_row(plan: DivisionPlan, code: str, level: int | str, grids: pd.DataFrame) -> dict[str, Any]:
    rules = plan.rules[code]
    judged = isinstance(level, int) and level >= rules.first_level
    band = {2: rules.level2, 3: rules.level3}[int(level)] if judged else None
    held = [int(h) for h in grids["households"]]
    inside = [h in band for h in held] if band else []
    free = [bool(set(str(f).split(",")) & set(EXCEPTED)) for f in grids["flags"]]
    return {
        "community": code,
        "level": level,
        "grids": len(grids),
        "in_band": sum(inside) if band else None,
        "excepted": sum(f and not i for f, i in zip(free, inside, strict=True)) if band else None,
        "households": sum(held),
        "min": min(held, default=0),
        "median": float(pd.Series(held, dtype=float).median()) if held else 0.0,
        "max": max(held, default=0),
        "strong_percent": _strong_percent(plan.borders, code, int(level)) if judged else None,
    }


def _strong_percent(borders: pd.DataFrame, code: str, level: int) -> float | None:
    """Share of the borders between grids of a level inside one community that runs along strong barriers, percent.

    A border of the plan lies between finest grids and names the highest level that it parts, 1 for communities.
    """
    sides = [borders[side].astype(str).str.startswith(f"{code}-") for side in ("left", "right")]
    here = borders[sides[0] & sides[1] & borders["level"].between(2, level)]
    total = float(here["length_m"].sum())
    return round(100 * float(here["length_m"][here["klass"].isin(STRONG)].sum()) / total, 1) if total else None


def verify_file(path: str | Path, town: str | Path | None = None, progress: Progress = no_progress) -> VerifyReport:
    """Verify a plan file on its stored coordinates, against the input that it holds or against a town.

    Parameters
    ----------
    path
        A plan file.
    town
        A town folder to verify against instead: its boundaries and layers, read anew.
    progress
        Called with (stage, done, total).

    Raises
    ------
    InvalidInput
        No plan file, one without its input, or a community that the town does not have.
    """
    grids, atoms, rules = read_stored_grids(path), read_stored_atoms(path), read_plan(path).rules
    communities = read_communities(path) if town is None else _of_town(read_town(town), rules)
    borders, pins = read_stored_borders(path), read_plan_pins(Path(path))
    return verify(grids, communities, rules, atoms=atoms, pins=pins, borders=borders, progress=progress)


def _of_town(town: Town, rules: Mapping[str, DivisionRules]) -> list[Community]:
    try:
        return pick(town.to_communities(), list(rules))
    except NotFound as e:
        raise InvalidInput(f"方案与城镇数据不符：{e.zh}", f"plan and town do not match: {e.en}", **e.fields) from e
