"""The Chinese font of the papers: found among those installed, measured, and lines broken to a width.

Text is measured with the font itself, so that what is placed by its width on the drawing is as wide as it prints.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib import font_manager
from matplotlib.font_manager import FontPath, FontProperties
from matplotlib.ft2font import FT2Font, LoadFlags

from gridgis.errors import InvalidInput

FAMILIES = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN", "Microsoft YaHei", "SimHei",
    "PingFang SC", "Heiti SC", "DengXian", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Droid Sans Fallback",
    "Noto Sans CJK JP", "SimSun", "Noto Serif CJK SC", "Source Han Serif SC", "KaiTi",
)  # fmt: skip
"""Families that hold Chinese, the first that is installed is used: sans serif of Linux, Windows and macOS first."""

UNKNOWN = "〓"
"""Stands for a character that the font lacks: the printers' mark for a missing character."""

MM_PER_POINT = 25.4 / 72
_UNITS = 1000
_FIXED_POINT = 65_536
"""FreeType tells linear advances in 16.16 fixed point."""
_CLOSING = "，。、；：）》”！？%,.;:)"
"""A line does not begin with one of these."""
_OPENING = "（《“("
"""A line does not end with one of these."""


@dataclass(frozen=True)
class Font:
    """A Chinese family with a regular and a bold face, and what it was found to lack."""

    family: str
    regular: FontProperties
    bold: FontProperties
    lacking: set[str] = field(default_factory=set)

    def plain(self, text: object) -> str:
        """Return a text as one line that the font can print: characters that it lacks become UNKNOWN, and are kept."""
        line = " ".join(str(text).split())
        if missing := {c for c in line if _advance(self._path(False), c) is None}:
            self.lacking.update(missing)
            line = "".join(UNKNOWN if c in missing else c for c in line)
        return line

    def width_mm(self, text: str, points: float, bold: bool = False) -> float:
        """Return how wide a text prints at a size in points."""
        path = self._path(bold)
        return sum(_advance(path, c) or _UNITS for c in text) / _UNITS * points * MM_PER_POINT

    def sized(self, points: float, bold: bool = False) -> FontProperties:
        """Return the properties of a face at a size, for matplotlib."""
        return _sized(self.family, points, bold)

    def outline(self, character: str, bold: bool = False) -> tuple[Any, Any, float]:
        """Return vertices and codes of a character's outline at a size of 1, and how far it moves the pen."""
        path = self._path(bold)
        return *_outline(path, character), (_advance(path, character) or _UNITS) / _UNITS

    def wrap(self, text: object, points: float, width_mm: float) -> list[str]:
        """Break a text into lines no wider than ``width_mm``, after a space or a Chinese character."""
        lines = [""]
        for word in _words(self.plain(text)):
            for piece in self._pieces(word, points, width_mm):
                whole = lines[-1] + piece
                if lines[-1] and self.width_mm(whole.rstrip(), points) > width_mm:
                    lines[-1] = lines[-1].rstrip()
                    lines.append(piece.lstrip())
                else:
                    lines[-1] = whole
        return [*lines[:-1], lines[-1].rstrip()]

    def cut(self, text: object, points: float, width_mm: float, bold: bool = False) -> str:
        """Return a text cut to a width, with … where something was left off."""
        line = self.plain(text)
        if self.width_mm(line, points, bold) <= width_mm:
            return line
        while line and self.width_mm(line + "…", points, bold) > width_mm:
            line = line[:-1]
        return line + "…"

    def _pieces(self, word: str, points: float, width_mm: float) -> Iterable[str]:
        """Break a word that is wider than a whole line."""
        if self.width_mm(word, points) <= width_mm:
            return [word]
        out = [""]
        for c in word:
            if out[-1] and self.width_mm(out[-1] + c, points) > width_mm:
                out.append("")
            out[-1] += c
        return out

    def _path(self, bold: bool) -> FontPath:
        return _found(self.bold if bold else self.regular)


def find_font(families: Sequence[str] = FAMILIES) -> Font:
    """Return the first of the families that is installed.

    Raises
    ------
    InvalidInput
        None of them is installed: Chinese would print as empty boxes.
    """
    installed = {entry.name for entry in font_manager.fontManager.ttflist}
    for family in families:
        if family in installed:
            return Font(family, FontProperties(family=[family]), FontProperties(family=[family], weight="bold"))
    raise InvalidInput(
        f"没有找到中文字体（找过：{'、'.join(families)}），图纸上的汉字无法显示；请安装其中一种，"
        "例如 Debian/Ubuntu：apt install fonts-noto-cjk",
        f"no Chinese font is installed (looked for {', '.join(families)}), so Chinese cannot be printed; install one "
        "of them, on Debian or Ubuntu: apt install fonts-noto-cjk",
        families=list(families),
    )


def _words(text: str) -> list[str]:
    """Return pieces between which a line may break.

    Examples
    --------
    >>> _words("东至5th Ave，南（甲）")
    ['东', '至', '5th ', 'Ave，', '南', '（甲）']
    """
    out = [""]
    for c in text:
        if c in _CLOSING or out[-1][-1:] in _OPENING or (not _breaks(out[-1][-1]) and not _is_wide(c)):
            out[-1] += c
        else:
            out.append(c)
    return [w for w in out if w]


def _breaks(c: str) -> bool:
    return c == " " or _is_wide(c)


def _is_wide(c: str) -> bool:
    return c > "⺀"


def _found(properties: FontProperties) -> FontPath:
    return font_manager.fontManager.findfont(properties, fallback_to_default=False)


@lru_cache(maxsize=8)
def _open(path: FontPath) -> FT2Font:
    font = FT2Font(str(path), face_index=path.face_index)
    font.set_size(_UNITS, 72)
    return font


@lru_cache(maxsize=256)
def _sized(family: str, points: float, bold: bool) -> FontProperties:
    return FontProperties(family=[family], weight="bold" if bold else "normal", size=points)


@lru_cache(maxsize=20_000)
def _outline(path: FontPath, character: str) -> tuple[Any, Any]:
    font = _open(path)
    font.load_char(ord(character), flags=LoadFlags.NO_HINTING)
    vertices, codes = font.get_path()
    return np.asarray(vertices, dtype=np.float64).reshape(-1, 2) / _UNITS, np.asarray(codes, dtype=np.uint8)


@lru_cache(maxsize=50_000)
def _advance(path: FontPath, character: str) -> float | None:
    """Return how far a character moves the pen, in thousandths of the size; None where the font lacks it."""
    font = _open(path)
    if not font.get_char_index(ord(character)):
        return None
    return float(font.load_char(ord(character), flags=LoadFlags.NO_HINTING).linearHoriAdvance) / _FIXED_POINT
