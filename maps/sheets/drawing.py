"""A drawing sheet (图纸), A4 landscape: the ground at a true round scale, borders, names, panel, legend, scale bar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely

from gridgis.service.package import Package
from maps.sheets import ground as styles
from maps.sheets import panel
from maps.sheets.content import Part, Sheet
from maps.sheets.fonts import Font
from maps.sheets.ground import Ground, Symbol, seen
from maps.sheets.labels import Labels, Style
from maps.sheets.paper import LANDSCAPE, Paper
from maps.sheets.window import Window, open_window

LEFT, RIGHT, BOTTOM, TOP = 14.0, 287.0, 19.0, 191.0
PANEL = 65.0
GAP = 2.5
MAP_WIDTH = RIGHT - LEFT - PANEL - GAP
BORDER_MM = 0.9
SUBJECT = "#fdf3de"
PART_STYLE = Style(8, bold=True, colour="#8d0c16")
AROUND_STYLE = Style(8, colour="#3d3d3d")
TOP_STYLE = Style(10, bold=True, colour=styles.COMMUNITY)
DEDICATED_STYLE = Style(7, bold=True, colour="#1f5a2a")


def draw_sheet(sheet: Sheet, package: Package, font: Font) -> Paper:
    """Draw one sheet."""
    paper = Paper(font, LANDSCAPE)
    window = open_window(LEFT, BOTTOM, MAP_WIDTH, TOP - BOTTOM, sheet.shape)
    town = Ground(paper, window, package.context)
    labels = Labels(paper, window.frame.buffer(-0.8))
    shape = window.to_page([sheet.shape])[0]
    _tints(paper, window, sheet.parts, shape)
    town.draw()
    _veil(paper, window, shape)
    symbols = [*_borders(paper, window, sheet, shape), *_dedicated(paper, window, sheet), *town.symbols]
    _names(labels, window, sheet, shape, town)
    _frame(paper, window)
    _head(paper, sheet)
    _foot(paper, package, window)
    _panel(paper, sheet, symbols, window.scale)
    return paper


def _tints(paper: Paper, window: Window, parts: Sequence[Part], shape: Any) -> None:
    """Fill what is drawn: each part in its own colour, or all in one."""
    paper.areas([shape], SUBJECT)
    for tint in sorted({p.tint for p in parts if p.tint}):
        paper.areas(window.to_page([p.shape for p in parts if p.tint == tint]), tint)


def _veil(paper: Paper, window: Window, shape: Any) -> None:
    """Make the ground round the subject paler, so that it stands out."""
    paper.areas([shapely.difference(window.frame, shape)], "white", alpha=0.5)


def _borders(paper: Paper, window: Window, sheet: Sheet, shape: Any) -> list[Symbol]:
    """Draw the borders, the finest first; return their symbols, the heaviest first."""
    symbols: list[Symbol] = []
    names = {1: "社区界", 2: "二级网格界", 3: "三级网格界"}
    _, around = seen(sheet.around, window)
    if len(around) and sheet.part_level == 3:
        _stroke(paper, symbols, "相邻网格界", shapely.boundary(around), styles.NEIGHBOUR, 0.3, (3, 0.8, 0.6, 0.8))
    if sheet.finer:
        _stroke(
            paper, symbols, names[sheet.part_level + 1], _edges(window, sheet.finer), styles.BORDER, 0.18, (1.2, 0.8)
        )
    if sheet.parts:
        width, dashes = (0.35, (2.2, 1.0)) if sheet.part_level == 3 else (0.5, ())
        _stroke(paper, symbols, names[sheet.part_level], _edges(window, [p.shape for p in sheet.parts]), styles.BORDER,
                width, dashes)  # fmt: skip
    if sheet.communities:
        edges = _edges(window, sheet.communities)
        if shapely.difference(shapely.union_all(edges), shapely.boundary(shape).buffer(BORDER_MM)).length > 1:
            _stroke(paper, symbols, "社区界", edges, styles.COMMUNITY, 0.4, (4, 1, 0.8, 1), ("#cdb5df", 1.8))
    name = {3: "本网格界", 2: "本社区界", 1: "范围界"}[sheet.part_level]
    _stroke(paper, symbols, name, [shapely.boundary(shape)], styles.BORDER, BORDER_MM, (), ("white", BORDER_MM + 0.7))
    return symbols[::-1]


def _edges(window: Window, shapes: Sequence[Any]) -> Any:
    """Return the borders of shapes on the page, without the frame that cuts them."""
    lines = window.to_page(shapely.boundary(np.asarray(list(shapes), dtype=object)))
    whole = shapely.union_all(lines)
    return shapely.get_parts(shapely.line_merge(whole) if whole.geom_type == "MultiLineString" else whole)


def _stroke(
    paper: Paper, symbols: list[Symbol], name: str, lines: Any, colour: str, width_mm: float,
    dashes: tuple[float, ...], band: tuple[str, float] | None = None,
) -> None:  # fmt: skip
    """Draw a border, on a wider band where one is given, and keep its symbol."""

    def stroke(p: Paper, where: Any) -> None:
        if band is not None:
            p.lines(where, *band, cap="butt")
        p.lines(where, colour, width_mm, dashes=dashes)

    stroke(paper, lines)
    symbols.append(
        Symbol(name, lambda p, x, y, w, h: stroke(p, [shapely.LineString([(x, y + h / 2), (x + w, y + h / 2)])]))
    )


def _dedicated(paper: Paper, window: Window, sheet: Sheet) -> list[Symbol]:
    """Draw the dedicated grids: those carved out filled, those laid over as a dashed border."""
    symbols = []
    for mode, name, face, hatch, dashes in (
        ("carve", "专属网格（独立）", "#dcebd3", "////", ()),
        ("overlay", "专属网格（叠加）", None, None, (1.6, 0.8)),
    ):
        shapes = window.to_page([p.shape for p in sheet.dedicated if p.mode == mode])
        if not len(shapes) or shapely.is_empty(shapes).all():
            continue
        style: Any = {"width_mm": 0.5, "hatch": hatch, "dashes": dashes}
        paper.areas(shapes, face, styles.DEDICATED, **style)

        def symbol(
            p: Paper, x: float, y: float, w: float, h: float, face: str | None = face, style: Any = style
        ) -> None:
            p.areas([shapely.box(x + 1, y, x + w - 1, y + h)], face, styles.DEDICATED, **style)

        symbols.append(Symbol(name, symbol))
    return symbols


def _names(labels: Labels, window: Window, sheet: Sheet, shape: Any, town: Ground) -> None:
    """Write the names, the weightiest first."""
    own = TOP_STYLE if sheet.part_level == 1 else PART_STYLE
    for part, on_page in zip(sheet.parts, window.to_page([p.shape for p in sheet.parts]), strict=True):
        labels.area(on_page, part.texts, own)
    for part, on_page in zip(sheet.dedicated, window.to_page([p.shape for p in sheet.dedicated]), strict=True):
        labels.area(on_page, part.texts, DEDICATED_STYLE, beside=shapely.intersects(on_page, shape))
    labels.keep_free(shapely.boundary(shape).buffer(BORDER_MM / 2 + 0.1))
    rows, shapes = seen(sheet.around, window)
    for text, on_page in zip(rows["text"], shapes, strict=True):
        rest = shapely.difference(on_page, shape)
        if rest.area > 0.02 * on_page.area:
            labels.area(rest, [str(text)], AROUND_STYLE, beside=False)
    town.names(labels)


def _frame(paper: Paper, window: Window) -> None:
    """Draw the frame; what stands out of it, as the round ends of cut roads do, is covered."""
    page = shapely.box(0, 0, paper.width, paper.height)
    paper.areas([shapely.difference(page, window.frame)], "white")
    paper.areas([window.frame], None, "black", width_mm=0.5)


def _head(paper: Paper, sheet: Sheet) -> None:
    room = RIGHT - LEFT - 110
    points = next((p for p in (17, 14, 11) if paper.font.width_mm(sheet.title, p, bold=True) <= room), 11)
    title = paper.font.cut(sheet.title, points, room, bold=True)
    paper.text((LEFT + RIGHT) / 2, 195.5, title, points, bold=True, across="center")
    if sheet.code:
        paper.text(RIGHT, 195.0, f"编码 {sheet.code}", 9, across="right")


def _foot(paper: Paper, package: Package, window: Window) -> None:
    """Write approval number, office, date and CRS under the drawing; what is not stated is a line to fill in."""
    stated, y = package.stated, 12.5
    paper.blank(LEFT, y, "审图号：", stated.approval, LEFT + 62)
    paper.blank(LEFT + 68, y, "制图单位：", stated.office, LEFT + 148)
    paper.blank(LEFT + 154, y, "制图日期：", stated.day, LEFT + 196)
    paper.text(LEFT, 7.0, f"坐标系：{package.crs_words}；面积为该投影平面上的面积。", 6.5)
    paper.text(RIGHT, 7.0, f"资料来源：{package.source}", 6.5, across="right")
    paper.text(RIGHT, y, "网格界线以备案坐标数据为准，本图示意", 6.5, across="right")


def _panel(paper: Paper, sheet: Sheet, symbols: Sequence[Symbol], scale: float) -> None:
    x = RIGHT - PANEL
    under = panel.fields(paper, x, TOP, PANEL, sheet.fields)
    high = panel.legend_height(symbols)
    panel.legend(paper, x, BOTTOM, PANEL, symbols)
    panel.scale_bar(paper, x, BOTTOM + high, PANEL, scale)
    for table in sheet.tables:
        under = panel.table(paper, x, under - 2.5, BOTTOM + high + panel.SCALE_MM + 2.0, table)
