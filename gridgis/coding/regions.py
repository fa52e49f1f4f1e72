"""Region codes (行政区划代码): a dated list of provinces, cities, counties, streets and communities."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from gridgis.coding.check import DIGITS
from gridgis.errors import InvalidInput

WIDTHS = {1: 2, 2: 4, 3: 6, 4: 9, 5: 12}
"""Level (province, city, county, street, community) -> digits of its code, without padding."""
LEVEL_NAMES = {
    1: ("省级", "province"), 2: ("地级", "city"), 3: ("县级", "county"), 4: ("乡级", "street"),
    5: ("村级", "community"),
}  # fmt: skip

Key = tuple[int, str]
"""(level, code): padded to 12 digits codes of different levels collide, so the code alone is no key."""


@dataclass(frozen=True, order=True)
class Region:
    """One row of a list of regions.

    Parameters
    ----------
    level
        1 province, 2 city, 3 county, 4 street or town, 5 community or village.
    code
        2, 4, 6, 9 or 12 digits.
    name
        As listed.
    """

    level: int
    code: str
    name: str = ""

    @property
    def key(self) -> Key:
        """(level, code)."""
        return self.level, self.code

    @property
    def parent(self) -> str:
        """The code of the region above, as its digits tell; empty for a province."""
        return self.code[: WIDTHS.get(self.level - 1, 0)]

    @property
    def tail(self) -> str:
        """The digits that it has of its own."""
        return self.code[WIDTHS.get(self.level - 1, 0) :]

    @property
    def is_placeholder(self) -> bool:
        """Tell whether it stands under its parent's own code (padded): a row of the list, but no region of its own."""
        return not self.tail.strip("0")


class RegionList:
    """One edition of the region codes: (level, code) -> region. The user supplies it, with its date.

    Parameters
    ----------
    regions
        In any order.
    day
        The day that the list is as of.

    Raises
    ------
    InvalidInput
        A code is wrong, or a (level, code) occurs twice.

    Examples
    --------
    >>> regions = RegionList([Region(4, "610902001", "老城街道")], date(2023, 6, 30))
    >>> regions[4, "610902001"].name
    '老城街道'
    """

    def __init__(self, regions: Iterable[Region], day: date) -> None:
        held: dict[Key, Region] = {}
        for region in regions:
            _check(region)
            if region.key in held:
                raise InvalidInput(
                    f"区划清单中 {_called(region)} 出现两次：“{held[region.key].name}”和“{region.name}”",
                    f"{_called(region, 1)} is in the list twice: '{held[region.key].name}' and '{region.name}'",
                    code=region.code,
                    level=region.level,
                )
            held[region.key] = region
        self._regions: Mapping[Key, Region] = MappingProxyType(dict(sorted(held.items())))
        self.day = day

    def __getitem__(self, key: Key) -> Region:
        return self._regions[key]

    def __contains__(self, key: object) -> bool:
        return key in self._regions

    def __iter__(self) -> Iterator[Region]:
        """Go through the regions, by level and code."""
        return iter(self._regions.values())

    def __len__(self) -> int:
        return len(self._regions)

    def at(self, level: int) -> list[Region]:
        """Return the regions of a level, by code."""
        return [r for r in self if r.level == level]


def oddities(regions: RegionList) -> list[tuple[Region, str, str]]:
    """Return what a user should know of a list: rows that are no regions of their own, or whose parent is not listed.

    Neither is a fault: lists hold such rows. A list of one county has no province.

    Examples
    --------
    >>> rows = [Region(3, "350527", "金门县"), Region(5, "350527000000", "金门县")]
    >>> [(region.code, zh) for region, zh, _ in oddities(RegionList(rows, date(2023, 6, 30)))]
    [('350527000000', '用的是上级代码补零：占位行，不是村级区划')]
    """
    out = []
    top = min((r.level for r in regions), default=0)
    for r in regions:
        zh, en = LEVEL_NAMES[r.level]
        if r.is_placeholder:
            out.append(
                (
                    r,
                    f"用的是上级代码补零：占位行，不是{zh}区划",
                    f"stands under its parent's own code: a placeholder, no {en}",
                )
            )
        elif r.level > top and (r.level - 1, r.parent) not in regions:
            above = LEVEL_NAMES[r.level - 1]
            out.append(
                (r, f"清单中没有其上级（{above[0]} {r.parent}）", f"its parent ({above[1]} {r.parent}) is not listed")
            )
    return out


def level_of(code: str) -> int:
    """Return the level that a code without padding has by its length.

    Raises
    ------
    InvalidInput
        No region has a code of this length.

    Examples
    --------
    >>> level_of("610902001")
    4
    """
    for level, width in WIDTHS.items():
        if len(code) == width:
            return level
    raise InvalidInput(
        f"区划代码“{code}”有{len(code)}位，应为2、4、6、9或12位",
        f"region code '{code}' has {len(code)} digits, they have 2, 4, 6, 9 or 12",
        code=code,
    )


def _check(region: Region) -> None:
    width = WIDTHS.get(region.level)
    if width is None:
        raise InvalidInput(
            f"区划代码“{region.code}”的级别 {region.level} 不对，应为 1-5",
            f"region code '{region.code}': level {region.level} is wrong, levels are 1 to 5",
            code=region.code,
        )
    if len(region.code) != width or region.code.strip(DIGITS):
        zh, en = LEVEL_NAMES[region.level]
        raise InvalidInput(
            f"区划代码“{region.code}”（{region.name}）不对：{zh}代码应为{width}位数字",
            f"region code '{region.code}' ({region.name}) is wrong: the code of a {en} has {width} digits",
            code=region.code,
        )


def _called(region: Region, language: int = 0) -> str:
    return f"{LEVEL_NAMES[region.level][language]} {region.code}"
