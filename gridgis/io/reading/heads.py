"""Column heads of places in tables: geometry, lon and lat, x and y, as people call them (gridgis/io/columns.toml)."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any

from gridgis.errors import InvalidInput
from gridgis.io.reading.source import Source

PLACES = ("geometry", "lon", "lat", "x", "y")
"""What a table may hold of a place."""


@cache
def words() -> dict[str, Any]:
    """Return the table of column heads and words."""
    return tomllib.loads((resources.files("gridgis.io") / "columns.toml").read_text("utf-8"))


def plain_head(head: str) -> str:
    """Return a column head without what does not matter: case, blanks, kinds of brackets.

    Examples
    --------
    >>> plain_head(" Shape（WKT） ")
    'shape(wkt)'
    """
    return "".join(str(head).lower().replace("（", "(").replace("）", ")").split())


def named_head(place: str, names: Sequence[str], source: Source) -> str | None:
    """Return the column that holds a place: the user's own, or the first of those that are called so."""
    columns = source.columns
    if place in columns:
        if columns[place] not in names:
            raise InvalidInput(
                f"{source.shown} 没有列“{columns[place]}”；现有：{'、'.join(names)}",
                f"{source.shown} has no column '{columns[place]}'; it has {', '.join(names)}",
                path=source.shown,
                column=columns[place],
            )
        return columns[place]
    plain = {plain_head(n): n for n in reversed(names)}
    return next((plain[w] for w in words()["places"][place] if w in plain), None)


def place_heads() -> frozenset[str]:
    """Return all heads by which a place is known."""
    return frozenset(w for place in PLACES for w in words()["places"][place])


def names_area(head: str) -> bool:
    """Tell whether a head speaks of an area, so that its coordinates are the ring of a polygon."""
    return any(word in plain_head(head) for word in words()["places"]["area"])
