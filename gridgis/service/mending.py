"""Mend the coverage of communities on import: gaps, overlaps and slivers under a tolerance; each change is a row."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd

from gridgis.geometry.cleaning import clean_coverage
from gridgis.io.notes import Notes
from gridgis.io.validate import POLYGON, check_types

REPAIR_COLUMNS = ("layer", "feature", "kind", "area_m2", "done", "zh", "en", "geometry")
"""Columns of the places of repairs."""


@dataclass(frozen=True)
class Mending:
    """Whether to mend, and up to which width of a gap or overlap, metres."""

    repair: bool = False
    tolerance_m: float = 0.5


def mend_coverage(
    frame: gpd.GeoDataFrame, layer: str, how: Mending, notes: Notes
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Mend a coverage where the user asks for it; else, only report what is wrong with it.

    Parameters
    ----------
    frame
        The layer, stored coordinates; its features are meant to cover their ground once.
    layer
        What to call it.
    how
        Whether to mend, and the tolerance.
    notes
        Takes one row for each change, and for each fault that is left.

    Returns
    -------
    tuple
        The layer (vertices that were not moved are the very same numbers), and the places (REPAIR_COLUMNS) in stored
        coordinates.

    Raises
    ------
    InvalidInput
        Features that are no polygons, a tolerance below zero.
    """
    check_types(frame, layer, POLYGON)
    cleaned = clean_coverage(frame, how.tolerance_m)
    changes = cleaned.changes
    rings = (
        changes["kind"] == "invalid-ring"
    )  # without --repair too they are made valid, and told, by the layer's check
    for row in changes[~rings | how.repair].to_dict("records"):
        mended = bool(row["done"]) and how.repair
        zh, en = str(row["zh"]), str(row["en"])
        if bool(row["done"]) and not how.repair:
            zh, en = f"尚未修复，加 --repair 则：{zh}", f"not mended; --repair would: {en}"
        severity = "info" if mended else "warning"
        notes.add(severity, str(row["feature"]), f"repair-{row['kind']}", round(float(row["area_m2"]), 3), zh, en)
    done = changes["done"].to_numpy(dtype=bool) & (how.repair | rings.to_numpy(dtype=bool))
    places = changes.assign(layer=layer, done=done)[list(REPAIR_COLUMNS)]
    return (cleaned.frame if how.repair else frame), places
