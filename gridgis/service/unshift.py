"""Undo a shift (GCJ-02, BD-09) that the user states, or has decided by the lines of a reference; never silently."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from gridgis.errors import InvalidInput
from gridgis.geometry.crs import STORED_CRS
from gridgis.geometry.lonlat import canonical_crs
from gridgis.geometry.offset import OffsetFinding, find_offset
from gridgis.geometry.shift import to_stored_lonlat
from gridgis.io.notes import Notes

AUTO, NONE = "auto", "none"
"""Words beside GCJ-02 and BD-09: undo what the reference decides; it is not shifted."""


def shift_word(shifted: str | None) -> str | None:
    """Return the canonical word for what a user says of a shift.

    Raises
    ------
    InvalidInput
        An unknown word.

    Examples
    --------
    >>> shift_word("gcj02"), shift_word("AUTO"), shift_word(None)
    ('GCJ-02', 'auto', None)
    """
    if shifted is None or shifted.lower() in (AUTO, NONE):
        return None if shifted is None else shifted.lower()
    return canonical_crs(shifted)


def unshift(
    frame: gpd.GeoDataFrame, shifted: str | None, against: tuple[gpd.GeoDataFrame | None, bool], what: str, notes: Notes
) -> gpd.GeoDataFrame:
    """Return a layer in lon/lat with its shift undone, where the user says so; all is noted.

    Parameters
    ----------
    frame
        The layer, lon/lat.
    shifted
        As ``Stated.shifted``, canonical.
    against
        The reference, stored coordinates, and whether the user gave it (else what it cannot tell is not noted).
    what, notes
        Name of the layer, and where to note.

    Raises
    ------
    InvalidInput
        The lines show a shift that the user has not stated, or "auto" and they show nothing.
    """
    reference, asked = against
    found = None if reference is None else _finding(frame, reference, shifted)
    if shifted == AUTO and (found is None or not found.decided):
        raise _undecided(what, found)
    if found is not None and (found.decided or asked or shifted is not None):
        _judge(found, shifted, what, notes)
    label = found.best if shifted == AUTO and found is not None else shifted
    if label not in ("GCJ-02", "BD-09"):
        return frame
    moved = shapely.transform(
        frame.geometry.to_numpy(), lambda xy: np.column_stack(to_stored_lonlat(xy[:, 0], xy[:, 1], label)[:2])
    )
    metres = _moved_m(frame.geometry.to_numpy(), moved)
    zh = f"坐标由 {label} 纠正到 CGCS2000，移动 {metres[0]:.0f}–{metres[1]:.0f} 米"
    en = f"the coordinates were brought from {label} to CGCS2000, by {metres[0]:.0f} to {metres[1]:.0f} m"
    notes.add("warning", what, "unshifted", label, zh, en)
    return frame.set_geometry(gpd.GeoSeries(moved, index=frame.index, crs=STORED_CRS))


def _finding(frame: gpd.GeoDataFrame, reference: gpd.GeoDataFrame, shifted: str | None) -> OffsetFinding | None:
    """Measure the shift; a layer of points has no lines, which matters only where the user asks for it."""
    try:
        return find_offset(frame.geometry.to_numpy(), reference.geometry.to_numpy())
    except InvalidInput:
        if shifted == AUTO:
            raise
        return None


def _judge(found: OffsetFinding, shifted: str | None, what: str, notes: Notes) -> None:
    """Note what the lines say; refuse where they say plainly that the layer is shifted, and the user has not."""
    zh, en = found.text()
    contradicts = found.decided and shifted not in (AUTO, found.best) and found.best != STORED_CRS
    if contradicts and shifted is None:
        raise InvalidInput(
            f"{what}：与参考线比较，{zh}，而所标坐标系没有偏移；确是如此请加 --shifted {found.best}，"
            "若不是请加 --shifted none",
            f"{what}: against the reference, {en}, which its CRS does not say; if so state --shifted {found.best}, "
            "if not --shifted none",
            shifted=found.best,
            medians_m=found.medians_m,
            points=found.points,
        )
    wrong = (
        found.decided
        and shifted in ("GCJ-02", "BD-09", NONE)
        and found.best != (STORED_CRS if shifted == NONE else shifted)
    )
    if wrong:
        zh, en = f"{zh}，与所述 --shifted {shifted} 不符", f"{en}, which is not what --shifted {shifted} says"
    notes.add("warning" if wrong else "info", what, "offset", round(found.ratio, 1), f"偏移检查：{zh}", f"shift: {en}")


def _undecided(what: str, found: OffsetFinding | None) -> InvalidInput:
    if found is None:
        return InvalidInput(
            f"{what}：--shifted auto 需要参考边界，请用 --reference 给出（或先导入社区）",
            f"{what}: --shifted auto needs a reference; give one with --reference (or import the communities first)",
        )
    zh, en = found.text()
    return InvalidInput(
        f"{what}：{zh}；请用 --shifted GCJ-02、BD-09 或 none 说明",
        f"{what}: {en}; state it with --shifted GCJ-02, BD-09 or none",
        medians_m=found.medians_m,
        points=found.points,
    )


def _moved_m(before: Any, after: Any) -> tuple[float, float]:
    """Return the least and the greatest distance that a vertex moved, metres."""
    a, b = shapely.get_coordinates(before), shapely.get_coordinates(after)
    off = (b - a) * np.column_stack([np.cos(np.radians(a[:, 1])), np.ones(len(a))]) * 111_320.0
    metres = np.hypot(off[:, 0], off[:, 1])
    return float(metres.min()), float(metres.max())
