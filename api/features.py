"""Collections of features: the frames of the locator as ready-made GeoJSON, kept for the revision in force."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd
import shapely
from numpy.typing import NDArray

from api.answers import OPTIONS
from gridgis.errors import NotFound
from gridgis.service.display import add_display_columns, add_label_columns
from gridgis.service.locator import Locator, Snapshot

DECIMALS = 9
"""Text outputs keep 9 decimals (SEMANTICS 1): 0.1 mm."""


@dataclass(frozen=True)
class Source:
    """Where the features of a collection come from, and what it is called."""

    zh: str
    en: str
    layer: str | None = None
    """Context layer; None: grids."""
    level: int | None = None
    """Level of the grids; None: the dedicated ones."""
    areas: bool = False
    """A context layer of polygons: its features say where their name has room."""


SOURCES = {
    "grids-level-1": Source("一级网格", "Grids of level 1", level=1),
    "grids-level-2": Source("二级网格", "Grids of level 2", level=2),
    "grids-level-3": Source("三级网格", "Grids of level 3", level=3),
    "dedicated": Source("专属网格", "Dedicated grids"),
    "communities": Source("社区", "Communities", layer="communities", areas=True),
    "roads": Source("道路", "Roads", layer="roads"),
    "railways": Source("铁路", "Railways", layer="railways"),
    "rivers": Source("河流", "Rivers", layer="rivers"),
    "water": Source("水面", "Water", layer="water", areas=True),
    "buildings": Source("建筑", "Buildings", layer="buildings", areas=True),
    "compounds": Source("小区", "Estates and compounds", layer="compounds", areas=True),
}


@dataclass(frozen=True)
class Collection:
    """The features of one collection in one revision."""

    id: str
    source: Source
    revision: int
    ids: Sequence[str]
    features: Sequence[bytes]
    """Each a GeoJSON feature."""
    tree: shapely.STRtree
    extent: tuple[float, float, float, float] | None

    def within(self, bbox: tuple[float, float, float, float] | None) -> NDArray[np.int64]:
        """Return the positions of the features that meet the box (lon/lat; all for None), in the order of the ids."""
        if bbox is None:
            return np.arange(len(self.ids))
        return np.sort(self.tree.query(shapely.box(*bbox), predicate="intersects"))

    def position(self, fid: str) -> int:
        """Return the position of a feature.

        Raises
        ------
        NotFound
            No feature has the id.
        """
        try:
            return self.ids.index(fid)
        except ValueError:
            raise NotFound(
                f"“{self.source.zh}”({self.id}) 中没有 {fid}",
                f"there is no {fid} in {self.id}",
                collection=self.id,
                id=fid,
            ) from None


class FeatureStore:
    """Makes collections when they are first asked for, and forgets those of older revisions."""

    def __init__(self, locator: Locator) -> None:
        self._locator = locator
        self._lock = threading.Lock()
        self._kept: dict[str, Collection] = {}
        self._grids: tuple[int, gpd.GeoDataFrame] | None = None

    def collection(self, name: str) -> Collection:
        """Return a collection of the revision in force.

        Raises
        ------
        NotFound
            There is no collection of that name; lists those that are.
        """
        source = need_source(name)
        with self._lock:
            kept, now = self._kept.get(name), self._locator.snapshot()
            if kept is None or kept.revision != now.revision:
                kept = make_collection(name, source, now.revision, self._frame(source, now))
                self._kept[name] = kept
            return kept

    def shape(self, code: str, now: Snapshot) -> orjson.Fragment:
        """Return the geometry of a grid as GeoJSON."""
        grids = now.grids()
        geoms = grids[(grids["code"] == code).to_numpy()].geometry.to_numpy()
        if not len(geoms):
            raise NotFound(f"没有网格 {code}", f"there is no grid {code}", code=code)
        return orjson.Fragment(geojson_of(geoms)[0])

    def _frame(self, source: Source, now: Snapshot) -> gpd.GeoDataFrame:
        if source.layer is not None:
            frame = now.context(source.layer)
            return add_label_columns(frame) if source.areas else frame
        grids = self._shown(now)
        chosen = grids["kind"] == "dedicated" if source.level is None else grids["level"].fillna(0) == source.level
        return grids[chosen.to_numpy(dtype=bool)].sort_values("code", kind="stable")

    def _shown(self, now: Snapshot) -> gpd.GeoDataFrame:
        if self._grids is None or self._grids[0] != now.revision:
            self._grids = (now.revision, add_display_columns(now.grids()))
        return self._grids[1]


def need_source(name: str) -> Source:
    """Return what a collection is made from."""
    if name not in SOURCES:
        raise NotFound(
            f"没有集合“{name}”；可用：{'、'.join(SOURCES)}",
            f"there is no collection '{name}'; there are: {', '.join(SOURCES)}",
            collection=name,
        )
    return SOURCES[name]


def make_collection(name: str, source: Source, revision: int, frame: gpd.GeoDataFrame) -> Collection:
    """Write each row of a frame (lon/lat) as a GeoJSON feature."""
    ids = feature_ids(frame)
    geoms = frame.geometry.to_numpy()
    texts = geojson_of(geoms)
    properties = records_of(frame)
    features = [
        orjson.dumps({"type": "Feature", "id": i, "geometry": orjson.Fragment(g), "properties": p}, option=OPTIONS)
        for i, g, p in zip(ids, texts, properties, strict=True)
    ]
    box = shapely.total_bounds(geoms)
    extent = tuple(float(v) for v in box) if np.isfinite(box).all() else None
    return Collection(name, source, revision, ids, features, shapely.STRtree(geoms), extent)  # type: ignore[arg-type]


def feature_ids(frame: gpd.GeoDataFrame) -> list[str]:
    """Return unique ids: the code or id of each row where these are unique, else its number from 1."""
    for column in ("code", "id"):
        if column in frame.columns and frame[column].notna().all() and frame[column].is_unique:
            return [str(v) for v in frame[column]]
    return [str(n) for n in range(1, len(frame) + 1)]


def geojson_of(geoms: Any) -> list[str]:
    """Return the geometries as GeoJSON texts; equal coordinates stay equal, since each is rounded alike."""
    rounded = shapely.transform(geoms, lambda xy: np.round(xy, DECIMALS))
    return [str(text) for text in shapely.to_geojson(rounded)]


def records_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the attributes of each row as plain data: missing values become None, times ISO text."""
    names = [str(c) for c in table.columns if c != "geometry"]
    columns = [[_plain(v) for v in table[name]] for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _plain(value: Any) -> Any:
    if pd.isna(value):
        return None
    return value.isoformat() if isinstance(value, pd.Timestamp) else value
