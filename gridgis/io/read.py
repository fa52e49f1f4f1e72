"""Read one vector layer from a file: formats, encodings, CRS; each fault named in two languages."""

from __future__ import annotations

import warnings
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import pyogrio
import pyproj
from pyogrio.errors import DataLayerError, DataSourceError

from gridgis.errors import InvalidInput
from gridgis.geometry.crs import STORED_CRS, to_stored
from gridgis.io.notes import Notes
from gridgis.io.validate import check_coordinates

EXTENSIONS = (".geojson", ".json", ".gpkg", ".shp", ".zip", ".parquet", ".fgb")
"""File name endings that are read, in the order in which a town folder is searched."""


def read_layer(
    path: str | Path, layer: str | None = None, crs: Any = None, notes: Notes | None = None, may_be_empty: bool = False
) -> gpd.GeoDataFrame:
    """Read one vector layer.

    Parameters
    ----------
    path
        A file of EXTENSIONS.
    layer
        Name of the layer, for files that hold several.
    crs
        CRS to assume when the file states none; a CRS in the file comes first.
    notes
        Takes the reader's remarks.
    may_be_empty
        Whether a layer without features is let through.

    Returns
    -------
    GeoDataFrame
        As in the file, its CRS set, its geometry named ``geometry``.

    Raises
    ------
    InvalidInput
        No such file or layer, an unknown format, an empty or unreadable file, no features, no geometry, no CRS.
    """
    path = Path(path)
    _check_file(path)
    frame = _read_parquet(path) if path.suffix.lower() == ".parquet" else _read_ogr(path, layer, notes)
    if not isinstance(frame, gpd.GeoDataFrame):
        raise InvalidInput(
            f"{path} 没有几何列，不是矢量图层", f"{path} has no geometry: it is no vector layer", path=str(path)
        )
    if frame.empty and not may_be_empty:
        raise InvalidInput(f"{path} 中没有任何要素", f"{path} holds no features", path=str(path))
    if frame.geometry.name != "geometry":  # a Parquet file may name it as it likes; all else here knows one name
        frame = frame.drop(columns="geometry", errors="ignore").rename_geometry("geometry")
    return _with_crs(frame.reset_index(drop=True), crs, path)


def read_stored(
    path: str | Path, layer: str | None = None, crs: Any = None, notes: Notes | None = None, may_be_empty: bool = False
) -> gpd.GeoDataFrame:
    """Read one vector layer as ``read_layer`` does, and bring it to stored coordinates (lon/lat, EPSG:4490, 2D)."""
    frame = read_layer(path, layer, crs, notes, may_be_empty)
    check_coordinates(frame, Path(path).name)
    return to_stored(frame)


def list_layers(path: str | Path) -> list[str]:
    """List the layers that a file holds, sorted by name."""
    _check_file(Path(path))
    try:
        return sorted(str(name) for name in pyogrio.list_layers(_source(Path(path)))[:, 0])
    except DataSourceError as e:
        raise _unreadable(Path(path), e) from e


def _check_file(path: Path) -> None:
    if not path.is_file():
        raise InvalidInput(f"找不到文件 {path}", f"there is no file {path}", path=str(path))
    if path.suffix.lower() not in EXTENSIONS:
        raise InvalidInput(
            f"{path} 的格式“{path.suffix}”不支持；可读：{' '.join(EXTENSIONS)}",
            f"{path}: format '{path.suffix}' is not read; there are: {' '.join(EXTENSIONS)}",
            path=str(path),
        )
    if path.stat().st_size == 0:
        raise InvalidInput(f"{path} 是空文件（0字节）", f"{path} is an empty file (0 bytes)", path=str(path))


def _unreadable(path: Path, error: Exception) -> InvalidInput:
    return InvalidInput(
        f"无法读取 {path}：文件损坏或不是所称的格式（{error}）",
        f"cannot read {path}: damaged, or not the format its name says ({error})",
        path=str(path),
    )


def _read_parquet(path: Path) -> gpd.GeoDataFrame:
    try:
        return gpd.read_parquet(path)
    except (ValueError, OSError, KeyError) as e:  # ArrowInvalid is a ValueError
        raise _unreadable(path, e) from e


def _read_ogr(path: Path, layer: str | None, notes: Notes | None) -> Any:
    name = _pick_layer(path, layer)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            frame = _read_decoded(path, name, notes)
        except (DataSourceError, DataLayerError, ValueError, RuntimeError) as e:
            raise _unreadable(path, e) from e
    for text in sorted({str(w.message) for w in caught if issubclass(w.category, RuntimeWarning)}):
        if notes is not None:
            notes.add("warning", path.name, "reader", None, f"读取时的提示：{text}", f"said by the reader: {text}")
    return frame


def _pick_layer(path: Path, layer: str | None) -> str:
    layers = list_layers(path)
    if layer is not None and layer not in layers:
        raise InvalidInput(
            f"{path} 中没有图层“{layer}”；现有：{'、'.join(layers)}",
            f"{path} has no layer '{layer}'; it has {', '.join(layers)}",
            path=str(path),
            layer=layer,
        )
    if layer is None and len(layers) != 1:
        raise InvalidInput(
            f"{path} 有 {len(layers)} 个图层（{'、'.join(layers)}）；请以“文件:图层”指明一个",
            f"{path} has {len(layers)} layers ({', '.join(layers)}); state one as FILE:LAYER",
            path=str(path),
        )
    return layer if layer is not None else layers[0]


def _read_decoded(path: Path, layer: str, notes: Notes | None) -> Any:
    """Read the layer; a Shapefile that does not say its encoding is tried as UTF-8, then as GB18030 (holds GBK)."""
    beside = _shapefile_parts(path, layer)
    if ".shp" not in beside or ".cpg" in beside:
        return pyogrio.read_dataframe(_source(path), layer=layer)
    try:
        return pyogrio.read_dataframe(_source(path), layer=layer, encoding="UTF-8")
    except UnicodeDecodeError:
        frame = pyogrio.read_dataframe(_source(path), layer=layer, encoding="GB18030")
    if notes is not None:
        zh, en = "没有 .cpg，属性按 GBK/GB18030 解读", "there is no .cpg; attributes were read as GBK/GB18030"
        notes.add("info", path.name, "encoding", "GB18030", zh, en)
    return frame


def _shapefile_parts(path: Path, layer: str) -> set[str]:
    """List the lower-case endings of the files of a Shapefile, loose or zipped; empty for another format."""
    if path.suffix.lower() == ".zip":
        names = _members(path)
        alone = sum(name.suffix.lower() == ".shp" for name in names) == 1  # its name may be in another encoding
        return {name.suffix.lower() for name in names if alone or name.stem == layer}
    if path.suffix.lower() != ".shp":
        return set()
    return {file.suffix.lower() for file in path.parent.iterdir() if file.stem == path.stem}


def _members(path: Path) -> list[Path]:
    with zipfile.ZipFile(path) as archive:
        return [Path(name) for name in archive.namelist()]


def _source(path: Path) -> str | Path:
    """Return what the reader is to open: of a zip file whose Shapefiles all lie in one folder, that folder."""
    if path.suffix.lower() != ".zip" or not zipfile.is_zipfile(path):
        return path
    folders = {name.parent for name in _members(path) if name.suffix.lower() == ".shp"}
    inner = folders.pop() if len(folders) == 1 else Path()
    return path if inner == Path() else f"/vsizip/{path.resolve()}/{inner.as_posix()}"


def _with_crs(frame: gpd.GeoDataFrame, crs: Any, path: Path) -> gpd.GeoDataFrame:
    if frame.crs is None and crs is None:
        raise InvalidInput(
            f"{path} 没有坐标系；请在文件中写明（如 .prj），单独给出的文件也可用 --crs 指明：EPSG:4490（经纬度）、"
            "EPSG:4545（3度带）等",
            f"{path} has no CRS; write it into the file (e.g. a .prj), or for a file given by itself state it with "
            "--crs: EPSG:4490 (lon/lat), EPSG:4545 (3-degree zone) ...",
            path=str(path),
        )
    try:
        if crs is not None:
            pyproj.CRS.from_user_input(crs)
    except pyproj.exceptions.CRSError as e:
        raise InvalidInput(f"不认识坐标系“{crs}”：{e}", f"unknown CRS '{crs}': {e}", crs=str(crs)) from e
    if frame.crs is None:
        return frame.set_crs(crs)
    if frame.crs.to_authority() == ("OGC", "CRS84"):  # the same numbers as EPSG:4326 in lon/lat order
        return frame.set_crs(STORED_CRS, allow_override=True)
    return frame
