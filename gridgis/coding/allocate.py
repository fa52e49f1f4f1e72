"""Numbers for new grids: after the highest ever issued, in spatial order. What was issued is an argument."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from gridgis.coding.build import build
from gridgis.coding.code import Code
from gridgis.coding.form import Form
from gridgis.coding.order import spatial_order
from gridgis.coding.parse import parse, region_of
from gridgis.coding.segment import KINDS, Segment
from gridgis.errors import Conflict, InvalidInput, Rejected

Id = TypeVar("Id", bound=Hashable)
Item = tuple[Id, float, float, int | None, str, Any]
"""(id, x, y, level, kind, parent); parent is the id of another item, an issued code, or the community's code."""

RowHeight = float | None | Mapping[int | None, float]
"""In the unit of x and y: one height for all, one for each level (None = dedicated), or None: from the points."""

Series = tuple[str, tuple[int, ...], str, int]
"""A series of numbers: region, numbers of the ancestors in the digits, kind and level ("" and 0 where the code does not
say them). The merged communities of a street are numbered in the series of the street itself."""


@dataclass(frozen=True)
class _New(Generic[Id]):
    """One grid to be numbered."""

    id: Id
    x: float
    y: float
    level: int | None
    kind: str
    parent: Any
    depth: int


def allocate(
    scheme: Form, items: Iterable[Item[Id]], issued: Iterable[str], row_height: RowHeight = None
) -> dict[Id, str]:
    """Give new codes to new grids.

    A new number is the highest ever issued in its series plus one; gaps are never filled, so a code once issued is
    never issued again. Which grids share a series, the scheme says: those of one community (national-15), or of one
    community, kind and level-2 grid (nested-18). The new grids of a series are numbered level by level (1, 2, 3, then
    dedicated ones), and in a level in the spatial order of `gridgis.coding.order.spatial_order`.

    Parameters
    ----------
    scheme
        The coding scheme.
    items
        (id, x, y, level, kind, parent) of each new grid: x, y a point of it in metres; level 1, 2, 3, or None for a
        dedicated grid; kind "comprehensive" or "dedicated"; parent the id of another item, an issued code, or, at the
        top, the community's code. A grid merged from several communities has the street's code as its parent, where
        the scheme has numbers for such (cjt349-20).
    issued
        All codes ever issued, in force or not. Those of other communities do not matter.
    row_height
        Height of the median grid, in metres; a mapping gives one for each level. Default: from the points.

    Returns
    -------
    dict
        id -> code, in the order of ``items``.

    Raises
    ------
    InvalidInput
        An issued code is none of the scheme; a level, kind, parent or point is wrong; an id occurs twice.
    Conflict
        The code of a whole region is asked for, and was issued before.
    Rejected
        A series is full. Nothing is allocated then.
    """
    new = _read_items(scheme, items)
    used = [parse(scheme, text) for text in issued]
    used += [parse(scheme, p) for p in {i.parent for i in new.values() if _is_code(scheme, i.parent, new)}]
    book = _Book(scheme, new, used)
    for level in (1, 2, 3, None):
        series: dict[Series, list[_New[Id]]] = defaultdict(list)
        for item in new.values():
            if item.level == level:
                series[book.series(item)].append(item)
        height = row_height.get(level) if isinstance(row_height, Mapping) else row_height
        for key in sorted(series):
            book.number(key, series[key], height)
    return {name: book.codes[name].text for name in new}


_MERGED = "merged"
"""Stands for the kind in the series of a street's merged communities."""


def _is_code(scheme: Form, parent: Any, new: Mapping[Id, _New[Id]]) -> bool:
    return parent not in new and isinstance(parent, str) and not scheme.names_region(parent)


class _Book(Generic[Id]):
    """The numbers used so far while one call allocates."""

    def __init__(self, scheme: Form, new: Mapping[Id, _New[Id]], used: Iterable[Code]) -> None:
        self.scheme = scheme
        self.new = new
        self.codes: dict[Id, Code] = {}
        roles = {s.role for s in scheme.segments}
        self._has_kind, self._has_level = "kind" in roles, "level" in roles
        self._taken: set[str] = set()
        self._highest: dict[Series, int] = {}
        for code in used:
            self._use(code)

    def _use(self, code: Code) -> None:
        """Count the numbers of a code as used: its own, those of the grids above it, that of its merged community."""
        self._taken.add(code.text)
        numbers = self.scheme.numbers(code)
        for depth, number in enumerate(numbers, start=1):
            own = depth == len(numbers)
            levels = (code.level,) if own else self.scheme.sequences[depth - 1].levels
            for level in levels:
                key = self._key(code.region, numbers[: depth - 1], code.kind if own else "comprehensive", level)
                self._highest[key] = max(number, self._highest.get(key, 0))
        if merged := self.scheme.merged_number(code.region):
            street = self._street(code.region[: self.scheme.street_width])
            self._highest[street] = max(merged, self._highest.get(street, 0))

    def series(self, item: _New[Id]) -> Series:
        """Return the series that a new grid is numbered in; its parent has its code already."""
        region = self._region(item)
        if len(region) == self.scheme.street_width:
            return self._street(region)
        if item.depth < 2:
            return self._key(region, (), item.kind, item.level)
        parent = self._parent_code(item)
        above = self.scheme.numbers(parent) if parent else ()
        if len(above) != item.depth - 1 or (parent and parent.kind == "dedicated"):
            raise InvalidInput(
                f"网格 {item.id}（{item.level}级）的上级 {item.parent} 不是其上一级网格，"
                f"而规则 {self.scheme.name} 的编码含上级序号",
                f"grid {item.id} (level {item.level}): its parent {item.parent} is not of the level above, whose number"
                f" scheme {self.scheme.name} puts into the code",
                id=str(item.id),
            )
        return self._key(region, above, item.kind, item.level)

    def number(self, key: Series, group: list[_New[Id]], height: float | None) -> None:
        """Give codes to the new grids of one series and level; they have one depth and kind."""
        region, above, kind_of_series, _ = key
        of_street = kind_of_series == _MERGED
        depth, kind, level = group[0].depth, group[0].kind, group[0].level
        last_region = self.scheme.last_region
        first = self._highest.get(key, last_region.merged_from - 1 if of_street else 0) + 1
        if depth == 0 and not of_street:
            self._check_whole(region, group)
        else:
            self._check_room(region, last_region if of_street else self.scheme.sequences[depth - 1], group, first)
            self._highest[key] = first + len(group) - 1
        for i, name in enumerate(spatial_order([(g.id, g.x, g.y) for g in group], height), start=first):
            if of_street:
                text = build(self.scheme, region + last_region.print(i))
            else:
                text = build(self.scheme, region, (*above, i) if depth else (), kind, level)
            self._taken.add(text)
            self.codes[name] = parse(self.scheme, text)

    @staticmethod
    def _check_room(region: str, s: Segment, group: list[_New[Id]], first: int) -> None:
        """Refuse a group that does not fit into its series, before any of it has a code."""
        last, most = first + len(group) - 1, s.capacity
        if last <= most:
            return
        level = group[0].level
        raise Rejected(
            f"{region} 的编号已满：“{s.label}”段最大{most}号，{first - 1} 号及以前已用，"
            f"{f'{level}级' if level else '专属'}新网格 {len(group)} 个须用到 {last}；"
            "请改用序号位数更多的编码规则，或减少新网格",
            f"{region} has no numbers left: segment '{s.name}' ends at {most}, numbers up to {first - 1} are used, and"
            f" {len(group)} new {f'grids of level {level}' if level else 'dedicated grids'} need up to {last}; use a"
            " scheme with a wider sequence, or make fewer grids",
            region=region,
            needed=last,
            capacity=most,
        )

    def _check_whole(self, region: str, group: list[_New[Id]]) -> None:
        text = build(self.scheme, region)
        if text in self._taken or len(group) > 1:
            raise Conflict(
                f"编码 {text}（{region} 整体）只发放一次；已发放的，网格沿用原编码",
                f"code {text} of the whole of {region} is issued once only; where it was issued, the grid keeps it",
                code=text,
                ids=[str(g.id) for g in group],
            )

    def _key(self, region: str, above: tuple[int, ...], kind: str | None, level: int | None) -> Series:
        return region, above, (kind or "") if self._has_kind else "", (level or 0) if self._has_level else 0

    @staticmethod
    def _street(code: str) -> Series:
        return code, (), _MERGED, 0

    def _parent_code(self, item: _New[Id]) -> Code | None:
        if item.parent in self.new:
            return self.codes.get(item.parent)
        return parse(self.scheme, item.parent) if _is_code(self.scheme, item.parent, self.new) else None

    def _region(self, item: _New[Id]) -> str:
        """Follow the parents up to a code, the community, or for a merged grid the street."""
        start, seen = item, {item.id}
        while item.parent in self.new:
            item = self.new[item.parent]
            if item.id in seen:
                raise InvalidInput(
                    f"网格 {item.id} 是自己的上级", f"grid {item.id} is among its own parents", id=str(item.id)
                )
            seen.add(item.id)
        if not isinstance(item.parent, str):
            raise InvalidInput(
                f"网格 {item.id} 没有上级：应为另一网格、已发放的编码或社区代码",
                f"grid {item.id} has no parent: give another grid, an issued code, or the community's code",
                id=str(item.id),
            )
        if _is_code(self.scheme, item.parent, self.new):
            return parse(self.scheme, item.parent).region
        if len(item.parent) == self.scheme.street_width:
            return self._merged(start, item)
        return region_of(self.scheme, item.parent)

    def _merged(self, item: _New[Id], top: _New[Id]) -> str:
        """Return the region of a grid at or below one that is merged from several communities of a street."""
        if top.depth:
            raise InvalidInput(
                f"网格 {top.id}（{top.level}级）的上级是街道 {top.parent}：由几个社区合并的网格须为"
                f"{self.scheme.whole_level}级",
                f"grid {top.id} (level {top.level}) has the street {top.parent} as parent: a grid merged from several"
                f" communities must be of level {self.scheme.whole_level}",
                id=str(top.id),
            )
        if item is not top:
            return self.codes[top.id].region  # level 1 was numbered before
        last = self.scheme.last_region
        region_of(self.scheme, top.parent + last.print(last.merged_from))
        return str(top.parent)


def _read_items(scheme: Form, items: Iterable[Item[Id]]) -> dict[Id, _New[Id]]:
    new: dict[Id, _New[Id]] = {}
    for name, x, y, level, kind, parent in items:
        if name in new:
            raise InvalidInput(f"网格 {name} 出现两次", f"grid {name} occurs twice", id=str(name))
        if kind not in KINDS:
            raise InvalidInput(
                f"网格 {name} 的类别 {kind!r} 应为 {KINDS} 之一",
                f"grid {name}: kind {kind!r}, must be one of {KINDS}",
                id=str(name),
            )
        new[name] = _New(name, x, y, level, kind, parent, scheme.depth(level, kind))
    return new
