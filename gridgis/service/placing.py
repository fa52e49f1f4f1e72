"""Where a layer lies: from the numbers of a file to stored coordinates, each step told.

What the user states comes before what the file states, and is reported where they differ; what neither states is asked
for. A shift (GCJ-02, BD-09) is undone only where the user says so: by its name, or by "auto" where the lines of a
reference decide it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd
import pyproj
import shapely

from gridgis.errors import InvalidInput
from gridgis.geometry.candidates import Bounds, known_crs, missing_crs, need_plausible
from gridgis.geometry.crs import STORED_CRS, to_stored
from gridgis.geometry.local import by_pipeline
from gridgis.geometry.projection import crs_key
from gridgis.io.local_system import read_local_system
from gridgis.io.notes import Notes
from gridgis.io.validate import check_coordinates
from gridgis.service.unshift import shift_word, unshift


@dataclass(frozen=True)
class Stated:
    """What the user states about the coordinates of a file.

    Parameters
    ----------
    crs
        EPSG number, WKT, proj string, PROJ pipeline (to lon/lat), or a .toml of a local system; None: as in the file.
    shifted
        "GCJ-02" or "BD-09": undo that shift. "auto": undo what the lines of the reference decide, refuse where they
        decide nothing. "none": it is not shifted, whatever the lines say. None: refuse where they decide that it is.
    reference
        Lines or polygons known to be right, stored coordinates.
    asked
        Whether the user gave the reference: then what it cannot tell is noted too.
    swap
        x and y change places first.
    """

    crs: str | None = None
    shifted: str | None = None
    reference: gpd.GeoDataFrame | None = None
    asked: bool = False
    swap: bool = False


def place(frame: gpd.GeoDataFrame, stated: Stated, what: str, notes: Notes) -> gpd.GeoDataFrame:
    """Return a layer as read in stored coordinates (lon/lat, EPSG:4490, 2D).

    Raises
    ------
    InvalidInput
        No CRS is stated (candidates are named), one that is unknown or that the numbers deny, or a shift that is not
        stated and that the lines of the reference show.
    """
    shifted = shift_word(stated.shifted)
    if frame.crs is not None and known_crs(frame.crs) is None:
        bare = pd.DataFrame(frame.drop(columns="geometry"))
        frame = gpd.GeoDataFrame(bare, geometry=frame.geometry.to_numpy())
    if stated.swap:
        flipped = shapely.transform(frame.geometry.to_numpy(), lambda xy: xy[:, ::-1])
        frame = frame.set_geometry(gpd.GeoSeries(flipped, index=frame.index, crs=frame.crs))
        notes.add("info", what, "swapped", None, "按 --swap 交换了 x 与 y", "x and y changed places, as --swap says")
    near = None if stated.reference is None else _bounds(stated.reference)
    stored = _to_lonlat(frame, stated.crs, what, notes, near)
    check_coordinates(stored, what)
    return unshift(stored, shifted, (stated.reference, stated.asked), what, notes)


def _bounds(frame: gpd.GeoDataFrame) -> Bounds:
    x0, y0, x1, y1 = (float(v) for v in frame.total_bounds)
    return x0, y0, x1, y1


def _to_lonlat(
    frame: gpd.GeoDataFrame, crs: str | None, what: str, notes: Notes, near: Bounds | None
) -> gpd.GeoDataFrame:
    if crs is None:
        if frame.crs is None:
            raise missing_crs(_bounds(frame), what, near)
        _note_crs(frame.crs, what, notes, "文件所述", "as the file says")
        return _from_crs(frame, frame.crs, what)
    if frame.crs is not None and not _same(frame.crs, crs):
        zh = f"文件标明 {_label(frame.crs)}，而 --crs 为 {crs}：按后者"
        en = f"the file says {_label(frame.crs)}, and --crs {crs}: the latter is used"
        notes.add("warning", what, "crs-overruled", _label(frame.crs), zh, en)
    if crs.lower().endswith(".toml"):
        return _from_local(frame, crs, what, notes)
    if "+proj=pipeline" in crs.replace(" ", "") or crs.strip().startswith("proj=pipeline"):
        return _from_pipeline(frame, crs, what, notes)
    found = _user_crs(crs, what, notes)
    _note_crs(found, what, notes, "--crs 所述", "as --crs says")
    return _from_crs(frame, found, what)


def _same(known: Any, crs: str) -> bool:
    try:
        return crs_key(known) == crs_key(crs)
    except pyproj.exceptions.CRSError:
        return False


def _label(crs: Any) -> str:
    key = crs_key(crs)
    name = str(pyproj.CRS.from_user_input(crs).name)
    return f"EPSG:{pyproj.CRS.from_user_input(crs).to_epsg()} {name}" if key.startswith("EPSG:") else name


def _note_crs(crs: Any, what: str, notes: Notes, zh: str, en: str) -> None:
    notes.add("info", what, "crs", _label(crs), f"坐标系：{_label(crs)}（{zh}）", f"CRS: {_label(crs)} ({en})")


def _from_crs(frame: gpd.GeoDataFrame, crs: Any, what: str) -> gpd.GeoDataFrame:
    need_plausible(crs, _bounds(frame), what)
    if pyproj.CRS.from_user_input(crs).to_authority() == ("OGC", "CRS84"):
        crs = STORED_CRS
    return to_stored(frame.set_crs(crs, allow_override=True))


def _user_crs(crs: str, what: str, notes: Notes) -> Any:
    """Return a CRS that a user wrote; one of no datum, but on the ellipsoid of CGCS2000, counts as CGCS2000."""
    try:
        found = pyproj.CRS.from_user_input(int(crs) if crs.strip().isdigit() else crs)
    except pyproj.exceptions.CRSError as e:
        raise InvalidInput(
            f"不认识坐标系“{crs}”：{e}；可写 EPSG:4545、WKT、+proj=...，或 .toml 文件（docs/howto-import.md）",
            f"unknown CRS '{crs}': {e}; write EPSG:4545, WKT, +proj=..., or a .toml file (docs/howto-import.md)",
            crs=crs,
        ) from e
    body = found.geodetic_crs
    ellipsoid = None if body is None else body.ellipsoid
    if found.is_bound or body is None or ellipsoid is None or not str(_datum(body)).startswith("Unknown based on"):
        return found
    if abs(ellipsoid.semi_major_metre - 6_378_137.0) > 1e-3 or abs(ellipsoid.inverse_flattening - 298.25722) > 1e-4:
        return found  # another ellipsoid without a way to CGCS2000: refused further on
    zh, en = (
        "所给坐标系没有基准面，椭球与 CGCS2000 相同：按 CGCS2000",
        "no datum, but the ellipsoid of CGCS2000: taken as it",
    )
    notes.add("info", what, "datum", None, zh, en)
    return pyproj.CRS.from_json_dict(_on_cgcs2000(found.to_json_dict()))


def _datum(body: pyproj.CRS) -> str:
    return "" if body.datum is None else str(body.datum.name)


def _on_cgcs2000(data: dict[str, Any]) -> dict[str, Any]:
    """Return the description of a CRS with its datum named as CGCS2000's."""
    base = data.get("base_crs", data)
    base["datum"]["name"] = "China 2000"
    return data


def _from_local(frame: gpd.GeoDataFrame, path: str, what: str, notes: Notes) -> gpd.GeoDataFrame:
    system = read_local_system(path)
    zh = f"地方坐标系“{system.name}”转换到 {system.target}：{system.zh}"
    en = f"local system '{system.name}' to {system.target}: {system.en}"
    notes.add("info", what, "crs", system.name, zh, en)
    target = _user_crs(system.target, what, notes)
    moved = shapely.transform(shapely.force_2d(frame.geometry.to_numpy()), system.affine.move)
    return _from_crs(frame.set_geometry(gpd.GeoSeries(moved, index=frame.index)), target, what)


def _from_pipeline(frame: gpd.GeoDataFrame, text: str, what: str, notes: Notes) -> gpd.GeoDataFrame:
    moved = shapely.transform(shapely.force_2d(frame.geometry.to_numpy()), lambda xy: by_pipeline(xy, text, what))
    notes.add("info", what, "crs", "pipeline", f"坐标按所给 PROJ 转换：{text}", f"transformed by the pipeline: {text}")
    return frame.set_geometry(gpd.GeoSeries(moved, index=frame.index, crs=STORED_CRS))
