"""Columns and words of real files, found by their Chinese and English names (columns.toml) or as the user maps them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import pandas as pd

from gridgis.errors import InvalidInput
from gridgis.io.notes import Notes
from gridgis.io.reading.heads import PLACES, plain_head, words
from gridgis.model import SITE_CATEGORIES

SHOWN = 5


def match_columns(
    frame: gpd.GeoDataFrame, layer: str, mapping: Mapping[str, str] | None = None, notes: Notes | None = None
) -> gpd.GeoDataFrame:
    """Return a layer with its columns called as ours, and known words as our values.

    The user's mapping comes first, then a column that is called so already, then the first name of columns.toml that
    the layer has. Each pair is noted, and so is what else would have matched. Other columns stay as they are; a column
    in the way of a mapped one keeps its values under the name with "_" behind.

    Parameters
    ----------
    frame
        As read.
    layer
        A layer of a town (gridgis.io.town.LAYERS), or "barriers" for lines of any class.
    mapping
        Ours -> theirs; names of places (geometry, lon, lat, x, y) are for the reader and passed over here.
    notes
        Takes one row for each pair, and rows on words.

    Raises
    ------
    InvalidInput
        The mapping names a column that the layer does not have, or one of ours that it has no use for.

    Examples
    --------
    >>> from shapely import Point
    >>> raw = gpd.GeoDataFrame({"楼号": [7], "总户数": [12]}, geometry=[Point(109, 32)], crs="EPSG:4490")
    >>> match_columns(raw, "buildings").columns.tolist()
    ['id', 'households', 'geometry']
    """
    notes = notes if notes is not None else Notes("read")
    chosen = _chosen(frame, layer, mapping or {}, notes)
    for ours, theirs in chosen.items():
        if ours != theirs:
            zh, en = f"列“{theirs}”作为 {ours}", f"column '{theirs}' is taken as {ours}"
            notes.add("info", layer, "column", f"{ours}={theirs}", zh, en)
    moved = {theirs: ours for ours, theirs in chosen.items()}
    stay = [c for c in frame.columns if c not in moved]
    renamed = {c: f"{c}_" for c in stay if c in chosen}
    frame = frame.rename(columns=moved | renamed)
    for column, known in _values().items():
        if column in frame.columns and column in chosen:
            frame = frame.assign(**{column: _translated(frame[column], known, layer, notes)})
    if chosen.get("use", "use") != "use":
        frame = frame.assign(use=_known_use(frame["use"], layer, notes))
    return frame


def parse_pairs(pairs: Sequence[str]) -> dict[str, str]:
    """Read a user's mapping, each pair written "ours=theirs".

    Examples
    --------
    >>> parse_pairs(["households=总户数", "code = SQDM"])
    {'households': '总户数', 'code': 'SQDM'}

    Raises
    ------
    InvalidInput
        Not of this form, or one of ours twice.
    """
    found: dict[str, str] = {}
    for pair in pairs:
        ours, equals, theirs = (part.strip() for part in pair.partition("="))
        if not (ours and equals and theirs) or ours in found:
            raise InvalidInput(
                f"列对应“{pair}”应写作“本系统列名=文件列名”，每列一次，例如 households=总户数",
                f"'{pair}' should be OURS=THEIRS, each of ours once, e.g. households=总户数",
                pair=pair,
            )
        found[ours] = theirs
    return found


def _chosen(frame: gpd.GeoDataFrame, layer: str, mapping: Mapping[str, str], notes: Notes) -> dict[str, str]:
    """Map our columns to those of the layer that stand for them."""
    known: dict[str, list[str]] = words()["columns"].get(layer, {})
    _check_mapping(frame, layer, mapping, known)
    chosen = {ours: theirs for ours, theirs in mapping.items() if ours not in PLACES}
    names = [str(c) for c in frame.columns if c != "geometry" and c not in chosen.values()]
    for ours, called in known.items():
        if ours in chosen:
            continue
        plain = {plain_head(n): n for n in reversed(names) if n not in chosen.values()}
        there = list(dict.fromkeys(plain[w] for w in called if w in plain))
        first = ours if ours in names else there[0] if there else None
        if first is None:
            continue
        chosen[ours] = first
        if first != ours and len(there) > 1:
            zh = f"{ours} 可取自多列 {there}，取“{first}”；如不对，请指明列对应（{ours}=列名）"
            en = f"{ours} may be any of {there}: '{first}' is taken; if that is wrong, map it ({ours}=COLUMN)"
            notes.add("warning", layer, "column-doubt", f"{ours}={first}", zh, en)
    return chosen


def _check_mapping(
    frame: gpd.GeoDataFrame, layer: str, mapping: Mapping[str, str], known: Mapping[str, Sequence[str]]
) -> None:
    for ours, theirs in mapping.items():
        if ours in PLACES:
            continue
        if theirs not in frame.columns:
            raise InvalidInput(
                f"图层“{layer}”没有列“{theirs}”；现有：{list(map(str, frame.columns))}",
                f"layer '{layer}' has no column '{theirs}'; it has {list(map(str, frame.columns))}",
                layer=layer,
                column=theirs,
            )
        if ours not in known:
            raise InvalidInput(
                f"图层“{layer}”不用列“{ours}”；可对应：{'、'.join(known)}",
                f"layer '{layer}' has no use for a column '{ours}'; there are {', '.join(known)}",
                layer=layer,
                column=ours,
            )


def _values() -> dict[str, dict[str, str]]:
    """Map our columns of words to what other words mean there."""
    found = {c: {w: ours for ours, called in table.items() for w in called} for c, table in words()["values"].items()}
    return found | {"category": {zh: key for key, zh in SITE_CATEGORIES.items()}}


def _translated(column: pd.Series[Any], known: Mapping[str, str], layer: str, notes: Notes) -> pd.Series[Any]:
    """Put our words for known ones; what is not known stays."""
    texts = pd.Series([v.strip() if isinstance(v, str) else v for v in column], index=column.index, dtype=object)
    out = pd.Series([known.get(v, v) if isinstance(v, str) else v for v in texts], index=column.index, dtype=object)
    changed = out[(texts != out) & texts.notna()]
    for word in sorted({texts[k] for k in changed.index}):
        count = int((texts == word).sum())
        zh, en = f"{count} 处“{word}”作为 {known[word]}", f"{count} times '{word}' is taken as {known[word]}"
        notes.add("info", layer, "word", f"{word}={known[word]}", zh, en)
    return out


def _known_use(use: pd.Series[Any], layer: str, notes: Notes) -> pd.Series[Any]:
    """Return the uses of another system's column: what is not known is null, since "mixed" would count 0 households."""
    odd = use.notna() & ~use.isin(set(_values()["use"].values()))
    if odd.any():
        listed = sorted({str(v) for v in use[odd]})[:SHOWN]
        zh, en = f"不认识的用途按未知处理：{listed}", f"uses that are not known count as unknown: {listed}"
        notes.add("warning", layer, "word", int(odd.sum()), zh, en)
    return use.where(~odd, None)
