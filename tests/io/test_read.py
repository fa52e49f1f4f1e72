"""Reading one layer: what is refused, and what is said."""

from __future__ import annotations

import zipfile
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
from shapely.geometry import Point

from gridgis.errors import InvalidInput
from gridgis.io.notes import Notes
from gridgis.io.read import list_layers, read_layer, read_stored


def points(crs: str | None = "EPSG:4490", xy: tuple[float, float] = (109.0, 32.7)) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"id": [1], "name": ["西大街"]}, geometry=[Point(xy)], crs=crs)


@pytest.mark.parametrize("ending", ["geojson", "gpkg", "shp", "fgb"])
def test_a_layer_is_read_from_each_format(tmp_path: Path, ending: str) -> None:
    points().to_file(tmp_path / f"a.{ending}", encoding="utf-8")
    assert read_stored(tmp_path / f"a.{ending}")["name"].tolist() == ["西大街"]


def test_a_layer_is_read_from_parquet(tmp_path: Path) -> None:
    points().to_parquet(tmp_path / "a.parquet")
    assert read_stored(tmp_path / "a.parquet").crs.to_epsg() == 4490


def test_a_geometry_of_another_name_is_read(tmp_path: Path) -> None:
    points().rename_geometry("geom").to_parquet(tmp_path / "a.parquet")
    assert read_stored(tmp_path / "a.parquet").columns.tolist() == ["id", "name", "geometry"]


def test_coordinates_come_back_bit_for_bit(tmp_path: Path) -> None:
    xy = (109.1234567891234, 32.7000000000001)
    points(xy=xy).to_file(tmp_path / "a.gpkg")
    assert read_stored(tmp_path / "a.gpkg").geometry[0] == Point(xy)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"找不到文件 .*no\.gpkg / there is no file"):
        read_layer(tmp_path / "no.gpkg")


def test_an_unknown_format_is_refused_with_those_that_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.dwg").write_text("x")
    with pytest.raises(
        InvalidInput, match=r"'\.dwg' is not read, save it as \.gpkg in QGIS or the like; there are: \.geojson"
    ):
        read_layer(tmp_path / "a.dwg")


@pytest.mark.parametrize("ending", ["geojson", "gpkg", "shp", "fgb", "parquet", "zip"])
def test_an_empty_file_is_refused(tmp_path: Path, ending: str) -> None:
    (tmp_path / f"a.{ending}").touch()
    with pytest.raises(InvalidInput, match="空文件"):
        read_layer(tmp_path / f"a.{ending}")


@pytest.mark.parametrize("ending", ["geojson", "gpkg", "shp", "fgb", "parquet", "zip"])
def test_a_damaged_file_is_refused(tmp_path: Path, ending: str) -> None:
    (tmp_path / f"a.{ending}").write_text("no map at all")
    with pytest.raises(InvalidInput, match="无法读取"):
        read_layer(tmp_path / f"a.{ending}")


def test_a_layer_without_features_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    with pytest.raises(InvalidInput, match="没有任何要素"):
        read_layer(tmp_path / "a.geojson")


def test_a_layer_that_is_not_in_the_file_is_refused_with_those_that_are(tmp_path: Path) -> None:
    points().to_file(tmp_path / "a.gpkg", layer="roads")
    with pytest.raises(InvalidInput, match="has no layer 'walls'; it has roads"):
        read_layer(tmp_path / "a.gpkg", "walls")


def test_several_layers_need_a_choice(tmp_path: Path) -> None:
    for name in ("roads", "walls"):
        points().to_file(tmp_path / "a.gpkg", layer=name)
    with pytest.raises(InvalidInput, match="has 2 layers"):
        read_layer(tmp_path / "a.gpkg")


def test_layers_are_listed_by_name(tmp_path: Path) -> None:
    for name in ("walls", "roads"):
        points().to_file(tmp_path / "a.gpkg", layer=name)
    assert list_layers(tmp_path / "a.gpkg") == ["roads", "walls"]


def shapefile_without_crs(folder: Path) -> Path:
    points().to_file(folder / "a.shp", encoding="utf-8")
    (folder / "a.prj").unlink()
    return folder / "a.shp"


def test_a_layer_without_crs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="没有坐标系"):
        read_layer(shapefile_without_crs(tmp_path))


def test_a_missing_crs_may_be_given(tmp_path: Path) -> None:
    assert read_layer(shapefile_without_crs(tmp_path), crs="EPSG:4326").crs == "EPSG:4326"


def test_an_unknown_crs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="不认识坐标系“地方坐标系”"):
        read_layer(shapefile_without_crs(tmp_path), crs="地方坐标系")


def test_gbk_attributes_without_cpg_are_read_and_noted(tmp_path: Path) -> None:
    points().to_file(tmp_path / "a.shp", encoding="GBK")
    (tmp_path / "a.cpg").unlink()
    notes = Notes("read")
    assert read_layer(tmp_path / "a.shp", notes=notes)["name"].tolist() == ["西大街"]
    assert notes.frame()["rule"].tolist() == ["encoding"]


def zipped(folder: Path, encoding: str, cpg: str | None, inner: str = "") -> Path:
    """Write a zipped Shapefile as an office sends it, with its .cpg under another name or without."""
    points().to_file(folder / "街道.shp", encoding=encoding)
    with zipfile.ZipFile(folder / "out.zip", "w") as archive:
        for part in sorted(folder.glob("街道.*")):
            if part.suffix != ".cpg" or cpg is not None:
                archive.write(part, f"{inner}街道{cpg}" if part.suffix == ".cpg" else f"{inner}{part.name}")
    return folder / "out.zip"


@pytest.mark.parametrize("encoding", ["GBK", "UTF-8"])
@pytest.mark.parametrize("cpg", [None, ".cpg", ".CPG"])
def test_chinese_text_in_a_zipped_shapefile_is_read(tmp_path: Path, encoding: str, cpg: str | None) -> None:
    assert read_layer(zipped(tmp_path, encoding, cpg))["name"].tolist() == ["西大街"]


def test_a_zip_may_hold_the_shapefile_in_a_folder(tmp_path: Path) -> None:
    path = zipped(tmp_path, "GBK", None, "数据/2026/")
    assert (list_layers(path), read_layer(path)["name"].tolist()) == (["街道"], ["西大街"])


def test_gbk_in_a_zipped_shapefile_without_cpg_is_noted(tmp_path: Path) -> None:
    notes = Notes("read")
    read_layer(zipped(tmp_path, "GBK", None), notes=notes)
    assert notes.frame()["rule"].tolist() == ["encoding"]


def test_a_cpg_in_capitals_is_heeded(tmp_path: Path) -> None:
    points().to_file(tmp_path / "a.shp", encoding="GBK")
    (tmp_path / "a.cpg").rename(tmp_path / "a.CPG")
    notes = Notes("read")
    assert read_layer(tmp_path / "a.shp", notes=notes)["name"].tolist() == ["西大街"]
    assert "文件自称：GBK" in notes.frame()["zh"][0]


def test_a_table_without_geometry_is_no_layer(tmp_path: Path) -> None:
    pyogrio.write_dataframe(pd.DataFrame({"a": [1]}), tmp_path / "a.gpkg", layer="a")
    with pytest.raises(InvalidInput, match="不是矢量图层"):
        read_layer(tmp_path / "a.gpkg")


@pytest.mark.parametrize(
    ("xy", "word"),
    [
        ((0.0, 0.0), "坐标为 \\(0, 0\\)"),
        ((32.7, 109.0), "颠倒"),
        ((39.5, 76.0), "颠倒"),
        ((500000.0, 3600000.0), "坐标系可能标错"),
        ((float("inf"), 32.0), "不是有限的数"),
    ],
)
def test_coordinates_that_cannot_be_meant_are_refused(tmp_path: Path, xy: tuple[float, float], word: str) -> None:
    points(xy=xy).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(InvalidInput, match=word):
        read_stored(tmp_path / "a.parquet")


def test_projected_coordinates_become_lon_and_lat(tmp_path: Path) -> None:
    points().to_crs("EPSG:4545").to_file(tmp_path / "a.gpkg")
    assert read_stored(tmp_path / "a.gpkg").geometry[0].distance(Point(109.0, 32.7)) < 1e-9
