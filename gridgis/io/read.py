"""Read one vector layer from a file: formats, encodings, CRS; each fault named in two languages.

The readers of the formats are in ``gridgis.io.reading``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import pyproj

from gridgis.errors import InvalidInput
from gridgis.geometry.candidates import known_crs, missing_crs
from gridgis.geometry.crs import STORED_CRS, to_stored
from gridgis.io.notes import Notes
from gridgis.io.reading.formats import FORMATS
from gridgis.io.reading.garbled import note_garbled
from gridgis.io.reading.source import Source
from gridgis.io.validate import check_coordinates, check_finite

TOWN_EXTENSIONS = (".geojson", ".json", ".gpkg", ".shp", ".zip", ".parquet", ".fgb", ".kml", ".kmz")
"""File name endings of layers, in the order in which a town folder is searched."""

EXTENSIONS = (*TOWN_EXTENSIONS, ".csv", ".xlsx", ".pbf", ".osm")
"""File name endings that are read."""


_EXPORT = ("，请在 QGIS 等软件中另存为 .gpkg", ", save it as .gpkg in QGIS or the like")
_WAYS_OUT = {
    ".xls": ("，请在 Excel 中另存为 .xlsx", ", save it as .xlsx in Excel"),
    **dict.fromkeys((".gdb", ".mdb", ".dwg", ".dxf", ".tab", ".mif", ".wl", ".wp"), _EXPORT),
}
"""What to do with formats that offices hold and nobody reads here."""


def read_layer(
    path: str | Path,
    layer: str | None = None,
    crs: Any = None,
    notes: Notes | None = None,
    may_be_empty: bool = False,
    encoding: str | None = None,
) -> gpd.GeoDataFrame:
    """Read one vector layer.

    Parameters
    ----------
    path
        A file of EXTENSIONS.
    layer
        Name of the layer, for files that hold several (sheets of Excel, files in a zip).
    crs
        CRS to assume when the file states none; a CRS in the file comes first.
    notes
        Takes the reader's remarks: encoding, garbled texts, where the geometry of a table stands.
    may_be_empty
        Whether a layer without features is let through.
    encoding
        Of the texts of Shapefile, CSV, KML and GeoJSON; default: found by their content.

    Returns
    -------
    GeoDataFrame
        As in the file, its CRS set, its geometry named ``geometry``.

    Raises
    ------
    InvalidInput
        No such file or layer, an unknown format, an empty or unreadable file, no features, no geometry, no CRS,
        coordinates that are not finite.
    """
    return _with_crs(read_raw(path, layer, notes, may_be_empty, encoding), crs, Path(path))


def read_raw(
    path: str | Path,
    layer: str | None = None,
    notes: Notes | None = None,
    may_be_empty: bool = False,
    encoding: str | None = None,
    columns: Mapping[str, str] | None = None,
) -> gpd.GeoDataFrame:
    """Read one vector layer as ``read_layer`` does, its CRS None where the file states none.

    Parameters
    ----------
    path, layer, notes, may_be_empty, encoding
        As for ``read_layer``.
    columns
        The user's names of columns (ours -> theirs); of a table those of the place count: geometry, lon, lat, x, y.
    """
    path, notes = Path(path), notes if notes is not None else Notes("read")
    source = _source(path, notes, encoding, columns)
    frame = FORMATS[path.suffix.lower()].read(source, _pick_layer(source, layer))
    if not isinstance(frame, gpd.GeoDataFrame):
        raise InvalidInput(
            f"{path} 没有几何列，不是矢量图层；现有列：{list(map(str, frame.columns))}",
            f"{path} has no geometry: it is no vector layer; it has the columns {list(map(str, frame.columns))}",
            path=str(path),
        )
    if frame.empty and not may_be_empty:
        raise InvalidInput(f"{path} 中没有任何要素", f"{path} holds no features", path=str(path))
    if frame.geometry.name != "geometry":  # a Parquet file may name it as it likes; all else here knows one name
        frame = frame.drop(columns="geometry", errors="ignore").rename_geometry("geometry")
    frame = frame.reset_index(drop=True)
    check_finite(frame, path.name)
    note_garbled(frame, path.name, notes)
    return frame


def read_stored(
    path: str | Path,
    layer: str | None = None,
    crs: Any = None,
    notes: Notes | None = None,
    may_be_empty: bool = False,
    encoding: str | None = None,
) -> gpd.GeoDataFrame:
    """Read one vector layer as ``read_layer`` does, and bring it to stored coordinates (lon/lat, EPSG:4490, 2D)."""
    frame = read_layer(path, layer, crs, notes, may_be_empty, encoding)
    check_coordinates(frame, Path(path).name)
    return to_stored(frame)


def list_layers(path: str | Path) -> list[str]:
    """List the layers that a file holds, sorted by name."""
    path = Path(path)
    return FORMATS[path.suffix.lower()].layers(_source(path, Notes("read")))


def _source(path: Path, notes: Notes, encoding: str | None = None, columns: Mapping[str, str] | None = None) -> Source:
    if not path.is_file() and path.suffix.lower() not in _WAYS_OUT:  # a .gdb is a folder
        raise InvalidInput(f"找不到文件 {path}", f"there is no file {path}", path=str(path))
    if path.suffix.lower() not in FORMATS:
        way = _WAYS_OUT.get(path.suffix.lower(), ("", ""))
        raise InvalidInput(
            f"{path} 的格式“{path.suffix}”不支持{way[0]}；可读：{' '.join(EXTENSIONS)}",
            f"{path}: format '{path.suffix}' is not read{way[1]}; there are: {' '.join(EXTENSIONS)}",
            path=str(path),
        )
    if path.stat().st_size == 0:
        raise InvalidInput(f"{path} 是空文件（0字节）", f"{path} is an empty file (0 bytes)", path=str(path))
    return Source(path, str(path), path.stem, notes, encoding, columns or {})


def _pick_layer(source: Source, layer: str | None) -> str:
    layers = FORMATS[source.path.suffix.lower()].layers(source)
    if layer is not None and layer not in layers:
        raise InvalidInput(
            f"{source.shown} 中没有图层“{layer}”；现有：{'、'.join(layers)}",
            f"{source.shown} has no layer '{layer}'; it has {', '.join(layers)}",
            path=source.shown,
            layer=layer,
        )
    if layer is None and len(layers) != 1:
        raise InvalidInput(
            f"{source.shown} 有 {len(layers)} 个图层（{'、'.join(layers)}）；请以“文件:图层”指明一个",
            f"{source.shown} has {len(layers)} layers ({', '.join(layers)}); state one as FILE:LAYER",
            path=source.shown,
        )
    return layer if layer is not None else layers[0]


def _with_crs(frame: gpd.GeoDataFrame, crs: Any, path: Path) -> gpd.GeoDataFrame:
    if known_crs(frame.crs) is None:
        if crs is None:
            x0, y0, x1, y1 = (float(v) for v in frame.total_bounds)
            raise missing_crs((x0, y0, x1, y1), str(path))
        frame = gpd.GeoDataFrame(frame.drop(columns="geometry"), geometry=frame.geometry.to_numpy())
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
