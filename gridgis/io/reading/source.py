"""What a reader is given, and how damage to a file is told."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError
from xml.parsers.expat import ExpatError

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from gridgis.errors import InvalidInput
from gridgis.io.notes import Notes

MAX_BYTES = 2 * 2**30
"""A layer is read whole: no larger file, and no more than this out of a zip, is taken."""

DAMAGED = (
    ValueError, OSError, LookupError, TypeError, AttributeError, ArithmeticError, EOFError, RuntimeError, MemoryError,
    AssertionError, struct.error, zlib.error, zipfile.BadZipFile, ParseError, ExpatError, pa.ArrowException,
    shapely.errors.ShapelyError,
)  # fmt: skip
"""What libraries raise on files that are cut, mangled, or not what their name says."""


def is_text(column: pd.Series[Any]) -> bool:
    """Tell whether a column may hold texts: pandas has two types for them."""
    return column.dtype == object or isinstance(column.dtype, pd.StringDtype)


@dataclass(frozen=True)
class Source:
    """A file to read.

    Parameters
    ----------
    path
        The file that is opened; for a file out of a zip, a temporary one.
    shown
        What the user calls it.
    name
        The name of its layer, where the format knows none.
    notes
        Takes the reader's remarks.
    encoding
        That the user states for its texts; None: it is found by content.
    columns
        The user's names of columns, ours -> theirs; of tables, those of the place count (geometry, lon, lat, x, y).
    """

    path: Path
    shown: str
    name: str
    notes: Notes
    encoding: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Return the name that report rows bear."""
        return Path(self.shown).name


def unreadable(shown: str | Path, error: object) -> InvalidInput:
    """Return the error for a file that is damaged."""
    return InvalidInput(
        f"无法读取 {shown}：文件损坏或不是所称的格式（{error}）",
        f"cannot read {shown}: damaged, or not the format its name says ({error})",
        path=str(shown),
    )


@contextmanager
def damage_told(shown: str | Path) -> Iterator[None]:
    """Turn what libraries raise on a damaged file into InvalidInput; NaN is judged when all is read."""
    try:
        with np.errstate(invalid="ignore"):
            yield
    except DAMAGED as e:
        raise unreadable(shown, e or type(e).__name__) from e


def check_size(size: int, shown: str | Path) -> None:
    """Refuse a file that would not fit into memory as a layer.

    Raises
    ------
    InvalidInput
        More than MAX_BYTES.
    """
    if size > MAX_BYTES:
        gib = MAX_BYTES / 2**30
        raise InvalidInput(
            f"{shown} 太大（{size / 2**30:.1f} GiB，上限 {gib:.0f} GiB）：图层要整个读入内存；请按街道等拆分，"
            "点表可用 gridgis locate 分批处理",
            f"{shown} is too large ({size / 2**30:.1f} GiB, at most {gib:.0f} GiB): a layer is read whole; split it, "
            "e.g. by street; a table of points is read part by part by gridgis locate",
            path=str(shown),
            bytes=size,
        )
