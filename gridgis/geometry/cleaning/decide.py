"""Who gets the ground of a gap, an overlap or a sliver.

The feature with the longest border to it, of those that may have it; among equals the one that comes first. Wider than
the tolerance, or when nothing would be left of a feature: nobody, it is only reported.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np

from gridgis.geometry.arrays import Floats, Ints
from gridgis.geometry.cleaning.change import Change
from gridgis.geometry.cleaning.faces import OUTSIDE, Arc, Faces
from gridgis.geometry.cleaning.scale import Scale
from gridgis.geometry.cleaning.slits import SLENDER

REST = -2
"""Stands for all features that are nowhere near a fault."""


@dataclass
class Ground:
    """The faces, who has them by now, and how many each feature has."""

    faces: Faces
    own: list[tuple[int, ...]]
    xy: Floats
    lids: set[Arc]
    scale: Scale
    tolerance_m: float

    def give(self, face: int, taker: int) -> None:
        """Let one feature have a face, and no other."""
        self.own[face] = (taker,)

    def is_no_slit(self, face: int, width_m: float) -> bool:
        """Tell of a face behind a lid whether it is no slit: too wide, not slender, or not between features."""
        arcs = np.array(self.faces.arcs[face], dtype=np.int64)
        if not any((min(a), max(a)) in self.lids for a in self.faces.arcs[face]):
            return False
        around = float(self.scale.lengths_m(self.xy[arcs[:, 0]], self.xy[arcs[:, 1]]).sum())
        return width_m > self.tolerance_m or around < 2 * SLENDER * width_m or len(self.borders(face)) < 2

    def borders(self, face: int, among: Collection[int] | None = None) -> dict[int, float]:
        """Return the length in metres that a face shares with the ground of each feature beside it."""
        beside = [(arc, k) for arc, g in self.faces.beyond(face) if g != OUTSIDE for k in self.own[g]]
        ends = np.array([arc for arc, _ in beside], dtype=np.int64).reshape(-1, 2)
        length = self.scale.lengths_m(self.xy[ends[:, 0]], self.xy[ends[:, 1]])
        out: dict[int, float] = {}
        for (_, k), metres in zip(beside, length.tolist(), strict=True):
            if k != REST and (among is None or k in among):
                out[k] = out.get(k, 0.0) + metres
        return out


def longest(borders: dict[int, float], candidates: Iterable[int]) -> list[int]:
    """Return the candidates, longest border first; lengths count to the micrometre."""
    return sorted(candidates, key=lambda k: (-round(borders.get(k, 0.0), 6), k))


def settle(ground: Ground, thin: dict[int, tuple[int, bool]], blocked: Collection[int]) -> dict[int, Change]:
    """Decide on every face at fault, overlaps first, then gaps, then slivers.

    Parameters
    ----------
    ground
        The faces; changed by what is decided.
    thin
        The faces that are thin parts of a feature: the feature, and whether it has other ground.
    blocked
        Faces that must stay as they are.

    Returns
    -------
    dict
        Of each face at fault what is told about it.
    """
    cover = ground.faces.cover
    over = [f for f, who in enumerate(cover) if len(who) > 1]
    none = [f for f, who in enumerate(cover) if not who]
    parts = [f for f in sorted(thin) if cover[f] == (thin[f][0],)]
    at = np.array([*over, *none, *parts], dtype=np.int64)
    areas, widths = _sizes(ground, at)
    count: dict[int, int] = {}
    for who in ground.own:
        for k in who:
            count[k] = count.get(k, 0) + 1
    out: dict[int, Change] = {}
    for f, area, width in zip(at.tolist(), areas.tolist(), widths.tolist(), strict=True):
        kind = "overlap" if len(cover[f]) > 1 else "sliver" if cover[f] else "gap"
        if kind == "gap" and ground.is_no_slit(f, width):
            continue
        taker, why = _taker(ground, f, kind, width, thin, count)
        if f in blocked:
            taker, why = None, "broken"
        features = cover[f] if kind == "overlap" else cover[f] or tuple(sorted(ground.borders(f)))
        if taker is not None:
            features = features if taker in features else (*features, taker)
            for k in cover[f]:
                count[k] -= k != taker
            ground.give(f, taker)
        done = taker is not None
        out[f] = Change(kind, features, ground.faces.polygons[f], area, width, taker, done, why)
    return out


def _sizes(ground: Ground, at: Ints) -> tuple[Floats, Floats]:
    polygons = ground.faces.polygons[at]
    return ground.scale.areas_m2(polygons), ground.scale.widths_m(polygons)


def _taker(
    ground: Ground, face: int, kind: str, width: float, thin: dict[int, tuple[int, bool]], count: dict[int, int]
) -> tuple[int | None, str]:
    """Return who gets a face, or None and why nobody does."""
    if width > ground.tolerance_m:
        return None, "wide"
    cover = ground.faces.cover[face]
    if kind == "overlap":
        fit = [k for k in cover if all(count[j] > 1 for j in cover if j != k)]
        best = longest(ground.borders(face, cover), fit)
        return (best[0], "") if best else (None, "last")
    if kind == "sliver" and not thin[face][1]:
        return None, "last"
    borders = ground.borders(face)
    best = [k for k in longest(borders, borders) if k not in cover]
    return (best[0], "") if best else (None, "alone")
