"""From stored coordinates to metres as a single lookup needs it: without NumPy, but for rare work CRSs."""

from __future__ import annotations

from collections.abc import Sequence

from gridgis.geometry.lonlat import STORED_CRS
from gridgis.geometry.projection import on_stored_datum, transformer


def lonlat_to_metres(lon: Sequence[float], lat: Sequence[float], work_crs: str) -> tuple[list[float], list[float]]:
    """Return stored coordinates in the work CRS, as ``crs.transform_xy`` does, as lists; infinite where it has none.

    Raises
    ------
    InvalidInput
        The work CRS is on another datum to which no transformation is known at the place.
    """
    if on_stored_datum(work_crs):
        x, y = transformer(STORED_CRS, work_crs, True).transform(list(lon), list(lat))
        return x, y
    import numpy as np

    from gridgis.geometry.crs import transform_xy

    xy = transform_xy(np.column_stack([lon, lat]), STORED_CRS, work_crs)
    return xy[:, 0].tolist(), xy[:, 1].tolist()
