"""Texts of Shapefiles, CSV and GeoJSON: which encoding is taken, what is said about it, and what is garbled."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point

from gridgis.errors import InvalidInput
from gridgis.io.notes import Notes
from gridgis.io.read import read_layer
from gridgis.io.reading.encodings import choose, codec_name
from gridgis.io.reading.garbled import note_garbled, probable_text
from gridgis.io.tables import read_table

HANZI = st.text(
    st.sampled_from("西大街东关社区网格城中村委会第一小学市场医院新华路号楼泉水石桥"), min_size=1, max_size=8
)


def shapefile(folder: Path, names: list[str], encoding: str, cpg: str | None = None, language: int = 0) -> Path:
    """Write a Shapefile as real programs leave it: any .cpg, any language byte."""
    shapes = [Point(109 + k / 100, 32.7) for k in range(len(names))]
    frame = gpd.GeoDataFrame({"名称": names}, geometry=shapes, crs="EPSG:4490")
    frame.to_file(folder / "a.shp", encoding=encoding)
    (folder / "a.cpg").unlink()
    if cpg is not None:
        (folder / "a.cpg").write_text(cpg)
    with (folder / "a.dbf").open("r+b") as file:
        file.seek(29)
        file.write(bytes([language]))
    return folder / "a.shp"


def read(path: Path, encoding: str | None = None) -> tuple[list[str], pd.DataFrame]:
    notes = Notes("read")
    frame = read_layer(path, notes=notes, encoding=encoding, crs="EPSG:4490")
    return frame["名称"].tolist(), notes.frame()


@pytest.mark.parametrize("language", [0x00, 0x4D, 0x57, 0x03])
@pytest.mark.parametrize("cpg", [None, "GBK", "UTF-8", "ISO-8859-1", "OEM"])
@pytest.mark.parametrize("encoding", ["GBK", "UTF-8"])
def test_the_content_decides_whatever_the_file_says_of_itself(
    tmp_path: Path, encoding: str, cpg: str | None, language: int
) -> None:
    names = ["西大街社区", "东关社区"]
    assert read(shapefile(tmp_path, names, encoding, cpg, language))[0] == names


@pytest.mark.parametrize(("encoding", "said"), [("GBK", "GB18030"), ("UTF-8", "UTF-8")])
def test_the_choice_and_a_sample_are_reported(tmp_path: Path, encoding: str, said: str) -> None:
    row = read(shapefile(tmp_path, ["西大街社区"], encoding))[1].iloc[0]
    assert (row["severity"], row["rule"], row["measure"]) == ("info", "encoding", said)
    assert "西大街社区" in row["zh"]


def test_texts_without_chinese_need_no_word_about_their_encoding(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"name": ["West"]}, geometry=[Point(109, 32)], crs="EPSG:4490")
    frame.to_file(tmp_path / "a.shp", encoding="GBK")
    notes = Notes("read")
    read_layer(tmp_path / "a.shp", notes=notes)
    assert notes.frame().empty


@pytest.mark.parametrize("names", [["小学"], ["泉水", "石"], ["路", "楼"]])
def test_short_gbk_names_that_are_valid_utf8_are_read_as_gbk_with_a_doubt(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        name.encode("gbk").decode("utf-8")  # the trap: both encodings read it
    frame = gpd.GeoDataFrame({"name": names}, geometry=[Point(109 + k, 32) for k in range(len(names))], crs=4490)
    frame.to_file(tmp_path / "a.shp", encoding="GBK")
    (tmp_path / "a.cpg").unlink()
    notes = Notes("read")
    assert read_layer(tmp_path / "a.shp", notes=notes)["name"].tolist() == names
    assert notes.frame()[["severity", "rule", "measure"]].to_numpy().tolist() == [
        ["info", "encoding", "GB18030"],
        ["warning", "encoding-doubt", "UTF-8"],
    ]


def test_short_utf8_names_that_are_valid_gbk_are_read_as_utf8_with_a_doubt() -> None:
    "人大".encode().decode("gb18030")  # the other trap
    found = choose(["人大".encode()])
    assert (found.encoding, found.other) == ("utf-8", "gb18030")


def test_one_longer_name_in_the_column_takes_the_doubt_away(tmp_path: Path) -> None:
    names, notes = read(shapefile(tmp_path, ["小学", "西大街社区"], "GBK"))
    assert (names, notes["rule"].tolist()) == (["小学", "西大街社区"], ["encoding"])


@pytest.mark.parametrize(
    "text", ["Töölönkatu", "Åbo", "ÄÄNEKOSKI", "Café de l'Été", "Москва", "Ελλάδα", "Łódź", "109.02°", "25 m², 3×4"]
)
def test_other_languages_in_utf8_are_not_taken_for_chinese(text: str) -> None:
    assert choose([text.encode()]).encoding == "utf-8"


def test_big5_is_taken_where_the_file_says_so() -> None:
    assert choose(["臺北市中正區".encode("big5")], "big5").encoding == "big5"


def test_big5_without_a_word_is_a_doubt() -> None:
    assert choose(["臺北市中正區".encode("big5")]).other == "big5"


def test_latin_texts_of_a_western_file_are_no_chinese() -> None:
    assert choose(["rue du Bac é".encode("cp1252"), "Grüße".encode("cp1252")], "cp1252").encoding == "cp1252"


@given(st.lists(HANZI, min_size=1, max_size=20), st.sampled_from(["utf-8", "gbk"]))
def test_chinese_names_are_read_as_they_were_written(names: list[str], encoding: str) -> None:
    cells = [name.encode(encoding) for name in names]
    codec = choose(cells).encoding
    assert [cell.decode(codec) for cell in cells] == names


def test_a_stated_encoding_comes_first(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"name": ["路"]}, geometry=[Point(109, 32)], crs="EPSG:4490")
    frame.to_file(tmp_path / "a.shp", encoding="GBK")  # by its content GB18030, with a doubt
    assert read_layer(tmp_path / "a.shp", encoding="UTF-8")["name"].tolist() == ["·"]


def test_a_stated_encoding_that_does_not_fit_is_refused_with_a_sample(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="文字不是 UTF-8"):
        read(shapefile(tmp_path, ["西大街社区"], "GBK"), "UTF-8")


def test_an_unknown_encoding_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="不认识编码“汉字码”"):
        read(shapefile(tmp_path, ["西大街社区"], "GBK"), "汉字码")


@pytest.mark.parametrize(("label", "name"), [("936", "gbk"), ("ANSI 936", "gbk"), ("UTF8", "utf-8"), ("x-none", None)])
def test_encodings_are_known_by_their_everyday_names(label: str, name: str | None) -> None:
    assert codec_name(label) == name


def cut_shapefile(folder: Path) -> Path:
    """Write a Shapefile in whose field of 80 bytes a UTF-8 name was cut inside a character."""
    path = shapefile(folder, ["西大街", "东关街"], "UTF-8")
    raw = (folder / "a.dbf").read_bytes()
    assert raw[32 + 16] == 80
    start = int.from_bytes(raw[8:10], "little")
    (folder / "a.dbf").write_bytes(raw[: start + 1] + ("西" * 27).encode()[:80] + raw[start + 81 :])
    return path


def test_a_character_cut_by_its_field_is_left_out_and_named_by_row(tmp_path: Path) -> None:
    names, notes = read(cut_shapefile(tmp_path))
    row = notes.set_index("rule").loc["cut-text"]
    assert names == ["西" * 26, "东关街"]
    assert (row["severity"], row["measure"]) == ("warning", "1")
    assert "行号：1" in row["zh"]


def test_bytes_that_no_encoding_reads_are_named_by_row(tmp_path: Path) -> None:
    path = shapefile(tmp_path, ["西大街", "东关街"], "UTF-8")
    raw = (tmp_path / "a.dbf").read_bytes()
    (tmp_path / "a.dbf").write_bytes(raw.replace("东关街".encode(), b"\xe4\xb8\xff\xff\xff\x85\xb3\xe8\xa1"))
    names, notes = read(path)
    assert names[0] == "西大街"
    assert "2: " in notes.set_index("rule").loc["garbled", "zh"]


@pytest.mark.parametrize(
    ("text", "was"),
    [
        ("西大街".encode().decode("gb18030", "replace"), "西大"),
        ("西大街社区".encode().decode("gbk", "replace"), "西大街社"),
        ("西大街".encode().decode("latin-1"), "西大街"),
        ("西大街".encode("gbk").decode("latin-1"), "西大街"),
        ("西\ufffd街", ""),
    ],
)
def test_garbled_text_is_known_with_what_it_probably_was(text: str, was: str) -> None:
    found = probable_text(text)
    assert found is not None
    assert found[0].startswith(was)


@pytest.mark.parametrize("text", ["Töölönkatu", "ÆØÅ", "ÄÖÜß", "Café", "№ 5", "“quoted”", "10–20 m²", "—…—…"])
def test_sound_text_of_other_languages_is_not_garbled(text: str) -> None:
    assert probable_text(text) is None


@given(HANZI)
def test_sound_chinese_is_not_garbled(text: str) -> None:
    assert probable_text(text) is None


@given(st.text(st.sampled_from("西大街东关社区网格城中村委会第一医院新华"), min_size=3, max_size=8))
def test_utf8_read_as_gbk_is_known(text: str) -> None:
    assert probable_text(text.encode().decode("gb18030", "replace")) is not None


def test_garbled_rows_are_counted_and_the_first_named() -> None:
    bad = "西大街社区".encode().decode("gb18030", "replace")
    notes = Notes("read")
    note_garbled(pd.DataFrame({"name": ["东关", *[bad] * 7]}), "a.shp", notes)
    row = notes.frame().iloc[0]
    assert (row["rule"], row["measure"]) == ("garbled", "7")
    assert "rows 2: " in row["en"]


def test_garbled_text_is_not_changed(tmp_path: Path) -> None:
    bad = "西大街社区".encode().decode("gb18030", "replace")
    frame = gpd.GeoDataFrame({"名称": [bad]}, geometry=[Point(109, 32)], crs="EPSG:4490")
    frame.to_file(tmp_path / "a.gpkg")
    names, notes = read(tmp_path / "a.gpkg")
    assert (names, notes["rule"].tolist()) == ([bad], ["garbled"])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_of_each_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.csv").write_text("名称,经度,纬度\n西大街,109.1,32.7\n", encoding=encoding)
    names, notes = read(tmp_path / "a.csv")
    assert names == ["西大街"]
    assert notes["rule"].tolist()[0] == "encoding"


def test_csv_that_no_encoding_reads_names_the_line(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("名称,经度,纬度\n西大街,109.1,32.7\n".encode() + b"\xe4\xff\xff,109.2,32.7\n")
    with pytest.raises(InvalidInput, match="第 3 行不是有效的文字"):
        read(tmp_path / "a.csv")


def test_geojson_in_gbk_is_read_and_noted(tmp_path: Path) -> None:
    text = '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"名称":"西大街"},"geometry":'
    text += '{"type":"Point","coordinates":[109,32.7]}}]}'
    (tmp_path / "a.geojson").write_text(text, encoding="gbk")
    names, notes = read(tmp_path / "a.geojson")
    assert (names, notes["measure"].tolist()) == (["西大街"], ["GB18030"])


def test_a_table_in_neither_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "team.csv").write_bytes(b"name\n\xff\xff\xff\n")
    with pytest.raises(InvalidInput, match="不是有效的文字"):
        read_table(tmp_path / "team.csv", {})
