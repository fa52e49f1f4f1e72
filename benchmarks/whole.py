"""A whole area divided and verified as a user would: what the verifier finds, and what the plan says of the bands."""

from __future__ import annotations

from typing import Any

from benchmarks.case import cpu_s
from gridgis.checks import verify
from gridgis.model import Community, DivisionPlan, DivisionRules
from gridgis.partition import divide

FLAGGED = ("single_building", "no_households", "band_impossible", "band_unmet", "crosses_strong", "compound_split")


def divide_whole(community: Community, rules: DivisionRules, seed: int = 0) -> dict[str, Any]:
    """Divide a community and verify the plan.

    Returns
    -------
    dict
        Grids and flags by level, violations (each a broken hard rule), exceptions that the verifier confirmed, CPU-s.
    """
    start = cpu_s()
    plan = divide(community, rules, seed)
    divided = cpu_s()
    report = verify(plan, community, rules)
    done = cpu_s()
    kept = int(plan.grids.query("level == 1")["households"].sum())
    return {
        **flags_by_level(plan),
        "households kept": f"{kept / int(community.buildings['households'].sum()):.2%}",
        "violations": len(report.violations),
        "broken rules": ", ".join(sorted(set(report.violations["rule"]))),
        "confirmed exceptions": len(report.exceptions),
        "divide CPU-s": round(divided - start, 1),
        "verify CPU-s": round(done - divided, 1),
    }


def flags_by_level(plan: DivisionPlan) -> dict[str, Any]:
    """Count the grids of levels 2 and 3, and how many of them carry each flag."""
    out: dict[str, Any] = {}
    for level in (2, 3):
        grids = plan.grids[plan.grids["level"] == level]
        flags = grids["flags"].str.split(",").explode()
        out[f"level {level}"] = len(grids)
        for flag in FLAGGED:
            if number := int((flags == flag).sum()):
                out[f"{flag} {level}"] = number
    return out
