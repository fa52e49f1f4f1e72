"""What a user states about columns: "ours=theirs", a text made of columns, or that a value is unknown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd

from gridgis.dispatch.days import to_text
from gridgis.errors import InvalidInput
from gridgis.io.notes import Notes

_FIELD = re.compile(r"\{([^{}]+?)(?::0(\d+))?\}")
"""A column in a text: {NAME}, or {NAME:03} with zeros before it."""


PLACES = ("geometry", "lon", "lat", "x", "y")
"""What the columns of a table that hold the place are called here."""


@dataclass(frozen=True)
class Columns:
    """What a user states about columns.

    ``pairs`` holds ours to theirs, ``places`` those of the place of a table (PLACES), ``texts`` ours to a text made of
    columns, or to "" where the value is unknown.
    """

    pairs: Mapping[str, str]
    places: Mapping[str, str]
    texts: Mapping[str, str]

    def made(self, frame: gpd.GeoDataFrame, what: str, notes: Notes) -> gpd.GeoDataFrame:
        """Return the layer with the columns that are texts or unknown.

        Raises
        ------
        InvalidInput
            A text names a column that the layer does not have.
        """
        for ours, text in self.texts.items():
            made = _text_of(frame, text, what) if text else pd.Series(None, index=frame.index, dtype=object)
            frame = frame.assign(**{ours: made})
            zh, en = f"列 {ours}：{text or '未知'}", f"column {ours}: {text or 'unknown'}"
            notes.add("info", what, "column", ours, zh, en)
        return frame


def parse_columns(columns: Sequence[str]) -> Columns:
    """Read what a user states about columns.

    Raises
    ------
    InvalidInput
        No "=", or one of ours twice.

    Examples
    --------
    >>> given = parse_columns(["code=990001001{NUM:03}", "name=NUM", "street="])
    >>> frame = gpd.GeoDataFrame({"NUM": [7], "geometry": [None]})
    >>> given.made(frame, "a.shp", Notes("import"))["code"].tolist(), given.pairs
    (['990001001007'], {'name': 'NUM'})
    """
    pairs: dict[str, str] = {}
    for text in columns:
        ours, sign, theirs = (part.strip() for part in text.partition("="))
        if not sign or not ours or ours in pairs:
            raise InvalidInput(
                f"--columns “{text}”应写作 我们的列=文件的列，每列一次",
                f"--columns '{text}': write ours=theirs, each of ours once",
                columns=list(columns),
            )
        pairs[ours] = theirs
    texts = {k: v for k, v in pairs.items() if not v or "{" in v}
    plain = {k: v for k, v in pairs.items() if k not in texts}
    places = {k: v for k, v in plain.items() if k in PLACES}
    return Columns({k: v for k, v in plain.items() if k not in places}, places, texts)


def _text_of(frame: gpd.GeoDataFrame, template: str, what: str) -> pd.Series[Any]:
    """Return a text for each row, with the columns' values put in."""
    names = [name for name, _ in _FIELD.findall(template)]
    if not names or (missing := [n for n in names if n not in frame.columns]):
        there = [str(c) for c in frame.columns if c != "geometry"]
        missing = missing if names else [template]
        raise InvalidInput(
            f"{what} 没有列 {missing}；现有：{'、'.join(there)}",
            f"{what} has no column {missing}; it has {', '.join(there)}",
            columns=there,
        )
    cells = {n: [to_text(v) for v in frame[n]] for n in names}
    texts = [
        _FIELD.sub(lambda m, row=row: cells[m[1]][row].zfill(int(m[2] or 0)), template)  # type: ignore[misc]
        for row in range(len(frame))
    ]
    return pd.Series(texts, index=frame.index, dtype=object)
