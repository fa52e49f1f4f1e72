"""What a Python caller hands in, checked at the door: codes, names, coordinates, absurd counts and distances.

The files of a town are checked row by row when they are read; a caller of `divide` has his own tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgis.errors import InvalidInput
from gridgis.geometry.arrays import Bools
from gridgis.model import Community

FAR_M = 1000.0
"""A building farther than this from every community is a wrong coordinate, or belongs to a community not given."""
MOST_HOUSEHOLDS = 100_000
"""No one building holds more households."""
SHOWN = 5


def need_communities(given: Sequence[object]) -> None:
    """Refuse what is not a community.

    Raises
    ------
    InvalidInput
        Names the type that was given.
    """
    if wrong := sorted({type(c).__name__ for c in given if not isinstance(c, Community)}):
        raise InvalidInput(
            f"要划分的应是 Community（或其列表），不是 {'、'.join(wrong)}；目录请先用 io.read_town 读入",
            f"a Community or a list of them is divided, not {', '.join(wrong)}; read a folder with io.read_town",
        )


def need_identity(c: Community) -> None:
    """Refuse a community without code or name. Of what digits a code is made is the matter of a coding scheme.

    Raises
    ------
    InvalidInput
        Says which of the two is missing.
    """
    if not _text(c.code):
        raise InvalidInput(
            f"社区“{c.name}”没有代码；请在 code 中给出", f"community '{c.name}' has no code; give it in code"
        )
    if not _text(c.name):
        raise InvalidInput(
            f"社区 {c.code} 没有名称；请在 name 中给出，网格以它命名",
            f"community {c.code} has no name; give it in name: its grids are named after it",
            code=str(c.code),
        )


def _text(value: Any) -> bool:
    return value is not None and not bool(pd.isna(value)) and str(value).strip() != ""


def need_coordinates(frame: gpd.GeoDataFrame, key: str, what: str) -> None:
    """Refuse coordinates that are not finite, at (0, 0), beyond longitude and latitude, or swapped.

    In longitude and latitude, x of 3 to 54 with y of 73 to 136.5 is a place in China with the two swapped.

    Raises
    ------
    InvalidInput
        Names the layer and its first such rows by ``key``.
    """
    xy, at = shapely.get_coordinates(frame.geometry.to_numpy(), return_index=True)
    x, y = xy.T
    _refuse(frame, key, what, at[~np.isfinite(xy).all(axis=1)], "坐标不是有限的数", "coordinates are not finite")
    zero = (np.abs(x) < 1e-6) & (np.abs(y) < 1e-6)
    _refuse(frame, key, what, at[zero], "坐标为 (0, 0)，即没有定位", "coordinates are (0, 0), that is, not located")
    if frame.crs is None or not frame.crs.is_geographic:
        return
    swapped = (x >= 3) & (x <= 54) & (y >= 73) & (y <= 136.5)
    zh, en = "经度与纬度似乎颠倒，应为（经度, 纬度）", "lon and lat look swapped; the order is (lon, lat)"
    _refuse(frame, key, what, at[swapped], zh, en)
    stated = frame.crs.to_string()
    zh = f"坐标超出经纬度范围，而坐标系标为 {stated}，可能标错"
    en = f"coordinates beyond lon/lat, while the CRS is stated as {stated}, perhaps wrongly"
    _refuse(frame, key, what, at[(np.abs(x) > 180) | (np.abs(y) > 90)], zh, en)


def _refuse(frame: gpd.GeoDataFrame, key: str, what: str, rows: Any, zh: str, en: str) -> None:
    if len(rows):
        wrong = frame.iloc[np.unique(rows)]
        ids = [str(i) for i in wrong[key].head(SHOWN)]
        raise InvalidInput(
            f"图层“{what}”有 {len(wrong)} 条{zh}：{key} {'、'.join(ids)}；请改正或删去",
            f"layer '{what}', {len(wrong)} rows: {en}: {key} {', '.join(ids)}; mend or delete them",
            layer=what,
            count=len(wrong),
        )


def named_geometry(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the layer with its geometry in a column of that name; another column called so is left out."""
    if frame.geometry.name == "geometry":
        return frame
    return frame.drop(columns="geometry", errors="ignore").rename_geometry("geometry")


def need_near(frame: gpd.GeoDataFrame, far: Bools) -> None:
    """Refuse buildings that are FAR_M from every community.

    Raises
    ------
    InvalidInput
        Names the first of them and the way out.
    """
    if far.any():
        ids = [str(i) for i in frame["id"][far].head(SHOWN)]
        raise InvalidInput(
            f"{int(far.sum())} 栋楼距所有社区都超过 {FAR_M:.0f} 米：{'、'.join(ids)}；"
            "请检查坐标，补上其所在社区，或删去",
            f"{int(far.sum())} buildings are more than {FAR_M:.0f} m from every community: {', '.join(ids)}; "
            "check their coordinates, give their community too, or leave them out",
            count=int(far.sum()),
        )


def need_sane_counts(ids: pd.Series[Any], counts: Any) -> None:
    """Refuse more than MOST_HOUSEHOLDS in one building, counted or estimated.

    Raises
    ------
    InvalidInput
        Names the first such buildings.
    """
    over = np.flatnonzero(np.asarray(counts, dtype=np.float64) > MOST_HOUSEHOLDS)
    if len(over):
        values = [f"{ids.iloc[i]}: {float(np.asarray(counts, dtype=np.float64)[i]):.0f}" for i in over[:SHOWN]]
        raise InvalidInput(
            f"{len(over)} 栋楼的户数超过 {MOST_HOUSEHOLDS}，例如 {values}；请改正户数（或层数、图形）",
            f"{len(over)} buildings have more than {MOST_HOUSEHOLDS} households, e.g. {values}; mend the count (or the "
            "storeys, the footprint)",
            count=len(over),
        )
