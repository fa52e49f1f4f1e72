"""Overlay dedicated grids are made disjoint at filing: the smaller area wins, then the lower id (SEMANTICS 8)."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from gridgis.errors import Rejected
from gridgis.geometry.coverage import dissolve, faces, node


def disjoint(overlays: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """Return the overlays' geometries without overlap, their common borders vertex by vertex alike.

    Parameters
    ----------
    overlays
        id, geometry; work CRS.

    Raises
    ------
    Rejected
        Smaller overlays cover one wholly, so nothing of it would remain.

    Examples
    --------
    >>> big, small = shapely.box(0, 0, 10, 10), shapely.box(5, 0, 15, 4)
    >>> frame = gpd.GeoDataFrame({"id": ["a", "b"]}, geometry=[big, small], crs="EPSG:4545")
    >>> disjoint(frame).area.tolist()
    [80.0, 40.0]
    """
    geoms = overlays.geometry.to_numpy()
    i, j = shapely.STRtree(geoms).query(geoms, predicate="intersects")
    if not (i != j).any():
        return overlays.geometry
    rank = np.lexsort((overlays["id"].astype(str), shapely.area(geoms)))
    parts, _ = faces(node(geoms))
    face, which = shapely.STRtree(geoms[rank]).query(shapely.point_on_surface(parts), predicate="within")
    owner = np.full(len(parts), -1, dtype=np.int64)
    best_last = np.argsort(which, kind="stable")[::-1]
    owner[face[best_last]] = rank[which[best_last]]
    ids, out = dissolve(parts[owner >= 0], owner[owner >= 0])
    if len(ids) < len(geoms):
        gone = overlays["id"].iloc[sorted(set(range(len(geoms))) - set(ids.tolist()))].tolist()
        raise Rejected(
            f"叠加专属网格 {gone} 被更小的叠加网格完全覆盖；请删除或改为不叠加",
            f"smaller overlays cover the overlay grids {gone} wholly; remove them or the others",
            grids=[str(g) for g in gone],
        )
    return gpd.GeoSeries(out, index=overlays.index, crs=overlays.crs)
