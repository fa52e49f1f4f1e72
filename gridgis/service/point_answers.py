"""What is told of many points, as arrays of numbers and the words that these stand for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gridgis.errors import GridgisError
from gridgis.geometry.shift import canonical_crs, check_lonlat, to_stored_lonlat
from gridgis.index import Resolver
from gridgis.index.resolver import RULES
from gridgis.model import Hit

RULE_WORDS = (*RULES, "place")
PRECISIONS = ("grid", "community")
NONE = -1
"""Stands for no word."""

Ints = NDArray[np.int32]


@dataclass(frozen=True)
class Answers:
    """Answers for n points; all arrays (n,), NONE where there is nothing to say.

    Parameters
    ----------
    code, base
        Places in ``Resolver.words``.
    rule
        Place in RULE_WORDS.
    precision
        Place in PRECISIONS.
    border_m
        Distance to the border of the base grid, metres; NaN where it is not known or not asked for.
    note
        Texts: why a point cannot be meant; else None.
    """

    code: Ints
    base: Ints
    rule: Ints
    precision: Ints
    border_m: NDArray[np.float64]
    note: NDArray[np.object_]

    @classmethod
    def empty(cls, count: int) -> Answers:
        """Return answers that say nothing yet."""
        code, base, rule, precision = (np.full(count, NONE, dtype=np.int32) for _ in range(4))
        return cls(code, base, rule, precision, np.full(count, np.nan), np.full(count, None, dtype=object))

    def put(self, rows: Any, other: Answers) -> None:
        """Take over the answers to some of the points."""
        for name in ("code", "base", "rule", "precision", "border_m", "note"):
            getattr(self, name)[rows] = getattr(other, name)

    def put_hit(self, row: int, hit: Hit, resolver: Resolver) -> None:
        """Take over a hit for one of the points."""
        for place, code in ((self.code, hit.code), (self.base, hit.base)):
            place[row] = NONE if code is None else resolver.places[code]
        self.rule[row] = RULE_WORDS.index(hit.rule)
        self.precision[row] = NONE if hit.precision is None else PRECISIONS.index(hit.precision)
        self.border_m[row] = np.nan if hit.border_m is None else hit.border_m


def find_points(
    resolver: Resolver, lon: Any, lat: Any, crs: str, *, threads: int = 1, distances: bool = False
) -> Answers:
    """Look up (n,) points of one kind of coordinates; ``distances``: also how far the borders are.

    A point that cannot be meant has only a note, which says why; a point outside has the rule "outside".
    """
    x, y = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    out = Answers.empty(len(x))
    try:
        canonical_crs(crs)
    except GridgisError as e:
        out.note[:] = str(e)
        return out
    good = _may_be_meant(x, y)
    for row in np.flatnonzero(~good).tolist():
        out.note[row] = _why_not(float(x[row]), float(y[row]))
    x, y, _ = to_stored_lonlat(x[good], y[good], crs)
    found = resolver.find(x, y, threads)
    overlaid = found.over >= 0
    coarse = np.asarray(resolver.codes.coarse, dtype=np.int32)[found.base]
    coarse[found.base < 0] = NONE
    out.base[good] = found.base
    out.code[good] = np.where(overlaid, found.over + len(resolver.base_codes), found.base)
    out.rule[good] = found.rule
    out.precision[good] = np.where(overlaid, PRECISIONS.index("grid"), coarse)
    if distances:
        out.border_m[good] = resolver.border_distances(found, x, y, threads)
    return out


def _may_be_meant(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which points ``check_lonlat`` accepts; it is asked about the others, and says why."""
    good = (np.abs(x) <= 180) & (np.abs(y) <= 90) & ((x != 0) | (y != 0))
    return np.asarray(good & ~((x >= 3) & (x <= 54) & (y >= 73) & (y <= 136)))


def _why_not(lon: float, lat: float) -> str | None:
    try:
        check_lonlat(lon, lat)
    except GridgisError as e:
        return str(e)
    return None


def as_words(places: Ints, words: Any) -> pa.DictionaryArray:
    """Return the words at places, encoded as a dictionary; null for NONE."""
    indices = pa.array(places, mask=places < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(list(words), pa.string()))
