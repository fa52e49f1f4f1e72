"""Writes small OpenStreetMap files in PBF, by the format's own definition (OSM wiki: PBF Format), for tests."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

Tags = Mapping[str, str]


def varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
    return out + bytes([value])


def zigzag(value: int) -> bytes:
    return varint(value << 1 if value >= 0 else (-value << 1) - 1)


def field(number: int, value: bytes | int) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def blob(kind: str, content: bytes) -> bytes:
    body = field(2, len(content)) + field(3, zlib.compress(content))
    header = field(1, kind.encode()) + field(3, len(body))
    return struct.pack(">i", len(header)) + header + body


def write_pbf(path: Path, nodes: Sequence[tuple[float, float]], ways: Sequence[tuple[Sequence[int], Tags]]) -> Path:
    """Write nodes (lon, lat), numbered from 1, and ways (node numbers, tags), numbered from 1."""
    texts = [""]

    def text(value: str) -> int:
        if value not in texts:
            texts.append(value)
        return texts.index(value)

    ids, lats, lons, before = b"", b"", b"", (0, 0)
    for lon, lat in nodes:
        here = round(lat * 1e7), round(lon * 1e7)
        ids, lats, lons = ids + zigzag(1), lats + zigzag(here[0] - before[0]), lons + zigzag(here[1] - before[1])
        before = here
    groups = field(2, field(2, field(1, ids) + field(8, lats) + field(9, lons)))
    for number, (refs, tags) in enumerate(ways, 1):
        keys = b"".join(varint(text(k)) for k in tags)
        values = b"".join(varint(text(v)) for v in tags.values())
        steps = b"".join(zigzag(b - a) for a, b in zip([0, *refs], refs, strict=False))
        groups += field(2, field(3, field(1, number) + field(2, keys) + field(3, values) + field(8, steps)))
    table = field(1, b"".join(field(1, t.encode()) for t in texts))
    header = field(4, b"OsmSchema-V0.6") + field(4, b"DenseNodes")
    path.write_bytes(blob("OSMHeader", header) + blob("OSMData", table + groups))
    return path
