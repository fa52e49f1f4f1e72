"""Why a grid is outside its band: by rule, or because it is proven that no border could help; or it is not known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gridgis.geometry.arrays import Ints
from gridgis.model import Band, DivisionRules
from gridgis.partition.components import components
from gridgis.partition.exact.groupings import can_group
from gridgis.partition.exact.rooted import hemmed_in
from gridgis.partition.graph import Contacts
from gridgis.partition.levels import Cut, contract
from gridgis.partition.problem import Problem
from gridgis.partition.regions.crossing import lumps_fit
from gridgis.partition.search.stuck import shortfall, touching

BY_RULE = ("single_building", "no_households", "below_band")
"""Flags of grids that the rules allow outside the band."""


@dataclass(frozen=True)
class Cause:
    """A flag of the grid (`model.FLAGS`), and the cause in Chinese and English.

    It is certified, by rule or by proof, unless the flag is "band_unmet".
    """

    flag: str
    zh: str
    en: str

    @property
    def certified(self) -> bool:
        """True where the grid may or must be outside the band."""
        return self.flag != "band_unmet"


class Causes:
    """The causes of one parent's grids; what is found out about its ground is kept for the next grid."""

    def __init__(self, c: Contacts, cut: Cut, band: Band, rules: DivisionRules, first: bool) -> None:
        """Take the ground of a parent and its cut; ``first``: the largest level that dividing makes."""
        self.c, self.cut, self.band, self.rules, self.first = c, cut, band, rules, first
        self._known: dict[int, Ground] = {}

    @cached_property
    def _part(self) -> Ints:
        """(n,) the connected ground of each atom, barriers crossed; -1 for towers, water and large empty ground."""
        empty = np.array([r.closed == "empty" for r in self.cut.region_of], dtype=bool)[self.cut.labels]
        free = np.flatnonzero(~self.c.water & ~empty & (self.c.households <= self.band.upper))
        out = np.full(self.c.n, -1, dtype=np.int64)
        out[free] = components(len(free), self.c.take(free).pairs)
        return out

    def of(self, label: int) -> Cause:
        """Return the cause of a grid that is outside the band."""
        c, band = self.c, self.band
        members = np.flatnonzero(self.cut.labels == label)
        load, biggest = int(c.households[members].sum()), int(c.biggest[members].max(initial=0))
        if load == 0:
            return Cause("no_households", "没有住户的地块", "ground without households")
        if load == biggest and load > band.upper:
            return Cause(
                "single_building",
                f"单栋（或同一位置的几栋）{biggest} 户，单栋成格",
                f"one building (or several on the very same ground) of {biggest}, a grid by rule",
            )
        if self.first and (total := int(c.households.sum())) < band.lower:
            zh, en = f"社区仅 {total} 户，作一个网格", f"the community has {total} households: one grid"
            return Cause("below_band", zh, en)
        why = self._proven(members)
        if why is None:
            return Cause(
                "band_unmet",
                "搜索未找到满足户数带的划分（未证明不存在）",
                "the search found no division within the band (not proven impossible)",
            )
        split = self.cut.region_of[label].closed == "compound"
        return Cause("compound_split" if split else "band_impossible", *why)

    def _proven(self, members: Ints) -> tuple[str, str] | None:
        """Tell why a grid cannot be in the band wherever borders run; None: not proven."""
        c, band = self.c, self.band
        large = members[c.households[members] > band.upper]
        if len(large):
            n = int(c.households[large[0]])
            return f"其中楼栋相互叠压，共 {n} 户，不可分", f"buildings of {n} households stand over one another"
        lived_in = members[c.households[members] > 0]
        k = int(self._part[lived_in[0]])
        if k not in self._known:
            at = np.flatnonzero(self._part == k)
            self._known[k] = Ground(c.take(at), at, band, self.rules)
        return self._known[k].why(members)


class Ground:
    """Connected ground that could be cut in any way; ``at``: the positions of its atoms where grids are numbered."""

    def __init__(self, c: Contacts, at: Ints, band: Band, rules: DivisionRules) -> None:
        self.c, self.at, self.band, self.rules = c, at, band, rules
        self.problem, self.node = contract(c, band, rules)

    @cached_property
    def _possible(self) -> bool | None:
        return can_group(self.problem, self.rules.exact_effort)

    def why(self, members: Ints) -> tuple[str, str] | None:
        """Tell why a grid cannot lie in the band, in Chinese and English; None: it is not proven that it cannot."""
        inside = np.unique(self.node[np.isin(self.at, members)])
        short = shortfall(self.problem, inside)
        if short.any():
            v = int(np.argmax(short))
            return _stuck(self.problem, v, *_thing(self.c, np.flatnonzero(self.node == v)))
        total = int(self.c.households.sum())
        if not self.band.can_hold(total):
            return (
                f"被边界、水面或单栋网格围住的片仅 {total} 户，分成几份都不在带内（已证明）",
                f"its ground, closed in by water or single-building grids, holds {total}: no number of parts fits "
                "(proven)",
            )
        if not lumps_fit(self.problem.weights.tolist(), total, self.band):
            return (
                f"这一片共 {total} 户，其小区、楼栋各自完整时，不计形状也不能分入户数带（已证明）",
                f"its ground holds {total} households, which its estates and buildings, left whole, cannot share out "
                "within the band, shape left aside (proven)",
            )
        if self._possible is False:
            return (
                "楼栋、小区各自完整时，这一片的任何连续组合都不能全部划入户数带（已用精确算法证明）",
                "no grouping of its ground into contiguous grids, buildings and estates whole, is within the band "
                "(proven by an exact search)",
            )
        if hemmed_in(self.problem, inside, self.rules.exact_effort):
            return (
                "无论别处怎样划分，其周围没有全部在户数带内的连续分组（已用精确算法证明）",
                "however the rest is cut, no grouping of the ground around it into contiguous grids is within the band "
                "(proven by an exact search)",
            )
        return None


def _thing(c: Contacts, atoms: Ints) -> tuple[str, str]:
    """Name what stays whole."""
    if len(np.unique(c.compound[atoms])) == 1 and c.compound[atoms[0]] >= 0:
        return "小区", "an estate"
    if int(c.biggest[atoms].max()) == int(c.households[atoms].sum()):
        return "楼栋", "a building"
    return "不可分的地块", "ground that stays whole, with its buildings,"


def _stuck(problem: Problem, v: int, zh: str, en: str) -> tuple[str, str]:
    """Tell why a node is in no connected set within the bounds."""
    weight, near = int(problem.weights[v]), problem.weights[touching(problem, v)]
    if weight > problem.upper:
        why_zh, why_en = f"{weight} 户，超过上限", f"of {weight} households, above the limit"
    elif not len(near):
        why_zh, why_en = f"仅 {weight} 户，四周再无住户", f"of {weight} households with no others around it"
    elif weight + int(near.min()) > problem.upper:
        room = problem.upper - weight
        why_zh = f"{weight} 户，相邻的楼栋或小区各自都多于 {room} 户"
        why_en = f"of {weight} households, whose neighbours (buildings or estates) are all above {room}"
    else:
        why_zh = f"{weight} 户，与相邻的楼栋、小区怎样组合都不在带内"
        why_en = f"of {weight} households, which no combination with those around it brings into the band"
    return f"其中{zh} {why_zh}（已证明）", f"it has {en} {why_en} (proven)"
