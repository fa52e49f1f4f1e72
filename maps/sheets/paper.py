"""One A4 page in millimetres: shapes, lines and text, printed as PDF and PNG, the same bytes for the same page.

The origin is the lower left corner of the page. There are no axes: what is drawn at 1:N is placed by its millimetres,
so that the scale holds on the printed page.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import shapely
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.transforms import Affine2D

from maps.sheets.fonts import MM_PER_POINT, Font
from maps.sheets.writing import Piece, Writing

LANDSCAPE = (297.0, 210.0)
PORTRAIT = (210.0, 297.0)
DPI = 200
"""Of the PNG: an A4 page has 2339 x 1654 pixels, on which the smallest text (5 points) is 14 pixels high."""

_SETTINGS: Any = {
    # Type 3 draws every font, those with PostScript outlines (Noto, Source Han) too, which as Type 42 do not print;
    # only the characters used are embedded, and the text can be searched and copied.
    "pdf.fonttype": 3,
    "pdf.compression": 6,
    "hatch.linewidth": 0.4,
    "path.simplify": False,
    "svg.hashsalt": "gridgis",
}


class Paper:
    """A page on which one draws in millimetres, and which is then printed."""

    def __init__(self, font: Font, size_mm: tuple[float, float] = LANDSCAPE) -> None:
        self.font = font
        self.width, self.height = size_mm
        self._figure = Figure(figsize=(size_mm[0] / 25.4, size_mm[1] / 25.4), facecolor="white")
        self._mm = Affine2D().scale(1 / 25.4) + self._figure.dpi_scale_trans
        self._layer = 0
        self._writing = Writing(font, self._mm)
        self._figure.add_artist(self._writing)

    def areas(self, shapes: Iterable[Any], face: str | None, edge: str | None = None, **style: Any) -> None:
        """Draw polygons as one shape: width_mm of the edge, dashes (mm), hatch, alpha."""
        path = _polygon_path(shapes)
        if path is not None:
            self._patch(path, face or "none", edge or "none", **style)

    def lines(self, shapes: Iterable[Any], colour: str, width_mm: float, **style: Any) -> None:
        """Draw lines as one stroke: dashes (mm), cap ("butt" | "round")."""
        path = _line_path(shapes)
        if path is not None:
            self._patch(path, "none", colour, width_mm=width_mm, **style)

    def box(self, x: float, y: float, width: float, height: float, face: str | None, edge: str | None = None,
            width_mm: float = 0.2) -> None:  # fmt: skip
        """Draw a rectangle by its lower left corner."""
        self.areas([shapely.box(x, y, x + width, y + height)], face, edge, width_mm=width_mm)

    def rule(self, x0: float, y0: float, x1: float, y1: float, width_mm: float = 0.2, colour: str = "black") -> None:
        """Draw a straight line."""
        self.lines([shapely.LineString([(x0, y0), (x1, y1)])], colour, width_mm, cap="butt")

    def text(
        self,
        x: float,
        y: float,
        text: object,
        points: float,
        *,
        bold: bool = False,
        colour: str = "black",
        across: str = "left",
        angle: float = 0.0,
        halo_mm: float = 0.0,
    ) -> None:
        """Write one line of text on a baseline: ``across`` tells which point of it is (x, y): left | center | right."""
        line = self.font.plain(text)
        back = {"left": 0.0, "center": 0.5, "right": 1.0}[across] * self.font.width_mm(line, points, bold)
        turn = math.radians(angle)
        x, y = x - back * math.cos(turn), y - back * math.sin(turn)
        if line:
            self._writing.pieces.append(Piece(x, y, line, points, bold, colour, angle, halo_mm))

    def blank(self, x: float, y: float, name: str, value: str, right: float, points: float = 8) -> None:
        """Write a name, and its value on a line up to ``right``; a line without a value is filled in by hand."""
        self.text(x, y, name, points)
        start = x + self.font.width_mm(name, points)
        self.rule(start, y - 1, right, y - 1, 0.15)
        if value:
            self.text(start + 1, y, self.font.cut(value, points, right - start - 1), points)

    def pdf(self) -> bytes:
        """Return the page as PDF."""
        return print_pdf([self])

    def png(self) -> bytes:
        """Return the page as PNG at DPI."""
        canvas = FigureCanvasAgg(self._figure)
        with mpl.rc_context(_SETTINGS):
            self._figure.set_dpi(DPI)
            canvas.draw()  # type: ignore[no-untyped-call]
        data = _encode(np.asarray(canvas.buffer_rgba()))  # type: ignore[no-untyped-call]
        del canvas.renderer  # 15 MB, which the figure and its canvas, holding one another, would keep for long
        return data

    def _patch(
        self,
        path: Path,
        face: str,
        edge: str,
        *,
        width_mm: float = 0.2,
        dashes: Sequence[float] = (),
        hatch: str | None = None,
        alpha: float | None = None,
        cap: str = "round",
    ) -> None:
        points = width_mm / MM_PER_POINT
        style: Any = (0, tuple(d / width_mm for d in dashes)) if dashes else "solid"
        patch = PathPatch(
            path, facecolor=face, edgecolor=edge, linewidth=0 if edge == "none" else points, linestyle=style,
            hatch=hatch, alpha=alpha, capstyle="butt" if dashes else cap, joinstyle="round", transform=self._mm,
        )  # fmt: skip
        patch.set_zorder(self._next())
        self._figure.add_artist(patch)

    def _next(self) -> int:
        """Return the height of what is drawn next: on top of all before."""
        self._layer += 1
        return self._layer


def print_pdf(pages: Sequence[Paper]) -> bytes:
    """Return pages as one PDF: fonts embedded, no date."""
    out = io.BytesIO()
    about = {"CreationDate": None, "Producer": "gridgis", "Creator": "gridgis"}
    with mpl.rc_context(_SETTINGS), PdfPages(out, metadata=about) as book:
        for page in pages:
            book.savefig(page._figure)
    return out.getvalue()


def _encode(rgba: Any) -> bytes:
    """Write pixels as a PNG without any word about who wrote it, and when; few colours, as a drawing has."""
    from PIL import Image

    out = io.BytesIO()
    image = Image.fromarray(rgba[..., :3]).quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    image.save(out, format="PNG", dpi=(DPI, DPI), compress_level=6)
    return out.getvalue()


def _polygon_path(shapes: Iterable[Any]) -> Path | None:
    """Return polygons, with their holes, as one compound path."""
    parts = shapely.get_parts(np.asarray(list(shapes), dtype=object))
    parts = parts[(shapely.get_type_id(parts) == 3) & ~shapely.is_empty(parts)]
    if not len(parts):
        return None
    rings = shapely.get_rings(shapely.orient_polygons(parts))
    return _path(rings, closed=True)


def _line_path(shapes: Iterable[Any]) -> Path | None:
    parts = shapely.get_parts(np.asarray(list(shapes), dtype=object))
    parts = parts[(np.isin(shapely.get_type_id(parts), (1, 2))) & ~shapely.is_empty(parts)]
    return _path(parts, closed=False) if len(parts) else None


def _path(lines: Any, closed: bool) -> Path:
    xy, of = shapely.get_coordinates(lines, return_index=True)
    starts = np.flatnonzero(np.diff(of, prepend=-1))
    codes = np.full(len(xy), Path.LINETO, dtype=np.uint8)
    codes[starts] = Path.MOVETO
    if closed:
        codes[[*(starts[1:] - 1), len(xy) - 1]] = Path.CLOSEPOLY
    return Path(np.round(xy, 3), codes)


def turned_box(x: float, y: float, width: float, height: float, angle: float) -> Any:
    """Return the rectangle of this middle and size, turned by an angle in degrees."""
    turn = math.radians(angle)
    c, s = math.cos(turn), math.sin(turn)
    corners = [(-width / 2, -height / 2), (width / 2, -height / 2), (width / 2, height / 2), (-width / 2, height / 2)]
    return shapely.Polygon([(x + a * c - b * s, y + a * s + b * c) for a, b in corners])
