"""KML 2.2: one placemark for each row; its column ``name`` is the placemark's name, all others typed ExtendedData.

OGC 07-147r2, sections 9.2 and 10.

Written here and not by GDAL, which adds styles and time fields of its own and prints 15 digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import geopandas as gpd
import pandas as pd
import shapely

from gridgis.errors import InvalidInput
from gridgis.io.geopackage import EXPORT
from gridgis.io.notes import Notes
from gridgis.io.writing.geometry import DECIMALS, rounded

_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
"""Characters that XML 1.0 cannot hold (production 2, Char)."""

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2">\n<Document>\n'
_MARK = f"<description>{EXPORT}</description>\n"


def is_kml_export(path: Path) -> bool:
    """Tell by its head whether a file was written by ``write_kml``."""
    with path.open("rb") as file:
        head = file.read(2**12)
    return re.match(f"{re.escape(_HEAD)}<name>[^<]*</name>{_MARK}".encode(), head) is not None


def write_kml(frame: gpd.GeoDataFrame, path: Path, layer: str, notes: Notes) -> None:
    """Write a layer; say what becomes of multi-geometries and of the CRS.

    Raises
    ------
    InvalidInput
        A text has a control character, which XML cannot hold.
    """
    notes.add(
        "info", layer, "crs", "EPSG:4490", "KML 只有一种坐标系：EPSG:4490 按 WGS 84 写出，数值不变",
        "KML has one CRS: EPSG:4490 is written as WGS 84, with the same numbers",
    )  # fmt: skip
    geoms = rounded(frame, notes)
    if many := int((shapely.get_num_geometries(geoms) > 1).sum()):
        notes.add(
            "info", layer, "multi", many, f"{many} 个多部分图形写成 MultiGeometry；单部分图形写成单个图形",
            f"{many} shapes of several parts become a MultiGeometry; those of one part become single geometries",
        )  # fmt: skip
    table = pd.DataFrame(frame.drop(columns="geometry"))
    with path.open("w", encoding="utf-8", newline="\n") as out:
        out.writelines(_document(table, geoms, layer))


def _document(table: pd.DataFrame, geoms: Any, layer: str) -> Iterator[str]:
    yield f"{_HEAD}<name>{escape(layer)}</name>{_MARK}"
    yield '<Style id="outline"><LineStyle><color>ff0000ff</color><width>1.5</width>'
    yield '</LineStyle><PolyStyle><fill>0</fill></PolyStyle></Style>\n<Schema id="columns" name="columns">\n'
    for name in table.columns.drop("name", errors="ignore"):
        yield f"<SimpleField type={quoteattr(_type(table[name]))} name={quoteattr(str(name))}/>\n"
    yield "</Schema>\n"
    records = table.astype(object).where(table.notna(), None).to_dict("records")
    for number, (row, geometry) in enumerate(zip(records, geoms, strict=True), start=1):
        yield _placemark(number, {str(k): v for k, v in row.items()}, geometry)
    yield "</Document>\n</kml>\n"


def _type(column: Any) -> str:
    if pd.api.types.is_integer_dtype(column.dtype):
        return "int"
    return "double" if pd.api.types.is_numeric_dtype(column.dtype) else "string"


def _placemark(number: int, row: dict[str, Any], geometry: Any) -> str:
    called = row.pop("name", None)
    name = "" if called is None else f"<name>{_text(called, number)}</name>"
    data = "".join(
        f"<SimpleData name={quoteattr(key)}>{_text(value, number)}</SimpleData>"
        for key, value in row.items()
        if value is not None
    )
    extended = f'<ExtendedData><SchemaData schemaUrl="#columns">{data}</SchemaData></ExtendedData>'
    return f"<Placemark>{name}<styleUrl>#outline</styleUrl>{extended}\n{_shape(geometry)}\n</Placemark>\n"


def _text(value: Any, row: int) -> str:
    text = str(value)
    if found := _NO_XML.search(text):
        raise InvalidInput(
            f"第 {row} 行的文字 {text!r} 含控制字符 {found.group()!r}，KML 无法保存；请先在数据中去掉",
            f"row {row}: the text {text!r} has the control character {found.group()!r}, which KML cannot hold; remove "
            "it from the data first",
            row=row,
        )
    return escape(text)


def _shape(geometry: Any) -> str:
    parts = shapely.get_parts(geometry)
    if len(parts) == 1:
        return _single(parts[0])
    return f"<MultiGeometry>{''.join(_single(p) for p in parts)}</MultiGeometry>"


def _single(part: Any) -> str:
    if part.geom_type != "Polygon":
        return f"<{part.geom_type}>{_coordinates(part)}</{part.geom_type}>"
    outer = f"<outerBoundaryIs>{_ring(part.exterior)}</outerBoundaryIs>"
    inner = "".join(f"<innerBoundaryIs>{_ring(ring)}</innerBoundaryIs>" for ring in part.interiors)
    return f"<Polygon>{outer}{inner}</Polygon>"


def _ring(ring: Any) -> str:
    return f"<LinearRing>{_coordinates(ring)}</LinearRing>"


def _coordinates(line: Any) -> str:
    pairs = (f"{_number(x)},{_number(y)}" for x, y in shapely.get_coordinates(line).tolist())
    return f"<coordinates>{' '.join(pairs)}</coordinates>"


def _number(value: float) -> str:
    return f"{value:.{DECIMALS}f}".rstrip("0").rstrip(".")
