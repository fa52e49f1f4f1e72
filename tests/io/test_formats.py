"""KML, KMZ, zip, CSV, Excel and OpenStreetMap files as layers: what is read, and what is said."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box

from gridgis.errors import InvalidInput
from gridgis.io.mapping import TagMapping
from gridgis.io.notes import Notes
from gridgis.io.read import list_layers, read_raw
from gridgis.io.reading.shapes import shape_of_pairs
from tests.io.osm_file import write_pbf

HOLED = box(109, 32, 109.1, 32.1).difference(box(109.02, 32.02, 109.05, 32.05))
PARTS = MultiPolygon([HOLED, box(110, 32, 110.1, 32.1)])


def layer() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"name": ["西大街", "东关"], "户数": [120, 80]}, geometry=[PARTS, box(111, 32, 111.1, 32.1)], crs="EPSG:4326"
    )


def read(path: Path, name: str | None = None, **options: Any) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    notes = Notes("read")
    return read_raw(path, name, notes=notes, **options), notes.frame()


def same(found: gpd.GeoDataFrame) -> bool:
    """Tell whether names, counts, parts and holes came back, vertex by vertex."""
    wanted = layer()
    values = found[["name", "户数"]].to_numpy().tolist() == wanted[["name", "户数"]].to_numpy().tolist()
    pairs = zip(found.geometry, wanted.geometry, strict=True)
    return values and all(a.normalize().equals_exact(b.normalize(), 1e-12) for a, b in pairs)


@pytest.mark.parametrize("driver", ["KML", "LIBKML"])
def test_kml_keeps_texts_counts_parts_and_holes(tmp_path: Path, driver: str) -> None:
    pyogrio.write_dataframe(layer(), tmp_path / "a.kml", driver=driver)
    assert same(read(tmp_path / "a.kml")[0])


def test_kmz_is_read_with_the_files_that_it_links_to(tmp_path: Path) -> None:
    pyogrio.write_dataframe(layer(), tmp_path / "a.kmz", driver="LIBKML")
    found, notes = read(tmp_path / "a.kmz")
    assert same(found)
    assert "left-out" not in notes["rule"].tolist()


def kml(folder: Path, body: str, encoding: str = "utf-8", head: str = "") -> Path:
    text = f'<?xml version="1.0" encoding="{encoding}"?>{head}<kml xmlns="http://www.opengis.net/kml/2.2">{body}</kml>'
    (folder / "a.kml").write_text(text, encoding=encoding)
    return folder / "a.kml"


SPOT = "<Placemark><name>{}</name><Point><coordinates>109,32,0</coordinates></Point></Placemark>"


def test_placemarks_know_their_folders(tmp_path: Path) -> None:
    inner = f"<Folder><name>一街</name>{SPOT.format('甲')}</Folder>{SPOT.format('乙')}"
    found, _ = read(kml(tmp_path, f"<Document><name>城</name><Folder><name>东</name>{inner}</Folder></Document>"))
    assert found[["name", "folder"]].to_numpy().tolist() == [["甲", "城/东/一街"], ["乙", "城/东"]]


def test_kml_in_gbk_is_read(tmp_path: Path) -> None:
    found, notes = read(kml(tmp_path, SPOT.format("西大街"), "gb2312"))
    assert (found["name"].tolist(), notes["measure"].tolist()) == (["西大街"], ["GB18030"])


def test_what_is_no_geometry_of_a_feature_is_counted(tmp_path: Path) -> None:
    found, notes = read(kml(tmp_path, f"<Document>{SPOT.format('甲')}<GroundOverlay/><GroundOverlay/></Document>"))
    assert (len(found), notes.iloc[-1]["measure"]) == (1, "2")


BOMB = '<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize("ending", [".kml", ".osm", ".kmz", ".xlsx"])
def test_an_xml_bomb_is_refused(tmp_path: Path, ending: str) -> None:
    text = f'<?xml version="1.0"?>{BOMB}<kml><Placemark><name>&b;</name></Placemark></kml>'
    path = tmp_path / f"a{ending}"
    if ending in (".kmz", ".xlsx"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("doc.kml" if ending == ".kmz" else "xl/workbook.xml", text)
    else:
        path.write_text(text)
    with pytest.raises(InvalidInput, match="XML 炸弹"):
        read(path)


def test_xml_nested_without_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="嵌套超过"):
        read(kml(tmp_path, "<Folder>" * 5000 + "</Folder>" * 5000))


def test_coordinates_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="无法读取"):
        read(kml(tmp_path, SPOT.format("甲").replace("109,32,0", "109,N32")))


def save_table(path: Path, table: pd.DataFrame) -> Path:
    if path.suffix == ".csv":
        table.to_csv(path, index=False)
    else:
        table.to_excel(path, index=False)
    return path


@pytest.mark.parametrize("ending", [".csv", ".xlsx"])
@pytest.mark.parametrize("head", ["WKT", "Shape（WKT）", "几何", "geometry"])
def test_a_table_with_wkt_is_a_layer(tmp_path: Path, ending: str, head: str) -> None:
    table = layer().drop(columns="geometry").assign(**{head: layer().geometry.to_wkt(rounding_precision=-1)})
    found, notes = read(save_table(tmp_path / f"a{ending}", table))
    assert same(found)
    assert notes.iloc[-1][["rule", "measure"]].tolist() == ["place", head]


@pytest.mark.parametrize("ending", [".csv", ".xlsx"])
@pytest.mark.parametrize("heads", [("经度", "纬度"), ("lng", "lat"), ("LON", "LAT"), ("X", "Y")])
def test_a_table_with_lon_and_lat_is_a_layer_of_points(tmp_path: Path, ending: str, heads: tuple[str, str]) -> None:
    table = pd.DataFrame({"id": ["007", "008"], heads[0]: [109.0123456789, 109.5], heads[1]: [32.7, 32.8]})
    found, _ = read(save_table(tmp_path / f"a{ending}", table))
    assert found.geometry.to_wkt(rounding_precision=-1).tolist() == [
        "POINT (109.0123456789 32.7)",
        "POINT (109.5 32.8)",
    ]
    assert found["id"].tolist() == ["007", "008"]  # a code keeps its zeros
    assert found.crs is None


@pytest.mark.parametrize("ending", [".csv", ".xlsx"])
def test_a_table_with_strings_of_pairs_is_a_layer(tmp_path: Path, ending: str) -> None:
    table = pd.DataFrame({"名称": ["甲"], "边界坐标": ["109,32;109.1,32;109.1,32.1"]})
    found, _ = read(save_table(tmp_path / f"a{ending}", table))
    assert found.geometry[0].equals(Polygon([(109, 32), (109.1, 32), (109.1, 32.1)]))


@pytest.mark.parametrize(
    ("text", "area", "shape"),
    [
        ("109,32", False, Point(109, 32)),
        ("109,32;110,32", False, LineString([(109, 32), (110, 32)])),
        ("109，32；110，32；110，33；109，32", False, Polygon([(109, 32), (110, 32), (110, 33)])),
        ("109,32;110,32;110,33;", True, Polygon([(109, 32), (110, 32), (110, 33)])),
        ("109,32;110,32;110,33|119,32;120,32;120,33", True,
         MultiPolygon([Polygon([(109, 32), (110, 32), (110, 33)]), Polygon([(119, 32), (120, 32), (120, 33)])])),
    ],
)  # fmt: skip
def test_strings_of_pairs_are_points_lines_or_areas(text: str, area: bool, shape: Any) -> None:
    assert shape_of_pairs(text, area).equals(shape)


@given(st.lists(st.tuples(st.floats(-180, 180), st.floats(-90, 90)), min_size=3, max_size=9, unique=True))
def test_a_ring_written_as_pairs_comes_back(ring: list[tuple[float, float]]) -> None:
    text = ";".join(f"{x!r},{y!r}" for x, y in ring)
    assert shape_of_pairs(text, True).equals_exact(Polygon(ring))


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (["POINT (1 2)", "POINT (1"], r"2: 'POINT \(1'"),
        (["109,32", "109"], "2: '109'"),
        (["SRID=4326;POINT (1 2)", "SRID=4490;POINT (1 2)"], "SRID .*'4326', '4490'"),
    ],
)
def test_a_cell_that_is_no_geometry_is_named_by_row(tmp_path: Path, cells: list[str], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        read(save_table(tmp_path / "a.csv", pd.DataFrame({"wkt": cells})))


def test_a_srid_is_the_crs_and_0_is_none(tmp_path: Path) -> None:
    crs = [
        read(save_table(tmp_path / "a.csv", pd.DataFrame({"wkt": [f"SRID={n};POINT (1 2)"]})))[0].crs for n in (4545, 0)
    ]
    assert (crs[0].to_epsg(), crs[1]) == (4545, None)


def test_wkb_in_hexadecimal_is_read(tmp_path: Path) -> None:
    table = pd.DataFrame({"geom": [shapely.to_wkb(Point(109, 32), hex=True)]})
    assert read(save_table(tmp_path / "a.csv", table))[0].geometry[0] == Point(109, 32)


@pytest.mark.parametrize("cell", ["109°01′", "一百零九", "1e", "109,1"])
def test_a_coordinate_that_is_no_number_is_named_by_row(tmp_path: Path, cell: str) -> None:
    with pytest.raises(InvalidInput, match=f"1 行不是数字.*2: '{cell}'"):
        read(save_table(tmp_path / "a.csv", pd.DataFrame({"lon": ["109", cell], "lat": ["32", "32"]})))


@pytest.mark.parametrize("ending", [".csv", ".xlsx", ".geojson", ".gpkg", ".kml"])
def test_coordinates_that_are_not_finite_are_refused(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    frame = gpd.GeoDataFrame({"id": [1]}, geometry=[Point(float("nan"), 32)], crs="EPSG:4326")
    if ending in (".csv", ".xlsx"):
        save_table(path, pd.DataFrame({"lon": ["109", "NaN"], "lat": ["32", "32"]}))
    elif ending == ".kml":
        kml(tmp_path, SPOT.format("甲").replace("109,32,0", "inf,32"))
    elif ending == ".gpkg":
        with np.errstate(invalid="ignore"):
            line = shapely.from_wkt("LINESTRING (109 32, nan 33)")
            frame.set_geometry([line], crs="EPSG:4326").to_file(path)
    else:
        path.write_text('{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[NaN,32]}}')
    with pytest.raises(InvalidInput, match=r"不是有限的数|无法读取"):
        read(path)


def test_a_row_without_place_is_counted(tmp_path: Path) -> None:
    found, notes = read(save_table(tmp_path / "a.csv", pd.DataFrame({"lon": [109, None], "lat": [32, None]})))
    assert found.geometry.isna().tolist() == [False, True]
    assert notes.iloc[-1][["rule", "measure"]].tolist() == ["no-place", "1"]


def test_surveyors_x_to_the_north_is_told(tmp_path: Path) -> None:
    table = pd.DataFrame({"x": [3620000.5, 3620100.5], "y": [36500000.1, 36500100.1]})
    path = save_table(tmp_path / "a.csv", table)
    with pytest.raises(InvalidInput, match="x=y、y=x"):
        read(path)
    assert read(path, columns={"x": "y", "y": "x"})[0].geometry[0] == Point(36500000.1, 3620000.5)


def test_the_users_own_columns_of_places_come_first(tmp_path: Path) -> None:
    path = save_table(tmp_path / "a.csv", pd.DataFrame({"JD": [109], "WD": [32], "lon": [1], "lat": [2]}))
    assert read(path, columns={"lon": "JD", "lat": "WD"})[0].geometry[0] == Point(109, 32)
    with pytest.raises(InvalidInput, match="没有列“经”"):
        read(path, columns={"lon": "经", "lat": "WD"})


def test_a_table_without_a_place_is_no_layer(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"不是矢量图层；现有列：\['a', 'b'\]"):
        read(save_table(tmp_path / "a.csv", pd.DataFrame({"a": [1], "b": [2]})))


def test_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("lon,lat,n,n\n1,2,3,4\n")
    with pytest.raises(InvalidInput, match="同名的列"):
        read(tmp_path / "a.csv")


def workbook(path: Path, rows: list[list[Any]], more: str | None = None) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.active.title = "网格"
    book.create_sheet("空")
    if more:
        book.create_sheet(more).append(["lon", "lat"])
    book.save(path)
    return path


def test_a_formula_without_a_stored_value_is_text_and_noted(tmp_path: Path) -> None:
    command = '=HYPERLINK("http://127.0.0.1/", "x")'
    path = workbook(tmp_path / "a.xlsx", [["name", "n", "lon", "lat"], [command, "=1+1", 109, 32]])
    found, notes = read(path)
    assert found[["name", "n"]].to_numpy().tolist() == [[command, "=1+1"]]
    assert notes.set_index("rule").loc["formula", ["severity", "measure"]].tolist() == ["warning", "2"]


def test_the_stored_value_of_a_formula_is_taken_and_noted(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [["n", "lon", "lat"], ["=5+7", 109, 32]])
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(tmp_path / "b.xlsx", "w") as new:  # as Excel would save it
        for info in old.infolist():
            new.writestr(info, old.read(info).replace(b"<f>5+7</f><v />", b"<f>5+7</f><v>12</v>").replace(
                b"<f>5+7</f><v></v>", b"<f>5+7</f><v>12</v>"))  # fmt: skip
    found, notes = read(tmp_path / "b.xlsx")
    assert found["n"].tolist() == [12]
    assert notes.set_index("rule").loc["formula", ["severity", "measure"]].tolist() == ["info", "1"]


def test_a_formula_in_csv_is_text(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("name,lon,lat\n\"=cmd|'/c x'!A1\",109,32\n")
    assert read(tmp_path / "a.csv")[0]["name"].tolist() == ["=cmd|'/c x'!A1"]


def test_titles_above_the_head_row_are_passed_over_and_noted(tmp_path: Path) -> None:
    rows = [["西大街社区网格备案表"], [None], ["填表人：甲"], ["名称", "经度", "纬度"], ["甲", 109, 32]]
    found, notes = read(workbook(tmp_path / "a.xlsx", rows))
    assert found["名称"].tolist() == ["甲"]
    assert "head-row" in notes["rule"].tolist()


def test_sheets_with_cells_are_layers(tmp_path: Path) -> None:
    rows = [["lon", "lat"], [109, 32]]
    assert list_layers(workbook(tmp_path / "a.xlsx", rows)) == ["网格"]
    assert list_layers(workbook(tmp_path / "b.xlsx", rows, "点")) == ["网格", "点"]
    assert len(read(tmp_path / "b.xlsx", "网格")[0]) == 1


def test_whole_numbers_dates_and_yes_in_excel_are_as_written(tmp_path: Path) -> None:
    rows = [["lon", "lat", "code", "day", "ok"], [109, 32, 990001001001.0, pd.Timestamp("2026-11-23"), True]]
    found, _ = read(workbook(tmp_path / "a.xlsx", rows))
    assert found[["code", "day", "ok"]].to_numpy().tolist() == [["990001001001", "2026-11-23", "TRUE"]]


def zipped(path: Path, **files: bytes | Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content.read_bytes() if isinstance(content, Path) else content)
    return path


def test_layers_of_several_folders_and_formats_in_a_zip_are_read(tmp_path: Path) -> None:
    layer().to_file(tmp_path / "a.geojson")
    layer().to_file(tmp_path / "b.shp")
    files = {"一/a.geojson": tmp_path / "a.geojson"}
    files |= {f"二/b{e}": tmp_path / f"b{e}" for e in (".shp", ".shx", ".dbf", ".prj")}
    path = zipped(tmp_path / "z.zip", **files, **{"说明.txt": b"x", "__MACOSX/._b.shp": b"x"})
    assert list_layers(path) == ["a", "b"]
    assert same(read(path, "a")[0])
    assert same(read(path, "b")[0])


@pytest.mark.parametrize("name", ["../a.shp", "a/../../b.shp", "/etc/a.shp", "C:\\a.shp", "..\\a.shp"])
def test_a_zip_with_a_path_outside_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInput, match="压缩包之外"):
        read(zipped(tmp_path / "z.zip", **{name: b"x"}))
    assert [p.name for p in tmp_path.iterdir()] == ["z.zip"]


def test_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "z.zip", **{"a.geojson": b"0" * (100 * 2**20)})
    with pytest.raises(InvalidInput, match="unpacks to 100 MiB"):
        read(path)


def test_a_zip_without_a_layer_is_refused_with_what_it_holds(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"其中有：a\.docx"):
        read(zipped(tmp_path / "z.zip", **{"a.docx": b"x"}))


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.95, 0.999])
@pytest.mark.parametrize(
    "ending", ["zip", "shp", "dbf", "shx", "gpkg", "geojson", "kml", "kmz", "parquet", "xlsx", "fgb"]
)
def test_a_truncated_file_is_refused(tmp_path: Path, ending: str, cut: float) -> None:
    frame = gpd.GeoDataFrame(
        {"n": range(200)}, geometry=[Point(109 + k / 1e3, 32) for k in range(200)], crs="EPSG:4326"
    )
    path = tmp_path / f"a.{ending}"
    if ending in ("kml", "kmz"):
        pyogrio.write_dataframe(frame, path, driver="LIBKML")
    elif ending == "parquet":
        frame.to_parquet(path)
    elif ending == "xlsx":
        frame.assign(lon=frame.geometry.x, lat=32).drop(columns="geometry").to_excel(path, index=False)
    elif ending in ("zip", "shp", "dbf", "shx"):
        frame.to_file(tmp_path / "a.shp")
        zipped(tmp_path / "a.zip", **{f"a{e}": tmp_path / f"a{e}" for e in (".shp", ".shx", ".dbf", ".prj")})
    else:
        frame.to_file(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * cut)])
    with pytest.raises(InvalidInput):
        read(tmp_path / "a.shp" if ending in ("dbf", "shx") else path)


@pytest.mark.parametrize("part", [".shx", ".dbf"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_missing_part_of_a_shapefile_is_named(tmp_path: Path, part: str, packed: bool) -> None:
    layer().to_file(tmp_path / "a.shp")
    (tmp_path / f"a{part}").unlink()
    parts = {f.name: f for f in tmp_path.iterdir()}
    with pytest.raises(InvalidInput, match=f"缺少 {part}"):
        read(zipped(tmp_path / "z.zip", **parts) if packed else tmp_path / "a.shp")


def test_parts_of_different_shapefiles_are_refused(tmp_path: Path) -> None:
    layer().to_file(tmp_path / "a.shp")
    layer()[:1].to_file(tmp_path / "b.shp")
    (tmp_path / "b.dbf").replace(tmp_path / "a.dbf")
    with pytest.raises(InvalidInput, match=r"2 shapes, \.dbf: 1 rows"):
        read(tmp_path / "a.shp")


@pytest.mark.parametrize("ending", [".gpkg", ".shp", ".csv", ".kml"])
def test_a_layer_without_features_is_refused_or_let_through(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    if ending == ".csv":
        path.write_text("lon,lat\n")
    elif ending == ".kml":
        kml(tmp_path, "<Document/>")
    else:
        layer()[:0].to_file(path)
    with pytest.raises(InvalidInput, match="没有任何要素"):
        read(path)
    assert read(path, may_be_empty=True)[0].empty


def test_layers_of_ten_crss_in_one_file_keep_each_their_own(tmp_path: Path) -> None:
    codes = [4326, 4490, *range(4543, 4551)]
    for code in codes:
        gpd.GeoSeries([Point(109, 32)], crs=4490).to_crs(code).to_frame("geometry").to_file(
            tmp_path / "a.gpkg", layer=f"l{code}"
        )
    assert [read(tmp_path / "a.gpkg", f"l{code}")[0].crs.to_epsg() for code in codes] == codes


def osm(folder: Path) -> Path:
    nodes = [(109.0, 32.0), (109.0, 32.1), (109.1, 32.1), (109.1, 32.0)]
    ways: list[Any] = [
        ([1, 2], {"highway": "primary", "name": "West", "name:zh": "西大街"}),
        ([2, 3], {"highway": "secondary", "tunnel": "yes"}),
        ([1, 2, 3, 1], {"building": "yes", "building:levels": "6"}),
        ([3, 4], {"highway": "footway"}),
    ]
    return write_pbf(folder / "a.osm.pbf", nodes, ways)


def test_roads_of_an_openstreetmap_file_get_our_classes(tmp_path: Path) -> None:
    found, _ = read(osm(tmp_path), "lines")
    notes = Notes("read")
    roads = TagMapping.load("osm").map_barriers(found, "roads", notes)
    assert roads[["klass", "name"]].to_numpy().tolist() == [["primary", "西大街"]]
    assert "highway=footway 1" in notes.frame().set_index("rule").loc["left-out", "en"]


def test_buildings_of_an_openstreetmap_file_have_ids_and_storeys(tmp_path: Path) -> None:
    found, _ = read(osm(tmp_path), "multipolygons")
    houses = TagMapping.load("osm").map_buildings(found, "buildings", Notes("read"))
    assert houses[["id", "storeys"]].to_numpy().tolist() == [["way/3", 6.0]]


def test_an_openstreetmap_file_has_layers_by_shape(tmp_path: Path) -> None:
    assert list_layers(osm(tmp_path)) == ["lines", "multilinestrings", "multipolygons", "points"]
