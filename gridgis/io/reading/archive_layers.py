"""Layers in a zip: each Shapefile, GeoJSON, ... in it is a layer, named by its file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from gridgis.errors import InvalidInput
from gridgis.io.reading.source import Source
from gridgis.io.reading.zipped import extract, members, open_zip

Read = Callable[[Source, str], Any]
PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
"""The files of a Shapefile that are read."""


def zip_layers(source: Source, readers: Mapping[str, Read]) -> list[str]:
    """List the layers in a zip: files whose endings are among the readers'."""
    with open_zip(source.path, source.shown) as archive:
        return sorted(_layers(members(archive), readers, source.shown))


def read_zipped(source: Source, layer: str, readers: Mapping[str, Read]) -> Any:
    """Read one layer of a zip."""
    with TemporaryDirectory(prefix="gridgis-") as folder:
        with open_zip(source.path, source.shown) as archive:
            inside = members(archive)
            name = _layers(inside, readers, source.shown)[layer]
            ending = PurePosixPath(name).suffix.lower()
            for other, info in inside.items():
                part = PurePosixPath(other)
                if other == name or (ending == ".shp" and _beside(part, PurePosixPath(name))):
                    extract(archive, info, Path(folder) / f"layer{part.suffix.lower()}")
        inner = replace(source, path=Path(folder) / f"layer{ending}", shown=f"{source.shown}/{name}", name=layer)
        return readers[ending](inner, layer)


def _beside(part: PurePosixPath, shape: PurePosixPath) -> bool:
    return part.parent == shape.parent and part.stem == shape.stem and part.suffix.lower() in PARTS


def _layers(inside: Mapping[str, object], readers: Mapping[str, Read], shown: str) -> dict[str, str]:
    """Map names of layers to files: the stem, or the whole path where two have the same stem."""
    files = [name for name in inside if PurePosixPath(name).suffix.lower() in readers]
    if not files:
        names = "、".join(list(inside)[:5]) or "—"
        raise InvalidInput(
            f"压缩包 {shown} 中没有可读的图层（{' '.join(readers)}）；其中有：{names}",
            f"the zip {shown} holds no layer that is read ({' '.join(readers)}); it holds: {names}",
            path=shown,
        )
    stems = [PurePosixPath(name).stem for name in files]
    return {(stem if stems.count(stem) == 1 else name): name for stem, name in zip(stems, files, strict=True)}
