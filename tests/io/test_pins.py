"""Pins are read from tables and layers alike; what cannot be read is refused by its number."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from shapely.geometry import LineString, Point

from gridgis.errors import InvalidInput
from gridgis.geometry.crs import STORED_CRS, to_stored
from gridgis.io.notes import Notes
from gridgis.io.pins import pins_of, pins_table, read_pins
from gridgis.model import Pin

LINE = LineString([(109.02, 32.69), (109.03, 32.7)])
PINS = (
    Pin(1, "together", 2, ("1", "building:3", "compound:A-7")),
    Pin(2, "apart", 3, ("compound:1", "4")),
    Pin(3, "grid", 2, ("5",), "甲"),
    Pin(4, "border", 2, line=LINE),
)
CHINESE = """类型,级别,成员,网格,几何,备注
同格,,1；楼:3; 小区：A-7,,,供热
分开,三级,小区:1;4;4,,,

指定网格,2,5,甲,,
保留边界,2级,,,"LINESTRING (109.02 32.69, 109.03 32.7)",
"""
ENGLISH = """kind,level,members,grid,geometry
together,2,1;building:3;compound:A-7,,
Apart,3,compound:1;4,,
grid,,5,甲,
border,2,,,"LINESTRING (109.02 32.69, 109.03 32.7)"
"""


@pytest.mark.parametrize("text", [CHINESE, ENGLISH])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_table_is_read_in_either_language_and_encoding(tmp_path: Path, text: str, encoding: str) -> None:
    (tmp_path / "pins.csv").write_text(text, encoding=encoding)
    assert read_pins(tmp_path / "pins.csv") == PINS


def test_an_excel_table_is_read(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {
            "类型": ["同格", "分开", "指定网格", "保留边界"],
            "级别": [2, 3, None, 2],
            "成员": ["1;楼:3;小区:A-7", "小区:1;4", 5, None],
            "网格": [None, None, "甲", None],
            "WKT": [None, None, None, LINE.wkt],
        }
    )
    table.to_excel(tmp_path / "pins.xlsx", index=False)
    assert read_pins(tmp_path / "pins.xlsx") == PINS


@pytest.mark.parametrize("name", ["pins.gpkg", "pins.geojson"])
def test_a_drawn_layer_is_read(tmp_path: Path, name: str) -> None:
    pins_table(PINS).drop(columns="row").to_file(tmp_path / name, layer="drawn")
    assert read_pins(tmp_path / name) == PINS


def test_one_layer_of_several_is_named(tmp_path: Path) -> None:
    for layer, pins in (("a", PINS[:2]), ("b", PINS[2:])):
        pins_table(pins).to_file(tmp_path / "two.gpkg", layer=layer)
    assert [p.kind for p in read_pins(f"{tmp_path}/two.gpkg:b")] == ["grid", "border"]


def test_wkt_is_brought_to_stored_coordinates(tmp_path: Path) -> None:
    (east,) = gpd.GeoSeries([LINE], crs=STORED_CRS).to_crs("EPSG:4545")
    (tmp_path / "pins.csv").write_text(f'kind,geometry\nborder,"{east.wkt}"\n', encoding="utf-8")
    (pin,) = read_pins(tmp_path / "pins.csv", "EPSG:4545")
    assert pin.line is not None
    assert shapely.hausdorff_distance(pin.line, LINE) < 1e-9


def test_a_layer_in_a_metric_crs_is_brought_to_stored_coordinates(tmp_path: Path) -> None:
    pins_table(PINS[3:]).to_crs("EPSG:4545").to_file(tmp_path / "pins.gpkg", layer="pins")
    (pin,) = read_pins(tmp_path / "pins.gpkg")
    assert pin.line is not None
    assert shapely.hausdorff_distance(pin.line, LINE) < 1e-9


def test_columns_that_are_not_understood_are_named(tmp_path: Path) -> None:
    (tmp_path / "pins.csv").write_text("kind,members,note,colour\ntogether,1;2,why,red\n", encoding="utf-8")
    notes = Notes("pins")
    read_pins(tmp_path / "pins.csv", notes=notes)
    assert "['colour']" in notes.frame()["en"].iloc[0]
    assert len(notes.frame()) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind,members\nnear,1;2\n", "pin 1: 'near' is not known"),
        ("kind,members\ntogether,1;2\n,3;4\n", "pin 2: '' is not known"),
        ("kind,level,members\ntogether,1,1;2\n", "pin 1: '1' is not known; there are 2, 3"),
        ("kind,geometry\nborder,LINESTRING (1 2\n", "pin 1: the border is no valid WKT"),
        ("kind,geometry\nborder,POINT (109 32)\n", "pin 1: its geometry is a Point"),
        ('kind,geometry\nborder,"LINESTRING (32.69 109.02, 32.7 109.03)"\n', "lon and lat look swapped"),
        ("what,members\ntogether,1;2\n", "lacks the columns \\['kind'\\]"),
        ("kind,members\n", "holds no pins"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "pins.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput, match=said):
        read_pins(tmp_path / "pins.csv")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for name in ("pins.csv", "pins.gpkg"):
        with pytest.raises(InvalidInput, match="there is no file"):
            read_pins(tmp_path / name)


def test_a_drawn_point_is_refused(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"kind": ["together"], "members": ["1;2"]}, geometry=[Point(109, 32)], crs=STORED_CRS)
    frame.to_file(tmp_path / "pins.gpkg")
    with pytest.raises(InvalidInput, match="a line is wanted, and for kind border only"):
        read_pins(tmp_path / "pins.gpkg")


def test_a_table_of_pins_gives_the_pins_again() -> None:
    assert pins_of(pins_table(PINS)) == PINS
    assert pins_of(to_stored(pins_table(PINS[:1]))) == PINS[:1]
