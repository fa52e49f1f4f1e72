"""One community divided again alone, years later: the whole street stays one valid coverage."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import shapely

from gridgis.io import read_town
from gridgis.partition import divide
from gridgis.registry import Registry
from gridgis.service.divide import pick
from gridgis.service.plans import communities_on_base

pytestmark = [pytest.mark.heavy, pytest.mark.xdist_group("demo")]

TOWN = Path(__file__).parents[2] / "sample_shapes" / "town"


@pytest.fixture(scope="module")
def redivided(demo: tuple[Path, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a registry in which one community was divided anew on its base, with other barriers, and filed."""
    folder, _ = demo
    path = tmp_path_factory.mktemp("again") / "registry.gpkg"
    shutil.copy(folder / "registry.gpkg", path)
    town = read_town(TOWN)
    town = replace(town, walls=None, compounds=None)  # estates forgotten: other borders, other vertices
    with Registry.open(path) as registry:
        alone = communities_on_base(registry, pick(town.to_communities(), ["990001001002"]))
        plan = divide(alone, seed=5, work_crs=registry.work_crs)
        number = registry.plan_new(plan, "again", "tester")
        registry.plan_submit(number, "tester")
        registry.plan_review(number, "tester")
        registry.plan_file(number, "tester")
    return path


@pytest.mark.parametrize("level", [1, 2, 3])
@pytest.mark.parametrize("revision", [1, 2, 3])
def test_each_level_of_each_revision_is_a_valid_coverage(redivided: Path, level: int, revision: int) -> None:
    with Registry.open(redivided) as registry:
        grids = _level(registry.grids(at=revision), level)
    assert shapely.is_valid(grids).all()
    assert shapely.coverage_is_valid(grids, gap_width=1e-7).all()


@pytest.mark.parametrize("level", [1, 2, 3])
def test_the_union_of_each_level_is_the_base_layer(redivided: Path, level: int) -> None:
    with Registry.open(redivided) as registry:
        grids = _level(registry.grids(), level)
        base = registry.communities().geometry.to_numpy()
    whole = shapely.normalize(shapely.coverage_union_all(grids))
    assert whole.equals_exact(shapely.normalize(shapely.coverage_union_all(base)), 0)


def test_neighbours_took_over_the_new_vertices_and_nothing_else(redivided: Path) -> None:
    with Registry.open(redivided) as registry:
        before, after = registry.grids(at=2).set_index("code"), registry.grids(at=3).set_index("code")
    others = before.index[before["community"] != "990001001002"]
    changed = [c for c in others if before.geometry[c] != after.geometry[c]]
    assert changed
    assert all(after.loc[c, "note"] == "conformed" for c in changed)
    one_mm = 1e-8  # degrees
    moved = [before.geometry[c].symmetric_difference(after.geometry[c]).area for c in changed]
    assert all(a <= one_mm * before.geometry[c].length for c, a in zip(changed, moved, strict=True))


def _level(grids: Any, level: int) -> Any:
    chosen = (grids["level"] == level).fillna(False)
    if level > 1:
        chosen |= (grids["mode"] == "carve").fillna(False)
    return grids.geometry.to_numpy()[chosen.to_numpy(dtype=bool)]
