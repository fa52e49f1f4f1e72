"""Which grids of a revision answer for points: the leaves, the carved and the overlays; and who is above whom."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gridgis.errors import InvalidInput
from gridgis.geometry.crs import need_crs
from gridgis.index.given import need_stored
from gridgis.model import need_columns

COLUMNS = ("code", "level", "kind", "mode", "parent", "community", "geometry")


def checked_grids(grids: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the grids sorted by code, with plain columns; refuse what cannot be resolved (see Resolver.build)."""
    need_columns(grids, COLUMNS, "grids")
    need_crs(grids, "grids")
    need_stored(grids.crs)
    frame = grids.loc[:, list(COLUMNS)].reset_index(drop=True)
    if frame["code"].isna().any():
        rows = frame.index[frame["code"].isna()].tolist()
        raise InvalidInput(f"有网格没有编码：第 {rows[:5]} 行", f"grids without a code: rows {rows[:5]}", rows=rows)
    frame["code"] = frame["code"].astype(str)
    twice = sorted(set(frame.loc[frame["code"].duplicated(), "code"]))
    if twice:
        raise InvalidInput(f"网格编码重复：{twice[:5]}", f"grid codes are not unique: {twice[:5]}", codes=twice)
    frame["parent"] = [None if pd.isna(p) else str(p) for p in frame["parent"]]
    frame["parent"] = frame["parent"].astype(object).where(frame["parent"].notna(), None)
    return frame.sort_values("code", ignore_index=True)


def chains_of(frame: gpd.GeoDataFrame) -> dict[str, tuple[str, ...]]:
    """Return for each code the codes from itself up to the top."""
    parents: dict[str, str | None] = dict(zip(frame["code"], frame["parent"], strict=True))
    orphans = {c: p for c, p in parents.items() if p is not None and p not in parents}
    if orphans:
        shown = dict(list(orphans.items())[:5])
        raise InvalidInput(
            f"上级网格不存在（网格：上级）：{shown}",
            f"the parent is not there (grid: parent): {shown}",
            orphans=orphans,
        )
    return {code: _climb(code, parents) for code in parents}


def _climb(code: str, parents: dict[str, str | None]) -> tuple[str, ...]:
    chain = [code]
    while (above := parents[chain[-1]]) is not None:
        if above in chain:
            raise InvalidInput(
                f"网格 {above} 是它自己的上级：{[*chain, above]}",
                f"grid {above} is its own ancestor: {[*chain, above]}",
                chain=[*chain, above],
            )
        chain.append(above)
    return tuple(chain)


def inner_points(geometries: NDArray[np.object_]) -> NDArray[np.float64]:
    """Return (n, 2) lon, lat of a point well inside each polygon, rounded to 9 decimals."""
    return np.round(shapely.get_coordinates(shapely.point_on_surface(geometries)), 9)


def overlay_grids(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the overlay dedicated grids."""
    chosen = frame[(frame["kind"] == "dedicated") & (frame["mode"] == "overlay")]
    return chosen.reset_index(drop=True)


def base_grids(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the grids that cover the ground once: the comprehensive leaves and the carved dedicated grids."""
    comprehensive, carved = (
        frame["kind"] == "comprehensive",
        (frame["kind"] == "dedicated") & (frame["mode"] == "carve"),
    )
    leaf = comprehensive & ~frame["code"].isin(frame.loc[comprehensive, "parent"].dropna())
    base = frame[leaf | carved].reset_index(drop=True)
    if base.empty:
        raise InvalidInput("没有可供定位的网格", "there is no grid to locate points in")
    return _without_carved(base, frame[carved])


def _without_carved(base: gpd.GeoDataFrame, carved: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Cut carved grids out of a leaf that is their parent: a level-1 grid keeps its whole extent (SEMANTICS 7)."""
    shapes = list(base.geometry)
    for k, code in enumerate(base["code"]):
        holes = carved.geometry[carved["parent"] == code]
        if len(holes):
            shapes[k] = shapely.difference(shapes[k], shapely.union_all(holes.to_numpy()))
    cut = base.set_geometry(gpd.GeoSeries(shapes, index=base.index, crs=base.crs))
    return cut[~cut.geometry.is_empty].reset_index(drop=True)  # wholly carved: no point is left to it
