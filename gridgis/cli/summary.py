"""What ``gridgis divide`` says of a plan on the terminal: figures by level, bars of households, grids at fault."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len

if TYPE_CHECKING:
    from rich.console import Console

    from gridgis.service.summary import Bar, Fault, LevelSummary

BAR = 40
"""Characters of the longest bar."""
SHOWN_FAULTS = 4
"""Grids at fault of one kind that are printed; all are in the plan file, on the map and in ``--json``."""
KINDS = {
    "band_unmet": ("带外，未证明做不到", "outside the band, not proven impossible"),
    "band_impossible": ("带外，已证明做不到", "outside the band, proven impossible"),
    "compound_split": ("带外，小区不能整除入带", "outside the band, of an estate that cannot be cut into it"),
    "below_band": ("带外，社区户数不足", "outside the band, as the community is below it"),
    "enclave": ("飞地", "apart from the rest of the community"),
    "island": ("孤岛", "an island"),
    "crosses_strong": ("跨越强界线", "across a STRONG barrier"),
}
"""Faults (service.summary.AT_FAULT) in words, the first of a grid's flags counts."""


def print_summary(levels: Sequence[LevelSummary], found: Sequence[Fault]) -> None:
    """Print the figures by level, a histogram of each, and the grids at fault with their reasons."""
    print_levels(levels)
    for level in levels:
        print_histogram(level)
    print_faults(found, sum(level.single_building for level in levels))


def print_levels(levels: Sequence[LevelSummary]) -> None:
    """Print the figures by level and band, no wider than 100 columns."""
    from gridgis.cli.report import print_table

    columns = [
        "级\nlevel",
        "户数带\nband",
        "网格\ngrids",
        "带内\nin band",
        "单栋\nsingle",
        "空地\nempty",
        "带外\noutside",
    ]
    columns += ["最少/中位/最多\nmin/median/max", "圆度\nround", "边界km\nborder", "强界线%\nstrong"]
    rows = [_row(level) for level in levels]
    print_table("各级网格 / the grids by level", columns, rows, numbers=len(columns) - 2, compact=True)


def _row(s: LevelSummary) -> list[Any]:
    band = f"{s.band[0]}-{s.band[1]}"
    counts = [s.grids, s.in_band, s.single_building, s.no_households, s.out_of_band]
    held = f"{s.minimum}/{s.median:g}/{s.maximum}"
    return [s.level, band, *counts, held, f"{s.polsby_popper:.2f}", f"{s.border_m / 1000:.1f}", s.strong_percent]


def print_histogram(level: LevelSummary) -> None:
    """Print grids by households as bars; those in the band are full, those outside are shaded."""
    from gridgis.cli.report import console

    out = console()
    low, high = level.band
    out.print(f"{level.level} 级每格户数，户数带 {low}-{high} / households of a level-{level.level} grid", markup=False)
    most = max((bar.grids for bar in level.histogram), default=0)
    for bar in level.histogram:
        out.print(bar_line(bar, most), markup=False, soft_wrap=True)
    out.print("")


def bar_line(bar: Bar, most: int) -> str:
    """Return one bar of a histogram of which the longest stands for ``most`` grids.

    Examples
    --------
    >>> from gridgis.service.summary import Bar
    >>> bar_line(Bar(300, 340, 20, True), 40).rstrip()
    '   300-340   │████████████████████ 20'
    >>> bar_line(Bar(1001, None, 1, False), 40).rstrip()
    '   > 1000    ┊░ 1'
    """
    ends = f"> {bar.first - 1}" if bar.last is None else f"{bar.first}-{bar.last}"
    if bar.first == 1:
        ends = f"< {(bar.last or 0) + 1}"
    length = -(-BAR * bar.grids // most) if most else 0
    mark, side = ("█", "│") if bar.in_band else ("░", "┊")
    return f"   {ends:<9} {side}{mark * length} {bar.grids or ''}"


def print_faults(found: Sequence[Fault], single: int) -> None:
    """Print the grids at fault with their reasons; single buildings by rule as a count."""
    from gridgis.cli.report import console

    out = console()
    if single:
        out.print(f"单栋成格（按规则，不算问题）{single} 个 / single buildings, grids by rule: {single}", markup=False)
    if not found:
        out.print("没有带外或跨越强界线的网格 / no grid is outside its band or across a strong barrier\n", markup=False)
        return
    out.print(f"须查看的网格 {len(found)} 个 / grids to look at: {len(found)}", markup=False)
    for kind, (zh, en) in KINDS.items():
        if alike := [fault for fault in found if next(k for k in KINDS if k in fault.flags) == kind]:
            out.print(f"  ✗ {zh} {len(alike)} 个 / {en}: {len(alike)}", markup=False)
            for fault in alike[:SHOWN_FAULTS]:
                _print_fault(fault, out)
            if more := len(alike[SHOWN_FAULTS:]):
                out.print(f"    另有 {more} 个，见 --json 与地图 / {more} more: see --json and the map", markup=False)
    out.print("")


def _print_fault(fault: Fault, out: Console) -> None:
    """Print the reasons for one grid, Chinese first."""
    for zh, en in fault.reasons or ((f"{fault.local_id} {'、'.join(fault.flags)}", ""),):
        for text in (f"    {zh}", *([f"      {en}"] if en else [])):
            for line in _wrapped(text, 100):
                out.print(line, markup=False, soft_wrap=True)


def _wrapped(text: str, width: int) -> list[str]:
    """Break a line of Chinese and English at a width in cells; later lines are indented.

    Examples
    --------
    >>> _wrapped("  ab cd ef", 7)
    ['  ab cd', '      ef']
    """
    lines, line = [], ""
    for word in _words(text):
        if line.strip() and cell_len(line + word.rstrip()) > width:
            lines.append(line.rstrip())
            line = "      " + word.lstrip()
        else:
            line += word
    return [*lines, line.rstrip()]


def _words(text: str) -> list[str]:
    """Return pieces between which a line may break: after a space, and after a Chinese character."""
    out = [""]
    for c in text:
        out[-1] += c
        if c == " " or (c > "\u2e80" and c not in "（《"):
            out.append("")
    return out
