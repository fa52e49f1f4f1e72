"""The panel beside a drawing: what is said of the grid, the table of its parts, scale bar and legend."""

from __future__ import annotations

from collections.abc import Sequence

import shapely

from maps.sheets.content import NUMBERS, Table
from maps.sheets.ground import Symbol
from maps.sheets.paper import Paper
from maps.sheets.window import scale_bar_m

HEAD_MM = 18.0
ROW_MM, TIGHT_MM = 3.9, 3.2
"""Height of a row of a table, and of one that would else have no room."""
LINE = "#777777"
SHADE = "#efefef"
SCALE_MM = 17.0


def fields(paper: Paper, x: float, top: float, width: float, rows: Sequence[tuple[str, str]]) -> float:
    """Write names and values in a ruled table, values broken to its width; return its lower edge."""
    y, points, step = top, 7.5, 3.7
    paper.rule(x, y, x + width, y, 0.2, LINE)
    for name, value in rows:
        lines = paper.font.wrap(value, points, width - HEAD_MM - 2.5)
        height = max(1, len(lines)) * step + 1.5
        paper.box(x, y - height, HEAD_MM, height, SHADE)
        paper.text(x + HEAD_MM / 2, y - height / 2 - 0.95, name, points, across="center")
        for k, line in enumerate(lines):
            paper.text(x + HEAD_MM + 1.2, y - 0.75 - step * (k + 0.5) - 0.95, line, points)
        y -= height
        paper.rule(x, y, x + width, y, 0.2, LINE)
    for at in (x, x + HEAD_MM, x + width):
        paper.rule(at, y, at, top, 0.2, LINE)
    return y


def table(paper: Paper, x: float, top: float, bottom: float, content: Table) -> float:
    """Write a table between two heights; what has no room is counted, and said to be in the register.

    Returns its lower edge.
    """
    if not content.rows:
        return top
    step = ROW_MM if (len(content.rows) + 1) * ROW_MM <= top - bottom else TIGHT_MM
    room = int((top - bottom) / step) - 1
    if room < 1:
        return top
    rows = content.rows
    if len(rows) > room:
        rows = rows[: max(0, room - 1)]
    width = sum(content.widths)
    y = top - step
    paper.box(x, y, width, step, SHADE)
    paper.rule(x, top, x + width, top, 0.2, LINE)
    paper.rule(x, y, x + width, y, 0.2, LINE)
    _cells(paper, x, y, content, content.heads, step)
    for row in rows:
        y -= step
        _cells(paper, x, y, content, row, step)
        paper.rule(x, y, x + width, y, 0.1, LINE)
    if more := len(content.rows) - len(rows):
        y -= step
        paper.text(x + width / 2, y + step / 2 - 0.8, f"另有 {more} 个，见备案表", 6.5, across="center")
        paper.rule(x, y, x + width, y, 0.1, LINE)
    paper.rule(x, y, x, top, 0.2, LINE)
    paper.rule(x + width, y, x + width, top, 0.2, LINE)
    return y


def _cells(
    paper: Paper, x: float, y: float, content: Table, cells: Sequence[str], step: float, points: float = 6.5
) -> None:
    for head, width, cell in zip(content.heads, content.widths, cells, strict=True):
        text = paper.font.cut(cell, points, width - 1.2)
        if head in NUMBERS:
            paper.text(x + width - 0.8, y + step / 2 - 0.8, text, points, across="right")
        else:
            paper.text(x + 0.8, y + step / 2 - 0.8, text, points)
        x += width


def scale_bar(paper: Paper, x: float, bottom: float, width: float, scale: float) -> None:
    """Draw the north arrow, the scale and its bar, boxed."""
    paper.box(x, bottom, width, SCALE_MM, "white", LINE, 0.2)
    at, top = x + 8, bottom + SCALE_MM
    paper.areas([shapely.Polygon([(at, top - 4.8), (at - 2.6, top - 14.6), (at, top - 12.6)])], "black", "black")
    paper.areas([shapely.Polygon([(at, top - 4.8), (at + 2.6, top - 14.6), (at, top - 12.6)])], "white", "black")
    paper.text(at, top - 4.0, "北", 7.5, bold=True, across="center")
    length_m, parts = scale_bar_m(scale, 36)
    left, length = x + 19, length_m * 1000 / scale
    paper.text(left, bottom + 10.6, f"比例尺 1:{scale:.0f}", 8, bold=True)
    for k in range(parts):
        shade = "black" if k % 2 == 0 else "white"
        paper.box(left + k * length / parts, bottom + 3, length / parts, 1.4, shade, "black", 0.15)
    for k in (0, parts // 2, parts) if parts % 2 == 0 else (0, parts):
        text = _metres(length_m * k / parts, k == parts, length_m)
        paper.text(left + k * length / parts, bottom + 5.5, text, 6.5, across="center")


def _metres(value_m: float, last: bool, longest_m: float) -> str:
    """Return a figure of the scale bar; the last one has the unit.

    Examples
    --------
    >>> _metres(100, True, 200), _metres(2500, False, 5000)
    ('100米', '2.5')
    """
    size, unit = (1000, "千米") if longest_m >= 2000 else (1, "米")
    return f"{value_m / size:g}{unit if last else ''}"


def legend_height(symbols: Sequence[Symbol]) -> float:
    """Return how high the legend of these symbols is, in millimetres."""
    return 6.0 + 5.0 * -(-len(symbols) // 2) + 1.0


def legend(paper: Paper, x: float, bottom: float, width: float, symbols: Sequence[Symbol]) -> None:
    """Draw the legend in two columns, boxed."""
    height = legend_height(symbols)
    paper.box(x, bottom, width, height, "white", LINE, 0.2)
    paper.text(x + width / 2, bottom + height - 4.2, "图　例", 8, bold=True, across="center")
    half = -(-len(symbols) // 2)
    for k, symbol in enumerate(symbols):
        left = x + 2 + (k // half) * (width / 2 - 0.5)
        y = bottom + height - 6.0 - 5.0 * (k % half + 1)
        symbol.draw(paper, left, y + 1.0, 10.0, 3.0)
        paper.text(left + 11.5, y + 1.6, paper.font.cut(symbol.name, 6.5, width / 2 - 14), 6.5)
