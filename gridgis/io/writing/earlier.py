"""Which file an output may replace: an earlier one of the same kind, told by its mark; all others are somebody's."""

from __future__ import annotations

import sqlite3
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from gridgis.errors import InvalidInput

UNREADABLE = (
    OSError, ValueError, LookupError, TypeError, AttributeError, EOFError, RuntimeError, SyntaxError, sqlite3.Error,
    zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What readers raise for a file that is not of their format."""


def need_earlier(path: Path, is_ours: Callable[[Path], bool]) -> None:
    """Refuse to replace a file that is not recognised; an empty one may be replaced.

    Parameters
    ----------
    path
        The output; it need not be there.
    is_ours
        Tells by its mark whether a file is of the kind that is to be written; it may raise ``UNREADABLE``.

    Raises
    ------
    InvalidInput
        A file is there that is not recognised.
    """
    if not path.exists() or path.stat().st_size == 0:
        return
    try:
        ours = is_ours(path)
    except UNREADABLE:
        ours = False
    if not ours:
        raise InvalidInput(
            f"{path} 已存在，且不是本程序先前写出的同类文件，不予覆盖；请另起文件名，或先删除它",
            f"{path} is there and is no earlier output of this kind: it is not replaced; choose another name, or "
            "delete it first",
            path=str(path),
        )


def first_line(path: Path, size: int = 2**16) -> bytes:
    """Return a file's bytes up to the first line feed, with it; not more than ``size``."""
    with path.open("rb") as file:
        return file.readline(size)
