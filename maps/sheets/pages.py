"""Text and ruled tables that flow over as many pages as they need: the public notice, the verdict."""

from __future__ import annotations

from collections.abc import Sequence

from maps.sheets.fonts import MM_PER_POINT, Font
from maps.sheets.paper import PORTRAIT, Paper, print_pdf
from maps.sheets.writing import CENTRE

LEFT, RIGHT, BOTTOM, TOP = 20.0, 190.0, 22.0, 275.0
LINE = "#555555"
_PAD = 1.2


class Pages:
    """Pages that are filled from above; ``foot`` is written under each, with its number."""

    def __init__(self, font: Font, foot: str = "") -> None:
        self.font = font
        self.foot = foot
        self.papers: list[Paper] = []
        self.y = 0.0
        """Where the next line begins, in millimetres from the lower edge."""
        self._turn()

    @property
    def paper(self) -> Paper:
        """The page that is being written."""
        return self.papers[-1]

    def title(self, text: str, points: float = 20) -> None:
        """Write a title in the middle, on as many lines as it needs."""
        for line in self.font.wrap(text, points * 1.06, RIGHT - LEFT):
            self.y -= points * MM_PER_POINT * 1.5
            self.paper.text((LEFT + RIGHT) / 2, self.y, line, points, bold=True, across="center")
        self.y -= 5

    def heading(self, text: str) -> None:
        """Write the heading of a part."""
        self.need(14)
        self.y -= 8
        self.paper.text(LEFT, self.y, text, 11, bold=True)
        self.y -= 2.5

    def paragraph(self, text: str, points: float = 10.5) -> None:
        """Write a paragraph, its first line indented by two characters."""
        step = points * MM_PER_POINT * 1.7
        indent = 2 * points * MM_PER_POINT
        lines = self.font.wrap(text, points, RIGHT - LEFT - indent)
        first, rest = lines[0], self.font.plain(text)[len(lines[0]) :].lstrip()
        self.need(step)
        for k, line in enumerate([first, *(self.font.wrap(rest, points, RIGHT - LEFT) if rest else [])]):
            self.need(step)
            self.y -= step
            self.paper.text(LEFT + (indent if k == 0 else 0), self.y, line, points)
        self.y -= 4

    def table(
        self, heads: Sequence[str], widths: Sequence[float], rows: Sequence[Sequence[str]], right: Sequence[int] = (),
        points: float = 9, pad: float = _PAD,
    ) -> None:  # fmt: skip
        """Write a ruled table, cells broken to their columns; the heads are written again on each page."""
        self._row(heads, widths, (), points, pad, shaded=True)
        for row in rows:
            if self.y - self._height(row, widths, points, pad) < BOTTOM:
                self._turn()
                self._row(heads, widths, (), points, pad, shaded=True)
            self._row(row, widths, right, points, pad)

    def need(self, height: float) -> None:
        """Turn the page where there is no room of this height."""
        if self.y - height < BOTTOM:
            self._turn()

    def pdf(self) -> bytes:
        """Return the pages as one PDF, numbered."""
        for number, paper in enumerate(self.papers, start=1):
            paper.text(LEFT, 13, self.foot, 7.5)
            paper.text(RIGHT, 13, f"第 {number} 页，共 {len(self.papers)} 页", 7.5, across="right")
        return print_pdf(self.papers)

    def _turn(self) -> None:
        self.papers.append(Paper(self.font, PORTRAIT))
        self.y = TOP

    def _height(self, cells: Sequence[str], widths: Sequence[float], points: float, pad: float) -> float:
        lines = max(len(self.font.wrap(c, points, w - 2 * _PAD)) for c, w in zip(cells, widths, strict=True))
        return lines * points * MM_PER_POINT * 1.35 + 2 * pad

    def _row(
        self, cells: Sequence[str], widths: Sequence[float], right: Sequence[int], points: float, pad: float,
        shaded: bool = False,
    ) -> None:  # fmt: skip
        height = self._height(cells, widths, points, pad)
        step = points * MM_PER_POINT * 1.35
        x, paper = LEFT, self.paper
        for k, (cell, width) in enumerate(zip(cells, widths, strict=True)):
            paper.box(x, self.y - height, width, height, "#eeeeee" if shaded else None, LINE, 0.2)
            lines = self.font.wrap(cell, points, width - 2 * _PAD)
            top = self.y - (height - len(lines) * step) / 2
            for n, line in enumerate(lines):
                base = top - step * (n + 0.5) - CENTRE * points * MM_PER_POINT
                if k in right:
                    paper.text(x + width - _PAD, base, line, points, across="right")
                elif shaded:
                    paper.text(x + width / 2, base, line, points, bold=True, across="center")
                else:
                    paper.text(x + _PAD, base, line, points)
            x += width
        self.y -= height
