from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gridgis.cli.commands import app
from gridgis.errors import GridgisError, InvalidInput, NotFound
from gridgis.registry import Registry


def run(*args: str | Path) -> str:
    result = CliRunner().invoke(app, ["map", *map(str, args)])
    if isinstance(result.exception, GridgisError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_map_of_a_registry_is_written(town_registry: Path, tmp_path: Path) -> None:
    told = json.loads(run(town_registry, "-o", tmp_path / "map.html", "--json"))
    with Registry.open(town_registry) as registry:
        assert told["grids"] == len(registry.grids())
    assert told["bytes"] == (tmp_path / "map.html").stat().st_size


def test_a_map_of_a_plan_shows_its_local_ids(town_plan: Path, tmp_path: Path) -> None:
    run(town_plan, "-o", tmp_path / "map.html", "--title", "方案图")
    page = (tmp_path / "map.html").read_text(encoding="utf-8")
    assert "<title>方案图</title>" in page
    assert '"code":"990001001001-1"' in page


def test_a_map_of_a_plan_has_the_roads_under_it(town_plan: Path, tmp_path: Path) -> None:
    run(town_plan, "-o", tmp_path / "map.html")
    assert '"layer":"roads","klass":"primary"' in (tmp_path / "map.html").read_text(encoding="utf-8")


def test_a_map_of_a_plan_tells_the_use_of_buildings(town_plan: Path, tmp_path: Path) -> None:
    run(town_plan, "-o", tmp_path / "map.html")
    assert '"layer":"buildings","klass":"public"' in (tmp_path / "map.html").read_text(encoding="utf-8")


def test_a_map_of_a_registry_tells_the_use_of_buildings(town_registry: Path, tmp_path: Path) -> None:
    run(town_registry, "-o", tmp_path / "map.html")
    assert '"layer":"buildings","klass":"public"' in (tmp_path / "map.html").read_text(encoding="utf-8")


def test_a_registry_by_any_name_is_shown_and_no_other_library_opens_it(
    town_registry: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(town_registry, tmp_path / "town.registry")
    monkeypatch.setattr("gridgis.service.showing.list_layers", lambda _: pytest.fail("opened by pyogrio"))
    run(tmp_path / "town.registry", "-o", tmp_path / "map.html")
    assert (tmp_path / "map.html").exists()


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no registry file"):
        run(tmp_path / "none.gpkg", "-o", tmp_path / "map.html")


def test_a_file_that_is_neither_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.gpkg").write_text("text")
    with pytest.raises(InvalidInput):
        run(tmp_path / "x.gpkg", "-o", tmp_path / "map.html")
    assert not (tmp_path / "map.html").exists()


def test_a_registry_without_a_revision_is_told(tmp_path: Path) -> None:
    Registry.create(tmp_path / "new.gpkg", work_crs="EPSG:4545").close()
    with pytest.raises(NotFound, match="nothing is in force"):
        run(tmp_path / "new.gpkg", "-o", tmp_path / "map.html")
