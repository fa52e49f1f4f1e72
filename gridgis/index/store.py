"""The file of an index, made to be mapped into memory and shared by processes; docs/lookup.md draws it.

========  ======================================================================
bytes     meaning (all numbers little endian)
========  ======================================================================
0-7       ``GRIDIDX`` and a zero byte
8-11      version of the format
12-15     number of sections
16-31     BLAKE2b (16 bytes) of all that follows
32-63     west, south, east, north of what is indexed (four float64)
64-       per section 40 bytes: name (16) and NumPy type (8), padded with zeros,
          then where it begins in the file and its bytes (two 64-bit numbers)
...       the sections, in that order, each at a multiple of 64 bytes
========  ======================================================================
"""

from __future__ import annotations

import hashlib
import mmap
import os
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridgis.errors import InvalidInput

MAGIC = b"GRIDIDX\0"
VERSION = 2
_START = struct.Struct("<8sII16s4d")
_SECTION = struct.Struct("<16s8sQQ")
_HASHED_FROM = 32
_ALIGN = 64
Bounds = tuple[float, float, float, float]


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]], bounds: Bounds) -> None:
    """Write the arrays; the file appears whole or not at all."""
    place = _aligned(_START.size + _SECTION.size * len(arrays))
    table, bodies = b"", list[NDArray[Any]]()
    for name, array in arrays.items():
        body = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False)
        table += _SECTION.pack(name.encode(), body.dtype.str.encode(), place, body.nbytes)
        bodies.append(body)
        place = _aligned(place + body.nbytes)
    parts: list[Any] = [struct.pack("<4d", *bounds) + table, *(b.reshape(-1).view(np.uint8) for b in bodies)]
    digest, at, filled = hashlib.blake2b(digest_size=16), _HASHED_FROM, []
    for part in parts:
        filled.append((part, bytes(_aligned(at + len(part)) - at - len(part))))
        at = _aligned(at + len(part))
        digest.update(part)
        digest.update(filled[-1][1])
    whole = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with whole.open("wb") as f:
            f.write(_START.pack(MAGIC, VERSION, len(arrays), digest.digest(), *bounds)[:_HASHED_FROM])
            for part, zeros in filled:
                f.write(part)
                f.write(zeros)
        whole.replace(path)
    finally:
        whole.unlink(missing_ok=True)


def _aligned(place: int) -> int:
    return -(-place // _ALIGN) * _ALIGN


def read_arrays(path: Path) -> tuple[dict[str, NDArray[Any]], Bounds]:
    """Map the arrays into memory, read-only; return them and the bounds of what is indexed.

    Raises
    ------
    InvalidInput
        The file is not there, is no index, of another version, truncated or changed.
    """
    try:
        with path.open("rb") as f:
            head = f.read(_START.size)
            if head[: len(MAGIC)] != MAGIC or len(head) < _START.size:
                raise InvalidInput(f"{path} 不是网格索引文件", f"{path} is no grid index file", path=str(path))
            data = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as e:
        raise InvalidInput(f"无法读取索引文件 {path}：{e}", f"cannot read the index file {path}: {e}") from e
    _, version, count, digest, *bounds = _START.unpack(head)
    if version != VERSION:
        raise InvalidInput(
            f"索引文件 {path} 的版本是 {version}，本程序只读版本 {VERSION}；请重建索引",
            f"index file {path} has version {version}, this program reads version {VERSION}; build it again",
            version=version,
        )
    if hashlib.blake2b(memoryview(data)[_HASHED_FROM:], digest_size=16).digest() != digest:
        raise InvalidInput(
            f"索引文件 {path} 不完整或被改动（校验和不符）；请重建索引",
            f"index file {path} is truncated or changed (checksum differs); build it again",
            path=str(path),
        )
    arrays = {}
    for name, kind, place, size in _SECTION.iter_unpack(data[_START.size : _START.size + _SECTION.size * count]):
        dtype = np.dtype(kind.rstrip(b"\0").decode())
        key = name.rstrip(b"\0").decode()
        arrays[key] = np.frombuffer(data, dtype=dtype, count=size // dtype.itemsize, offset=place)
    west, south, east, north = bounds
    return arrays, (west, south, east, north)
