"""A file of sections, mapped into memory and checked, with the standard library alone; docs/lookup.md draws it.

========  ======================================================================
bytes     meaning (all numbers little endian)
========  ======================================================================
0-7       ``GRIDIDX`` and a zero byte
8-11      version of the format
12-15     number of sections
16-31     BLAKE2b (16 bytes) of bytes 8-15 and of all that follows
32-63     west, south, east, north of what is indexed (four float64)
64-       per section 40 bytes: name (16) and NumPy type (8), padded with zeros,
          then where it begins in the file and its bytes (two 64-bit numbers)
...       the sections, in that order, each at a multiple of 64 bytes
========  ======================================================================
"""

from __future__ import annotations

import hashlib
import mmap
import struct
from pathlib import Path
from typing import NamedTuple

from gridgis.errors import InvalidInput

MAGIC = b"GRIDIDX\0"
VERSION = 3
START = struct.Struct("<8sII16s4d")
SECTION = struct.Struct("<16s8sQQ")
HASHED_FROM = 32
Bounds = tuple[float, float, float, float]


class Section(NamedTuple):
    """One section of a file: its NumPy type, and its bytes where they are mapped."""

    kind: str
    body: memoryview

    @property
    def numbers(self) -> memoryview:
        """The section as a flat view of numbers."""
        return self.body.cast(_CODES[self.kind])  # type: ignore[call-overload,no-any-return]


_CODES = {"<i4": "i", "<i8": "q", "<f8": "d", "|u1": "B"}
"""NumPy type -> the struct module's letter for it."""


def head_hash(version: int, sections: int) -> hashlib.blake2b:
    """Return the checksum begun with the numbers that stand before it in the file."""
    return hashlib.blake2b(struct.pack("<II", version, sections), digest_size=16)


def map_sections(path: Path) -> tuple[dict[str, Section], Bounds]:
    """Map the sections of a file into memory, read-only; return them by name, and the bounds of what is indexed.

    Raises
    ------
    InvalidInput
        The file is not there, is no index, of another version, truncated or changed.
    """
    try:
        with path.open("rb") as f:
            head = f.read(START.size)
            if head[: len(MAGIC)] != MAGIC or len(head) < START.size:
                raise InvalidInput(f"{path} 不是网格索引文件", f"{path} is no grid index file", path=str(path))
            data = memoryview(mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ))
    except OSError as e:
        raise InvalidInput(f"无法读取索引文件 {path}：{e}", f"cannot read the index file {path}: {e}") from e
    _, version, count, digest, *bounds = START.unpack(head)
    if version != VERSION:
        raise InvalidInput(
            f"索引文件 {path} 的版本是 {version}，本程序只读版本 {VERSION}；请重建索引",
            f"index file {path} has version {version}, this program reads version {VERSION}; build it again",
            version=version,
        )
    found = head_hash(version, count)
    found.update(data[HASHED_FROM:])
    if found.digest() != digest:
        raise InvalidInput(
            f"索引文件 {path} 不完整或被改动（校验和不符）；请重建索引",
            f"index file {path} is truncated or changed (checksum differs); build it again",
            path=str(path),
        )
    sections = {}
    for name, kind, place, size in SECTION.iter_unpack(data[START.size : START.size + SECTION.size * count]):
        sections[_text(name)] = Section(_text(kind), data[place : place + size])
    west, south, east, north = bounds
    return sections, (west, south, east, north)


def _text(padded: bytes) -> str:
    return padded.rstrip(b"\0").decode()
