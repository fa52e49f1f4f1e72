"""What keeps a grid out of its band, proven: something that stays whole and fits nowhere, or its whole region."""

from __future__ import annotations

import numpy as np

from gridgis.geometry.arrays import Ints
from gridgis.model import Band, DivisionRules
from gridgis.partition.exact.groupings import can_group
from gridgis.partition.graph import Contacts
from gridgis.partition.levels import contract
from gridgis.partition.problem import Problem
from gridgis.partition.search.stuck import shortfall, touching


def proven_cause(c: Contacts, members: Ints, band: Band, rules: DivisionRules) -> tuple[str, str] | None:
    """Tell why a grid cannot lie in the band, in Chinese and English; None: it is not proven that it cannot.

    Parameters
    ----------
    c
        The ground of the grid's region: no grid leaves it.
    members
        Positions of the grid's atoms in it.
    band, rules
        Of the level. Estates up to the upper limit, and what pins join, stay whole.
    """
    problem, node = contract(c, band, rules)
    inside = np.unique(node[members])
    short = shortfall(problem, inside)
    if short.any():
        v = int(np.argmax(short))
        return _stuck(problem, v, *_thing(c, np.flatnonzero(node == v)))
    if can_group(problem, rules.exact_effort) is False:
        return (
            "楼栋、小区各自完整时，这一片的任何连续组合都不能全部划入户数带（已用精确算法证明）",
            "no grouping of its region into contiguous grids, buildings and estates whole, is within the band (proven "
            "by an exact search)",
        )
    return None


def _thing(c: Contacts, atoms: Ints) -> tuple[str, str]:
    """Name what stays whole."""
    if len(np.unique(c.compound[atoms])) == 1 and c.compound[atoms[0]] >= 0:
        return "小区", "an estate"
    if int(c.biggest[atoms].max()) == int(c.households[atoms].sum()):
        return "楼栋", "a building"
    if len(atoms) == 1:
        return "相互叠压的楼栋", "a group of buildings over one another"
    return "不可分的地块", "ground that stays whole, with its buildings,"


def _stuck(problem: Problem, v: int, zh: str, en: str) -> tuple[str, str]:
    """Tell why a node is in no connected set within the bounds."""
    weight, near = int(problem.weights[v]), problem.weights[touching(problem, v)]
    if weight > problem.upper:
        why_zh, why_en = f"{weight} 户，超过上限", f"of {weight} households, above the limit"
    elif not len(near):
        why_zh, why_en = f"仅 {weight} 户，四周再无住户", f"of {weight} households has no others around it"
    elif weight + int(near.min()) > problem.upper:
        room = problem.upper - weight
        why_zh = f"{weight} 户，相邻的楼栋或小区各自都多于 {room} 户"
        why_en = f"of {weight} households, whose neighbours (buildings or estates) are all above {room}"
    else:
        why_zh = f"{weight} 户，与相邻的楼栋、小区怎样组合都不在带内"
        why_en = f"of {weight} households, which no combination with those around it brings into the band"
    return f"其中{zh} {why_zh}（已证明）", f"it has {en} {why_en} (proven)"
