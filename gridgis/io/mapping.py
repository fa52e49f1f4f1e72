"""Bring layers with tags of another system (OpenStreetMap...) to our classes, by a list of rules in a TOML file.

What a rule leaves out is counted in a report row; what the layer does not know (household counts) stays unknown.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gridgis.errors import InvalidInput
from gridgis.io.notes import Notes
from gridgis.io.validate import LINE, POINT, POLYGON
from gridgis.model import BARRIER_CLASSES

SHAPES = {"line": LINE, "polygon": POLYGON, "any": LINE + POLYGON, "anything": LINE + POLYGON + POINT}
PACKED = "other_tags"
"""Column in which a reader of OpenStreetMap keeps the tags that have no column of their own."""
SHOWN = 8
"""So many kinds of left-out features are named in a report row."""


@dataclass(frozen=True)
class TagRule:
    """One rule: the tags and shapes that it matches, and the values that it gives."""

    when: Mapping[str, tuple[str, ...]]
    shape: str
    gives: Mapping[str, Any]

    def matches(self, frame: gpd.GeoDataFrame) -> NDArray[np.bool_]:
        """Tell which features the rule matches, (n,)."""
        found = frame.geom_type.isin(SHAPES[self.shape]).to_numpy()
        for tag, values in self.when.items():
            if tag not in frame.columns:
                return np.zeros(len(frame), dtype=bool)
            column = frame[tag]
            found = found & (column.notna() if values == ("*",) else column.isin(values)).to_numpy()
        return np.asarray(found, dtype=bool)


@dataclass(frozen=True)
class TagMapping:
    """Rules for the layers of another system.

    ``id``, ``name``, ``storeys`` and ``households`` list the columns to take a value from, the first that is there.

    Examples
    --------
    >>> TagMapping.load("osm").storeys
    ('building:levels',)
    """

    source: str
    id: tuple[str, ...]
    name: tuple[str, ...]
    storeys: tuple[str, ...]
    households: tuple[str, ...]
    barriers: tuple[TagRule, ...]
    buildings: tuple[TagRule, ...]

    @classmethod
    def load(cls, name: str | Path) -> TagMapping:
        """Load a shipped mapping by its name (osm), or a TOML file by its path.

        Raises
        ------
        InvalidInput
            No such mapping, or one with wrong keys or values.
        """
        shipped = resources.files("gridgis.io") / "mappings" / f"{name}.toml"
        try:
            text = shipped.read_text("utf-8") if shipped.is_file() else Path(name).read_text("utf-8")
            data = tomllib.loads(text)
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as e:
            raise InvalidInput(
                f"无法读取标签映射“{name}”：{e}；自带的有 osm，或给出 .toml 文件",
                f"cannot read the tag mapping '{name}': {e}; osm is shipped, or give a .toml file",
                mapping=str(name),
            ) from e
        return _parse(data, str(name))

    def map_barriers(self, frame: gpd.GeoDataFrame, layer: str, notes: Notes) -> gpd.GeoDataFrame:
        """Return the features that are barriers, with klass and name; the others are counted in a report row."""
        frame = self._with_tags(frame)
        klass = pd.Series(None, index=frame.index, dtype=object)
        for rule in self.barriers:
            klass[klass.isna() & rule.matches(frame)] = rule.gives["klass"]
        kept = klass.fillna("") != ""
        names = pd.Series(_first(frame, self.name), index=frame.index)
        out = gpd.GeoDataFrame({"klass": klass, "name": names}, geometry=frame.geometry, crs=frame.crs)[kept]
        for name, count in out["klass"].value_counts(sort=False).sort_index().items():
            notes.add("info", layer, "mapped", count, f"{count} 个要素作为 {name}", f"{count} features taken as {name}")
        if not kept.all():
            count, kinds = int((~kept).sum()), self._kinds(frame[~kept])
            zh, en = f"{count} 个要素不作界线：{kinds}", f"{count} features are no barriers: {kinds}"
            notes.add("info", layer, "left-out", count, zh, en)
        return out.reset_index(drop=True)

    def map_buildings(self, frame: gpd.GeoDataFrame, layer: str, notes: Notes) -> gpd.GeoDataFrame:
        """Return the buildings with id, name, households, storeys and use; what is unknown is null."""
        frame = self._with_tags(frame)
        ids = _first(frame, self.id)
        if ids is None:
            columns = "/".join(self.id)
            zh, en = f"图层“{layer}”没有编号列（{columns}）", f"layer '{layer}' has no column of ids ({columns})"
            raise InvalidInput(zh, en, layer=layer)
        households = pd.Series(_first(frame, self.households), index=frame.index, dtype=object)
        use = pd.Series(None, index=frame.index, dtype=object)
        for rule in self.buildings:
            at = use.isna() & rule.matches(frame)
            use[at] = rule.gives["use"]
            households[at & households.isna()] = rule.gives.get("households")
        empty = int((households == 0).sum())
        zh, en = f"{empty} 栋非居住建筑计 0 户", f"{empty} buildings that nobody lives in count 0 households"
        notes.add("info", layer, "not-residential", empty, zh, en)
        values = {"id": ids, "name": _first(frame, self.name), "households": households, "use": use}
        storeys = _storeys(pd.Series(_first(frame, self.storeys), index=frame.index, dtype=object), layer, notes)
        return gpd.GeoDataFrame(values, geometry=frame.geometry, crs=frame.crs).assign(storeys=storeys)

    def _with_tags(self, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """Give the tags that are asked for columns of their own, out of those that are packed together."""
        if PACKED not in frame.columns:
            return frame
        rules = (*self.barriers, *self.buildings)
        wanted = dict.fromkeys([*(t for r in rules for t in r.when), *self.name, *self.storeys, *self.households])
        packed = [tags if isinstance(tags, Mapping) else {} for tags in frame[PACKED]]
        found = {t: [tags.get(t) for tags in packed] for t in wanted if t not in frame.columns}
        there = {t: pd.Series(values, index=frame.index, dtype=object) for t, values in found.items() if any(values)}
        return frame.assign(**there)

    def _kinds(self, frame: gpd.GeoDataFrame) -> str:
        """Name the most frequent kinds of features by their first tag that a rule speaks of."""
        tags = [t for t in dict.fromkeys(t for r in self.barriers for t in r.when) if t in frame.columns]
        kind = pd.Series("?", index=frame.index, dtype=object)
        for tag in reversed(tags):
            there = frame[tag].notna() & (frame[tag] != "no")
            kind[there] = tag + "=" + frame[tag][there].astype(str)
        counts = kind.value_counts(sort=False).sort_index().sort_values(ascending=False, kind="stable")
        shown = ", ".join(f"{name} {n}" for name, n in counts.head(SHOWN).items())
        return shown + (f" +{int(counts[SHOWN:].sum())}" if len(counts) > SHOWN else "")


def _first(frame: gpd.GeoDataFrame, columns: tuple[str, ...]) -> Any:
    there = [c for c in columns if c in frame.columns]
    return frame[there[0]].to_numpy() if there else None


def _storeys(raw: pd.Series[Any], layer: str, notes: Notes) -> pd.Series[Any]:
    """Read storeys as numbers; what is none is unknown, and counted."""
    storeys = pd.to_numeric(raw, errors="coerce").astype(float)
    if odd := sorted({str(v) for v in raw[raw.notna() & storeys.isna()]}):
        zh, en = (
            f"看不懂的层数按未知处理：{odd[:SHOWN]}",
            f"storeys that are no numbers count as unknown: {odd[:SHOWN]}",
        )
        notes.add("warning", layer, "storeys", len(odd), zh, en)
    unknown = int(storeys.isna().sum())
    zh, en = (
        f"{unknown} 栋建筑没有层数，用规则的默认层数",
        f"{unknown} buildings lack storeys: the default of the rules is used",
    )
    notes.add("info", layer, "storeys-unknown", unknown, zh, en)
    return storeys


def _parse(data: dict[str, Any], source: str) -> TagMapping:
    columns = {k: tuple(data.pop(k, ())) for k in ("id", "name", "storeys", "households")}
    barriers = tuple(_rule(r, source, "klass") for r in data.pop("barriers", ()))
    buildings = tuple(_rule(r, source, "use") for r in data.pop("buildings", ()))
    if data:
        _refuse(source, f"{sorted(data)}")
    for rule in barriers:
        if rule.gives["klass"] not in ("", *BARRIER_CLASSES):
            _refuse(source, f"klass = {rule.gives['klass']!r}")
    return TagMapping(source, **columns, barriers=barriers, buildings=buildings)


def _rule(data: dict[str, Any], source: str, gives: str) -> TagRule:
    known = {"when", "shape", gives, *(("households",) if gives == "use" else ())}
    shape = data.get("shape", "line" if gives == "klass" else "any")
    shaped = isinstance(data.get("when"), dict) and data["when"] and gives in data and shape in SHAPES
    if not shaped or set(data) - known:
        _refuse(source, f"{data}")
    if gives == "use" and shape == "any":
        shape = "anything"
    when = {tag: tuple(values) for tag, values in data["when"].items()}
    return TagRule(when, shape, {k: v for k, v in data.items() if k not in ("when", "shape")})


def _refuse(source: str, what: str) -> None:
    raise InvalidInput(
        f"标签映射 {source} 中有不认识的内容：{what}；写法见 gridgis/io/mappings/osm.toml",
        f"tag mapping {source}: not understood: {what}; see gridgis/io/mappings/osm.toml for the form",
        mapping=source,
    )
