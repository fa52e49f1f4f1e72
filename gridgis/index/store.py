"""The file of an index: one header, one checksum, the arrays.

========  ======================================================================
bytes     meaning
========  ======================================================================
0-7       ``GRIDIDX`` and a zero byte
8-11      version of the format, little endian
12-43     SHA-256 of all that follows
44-       a NumPy .npz (no pickles) with the arrays, by name
========  ======================================================================
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridgis.errors import InvalidInput

MAGIC = b"GRIDIDX\0"
VERSION = 1
_HEAD = len(MAGIC) + 4 + 32


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write the arrays; the file appears whole or not at all."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    body = buffer.getvalue()
    head = MAGIC + VERSION.to_bytes(4, "little") + hashlib.sha256(body).digest()
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(head + body)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Read the arrays again.

    Raises
    ------
    InvalidInput
        The file is not there, is no index, of another version, truncated or changed.
    """
    try:
        data = path.read_bytes()
    except OSError as e:
        raise InvalidInput(f"无法读取索引文件 {path}：{e}", f"cannot read the index file {path}: {e}") from e
    if data[: len(MAGIC)] != MAGIC or len(data) < _HEAD:
        raise InvalidInput(f"{path} 不是网格索引文件", f"{path} is no grid index file", path=str(path))
    version = int.from_bytes(data[len(MAGIC) : len(MAGIC) + 4], "little")
    if version != VERSION:
        raise InvalidInput(
            f"索引文件 {path} 的版本是 {version}，本程序只读版本 {VERSION}；请重建索引",
            f"index file {path} has version {version}, this program reads version {VERSION}; build it again",
            version=version,
        )
    body = data[_HEAD:]
    if hashlib.sha256(body).digest() != data[_HEAD - 32 : _HEAD]:
        raise InvalidInput(
            f"索引文件 {path} 不完整或被改动（校验和不符）；请重建索引",
            f"index file {path} is truncated or changed (checksum differs); build it again",
            path=str(path),
        )
    with np.load(io.BytesIO(body), allow_pickle=False) as npz:
        return {name: npz[name] for name in npz.files}
