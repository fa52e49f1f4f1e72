"""How grids are to be shown, the same in the map file, the viewer page and the GeoJSON: colours and label places."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from gridgis.geometry.anchors import label_anchors
from gridgis.geometry.colouring import colour_indices
from gridgis.model import need_columns

HUES = 6
"""Colours told apart between neighbouring grids of levels 1 and 2."""
TINTS = 4
"""Shades of its level-2 grid's hue, told apart between neighbouring grids of level 3."""
LABEL_DECIMALS = 7
"""A centimetre."""


def add_display_columns(grids: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the grids (code, parent, level, kind; lon/lat) with columns that say how to show them.

    Returns
    -------
    gpd.GeoDataFrame
        With ``colour`` (0 to 5: hue; level 3 has that of its parent; -1: dedicated, shown in its category's colour),
        ``tint`` (0 to 3: shade, level 3 only), ``label_lon``, ``label_lat`` (degrees) and ``label_m`` (radius of
        the room round the label, metres).

    Raises
    ------
    InvalidInput
        When a column is missing.
    """
    need_columns(grids, ("code", "parent", "level", "kind"), "grids")
    out = grids.reset_index(drop=True)
    level = pd.to_numeric(out["level"], errors="coerce").fillna(0).to_numpy(dtype=np.int64)
    ordinary = (out["kind"] == "comprehensive").to_numpy()
    colour = np.full(len(out), -1, dtype=np.int64)
    tint = np.zeros(len(out), dtype=np.int64)
    geoms = out.geometry.to_numpy()
    for number in (1, 2, 3):
        chosen = ordinary & (level == number)
        colour[chosen] = colour_indices(geoms[chosen], HUES)
        if number == 3:
            tint[chosen] = colour_indices(geoms[chosen], TINTS)
    of_code = dict(zip(out["code"], colour.tolist(), strict=True))
    nested = np.flatnonzero(ordinary & (level == 3))
    colour[nested] = [
        of_code.get(parent, own) for parent, own in zip(out["parent"].iloc[nested], colour[nested], strict=True)
    ]
    return add_label_columns(out.assign(colour=colour, tint=tint))


def add_label_columns(areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return polygons (lon/lat) with the place and the room of their label, as ``add_display_columns`` does."""
    centres, radii = label_anchors(areas.geometry.to_numpy())
    spots = np.round(centres, LABEL_DECIMALS)
    return areas.assign(label_lon=spots[:, 0], label_lat=spots[:, 1], label_m=np.round(radii, 1))
