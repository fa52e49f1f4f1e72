"""Tables of points: what is read, what is told of each row, what is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely

from gridgis.errors import InvalidInput
from gridgis.io import point_files
from gridgis.io.reading import csv_text
from gridgis.service.locator import Locator
from gridgis.service.point_answers import Answers, find_points
from gridgis.service.points import FOUND_COLUMNS, Counts, locate_file, locate_table

BAD = [("abc", "32.69"), ("", ""), ("0", "0"), ("32.69", "109.03"), ("200", "95"), ("inf", "32"), ("109.03", "")]
"""No number, nothing, a missing value's stand-in, swapped, out of range, infinite, half of a point."""


@pytest.fixture(scope="module")
def locator(town_registry: Path) -> Iterator[Locator]:
    with Locator.open(town_registry) as opened:
        opened.snapshot().view.resolver.base.load()  # now, not behind a test that looks at warnings
        yield opened


@pytest.fixture(scope="module")
def points(locator: Locator) -> pd.DataFrame:
    """Return points inside grids, and one outside."""
    west, south, east, north = locator.grids().total_bounds
    rng = np.random.default_rng(5)
    lon, lat = np.append(rng.uniform(west, east, 60), 108.0), np.append(rng.uniform(south, north, 60), 32.0)
    return pd.DataFrame({"id": range(61), "lon": lon, "lat": lat})


def as_csv(points: pd.DataFrame, folder: Path) -> Path:
    points.to_csv(folder / "points.csv", index=False)
    return folder / "points.csv"


def as_chinese_csv(points: pd.DataFrame, folder: Path) -> Path:
    heads = {"id": "编号", "lon": "经度", "lat": "纬度"}
    points.rename(columns=heads).to_csv(folder / "points.csv", index=False, encoding="gb18030")
    return folder / "points.csv"


def as_excel(points: pd.DataFrame, folder: Path) -> Path:
    points.to_excel(folder / "points.xlsx", index=False)
    return folder / "points.xlsx"


def as_parquet(points: pd.DataFrame, folder: Path) -> Path:
    points.to_parquet(folder / "points.parquet")
    return folder / "points.parquet"


def as_geoparquet(points: pd.DataFrame, folder: Path) -> Path:
    layer(points).to_parquet(folder / "points.parquet")
    return folder / "points.parquet"


def as_layer(points: pd.DataFrame, folder: Path) -> Path:
    layer(points).to_file(folder / "points.gpkg")
    return folder / "points.gpkg"


def layer(points: pd.DataFrame) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(points[["id"]], geometry=gpd.points_from_xy(points["lon"], points["lat"]), crs=4490)


@pytest.mark.parametrize("write", [as_csv, as_chinese_csv, as_excel, as_parquet, as_geoparquet, as_layer])
def test_a_row_is_told_what_its_point_is_told(
    locator: Locator, points: pd.DataFrame, tmp_path: Path, write: Callable[[pd.DataFrame, Path], Path]
) -> None:
    table = locate_table(locator, write(points, tmp_path))
    hits = [locator.locate(x, y) for x, y in zip(points["lon"], points["lat"], strict=True)]
    expected = [
        [h.code, h.base, h.rule, h.precision, None if h.border_m is None else pytest.approx(h.border_m, abs=0.051)]
        for h in hits
    ]
    assert table[list(FOUND_COLUMNS[:5])].to_numpy().tolist() == expected


@pytest.mark.parametrize("name", ["work.gpkg", "work.parquet"])
def test_points_in_the_work_crs_are_brought_to_stored_coordinates(
    locator: Locator, points: pd.DataFrame, tmp_path: Path, name: str
) -> None:
    work = layer(points).to_crs("EPSG:4545")
    (work.to_file if name.endswith(".gpkg") else work.to_parquet)(tmp_path / name)
    here, there = locate_table(locator, as_csv(points, tmp_path)), locate_table(locator, tmp_path / name)
    assert there["grid_code"].tolist() == here["grid_code"].tolist()


@pytest.mark.parametrize("out", ["out.csv", "out.parquet"])
def test_a_file_is_written_as_the_table_is_told(
    locator: Locator, points: pd.DataFrame, tmp_path: Path, out: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = as_parquet(points, tmp_path)
    expected = locate_table(locator, source)
    monkeypatch.setattr(point_files, "ROWS", 7)  # many parts
    counts = locate_file(locator, source, tmp_path / out)
    kinds: dict[str, Any] = {"dtype": {c: str for c in ("grid_code", "grid_base", "grid_answers_for")}}
    read = pd.read_csv(tmp_path / out, **kinds) if out.endswith(".csv") else pd.read_parquet(tmp_path / out)
    read = read.astype(object).where(read.notna(), None)
    assert read.to_numpy().tolist() == expected.to_numpy().tolist()
    assert counts == Counts(61, int(expected["grid_code"].notna().sum()), 0)


def test_csv_in_parts_is_as_csv_at_once(
    locator: Locator, points: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = pd.concat([points] * 10)
    source = as_csv(many, tmp_path)
    expected = locate_table(locator, source)
    monkeypatch.setattr(csv_text, "_BYTES", 2_000)
    assert locate_table(locator, source).equals(expected)


def test_progress_reaches_its_end(locator: Locator, points: pd.DataFrame, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    source = as_csv(points, tmp_path)
    locate_file(locator, source, tmp_path / "out.csv", progress=lambda *step: told.append(step))
    size = source.stat().st_size
    assert told[-1] == ("points", size, size)


def test_bad_rows_are_reported_as_rows(locator: Locator, points: pd.DataFrame, tmp_path: Path) -> None:
    x, y = points.loc[points["lon"] > 109, ["lon", "lat"]].iloc[0]
    rows = [(x, y), *BAD, (x, y)]
    (tmp_path / "points.csv").write_text("lon,lat\n" + "".join(f"{a},{b}\n" for a, b in rows), encoding="utf-8")
    counts = locate_file(locator, tmp_path / "points.csv", tmp_path / "out.parquet")
    table = pd.read_parquet(tmp_path / "out.parquet")
    assert table["grid_note"].notna().tolist() == [False, *[True] * len(BAD), False]
    assert counts.unusable == len(BAD)


@pytest.mark.parametrize(("cell", "said"), [("abc", "no number"), ("0", "missing value"), ("32.69", "swapped")])
def test_the_note_of_a_bad_row_says_why(locator: Locator, tmp_path: Path, cell: str, said: str) -> None:
    other = {"abc": "32", "0": "0", "32.69": "109.03"}[cell]
    (tmp_path / "points.csv").write_text(f"lon,lat\n{cell},{other}\n109.03,32.69\n", encoding="utf-8")
    assert said in locate_table(locator, tmp_path / "points.csv")["grid_note"].iloc[0]


def test_a_missing_geometry_and_one_that_is_no_point_are_reported(
    locator: Locator, points: pd.DataFrame, tmp_path: Path
) -> None:
    shapes = layer(points).head(3)
    shapes.loc[1, "geometry"] = None
    shapes.loc[2, "geometry"] = shapes.geometry[0].buffer(0.001)
    shapes.to_file(tmp_path / "mixed.gpkg")
    assert locate_table(locator, tmp_path / "mixed.gpkg")["grid_note"].notna().tolist() == [False, True, True]


def test_lines_within_quotes_stay_in_their_cell(locator: Locator, tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text('lon,lat,text\n109.03,32.69,"two\nlines, one cell"\n', encoding="utf-8")
    assert locate_table(locator, tmp_path / "points.csv")["text"].tolist() == ["two\nlines, one cell"]


@pytest.mark.parametrize("name", ["points.csv", "points.parquet", "points.gpkg"])
def test_a_table_without_rows_gives_a_table_without_rows(locator: Locator, tmp_path: Path, name: str) -> None:
    empty = pd.DataFrame({"lon": pd.Series(dtype=float), "lat": pd.Series(dtype=float)})
    if name.endswith(".csv"):
        empty.to_csv(tmp_path / name, index=False)
    elif name.endswith(".parquet"):
        empty.to_parquet(tmp_path / name)
    else:
        gpd.GeoDataFrame({"id": []}, geometry=gpd.GeoSeries([], crs=4490)).to_file(tmp_path / name)
    counts = locate_file(locator, tmp_path / name, tmp_path / "out.parquet")
    assert (counts, set(FOUND_COLUMNS) <= set(pq.read_schema(tmp_path / "out.parquet").names)) == (
        Counts(0, 0, 0),
        True,
    )


def write_ragged(path: Path) -> None:
    path.write_text("lon,lat\n109.03,32.69\n109.03,32.69,7,8\n", encoding="utf-8")


def write_nothing(path: Path) -> None:
    path.write_bytes(b"")


def write_bytes(path: Path) -> None:
    path.write_bytes(b"lon,lat\n\xff\xff\xff\x00,1\n")


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("points.csv", write_ragged),
        ("points.csv", write_nothing),
        ("points.csv", write_bytes),
        ("points.parquet", write_nothing),
        ("points.gpkg", write_ragged),
        ("points.shp", write_ragged),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_and_leaves_nothing(
    locator: Locator, tmp_path: Path, name: str, write: Callable[[Path], None]
) -> None:
    write(tmp_path / name)
    with pytest.raises(InvalidInput, match=name):
        locate_file(locator, tmp_path / name, tmp_path / "out.csv")
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_a_fault_half_way_leaves_the_output_as_it_was(
    locator: Locator, points: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "out.csv").write_text("before", encoding="utf-8")
    source = as_csv(points, tmp_path)
    with source.open("a", encoding="utf-8") as file:
        file.write("1,2,3,4,5,6\n")
    monkeypatch.setattr(csv_text, "_BYTES", 500)
    with pytest.raises(InvalidInput, match="cannot read the table"):
        locate_file(locator, source, tmp_path / "out.csv")
    assert ((tmp_path / "out.csv").read_text(encoding="utf-8"), len(list(tmp_path.iterdir()))) == ("before", 2)


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
@pytest.mark.parametrize("name", ["none.gpkg", "none.parquet"])
def test_points_without_crs_are_refused(locator: Locator, points: pd.DataFrame, tmp_path: Path, name: str) -> None:
    bare = layer(points).set_crs(None, allow_override=True)
    (bare.to_file if name.endswith(".gpkg") else bare.to_parquet)(tmp_path / name)
    with pytest.raises(InvalidInput, match="no CRS"):
        locate_table(locator, tmp_path / name)


@pytest.mark.parametrize("out", ["out.xlsx", "points.csv", "nowhere/out.csv"])
def test_an_output_that_will_not_do_is_refused(
    locator: Locator, points: pd.DataFrame, tmp_path: Path, out: str
) -> None:
    with pytest.raises(InvalidInput):
        locate_file(locator, as_csv(points, tmp_path), tmp_path / out)


def test_a_table_without_one_good_point_is_refused_and_leaves_nothing(locator: Locator, tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text("lon,lat\n0,0\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match="no point of"):
        locate_file(locator, tmp_path / "points.csv", tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()


def test_points_are_accepted_as_single_ones_are(locator: Locator) -> None:
    """The quick test of many points lets through what ``check_lonlat`` lets through, and says why for all others."""
    values = [0.0, 3.0, 54.0, 54.1, 73.0, 90.0, 90.1, 109.0, 136.0, 180.0, 180.1, -180.0, np.nan, np.inf]
    lon, lat = (v.ravel() for v in np.meshgrid(values, values))
    found: Answers = find_points(locator.snapshot().view.resolver, lon, lat, "EPSG:4490")
    assert (pd.isna(found.note) == (found.rule >= 0)).all()


def test_a_table_is_no_place_for_arrow_types_that_are_no_numbers(locator: Locator, tmp_path: Path) -> None:
    table = pa.table({"lon": pa.array([True, False]), "lat": pa.array(["x", "y"])})
    pq.write_table(table, tmp_path / "points.parquet")
    with pytest.raises(InvalidInput, match="no point of"):
        locate_table(locator, tmp_path / "points.parquet")


def test_words_for_nothing_are_kept_in_the_users_own_columns(locator: Locator, tmp_path: Path) -> None:
    path, out = tmp_path / "points.csv", tmp_path / "out.csv"
    path.write_text("name,lon,lat\nNA,109.0,32.0\nnull,109.0,32.0\nnan,109.0,32.0\n", encoding="utf-8")
    locate_file(locator, path, out)
    assert pd.read_csv(out, keep_default_na=False)["name"].tolist() == ["NA", "null", "nan"]


def test_a_row_whose_coordinates_say_nothing_is_found_by_its_place(locator: Locator, tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_text("lon,lat,crs,place\nNA,null,NA,nowhere\n109.0,32.0,NA,\n,,,NA\n", encoding="utf-8")
    notes = locate_table(locator, path)["grid_note"].tolist()
    assert "named 'nowhere'" in notes[0]
    assert notes[1] is None
    assert "no number" in notes[2]


@pytest.mark.parametrize("name", ["points.gpkg", "points.parquet"])
def test_an_empty_point_is_reported(locator: Locator, tmp_path: Path, name: str) -> None:
    layer = gpd.GeoDataFrame(geometry=[shapely.Point(), shapely.Point(109, 32)], crs=4490)
    path = tmp_path / name
    layer.to_file(path) if name.endswith("gpkg") else layer.to_parquet(path)
    assert [note is None for note in locate_table(locator, path)["grid_note"]] == [False, True]


@pytest.mark.parametrize("values", [[[1]], [{"a": 1}], [b"\xff"]], ids=["list", "struct", "bytes"])
def test_a_column_that_no_csv_can_hold_is_refused(locator: Locator, tmp_path: Path, values: list[Any]) -> None:
    path, out = tmp_path / "points.parquet", tmp_path / "out.csv"
    pq.write_table(pa.table({"lon": [109.0], "lat": [32.0], "own": values}), path)
    with pytest.raises(InvalidInput, match=r"the columns \['own'\] hold lists, structures or bytes"):
        locate_file(locator, path, out)
    assert [p.name for p in tmp_path.iterdir()] == ["points.parquet"]


def test_answers_to_a_filtered_table_keep_its_index(locator: Locator, points: pd.DataFrame) -> None:
    some = points[points["id"] % 2 == 1]
    series = gpd.GeoSeries(gpd.points_from_xy(some["lon"], some["lat"]), index=some.index, crs=4490)
    for found in (
        locator.locate_many(some),
        locator.locate_many(some["lon"], some["lat"]),
        locator.locate_many(series),
    ):
        assert found.index.tolist() == some.index.tolist()


@pytest.mark.parametrize("write", [as_geoparquet, as_layer])
def test_geometries_are_not_shifted_twice(
    locator: Locator, points: pd.DataFrame, tmp_path: Path, write: Callable[[pd.DataFrame, Path], Path]
) -> None:
    with pytest.raises(InvalidInput, match=r"--crs GCJ-02 does not go with it.* give a table with columns lon and lat"):
        locate_table(locator, write(points, tmp_path), "GCJ-02")


@pytest.mark.parametrize("name", ["own.gpkg", "own.parquet"])
def test_a_column_crs_does_not_go_with_geometries(
    locator: Locator, points: pd.DataFrame, tmp_path: Path, name: str
) -> None:
    own = layer(points).assign(CRS="GCJ-02")
    (own.to_file if name.endswith(".gpkg") else own.to_parquet)(tmp_path / name)
    with pytest.raises(InvalidInput, match="its column crs does not go with it"):
        locate_file(locator, tmp_path / name, tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()


def test_one_of_several_layers_is_named(locator: Locator, points: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "several.gpkg"
    layer(points).to_file(path, layer="all")
    layer(points.head(2)).to_file(path, layer="two")
    with pytest.raises(InvalidInput, match="several layers; name one of these with --layer: all, two"):
        locate_table(locator, path)
    with pytest.raises(InvalidInput, match="has no layer 'three'"):
        locate_table(locator, path, layer="three")
    assert [len(locate_table(locator, path, layer=name)) for name in ("all", "two")] == [61, 2]


def test_a_table_beside_the_only_layer_of_points_needs_no_name(
    locator: Locator, points: pd.DataFrame, tmp_path: Path
) -> None:
    path = as_layer(points, tmp_path)
    pyogrio.write_dataframe(points[["id"]], path, layer="aside", append=False)
    assert len(locate_table(locator, path)) == 61


def test_a_layer_of_what_has_no_layers_is_refused(locator: Locator, points: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"only a \.gpkg has layers"):
        locate_table(locator, as_csv(points, tmp_path), layer="all")


@pytest.mark.parametrize("name", ["own.gpkg", "own.parquet"])
def test_the_users_own_lon_and_lat_beside_geometries_are_kept(
    locator: Locator, points: pd.DataFrame, tmp_path: Path, name: str
) -> None:
    own = layer(points).assign(Lon="a", lat="b", x="c", 纬度="d")
    (own.to_file if name.endswith(".gpkg") else own.to_parquet)(tmp_path / name)
    table = locate_table(locator, tmp_path / name)
    assert table[["lon", "lat", "x", "纬度"]].drop_duplicates().to_numpy().tolist() == [["a", "b", "c", "d"]]
    assert table[["point_lon", "point_lat"]].to_numpy().tolist() == points[["lon", "lat"]].to_numpy().tolist()
    assert table["grid_code"].tolist() == locate_table(locator, as_csv(points, tmp_path))["grid_code"].tolist()


@pytest.mark.parametrize("name", ["kinds.gpkg", "kinds.parquet"])
def test_a_multipoint_of_one_is_a_point_and_others_are_named(locator: Locator, tmp_path: Path, name: str) -> None:
    at = shapely.Point(109, 32)
    several = shapely.MultiPoint([(109, 32), (109.1, 32)])
    kinds = gpd.GeoDataFrame(
        {"place": [None, None, "nowhere"]}, geometry=[shapely.MultiPoint([at]), several, at.buffer(0.1)], crs=4490
    )
    (kinds.to_file if name.endswith(".gpkg") else kinds.to_parquet)(tmp_path / name)
    one, two, area = locate_table(locator, tmp_path / name)["grid_note"]
    assert one is None
    assert "a MultiPoint is no point" in two
    assert "a Polygon is no point" in area


@pytest.mark.parametrize("cell", ["abc", "109.02°"])
def test_the_note_names_what_is_no_number(locator: Locator, tmp_path: Path, cell: str) -> None:
    (tmp_path / "points.csv").write_text(f"lon,lat\n{cell},32\n109.03,32.69\n", encoding="utf-8")
    assert f"({cell}, 32) is no number" in locate_table(locator, tmp_path / "points.csv")["grid_note"].iloc[0]


@pytest.mark.parametrize(
    ("text", "encoding", "said"),
    [
        ("lon;lat\n109;32\n", "utf-8", "is a semicolon; it must be a comma"),
        ("lon\tlat\n109\t32\n", "utf-8", "is a tab; it must be a comma"),
        ("lon,lat\n109,32\n", "utf-16", "save it as CSV in UTF-8"),
        ("lon,lat\n109,32\n", "utf-16-be", "save it as CSV in UTF-8"),
    ],
)
def test_other_separators_and_encodings_are_told(
    locator: Locator, tmp_path: Path, text: str, encoding: str, said: str
) -> None:
    (tmp_path / "points.csv").write_text(text, encoding=encoding)
    with pytest.raises(InvalidInput, match=said):
        locate_table(locator, tmp_path / "points.csv")
