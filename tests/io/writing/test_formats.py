"""What is written in each format is read back by other libraries, and is the same."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box

from gridgis.errors import InvalidInput
from gridgis.io.writing import write_frame

ENDINGS = (".gpkg", ".geojson", ".kml", ".parquet", ".csv", ".zip", "")
ROUNDED = (".geojson", ".kml", ".csv")
COLUMNS = {"code": "code", "name": "name", "level": "level", "area_m2": "area_m2", "community_name": "community_name"}
SHORT = COLUMNS | {"community_name": "community_"}


def sample() -> gpd.GeoDataFrame:
    """Return polygons with holes and parts, awkward decimals, texts in Chinese, and nulls."""
    holed = Polygon(box(110, 32, 111, 33).exterior.coords, [box(110.2, 32.2, 110.4, 32.4).exterior.coords])
    third = 109 + 1 / 3
    fine = Polygon([(third, 32 + 1 / 7), (third + 1e-5, 32 + 1 / 7), (third, 32.2 + 1 / 9)])
    rows = {
        "code": ["000123456789012", "990001001001000", "A01"],
        "name": ["西大街社区第3网格", None, "<a> & \"b\" 'c'，引号"],
        "level": pd.array([1, None, 3], dtype="Int64"),
        "area_m2": [1.5, 123456.789, 0.1],
        "community_name": ["甲社区", "", "乙, 社区\n第二行"],
    }
    return gpd.GeoDataFrame(
        rows, geometry=[fine, MultiPolygon([box(109, 32, 109.1, 32.1), holed]), holed], crs="EPSG:4490"
    )


def read_back(path: Path) -> gpd.GeoDataFrame:
    """Read with another library than the one that wrote, where there is one."""
    if path.suffix == ".parquet":
        return gpd.read_parquet(path)
    if path.suffix == ".csv":
        table = pd.read_csv(path, dtype={"code": str}, encoding="utf-8-sig")
        return gpd.GeoDataFrame(table.drop(columns="wkt"), geometry=shapely.from_wkt(table["wkt"].to_numpy()))
    back = pyogrio.read_dataframe(f"/vsizip/{path}" if path.suffix == ".zip" else path)
    return back.rename(columns={"Name": "name"}) if path.suffix == ".kml" else back


def shapes(frame: Any, decimals: int | None = None) -> list[str]:
    """Return the geometries as hex of their normal form, single ones as such."""
    geoms = shapely.force_2d(frame.geometry.to_numpy())
    geoms = np.array(
        [g.geoms[0] if shapely.get_num_geometries(g) == 1 and "Multi" in g.geom_type else g for g in geoms]
    )
    if decimals is not None:
        geoms = shapely.transform(geoms, lambda xy: np.round(xy, decimals))
    return list(shapely.to_wkb(shapely.normalize(geoms), hex=True))


def texts(column: Any) -> list[str | None]:
    return [None if pd.isna(v) or v == "" else str(v) for v in column]


@pytest.mark.parametrize("ending", ENDINGS)
def test_codes_texts_nulls_and_numbers_come_back(ending: str, tmp_path: Path) -> None:
    frame, path = sample(), tmp_path / f"out{ending}"
    write_frame(frame, path)
    back, names = read_back(path), SHORT if ending in ("", ".zip") else COLUMNS
    for name in ("code", "name", "community_name"):
        assert texts(back[names[name]]) == texts(frame[name])
    assert [None if pd.isna(v) else int(v) for v in back["level"]] == [1, None, 3]
    assert back["area_m2"].tolist() == frame["area_m2"].tolist()


@pytest.mark.parametrize("ending", ENDINGS)
def test_geometries_come_back_vertex_by_vertex_with_holes_and_parts(ending: str, tmp_path: Path) -> None:
    frame, path = sample(), tmp_path / f"out{ending}"
    write_frame(frame, path)
    back = read_back(path)
    if ending in ROUNDED:
        assert shapes(back) == shapes(frame, 9)
    else:
        assert shapes(back) == shapes(frame)


@pytest.mark.parametrize("ending", [".gpkg", ".parquet", ".zip", ""])
def test_the_crs_is_written_where_the_format_has_one(ending: str, tmp_path: Path) -> None:
    write_frame(sample(), tmp_path / f"out{ending}")
    assert read_back(tmp_path / f"out{ending}").crs.to_epsg() == 4490


@pytest.mark.parametrize("ending", [".geojson", ".kml", ".csv"])
def test_formats_with_one_crs_say_so(ending: str, tmp_path: Path) -> None:
    assert "crs" in set(write_frame(sample(), tmp_path / f"out{ending}")["rule"])


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_same_layer_gives_the_same_bytes(ending: str, tmp_path: Path) -> None:
    digests = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write_frame(sample(), tmp_path / name / f"out{ending}")
        out = tmp_path / name / f"out{ending}"
        files = sorted(out.iterdir()) if out.is_dir() else [out]
        digests.append([(f.name, hashlib.sha256(f.read_bytes()).hexdigest()) for f in files])
    assert digests[0] == digests[1]


@pytest.mark.parametrize("ending", [".gpkg", ".geojson", ".kml", ".parquet", ".csv", ".zip"])
def test_an_earlier_export_is_replaced_and_nothing_else_is_left(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"out{ending}"
    write_frame(sample(), path)
    write_frame(sample().iloc[:1], path)
    assert len(read_back(path)) == 1
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_failure_leaves_nothing_behind(ending: str, tmp_path: Path) -> None:
    wrong = sample().assign(name="a\x00b\x01")
    wrong["geometry"] = [Point(1, 1), LineString([(0, 0), (1, 1)]), None]
    with pytest.raises(InvalidInput, match="no geometry"):
        write_frame(wrong, tmp_path / f"out{ending}")
    assert not list(tmp_path.iterdir())


def test_a_foreign_geopackage_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "mine.gpkg"
    pyogrio.write_dataframe(sample(), path, layer="mine")
    with pytest.raises(InvalidInput, match="not replaced"):
        write_frame(sample(), path)


def test_single_polygons_are_single_in_kml_and_several_a_multigeometry(tmp_path: Path) -> None:
    notes = write_frame(sample(), tmp_path / "out.kml")
    text = (tmp_path / "out.kml").read_text(encoding="utf-8")
    assert text.count("<MultiGeometry>") == 1
    assert notes[notes["rule"] == "multi"]["measure"].tolist() == ["1"]


def test_kml_refuses_what_xml_cannot_hold(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="control character"):
        write_frame(sample().assign(name=["a", "b\x0b", "c"]), tmp_path / "out.kml")
    assert not list(tmp_path.iterdir())


def test_csv_says_where_a_cell_looks_like_a_formula_and_keeps_it(tmp_path: Path) -> None:
    notes = write_frame(sample().assign(name=["a", "=1+1", "@x"]), tmp_path / "out.csv")
    assert notes[notes["rule"] == "formula"]["measure"].tolist() == ["2"]
    assert read_back(tmp_path / "out.csv")["name"].tolist() == ["a", "=1+1", "@x"]


@pytest.mark.parametrize("kind", ["point", "line"])
@pytest.mark.parametrize("ending", ENDINGS)
def test_points_and_lines_come_back_too(ending: str, kind: str, tmp_path: Path) -> None:
    geoms = [Point(109.5, 32.25), Point(110, 33)] if kind == "point" else [LineString([(109, 32), (110, 33.5)])] * 2
    frame = gpd.GeoDataFrame({"name": ["甲", "乙"]}, geometry=geoms, crs="EPSG:4490")
    write_frame(frame, tmp_path / f"out{ending}", "places")
    assert shapes(read_back(tmp_path / f"out{ending}")) == shapes(frame)


def test_work_coordinates_are_written_as_stored_ones(tmp_path: Path) -> None:
    work = gpd.GeoDataFrame({"name": ["a"]}, geometry=[box(500000, 3600000, 500100, 3600100)], crs="EPSG:4545")
    write_frame(work, tmp_path / "out.parquet")
    west, south, east, north = read_back(tmp_path / "out.parquet").total_bounds
    assert 107 < west < east < 109
    assert 32 < south < north < 33


# --- shapefile ----------------------------------------------------------------------------------------------------


def test_long_names_of_columns_are_shortened_and_said(tmp_path: Path) -> None:
    frame = sample()[["geometry"]].assign(
        community_code=["1", "2", "3"], community_name=["甲", "乙", "丙"], community_="x"
    )
    notes = write_frame(frame, tmp_path / "out")
    said = dict(zip(notes["subject"], notes["measure"], strict=True))
    assert said == {"community_code": "communit_1", "community_name": "communit_2"}
    back = read_back(tmp_path / "out")
    assert back["communit_1"].tolist() == ["1", "2", "3"]
    assert back["communit_2"].tolist() == ["甲", "乙", "丙"]
    assert back["community_"].tolist() == ["x", "x", "x"]


@pytest.mark.parametrize(("encoding", "whole"), [("UTF-8", 84), ("GBK", 127)])
def test_a_long_text_is_cut_at_a_whole_character_and_said(encoding: str, whole: int, tmp_path: Path) -> None:
    notes = write_frame(sample().assign(name=["长" * 200, "短", None]), tmp_path / "out", encoding=encoding)
    assert notes[notes["rule"] == "truncated"]["subject"].tolist() == ["name"]
    assert read_back(tmp_path / "out")["name"].iloc[0] == "长" * whole


def test_a_text_of_254_bytes_is_whole(tmp_path: Path) -> None:
    notes = write_frame(sample().assign(name=["a" * 254, "b", "c"]), tmp_path / "out")
    assert "truncated" not in set(notes["rule"])
    assert read_back(tmp_path / "out")["name"].iloc[0] == "a" * 254


def test_gbk_is_written_as_gbk_and_named_in_cpg(tmp_path: Path) -> None:
    write_frame(sample(), tmp_path / "out", encoding="GBK")
    assert (tmp_path / "out" / "grids.cpg").read_text() == "GBK"
    assert "西大街社区第3网格".encode("gbk") in (tmp_path / "out" / "grids.dbf").read_bytes()
    assert read_back(tmp_path / "out")["name"].iloc[0] == "西大街社区第3网格"


def test_characters_that_gbk_lacks_are_refused_by_column_and_row(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"lacks the characters '𠀀' of column name \(rows \[2\]\)"):
        write_frame(sample().assign(name=["甲", "𠀀巷", "丙"]), tmp_path / "out", encoding="GBK")
    assert not list(tmp_path.iterdir())


def test_layers_of_several_types_are_no_shapefile(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"name": ["a", "b"]}, geometry=[Point(1, 1), box(0, 0, 1, 1)], crs="EPSG:4490")
    with pytest.raises(InvalidInput, match="several types"):
        write_frame(frame, tmp_path / "out.zip")
    assert not list(tmp_path.iterdir())


def test_a_shp_alone_is_refused_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"name a folder .* or .*out\.zip"):
        write_frame(sample(), tmp_path / "out.shp")


def test_a_folder_that_holds_something_is_kept(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("x")
    with pytest.raises(InvalidInput, match="no empty folder"):
        write_frame(sample(), tmp_path / "out")


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    write_frame(sample(), tmp_path / "out")
    assert {p.suffix for p in (tmp_path / "out").iterdir()} == {".shp", ".shx", ".dbf", ".prj", ".cpg"}


def test_the_zip_holds_the_five_files_without_times(tmp_path: Path) -> None:
    write_frame(sample(), tmp_path / "out.zip")
    with zipfile.ZipFile(io.BytesIO((tmp_path / "out.zip").read_bytes())) as archive:
        assert [Path(i.filename).suffix for i in archive.infolist()] == [".cpg", ".dbf", ".prj", ".shp", ".shx"]
        assert {i.date_time for i in archive.infolist()} == {(2000, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize(
    ("path", "encoding"), [("out.csv", "GBK"), ("out.zip", "latin1"), ("out.docx", "UTF-8"), ("no/out", "UTF-8")]
)
def test_what_cannot_be_written_is_refused(path: str, encoding: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput):
        write_frame(sample(), tmp_path / path, encoding=encoding)


NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=30).map(str.strip).filter(bool)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(NAMES, min_size=1, max_size=5), ending=st.sampled_from(ENDINGS))
def test_any_text_comes_back(names: list[str], ending: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("any") / f"out{ending}"
    frame = gpd.GeoDataFrame({"name": names}, geometry=[box(109, 32, 110, 33)] * len(names), crs="EPSG:4490")
    write_frame(frame, path)
    if ending == ".csv":
        back = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    else:
        back = read_back(path)
    assert back["name"].tolist() == names


@settings(max_examples=25, deadline=None)
@given(
    names=st.lists(st.text(st.characters(codec="gbk", exclude_categories=("Cc",)), min_size=1, max_size=20), min_size=1)
)
def test_any_text_of_gbk_comes_back_from_a_gbk_shapefile(
    names: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    names = [name.strip() or "空" for name in names]
    path = tmp_path_factory.mktemp("gbk") / "out"
    frame = gpd.GeoDataFrame({"name": names}, geometry=[box(109, 32, 110, 33)] * len(names), crs="EPSG:4490")
    write_frame(frame, path, encoding="GBK")
    assert read_back(path)["name"].tolist() == names
