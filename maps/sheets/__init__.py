"""The papers of a filing as they are printed: drawing sheets, public notices, the verdict; PDF and PNG, by matplotlib.

``draw_package`` makes them all, one after another, for ``io.archive`` to put into one file.
"""

from __future__ import annotations

from collections.abc import Iterator

from gridgis.model import Progress, no_progress
from gridgis.service.package import Package
from maps.sheets.content import count_sheets, sheets
from maps.sheets.drawing import draw_sheet
from maps.sheets.fonts import UNKNOWN, Font, find_font
from maps.sheets.notice import draw_notice
from maps.sheets.verdict import draw_verdict, verdict_json

__all__ = ["draw_package", "find_font"]


def draw_package(
    package: Package, progress: Progress = no_progress, font: Font | None = None
) -> Iterator[tuple[str, bytes, str]]:
    """Yield the papers of a package: (path in the package, bytes, what it is).

    Drawing sheets as PDF and PNG: the whole area, each community, each level-2 grid; the public notice of each
    community; the report of the verification as PDF and JSON; a word where a character could not be printed.

    Parameters
    ----------
    package
        What the papers say.
    progress
        Called with ("sheets", drawn, of).
    font
        The Chinese font; None: the first that is installed.

    Raises
    ------
    InvalidInput
        No Chinese font is installed.
    """
    font = font or find_font()
    total = count_sheets(package)
    for done, sheet in enumerate(sheets(package)):
        progress("sheets", done, total)
        paper = draw_sheet(sheet, package, font)
        yield f"{sheet.path}.pdf", paper.pdf(), f"图纸 drawing: {sheet.title}"
        yield f"{sheet.path}.png", paper.png(), f"图纸 drawing: {sheet.title}"
    progress("sheets", total, total)
    for code, name in zip(package.communities["code"], package.communities["name"], strict=True):
        yield f"公示/{code}_公示.pdf", draw_notice(package, str(code), str(name), font), f"公示 public notice: {name}"
    yield "核查/核查报告.pdf", draw_verdict(package, font), "核查报告 verification"
    yield "核查/核查报告.json", verdict_json(package), "核查报告（数据） verification, as data"
    if font.lacking:
        yield "说明.txt", _lacking(font).encode(), "说明 remark"


def _lacking(font: Font) -> str:
    characters = "".join(sorted(font.lacking))
    return (
        f"字体 {font.family} 中没有这些字，图纸上以“{UNKNOWN}”代替：{characters}\n"
        f"the font {font.family} lacks these characters, printed as {UNKNOWN}: {characters}\n"
    )
