"""Certificates of a division: how far above the cheapest possible level 2 of each region is, at most, proven.

A region is cut alone, so it is certified alone. What is proven is the price that `exact` minimises:
border, unevenness and pairs across STRONG barriers; compactness is left out, so a plan whose grids are rounder may pay
a little for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from gridgis.errors import InvalidInput
from gridgis.geometry.arrays import Ints
from gridgis.geometry.coverage import Row, report_row
from gridgis.model import Band, DivisionRules
from gridgis.partition.exact.polish import holds, polish
from gridgis.partition.exact.race import TOLERANCE
from gridgis.partition.graph import Contacts
from gridgis.partition.levels import contract, part_options
from gridgis.partition.problem import Problem
from gridgis.partition.regions.pieces import Region
from gridgis.partition.search.solve import appraised

MOST_BLOCKS = 120
"""Blocks (nodes that stay whole) of a region that is certified; larger ones are said not to be."""
KNOWN = ("optimal", "bounded", "impossible", "single")
"""What a region must be for its households to count as certified."""


@dataclass(frozen=True)
class Proof:
    """What is proven of one region, as plain data.

    Parameters
    ----------
    blocks, households
        Of the region: what stays whole is one block.
    status
        "optimal" | "bounded" (there may be something cheaper, by ``gap`` at most) | "impossible" (no division within
        the band) | "single" (a building that is a grid by rule, or ground without households: nothing to choose) |
        "unknown" (the effort was too little, or a grid of the plan is outside the band) | "too many blocks".
    bound
        No division within the band is cheaper; None: unknown, or there is none.
    first, grids
        The first of the region's level-2 labels, and how many there are.
    objective
        Price of the division: metres of border by class, unevenness, pairs across STRONG barriers; None where a grid
        is outside the band.
    gap
        (objective - bound) / objective, None where one is unknown.
    """

    blocks: int
    households: int
    status: str
    bound: float | None = None
    first: int = 0
    grids: int = 0
    objective: float | None = None
    gap: float | None = None


def need_effort(certify: float | None, again: bool) -> None:
    """Refuse an effort that is none; ``again``: the division continues an earlier one.

    Raises
    ------
    InvalidInput
        Names the value and the way out.
    """
    if certify is None:
        return
    if isinstance(certify, bool) or not np.isfinite(certify) or certify <= 0:
        raise InvalidInput(
            f"证明的工作量 {certify} 不对：须为正数（每个片区约多少秒），不证明则不给",
            f"certify {certify} is wrong: a positive number (seconds for each region, roughly), or None for none",
        )
    if again:
        raise InvalidInput(
            "重划尽量保留原网格，不以价格最低为目标，故无最优性证明；请去掉 certify 或原方案",
            "a re-division keeps what is there and does not seek the least price, so it is not certified: leave out "
            "certify, or the earlier plan",
        )


def prove(c: Contacts, region: Region, labels: Ints, rules: DivisionRules, effort: float) -> tuple[Ints, Proof]:
    """Look for the cheapest division of a region, and bound what any division costs.

    Parameters
    ----------
    c, region
        The ground of one region.
    labels
        (n,) its level-2 labels.
    effort
        As for `polish`.

    Returns
    -------
    tuple
        (n,) labels, cheaper ones only where they are not worse by the full price either; and the proof, without what
        hangs on the final labels (`judged`).
    """
    band = rules.level2
    problem, node = contract(c, band, rules)
    options = [k for k in part_options(region.households, band) if k <= problem.n]
    known = _at_once(problem, region, options, band)
    if known is not None:
        return labels, known
    at = np.empty(problem.n, dtype=np.int64)
    at[node] = labels
    if problem.n > MOST_BLOCKS:
        return labels, Proof(problem.n, region.households, "too many blocks")
    found = polish(problem, at, options, effort)
    before, after = appraised(problem, at), appraised(problem, found.labels)
    if after.worth < before.worth:
        labels = found.labels[node]
    bound = float(found.bound) if np.isfinite(found.bound) else None
    return labels, Proof(problem.n, region.households, found.status, bound)


def _at_once(problem: Problem, region: Region, options: Sequence[int], band: Band) -> Proof | None:
    """Return the proof where it needs no search, however many blocks: one grid, or no number of grids that fits."""
    if region.closed in ("building", "empty") or not region.households:
        return Proof(problem.n, region.households, "single")
    if not options or not band.can_hold(region.households):
        return Proof(problem.n, region.households, "impossible")
    if options != [1]:
        return None
    whole = np.zeros(problem.n, dtype=np.int64)
    if problem.clashes(whole):
        return Proof(problem.n, region.households, "impossible")
    return Proof(problem.n, region.households, "optimal", problem.exact_price(whole))


def judged(proof: Proof, c: Contacts, labels: Ints, rules: DivisionRules) -> Proof:
    """Return a proof with what the final labels (n,) of its region are worth."""
    problem, node = contract(c, rules.level2, rules)
    at = np.empty(problem.n, dtype=np.int64)
    at[node] = labels
    grids = int(labels.max(initial=-1)) + 1
    if not holds(problem, at, [grids]):
        status = "unknown" if proof.status in ("optimal", "bounded") else proof.status
        return replace(proof, grids=grids, status=status)
    objective = problem.exact_price(at)
    proof = replace(proof, grids=grids, objective=objective)
    if proof.bound is None:
        return proof
    above = objective - proof.bound
    exact = proof.status == "optimal" and above <= TOLERANCE * (1.0 + float(np.abs(problem.costs).sum()))
    gap = 0.0 if exact or above <= 0 else above / objective if objective > 0 else None
    return replace(proof, status="optimal" if exact else "bounded", gap=gap)


def certificates(names: Sequence[Sequence[str]], proofs: Sequence[Proof], effort: float) -> dict[str, Any]:
    """Return the certificates of a division as plain data.

    Parameters
    ----------
    names
        The local ids of the grids of each region.
    proofs
        One for each region.
    effort
        What was spent on a region at most.
    """
    listed = []
    for ids, proof in zip(names, proofs, strict=True):
        plain = asdict(proof)
        del plain["first"]
        listed.append({**plain, "grids": list(ids)})
    sure = [p for p in proofs if p.status in KNOWN]
    households, certified = sum(p.households for p in proofs), sum(p.households for p in sure)
    return {
        "effort": float(effort),
        "regions": len(proofs),
        "certified": len(sure),
        "optimal": sum(p.status in ("optimal", "single") for p in proofs),
        "impossible": sum(p.status == "impossible" for p in proofs),
        "largest_gap": max((p.gap for p in sure if p.gap is not None), default=None),
        "households": households,
        "households_certified": certified,
        "share_certified": certified / households if households else None,
        "list": listed,
    }


def certificate_rows(found: dict[str, Any]) -> list[Row]:
    """Return a report row for each region."""
    return [_row(one) for one in found["list"] if one["status"] != "single"]


def _row(one: dict[str, Any]) -> Row:
    ids, status = one["grids"], one["status"]
    subject = ids[0] if len(ids) == 1 else f"{ids[0]}..{ids[-1]}"
    what_zh = f"{one['blocks']} 个不可分的块、{one['households']} 户"
    what_en = f"{one['blocks']} blocks, {one['households']} households"
    zh, en = _verdict(one)
    measure = one["gap"] if one["gap"] is not None else one["blocks"]
    return report_row("info", "certify", subject, status, measure, f"{what_zh}：{zh}", f"{what_en}: {en}")


def _verdict(one: dict[str, Any]) -> tuple[str, str]:
    status, objective, bound = one["status"], one["objective"], one["bound"]
    if status == "optimal" and len(one["grids"]) == 1:
        return "只能成一个网格，别无选择", "one grid, there is no choice"
    if status == "optimal":
        return (
            f"价格 {objective:.0f}，已证明最优（边界、均衡与跨强障碍的户对，不计紧凑）",
            f"price {objective:.0f}, proven the least (border, balance, pairs across barriers; not compactness)",
        )
    if status == "bounded":
        gap = "–" if one["gap"] is None else f"{one['gap']:.1%}"
        return (
            f"价格 {objective:.0f}，任何方案不低于 {bound:.0f}（差距 {gap}）",
            f"price {objective:.0f}, no division costs less than {bound:.0f} (gap {gap})",
        )
    if status == "impossible":
        return "已证明无法全部划入户数带", "proven that no division is within the band"
    if status == "too many blocks":
        return f"超过 {MOST_BLOCKS} 块，未证明", f"more than {MOST_BLOCKS} blocks, not certified"
    if objective is None:
        return "有网格在户数带之外，无从比较价格", "a grid is outside the band, so there is no price to compare"
    return "工作量不足，未能证明", "not certified with this effort"
