"""From one point to the responsible grid, and why, the plain way: it loads neither NumPy nor a compiler."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gridgis.errors import InvalidInput
from gridgis.geometry.lonlat import STORED_CRS, check_lonlat
from gridgis.index.borders import Borders
from gridgis.index.codes import Codes
from gridgis.index.mapped import Section, map_sections
from gridgis.index.plain import Plain
from gridgis.index.tables import LET_IN, NUMBERS, Tables
from gridgis.model import Hit

INSIDE, SHARED, OUTER, OVERLAY, OUTSIDE = "inside", "shared-border", "outer-border", "overlay", "outside"
BASE, OVER = "b.", "o."
"""Sections of the base grids' and of the overlays' tables begin so."""
CODE_TABLES = ("parents", "base", "overlays", "coarse", "inside")
"""Sections of the codes: fields of Codes."""


@dataclass(frozen=True)
class PointResolver:
    """Answers for one point at a time. Comes from a file (``open``), or with a Resolver (``Resolver.points``).

    Parameters
    ----------
    base
        The base grids; positions are those of ``codes.base``.
    overlays
        The overlay grids, positions as in ``codes.overlays``; None where there are none.
    borders
        The base grids' borders in metres.
    codes
        The codes.
    revision
        Revision that this is of.
    """

    base: Plain
    overlays: Plain | None
    borders: Borders
    codes: Codes
    revision: int

    @classmethod
    def open(cls, path: str | Path, key: str) -> PointResolver:
        """Map what ``Resolver.save`` wrote.

        Raises
        ------
        InvalidInput
            The file is not there, is no index, of another version, truncated, changed, or has another key.
        """
        sections, _ = map_sections(Path(path))
        head = head_of(sections, path, key)
        base = view_tables(sections, BASE)
        overlays = Plain(view_tables(sections, OVER)) if f"{OVER}frame" in sections else None
        borders = Borders(base, head["work_crs"])
        return cls(Plain(base), overlays, borders, codes_of(sections, head), head["revision"])

    def resolve(self, lon: float, lat: float, crs: str = STORED_CRS) -> Hit:
        """Answer for one point in stored coordinates; see ``Resolver.resolve``."""
        check_lonlat(lon, lat)
        lon, lat = float(lon), float(lat)
        word, told = self.base.word_at(lon, lat)
        position, over = word - 1, -1 if self.overlays is None else self.overlays.word_at(lon, lat)[0] - 1
        base = None if word == 0 else self.codes[self.codes.base[position]]
        nearest = nearest_m = border_m = None
        across = -1
        if word:
            border_m, across = self.borders.nearest_border(position, lon, lat)
            if told:
                border_m = 0.0  # exactly on it; in the work CRS an edge of 1-2 km may pass a centimetre or two beside
        else:
            nearest_m, k = self.borders.nearest_polygon(lon, lat)
            nearest = None if k < 0 else self.codes[self.codes.base[k]]
        return Hit(
            lon=lon,
            lat=lat,
            crs=crs,
            revision=self.revision,
            code=base if over < 0 else self.codes[self.codes.overlays[over]],
            base=base,
            chain=self.codes.chain(self.codes.base[position]) if word else (),
            rule=OVERLAY if over >= 0 else _rule(word, told),
            precision=self._precision(position, over >= 0),
            border_m=border_m,
            neighbour=None if across < 0 else self.codes[self.codes.base[across]],
            nearest=nearest,
            nearest_m=nearest_m,
        )

    def _precision(self, position: int, overlaid: bool) -> str | None:
        if position < 0 and not overlaid:
            return None
        return "grid" if overlaid or not self.codes.coarse[position] else "community"


def _rule(word: int, told: int) -> str:
    if word == 0:
        return OUTSIDE
    if told == 0:
        return INSIDE
    return SHARED if 1 < told < LET_IN else OUTER


def head_of(sections: dict[str, Section], path: str | Path, key: str) -> dict[str, Any]:
    """Return what stands at the head of a resolver's file: key, revision, work_crs, width.

    Raises
    ------
    InvalidInput
        It is the file of another registry or revision, or no resolver's.
    """
    head: dict[str, Any] = json.loads(bytes(sections["head"].body)) if "head" in sections else {}
    if head.get("key") != key:
        raise InvalidInput(
            f"索引文件 {path} 不属于这个注册库的现行版；请重建索引",
            f"index file {path} is not of the revision in force of this registry; build it again",
            path=str(path),
        )
    return head


def codes_of(sections: dict[str, Section], head: dict[str, Any]) -> Codes:
    """Return the codes as they stand in a file."""
    text = sections["codes"].body
    return Codes(text, head["width"], *(sections[k].numbers for k in CODE_TABLES))


def view_tables(sections: dict[str, Section], prefix: str) -> Tables:
    """Return tables of memory views over a mapped file."""
    frame = sections[f"{prefix}frame"].numbers.tolist()
    rest: dict[str, Any] = {name: sections[prefix + name].numbers for name in Tables._fields[NUMBERS:]}
    west, south, per_x, per_y, columns, rows = frame
    return Tables(west, south, per_x, per_y, int(columns), int(rows), **rest)
