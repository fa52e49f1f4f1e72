"""``gridgis export``: layers of a plan or a registry in all formats, read back and compared with their source."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from typer.testing import CliRunner

from gridgis.cli.commands import app
from gridgis.errors import GridgisError, InvalidInput, NotFound
from gridgis.io.archive import check_archive
from gridgis.io.plan_file import read_stored_grids
from gridgis.registry import Registry
from maps.sheets import find_font

ENDINGS = [".gpkg", ".geojson", ".kml", ".parquet", ".csv", ".zip", ""]


def export(*words: Any) -> dict[str, Any]:
    """Run the command; return what it says as JSON."""
    result = CliRunner().invoke(app, ["export", *map(str, words), "--json"], catch_exceptions=True)
    if isinstance(result.exception, GridgisError):
        raise result.exception
    assert result.exit_code == 0, result.output
    told: dict[str, Any] = json.loads(result.stdout)
    return told


def read_back(path: Path) -> gpd.GeoDataFrame:
    if path.suffix == ".parquet":
        return gpd.read_parquet(path)
    if path.suffix == ".csv":
        table = pd.read_csv(path, dtype={"local_id": str, "code": str}, encoding="utf-8-sig")
        return gpd.GeoDataFrame(table, geometry=shapely.from_wkt(table["wkt"].to_numpy()))
    frame: gpd.GeoDataFrame = pyogrio.read_dataframe(f"/vsizip/{path}" if path.suffix == ".zip" else path)
    return frame.rename(columns={"Name": "name"}) if path.suffix == ".kml" else frame


def shapes(frame: gpd.GeoDataFrame, ending: str) -> list[str]:
    geoms = shapely.force_2d(frame.geometry.to_numpy())
    geoms = np.array([shapely.multipolygons(shapely.get_parts(g)) for g in geoms])
    if ending in (".geojson", ".kml", ".csv"):
        geoms = shapely.transform(geoms, lambda xy: np.round(xy, 9))
    return list(shapely.to_wkb(shapely.normalize(geoms), hex=True))


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_plan_comes_back_geometry_by_geometry(ending: str, town_plan: Path, tmp_path: Path) -> None:
    out = tmp_path / f"out{ending}"
    export(town_plan, "-o", out)
    back, grids = read_back(out), read_stored_grids(town_plan)
    assert back["local_id"].tolist() == grids["local_id"].tolist()
    assert back["name"].tolist() == grids["name"].tolist()
    assert shapes(back, ending) == shapes(grids, ending)


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_is_in_force_comes_back_geometry_by_geometry(ending: str, town_registry: Path, tmp_path: Path) -> None:
    out = tmp_path / f"out{ending}"
    export("-r", town_registry, "-o", out)
    with Registry.open(town_registry) as registry:
        grids = registry.grids()
    back = read_back(out)
    assert back["code"].tolist() == grids["code"].tolist()
    assert shapes(back, ending) == shapes(grids, ending)


def test_a_gbk_shapefile_of_a_level_comes_back(town_registry: Path, tmp_path: Path) -> None:
    told = export(town_registry, "-o", tmp_path / "out.zip", "--encoding", "gbk", "--level", 2)
    with Registry.open(town_registry) as registry:
        grids = registry.grids(level=2)
    back = read_back(tmp_path / "out.zip")
    assert back["name"].tolist() == grids["name"].tolist()
    assert {row["subject"] for row in told["report"]} == {"community_name", "in_force_from"}


def test_a_community_and_a_kind_are_chosen(town_registry: Path, tmp_path: Path) -> None:
    told = export(town_registry, "-o", tmp_path / "out.csv", "--community", "990001001001", "--kind", "dedicated")
    back = read_back(tmp_path / "out.csv")
    assert told["rows"] == len(back) == 3
    assert set(back["community"].astype(str)) == {"990001001001"}


def test_the_same_source_gives_the_same_bytes(town_registry: Path, tmp_path: Path) -> None:
    for ending in (".gpkg", ".geojson", ".kml", ".parquet", ".csv", ".zip"):
        for name in ("a", "b"):
            export(town_registry, "-o", tmp_path / f"{name}{ending}", "--level", 1)
        assert (tmp_path / f"a{ending}").read_bytes() == (tmp_path / f"b{ending}").read_bytes()


@pytest.mark.parametrize("layer", ["communities", "roads", "buildings"])
def test_other_layers_of_a_registry_are_exported(layer: str, town_registry: Path, tmp_path: Path) -> None:
    told = export(town_registry, "--layer", layer, "-o", tmp_path / "out.geojson")
    with Registry.open(town_registry) as registry:
        assert told["rows"] == len(registry.context(layer)) == len(read_back(tmp_path / "out.geojson"))


@pytest.mark.parametrize("layer", ["base", "borders", "atoms", "buildings"])
def test_other_layers_of_a_plan_are_exported(layer: str, town_plan: Path, tmp_path: Path) -> None:
    told = export(town_plan, "--layer", layer, "-o", tmp_path / "out.parquet")
    assert told["rows"] == len(read_back(tmp_path / "out.parquet")) > 0


def test_the_source_a_plan_and_a_registry_are_never_replaced(
    town_plan: Path, town_registry: Path, tmp_path: Path
) -> None:
    plan, registry = tmp_path / "plan.gpkg", tmp_path / "registry.gpkg"
    shutil.copy(town_plan, plan)
    shutil.copy(town_registry, registry)
    before = plan.read_bytes(), registry.read_bytes()
    for source, target in ((plan, plan), (plan, registry), (registry, registry), (registry, plan)):
        with pytest.raises(InvalidInput):
            export(source, "-o", target)
    assert (plan.read_bytes(), registry.read_bytes()) == before


@pytest.mark.parametrize(
    "words",
    [["mine.csv"], ["mine.geojson"], ["mine.kml"], ["mine.zip"], ["mine.zip", "--package"], ["mine.xlsx"]],
)
def test_a_file_of_somebody_is_never_replaced(words: list[str], town_plan: Path, tmp_path: Path) -> None:
    mine = tmp_path / words[0]
    mine.write_bytes(b"mine")
    with pytest.raises(InvalidInput, match="it is not replaced; choose another name"):
        export(town_plan, "-o", mine, *words[1:])
    assert (mine.read_bytes(), list(tmp_path.iterdir())) == (b"mine", [mine])


@pytest.mark.parametrize(
    "words",
    [
        ["--at", "1"],
        ["--layer", "streets"],
        ["--kind", "both"],
        ["--community", "990001001999"],
        ["--layer", "borders", "--kind", "dedicated"],
    ],
)
def test_what_a_plan_has_not_is_refused(words: list[str], town_plan: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput):
        export(town_plan, "-o", tmp_path / "out.csv", *words)
    assert not list(tmp_path.iterdir())


def test_layers_without_history_refuse_a_day(town_registry: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no history"):
        export(town_registry, "--layer", "roads", "--at", "1", "-o", tmp_path / "out.csv")


def test_a_day_before_the_first_revision_has_nothing(town_registry: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        export(town_registry, "--at", "2020-01-01", "-o", tmp_path / "out.csv")


def test_nothing_selected_is_told(town_plan: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="nothing to export"):
        export(town_plan, "--level", 1, "--kind", "dedicated", "-o", tmp_path / "out.csv")


def test_source_and_output_are_needed_and_only_one_source(town_plan: Path, tmp_path: Path) -> None:
    for words in ([], [town_plan], [town_plan, "-r", town_plan, "-o", tmp_path / "a.csv"]):
        with pytest.raises(InvalidInput):
            export(*words)


def test_a_source_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="there is no"):
        export(tmp_path / "no.gpkg", "-o", tmp_path / "a.csv")


def test_people_are_told_in_words(town_plan: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["export", str(town_plan), "-o", str(tmp_path / "out.zip")])
    assert "it becomes community_" in result.stdout
    assert "370 rows written" in result.stdout


@pytest.mark.heavy
def test_the_package_holds_the_register_and_agrees_with_its_manifest(town_plan: Path, tmp_path: Path) -> None:
    try:
        find_font()
    except InvalidInput as e:
        pytest.skip(e.en)
    words = ["--package", "--community", "990001001201", "--office", "澄湾街道办事处"]
    told = export(town_plan, "-o", tmp_path / "p.zip", *words)
    export(town_plan, "-o", tmp_path / "r.xlsx", "--community", "990001001201")
    assert check_archive(tmp_path / "p.zip") == []
    with zipfile.ZipFile(tmp_path / "p.zip") as archive:
        names = archive.namelist()
        assert archive.read("备案表.xlsx") == (tmp_path / "r.xlsx").read_bytes()
    assert told["rows"] == len(names) - 1
    assert "图纸/990001001201/990001001201_麦垄村_总图.pdf" in names


@pytest.mark.parametrize("words", [["--level", "2"], ["--at", "1"], ["--layer", "atoms"], ["--encoding", "GBK"]])
def test_a_package_is_whole(words: list[str], town_plan: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="package is whole"):
        export(town_plan, "-o", tmp_path / "p.zip", "--package", *words)


def test_words_for_papers_go_with_a_package_only(town_plan: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"--notice-from.* go with --package"):
        export(town_plan, "-o", tmp_path / "p.csv", "--notice-from", "2026-03-01")
