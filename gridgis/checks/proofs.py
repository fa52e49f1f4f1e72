"""Why grids are out of band: what can be proven of a connected piece of ground, and of the surroundings of one grid."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import shapely

from gridgis.checks.nets import Net, narrowed, shared, spared
from gridgis.checks.packing import can_pack
from gridgis.checks.regroup import Groups, regroup, stranded
from gridgis.checks.units import Units
from gridgis.checks.wards import Ward

MOST_UNITS = 200
"""A piece of more units is not tried as a whole."""

BALLS = (10, 30, 100)
"""Units and ways around a grid that are looked at for a proof of its own: few first, they are often enough."""

MOST_SHOWN = 300
"""Letters of a grouping that the report shows; a longer one is shown by its households."""


MOST_NAMED = 6
"""Buildings that a cause names."""


@dataclass(frozen=True)
class Verdict:
    """Whether it is proven that no grouping is within the band, what was found in words, and whether one was shown."""

    impossible: bool
    zh: str
    en: str
    possible: bool = False


@dataclass(frozen=True, eq=False)
class Piece:
    """Connected grids of a ward that could be cut anew in any way."""

    ward: Ward
    units: Units
    grids: list[int]

    @cached_property
    def chosen(self) -> list[int]:
        """The units of the piece."""
        return self.units.of(self.grids)

    @cached_property
    def total(self) -> int:
        """The households that must be grouped."""
        return sum(self.units.weights[i] for i in self.chosen)

    @cached_property
    def whole(self) -> Verdict:
        """What can be said of the piece as a whole."""
        found = self._by_sums() or self._by_contact()
        zh, en = self._describe()
        zh, en = f"{zh}共 {self.total} 户，{found.zh}", f"{en} holds {self.total} households{found.en}"
        return replace(found, zh=zh, en=en)

    def around(self, grid: int) -> Verdict | None:
        """Prove that there is no grouping near one grid, whatever the rest is like; None where that fails."""
        if not len(self.ward.stands):
            return None
        for most in BALLS:
            ball = self.units.ball(self.units.of([grid]), most)
            net = narrowed(spared(self.units.net(ball)), self.ward.band)
            if regroup(net.weights, net.touch, self.ward.band, net.rim) is False:
                zh, en = self._cause(net)
                return Verdict(
                    True, f"其周围没有连续的分组合带（已证明）{zh}", f"no contiguous grouping around it (proven){en}"
                )
        return None

    def _by_sums(self) -> Verdict | None:
        """Judge by households alone, geometry left aside."""
        band = self.ward.band
        if self.total and not band.can_hold(self.total):
            return Verdict(True, "任何格数都不合", ", which no number of grids can hold")
        packs = can_pack([self.units.weights[i] for i in self.chosen], band) if self.total else None
        if packs is False:
            return Verdict(True, "其建筑与小区不可能分组合带", ", whose buildings and compounds cannot be grouped so")
        if self.total and len(self.ward.stands):
            return None
        if packs is None:
            return Verdict(False, "未能证明不可分", ": not proven impossible")
        return Verdict(False, "不计形状可以分", ": a grouping exists, shape left aside")

    def _by_contact(self) -> Verdict:
        """Judge by which buildings can be joined."""
        unknown = Verdict(False, "未能在步数限内证明不可分", ": not proven impossible within the limit of steps")
        if len(self.chosen) > MOST_UNITS:
            return unknown
        net = self.units.net(self.units.with_ways(self.chosen))
        free = narrowed(shared(net), self.ward.band)
        groups = regroup(free.weights, free.touch, self.ward.band)
        if groups is not False and (exact := spared(net)).ways:
            free = narrowed(exact, self.ward.band)
            groups = regroup(free.weights, free.touch, self.ward.band)
        if groups is False:
            zh, en = self._cause(free)
            return Verdict(True, f"没有连续的分组合带（已证明）{zh}", f": no contiguous grouping (proven){en}")
        return self._shown(free, groups) if isinstance(groups, tuple) else unknown

    def _cause(self, net: Net) -> tuple[str, str]:
        """Name what is in no contiguous group within the band, where there is such."""
        net = shared(net)
        i = stranded(net.weights, net.touch, self.ward.band, net.rim)
        if i is None:
            return "", ""
        units = [self.units.ids[u] for u in net.members[i] if self.units.weights[u]]
        names, n = _few(units), net.weights[i]
        if len(units) == 1:
            return f"：建筑 {names}（{n} 户）入不了任何一组", f": building {names} ({n} households) fits into no group"
        return (
            f"：建筑 {names} 只能同组（共 {n} 户），入不了任何一组",
            f": buildings {names}, which no group can part ({n} households), fit into no group",
        )

    def _shown(self, net: Net, groups: Groups) -> Verdict:
        units = self.units
        sums = [sum(net.weights[p] for p in g) for g in groups]
        ids = [" ".join(units.ids[u] for p in g for u in net.members[p] if units.weights[u]) for g in groups]
        shown = "; ".join(f"{n}: {names}" for n, names in zip(sums, ids, strict=True))
        shown = shown if len(shown) <= MOST_SHOWN else " + ".join(str(n) for n in sums)
        zh, en = f"或可连续分为（户数：建筑）{shown}", f": contiguous groups (households: buildings) {shown}"
        return Verdict(False, zh, en, possible=True)

    def _describe(self) -> tuple[str, str]:
        ward = self.ward
        parent = ward.scene.ids[ward.parent]
        if len(self.grids) == len(ward.grids):
            return f"整个 {parent}", f"the whole of {parent}"
        if ward.level == 2 and self._in_enclave():
            return "飞地", "the enclave"
        return f"{parent} 中相连的余地", f"the connected rest of {parent}"

    def _in_enclave(self) -> bool:
        parts = shapely.get_parts(self.ward.place.boundary)
        if len(parts) == 1:
            return False
        main = parts[int(np.argmax(shapely.area(parts)))]
        work = self.ward.scene.work
        return not any(shapely.intersects(main, shapely.point_on_surface(work[i])) for i in self.grids)


def _few(names: list[str]) -> str:
    """Return some names, the rest as a count."""
    return " ".join(names[:MOST_NAMED]) + (f" … ({len(names)})" if len(names) > MOST_NAMED else "")
