"""An output replaces an earlier one of its kind, and no other file."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pyogrio
import pytest
from shapely.geometry import box

from gridgis.errors import InvalidInput
from gridgis.io.archive import CONTENTS, MANIFEST, write_archive
from gridgis.io.report_file import HEADS, check_report_target, write_report
from gridgis.io.writing import write_frame

KEPT = "不予覆盖.*it is not replaced; choose another name"
REFUSED = "不予覆盖.*no earlier output of this kind.*choose another name, or delete it first"
ENDINGS = (".gpkg", ".geojson", ".json", ".kml", ".parquet", ".csv", ".zip")


def layer() -> gpd.GeoDataFrame:
    shapes = [box(109, 32, 110, 33), box(110, 32, 111, 33)]
    return gpd.GeoDataFrame({"code": ["01", "02"], "name": ["甲，乙", "x,y"]}, geometry=shapes, crs="EPSG:4490")


def rows(count: int = 2) -> pd.DataFrame:
    return pd.DataFrame([dict.fromkeys(HEADS, f"r{i}") for i in range(count)], columns=list(HEADS))


def md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


def need_kept(path: Path, write: Callable[[], object]) -> None:
    """Expect a refusal that names the file, the file untouched, and nothing beside it."""
    before, names = md5(path), sorted(path.parent.iterdir())
    with pytest.raises(InvalidInput, match=KEPT if path.suffix == ".gpkg" else REFUSED) as told:
        write()
    assert str(path) in told.value.zh
    assert str(path) in told.value.en
    assert (md5(path), sorted(path.parent.iterdir())) == (before, names)


def zipped(path: Path, names: list[str], day: tuple[int, int, int, int, int, int]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name, day), b"mine")


def foreign(path: Path) -> None:
    """Write the same layer with the library that is usual for the format."""
    ending = path.suffix
    if ending == ".parquet":
        layer().to_parquet(path)
    elif ending == ".csv":
        path.write_text("code,name,phone\n01,甲,138\n", "utf-8-sig")
    elif ending == ".zip":
        zipped(path, [f"grids{s}" for s in (".cpg", ".dbf", ".prj", ".shp", ".shx")], (2024, 5, 1, 8, 0, 0))
    else:
        driver = {".kml": "KML", ".gpkg": "GPKG"}.get(ending, "GeoJSON")
        pyogrio.write_dataframe(layer().to_crs(4326), path, layer="grids", driver=driver)


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_earlier_export_is_replaced(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"out{ending}"
    write_frame(layer(), path)
    before = md5(path)
    write_frame(layer().iloc[:1], path)
    assert md5(path) != before


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_foreign_file_is_kept(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"mine{ending}"
    foreign(path)
    need_kept(path, lambda: write_frame(layer(), path))


@pytest.mark.parametrize("content", [b"x", b"{}", b"\xff\xfe\x00mine", b"PK\x03\x04 torn", b"PAR1 torn PAR1"])
@pytest.mark.parametrize("ending", ENDINGS)
def test_what_is_not_of_the_format_is_kept(ending: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / f"mine{ending}"
    path.write_bytes(content)
    need_kept(path, lambda: write_frame(layer(), path))


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_empty_file_is_filled(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"out{ending}"
    path.touch()
    write_frame(layer(), path)
    assert path.stat().st_size > 0


def test_the_csv_of_another_layer_and_one_saved_by_excel_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    write_frame(layer(), path)
    need_kept(path, lambda: write_frame(layer().drop(columns="name"), path))
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    need_kept(path, lambda: write_frame(layer(), path))


def test_a_zip_to_which_a_file_was_added_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "out.zip"
    write_frame(layer(), path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("mine.txt", "mine")
    need_kept(path, lambda: write_frame(layer(), path))


ITEMS = [("a.txt", b"a", "")]


def test_an_earlier_package_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "p.zip"
    write_archive(path, ITEMS, {})
    before = md5(path)
    write_archive(path, [*ITEMS, ("b.txt", b"b", "")], {})
    assert md5(path) != before


@pytest.mark.parametrize(
    ("names", "year"),
    [(["mine.shp", "mine.dbf"], 2024), (["a.txt", CONTENTS, MANIFEST], 2024), (["a.txt", MANIFEST], 1980), ([], 1980)],
)
def test_a_zip_that_is_no_package_is_kept(names: list[str], year: int, tmp_path: Path) -> None:
    path = tmp_path / "mydata.zip"
    zipped(path, names, (year, 1, 1, 0, 0, 0))
    need_kept(path, lambda: write_archive(path, ITEMS, {}))


def test_a_package_and_a_shapefile_do_not_replace_each_other(tmp_path: Path) -> None:
    package, shapes = tmp_path / "p.zip", tmp_path / "s.zip"
    write_archive(package, ITEMS, {})
    write_frame(layer(), shapes)
    need_kept(package, lambda: write_frame(layer(), package))
    need_kept(shapes, lambda: write_archive(shapes, ITEMS, {}))


@pytest.mark.parametrize("count", [0, 2])
@pytest.mark.parametrize("ending", [".csv", ".xlsx", ".json"])
def test_an_earlier_report_may_be_replaced(ending: str, count: int, tmp_path: Path) -> None:
    path = tmp_path / f"r{ending}"
    write_report(rows(count), path)
    check_report_target(path)
    write_report(rows(1), path)
    check_report_target(path)


@pytest.mark.parametrize("ending", [".csv", ".xlsx", ".json"])
def test_a_foreign_file_is_no_report(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"people{ending}"
    people = pd.DataFrame({"code": ["01"], "name": ["甲"], "phone": ["138"]})
    if ending == ".csv":
        people.to_csv(path, index=False, encoding="utf-8-sig")
    elif ending == ".xlsx":
        people.to_excel(path, index=False)
    else:
        path.write_text(json.dumps(people.to_dict("records"), indent=1), "utf-8")
    need_kept(path, lambda: check_report_target(path))


@pytest.mark.parametrize("content", [b"x", b"{}", b"[1]", b"[[]]", b"\xff\xfe\x00mine", b"PK\x03\x04 torn"])
@pytest.mark.parametrize("ending", [".csv", ".xlsx", ".json"])
def test_what_cannot_be_read_is_no_report(ending: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / f"mine{ending}"
    path.write_bytes(content)
    need_kept(path, lambda: check_report_target(path))


def test_a_report_to_which_a_sheet_was_added_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "r.xlsx"
    write_report(rows(), path)
    book = openpyxl.load_workbook(path)
    book.create_sheet("mine")
    book.save(path)
    need_kept(path, lambda: check_report_target(path))
