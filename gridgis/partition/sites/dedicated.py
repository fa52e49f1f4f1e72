"""Dedicated grids (专属网格): overlays on the comprehensive ones; carved ones are atoms like all others."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgis.geometry.coverage import Row, dissolve, faces, node, report_row


def overlay_grids(
    base: gpd.GeoDataFrame, sites: gpd.GeoDataFrame, first: dict[str, int], rows: list[Row]
) -> list[dict[str, Any]]:
    """Make the overlay dedicated grids: one for each overlay site and community, disjoint.

    Where overlays overlap the smaller site wins, then the lower id (SEMANTICS 8); it is reported.

    Parameters
    ----------
    base
        code, name, geometry of the communities.
    sites
        id, name, category, mode, geometry in the work CRS.
    first
        For each community the number of dedicated grids that it has already.
    rows
        Report rows are appended here.

    Returns
    -------
    list of dict
        Rows of model.GRID_COLUMNS without parent.
    """
    chosen = sites[(sites["mode"] == "overlay").to_numpy()]
    if chosen.empty:
        return []
    order = sorted(range(len(chosen)), key=lambda i: (chosen.geometry.iloc[i].area, str(chosen["id"].iloc[i])))
    chosen = chosen.iloc[order]
    parts, _ = faces(node(np.concatenate([chosen.geometry.to_numpy(), base.geometry.to_numpy()])))
    points = shapely.point_on_surface(parts)
    p, s = shapely.STRtree(chosen.geometry.to_numpy()).query(points, predicate="within")
    site = np.full(len(parts), len(chosen), dtype=np.int64)
    np.minimum.at(site, p, s)
    q, c = shapely.STRtree(base.geometry.to_numpy()).query(points, predicate="within")
    community = np.full(len(parts), -1, dtype=np.int64)
    community[q[::-1]] = c[::-1]
    _report_overlaps(chosen, parts, p, s, rows)
    use = (site < len(chosen)) & (community >= 0)
    names, polygons = dissolve(parts[use], community[use] * len(chosen) + site[use])
    out = []
    for label, geometry in zip(names.tolist(), polygons, strict=True):
        code = str(base["code"].iloc[label // len(chosen)])
        row = chosen.iloc[label % len(chosen)]
        first[code] = first.get(code, 0) + 1
        out.append(dedicated_row(code, f"{code}-D-{first[code]:02d}", row, "overlay", 0, geometry))
    return out


def _report_overlaps(chosen: gpd.GeoDataFrame, parts: Any, p: Any, s: Any, rows: list[Row]) -> None:
    for f in np.flatnonzero(np.bincount(p, minlength=len(parts)) > 1):
        who = [str(chosen["id"].iloc[i]) for i in np.sort(s[p == f])]
        area = float(parts[f].area)
        rows.append(
            report_row(
                "warning", "dedicated", who[0], "overlap", area,
                f"叠加的专属场所 {who} 重叠 {area:.1f} 平方米，归面积较小的 {who[0]}",
                f"the overlay sites {who} overlap by {area:.1f} m2; the smaller, {who[0]}, has it",
            )
        )  # fmt: skip


def dedicated_row(
    code: str, local_id: str, site: pd.Series, mode: str, households: int, geometry: Any
) -> dict[str, Any]:
    """Make the row of a dedicated grid; its name is the site's."""
    name = site["name"] if isinstance(site["name"], str) and site["name"] else f"专属网格{local_id.rsplit('-', 1)[1]}"
    return {
        "community": code, "local_id": local_id, "level": pd.NA, "kind": "dedicated", "mode": mode,
        "parent": f"{code}-1", "category": site["category"], "site_id": str(site["id"]), "name": name,
        "households": households, "previous": None, "flags": "", "geometry": geometry,
    }  # fmt: skip
