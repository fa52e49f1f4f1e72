"""What a plan is like, in short: figures and a histogram of households by level, and the grids at fault with why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from gridgis.geometry.arrays import Bools, Ints
from gridgis.model import STRONG, Band, DivisionPlan

IN_BAND_BARS = 5
"""Bars of a histogram inside the band; one is below it, and two above."""
AT_FAULT = (
    "band_unmet", "band_impossible", "compound_split", "below_band", "enclave", "island", "crosses_strong",
)  # fmt: skip
"""Flags of grids that a planner should look at. A single building above the limit is a grid by rule: it is counted."""
REASONS = ("level2 band", "level3 band", "crosses strong barrier")
"""Rules of the report rows that give the reason for a fault."""


@dataclass(frozen=True)
class Bar:
    """Grids of ``first`` to ``last`` households, both included; None: no upper end."""

    first: int
    last: int | None
    grids: int
    in_band: bool


@dataclass(frozen=True)
class LevelSummary:
    """The grids of one level of all communities that have one band there.

    ``single_building`` are grids by rule and ``no_households`` empty ground: both lie outside the band figures, and
    ``out_of_band`` are all others outside it. ``border_m`` is the length of the borders between these grids inside
    their communities, ``strong_percent`` the share of it along STRONG barriers (None: no borders).
    """

    level: int
    band: tuple[int, int]
    communities: int
    grids: int
    in_band: int
    single_building: int
    no_households: int
    out_of_band: int
    minimum: int
    median: float
    maximum: int
    polsby_popper: float
    border_m: float
    strong_percent: float | None
    histogram: tuple[Bar, ...]


@dataclass(frozen=True)
class Fault:
    """A grid outside its band, or on both sides of a STRONG barrier, with the reasons in Chinese and English."""

    local_id: str
    name: str
    level: int
    households: int
    flags: tuple[str, ...]
    reasons: tuple[tuple[str, str], ...]


def summarise(plan: DivisionPlan) -> list[LevelSummary]:
    """Return the figures of each divided level, for each band that communities have there."""
    groups: dict[tuple[int, Band], list[str]] = {}
    for code, rules in sorted(plan.rules.items()):
        for level, band in ((2, rules.level2), (3, rules.level3)):
            if level >= rules.first_level:
                groups.setdefault((level, band), []).append(code)
    found = sorted(groups.items(), key=lambda group: (group[0][0], -group[0][1].lower, group[1][0]))
    rows = [_summary(plan, level, band, codes) for (level, band), codes in found]
    return [row for row in rows if row.grids]


def to_plain(rows: Iterable[LevelSummary | Fault]) -> list[dict[str, object]]:
    """Return summaries or faults as plain data, for JSON."""
    return [asdict(row) for row in rows]


def faults(plan: DivisionPlan) -> list[Fault]:
    """Return the grids at fault in the order of the plan, level 2 first."""
    rows = plan.report.rows
    told = rows[(rows["stage"] == "divide") & rows["rule"].isin(REASONS)]
    reasons: dict[str, list[tuple[str, str]]] = {}
    for subject, zh, en in told[["subject", "zh", "en"]].itertuples(index=False):
        reasons.setdefault(str(subject), []).append((str(zh), str(en)))
    out = []
    for row in pd.DataFrame(plan.grids[plan.grids["flags"].fillna("") != ""]).to_dict("records"):
        flags = tuple(flag for flag in str(row["flags"]).split(",") if flag in AT_FAULT)
        if flags and not pd.isna(row["level"]):
            name, households = str(row["name"]), int(row["households"])
            why = tuple(reasons.get(str(row["local_id"]), ()))
            out.append(Fault(str(row["local_id"]), name, int(row["level"]), households, flags, why))
    return sorted(out, key=lambda fault: fault.level)


def histogram(households: Ints, band: Band) -> tuple[Bar, ...]:
    """Count grids by households: one bar below the band, IN_BAND_BARS inside it, two above.

    Examples
    --------
    >>> for bar in histogram(np.array([12, 30, 34, 50, 51, 128]), Band(30, 50)):
    ...     print(bar.first, bar.last, bar.grids, bar.in_band)
    1 29 1 False
    30 34 2 True
    35 38 0 True
    39 42 0 True
    43 46 0 True
    47 50 1 True
    51 100 1 False
    101 None 1 False
    """
    inside = [part for part in np.array_split(np.arange(band.lower, band.upper + 1), IN_BAND_BARS) if len(part)]
    ends: list[tuple[int, int | None, bool]] = [(int(part[0]), int(part[-1]), True) for part in inside]
    ends = [
        (1, band.lower - 1, False),
        *ends,
        (band.upper + 1, 2 * band.upper, False),
        (2 * band.upper + 1, None, False),
    ]
    return tuple(
        Bar(first, last, int(((households >= first) & (households <= (np.inf if last is None else last))).sum()), good)
        for first, last, good in ends
        if last is None or last >= first
    )


def _summary(plan: DivisionPlan, level: int, band: Band, codes: list[str]) -> LevelSummary:
    levels = pd.to_numeric(plan.grids["level"], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    grids = plan.grids[plan.grids["community"].isin(codes).to_numpy() & (levels == level)]
    held = grids["households"].to_numpy(dtype=np.int64)
    single = np.array(["single_building" in str(f).split(",") for f in grids["flags"]], dtype=np.bool_)
    inside: Bools = (held >= band.lower) & (held <= band.upper)
    outside = ~inside & ~single
    round_ = 4 * np.pi * grids.area.to_numpy() / grids.length.to_numpy() ** 2
    border_m, strong_m = _borders(plan.borders, level, codes)
    return LevelSummary(
        level, (band.lower, band.upper), len(codes), len(grids), int(inside.sum()), int((single & ~inside).sum()),
        int((outside & (held == 0)).sum()), int((outside & (held > 0)).sum()),
        int(held.min()) if len(held) else 0, float(np.median(held)) if len(held) else 0.0,
        int(held.max(initial=0)), round(float(round_.mean()), 3) if len(grids) else 0.0, round(border_m, 1),
        round(100 * strong_m / border_m, 1) if border_m else None, histogram(held[held > 0], band),
    )  # fmt: skip


def _borders(borders: pd.DataFrame, level: int, codes: list[str]) -> tuple[float, float]:
    """Return the metres of border between grids of a level inside one of some communities, and those along STRONG."""
    left, right = (borders[side].fillna("").astype(str).str.slice(0, 12) for side in ("left", "right"))
    here = borders[(left == right) & left.isin(codes) & borders["level"].between(2, level)]
    return float(here["length_m"].sum()), float(here["length_m"][here["klass"].isin(STRONG)].sum())


def by_grid(found: Iterable[Fault]) -> Mapping[str, Fault]:
    """Return faults by the local id of their grid."""
    return {fault.local_id: fault for fault in found}
