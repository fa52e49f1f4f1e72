from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
from shapely.geometry import Point, box
from typer.testing import CliRunner

from gridgis.cli.commands import app
from gridgis.errors import GridgisError, InvalidInput, NotFound
from gridgis.geometry.cleaning import KINDS, clean_coverage
from gridgis.io.geopackage import write_layer
from gridgis.service.reviewing import review_file
from maps.review import review_map, write_review


@pytest.fixture
def villages() -> gpd.GeoDataFrame:
    """Return three villages drawn with an overlap, a gap and a wide overlap."""
    shapes = [box(0, 0, 500, 500), box(499.8, 0, 1000, 500), box(0, 500.3, 1000, 900), box(950, 100, 1400, 600)]
    rim = box(-200, -200, 1500, 1000).difference(box(-1, -1, 1401, 901))
    frame = gpd.GeoDataFrame(
        {"code": [f"99000100{k}201" for k in range(5)], "name": ["东村", "西村", "<北>村", "南村", "边村"]},
        geometry=[*shapes, rim],
        crs=4545,
    )
    return frame.set_geometry(frame.geometry.translate(500000, 3600000))


@pytest.fixture
def repairs(villages: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return clean_coverage(villages, 1.5).changes


@pytest.fixture
def town_file(villages: gpd.GeoDataFrame, repairs: gpd.GeoDataFrame, tmp_path: Path) -> Path:
    path = tmp_path / "town.gpkg"
    write_layer(path, "communities", villages.to_crs(4490), "Unknown")
    write_layer(path, "repairs", repairs.to_crs(4490), "Unknown")
    return path


def run(*args: str | Path) -> str:
    result = CliRunner().invoke(app, ["map", *map(str, args)])
    if isinstance(result.exception, GridgisError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def data(page: str) -> dict[str, Any]:
    text = page[page.index("gridgisReview(map_review, ") + len("gridgisReview(map_review, ") :]
    value: dict[str, Any] = json.JSONDecoder().raw_decode(text)[0]
    return value


def layers(page: str) -> dict[str, dict[str, int]]:
    return {
        layer["key"]: {group["en"] or group["zh"]: len(group["places"]) for group in layer["groups"]}
        for layer in data(page)["layers"]
    }


def test_places_are_sorted_into_mended_and_only_reported(villages: gpd.GeoDataFrame, repairs: gpd.GeoDataFrame) -> None:
    told = layers(review_map(villages, repairs))
    assert told["done"] == repairs[repairs["done"]].groupby("kind").size().to_dict()
    assert told["found"] == repairs[~repairs["done"]].groupby("kind").size().to_dict()
    assert told["found"]["overlap"] == 2


def test_the_same_input_gives_the_same_page(villages: gpd.GeoDataFrame, repairs: gpd.GeoDataFrame) -> None:
    assert review_map(villages, repairs) == review_map(villages, repairs)


def test_names_cannot_end_the_script(villages: gpd.GeoDataFrame) -> None:
    rows = {"feature": ["</script><b>"], "kind": ["gap"], "done": [True], "zh": ["</script>"], "en": ["x"]}
    page = review_map(villages, gpd.GeoDataFrame(rows, geometry=[Point(500000, 3600000)], crs=4545))
    assert data(page)["layers"][2]["groups"][0]["places"][0]["who"] == "</script><b>"


def test_a_broken_rule_without_a_place_is_listed(villages: gpd.GeoDataFrame) -> None:
    rows = {"rule": ["coverage"], "grid": [""], "confirmed": [False], "zh": ["全区"], "en": ["all"]}
    page = review_map(villages, broken=gpd.GeoDataFrame(rows, geometry=[None], crs=4490))
    (place,) = data(page)["layers"][0]["groups"][0]["places"]
    assert place == {"who": "", "zh": "全区", "en": "all"}


def test_every_kind_of_repair_has_a_chinese_name() -> None:
    assert all(zh and not zh.isascii() for zh in KINDS.values())


def test_no_areas_is_refused(villages: gpd.GeoDataFrame) -> None:
    with pytest.raises(InvalidInput, match="no areas"):
        review_map(villages.iloc[:0])


def test_repairs_without_their_columns_are_refused(villages: gpd.GeoDataFrame, repairs: gpd.GeoDataFrame) -> None:
    with pytest.raises(InvalidInput, match="kind"):
        review_map(villages, repairs.drop(columns="kind"))


def test_a_layer_without_crs_is_refused(villages: gpd.GeoDataFrame, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no CRS"):
        write_review(tmp_path / "x.html", villages.set_crs(None, allow_override=True))
    assert not (tmp_path / "x.html").exists()


def test_an_imported_town_is_reviewed(town_file: Path, repairs: gpd.GeoDataFrame, tmp_path: Path) -> None:
    told = json.loads(run(town_file, "--review", "-o", tmp_path / "review.html", "--json"))
    assert (told["mended"], told["reported"]) == (int(repairs["done"].sum()), int((~repairs["done"]).sum()))
    assert "东村" in (tmp_path / "review.html").read_text(encoding="utf-8")


def test_a_plan_is_reviewed_with_the_repairs_of_its_town(town_plan: Path, town_file: Path, tmp_path: Path) -> None:
    told = json.loads(run(town_plan, "--repairs", town_file, "-o", tmp_path / "review.html", "--json"))
    assert told["broken"] == 0
    assert told["mended"] > 0
    assert layers((tmp_path / "review.html").read_text(encoding="utf-8"))["done"]


def test_a_plan_with_a_broken_rule_shows_where(town_plan: Path, tmp_path: Path) -> None:
    import pyogrio

    bad = tmp_path / "bad.gpkg"
    shutil.copy(town_plan, bad)
    grids = pyogrio.read_dataframe(bad, layer="grids")
    at = grids.index[grids["level"] == 2][0]
    grids.loc[at, "geometry"] = grids.geometry[at].buffer(-2e-4)
    pyogrio.write_dataframe(grids, bad, layer="grids")
    shown = review_file(bad)
    assert shown.broken is not None
    broken = shown.broken[~shown.broken["confirmed"]]
    assert str(grids["local_id"][at]) in set(broken["grid"])
    assert broken.geometry.notna().any()


def test_a_registry_is_refused(town_registry: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="is a registry"):
        run(town_registry, "--review", "-o", tmp_path / "x.html")


def test_a_file_without_repairs_is_refused_where_it_is_named_for_them(town_plan: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no layer 'repairs'"):
        run(town_plan, "--repairs", town_plan, "-o", tmp_path / "x.html")


def test_a_file_that_is_neither_is_refused(villages: gpd.GeoDataFrame, tmp_path: Path) -> None:
    write_layer(tmp_path / "x.gpkg", "fields", villages.to_crs(4490), "Unknown")
    with pytest.raises(InvalidInput, match="no layer 'communities'"):
        run(tmp_path / "x.gpkg", "--review", "-o", tmp_path / "x.html")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no file"):
        run(tmp_path / "none.gpkg", "--review", "-o", tmp_path / "x.html")
