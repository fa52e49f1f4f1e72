"""Overlay dedicated grids are fitted at filing (SEMANTICS 8): each inside its community, and no two overlap.

Where two overlap the smaller area wins, then the lower id. Overlays of neighbouring communities, filed years apart, are
noded together too: on a slanted community border their corners, rounded to 1 mm, lie a little on either side of it.
"""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gridgis.errors import Rejected
from gridgis.geometry.coverage import dissolve, faces, node
from gridgis.ledger.conform import TOLERANCE_M

NEAR_M = 0.05
"""Overlays nearer than this are noded together: their edges, straight in the work CRS, may cross in stored ones."""


def fit_overlays(overlays: gpd.GeoDataFrame, base: gpd.GeoDataFrame) -> dict[Any, BaseGeometry]:
    """Clip overlays to their communities and make them disjoint, their common borders vertex by vertex alike.

    Parameters
    ----------
    overlays
        id, community, geometry; work CRS.
    base
        code, geometry of the communities; work CRS.

    Returns
    -------
    dict
        The new geometries by label of the row, only those that changed.

    Raises
    ------
    Rejected
        Nothing would remain of an overlay: smaller ones cover it, or it lies outside its community.

    Examples
    --------
    >>> base = gpd.GeoDataFrame({"code": ["A"]}, geometry=[shapely.box(0, 0, 12, 10)], crs="EPSG:4545")
    >>> big, small = shapely.box(0, 0, 10, 10), shapely.box(5, 0, 15, 4)
    >>> frame = gpd.GeoDataFrame({"id": ["a", "b"], "community": "A"}, geometry=[big, small], crs="EPSG:4545")
    >>> [geom.area for geom in fit_overlays(frame, base).values()]
    [80.0, 28.0]
    """
    geoms = overlays.geometry.to_numpy()
    if not len(geoms):
        return {}
    outlines = dict(zip(base["code"], base.geometry, strict=True))
    own = np.array([outlines[c] for c in overlays["community"]], dtype=object)
    i, j = shapely.STRtree(geoms).query(geoms, predicate="dwithin", distance=NEAR_M)
    wide = {c: shapely.buffer(outlines[c], TOLERANCE_M) for c in set(overlays["community"])}
    inside = np.array([wide[c].covers(g) for c, g in zip(overlays["community"], geoms, strict=True)])
    which = np.unique(np.concatenate([i[i != j], np.flatnonzero(~inside)])).astype(np.int64)
    if not len(which):
        return {}
    fitted = _fitted(overlays.iloc[which], own[which])
    same = shapely.equals_exact(shapely.normalize(fitted), shapely.normalize(geoms[which]), 0.0)
    return {overlays.index[k]: geom for k, geom, s in zip(which, fitted, same, strict=True) if not s}


def _fitted(overlays: gpd.GeoDataFrame, own: NDArray[np.object_]) -> NDArray[np.object_]:
    """Give each face of the overlays and their communities' outlines to the overlay that wins it."""
    geoms = overlays.geometry.to_numpy()
    rank = np.lexsort((overlays["id"].astype(str), shapely.area(geoms)))
    distinct = list({id(g): g for g in own}.values())
    parts, _ = faces(node([*geoms, *distinct]))
    points = shapely.point_on_surface(parts)
    face, which = shapely.STRtree(geoms[rank]).query(points, predicate="within")
    at_home = shapely.within(points[face], own[rank[which]])
    face, which = face[at_home], which[at_home]
    owner = np.full(len(parts), -1, dtype=np.int64)
    best_last = np.argsort(which, kind="stable")[::-1]
    owner[face[best_last]] = rank[which[best_last]]
    ids, out = dissolve(parts[owner >= 0], owner[owner >= 0])
    if len(ids) < len(geoms):
        gone = overlays["id"].iloc[sorted(set(range(len(geoms))) - set(ids.tolist()))].tolist()
        raise Rejected(
            f"叠加专属网格 {gone} 被更小的叠加网格完全覆盖，或不在其社区内；请删除或改为不叠加",
            f"smaller overlays cover the overlay grids {gone} wholly, or they lie outside their community; remove them "
            "or the others",
            grids=[str(g) for g in gone],
        )
    return out
