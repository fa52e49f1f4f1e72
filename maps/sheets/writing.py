"""All text of a page as one artist: written straight by the renderer, over a white halo where it stands on a drawing.

``matplotlib``'s own text measures each piece again and turns text with a halo into outlines, which cannot be searched
or copied in the PDF. Here a piece begins where the font's own widths put it, and only the halo is outlines.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.path import Path

from maps.sheets.fonts import MM_PER_POINT, Font

CENTRE = 0.37
"""Middle of a line of Chinese over its baseline, as a share of its size."""


@dataclass(frozen=True)
class Piece:
    """One line of text that begins at (x, y), in millimetres, and runs at an angle in degrees."""

    x: float
    y: float
    text: str
    points: float
    bold: bool
    colour: str
    angle: float
    halo_mm: float


class Writing(Artist):
    """Draws pieces of text; above all else on the page."""

    def __init__(self, font: Font, millimetres: Any) -> None:
        super().__init__()
        self.set_zorder(1e9)
        self.font = font
        self.pieces: list[Piece] = []
        self._mm = millimetres

    def draw(self, renderer: Any) -> None:
        """Draw the halos, then the text, on any renderer of matplotlib."""
        for width_mm in sorted({p.halo_mm for p in self.pieces if p.halo_mm}):
            self._halo(renderer, width_mm)
        height = renderer.get_canvas_width_height()[1]
        for piece in self.pieces:
            gc = renderer.new_gc()
            gc.set_foreground(piece.colour)
            x, y = self._mm.transform((piece.x, piece.y))
            at = height - y if renderer.flipy() else y
            renderer.draw_text(gc, x, at, piece.text, self.font.sized(piece.points, piece.bold), piece.angle)
            gc.restore()

    def _halo(self, renderer: Any, width_mm: float) -> None:
        outlines = [self._outline(p) for p in self.pieces if p.halo_mm == width_mm]
        path = Path(np.vstack([o[0] for o in outlines]), np.concatenate([o[1] for o in outlines]))
        gc = renderer.new_gc()
        gc.set_foreground("white")
        gc.set_linewidth(2 * width_mm / MM_PER_POINT)
        gc.set_joinstyle("round")
        renderer.draw_path(gc, path, self._mm)
        gc.restore()

    def _outline(self, piece: Piece) -> tuple[Any, Any]:
        """Return vertices, in millimetres, and codes of the outline of a piece."""
        size = piece.points * MM_PER_POINT
        vertices, codes, pen = [np.empty((0, 2))], [np.empty(0, dtype=np.uint8)], 0.0
        for c in piece.text:
            shape, kinds, advance = self.font.outline(c, piece.bold)
            vertices.append(shape + np.array([pen, 0.0]))
            codes.append(kinds)
            pen += advance
        turn = math.radians(piece.angle)
        rotation = np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
        return np.vstack(vertices) * size @ rotation + np.array([piece.x, piece.y]), np.concatenate(codes)
