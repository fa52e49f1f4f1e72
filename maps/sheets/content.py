"""What each drawing shows and says, as values: of a level-2 grid, of a community, of the whole area."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from gridgis.geometry.colouring import colour_indices
from gridgis.service.package import Package
from maps.sheets.grids import UNKNOWN_FIGURE, VACANT, Grid, grids_of

TINTS = ("#f3e3c3", "#d5e4c8", "#cfe0ee", "#f0d4cc", "#ddd3ea", "#efe9b6")
"""Fills told apart between neighbours on an overview, light enough to print under black text."""

FOLDER = "图纸"
NUMBERS = ("户数", "公顷", "网格")
"""Heads of columns that hold figures."""


@dataclass(frozen=True)
class Part:
    """A named part of the ground: ``texts`` name it, from the fullest to the shortest."""

    texts: tuple[str, ...]
    shape: Any
    tint: str | None = None
    mode: str | None = None
    """Of a dedicated grid: carve | overlay."""


@dataclass(frozen=True)
class Table:
    """Rows beside a drawing: heads, widths in millimetres, cells."""

    heads: tuple[str, ...]
    widths: tuple[float, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Sheet:
    """One drawing."""

    path: str
    """In the package, without the ending."""
    title: str
    code: str
    fields: tuple[tuple[str, str], ...]
    shape: Any
    """What is drawn whole, inside the heavy border."""
    parts: tuple[Part, ...]
    part_level: int
    """Level of the parts; 1: communities."""
    finer: tuple[Any, ...]
    """Shapes of a level below the parts: their borders are drawn fine, without names."""
    around: gpd.GeoDataFrame
    """Neighbours: text, geometry."""
    dedicated: tuple[Part, ...]
    communities: tuple[Any, ...]
    tables: tuple[Table, ...]


def sheets(package: Package) -> Iterator[Sheet]:
    """Yield the drawings: the whole area where there are several communities, each community, each level-2 grid."""
    book = _Book(package)
    if len(book.base) > 1:
        yield book.town()
    for code in book.base:
        yield book.community(code)
        for grid in book.below(code, 2):
            yield book.grid(grid)


def count_sheets(package: Package) -> int:
    """Return how many drawings ``sheets`` yields."""
    grids, codes = package.grids, package.communities["code"]
    second = grids[(grids["level"] == 2).fillna(False) & grids["community"].isin(codes)]
    return len(second) + len(codes) + (len(codes) > 1)


class _Book:
    """Answers from a package what the drawings ask."""

    def __init__(self, package: Package) -> None:
        self.package = package
        self.grids = grids_of(package)
        rows = package.communities
        self.base = {
            str(c): (str(n), s) for c, n, s in zip(rows["code"], rows["name"], rows.geometry, strict=True)
        }  # fmt: skip
        self.borders = tuple(shape for _, shape in self.base.values())
        self.around = {level: self._around(level) for level in (1, 2)}
        self.dedicated = tuple(Part((g.name, g.category), g.shape, None, g.mode) for g in self.grids if g.level is None)

    def below(self, community: str, level: int | None, parent: str | None = None) -> list[Grid]:
        """Return a community's grids of a level (None: dedicated ones), or of these the parts of one grid."""
        rows = [g for g in self.grids if (g.community, g.level) == (community, level)]
        return [g for g in rows if g.parent == parent] if parent else rows

    def grid(self, own: Grid) -> Sheet:
        """Return the drawing of a level-2 grid."""
        below = self.below(own.community, 3, own.code)
        community = self.base[own.community][0]
        fields = (
            ("网格名称", own.name),
            ("网格编码", own.code),
            ("网格级别", "二级网格（综合网格）"),
            ("所属社区", f"{community}（{own.community}）"),
            ("户　　数", f"{own.counted} 户"),
            ("面　　积", own.area),
            ("网 格 长", own.led_by),
            ("网 格 员", own.workers or VACANT),
            ("下级网格", f"{len(below)} 个三级网格"),
            ("四　　至", own.extent or UNKNOWN_FIGURE),
        )
        return Sheet(
            path=f"{FOLDER}/{own.community}/{own.code}_{file_name(own.name)}",
            title=f"{own.name}划分图" if own.name.endswith("网格") else f"{own.name}网格划分图",
            code=own.code, fields=fields, shape=own.shape,
            parts=tuple(_part(g, own.name) for g in below), part_level=3, finer=(),
            around=self._without(2, own.shape),
            dedicated=self.dedicated, communities=self.borders, tables=(_table("名称", below, own.name),),
        )  # fmt: skip

    def community(self, code: str) -> Sheet:
        """Return the overview of a community: its level-2 grids."""
        name, shape = self.base[code]
        below, finer, dedicated = (self.below(code, k) for k in (2, 3, None))
        tints = _tints([g.shape for g in below])
        top = next(iter(self.below(code, 1)), None)
        fields = (
            ("社区名称", name),
            ("社区代码", code),
            ("一级网格", top.code if top else UNKNOWN_FIGURE),
            ("户　　数", f"{top.counted} 户" if top else UNKNOWN_FIGURE),
            ("面　　积", top.area if top else UNKNOWN_FIGURE),
            ("网 格 长", top.led_by if top else UNKNOWN_FIGURE),
            ("下级网格", f"{len(below)} 个二级网格，{len(finer)} 个三级网格，{len(dedicated)} 个专属网格"),
            ("四　　至", (top.extent if top else "") or UNKNOWN_FIGURE),
        )
        return Sheet(
            path=f"{FOLDER}/{code}/{code}_{file_name(name)}_总图", title=f"{name}网格划分总图", code=code,
            fields=fields, shape=shape,
            parts=tuple(_part(g, name, t) for g, t in zip(below, tints, strict=True)), part_level=2,
            finer=tuple(g.shape for g in finer), around=self._without(1, shape), dedicated=self.dedicated,
            communities=self.borders, tables=(_table("二级网格", below, name), _table("专属网格", dedicated, "")),
        )  # fmt: skip

    def town(self) -> Sheet:
        """Return the overview of all communities."""
        counted = {c: [len(self.below(c, k)) for k in (2, 3, None)] for c in self.base}
        tops = {c: next((g for g in self.below(c, 1)), None) for c in self.base}
        held = {c: top.counted if top else UNKNOWN_FIGURE for c, top in tops.items()}
        totals = [sum(n[k] for n in counted.values()) for k in range(3)]
        area_m2 = float(sum(s.area for s in self.borders))
        fields = (
            ("范　　围", self.package.title),
            ("社　　区", f"{len(self.base)} 个"),
            ("网　　格", f"{totals[0]} 个二级网格，{totals[1]} 个三级网格，{totals[2]} 个专属网格"),
            ("户　　数", f"{sum(top.households or 0 for top in tops.values() if top)} 户"),
            ("面　　积", f"{area_m2:.0f} 平方米（{area_m2 / 1e4:.2f} 公顷）"),
            ("资料来源", self.package.source),
        )
        rows = tuple(
            (c, name, str(counted[c][0]), held[c], f"{s.area / 1e4:.2f}") for c, (name, s) in self.base.items()
        )
        return Sheet(
            path=f"{FOLDER}/总图", title=f"{self.package.title}网格划分总图", code="", fields=fields,
            shape=shapely.union_all(np.array(self.borders)),
            parts=tuple(Part((f"{name}\n{counted[c][0]}个网格 {held[c]}户", name), s, tint) for (c, (name, s)), tint in
                        zip(self.base.items(), _tints(self.borders), strict=True)), part_level=1,
            finer=tuple(g.shape for g in self.grids if g.level == 2 and g.community in self.base),
            around=self.around[1].iloc[:0], dedicated=(), communities=(),
            tables=(Table(("代码", "名称", "网格", "户数", "公顷"), (19, 19, 7, 9, 11), rows),),
        )  # fmt: skip

    def _without(self, level: int, own: Any) -> gpd.GeoDataFrame:
        """Return the neighbours of a shape among the grids of a level: not what lies in it, nor what it lies in."""
        frame = self.around[level]
        inner = shapely.point_on_surface(frame.geometry.to_numpy())
        return frame[~shapely.intersects(inner, own)]

    def _around(self, level: int) -> gpd.GeoDataFrame:
        chosen = [g for g in self.grids if g.level == level]
        names = {"text": [g.name for g in chosen]}
        return gpd.GeoDataFrame(names, geometry=[g.shape for g in chosen], crs=self.package.grids.crs)


def _tints(shapes: Sequence[Any]) -> list[str]:
    return [TINTS[int(k)] for k in colour_indices(np.array(shapes, dtype=object), len(TINTS))] if len(shapes) else []


def _part(grid: Grid, above: str, tint: str | None = None) -> Part:
    short = grid.short(above)
    return Part((f"{short}\n{grid.counted}户", short, grid.last), grid.shape, tint)


def _table(head: str, grids: Sequence[Grid], above: str) -> Table:
    rows = tuple((g.last, g.short(above), g.counted, g.hectares, g.leader or VACANT) for g in grids)
    return Table(("编码末位", head, "户数", "公顷", "网格长"), (11, 21, 8, 11, 14), rows)


def file_name(text: str) -> str:
    r"""Return a text without what a file name may not hold on Windows; no longer than 40 characters.

    Examples
    --------
    >>> file_name('甲/乙: "丙"')
    '甲_乙_ _丙_'
    """
    plain = "".join("_" if c in '<>:"/\\|?*' or ord(c) < 32 else c for c in text)
    return plain[:40].rstrip(" .")
