"""Which earlier grid does each grid of a plan continue? (SEMANTICS 13)."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from gridgis.errors import InvalidInput
from gridgis.geometry import match
from gridgis.geometry.crs import to_work
from gridgis.model import DivisionPlan, need_columns


def continued(plan: DivisionPlan, previous: gpd.GeoDataFrame | DivisionPlan) -> list[str | None]:
    """Return for each grid of a plan the earlier grid that it continues, or None.

    Grids of one level are compared, and dedicated ones of one mode. Households decide; area where neither grid has
    any, and for overlays.

    Parameters
    ----------
    plan
        The new plan; its own column ``previous`` is not looked at.
    previous
        An earlier plan, or level, geometry, and code or local_id; mode where there are dedicated grids.

    Raises
    ------
    InvalidInput
        Neither a plan nor a table of grids; a column is missing, or the CRS.
    """
    old = earlier_grids(previous, str(plan.grids.crs))
    key = id_column(old)
    of_new, of_old = _kinds(plan.grids), _kinds(old)
    answer: list[str | None] = [None] * len(plan.grids)
    points = shapely.point_on_surface(plan.atoms.geometry.to_numpy())
    households = plan.atoms["households"].to_numpy()
    for kind in sorted(set(of_new)):
        n = np.flatnonzero([k == kind for k in of_new])
        o = np.flatnonzero([k == kind for k in of_old])
        new_shapes, old_shapes = plan.grids.geometry.to_numpy()[n], old.geometry.to_numpy()[o]
        for i, j in match.continued(old_shapes, new_shapes, points, households * int(kind != "overlay")).items():
            answer[n[i]] = str(old[key].iloc[o[j]])
    return answer


def id_column(grids: gpd.GeoDataFrame) -> str:
    """Return the column by which earlier grids are named: their code, or the local id of a plan."""
    return "code" if "code" in grids.columns else "local_id"


def earlier_grids(previous: object, work_crs: str) -> gpd.GeoDataFrame:
    """Return the table of earlier grids in the work CRS.

    Raises
    ------
    InvalidInput
        Neither a plan nor a table of grids; a column is missing, or the CRS.
    """
    grids = previous.grids if isinstance(previous, DivisionPlan) else previous
    if isinstance(grids, gpd.GeoDataFrame):
        need_columns(grids, (id_column(grids), "level"), "previous")
        return to_work(grids, work_crs, "previous")
    kind = type(previous).__name__
    raise InvalidInput(
        f"previous 应是 DivisionPlan 或网格的 GeoDataFrame，不是 {kind}",
        f"previous is a DivisionPlan or a GeoDataFrame of grids, not a {kind}",
    )


def _kinds(grids: gpd.GeoDataFrame) -> list[str]:
    """Return what is compared with its like: "1", "2", "3", "carve" or "overlay"."""
    level = grids["level"].astype("Float64").fillna(0).astype(int)
    mode = grids["mode"] if "mode" in grids.columns else ["carve"] * len(grids)
    return [str(n) if n else str(m) for n, m in zip(level, mode, strict=True)]
