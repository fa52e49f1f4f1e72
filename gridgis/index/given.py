"""What callers give to an index, numbers, polygons and threads, taken in; what cannot be meant is refused."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gridgis.errors import InvalidInput
from gridgis.geometry.lonlat import STORED_CRS


def floats_of(values: ArrayLike) -> NDArray[np.float64]:
    """Return numbers of any kind as float64, writeable and contiguous; masked and missing ones as NaN.

    Raises
    ------
    InvalidInput
        No real numbers: texts, complex numbers, dates.

    Examples
    --------
    >>> floats_of(np.ma.masked_array([109, 110], [True, False])).tolist()
    [nan, 110.0]
    """
    hidden = np.ma.getmaskarray(values) if isinstance(values, np.ma.MaskedArray) else None
    given: Any = values if hasattr(values, "dtype") else np.asarray(values)
    try:
        if given.dtype.kind in "cmM":  # NumPy would cut complex numbers, and count the days of dates
            raise TypeError(f"dtype {given.dtype}")
        numbers = np.require(given, np.float64, ["C", "W"])  # read-only ones would be compiled for anew
    except (TypeError, ValueError, OverflowError) as e:
        raise InvalidInput(f"经纬度须为数字：{e}", f"lon and lat must be numbers: {e}") from e
    return numbers if hidden is None else np.where(hidden, np.nan, np.asarray(numbers))


def need_threads(threads: Any) -> int:
    """Return a number of threads.

    Raises
    ------
    InvalidInput
        It is no integer, or less than 1.
    """
    try:
        count = operator.index(threads)
    except TypeError:
        count = 0
    if count < 1:
        raise InvalidInput(
            f"threads 应为不小于 1 的整数，实为 {threads!r}",
            f"threads must be 1 or more, an integer, not {threads!r}",
        )
    return count


def geometries_of(polygons: Any) -> NDArray[np.object_]:
    """Return geometries, in stored coordinates where they have a CRS, as an array (n,).

    Raises
    ------
    InvalidInput
        A table, a single geometry or text, something without a length; a CRS that is not the stored one.
    """
    if hasattr(polygons, "columns"):
        raise InvalidInput(
            "索引需要面的列，不是表；请给出其 geometry 列",
            "an index takes a column of polygons, no table; give its geometry column",
        )
    if isinstance(polygons, str) or not (hasattr(polygons, "__len__") and hasattr(polygons, "__iter__")):
        kind = type(polygons).__name__
        raise InvalidInput(
            f"索引需要面的列表，不是 {kind}；请给出列表、数组或 GeoSeries",
            f"an index takes many polygons, not a {kind}; give a list, an array or a GeoSeries",
        )
    crs = getattr(polygons, "crs", None)
    if crs is not None:
        need_stored(crs)
    return np.fromiter(polygons, dtype=object, count=len(polygons))


def need_stored(crs: Any) -> None:
    """Refuse a CRS (pyproj) other than that of stored coordinates; EPSG:4326 is taken as identical."""
    if crs.to_epsg() not in (4490, 4326):
        raise InvalidInput(
            f"索引需要存储坐标 {STORED_CRS}，实为 {crs.to_string()}；请先用 gridgis.geometry.crs 的 to_stored 转换",
            f"an index needs stored coordinates, {STORED_CRS}, not {crs.to_string()}; "
            "use gridgis.geometry.crs.to_stored first",
        )
