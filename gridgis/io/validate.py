"""Check raw layers: refuse what is wrong, report what was mended; nothing is guessed.

Every function takes a layer and its name, and returns the layer as it may be used. What cannot be decided by rule
raises InvalidInput with the first rows and their number; what can is done and noted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgis.errors import InvalidInput
from gridgis.geometry.candidates import need_plausible
from gridgis.geometry.crs import choose_work_crs, need_crs, transform_xy
from gridgis.io.notes import Notes

POLYGON = ("Polygon", "MultiPolygon")
LINE = ("LineString", "MultiLineString", "LinearRing")
POINT = ("Point",)
SHOWN = 5
"""So many faulty rows are named in an error."""


def feature_names(frame: pd.DataFrame) -> list[str]:
    """Name each feature by its code or id, else by its row number (from 1)."""
    for key in ("code", "id"):
        if key in frame.columns:
            return [f"{key}={value}" for value in frame[key]]
    return [f"row={n}" for n in range(1, len(frame) + 1)]


def refuse_rows(frame: pd.DataFrame, wrong: Any, layer: str, zh: str, en: str, values: Iterable[Any] = ()) -> None:
    """Raise InvalidInput when any row is wrong: its text lists the first rows, with their value, and the number.

    Raises
    ------
    InvalidInput
        ``fields`` holds layer, count and rows.
    """
    at = np.flatnonzero(np.asarray(wrong, dtype=bool))
    if not len(at):
        return
    names, shown = feature_names(frame), list(values)
    rows = [names[i] + (f": {shown[i]!r}" if shown else "") for i in at[:SHOWN]]
    listed = "; ".join(rows) + (" ..." if len(at) > SHOWN else "")
    raise InvalidInput(
        f"图层“{layer}”：{zh}（共 {len(at)} 行：{listed}）",
        f"layer '{layer}': {en} ({len(at)} rows: {listed})",
        layer=layer,
        count=len(at),
        rows=rows,
    )


def check_coordinates(frame: gpd.GeoDataFrame, layer: str) -> None:
    """Refuse coordinates that are not finite, at (0, 0), out of range, or that look swapped.

    In lon/lat, longitude 3-54 with latitude 73-136 is China with lon and lat swapped.
    """
    need_crs(frame, layer)
    check_finite(frame, layer)
    geoms = frame.geometry.to_numpy()
    xy, at = shapely.get_coordinates(geoms, return_index=True)
    x, y = xy[:, 0], xy[:, 1]

    def rows(bad: Any) -> Any:
        return np.isin(np.arange(len(frame)), at[bad])

    zero = (np.abs(x) < 1e-6) & (np.abs(y) < 1e-6)
    refuse_rows(frame, rows(zero), layer, "坐标为 (0, 0)，即没有定位", "coordinates are (0, 0), that is, not located")
    if frame.crs is None or not frame.crs.is_geographic:
        if len(x):
            need_plausible(frame.crs, (float(x.min()), float(y.min()), float(x.max()), float(y.max())), layer)
        return
    swapped = (x >= 3) & (x <= 54) & (y >= 73) & (y <= 136.5)
    zh, en = "经度与纬度似乎颠倒；应为（经度, 纬度）", "lon and lat look swapped; the order is (lon, lat)"
    refuse_rows(frame, rows(swapped), layer, zh, en)
    outside = (np.abs(x) > 180) | (np.abs(y) > 90)
    zh, en = "坐标超出经纬度范围；坐标系可能标错", "coordinates beyond lon/lat; the CRS may be stated wrongly"
    refuse_rows(frame, rows(outside), layer, zh, en)


def check_finite(frame: gpd.GeoDataFrame, layer: str) -> None:
    """Refuse features with coordinates that are not finite numbers."""
    xy, at = shapely.get_coordinates(frame.geometry.to_numpy(), return_index=True)
    bad = np.isin(np.arange(len(frame)), at[~np.isfinite(xy).all(axis=1)])
    refuse_rows(frame, bad, layer, "坐标不是有限的数", "coordinates are not finite")


def check_types(frame: gpd.GeoDataFrame, layer: str, allowed: tuple[str, ...]) -> None:
    """Refuse features without geometry and those of another geometry type."""
    geoms = frame.geometry
    zh, en = "要素没有几何图形；请补上或删去", "features without geometry; draw or delete them"
    refuse_rows(frame, geoms.isna() | geoms.is_empty, layer, zh, en)
    zh, en = f"几何类型应为 {'/'.join(allowed)}", f"the geometry type must be {'/'.join(allowed)}"
    refuse_rows(frame, ~geoms.geom_type.isin(allowed), layer, zh, en, geoms.geom_type)


def repair_polygons(frame: gpd.GeoDataFrame, layer: str, notes: Notes, expendable: Any = False) -> gpd.GeoDataFrame:
    """Make broken polygons valid: the polygon parts are kept, each change is noted with the area before and after.

    Parameters
    ----------
    frame, layer, notes
        The layer, its name, and where to note.
    expendable
        (n,) truth values, or one for all: where nothing remains of such a feature it is left out, and noted. Meant for
        buildings that hold no counted household.

    Raises
    ------
    InvalidInput
        Nothing with an area remains of a polygon that is not expendable.
    """
    geoms = frame.geometry.to_numpy().copy()
    types = shapely.get_type_id(geoms)
    broken = np.flatnonzero(np.isin(types, (3, 6)) & ~shapely.is_valid(geoms))
    if not len(broken):
        return frame
    names, before = feature_names(frame), geoms.copy()
    for i in broken:
        parts = shapely.get_parts(shapely.make_valid(geoms[i], method="structure", keep_collapsed=True))
        kept = parts[np.isin(shapely.get_type_id(parts), (3, 6)) & (shapely.area(parts) > 0)]
        geoms[i] = shapely.union_all(kept) if len(kept) else shapely.Polygon()
    gone = shapely.is_empty(geoms) & ~shapely.is_empty(before)
    zh, en = "面损坏，修复后没有面积剩下", "broken polygons of which no area remains"
    refuse_rows(frame, gone & ~np.broadcast_to(expendable, gone.shape), layer, zh, en)
    for i in np.flatnonzero(gone):
        zh, en = (
            f"{names[i]} 没有面积，也没有已知户数，略去",
            f"{names[i]} has no area and no counted household: left out",
        )
        notes.add("warning", layer, "no-area", 0, zh, en)
    area = areas_m2(frame.set_geometry(gpd.GeoSeries(geoms, index=frame.index, crs=frame.crs)))
    old = areas_m2(frame)
    for i in broken[~gone[broken]]:
        why = shapely.is_valid_reason(before[i])
        lost = f"{old[i]:.1f} -> {area[i]:.1f} m2"
        zh = f"{names[i]} 的面损坏（{why}），已修复，保留面的部分；面积 {lost}"
        en = f"{names[i]}: broken polygon ({why}) made valid, polygon parts kept; area {lost}"
        notes.add("warning", layer, "broken-polygon", lost, zh, en)
    mended = frame.set_geometry(gpd.GeoSeries(geoms, index=frame.index, crs=frame.crs))
    return mended[~gone].reset_index(drop=True)


def areas_m2(frame: gpd.GeoDataFrame) -> Any:
    """Measure the area of each feature in m2, in the work CRS of the place."""
    if frame.crs is None or not frame.crs.is_geographic:
        return shapely.area(frame.geometry.to_numpy())
    x0, y0, x1, y1 = frame.total_bounds
    work = choose_work_crs((x0 + x1) / 2, (y0 + y1) / 2)
    return shapely.area(shapely.transform(frame.geometry.to_numpy(), lambda xy: transform_xy(xy, frame.crs, work)))


def check_households(frame: gpd.GeoDataFrame, layer: str) -> gpd.GeoDataFrame:
    """Return the layer with households as nullable integers; null means unknown, to be estimated.

    Raises
    ------
    InvalidInput
        Counts that are text, not finite, negative or not whole: they are not guessed.
    """
    raw = frame["households"]
    values = raw.tolist()
    known = raw.notna().to_numpy()
    number = np.array([isinstance(v, int | float | np.number) and not isinstance(v, bool) for v in values], dtype=bool)
    zh = "户数是文字；请改为整数，不知道则留空（将估计）"
    en = "household counts are text; give whole numbers, or leave empty what is unknown (it is estimated)"
    text = known & ~number
    # one text makes a reader turn the whole column into text: name those that are no numbers, where there are any
    worse = text & pd.to_numeric(raw.where(text).astype(object), errors="coerce").isna().to_numpy()
    refuse_rows(frame, worse if worse.any() else text, layer, zh, en, values)
    counts = pd.to_numeric(raw.where(known), errors="coerce").astype("Float64")
    filled = counts.fillna(0).to_numpy(dtype=float)
    refuse_rows(frame, ~np.isfinite(filled), layer, "户数不是有限的数", "household counts are not finite", values)
    refuse_rows(frame, filled < 0, layer, "户数为负", "household counts are negative", values)
    refuse_rows(frame, filled % 1 != 0, layer, "户数不是整数", "household counts are not whole numbers", values)
    return frame.assign(households=counts.astype("Int64"))


def check_ids(frame: gpd.GeoDataFrame, layer: str, notes: Notes) -> gpd.GeoDataFrame:
    """Return the layer with unique ids: an exact copy of a feature is left out and noted, another double id refused.

    A copy has the same id, geometry and, where the layer has them, households. Features of one geometry under
    different ids (several address points of one house) are kept and noted.
    """
    refuse_rows(frame, frame["id"].isna(), layer, "编号 id 为空", "the id is empty")
    wkb = pd.Series(shapely.to_wkb(frame.geometry.to_numpy()), index=frame.index)
    same = pd.DataFrame({"id": frame["id"], "wkb": wkb})
    copies = (same.assign(households=frame["households"]) if "households" in frame else same).duplicated()
    for name in np.array(feature_names(frame))[copies.to_numpy()]:
        zh, en = f"{name} 重复出现，图形相同，只保留一个", f"{name} occurs twice with one geometry; one is kept"
        notes.add("warning", layer, "duplicate", None, zh, en)
    frame, wkb = frame[~copies], wkb[~copies]
    double = frame["id"].duplicated(keep=False)
    zh = "同一编号 id 用于不同的图形或户数；请改为唯一"
    en = "one id on different geometries or household counts; make ids unique"
    refuse_rows(frame, double, layer, zh, en)
    _note_same_ground(frame, wkb, layer, notes)
    return frame.reset_index(drop=True)


def _note_same_ground(frame: gpd.GeoDataFrame, wkb: pd.Series[Any], layer: str, notes: Notes) -> None:
    """Note, in one row, the features that share one geometry under different ids."""
    shared = frame[wkb.duplicated(keep=False)]
    if shared.empty:
        return
    groups = [", ".join(str(i) for i in group["id"]) for _, group in shared.groupby(wkb, sort=False)]
    listed = "; ".join(groups[:SHOWN]) + (" ..." if len(groups) > SHOWN else "")
    zh = f"{len(shared)} 行在 {len(groups)} 处图形完全相同而编号不同，均保留：{listed}"
    en = f"{len(shared)} rows at {len(groups)} places have one geometry under different ids; all are kept: {listed}"
    notes.add("info", layer, "same-geometry", len(shared), zh, en)


def check_codes(frame: gpd.GeoDataFrame, layer: str, digits: int = 12) -> gpd.GeoDataFrame:
    """Return the layer with codes as text; each must have so many digits and occur once.

    Raises
    ------
    InvalidInput
        A code of another length, with other characters, or used twice.
    """
    codes = [_code_text(v) for v in frame["code"]]
    wrong = [re.fullmatch(rf"[0-9]{{{digits}}}", c) is None for c in codes]
    zh, en = f"社区代码应为{digits}位数字", f"a community code has {digits} digits"
    refuse_rows(frame.drop(columns="code"), wrong, layer, zh, en, codes)
    zh, en = "社区代码重复", "community codes occur twice"
    refuse_rows(frame, pd.Series(codes).duplicated(), layer, zh, en)
    return frame.assign(code=codes)


def _code_text(value: Any) -> str:
    """Print a code; numbers (as GeoJSON and spreadsheets may hold) lose their decimal point."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return "" if value is None or value is pd.NA else str(value).strip()


def check_values(frame: gpd.GeoDataFrame, layer: str, column: str, allowed: Iterable[str]) -> None:
    """Refuse values of a column that are not among the allowed ones."""
    names = list(allowed)
    wrong = ~frame[column].isin(names)
    zh, en = f"列 {column} 的值应为 {'/'.join(names)} 之一", f"column {column} must be one of {'/'.join(names)}"
    refuse_rows(frame, wrong, layer, zh, en, frame[column])
