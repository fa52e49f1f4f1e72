"""A town's GeoPackage, filled layer by layer."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely

from gridgis.errors import InvalidInput
from gridgis.io import read_town
from gridgis.io.town_file import check_town_file, read_town_layer, town_layers, write_town_layer
from gridgis.model import REPORT_COLUMNS
from tests.cli.small_town import buildings, communities, roads

LAYERS = {"communities": communities, "buildings": buildings, "roads": roads}


def rows(text: str) -> pd.DataFrame:
    return pd.DataFrame([("info", "import", text, "source", "1", text, text)], columns=list(REPORT_COLUMNS))


def fill(path: Path, order: list[str]) -> Path:
    for name in order:
        frame = LAYERS[name]()
        write_town_layer(path, name, frame.assign(name=None) if name == "buildings" else frame, rows(name))
    return path


def report(path: Path) -> pd.DataFrame:
    return pyogrio.read_dataframe(path, layer="report", read_geometry=False)


def test_a_town_filled_layer_by_layer_is_read_as_a_town(tmp_path: Path) -> None:
    town = read_town(fill(tmp_path / "t.gpkg", ["communities", "buildings", "roads"]))
    assert (len(town.communities), len(town.buildings), town.buildings["households"].sum()) == (1, 40, 400)
    assert "layer-unknown" not in set(town.notes["rule"])


def test_the_order_of_the_imports_does_not_matter(tmp_path: Path) -> None:
    one = fill(tmp_path / "a.gpkg", ["communities", "buildings", "roads"])
    two = fill(tmp_path / "b.gpkg", ["roads", "communities", "buildings"])
    assert one.read_bytes() == two.read_bytes()


def test_short_integers_do_not_tell_the_order_of_the_imports(tmp_path: Path) -> None:
    houses = buildings().astype({"households": "int32"})
    for name, order in (("a.gpkg", (0, 1)), ("b.gpkg", (1, 0))):
        layers = [("buildings", houses), ("roads", roads())]
        for k in order:
            write_town_layer(tmp_path / name, *layers[k], rows(layers[k][0]))
    assert (tmp_path / "a.gpkg").read_bytes() == (tmp_path / "b.gpkg").read_bytes()


def test_a_layer_is_replaced_with_its_rows_and_the_others_stay(tmp_path: Path) -> None:
    path = fill(tmp_path / "t.gpkg", ["communities", "buildings"])
    before = read_town_layer(path, "communities")
    write_town_layer(path, "buildings", buildings().head(3), rows("new"))
    assert len(read_town_layer(path, "buildings")) == 3
    assert report(path)[["layer", "subject"]].to_numpy().tolist() == [
        ["communities", "communities"],
        ["buildings", "new"],
    ]
    assert read_town_layer(path, "communities").equals(before)


def test_whole_numbers_with_nulls_keep_their_type_when_another_layer_comes(tmp_path: Path) -> None:
    path, houses = tmp_path / "t.gpkg", buildings()
    houses["households"] = pd.array([None, *[10] * 39], dtype="Int64")
    write_town_layer(path, "buildings", houses, rows("houses"))
    for _ in range(2):
        write_town_layer(path, "roads", roads(), rows("roads"))
    with sqlite3.connect(path) as base:
        kinds = {r[1]: r[2] for r in base.execute("PRAGMA table_info(buildings)")}
    assert kinds["households"] == "INTEGER"
    assert read_town_layer(path, "buildings")["households"].isna().sum() == 1


def test_parts_and_holes_are_kept(tmp_path: Path) -> None:
    ring = shapely.box(109.001, 32.701, 109.002, 32.702).exterior
    shape = shapely.MultiPolygon([shapely.Polygon(shapely.box(109, 32.7, 109.004, 32.704).exterior, [ring]),
                                  shapely.box(109.005, 32.7, 109.006, 32.701)])  # fmt: skip
    frame = communities().set_geometry(gpd.GeoSeries([shape], crs="EPSG:4490"))
    write_town_layer(tmp_path / "t.gpkg", "communities", frame, rows("x"))
    assert shapely.equals_exact(read_town_layer(tmp_path / "t.gpkg", "communities").geometry.iloc[0], shape, 0)


def test_places_of_repairs_are_a_layer(tmp_path: Path) -> None:
    places = gpd.GeoDataFrame(
        {"layer": ["communities"], "kind": ["gap"], "done": [True]}, geometry=[shapely.box(109, 32, 110, 33)], crs=4490
    )
    path = fill(tmp_path / "t.gpkg", ["roads"])
    write_town_layer(path, "communities", communities(), rows("x"), places)
    write_town_layer(path, "buildings", buildings(), rows("y"))
    assert pyogrio.read_dataframe(path, layer="repairs")["kind"].tolist() == ["gap"]
    write_town_layer(path, "communities", communities(), rows("x"))
    assert "repairs" not in pyogrio.list_layers(path)[:, 0]


def test_someone_elses_geopackage_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "own.gpkg"
    communities().to_file(path, layer="communities")
    before = path.read_bytes()
    with pytest.raises(InvalidInput, match="not touched"):
        write_town_layer(path, "communities", communities(), rows("x"))
    assert path.read_bytes() == before


def test_a_plan_file_is_not_touched(plan: Path) -> None:
    with pytest.raises(InvalidInput, match="grids"):
        check_town_file(plan)


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "p.gpkg"
    communities().to_file(path, layer="grids")
    return path


def test_a_file_that_is_no_geopackage_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "t.gpkg").write_text("notes")
    with pytest.raises(InvalidInput, match="不予改动"):
        check_town_file(tmp_path / "t.gpkg")


@pytest.mark.parametrize("path", ["t.shp", "no/such/folder/t.gpkg"])
def test_a_place_where_nothing_can_be_written_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(InvalidInput):
        check_town_file(tmp_path / path)


def test_the_town_itself_is_no_input(tmp_path: Path) -> None:
    path = fill(tmp_path / "t.gpkg", ["communities"])
    with pytest.raises(InvalidInput, match="same file"):
        check_town_file(path, (path,))


def test_there_are_no_layers_where_there_is_no_file(tmp_path: Path) -> None:
    assert town_layers(tmp_path / "t.gpkg") == []


def test_a_write_that_fails_leaves_the_town_as_it_was(tmp_path: Path) -> None:
    path = fill(tmp_path / "t.gpkg", ["communities"])
    before = path.read_bytes()
    broken = roads().assign(klass=[object()]).rename(columns={"klass": "geom"})  # the name of the geometry's column
    with pytest.raises(Exception, match="geom"):
        write_town_layer(path, "roads", broken, rows("x"))
    assert (path.read_bytes(), [p.name for p in tmp_path.iterdir()]) == (before, ["t.gpkg"])
