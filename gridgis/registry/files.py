"""Where a registry may be made: a free name, a metric CRS, and never half a file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyproj

from gridgis.errors import Conflict, InvalidInput
from gridgis.registry.store import is_url


@contextmanager
def whole_or_nothing(path: str | Path) -> Iterator[str | Path]:
    """Give another name to make a registry under; it gets its own when all is in it, so no half one is ever there.

    Raises
    ------
    Conflict, InvalidInput
        As ``need_free``.
    """
    if is_url(path):
        yield path
        return
    whole = Path(path)
    need_free(whole)
    partial = whole.with_name(f".{whole.stem}.{os.getpid()}.partial.gpkg")
    partial.unlink(missing_ok=True)
    try:
        yield partial
        need_free(whole)
        partial.rename(whole)
    finally:
        partial.unlink(missing_ok=True)


def need_metric(work_crs: str) -> None:
    """Refuse a work CRS that is unknown or not in metres.

    Raises
    ------
    InvalidInput
        Names the CRS, and one that would do.
    """
    try:
        crs = pyproj.CRS.from_user_input(work_crs)
    except pyproj.exceptions.CRSError as e:
        raise InvalidInput(
            f"坐标系“{work_crs}”无法识别；例如 EPSG:4545", f"unknown CRS '{work_crs}'; e.g. EPSG:4545", crs=work_crs
        ) from e
    if not crs.is_projected or crs.axis_info[0].unit_name != "metre":
        raise InvalidInput(
            f"工作坐标系须以米为单位，{work_crs} 不是；例如 EPSG:4545",
            f"the work CRS must be metric, {work_crs} is not; e.g. EPSG:4545",
            crs=work_crs,
        )


def need_free(path: str | Path) -> None:
    """Refuse a path where something is already, or whose folder is not there.

    Raises
    ------
    Conflict, InvalidInput
        Name the path.
    """
    if is_url(path):
        return
    file = Path(path)
    if file.exists():
        raise Conflict(f"文件 {path} 已存在", f"the file {path} exists already", path=str(path))
    if not file.parent.is_dir():
        raise InvalidInput(f"没有文件夹 {file.parent}", f"there is no folder {file.parent}", path=str(path))
