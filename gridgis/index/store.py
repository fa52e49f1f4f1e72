"""Writing and reading the file of an index as NumPy arrays (format: ``gridgis.index.mapped``)."""

from __future__ import annotations

import os
import struct
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridgis.index.mapped import HASHED_FROM, MAGIC, SECTION, START, VERSION, Section, head_hash, map_sections
from gridgis.index.mapped import Bounds as Bounds
from gridgis.index.tables import NUMBERS, Tables

_ALIGN = 64


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]], bounds: Bounds) -> None:
    """Write the arrays; the file appears whole or not at all."""
    place = _aligned(START.size + SECTION.size * len(arrays))
    table, bodies = b"", list[NDArray[Any]]()
    for name, array in arrays.items():
        body = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False)
        table += SECTION.pack(name.encode(), body.dtype.str.encode(), place, body.nbytes)
        bodies.append(body)
        place = _aligned(place + body.nbytes)
    parts: list[Any] = [struct.pack("<4d", *bounds) + table, *(b.reshape(-1).view(np.uint8) for b in bodies)]
    digest, at, filled = head_hash(VERSION, len(arrays)), HASHED_FROM, []
    for part in parts:
        filled.append((part, bytes(_aligned(at + len(part)) - at - len(part))))
        at = _aligned(at + len(part))
        digest.update(part)
        digest.update(filled[-1][1])
    whole = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.part")
    try:
        with whole.open("wb") as f:
            f.write(START.pack(MAGIC, VERSION, len(arrays), digest.digest(), *bounds)[:HASHED_FROM])
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
        As ``map_sections``.
    """
    sections, bounds = map_sections(path)
    return {name: as_array(section) for name, section in sections.items()}, bounds


def as_array(section: Section) -> NDArray[Any]:
    """Return a section as a flat array over the mapped bytes."""
    return np.frombuffer(section.body, dtype=section.kind) if len(section.body) else np.empty(0, dtype=section.kind)


def table_arrays(tables: Tables, prefix: str) -> dict[str, NDArray[Any]]:
    """Return tables as the arrays of a file, whose names begin with ``prefix``."""
    frame = np.array(tables[:NUMBERS], dtype=np.float64)
    return {f"{prefix}frame": frame, **{prefix + name: getattr(tables, name) for name in Tables._fields[NUMBERS:]}}


def tables_of(arrays: Mapping[str, NDArray[Any]], prefix: str) -> Tables:
    """Return the tables that ``table_arrays`` made into arrays."""
    west, south, per_x, per_y, columns, rows = arrays[f"{prefix}frame"].tolist()
    rest: dict[str, Any] = {name: arrays[prefix + name] for name in Tables._fields[NUMBERS:]}
    for name in ("vertices", "ends", "sides"):
        rest[name] = rest[name].reshape(-1, 2)
    return Tables(west, south, per_x, per_y, int(columns), int(rows), **rest)
